// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must never stand in a kernel's log, whatever a test does.

/// The beginnings of the kernel's own reports of its bugs: `WARN`, `BUG`, lockdep, the watchdogs,
/// the debugging allocator, RCU, and the checkers of the debug configuration.
const REPORTS: &[&str] = &[
    "WARNING:",
    "BUG:",
    "BUG ",
    "INFO: possible",
    "INFO: task ",
    "INFO: rcu",
    "INFO: trying to register non-static key",
    "rcu: INFO:",
    "ODEBUG:",
    "UBSAN:",
    "DEBUG_LOCKS_WARN_ON",
    "scheduling while atomic",
    "sleeping function called",
    "bad unlock balance",
    "list_add corruption",
    "list_del corruption",
    "stack-protector",
    "corrupted stack end",
    "unable to handle kernel",
    "Unable to handle kernel",
    "Oops",
    "refcount_t:",
    "nobody cared",
    "soft lockup",
    "self-detected stall",
];

/// The lines of `log` in which the kernel reports a bug of its own, or its end.
pub fn complaints(log: &str) -> Vec<&str> {
    let is_complaint = |line: &&str| {
        REPORTS.iter().any(|report| line.contains(report)) || line.contains("Kernel panic")
    };
    log.lines().filter(is_complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn reports_of_bugs_are_found_among_ordinary_lines() {
        let log = "[    0.000000] Linux version 6.12\n\
                   [    0.010000] WARNING: CPU: 0 PID: 1 at mm/slub.c:1 f+0x0/0x0\n\
                   [    0.020000] Run /init as init process\n\
                   [    0.030000] BUG: scheduling while atomic: init/1\n\
                   [    0.040000] Kernel panic - not syncing: No working init found.\n";
        assert_eq!(complaints(log).len(), 3);
        assert!(complaints("[    0.1] debug: DEBUG_INFO\n[    0.2] Debugging\n").is_empty());
    }
}
