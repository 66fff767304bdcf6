// SPDX-License-Identifier: MIT OR Apache-2.0
//! What takes long: `cargo xtask test stress`. The random ones say their seeds on standard error; with
//! `OCHRE_STRESS_SECONDS=600` in the environment the churn lasts ten minutes, and `OCHRE_STRESS_SEED`
//! starts from another seed.

use ochre_tests::machine::{Machine, PROBES};
use ochre_tests::{endurance, host};
use std::thread;
use std::time::Duration;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn seed() -> u64 {
    setting("OCHRE_STRESS_SEED", 1)
}

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

#[test]
fn random_work_on_four_cpus_leaves_nothing_behind() {
    const ROUNDS: u64 = 10;
    /// As many as it takes until the host's memory levels off: pages that the guest's kernel has used
    /// once stay with the machine, and each round's two thousand tasks find some that no earlier had.
    const SETTLING: usize = 6;
    let seconds = setting("OCHRE_STRESS_SECONDS", 40) / ROUNDS;
    // Two thousand tasks at once in each round.
    let work = |round: u64| {
        let seed = seed() * ROUNDS + round;
        format!("{PROBES}/churn {seconds} {seed} 2000")
    };
    let machine = |script: &str| {
        let limit = Duration::from_secs(10 * ROUNDS * (seconds + 30));
        Machine::shell(script).option("--cpus", "4").option("--memory", "1G").limit(limit)
    };
    let rounds: Vec<String> = (0..ROUNDS).map(work).collect();
    let seen = endurance::rounds(machine, &rounds, "all right\n");
    let (settled, last) = (&seen[SETTLING - 1], &seen[ROUNDS as usize - 1]);
    eprintln!("{seen:#?}");
    assert!(last.resident_kib * 100 <= settled.resident_kib * 105, "{seen:#?}");
    assert!(last.free_kib * 100 >= settled.free_kib * 99, "{seen:#?}");
    assert!(last.slab_kib * 100 <= settled.slab_kib * 115, "{seen:#?}");
}

#[test]
fn a_million_random_system_calls_do_no_harm() {
    for cpus in ["1", "4"] {
        let seed = seed().to_string();
        let machine = Machine::probe("fuzz-syscalls", &["500000", &seed, "8"]);
        let machine = machine.option("--cpus", cpus).option("--memory", "1G");
        machine.limit(Duration::from_secs(800)).run().success().prints("enough calls\n");
    }
}
