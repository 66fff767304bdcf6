// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same thing many times: boots in a row, and process starts in one boot with a look at what the
//! runner holds. Small numbers run by default, the full ones in the stress suite.

use crate::machine::{Machine, PROBES};
use std::fmt::Write;
use std::thread;
use std::time::Duration;

/// Stands in the kernel's log when a round is over.
const MARK: &str = "endurance: round";

/// Boots `count` machines, one after the other, each of which must answer rightly.
///
/// # Panics
/// At the first failure, with its number.
pub fn boots(count: u32) {
    for number in 1..=count {
        let output = Machine::shell("echo $((6 * 7)) | cat").run();
        let right = output.code() == 0 && output.stdout == b"42\n" && output.stderr.is_empty();
        assert!(right, "boot {number} of {count}\n{}", output.transcript());
    }
}

/// What is held when a round is over.
#[derive(Clone, Debug)]
pub struct Held {
    /// By the runner, on the host.
    pub resident_kib: u64,
    /// `MemFree` in the guest.
    pub free_kib: u64,
    /// `Slab` in the guest.
    pub slab_kib: u64,
}

/// Starts `rounds` times `starts` processes in one machine; gives the runner's resident memory in KiB
/// after each round. Other options come with `machine`, which makes a machine out of a script.
///
/// # Panics
/// When a start fails.
pub fn starts(machine: impl FnOnce(&str) -> Machine, rounds: u32, starts: u32) -> Vec<u64> {
    let limit = Duration::from_secs(60) + Duration::from_millis(20) * rounds * starts;
    let commands = vec![format!("{PROBES}/spawn {starts}"); rounds as usize];
    let machine = |script: &str| machine(script).limit(limit);
    let seen = self::rounds(machine, &commands, &format!("started {starts}, good {starts}\n"));
    let resident = seen.iter().map(|held| held.resident_kib).collect();
    eprintln!("resident KiB after each round: {resident:?}");
    resident
}

/// Runs one command after the other in one machine, each of which must print `wanted`; gives what is
/// held after each.
///
/// # Panics
/// When a command fails or prints anything else.
pub fn rounds(
    machine: impl FnOnce(&str) -> Machine,
    commands: &[String],
    wanted: &str,
) -> Vec<Held> {
    // The pause is for the look from outside; the shell reads the file itself, as another process
    // would be part of the result.
    let mut script = "held() { while read -r name value unit; do case $name in \
                      MemFree:|Slab:) echo $name $value > /dev/kmsg;; esac; done < /proc/meminfo; }; "
        .to_owned();
    for (number, command) in commands.iter().enumerate() {
        let _ = write!(
            script,
            "{command} 2> /dev/null || exit 1; sleep 0.3; held; \
             echo '{MARK}' {number} > /dev/kmsg; sleep 0.7; "
        );
    }
    let running = machine(&script).start();
    let mut resident = Vec::new();
    while resident.len() < commands.len() && !running.has_ended() && !running.is_over_time() {
        if running.kernel_log().matches(MARK).count() > resident.len() {
            resident.push(running.resident_kib());
        }
        thread::sleep(Duration::from_millis(50));
    }
    let output = running.finish().success();
    assert_eq!(output.text(), wanted.repeat(commands.len()), "{}", output.transcript());
    assert_eq!(resident.len(), commands.len(), "{resident:?}\n{}", output.transcript());
    let numbers = |name: &str| -> Vec<u64> {
        let log = output.kernel_log.lines().filter_map(|line| line.split_once(name));
        log.filter_map(|(_, value)| value.trim().parse().ok()).collect()
    };
    let (free, slab) = (numbers("MemFree: "), numbers("Slab: "));
    assert_eq!(
        (free.len(), slab.len()),
        (commands.len(), commands.len()),
        "{}",
        output.transcript()
    );
    let guest = free.into_iter().zip(slab);
    resident
        .into_iter()
        .zip(guest)
        .map(|(resident_kib, (free_kib, slab_kib))| Held { resident_kib, free_kib, slab_kib })
        .collect()
}
