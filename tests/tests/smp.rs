// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines with several vCPUs: what programs see of them, that tasks run on all of them, and that all
//! sleep when there is nothing to do. The stress suite has more of the same for longer.

use ochre_tests::host;
use ochre_tests::host_probe;
use ochre_tests::machine::{Machine, PROBES};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn programs_see_as_many_cpus_as_were_asked_for() {
    let script = "nproc; n=0; while read -r a rest; do [ \"$a\" = processor ] && n=$((n + 1)); done \
                  < /proc/cpuinfo; echo $n; cat /sys/devices/system/cpu/online; \
                  n=0; while read -r a rest; do case $a in cpu[0-9]*) n=$((n + 1));; esac; done \
                  < /proc/stat; echo $n; read -r line < /proc/interrupts; echo $line";
    for (cpus, wanted) in [
        ("1", "1\n1\n0\n1\nCPU0\n"),
        ("2", "2\n2\n0-1\n2\nCPU0 CPU1\n"),
        ("4", "4\n4\n0-3\n4\nCPU0 CPU1 CPU2 CPU3\n"),
    ] {
        Machine::shell(script).option("--cpus", cpus).run().success().prints(wanted);
    }
}

#[test]
fn tasks_run_where_they_are_bound_to() {
    let wanted = host::run(host_probe!("affinity"), &[""; 0], b"").success().text();
    assert!(wanted.starts_with("ran on each CPU: true\n"), "{wanted}");
    for cpus in ["1", "4"] {
        Machine::probe("affinity", &[]).option("--cpus", cpus).run().success().prints(&wanted);
    }
}

#[test]
fn every_cpu_does_its_part() {
    // Eight endless loops, and the ticks of user code on each of four CPUs.
    let script = format!(
        "for i in 1 2 3 4 5 6 7 8; do {PROBES}/spin > /dev/null & p=\"$p $!\"; done; sleep 3; \
         while read -r a user rest; do case $a in cpu[0-9]*) [ $user -gt 0 ] && echo $a;; esac; \
         done < /proc/stat; kill $p; wait"
    );
    let machine = Machine::shell(&script).option("--cpus", "4");
    machine.run().prints("cpu0\ncpu1\ncpu2\ncpu3\n");
}

#[test]
fn threads_and_signals_work_alike_on_several_cpus() {
    for probe in [host_probe!("threads"), host_probe!("futex"), host_probe!("events")] {
        let name = probe.rsplit('/').next().expect("a name");
        let wanted = host::run(probe, &[""; 0], b"").success().text();
        Machine::probe(name, &[]).option("--cpus", "4").run().success().prints(&wanted);
    }
}

#[test]
fn random_work_on_four_cpus_gives_right_results() {
    let machine = Machine::probe("churn", &["4", "11", "60"]).option("--cpus", "4");
    machine.run().success().prints("all right\n");
}

#[test]
fn random_system_calls_do_no_harm() {
    for (cpus, seed) in [("1", "5"), ("4", "6")] {
        let machine = Machine::probe("fuzz-syscalls", &["8000", seed, "4"]);
        machine.option("--cpus", cpus).run().success().prints("enough calls\n");
    }
}

/// Processor time of a process so far, in clock ticks: fields 14 and 15 of `man 5 proc_pid_stat`.
fn ticks(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    let (_, fields) = text.rsplit_once(')').expect("a command in parentheses");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |at: usize| fields[at - 3].parse::<u64>().expect("a number");
    number(14) + number(15)
}

#[test]
fn an_idle_machine_takes_less_than_a_hundredth_of_a_processor() {
    const MARK: &str = "smp: idle from here";
    for cpus in ["1", "4"] {
        let script = format!("echo '{MARK}' > /dev/kmsg; sleep 14");
        let running = Machine::shell(&script).option("--cpus", cpus).start();
        let deadline = Instant::now() + Duration::from_secs(40);
        while !running.kernel_log().contains(MARK) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        assert!(running.kernel_log().contains(MARK), "no start of the wait");
        // What the start has left to do is not idleness.
        thread::sleep(Duration::from_secs(2));
        let before = ticks(running.id());
        thread::sleep(Duration::from_secs(10));
        let used = ticks(running.id()) - before;
        running.finish().success();
        eprintln!("{cpus} vCPUs: {used} ticks of 1000");
        assert!(used < 10, "{cpus} vCPUs took {used} of 1000 ticks while idle");
    }
}
