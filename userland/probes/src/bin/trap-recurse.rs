// SPDX-License-Identifier: MIT OR Apache-2.0
//! Recurses without end: SIGSEGV.

use ochre_probes::say;

#[inline(never)]
#[expect(unconditional_recursion, reason = "the overflow is what is under test")]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 16]);
    recurse(depth + 1) + frame[(depth % 16) as usize]
}

fn main() {
    say("about to recurse without end");
    let depth = recurse(0);
    say(format_args!("depth {depth}: no fault"));
}
