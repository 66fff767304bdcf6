// SPDX-License-Identifier: MIT OR Apache-2.0
//! `lsof`, `fuser` and `pwdx`: which processes have which files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ochre_applet::{Args, complain, parse};

use crate::signals;
use crate::table::{self, Process, System};

/// A file that a process has.
struct Use {
    /// As lsof names it: `cwd`, `rtd`, `txt`, or the descriptor.
    slot: String,
    /// As fuser marks it: `c`, `r`, `e`; nothing for an open file.
    mark: &'static str,
    link: PathBuf,
    target: PathBuf,
}

fn uses(pid: i32) -> Vec<Use> {
    let base = PathBuf::from(format!("/proc/{pid}"));
    let mut found = Vec::new();
    for (name, slot, mark) in [("cwd", "cwd", "c"), ("root", "rtd", "r"), ("exe", "txt", "e")] {
        let link = base.join(name);
        if let Ok(target) = fs::read_link(&link) {
            found.push(Use { slot: slot.to_owned(), mark, link, target });
        }
    }
    let entries = fs::read_dir(base.join("fd")).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    for number in numbers {
        let link = base.join(format!("fd/{number}"));
        if let Ok(target) = fs::read_link(&link) {
            found.push(Use { slot: number.to_string(), mark: "", link, target });
        }
    }
    found
}

/// Lists the files that processes have open.
#[derive(clap::Parser)]
#[command(name = "lsof")]
struct LsofOptions {
    /// Only those of these processes
    #[arg(short, value_delimiter = ',')]
    pids: Vec<i32>,
    /// Only processes whose name begins so
    #[arg(short)]
    command: Option<String>,
    /// Only the numbers of the processes
    #[arg(short)]
    terse: bool,
    /// Only these files
    files: Vec<PathBuf>,
}

/// The applet `lsof`: status 1 when there was nothing to list.
pub fn lsof(args: Args) -> anyhow::Result<u8> {
    let options: LsofOptions = parse(&args)?;
    let system = System::read();
    let wanted: Vec<(u64, u64)> = options.files.iter().filter_map(|file| identity(file)).collect();
    let mut out = std::io::stdout().lock();
    let mut any = false;
    if !options.terse {
        writeln!(out, "COMMAND     PID USER     FD   TYPE NAME")?;
    }
    for process in table::all()? {
        let name = &process.stat.comm;
        if (!options.pids.is_empty() && !options.pids.contains(&process.pid()))
            || options.command.as_ref().is_some_and(|command| !name.starts_with(command))
        {
            continue;
        }
        let found = uses(process.pid());
        let mut shown = found.iter().filter(|one| {
            options.files.is_empty() || identity(&one.link).is_some_and(|id| wanted.contains(&id))
        });
        if options.terse {
            if shown.next().is_some() {
                any = true;
                writeln!(out, "{}", process.pid())?;
            }
            continue;
        }
        for one in shown {
            any = true;
            writeln!(
                out,
                "{name:<9.9} {:>5} {:<8} {:>4} {:>5} {}",
                process.pid(),
                system.user(process.euid),
                one.slot,
                kind(one),
                one.target.display()
            )?;
        }
    }
    Ok(u8::from(!any))
}

fn kind(one: &Use) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let Ok(metadata) = fs::metadata(&one.link) else { return "unknown" };
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "DIR",
        () if kind.is_file() => "REG",
        () if kind.is_char_device() => "CHR",
        () if kind.is_block_device() => "BLK",
        () if kind.is_fifo() => "FIFO",
        () if kind.is_socket() => "sock",
        () => "0000",
    }
}

/// Device and inode of a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Finds the processes that use files; sends them a signal with -k, given as `-SIGNAL`.
#[derive(clap::Parser)]
#[command(name = "fuser")]
struct FuserOptions {
    /// All files of the file system that the file is on
    #[arg(short)]
    mount: bool,
    /// End the processes
    #[arg(short)]
    kill: bool,
    /// Print nothing
    #[arg(short)]
    silent: bool,
    /// Print users and commands, too
    #[arg(short)]
    verbose: bool,
    /// Files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The applet `fuser`: status 1 when nobody uses any of the files.
pub fn fuser(mut args: Args) -> anyhow::Result<u8> {
    let signal = signals::take(&mut args).unwrap_or(9);
    let options: FuserOptions = parse(&args)?;
    let system = System::read();
    let processes = table::all()?;
    let own = std::process::id() as i32;
    let mut status = 1;
    for file in &options.files {
        let Some((device, inode)) = identity(file) else {
            complain("fuser", format_args!("{}: no such file", file.display()));
            continue;
        };
        let is_it = |one: &Use| {
            identity(&one.link)
                .is_some_and(|(dev, ino)| dev == device && (options.mount || ino == inode))
        };
        let mut users: BTreeMap<i32, (String, &Process)> = BTreeMap::new();
        for process in processes.iter().filter(|process| process.pid() != own) {
            let marks: String =
                uses(process.pid()).iter().filter(|one| is_it(one)).map(|one| one.mark).collect();
            let open = uses(process.pid()).iter().any(is_it);
            if open {
                users.insert(process.pid(), (marks, process));
            }
        }
        if users.is_empty() {
            continue;
        }
        status = 0;
        if options.verbose && !options.silent {
            for (pid, (marks, process)) in &users {
                let user = system.user(process.euid);
                let name = &process.stat.comm;
                complain(
                    &file.display().to_string(),
                    format_args!("{user:<8} {pid:>6} {marks:<5} {name}"),
                );
            }
        } else if !options.silent {
            // Names and marks go to the other output, so that scripts get numbers alone.
            let mut error = std::io::stderr();
            let _ = write!(error, "{}:", file.display());
            let _ = error.flush();
            for (pid, (marks, _)) in &users {
                write!(std::io::stdout(), " {pid:>5}")?;
                std::io::stdout().flush()?;
                let _ = write!(error, "{marks}");
            }
            let _ = writeln!(error);
        }
        if options.kill {
            for &pid in users.keys() {
                if let Err(errno) = signals::send(pid, signal) {
                    complain("fuser", format_args!("cannot signal {pid}: {}", errno.desc()));
                }
            }
        }
    }
    Ok(status)
}

/// Prints the working folder of processes.
#[derive(clap::Parser)]
#[command(name = "pwdx")]
struct PwdxOptions {
    /// Numbers of processes
    #[arg(required = true)]
    pids: Vec<String>,
}

/// The applet `pwdx`.
pub fn pwdx(args: Args) -> anyhow::Result<u8> {
    let options: PwdxOptions = parse(&args)?;
    let mut status = 0;
    for text in &options.pids {
        let pid = text.trim_start_matches("/proc/");
        match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(folder) => writeln!(std::io::stdout(), "{text}: {}", folder.display())?,
            Err(error) => {
                complain(text, error);
                status = 1;
            }
        }
    }
    Ok(status)
}
