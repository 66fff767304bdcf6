// SPDX-License-Identifier: MIT OR Apache-2.0
//! `su`: a shell or a command as another user; `sulogin`: root's shell for repairs.

use std::ffi::OsString;
use std::os::fd::AsFd;

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;
use ochre_applet::{Args, Failure, parse};

use crate::accounts::{self, Account};
use crate::session::{Start, become_user, run_shell};
use crate::{hash, prompt};

/// Runs a shell as another user: root without a name. Arguments behind the name are the shell's.
#[derive(clap::Parser)]
#[command(name = "su", disable_version_flag = true)]
struct Options {
    /// As a session of that user
    #[arg(short, long)]
    login: bool,
    /// Keep the variables
    #[arg(short = 'p', long, visible_short_alias = 'm')]
    preserve_environment: bool,
    /// Run this command
    #[arg(short, long)]
    command: Option<OsString>,
    /// Run this shell
    #[arg(short, long)]
    shell: Option<String>,
    /// `-` for -l, the user, arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// Options that stand behind the name, as people write them: `su USER -c COMMAND`.
fn take_late_options(options: &mut Options) {
    let mut rest = std::mem::take(&mut options.words).into_iter();
    let mut user = None;
    while let Some(word) = rest.next() {
        match word.to_str() {
            Some("-" | "-l") if user.is_none() => options.login = true,
            Some("-c") if options.command.is_none() => options.command = rest.next(),
            Some("-s") if options.shell.is_none() => {
                options.shell = rest.next().map(|shell| shell.to_string_lossy().into_owned());
            }
            _ if user.is_none() => user = Some(word),
            _ => {
                options.words.push(word);
                break;
            }
        }
    }
    options.words.extend(rest);
    options.words.insert(0, user.unwrap_or_else(|| "root".into()));
}

/// The applet; does not return when all went well.
pub fn su(args: Args) -> Result<u8> {
    let mut options: Options = parse(&args)?;
    take_late_options(&mut options);
    let mut words = options.words.into_iter();
    let name = words.next().unwrap_or_default().to_string_lossy().into_owned();
    let account = accounts::named(&name)?.with_context(|| format!("unknown user {name}"))?;
    if !Uid::current().is_root() {
        let password = prompt::ask_secret("Password: ")?.unwrap_or_default();
        if !hash::fits(&password, &accounts::hash_of(&account)) {
            return Err(Failure::new(1, "incorrect password").into());
        }
    }
    become_user(&account)?;
    let mut args: Vec<OsString> = Vec::new();
    if let Some(command) = options.command {
        args.extend(["-c".into(), command]);
    }
    args.extend(words);
    let start = Start {
        login: options.login,
        keep: options.preserve_environment,
        shell: options.shell,
        args,
    };
    Err(run_shell(&account, start))
}

/// Root's shell for repairs, after root's password if it has one.
#[derive(clap::Parser)]
#[command(name = "sulogin", disable_version_flag = true)]
struct RepairOptions {
    /// Wait for so many seconds only
    #[arg(short)]
    timeout: Option<u32>,
    /// The terminal
    tty: Option<std::path::PathBuf>,
}

fn root() -> Account {
    let found = accounts::find(|account| account.uid == 0).ok().flatten();
    // A broken /etc/passwd is what one comes to repair.
    found.unwrap_or_else(|| Account {
        name: "root".into(),
        hash: String::new(),
        uid: 0,
        gid: 0,
        home: "/root".into(),
        shell: "/bin/sh".into(),
    })
}

/// The applet; does not return when the password was right.
pub fn sulogin(args: Args) -> Result<u8> {
    let options: RepairOptions = parse(&args)?;
    if !Uid::effective().is_root() {
        bail!("only root can do that");
    }
    if let Some(tty) = &options.tty {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(tty);
        let file = file.with_context(|| tty.display().to_string())?;
        rustix::stdio::dup2_stdin(file.as_fd())?;
        rustix::stdio::dup2_stdout(file.as_fd())?;
        rustix::stdio::dup2_stderr(file.as_fd())?;
    }
    if let Some(seconds) = options.timeout {
        nix::unistd::alarm::set(seconds);
    }
    let account = root();
    let hash = accounts::hash_of(&account);
    while !hash.is_empty() {
        let question = "Give root password for maintenance\n(or press Control-D to continue): ";
        match prompt::ask_secret(question)? {
            None => return Ok(0),
            Some(password) if password.is_empty() => return Ok(0),
            Some(password) if hash::fits(&password, &hash) => break,
            Some(_) => println!("Login incorrect"),
        }
    }
    nix::unistd::alarm::cancel();
    Err(run_shell(&account, Start { login: true, ..Start::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn words(line: &str) -> Options {
        let mut options = Options::parse_from(line.split(' '));
        take_late_options(&mut options);
        options
    }

    #[test]
    fn options_may_stand_behind_the_name() {
        let options = words("su - me -c true");
        assert!(options.login && options.command == Some("true".into()));
        assert_eq!(options.words, ["me"]);
        assert_eq!(words("su").words, ["root"]);
        assert_eq!(words("su -c id me x y").words, ["me", "x", "y"]);
    }
}
