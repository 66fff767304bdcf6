// SPDX-License-Identifier: MIT OR Apache-2.0
//! The console: its terminal, its greeting, and what programs on it start with.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

const SHELL: &str = "/bin/sh";
/// Where login shells of init start.
pub const HOME: &str = "/root";
/// Where programs are looked for.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Shows /etc/motd, as `login` does for those who come through it.
pub fn greet() {
    if let (Ok(text), Some(mut tty)) = (fs::read("/etc/motd"), open_terminal()) {
        // A greeting that cannot be shown is not worth a word.
        let _ = std::io::Write::write_all(&mut tty, &text);
    }
}

/// The variables that programs of init start with.
pub fn set_variables(command: &mut Command) {
    command
        .env_clear()
        .env("HOME", HOME)
        .env("USER", "root")
        .env("LOGNAME", "root")
        .env("SHELL", SHELL)
        .env("PATH", PATH)
        .env("TERM", terminal_type());
}

/// The kernel passes `TERM=…` of its command line on to us, and `linux` by default.
fn terminal_type() -> OsString {
    std::env::var_os("TERM").unwrap_or_else(|| OsStr::new("linux").to_owned())
}

/// Opens the terminal behind /dev/console: a session cannot be led from /dev/console itself.
pub fn open_terminal() -> Option<File> {
    let active = fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let named = active.split_whitespace().next_back().map(|name| PathBuf::from("/dev").join(name));
    named.into_iter().chain([PathBuf::from("/dev/hvc0"), PathBuf::from("/dev/console")]).find_map(
        |path| {
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path).ok()
        },
    )
}
