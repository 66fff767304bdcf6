// SPDX-License-Identifier: MIT OR Apache-2.0
//! vCPUs taken offline and online again, as `Documentation/core-api/cpu_hotplug.rst` has it.

use ochre_tests::machine::Machine;

const CPU: &str = "/sys/devices/system/cpu";

fn machine(script: &str) -> Machine {
    Machine::shell(script).option("--cpus", "4")
}

#[test]
fn a_vcpu_goes_and_comes_back() {
    let script = format!(
        "nproc; cat {CPU}/online; echo 0 > {CPU}/cpu2/online; nproc; cat {CPU}/online \
         {CPU}/offline; echo 1 > {CPU}/cpu2/online; \
         cat {CPU}/online; nproc"
    );
    machine(&script).run().success().prints("4\n0-3\n3\n0-1,3\n2\n0-3\n4\n");
}

#[test]
fn the_boot_vcpu_stays() {
    machine(&format!("ls {CPU}/cpu0/online {CPU}/cpu1/online 2> /dev/null"))
        .run()
        .prints(&format!("{CPU}/cpu1/online\n"));
}

#[test]
fn work_goes_on_while_vcpus_come_and_go() {
    let script = format!(
        "for n in 1 2 3; do (seq 1 200000 | sort -rn | sha256sum) & done > /tmp/sums; \
         for round in 1 2 3 4 5 6 7 8 9 10; do for n in 1 2 3; do \
         echo 0 > {CPU}/cpu$n/online; done; for n in 1 2 3; do \
         echo 1 > {CPU}/cpu$n/online; done; done; wait; sort -u /tmp/sums | wc -l; \
         wc -l < /tmp/sums; cat {CPU}/online"
    );
    machine(&script).run().success().prints("1\n3\n0-3\n");
}
