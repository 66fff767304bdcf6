// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same thing again and again, as often as every run of the tests can afford; the stress suite
//! has the full numbers.

use ochre_tests::endurance;
use ochre_tests::machine::Machine;

#[test]
fn ten_boots_in_a_row() {
    endurance::boots(10);
}

#[test]
fn process_starts_leave_nothing_behind() {
    let resident = endurance::starts(Machine::shell, 5, 200);
    // The first round also fills caches.
    let (second, last) = (resident[1], resident[4]);
    assert!(last * 100 <= second * 105, "{resident:?} KiB");
}

#[test]
fn the_shell_starts_many_programs() {
    let script = "for i in $(seq 1 100); do /usr/bin/true || echo failed $i; \
                  [ $(echo $i | cat) = $i ] || echo wrong $i; done; echo end";
    Machine::shell(script).run().success().prints("end\n");
}

#[test]
fn many_processes_at_once() {
    let script = "for i in $(seq 1 200); do sleep 1.5 & done; \
                  n=0; for d in /proc/[0-9]*; do read c < $d/comm && [ $c = sleep ] && n=$((n + 1)); done; \
                  echo $n; wait; echo end";
    // Each takes 3.7 MiB of the machine.
    let machine = Machine::shell(script).option("--memory", "1G");
    machine.run().success().prints("200\nend\n");
}

#[test]
fn two_machines_beside_each_other() {
    let start = |name: &str| {
        Machine::shell(&format!("sleep 0.5; echo {name}; echo {name} > /tmp/f; cat /tmp/f")).start()
    };
    let (one, other) = (start("one"), start("other"));
    other.finish().success().prints("other\nother\n");
    one.finish().success().prints("one\none\n");
}
