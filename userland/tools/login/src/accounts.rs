// SPDX-License-Identifier: MIT OR Apache-2.0
//! /etc/passwd and /etc/shadow: lines of fields with colons between them.
//!
//! A file is changed by writing a new one beside it, which takes the old one's place at once: a reader
//! sees the old or the new one, never half of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ochre_applet::clock;

/// Accounts.
pub const PASSWD: &str = "/etc/passwd";
/// Their passwords, which not everybody may read.
pub const SHADOW: &str = "/etc/shadow";

/// A line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What it is called.
    pub name: String,
    /// The hash, or `x` when /etc/shadow has it.
    pub hash: String,
    /// Its number.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
    /// Its folder.
    pub home: String,
    /// What is started for it.
    pub shell: String,
}

fn account(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, hash, uid, gid, _, home, shell] = fields[..] else { return None };
    Some(Account {
        name: name.to_owned(),
        hash: hash.to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        home: if home.is_empty() { "/" } else { home }.to_owned(),
        shell: if shell.is_empty() { "/bin/sh" } else { shell }.to_owned(),
    })
}

/// The account that `wanted` finds first.
pub fn find(wanted: impl Fn(&Account) -> bool) -> Result<Option<Account>> {
    let text = fs::read_to_string(PASSWD).context(PASSWD)?;
    Ok(text.lines().filter_map(account).find(wanted))
}

/// The account of that name.
pub fn named(name: &str) -> Result<Option<Account>> {
    find(|account| account.name == name)
}

/// The hash of an account's password. One that cannot be read is a lock.
pub fn hash_of(account: &Account) -> String {
    if account.hash != "x" {
        return account.hash.clone();
    }
    let text = fs::read_to_string(SHADOW).unwrap_or_default();
    let line = text.lines().find_map(|line| field_after(line, &account.name));
    line.map_or("*".into(), |rest| rest.split(':').next().unwrap_or_default().to_owned())
}

/// What stands behind `NAME:`.
fn field_after<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)?.strip_prefix(':')
}

/// Gives an account another password.
pub fn set_hash(account: &Account, hash: &str) -> Result<()> {
    if hash.contains([':', '\n']) {
        bail!("a hash cannot have : or the end of a line in it");
    }
    let days = clock::now() / 86_400;
    let shadow = fs::read_to_string(SHADOW);
    if account.hash == "x" || shadow.is_ok() {
        let text = shadow.unwrap_or_default();
        replace(SHADOW, &with_hash(&text, &account.name, hash, Some(days)), 0o600)?;
    }
    if account.hash != "x" {
        let hash = if Path::new(SHADOW).exists() { "x" } else { hash };
        let text = fs::read_to_string(PASSWD).context(PASSWD)?;
        replace(PASSWD, &with_hash(&text, &account.name, hash, None), 0o644)?;
    }
    Ok(())
}

/// The text with another second field in the line of `name`, and the day of the change in the third. With
/// `days`, a line that is not there is added.
fn with_hash(text: &str, name: &str, hash: &str, days: Option<i64>) -> String {
    let mut found = false;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match field_after(line, name) {
            Some(rest) if !found => {
                found = true;
                let mut fields: Vec<&str> = rest.split(':').collect();
                fields[0] = hash;
                let today = days.map(|days| days.to_string());
                if let (Some(today), Some(day)) = (&today, fields.get_mut(1)) {
                    *day = today;
                }
                lines.push(format!("{name}:{}", fields.join(":")));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    if let (false, Some(days)) = (found, days) {
        lines.push(format!("{name}:{hash}:{days}:0:99999:7:::"));
    }
    lines.join("\n") + "\n"
}

/// Puts a new file in the place of one, with the same owner and rights; `mode` is for one that is new.
fn replace(path: &str, text: &str, mode: u32) -> Result<()> {
    let new = format!("{path}+");
    let write = || -> Result<()> {
        // Another program that changes the file has this one open: only one of us can make it.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        match fs::metadata(path) {
            Ok(old) => {
                std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))?;
                file.set_permissions(old.permissions())?;
            }
            Err(_) => file.set_permissions(fs::Permissions::from_mode(mode))?,
        }
        file.sync_all()?;
        fs::rename(&new, path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot change {path}; if {new} is left over, remove it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_seven_fields() {
        let root = account("root:x:0:0:root:/root:").expect("an account");
        assert_eq!((root.uid, &*root.home, &*root.shell), (0, "/root", "/bin/sh"));
        assert_eq!(account("root:x:0:0:root:/root"), None);
        assert_eq!(account("root:x:zero:0:root:/root:/bin/sh"), None);
    }

    #[test]
    fn one_line_gets_another_hash() {
        let text = "rooty:a:1:0:9:7:::\nroot:b:1:0:9:7:::\n";
        assert_eq!(
            with_hash(text, "root", "new", Some(20)),
            "rooty:a:1:0:9:7:::\nroot:new:20:0:9:7:::\n"
        );
        assert_eq!(with_hash("", "me", "h", Some(3)), "me:h:3:0:99999:7:::\n");
        assert_eq!(with_hash("a:x:0:0:::\n", "a", "h", None), "a:h:0:0:::\n");
    }
}
