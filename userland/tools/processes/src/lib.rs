// SPDX-License-Identifier: MIT OR Apache-2.0
//! What runs, and signals to it: `ps`, `top`, `pgrep`, `pkill`, `pidof`, `killall`, `free` and their family.
//!
//! All of it comes out of /proc, through the crate procfs. Output follows procps and psmisc, so that
//! scripts that read it go on working; what BusyBox names otherwise is understood, too.
//!
//! Talks to the kernel only. A process may end between any two looks at it: what is gone is left out,
//! never an error.

#![forbid(unsafe_code)]

mod by_name;
mod files;
mod memory;
mod pgrep;
mod ps;
mod signals;
mod table;
mod top;
mod tree;
mod vmstat;
mod watch;
mod who;

pub use by_name::{killall, killall5, pidof};
pub use files::{fuser, lsof, pwdx};
pub use memory::{free, pmap};
pub use pgrep::{pgrep, pkill};
pub use ps::ps;
pub use top::top;
pub use tree::pstree;
pub use vmstat::vmstat;
pub use watch::watch;
pub use who::w;
