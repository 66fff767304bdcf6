// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one call into the system that is unsafe in Rust.

use nix::sys::signal::{SigHandler, Signal, signal};

/// Gives SIGPIPE its default disposition again, which std's start-up took away.
pub fn restore_sigpipe() {
    // SAFETY: the default disposition is no function of ours; nothing runs in a handler.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
