// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads, as C and Rust programs use them: each probe prints in the guest what it prints on the host.

use ochre_tests::c_probe::same_as_on_the_host;
use ochre_tests::machine::Machine;
use ochre_tests::{host, host_probe};
use std::time::Duration;

fn prints_as_on_the_host(name: &str, on_host: &str) {
    let wanted = host::run(on_host, &[""; 0], b"").success().text();
    assert!(!wanted.is_empty());
    Machine::probe(name, &[]).limit(Duration::from_secs(120)).run().success().prints(&wanted);
}

#[test]
fn life_attributes_and_thread_specific_data() {
    same_as_on_the_host("threads");
}

#[test]
fn cancellation_and_cleanup_handlers() {
    same_as_on_the_host("cancel");
}

#[test]
fn mutexes_of_every_kind_and_their_kin() {
    same_as_on_the_host("mutex");
}

#[test]
fn condition_variables_barriers_and_semaphores() {
    same_as_on_the_host("condition");
}

#[test]
fn the_end_of_a_process_with_threads() {
    same_as_on_the_host("threadend");
}

#[test]
fn threads_of_rusts_standard_library() {
    prints_as_on_the_host("std-threads", host_probe!("std-threads"));
}

#[test]
fn a_pool_of_threads_that_steal_work() {
    prints_as_on_the_host("pool", host_probe!("pool"));
}

#[test]
fn a_server_with_a_thousand_connections() {
    let wanted = host::run(host_probe!("server"), &[""; 0], b"").success().text();
    // Five questions on each connection, by the probe's own count.
    assert_eq!(wanted, "right answers: 5000\nanswered: 5000\n");
    Machine::probe("server", &[]).limit(Duration::from_secs(120)).run().success().prints(&wanted);
}
