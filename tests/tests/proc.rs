// SPDX-License-Identifier: MIT OR Apache-2.0
//! /proc, as ps, top, free and their kin read it.

use ochre_tests::c_probe::same_as_on_the_host;

#[test]
fn a_process_its_files_and_its_threads() {
    same_as_on_the_host("proc");
}

#[test]
fn the_whole_machine() {
    same_as_on_the_host("proc-machine");
}
