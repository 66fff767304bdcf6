// SPDX-License-Identifier: MIT OR Apache-2.0
//! `vfork` that returns twice: the C probe prints in the guest what it prints on the host.

use ochre_tests::c_probe::{for_guest, same_as_on_the_host};
use ochre_tests::machine::Machine;
use ochre_tests::program::PATH;

#[test]
fn the_child_is_a_process_of_its_own_as_on_the_host() {
    same_as_on_the_host("vfork");
}

#[test]
fn a_child_does_not_outlive_the_parent_that_runs_it() {
    // Not so on Linux, where the child has a stack to go on with.
    let script = format!(
        "{PATH} orphan > /tmp/child & p=$!; sleep 0.3; c=$(cat /tmp/child); \
         [ -d /proc/$c ] && echo there; kill -KILL $p; wait $p; echo $?; sleep 0.3; \
         [ -d /proc/$c ] || echo gone"
    );
    let probe = for_guest("vfork");
    Machine::shell(&script).with_program(probe).run().success().prints("there\n137\ngone\n");
}

#[test]
fn programs_without_it_do_not_carry_it() {
    // The name section tells what the linker has put in.
    let contains = |module: &[u8], name: &str| {
        module.windows(name.len()).any(|window| window == name.as_bytes())
    };
    let (with, without) = (for_guest("vfork"), for_guest("spawn"));
    assert!(contains(&with, "__vfork_current") && contains(&with, "posix_spawn"));
    assert!(!contains(&without, "__vfork_current") && contains(&without, "posix_spawn"));
}
