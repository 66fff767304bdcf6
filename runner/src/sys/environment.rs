// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process's own environment.

/// Turns native backtraces in error values off, whatever RUST_BACKTRACE says: every task of a machine
/// ends by an error value on purpose, and nobody reads those traces. Panics keep theirs. To be called
/// before any thread exists.
pub fn no_traces_in_errors() {
    // SAFETY: no other thread exists that could read the environment.
    unsafe {
        std::env::set_var("RUST_LIB_BACKTRACE", "0");
    }
}
