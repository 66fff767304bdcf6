// SPDX-License-Identifier: MIT OR Apache-2.0
//! Users, groups, capabilities and permissions, as root of the guest and of the host.

use ochre_tests::c_probe::same_as_on_the_host;
use ochre_tests::{host, skip};

#[test]
fn ids_capabilities_and_set_id_programs() {
    if !host::is_root() {
        skip!("the probe takes rights away from root, and the host's user is none");
    }
    same_as_on_the_host("credentials");
}

#[test]
fn permissions_of_files() {
    if !host::is_root() {
        skip!("the probe makes files of other users, and the host's user is not root");
    }
    same_as_on_the_host("permissions");
}
