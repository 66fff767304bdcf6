// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mappings at their edges, limits, and what the kernel tells of memory.

use ochre_tests::c_probe::same_as_on_the_host;
use ochre_tests::{host, skip};

#[test]
fn mappings_at_their_edges() {
    same_as_on_the_host("mm");
}

#[test]
fn resource_limits() {
    if !host::is_root() {
        skip!("the probe takes rights away from root, and the host's user is none");
    }
    same_as_on_the_host("rlimits");
}
