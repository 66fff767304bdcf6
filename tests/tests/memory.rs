// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mappings at their edges, limits, and what the kernel tells of memory.

use ochre_tests::c_probe::{for_guest, in_guest, same_as_on_the_host};
use ochre_tests::machine::Machine;
use ochre_tests::{host, skip};
use std::thread;
use std::time::Duration;

#[test]
fn mappings_at_their_edges() {
    same_as_on_the_host("mm");
}

#[test]
fn pages_that_may_not_be_read_or_written() {
    same_as_on_the_host("protect");
}

#[test]
fn threads_that_race_for_closed_pages_harm_themselves_only() {
    let script = "for i in 1 2 3 4 5 6; do program race & done; wait; for i in 1 2 3; do \
                  program race || echo $?; done; echo on | cat";
    let machine = Machine::shell(script).with_program(for_guest("protect"));
    machine.option("--cpus", "4").run().success().prints("on\n");
}

#[test]
fn resource_limits() {
    if !host::is_root() {
        skip!("the probe takes rights away from root, and the host's user is none");
    }
    same_as_on_the_host("rlimits");
}

#[test]
fn maps_and_figures_of_a_process_agree() {
    same_as_on_the_host("memory-figures");
}

#[test]
fn meminfo_counts_what_programs_use() {
    // The host is not still enough to compare with: see proc(5) for what the figures mean.
    in_guest("memory-figures", &["machine"]).success().prints(
        "sysinfo agrees 1\nfree of total 1\n96 MiB of a child are counted 1\nand come back 1\n",
    );
}

#[test]
fn free_memory_comes_back_after_many_programs() {
    let script = "free() { while read name kib rest; do \
                  [ $name = MemFree: ] && echo $kib; done < /proc/meminfo; }; \
                  run() { for i in $(seq 1 $1); do seq 1 20 > /dev/null; done; sleep 0.3; }; \
                  run 5; a=$(free); run 40; b=$(free); \
                  [ $((a - b)) -lt 2048 ] && echo back || echo $a $b";
    Machine::shell(script).run().success().prints("back\n");
}

#[test]
fn memory_goes_back_to_the_host() {
    let script = "program && echo 'giveback: ended' > /dev/kmsg && sleep 0.8";
    let running = Machine::shell(script).with_program(for_guest("giveback")).start();
    // What the runner holds at each step, more than at the first one, in units of 128 MiB.
    let steps = [
        ("begin", 0),
        ("mapped", 1),
        ("not needed", 0),
        ("touched", 1),
        ("unmapped", 0),
        ("broken", 1),
        ("mended", 0),
        ("taken", 1),
        ("ended", 0),
    ];
    let mut first = 0;
    for (step, wanted) in steps {
        let mark = format!("giveback: {step}");
        while !running.kernel_log().contains(&mark) {
            assert!(!running.has_ended(), "no step {step}\n{}", running.finish().transcript());
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_millis(100));
        let resident = running.resident_kib();
        if step == "begin" {
            first = resident;
        }
        let found = (resident as f64 - first as f64) / (128.0 * 1024.0);
        assert!((found - f64::from(wanted)).abs() < 0.3, "{step}: {found:.2} times 128 MiB");
    }
    running.finish().success();
}

#[test]
fn the_end_of_the_kernels_memory_ends_one_program() {
    // It fills pipes, and of all programs it has the most memory of its own.
    let script = "program; echo $?; echo on | cat";
    let (program, machine) = (for_guest("hungry"), Machine::shell(script));
    let output = machine.with_program(program).option("--memory", "256M").run().success();
    assert_eq!(output.text(), "hungry\n137\non\n", "{}", output.transcript());
    assert!(output.kernel_log.contains("Out of memory: Killed"), "{}", output.transcript());
}
