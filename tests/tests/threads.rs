// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads, as C and Rust programs use them: each probe prints in the guest what it prints on the host.

use ochre_tests::c_probe::same_as_on_the_host;

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
