// SPDX-License-Identifier: MIT OR Apache-2.0
//! What takes long: `cargo xtask test stress`.

use ochre_tests::endurance;
use ochre_tests::machine::Machine;

#[test]
fn three_hundred_boots_in_a_row() {
    endurance::boots(300);
}

#[test]
fn ten_thousand_process_starts_leave_nothing_behind() {
    let resident = endurance::starts(Machine::shell, 10, 1000);
    let (first, last) = (resident[0], resident[9]);
    assert!(last * 100 <= first * 105, "{resident:?} KiB");
}
