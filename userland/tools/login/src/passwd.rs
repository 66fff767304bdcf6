// SPDX-License-Identifier: MIT OR Apache-2.0
//! `passwd`, `chpasswd`, `mkpasswd` (and its other name `cryptpw`): new passwords.

use std::io::BufRead;

use anyhow::{Context as _, Result, bail};
use nix::unistd::Uid;
use ochre_applet::{Args, parse};

use crate::accounts::{self, Account};
use crate::{hash, prompt};

/// Changes a password.
#[derive(clap::Parser)]
#[command(name = "passwd", disable_version_flag = true)]
struct Options {
    /// The method: des, md5, sha256, sha512, bcrypt
    #[arg(short, long, default_value = "sha512")]
    algorithm: String,
    /// Ask for no password any more
    #[arg(short, long)]
    delete: bool,
    /// Lock it: no password fits
    #[arg(short, long)]
    lock: bool,
    /// Unlock it
    #[arg(short, long)]
    unlock: bool,
    /// Whose; yours without it
    user: Option<String>,
}

fn account_of(name: Option<&str>) -> Result<Account> {
    let own = Uid::current().as_raw();
    let found = match name {
        Some(name) => accounts::named(name)?,
        None => accounts::find(|account| account.uid == own)?,
    };
    let account = found.with_context(|| format!("unknown user {}", name.unwrap_or("yourself")))?;
    if own != 0 && account.uid != own {
        bail!("{} can't change password for {}", own, account.name);
    }
    Ok(account)
}

/// The applet.
pub fn passwd(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let account = account_of(options.user.as_deref())?;
    let old = accounts::hash_of(&account);
    let is_root = Uid::current().is_root();
    let name = &account.name;
    if options.delete || options.lock || options.unlock {
        if !is_root {
            bail!("only root can do that");
        }
        let new = if options.delete {
            String::new()
        } else if options.lock {
            format!("!{}", old.trim_start_matches('!'))
        } else {
            old.trim_start_matches('!').to_owned()
        };
        accounts::set_hash(&account, &new)?;
        println!("Password for {name} changed by root");
        return Ok(0);
    }
    println!("Changing password for {name}");
    if !is_root && !old.is_empty() {
        let password = prompt::ask_secret("Old password: ")?.unwrap_or_default();
        if !hash::fits(&password, &old) {
            bail!("incorrect password for {name}");
        }
    }
    let new =
        prompt::ask_secret("New password: ")?.context("password for that user is unchanged")?;
    let again = prompt::ask_secret("Retype password: ")?.unwrap_or_default();
    if new != again {
        bail!("passwords don't match");
    }
    if new.is_empty() && !is_root {
        bail!("an empty password is root's to give");
    }
    accounts::set_hash(&account, &hash::make(&options.algorithm, &new, None)?)?;
    println!("Password for {name} changed");
    Ok(0)
}

/// Reads lines of USER:PASSWORD and changes those passwords.
#[derive(clap::Parser)]
#[command(name = "chpasswd", disable_version_flag = true)]
struct ManyOptions {
    /// They are hashes already
    #[arg(short, long)]
    encrypted: bool,
    /// Use MD5
    #[arg(short, long)]
    md5: bool,
    /// The method: des, md5, sha256, sha512, bcrypt
    #[arg(short = 'c', long, default_value = "sha512")]
    crypt_method: String,
}

/// The applet.
pub fn chpasswd(args: Args) -> Result<u8> {
    let options: ManyOptions = parse(&args)?;
    if !Uid::current().is_root() {
        bail!("only root can change passwords of others");
    }
    let method = if options.md5 { "md5" } else { &*options.crypt_method.to_ascii_lowercase() };
    for line in std::io::stdin().lock().lines() {
        let line = line.context("standard input")?;
        let (name, password) =
            line.split_once(':').with_context(|| format!("{line}: missing new password"))?;
        let account = accounts::named(name)?.with_context(|| format!("unknown user {name}"))?;
        let new = match options.encrypted {
            true => password.to_owned(),
            false => hash::make(method, password, None)?,
        };
        accounts::set_hash(&account, &new)?;
        println!("Password for '{name}' changed");
    }
    Ok(0)
}

/// Prints the hash of a password, which is asked for if it is not given.
#[derive(clap::Parser)]
#[command(name = "mkpasswd", disable_version_flag = true)]
struct HashOptions {
    /// Read the password from standard input
    #[arg(short, long)]
    stdin: bool,
    /// The method: des, md5, sha256, sha512, bcrypt
    #[arg(short, long, default_value = "sha512", visible_short_alias = 'a')]
    method: String,
    /// The salt; a random one without it
    #[arg(short = 'S', long)]
    salt: Option<String>,
    /// Password and salt
    #[arg(num_args = 0..=2)]
    words: Vec<String>,
}

/// The applet.
pub fn mkpasswd(args: Args) -> Result<u8> {
    let options: HashOptions = parse(&args)?;
    let password = match options.words.first() {
        Some(password) => password.clone(),
        None if options.stdin => prompt::line()?.unwrap_or_default(),
        None => prompt::ask_secret("Password: ")?.unwrap_or_default(),
    };
    let salt = options.salt.as_deref().or(options.words.get(1).map(String::as_str));
    // Other programs of this name write `sha-512` and `sha512crypt`.
    let method = options.method.to_ascii_lowercase().replace('-', "");
    println!("{}", hash::make(method.trim_end_matches("crypt"), &password, salt)?);
    Ok(0)
}

/// The applet.
pub fn cryptpw(args: Args) -> Result<u8> {
    mkpasswd(args)
}
