// SPDX-License-Identifier: MIT OR Apache-2.0
//! Executes an instruction that is none: SIGILL.

use ochre_probes::say;

fn main() {
    say("about to run unreachable");
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    // SAFETY: the instruction raises SIGILL and touches nothing.
    unsafe {
        core::arch::asm!("ud2", options(noreturn));
    }
}
