// SPDX-License-Identifier: MIT OR Apache-2.0
//! No process reads or changes another's memory or the kernel's.

use ochre_tests::host;
use ochre_tests::host_probe;
use ochre_tests::machine::Machine;
use ochre_tests::program::program;

#[test]
fn two_processes_use_one_address_and_do_not_see_each_other() {
    let wanted = host::run(host_probe!("isolation"), &[""; 0], b"").success().text();
    assert!(wanted.contains("parent's data seen false"), "{wanted}");
    Machine::probe("isolation", &[]).run().success().prints(&wanted);
}

/// Counts the words in all of a program's memory, from the end of its own page on, that hold `mark`.
fn marks() -> Vec<u8> {
    program(
        "",
        "(local $at i32) (local $found i32)
         (local.set $at (i32.const 131072))
         (drop (call $sys (i32.const 214) (i32.const 67108864) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0)))
         (loop $next
           (if (i32.eq (i32.load (local.get $at)) (i32.const 0x5eC2e75a))
             (then (local.set $found (i32.add (local.get $found) (i32.const 1)))))
           ;; What a predecessor has left would be found by the next run of this program.
           (i32.store (local.get $at) (i32.const 0x5eC2e75a))
           (local.set $at (i32.add (local.get $at) (i32.const 4)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const 67108864))))
         (call $exit (i32.ne (local.get $found) (i32.const 0)))",
    )
}

#[test]
fn memory_of_a_dead_process_comes_back_as_zeroes() {
    // 64 MiB filled and left by each of five processes.
    Machine::shell("for i in 1 2 3 4 5; do program; echo $?; done")
        .with_program(marks())
        .run()
        .success()
        .prints("0\n0\n0\n0\n0\n");
}

#[test]
fn every_address_outside_of_a_program_is_a_fault() {
    // The kernel's own image begins at 64 KiB of its memory; a program's memory is another one, and
    // its limit is 4 GiB.
    for address in ["0", "4092", "0x10000000", "0x7ffffffc", "0x80000000", "0xfffffffc"] {
        let body = format!("(drop (i32.load (i32.const {address})))");
        Machine::program(program("", &body)).run().ends_with(139);
    }
}

#[test]
fn addresses_that_wrap_around_are_faults() {
    let body = "(drop (i32.load offset=0xffffffff (i32.const -1)))";
    Machine::program(program("", body)).run().ends_with(139);
}

#[test]
fn a_length_that_reaches_beyond_memory_is_efault_or_short() {
    // write(1, 64 KiB before the end, 1 MiB): a short count as of what is there, or EFAULT (-14).
    let body = "(local $n i32)
        (local.set $n (call $sys (i32.const 64) (i32.const 1) (i32.const -65536)
            (i32.const 1048576) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $exit (i32.sub (i32.const 0) (local.get $n)))";
    Machine::program(program("", body)).run().ends_with(14).prints("");
}

#[test]
fn the_kernels_memory_has_no_door() {
    let script = "for f in /dev/mem /dev/kmem /proc/kcore; do \
                  head -c 1 $f > /dev/null 2>&1 && echo $f can be read; done; echo done";
    Machine::shell(script).run().success().prints("done\n");
}

#[test]
fn another_users_process_cannot_be_touched() {
    // chroot --userspec is the one applet that changes the user.
    let script = "sleep 100 & p=$!; \
        chroot --userspec=65534:65534 / sh -c \"kill $p 2>/dev/null; echo \\$?; \
        cat /proc/$p/environ > /dev/null 2>&1; echo \\$?; cat /root/x 2>/dev/null; echo \\$?\"; \
        kill -0 $p && echo alive; kill $p";
    Machine::shell(script).run().success().prints("1\n1\n1\nalive\n");
}
