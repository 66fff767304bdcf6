// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where and with what the suite ran.

use crate::Setup;
use std::fs;
use std::process::Command;

/// Names and texts for the head of a report.
pub fn this_machine(setup: &Setup) -> Vec<(String, String)> {
    let ask = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.lines().next()?.trim().to_owned())
    };
    let read = |path: &str| fs::read_to_string(path).ok();
    let processor = read("/proc/cpuinfo").and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let memory = read("/proc/meminfo").and_then(|text| {
        let kib: u64 = text.lines().next()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(format!("{} GiB", kib >> 20))
    });
    let load =
        read("/proc/loadavg").map(|text| text.split(' ').take(3).collect::<Vec<_>>().join(" "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ochre = setup.machine.join("ochre");
    let guest = ask(&ochre.to_string_lossy(), &["exec", "--", "uname", "-sr"]);
    let all = [
        ("date", ask("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        ("processor", processor),
        ("cores", Some(cores.to_string())),
        ("memory", memory),
        ("load average at the start", load),
        ("host", ask("uname", &["-sr"])),
        ("guest", guest),
        ("revision", ask("git", &["describe", "--always", "--dirty"])),
        ("runner", ask(&ochre.to_string_lossy(), &["--version"])),
        ("compiler of the host", ask("rustc", &["--version"])),
        ("compiler of the guest", ask("/usr/bin/rustc", &["--version"])),
    ];
    let known = all.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    known.collect()
}
