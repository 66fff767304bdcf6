// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may use the machine: `getty`, `login`, `su`, `sulogin`, `passwd`, `chpasswd`, `mkpasswd`.
//!
//! Accounts are lines of /etc/passwd, passwords of /etc/shadow. The programs are not set-user-ID in the
//! image: what needs root's rights says so when somebody else calls it.
//!
//! Talks to the kernel and the terminal.

#![forbid(unsafe_code)]

mod accounts;
mod getty;
mod hash;
mod login;
mod passwd;
mod prompt;
mod session;
mod su;

pub use getty::{cttyhack, getty};
pub use login::{login, nologin};
pub use passwd::{chpasswd, cryptpw, mkpasswd, passwd};
pub use su::{su, sulogin};
