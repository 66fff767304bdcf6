// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory, threads, futexes, events and clocks: each probe prints in the guest what it prints when it
//! was built for the host.

use ochre_tests::host;
use ochre_tests::host_probe;
use ochre_tests::machine::Machine;
use ochre_tests::machine::PROBES;

fn prints_as_on_the_host(name: &str, on_host: &str) {
    let wanted = host::run(on_host, &[""; 0], b"").success().text();
    assert!(!wanted.is_empty());
    Machine::probe(name, &[]).run().success().prints(&wanted);
}

#[test]
fn clocks() {
    prints_as_on_the_host("clock", host_probe!("clock"));
}

#[test]
fn memory_maps_and_the_break() {
    prints_as_on_the_host("memory", host_probe!("memory"));
}

#[test]
fn files_in_memory() {
    prints_as_on_the_host("filemap", host_probe!("filemap"));
}

#[test]
fn the_end_of_memory() {
    prints_as_on_the_host("enomem", host_probe!("enomem"));
}

#[test]
fn futexes() {
    prints_as_on_the_host("futex", host_probe!("futex"));
}

#[test]
fn threads() {
    prints_as_on_the_host("threads", host_probe!("threads"));
}

#[test]
fn pipes_polls_and_event_files() {
    prints_as_on_the_host("events", host_probe!("events"));
}

#[test]
fn a_million_system_calls() {
    prints_as_on_the_host("getppid", host_probe!("getppid"));
}

#[test]
fn children_of_a_program() {
    let wanted = host::run(host_probe!("spawn"), &["50"], b"").success().text();
    Machine::probe("spawn", &["50"]).run().success().prints(&wanted);
}

#[test]
fn the_machines_memory_can_be_used_up_by_one_program_and_serves_others_afterwards() {
    // 512 MiB for all; each process asks for more than there is.
    let script = "for i in 1 2 3; do head -c 2000000000 /dev/zero | tail -c 1900000000 > /dev/null \
                  2>&1; echo $((${PIPESTATUS[1]} != 0)); done; seq 1 3 | sort -r | head -n 1";
    Machine::shell(script).run().success().prints("1\n1\n1\n3\n");
}

#[test]
fn a_full_tmpfs_is_enospc_and_can_be_emptied() {
    let script = "head -c 3000000000 /dev/zero > /tmp/big 2> /tmp/why; echo $?; rm /tmp/big; \
                  head -c 50000000 /dev/zero > /tmp/big; echo $?; wc -c < /tmp/big";
    let output = Machine::shell(script).run().success();
    assert_eq!(output.text(), "1\n0\n50000000\n", "{}", output.transcript());
}

#[test]
fn the_root_file_system_has_a_limit_too() {
    let script = "head -c 3000000000 /dev/zero > /big 2> /dev/null; echo $?; rm /big; echo ok > /ok; \
                  cat /ok";
    Machine::shell(script).run().success().prints("1\nok\n");
}

#[test]
fn files_in_memory_have_holes_attributes_and_seals() {
    let wanted = host::run(host_probe!("tmpfs"), &["/dev/shm"], b"").success().text();
    Machine::probe("tmpfs", &["/tmp"]).run().success().prints(&wanted);
}

#[test]
fn a_small_tmpfs_keeps_its_limits() {
    // size and nr_inodes of `Documentation/filesystems/tmpfs.rst`; the root folder is an inode, too.
    let wanted = "mount: 0\n1048576 bytes, then ENOSPC\nb: ok\nc: ok\nd: ENOSPC\n\
                  after removal: 65536\n";
    Machine::probe("tmpfs", &["mount", "/mnt"]).run().success().prints(wanted);
}

#[test]
fn processes_show_in_proc() {
    let script = format!(
        "{PROBES}/spin > /dev/null & p=$!; sleep 0.2; cat /proc/$p/comm; \
         tr '\\0' '|' < /proc/$p/cmdline; echo; cut -d ' ' -f 1 /proc/$p/stat | tr $p P; \
         readlink /proc/$p/exe; kill $p"
    );
    let output = Machine::shell(&script).run().success();
    let lines: Vec<_> = output.text().lines().map(str::to_owned).collect();
    let probe = format!("{PROBES}/spin");
    assert_eq!(lines[0], "spin", "{}", output.transcript());
    assert_eq!(lines[1], format!("{probe}|"), "{}", output.transcript());
    assert_eq!(lines[3], probe, "{}", output.transcript());
}
