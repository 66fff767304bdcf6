// SPDX-License-Identifier: MIT OR Apache-2.0
//! `which`: prints the file that a shell would run for a command's name.
//!
//! Looks into the folders of `PATH` in their order, as which(1) of Debian does; a name with a slash in
//! it stands for itself.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use ochre_applet::{Args, parse_or};

/// Where commands are when nobody says.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where a command is: prints the file that the shell would run.
#[derive(clap::Parser)]
#[command(name = "which")]
struct Options {
    /// Print every match, not only the first
    #[arg(short)]
    all: bool,
    /// Commands to look for
    names: Vec<OsString>,
}

/// The applet: status 1 when one of the names was not found, 2 for wrong arguments.
pub fn which(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse_or(&args, 2)?;
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    let mut out = std::io::stdout().lock();
    let mut status = u8::from(options.names.is_empty());
    for name in &options.names {
        let found = matches(name, &path);
        if found.is_empty() {
            status = 1;
        }
        let wanted = if options.all { found.len() } else { 1 };
        for file in found.iter().take(wanted) {
            out.write_all(file.as_os_str().as_bytes())?;
            out.write_all(b"\n")?;
        }
    }
    Ok(status)
}

/// All files that `name` stands for, the one that is run first.
fn matches(name: &OsString, path: &OsString) -> Vec<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        let file = PathBuf::from(name);
        return if is_program(&file) { vec![file] } else { Vec::new() };
    }
    // An empty part of PATH is the current folder.
    let folders = std::env::split_paths(path)
        .map(|folder| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder });
    folders.map(|folder| folder.join(name)).filter(|file| is_program(file)).collect()
}

fn is_program(file: &Path) -> bool {
    file.is_file() && access(file, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_searched_in_its_order() {
        let found = matches(&"sh".into(), &"/nowhere:/usr/bin:/bin".into());
        assert_eq!(found.first(), Some(&PathBuf::from("/usr/bin/sh")));
        assert!(matches(&"no-such-program".into(), &"/usr/bin:/bin".into()).is_empty());
    }

    #[test]
    fn a_name_with_a_slash_stands_for_itself() {
        assert_eq!(matches(&"/bin/sh".into(), &"".into()), [PathBuf::from("/bin/sh")]);
        // A folder is no program.
        assert!(matches(&"/bin".into(), &"".into()).is_empty());
    }
}
