// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a system call costs, in nanoseconds.

use ochre_probes::{now_ns, say};

const CALLS: u64 = 1_000_000;

fn main() {
    let start = now_ns();
    for _ in 0..CALLS {
        // SAFETY: getppid takes nothing and touches no memory.
        std::hint::black_box(unsafe { libc::getppid() });
    }
    let cost_ns = (now_ns() - start) as f64 / CALLS as f64;
    say(format_args!("calls: {CALLS}"));
    eprintln!("{cost_ns:.1} ns each");
}
