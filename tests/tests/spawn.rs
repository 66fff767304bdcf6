// SPDX-License-Identifier: MIT OR Apache-2.0
//! Children with all that can be said about them: `posix_spawn` with attributes and file actions,
//! `clone3` and descriptors of processes, Rust's `Command`. Each probe prints in the guest what it
//! prints on the host.

use ochre_tests::c_probe::{for_guest, same_as_on_the_host};
use ochre_tests::machine::Machine;
use ochre_tests::program::PATH;
use ochre_tests::{host, host_probe};

#[test]
fn posix_spawn_with_attributes_and_file_actions() {
    same_as_on_the_host("spawn");
}

#[test]
fn clone3_and_descriptors_of_processes() {
    same_as_on_the_host("clone3");
}

#[test]
fn a_child_with_a_real_time_policy() {
    // Not on the host, which need not allow it. `man 2 sched_setscheduler`: SCHED_FIFO is 1.
    let wanted = "policy 1, priority 7\nspawn: 0\nend: exit 0\npolicy 0, priority 0\n";
    let machine = Machine::exec(&[PATH, "priority"]).with_program(for_guest("spawn"));
    // Parent and child write side by side.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&machine.run().success().text()), sorted(wanted));
}

#[test]
fn rusts_command_with_ids_closures_and_descriptors() {
    let probe = host_probe!("command");
    // Taking on other ids is root's alone; the guest is root.
    let is_root = host::shell("id -u", b"").success().text() == "0\n";
    let args: &[&str] = if is_root { &["root"] } else { &[] };
    let wanted = host::run(probe, args, b"").ends_with(6);
    Machine::probe("command", args).run().ends_with(6).prints(&wanted.text());
}
