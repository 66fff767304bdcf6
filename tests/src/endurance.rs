// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same thing many times: boots in a row, and process starts in one boot with a look at what the
//! runner holds. Small numbers run by default, the full ones in the stress suite.

use crate::machine::{Machine, PROBES};
use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

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

/// Starts `rounds` times `starts` processes in one machine; gives the runner's resident memory in KiB
/// after each round. Other options come with `machine`, which makes a machine out of a script.
///
/// # Panics
/// When a start fails.
pub fn starts(machine: impl FnOnce(&str) -> Machine, rounds: u32, starts: u32) -> Vec<u64> {
    // The pause is for the look from outside.
    let script = format!(
        "for i in $(seq 1 {rounds}); do {PROBES}/spawn {starts} 2> /dev/null || exit 1; \
         sleep 0.3; echo '{MARK}' $i > /dev/kmsg; sleep 0.7; done"
    );
    let limit = Duration::from_secs(60) + Duration::from_millis(20) * rounds * starts;
    let running = machine(&script).limit(limit).start();
    let deadline = Instant::now() + limit;
    let mut resident = Vec::new();
    while resident.len() < rounds as usize && Instant::now() < deadline {
        if running.kernel_log().matches(MARK).count() > resident.len() {
            resident.push(running.resident_kib());
        } else if running.has_ended() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let output = running.finish().success();
    let mut wanted = String::new();
    for _ in 0..rounds {
        let _ = writeln!(wanted, "started {starts}, good {starts}");
    }
    assert_eq!(output.text(), wanted, "{}", output.transcript());
    assert_eq!(resident.len(), rounds as usize, "{resident:?}\n{}", output.transcript());
    eprintln!("resident KiB after each round: {resident:?}, {:.1} s", output.elapsed.as_secs_f32());
    resident
}
