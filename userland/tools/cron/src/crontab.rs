// SPDX-License-Identifier: MIT OR Apache-2.0
//! `crontab`: a user's table, shown, edited, replaced and removed.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Uid, User, getuid};
use ochre_applet::{Args, Failure, complain, parse};

use crate::{FOLDER, table};

/// Shows, edits, replaces or removes a table of commands for crond.
///
/// Each line is MINUTE HOUR DAY MONTH WEEKDAY COMMAND, or @reboot, @hourly, @daily, @weekly, @monthly or
/// @yearly and COMMAND. A field is *, a number, a range N-M, a list of them; /N takes each Nth.
#[derive(clap::Parser)]
#[command(name = "crontab", disable_version_flag = true)]
#[command(group(clap::ArgGroup::new("what").args(["list", "edit", "remove", "file"])))]
struct Options {
    /// Show it
    #[arg(short)]
    list: bool,
    /// Edit it with $VISUAL or $EDITOR, vi if neither is set
    #[arg(short)]
    edit: bool,
    /// Remove it
    #[arg(short)]
    remove: bool,
    /// Whose; root's choice
    #[arg(short)]
    user: Option<String>,
    /// The folder of the tables
    #[arg(short = 'c', value_name = "DIR", default_value = FOLDER)]
    folder: PathBuf,
    /// Replace it by this file; - or nothing: by standard input
    file: Option<PathBuf>,
}

/// The applet.
pub fn crontab(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let user = match &options.user {
        Some(name) => {
            if !getuid().is_root() {
                bail!("only root may choose a user");
            }
            User::from_name(name)?.with_context(|| format!("unknown user {name}"))?
        }
        None => User::from_uid(getuid())?.context("you are no user of /etc/passwd")?,
    };
    let path = options.folder.join(&user.name);
    if options.list {
        let text = fs::read(&path).map_err(|error| no_table(&path, &user.name, &error))?;
        std::io::stdout().write_all(&text)?;
    } else if options.remove {
        fs::remove_file(&path).map_err(|error| no_table(&path, &user.name, &error))?;
    } else if options.edit {
        edit(&path, &user)?;
    } else {
        let mut text = Vec::new();
        match options.file.as_deref().filter(|file| *file != Path::new("-")) {
            Some(file) => text = fs::read(file).with_context(|| file.display().to_string())?,
            None => {
                std::io::stdin().read_to_end(&mut text).context("standard input")?;
            }
        }
        replace(&path, &text, &user)?;
    }
    Ok(0)
}

fn no_table(path: &Path, user: &str, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(1, format!("no crontab for {user}")),
        _ => Failure::new(1, format!("{}: {}", path.display(), ochre_applet::reason(error))),
    }
}

/// Puts a new table in the place of the old one, if all its lines are good.
fn replace(path: &Path, text: &[u8], user: &User) -> Result<()> {
    let text = std::str::from_utf8(text).context("the table is no text")?;
    let mut is_wrong = false;
    table::read(text, |line, error| {
        complain("crontab", format_args!("line {line}: {error:#}"));
        is_wrong = true;
    });
    if is_wrong {
        bail!("the table has errors; nothing was changed");
    }
    let new = path.with_file_name(format!(".{}.new", user.name));
    // One that was left behind is nobody's.
    let _ = fs::remove_file(&new);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let mut file = file.with_context(|| new.display().to_string())?;
    file.write_all(text.as_bytes()).with_context(|| new.display().to_string())?;
    let (uid, gid): (Uid, Gid) = (user.uid, user.gid);
    if getuid().is_root() {
        nix::unistd::fchown(&file, Some(uid), Some(gid)).context("cannot give it to its user")?;
    }
    fs::rename(&new, path).with_context(|| path.display().to_string())
}

fn edit(path: &Path, user: &User) -> Result<()> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os);
    let editor = editor.unwrap_or_else(|| "vi".into());
    let copy = std::env::temp_dir().join(format!("crontab.{}", std::process::id()));
    let old = fs::read(path).unwrap_or_default();
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy);
    let mut file = file.with_context(|| copy.display().to_string())?;
    file.write_all(&old).with_context(|| copy.display().to_string())?;
    drop(file);
    let mut words = vec!["/bin/sh".into(), "-c".into()];
    // The editor may be a command with options, as sh has it elsewhere.
    let mut line = editor;
    line.push(" \"$1\"");
    words.extend([line, "sh".into(), copy.clone().into_os_string()]);
    let edited = Command::new(&words[0]).args(&words[1..]).status().context("cannot run sh");
    let new = fs::read(&copy);
    let result = edited.and_then(|status| match new {
        _ if !status.success() => bail!("the editor has failed; nothing was changed"),
        Ok(new) if new != old => replace(path, &new, user),
        Ok(_) => Ok(()),
        Err(error) => Err(error).with_context(|| copy.display().to_string()),
    });
    // What was typed is worth more than an empty folder.
    match &result {
        Ok(()) => fs::remove_file(&copy).with_context(|| copy.display().to_string())?,
        Err(_) => complain("crontab", format_args!("your text is in {}", copy.display())),
    }
    result
}
