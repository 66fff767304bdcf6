// SPDX-License-Identifier: MIT OR Apache-2.0
//! What takes long: `cargo xtask test stress`.

use ochre_tests::machine::Machine;
use ochre_tests::{endurance, host};
use std::thread;
use std::time::Duration;

#[test]
fn three_hundred_boots_in_a_row() {
    endurance::boots(300);
}

#[test]
fn ten_thousand_process_starts_leave_nothing_behind() {
    let resident = endurance::starts(Machine::shell, 10, 1000);
    let (first, last) = (resident[0], resident[9]);
    assert!(last * 100 <= first * 105, "{resident:?} KiB");
}

/// A runner that the host stops (Ctrl-Z, a suspended laptop) has not hung: none of the kernel's
/// watches, whose shortest limit is 20 s, may say so.
#[test]
fn a_stopped_runner_is_no_lockup() {
    let script = "sh -c 'while :; do :; done' & p=$!; sleep 60; kill $p; echo done";
    let machine = Machine::shell(script).limit(Duration::from_secs(120)).start();
    thread::sleep(Duration::from_secs(3));
    let pid = machine.id().to_string();
    host::run("kill", &["-STOP", &pid], b"").success();
    thread::sleep(Duration::from_secs(45));
    host::run("kill", &["-CONT", &pid], b"").success();
    // The fixture looks for complaints in the kernel's log.
    machine.finish().success().prints("done\n");
}
