// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a machine starts and how it ends: the kernel's log, the statuses of `ochre`, what an idle
//! machine costs.

use ochre_tests::machine::{Machine, resident_kib};
use ochre_tests::session::Session;
use regex::Regex;
use std::fs;
use std::time::Duration;

/// Statuses of `ochre` beside the command's own.
const REBOOT: i32 = 122;
const PANIC: i32 = 123;
const TIMEOUT: i32 = 124;
/// Neither the archive's init nor one of those that the kernel tries after it.
const NO_INIT: &str = "rdinit=/no/such/init init=/no/such/init";

#[test]
fn the_log_tells_of_a_boot_to_init_without_complaints() {
    let output = Machine::exec(&["true"]).run().success();
    let log = &output.kernel_log;
    assert!(log.contains("Linux version 6.12."), "{log}");
    let init = log.find("Run /init as init process").unwrap_or_else(|| panic!("{log}"));
    assert!(log[init..].contains("Power down"), "{log}");
}

#[test]
fn a_machine_without_terminal_takes_commands_from_its_input() {
    let output = Machine::run_piped()
        .without_kernel_log()
        .stdin("echo $((6*7)) is the answer; poweroff\n")
        .run()
        .success();
    assert!(output.text().contains("42 is the answer"), "{}", output.transcript());
}

#[test]
fn lines_that_come_ahead_of_the_prompt_are_kept() {
    let output = Machine::run_piped()
        .stdin("echo one $((1+1))\nread x\nfor x\necho got $x\nfor i in a b\ndo echo $i$i\ndone\npoweroff\n")
        .run()
        .success();
    // In their order, each after the ones before.
    let text = output.text();
    let mut rest = text.as_str();
    for wanted in ["one 2\r\n", "got for x\r\n", "aa\r\n", "bb\r\n"] {
        let Some(at) = rest.find(wanted) else {
            panic!("no {wanted:?}\n{}", output.transcript());
        };
        rest = &rest[at + wanted.len()..];
    }
}

#[test]
fn poweroff_and_halt_end_well_and_a_reboot_is_told_apart() {
    for (command, status) in [("poweroff", 0), ("halt", 0), ("reboot", REBOOT)] {
        let mut session = Session::shell();
        session.line(command);
        assert_eq!(session.end().code(), Some(status), "{command}\n{}", session.transcript());
    }
}

#[test]
fn a_panic_has_a_status_of_its_own_and_shows_the_kernels_last_words() {
    let machine = Machine::exec(&["true"]).append(NO_INIT);
    let output = machine.without_kernel_log().may_complain().run().ends_with(PANIC);
    assert!(output.errors().contains("Kernel panic"), "{}", output.transcript());
}

#[test]
fn the_death_of_init_is_a_panic() {
    // Only the kernel may kill init, so that it must fail by itself: it is not there to be run.
    let output = Machine::exec(&["true"])
        .append("rdinit=/usr/bin/true")
        .may_complain()
        .run()
        .ends_with(PANIC);
    assert!(output.kernel_log.contains("Attempted to kill init"), "{}", output.transcript());
}

#[test]
fn a_limit_of_time_ends_the_machine_with_a_status_of_its_own() {
    let output = Machine::exec(&["sleep", "100"]).option("--timeout", "2").run().ends_with(TIMEOUT);
    assert!(output.elapsed < Duration::from_secs(6), "{}", output.transcript());
    assert!(output.errors().lines().count() >= 1, "{}", output.transcript());
}

#[test]
fn a_limit_of_time_ends_a_program_that_never_enters_the_kernel() {
    Machine::probe("spin", &[]).option("--timeout", "2").run().ends_with(TIMEOUT);
}

#[test]
fn the_table_of_phases_is_in_order() {
    let output = Machine::exec(&["true"]).without_kernel_log().flag("--timing").run().success();
    // Lines of milliseconds and a phase's name.
    let line = Regex::new(r"(?m)^ *(\d+\.\d+) +\w+").expect("a pattern");
    let times: Vec<f64> = line
        .captures_iter(&output.errors())
        .map(|found| found[1].parse().expect("a number"))
        .collect();
    assert!(times.len() >= 4, "{}", output.transcript());
    assert!(times.is_sorted(), "{}", output.transcript());
    assert!(times.iter().all(|time| *time < 60_000.0), "{}", output.transcript());
}

#[test]
fn memory_on_the_command_line_is_what_the_guest_has() {
    for (option, mib) in [("256M", 256u64), ("1G", 1024)] {
        let text = Machine::exec(&["cat", "/proc/meminfo"]).option("--memory", option).output();
        let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).expect("a line");
        let kib: u64 = total.trim().trim_end_matches(" kB").parse().expect("a number");
        // The kernel's own image and tables are not counted.
        assert!((mib * 1024 * 85 / 100..=mib * 1024).contains(&kib), "{option}: {text}");
    }
}

#[test]
fn the_kernels_command_line_can_be_added_to() {
    let text = Machine::exec(&["cat", "/proc/cmdline"])
        .without_kernel_log()
        .append("ochre.test=yes")
        .output();
    assert!(text.split_whitespace().any(|word| word == "ochre.test=yes"), "{text}");
}

#[test]
fn an_idle_machine_uses_no_processor_time_and_little_memory() {
    let mut session = Session::shell();
    session.settle(Duration::from_millis(500));
    let before = cpu_ticks(session.id());
    session.settle(Duration::from_secs(3));
    let used = cpu_ticks(session.id()) - before;
    // A tick of the host's accounting is 10 ms: 3 s idle may cost 60 ms at most.
    assert!(used <= 6, "{used} ticks of 10 ms in 3 s");
    let kib = resident_kib(session.id());
    assert!(kib <= 100 * 1024, "{kib} KiB resident at the prompt");
}

/// Processor time of a process, in the host's clock ticks (`man 5 proc`, fields 14 and 15).
fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    let fields: Vec<_> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    fields[11..=12].iter().map(|field| field.parse::<u64>().expect("a number")).sum()
}

#[test]
fn the_guest_sees_what_the_host_clock_shows() {
    let before = std::time::SystemTime::now();
    let text = Machine::exec(&["date", "+%s"]).output();
    let seconds = |time: std::time::SystemTime| {
        time.duration_since(std::time::UNIX_EPOCH).expect("a time after 1970").as_secs()
    };
    let guest: u64 = text.trim().parse().expect("a number");
    assert!((seconds(before)..=seconds(std::time::SystemTime::now())).contains(&guest), "{text}");
}

#[test]
fn the_file_systems_of_a_linux_system_are_there() {
    let text = Machine::exec(&["cat", "/proc/mounts"]).output();
    let is_mounted = |place: &str, kind: &str| {
        text.lines().any(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.get(1..3) == Some(&[place, kind])
        })
    };
    for (place, kind) in [
        ("/proc", "proc"),
        ("/sys", "sysfs"),
        ("/dev", "devtmpfs"),
        ("/dev/pts", "devpts"),
        ("/tmp", "tmpfs"),
    ] {
        assert!(is_mounted(place, kind), "no {kind} on {place}:\n{text}");
    }
    let devices = "null zero full random urandom tty console ptmx";
    Machine::shell(&format!("cd /dev && for d in {devices}; do [ -c $d ] || echo no $d; done"))
        .run()
        .success()
        .prints("");
}

#[test]
fn the_promised_parts_of_the_kernel_are_there() {
    let script = "cat /proc/filesystems; while read p rest; do echo protocol $p; done < \
                  /proc/net/protocols; cat /proc/net/dev; ls /sys/class/net /proc/self/ns";
    let text = Machine::shell(script).output();
    for part in ["tmpfs", "ramfs", "proc", "sysfs", "devtmpfs", "devpts", "sockfs", "pipefs"] {
        assert!(text.lines().any(|line| line.trim_end().ends_with(part)), "no {part}:\n{text}");
    }
    for part in ["TCP", "UDP", "UNIX"] {
        let line = format!("protocol {part}");
        assert!(text.lines().any(|found| found == line), "no {part}:\n{text}");
    }
    assert!(text.contains("lo:"), "no loopback:\n{text}");
}

#[test]
fn a_runner_that_is_asked_to_end_shuts_its_guest_down() {
    let mut session = Session::shell();
    let kill = std::process::Command::new("kill").arg(session.id().to_string()).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let status = session.end();
    // As after poweroff: everything has been written and unmounted.
    assert_eq!(status.code(), Some(0), "{}", session.transcript());
}
