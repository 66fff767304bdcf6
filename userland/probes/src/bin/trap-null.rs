// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads through a null pointer: SIGSEGV.

use ochre_probes::say;

fn main() {
    say("about to read at null");
    let address = std::hint::black_box(16usize) as *const u32;
    // SAFETY: none; the fault is what is under test.
    let value = unsafe { address.read_volatile() };
    say(format_args!("read {value}: no fault"));
}
