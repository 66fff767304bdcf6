// SPDX-License-Identifier: MIT OR Apache-2.0
//! Code that never enters the kernel can be interrupted: by other processes, timers and signals.

use ochre_tests::machine::{Machine, PROBES};
use ochre_tests::program::program;
use std::time::Duration;

#[test]
fn a_shell_loop_in_the_background_leaves_the_rest_running() {
    let script = "while :; do :; done & p=$!; seq 1 5 | sort -rn | head -n 1; \
                  sleep 0.2; kill $p; wait $p; echo $?";
    let output = Machine::shell(script).run().success().prints("5\n143\n");
    assert!(output.elapsed < Duration::from_secs(10), "{}", output.transcript());
}

#[test]
fn a_program_that_only_computes_can_be_killed() {
    for (signal, status) in [("TERM", 143), ("KILL", 137), ("INT", 130)] {
        let script =
            format!("{PROBES}/spin & p=$!; sleep 0.3; kill -{signal} $p; wait $p; echo $?");
        // A shell without job control starts what is in the background with SIGINT ignored.
        let status = if signal == "INT" { continue } else { status };
        Machine::shell(&script).run().success().prints(&format!("spinning\n{status}\n"));
    }
}

#[test]
fn three_programs_that_only_compute_share_the_processor() {
    let script = format!(
        "{PROBES}/spin > /dev/null & a=$!; {PROBES}/spin > /dev/null & b=$!; \
         {PROBES}/spin > /dev/null & c=$!; sleep 1.5; \
         for p in $a $b $c; do cut -d ' ' -f 14 /proc/$p/stat; done; kill $a $b $c; wait"
    );
    let output = Machine::shell(&script).run();
    let ticks: Vec<u64> = output.text().lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(ticks.len(), 3, "{}", output.transcript());
    let (least, most) = (ticks.iter().min(), ticks.iter().max());
    // Each has had its third of the time, give or take a half.
    assert!(
        least.zip(most).is_some_and(|(least, most)| *least > 15 && most < &(least * 2)),
        "{ticks:?}"
    );
}

/// Loops of every kind that a compiler makes, none of which ends or enters the kernel.
#[test]
fn no_kind_of_loop_keeps_the_processor() {
    let cases = [
        ("empty", "", "(loop $l (br $l))"),
        (
            "counted to a far end",
            "",
            "(local $i i64) (loop $l (local.set $i (i64.add (local.get $i) (i64.const 1)))
             (br_if $l (i64.ne (local.get $i) (i64.const -1))))",
        ),
        (
            "nested counted loops",
            "",
            "(local $i i32) (local $j i32) (loop $o (local.set $j (i32.const 0))
             (loop $l (local.set $j (i32.add (local.get $j) (i32.const 1)))
             (br_if $l (i32.lt_u (local.get $j) (i32.const 0x7fffffff)))) (br $o))",
        ),
        (
            "a table of branches",
            "",
            "(local $i i32) (loop $l (block $b (br_table $l $b $l (local.get $i))) (br $l))",
        ),
        ("tail calls", "(func $a (return_call $b)) (func $b (return_call $a))", "(call $a)"),
        (
            "a tail call to itself",
            "(func $a (param i32) (return_call $a (i32.add (local.get 0) (i32.const 1))))",
            "(call $a (i32.const 0))",
        ),
        (
            "tail calls through the table",
            "(table 4 funcref) (type $f (func)) (elem (i32.const 3) $a)
             (func $a (return_call_indirect (type $f) (i32.const 3)))",
            "(call $a)",
        ),
        (
            "calls that branch like a tree",
            "(func $t (param i32) (if (local.get 0) (then
               (call $t (i32.sub (local.get 0) (i32.const 1)))
               (call $t (i32.sub (local.get 0) (i32.const 1))))))",
            "(call $t (i32.const 200))",
        ),
        (
            "filling memory for ever",
            "",
            "(loop $l (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536)) (br $l))",
        ),
    ];
    for (name, extra, body) in cases {
        can_be_ended(name, extra, body);
    }
}

/// Code that the loader treats each in its own way: see `runner/src/loader/plan.rs`.
#[test]
fn no_way_around_the_checks_keeps_the_processor() {
    let cases = [
        (
            "a short loop that writes",
            "",
            "(local $i i32) (loop $l (i32.store offset=65536 (i32.and (local.get $i)
             (i32.const 0xfffc)) (local.get $i)) (local.set $i (i32.add (local.get $i)
             (i32.const 4))) (br $l))",
        ),
        (
            "a loop over floating point with a result",
            "",
            "(local $x f64) (drop (loop $l (result f64) (local.set $x (f64.sqrt (f64.add
             (local.get $x) (f64.const 2)))) (br_if $l (f64.lt (local.get $x) (f64.const 9)))
             (local.get $x)))",
        ),
        (
            "a loop with an operand below it",
            "",
            "(i32.const 7) (loop $l (param i32) (br_if $l (i32.const 1)) (drop))",
        ),
        (
            "a loop that is left and entered again",
            "",
            "(local $i i32) (loop $o (block $b (loop $l (local.set $i (i32.add (local.get $i)
             (i32.const 1))) (br_if $b (i32.and (local.get $i) (i32.const 1))) (br $l))) (br $o))",
        ),
        (
            "a loop that goes on in a handler",
            "(tag $t)",
            "(loop $l (try_table (catch $t $l) (throw $t)))",
        ),
        (
            "recursion that comes back again and again",
            "(func $d (param i32) (if (local.get 0) (then
               (call $d (i32.sub (local.get 0) (i32.const 1))))))",
            "(loop $l (call $d (i32.const 20000)) (br $l))",
        ),
        (
            "recursion by turns that branches like a tree",
            "(func $a (param i32) (if (local.get 0) (then
               (call $b (i32.sub (local.get 0) (i32.const 1)))
               (call $b (i32.sub (local.get 0) (i32.const 1))))))
             (func $b (param i32) (call $a (local.get 0)) (call $a (local.get 0)))",
            "(call $a (i32.const 100))",
        ),
        (
            "recursion through the table that branches like a tree",
            "(table 4 funcref) (type $f (func (param i32))) (elem (i32.const 3) $a)
             (func $a (param i32) (if (local.get 0) (then (call $b (local.get 0))
               (call $b (local.get 0)))))
             (func $b (param i32) (call_indirect (type $f)
               (i32.sub (local.get 0) (i32.const 1)) (i32.const 3)))",
            "(call $a (i32.const 100))",
        ),
    ];
    for (name, extra, body) in cases {
        can_be_ended(name, extra, body);
    }
    // No cycle at all, and no end either: each function calls the next one twice.
    let mut tree = "(func $f64 (nop))".to_owned();
    for level in 0..64 {
        tree += &format!("(func $f{level} (call $f{}) (call $f{0}))", level + 1);
    }
    can_be_ended("calls without recursion that branch like a tree", &tree, "(call $f0)");
}

#[test]
fn moving_much_memory_at_once_does_not_keep_the_processor() {
    // mmap(0, 96 MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    let map = "(local $a i32) (local.set $a (call $sys (i32.const 222) (i32.const 0)
        (i32.const 0x6000000) (i32.const 3) (i32.const 0x22) (i32.const -1) (i32.const 0)))
        (if (i32.gt_u (local.get $a) (i32.const -4096)) (then (call $exit (i32.const 9))))";
    for (name, operation) in [
        ("filling", "(memory.fill (local.get $a) (i32.const 1) (i32.const 0x6000000))"),
        (
            "copying up",
            "(memory.copy (i32.add (local.get $a) (i32.const 5)) (local.get $a)
               (i32.const 0x5fff000))",
        ),
        (
            "copying down",
            "(memory.copy (local.get $a) (i32.add (local.get $a) (i32.const 5))
               (i32.const 0x5fff000))",
        ),
    ] {
        let again = operation.repeat(20);
        can_be_ended(name, "", &format!("{map} (loop $l {again} (br $l))"));
    }
}

#[test]
fn exceptions_without_end_keep_neither_processor_nor_memory() {
    can_be_ended(
        "throwing to itself",
        "(tag $t)",
        "(loop $l (block $h (try_table (catch $t $h) (throw $t))) (br $l))",
    );
}

/// Runs a program in the background, goes on beside it, and ends it by SIGTERM.
fn can_be_ended(name: &str, extra: &str, body: &str) {
    let script = "program & p=$!; sleep 0.2; echo on; kill $p; wait $p; echo $?";
    let machine = Machine::shell(script).with_program(program(extra, body));
    let output = machine.option("--timeout", "15").run();
    assert_eq!(output.text(), "on\n143\n", "{name}\n{}", output.transcript());
}

#[test]
fn a_timer_interrupts_a_loop() {
    // timeout(1) sends SIGTERM and gives 124; after -k, SIGKILL gives 137.
    Machine::shell(&format!("timeout 0.3 {PROBES}/spin; echo $?"))
        .run()
        .success()
        .prints("spinning\n124\n");
}

#[test]
fn sleeps_last_as_long_beside_a_busy_program() {
    let script = format!(
        "{PROBES}/spin > /dev/null & for i in 1 2 3 4 5; do sleep 0.1; done; \
         s=$(date +%s%N); sleep 0.2; e=$(date +%s%N); kill $!; echo $(((e - s) / 1000000))"
    );
    let output = Machine::shell(&script).run().success();
    let millis: u64 = output.text().trim().parse().expect("a number");
    assert!((200..600).contains(&millis), "{millis} ms\n{}", output.transcript());
}
