// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel with its own checkers on (`kernel/configs/debug.config`): none of them finds anything.
//! The fixture looks through the log of every machine; here is what there is to be found.

use ochre_tests::endurance;
use ochre_tests::machine::{Machine, PROBES, part};
use std::time::Duration;

fn debug(script: &str) -> Machine {
    Machine::shell(script)
        .option("--kernel", part("vmlinux-debug.wasm"))
        .limit(Duration::from_secs(120))
}

#[test]
fn a_boot_with_checkers_has_no_complaints() {
    let output = debug("uname -sm").run().success().prints("Linux wasm32\n");
    // Else nothing would have been checked.
    let log = &output.kernel_log;
    assert!(log.contains("Lock dependency validator"), "{}", output.transcript());
}

#[test]
fn two_hundred_process_starts_have_no_complaints() {
    endurance::starts(debug, 2, 100);
}

#[test]
fn no_probe_makes_a_checker_complain() {
    let script = format!(
        "for p in clock efault enomem events filemap futex isolation memory signals threads; do \
         {PROBES}/$p > /dev/null 2>&1 || echo $p $?; done; \
         for p in divide null read recurse unreachable write; do \
         {PROBES}/trap-$p > /dev/null 2>&1; [ $? -gt 128 ] || echo $p; done; \
         seq 1 1000 | sort | tail -n 1"
    );
    debug(&script).run().success().prints("999\n");
}

#[test]
fn random_work_on_four_cpus_has_no_complaints() {
    let machine = debug(&format!("{PROBES}/churn 5 7 60")).option("--cpus", "4");
    machine.run().success().prints("all right\n");
    let machine = debug(&format!("{PROBES}/fuzz-syscalls 4000 8 3")).option("--cpus", "4");
    machine.run().success().prints("enough calls\n");
}

#[test]
fn locks_were_seen_and_the_validator_is_still_on() {
    let text = debug("cat /proc/lockdep_stats").output();
    let number = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        line.and_then(|line| line.split_whitespace().find_map(|word| word.parse::<u64>().ok()))
    };
    assert!(number("lock-classes:").is_some_and(|count| count > 100), "{text}");
    // It turns itself off after a report.
    assert_eq!(number("debug_locks:"), Some(1), "{text}");
}
