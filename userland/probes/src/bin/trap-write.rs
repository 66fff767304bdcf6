// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes far outside of its memory: SIGSEGV.

use ochre_probes::say;

fn main() {
    say("about to write out of bounds");
    let address = std::hint::black_box(0xf000_0000usize) as *mut u32;
    // SAFETY: none; the fault is what is under test.
    unsafe { address.write_volatile(1) };
    say("wrote: no fault");
}
