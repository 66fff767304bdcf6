// SPDX-License-Identifier: MIT OR Apache-2.0
//! Computes for ever without a system call: a test of preemption.

use ochre_probes::say;

fn main() {
    say("spinning");
    let mut number = 1u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005) + 1);
    }
}
