// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests that boot the machine share.
//!
//! - [`machine`]: where the parts under test are, and one run of `ochre` with its output collected.
//! - [`session`]: `ochre run` on a real pseudo terminal, driven like a person would.
//! - [`host`]: what independent programs on this host say, for comparison.
//! - [`program`]: tiny guest programs in WebAssembly text.
//! - [`c_numbers`]: constants, sizes and offsets in C headers.
//! - [`raw_sys`]: what the crate `linux-raw-sys` says of the kernel.
//! - [`c_probe`]: the probes in C, built for guest and host.
//! - [`scripts`]: many small scripts, each run in the guest and on the host.
//! - [`snippets`]: such scripts out of plain files.
//! - [`endurance`]: the same thing many times, in small by default and in full in the stress suite.
//! - [`kselftest`]: one of the kernel's selftests, and the lists of what is to come of them.
//! - [`kernel_log`]: what must never stand in a kernel's log.
//! - [`ktap`]: the results that the kernel's own tests print to its log.
//!
//! Talks to the machine only through the `ochre` program, as its users do. Invariants: nothing here
//! waits without a limit; what goes wrong is shown with all that the machine has said; no test
//! believes a value that the machine itself has computed when something else can tell it.
//!
//! A file of `tests/tests/` holds the tests of one subject. Comparisons with the host belong in the
//! subject's file, not in one of their own.
#![forbid(unsafe_code)]

pub mod c_numbers;
pub mod c_probe;
pub mod endurance;
pub mod host;
pub mod kernel_log;
pub mod kselftest;
pub mod ktap;
pub mod machine;
pub mod program;
pub mod raw_sys;
pub mod scripts;
pub mod session;
pub mod snippets;

/// Ends a test that cannot be run here, and says why.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)*) => {{
        eprintln!("skipped: {}", format_args!($($reason)*));
        return;
    }};
}
