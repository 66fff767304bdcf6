// SPDX-License-Identifier: MIT OR Apache-2.0
//! `find`: walks folders and does what an expression says; `xargs`: runs commands with arguments that
//! it reads. Both as POSIX says and GNU adds.
//!
//! find: `parse` reads the expression into the tree of `tree`, with the
//! values of `words`, `walk` goes through the folders and
//! evaluates it for each [`walk::Entry`], `exec` runs commands, `print` writes what `-printf` and `-ls`
//! ask for. xargs: `xargs` runs what `items` reads. Arguments are read by hand: an expression is no list
//! of options, and options of xargs end where its command begins.

#![forbid(unsafe_code)]

mod exec;
mod items;
mod parse;
mod print;
mod tree;
mod walk;
mod words;
mod xargs;

use std::io::Write;

use ochre_applet::Args;

pub use xargs::xargs;

const HELP: &str = "\
Walks folders and does what an expression says for each file.

Usage: find [-H] [-L] [-P] [PATH]... [EXPRESSION]

Operators, those that bind closest first:
  ( EXPR )   ! EXPR   -not EXPR   EXPR -a EXPR   EXPR -o EXPR   EXPR , EXPR
Options:
  -maxdepth N  -mindepth N  -depth  -xdev  -daystart  -follow  -regextype TYPE
Tests (N is N, +N for more, -N for less):
  -name -iname -path -ipath -lname -ilname PATTERN   -regex -iregex PATTERN
  -type -xtype [bcdpfls]   -size N[bcwkMG]   -empty   -perm [-/]MODE   -links N
  -mtime -atime -ctime N (days)   -mmin -amin -cmin N (minutes)
  -newer FILE   -anewer FILE   -cnewer FILE   -newerXY FILE   -samefile FILE
  -user NAME   -group NAME   -uid N   -gid N   -nouser   -nogroup   -inum N
  -readable   -writable   -executable   -true   -false
Actions (-print when there is none):
  -print   -print0   -printf FORMAT   -ls   -fprint FILE   -fprint0 FILE
  -fprintf FILE FORMAT   -fls FILE   -exec COMMAND ;   -exec COMMAND {} +
  -execdir COMMAND ;   -ok COMMAND ;   -okdir COMMAND ;   -delete   -prune   -quit
";

/// The applet find: status 1 when something could not be looked at or done.
pub fn find(args: Args) -> anyhow::Result<u8> {
    let first = args.get(1).and_then(|arg| arg.to_str());
    if matches!(first, Some("--help" | "-help" | "--version" | "-version")) {
        let mut out = std::io::stdout();
        match first {
            Some("--help" | "-help") => out.write_all(HELP.as_bytes())?,
            _ => writeln!(out, "find (Ochre) {}", env!("CARGO_PKG_VERSION"))?,
        }
        return Ok(0);
    }
    let plan = parse::parse(&args[1..])?;
    walk::Walk::new(plan).run()
}
