// SPDX-License-Identifier: MIT OR Apache-2.0
//! `login`: asks who is there and starts that user's shell; `nologin`, the shell of those who have none.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Uid, alarm};
use ochre_applet::{Args, parse};

use crate::accounts::{self, Account};
use crate::session::{Start, become_user, run_shell};
use crate::{hash, prompt};

/// How long somebody may think, in seconds.
const TIMEOUT_SECS: u32 = 60;
/// How often somebody may be wrong.
const TRIES: u32 = 3;
/// The pause after a wrong answer, so that guessing takes long.
const PAUSE: Duration = Duration::from_secs(3);

/// Begins a session on this terminal.
#[derive(clap::Parser)]
#[command(name = "login", disable_version_flag = true, disable_help_flag = true)]
struct Options {
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Keep the variables
    #[arg(short)]
    preserve: bool,
    /// The user has been recognized already
    #[arg(short, value_name = "USER")]
    force: Option<String>,
    /// The host that the user came from
    #[arg(short)]
    host: Option<String>,
    /// The user
    user: Option<String>,
}

/// May root begin a session on this terminal? All are good without /etc/securetty.
fn is_secure() -> bool {
    let Ok(text) = fs::read_to_string("/etc/securetty") else { return true };
    let Some(name) = prompt::terminal() else { return false };
    let name = name.to_string_lossy();
    let name = name.strip_prefix("/dev/").unwrap_or(&name);
    text.lines().any(|line| line.trim() == name)
}

/// Asks for the password, if there is one. An unknown user is asked, too: nobody shall learn the names.
fn is_right(account: Option<&Account>) -> Result<bool> {
    let hash = account.map_or("*".into(), accounts::hash_of);
    if account.is_some_and(|account| account.uid == 0) && !is_secure() {
        prompt::ask_secret("Password: ")?;
        return Ok(false);
    }
    if hash.is_empty() {
        return Ok(true);
    }
    let password = prompt::ask_secret("Password: ")?.unwrap_or_default();
    Ok(!hash::is_locked(&hash) && hash::fits(&password, &hash))
}

/// The applet; does not return when all went well.
pub fn login(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    if !Uid::effective().is_root() {
        bail!("only root can begin a session for somebody");
    }
    alarm::set(TIMEOUT_SECS);
    let mut name = options.force.clone().or(options.user);
    let host = nix::unistd::gethostname().unwrap_or_default();
    let question = format!("{} login: ", host.to_string_lossy());
    for _ in 0..TRIES {
        let user = match name.take() {
            Some(name) => name,
            None => prompt::ask(&question)?.context("nobody is there")?.trim().to_owned(),
        };
        if user.is_empty() {
            continue;
        }
        let account = accounts::named(&user)?;
        let right = match (&options.force, &account) {
            (Some(_), Some(_)) => true,
            (Some(name), None) => bail!("no user {name}"),
            _ => is_right(account.as_ref())?,
        };
        let Some(account) = account.filter(|_| right) else {
            std::thread::sleep(PAUSE);
            println!("Login incorrect");
            continue;
        };
        alarm::cancel();
        return begin(&account, options.preserve);
    }
    bail!("too many wrong answers")
}

fn begin(account: &Account, keep: bool) -> Result<u8> {
    if account.uid != 0
        && let Ok(text) = fs::read_to_string("/etc/nologin")
    {
        println!(
            "{}",
            if text.trim().is_empty() {
                "System closed for routine maintenance"
            } else {
                text.trim()
            }
        );
        return Ok(1);
    }
    // Only its user may read and write the terminal from now on, and programs of its group write.
    if let Some(path) = prompt::terminal() {
        // One that cannot be given away, such as that of a foreign system, still is of use.
        let _ = std::os::unix::fs::chown(&path, Some(account.uid), None);
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o620);
        let _ = fs::set_permissions(&path, rights);
    }
    become_user(account)?;
    if !Path::new(&account.home).join(".hushlogin").exists()
        && let Ok(text) = fs::read_to_string("/etc/motd")
    {
        print!("{text}");
        std::io::Write::flush(&mut std::io::stdout())?;
    }
    Err(run_shell(account, Start { login: true, keep, ..Start::default() }))
}

/// The applet: what a user has for a shell who is not to have one.
pub fn nologin(_args: Args) -> Result<u8> {
    let text = fs::read_to_string("/etc/nologin.txt").unwrap_or_default();
    println!("{}", if text.is_empty() { "This account is not available" } else { text.trim_end() });
    Ok(1)
}
