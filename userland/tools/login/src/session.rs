// SPDX-License-Identifier: MIT OR Apache-2.0
//! Becoming a user: the process's groups and numbers, its variables, its shell.

use std::ffi::{CString, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::unistd::{Gid, Uid, initgroups, setgid, setuid};

use crate::accounts::Account;

const USER_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
const ROOT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Gives up our own user for that of the account.
pub fn become_user(account: &Account) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    if Uid::current() == uid && !uid.is_root() {
        return Ok(());
    }
    let name = CString::new(account.name.as_str())?;
    initgroups(&name, gid).context("cannot set the groups; are you root?")?;
    setgid(gid).context("cannot set the group")?;
    setuid(uid).context("cannot set the user")
}

/// How the shell is started.
#[derive(Default)]
pub struct Start {
    /// As the first program of a session: in the account's folder, with its variables.
    pub login: bool,
    /// Keep all variables as they are.
    pub keep: bool,
    /// Another shell than the account's.
    pub shell: Option<String>,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Becomes the account's shell.
pub fn run_shell(account: &Account, start: Start) -> anyhow::Error {
    let shell = start.shell.unwrap_or_else(|| account.shell.clone());
    let base = Path::new(&shell).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut command = Command::new(&shell);
    command.arg0(if start.login { format!("-{base}") } else { base }).args(start.args);
    if start.login {
        if std::env::set_current_dir(&account.home).is_err() {
            ochre_applet::complain(
                "login",
                format_args!("can't change directory to '{}'", account.home),
            );
            // Somewhere it has to be.
            let _ = std::env::set_current_dir("/");
        }
        if !start.keep {
            command.env_clear();
            if let Some(term) = std::env::var_os("TERM") {
                command.env("TERM", term);
            }
            command.env("PATH", if account.uid == 0 { ROOT_PATH } else { USER_PATH });
        }
    }
    if !start.keep || start.login {
        command.env("HOME", &account.home).env("SHELL", &shell);
        if start.login || account.uid != 0 {
            command.env("USER", &account.name).env("LOGNAME", &account.name);
        }
    }
    let error = command.exec();
    anyhow::Error::new(error).context(format!("can't execute '{shell}'"))
}
