// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priorities, policies, affinity, processor time, clocks and timers.

use ochre_tests::c_probe::same_as_on_the_host;

#[test]
fn priorities_processor_time_and_clocks() {
    same_as_on_the_host("sched");
}

#[test]
fn timers_that_send_signals() {
    same_as_on_the_host("timers");
}

#[test]
fn notices_that_come_as_threads() {
    same_as_on_the_host("notify");
}
