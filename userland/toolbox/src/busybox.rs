// SPDX-License-Identifier: MIT OR Apache-2.0
//! `busybox NAME ARG…`: the name under which scripts written for BusyBox look for applets.
//!
//! An applet of the toolbox runs at once; any other name is a program of the image and is executed.
//! The list is what `/usr/bin` and `/usr/sbin` hold: the image puts nothing there that is no applet.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use ochre_applet::{called_name, complain, finish};

/// Where the image's programs are; the first that has a name wins.
const FOLDERS: [&str; 2] = ["/usr/bin", "/usr/sbin"];
/// What shells answer for a program that is not there, and for one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

const USAGE: &str = "\
Ochre's tools, by the name of BusyBox.

Usage: busybox [FUNCTION [ARGUMENT...]]
   or: busybox --list[-full]

Each FUNCTION is also a program of its own in /usr/bin or /usr/sbin.
";

/// Runs what the arguments say; gives the status for the process.
pub fn main(mut args: Vec<OsString>) -> u8 {
    args.remove(0);
    let Some(first) = args.first() else { return print(USAGE) };
    match first.to_string_lossy().as_ref() {
        "--help" if args.len() == 1 => print(USAGE),
        "--list" => list(|_, name| name.to_owned()),
        "--list-full" => list(|folder, name| format!("{}/{name}", folder.trim_start_matches('/'))),
        _ => run(args),
    }
}

fn run(mut args: Vec<OsString>) -> u8 {
    if args[0] == "--help" {
        // `busybox --help NAME` is `busybox NAME --help`.
        args.swap(0, 1);
    }
    let name = called_name(&args[0]);
    if name == "busybox" {
        return main(args);
    }
    if let Some(run) = crate::find(&name) {
        return finish(&name, run, args);
    }
    let Some(path) =
        FOLDERS.iter().map(|folder| Path::new(folder).join(&name)).find(|p| p.exists())
    else {
        return not_found(&name);
    };
    let error = Command::new(&path).arg0(&name).args(&args[1..]).exec();
    complain("busybox", format_args!("cannot run {}: {error}", path.display()));
    if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
}

/// Complains in BusyBox's own words, which scripts look for.
pub fn not_found(name: &str) -> u8 {
    complain(name, "applet not found");
    NOT_FOUND
}

fn list(line: impl Fn(&str, &str) -> String) -> u8 {
    let mut names = BTreeSet::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            names.insert((name.to_string_lossy().into_owned(), folder));
        }
    }
    print(&names.iter().map(|(name, folder)| line(folder, name) + "\n").collect::<String>())
}

fn print(text: &str) -> u8 {
    u8::from(std::io::stdout().write_all(text.as_bytes()).is_err())
}
