// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an expression of find is made of, and its tests.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use ochre_regex::Regex;

use crate::exec::Exec;
use crate::print::{Format, Output};
use crate::walk::Entry;

/// An expression.
pub enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Both(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Test(Test),
    Print(Output, u8),
    Format(Output, Format),
    List(Output),
    Exec(Exec),
    Delete,
    Prune,
    Quit,
}

/// A number and how it is compared.
#[derive(Clone, Copy)]
pub enum Count {
    Less(i64),
    Equal(i64),
    More(i64),
}

impl Count {
    pub fn fits(self, number: i64) -> bool {
        match self {
            Count::Less(limit) => number < limit,
            Count::Equal(limit) => number == limit,
            Count::More(limit) => number > limit,
        }
    }
}

/// One of a file's times.
#[derive(Clone, Copy)]
pub enum Stamp {
    Access,
    Change,
    Modification,
}

/// Seconds and their billionths.
pub type Moment = (i64, i64);

impl Stamp {
    pub fn of(self, meta: &std::fs::Metadata) -> Moment {
        match self {
            Stamp::Access => (meta.atime(), meta.atime_nsec()),
            Stamp::Change => (meta.ctime(), meta.ctime_nsec()),
            Stamp::Modification => (meta.mtime(), meta.mtime_nsec()),
        }
    }
}

/// How `-perm` compares.
#[derive(Clone, Copy)]
pub enum Permission {
    Exact(u32),
    All(u32),
    Any(u32),
}

/// What is true or false for a file.
pub enum Test {
    Constant(bool),
    Name(Box<Regex>),
    Path(Box<Regex>),
    Link(Box<Regex>),
    Whole(Box<Regex>),
    Type(Vec<u8>),
    OtherType(Vec<u8>),
    /// Blocks of so many bytes, rounded up.
    Size(Count, i64),
    Empty,
    Permission(Permission),
    /// Periods of so many seconds before a moment, begun ones not counted.
    Age(Stamp, Count, i64, Moment),
    Newer(Stamp, Moment),
    User(Count),
    Group(Count),
    NoUser,
    NoGroup,
    Links(Count),
    Inode(Count),
    Same(u64, u64),
    Access(nix::unistd::AccessFlags),
}

/// The letter of a file's type.
pub fn type_letter(kind: std::fs::FileType) -> u8 {
    match kind {
        kind if kind.is_dir() => b'd',
        kind if kind.is_symlink() => b'l',
        kind if kind.is_block_device() => b'b',
        kind if kind.is_char_device() => b'c',
        kind if kind.is_fifo() => b'p',
        kind if kind.is_socket() => b's',
        _ => b'f',
    }
}

impl Test {
    /// Does the file pass? False when it cannot be looked at, which the walk has reported.
    pub fn passes(&self, entry: &Entry) -> bool {
        self.of(entry).unwrap_or(false)
    }

    fn of(&self, entry: &Entry) -> Option<bool> {
        Some(match self {
            Test::Constant(value) => *value,
            Test::Name(pattern) => pattern.is_match(entry.name()),
            Test::Path(pattern) => pattern.is_match(entry.path_bytes()),
            Test::Link(pattern) => {
                entry.kind() == b'l'
                    && pattern
                        .is_match(std::fs::read_link(entry.path()).ok()?.as_os_str().as_bytes())
            }
            Test::Whole(pattern) => {
                let text = entry.path_bytes();
                pattern.find_at(text, 0) == Some((0, text.len()))
            }
            Test::Type(letters) => letters.contains(&entry.kind()),
            Test::OtherType(letters) => letters.contains(&entry.other_kind()),
            Test::Size(count, unit) => {
                let size = i64::try_from(entry.meta()?.len()).unwrap_or(i64::MAX);
                count.fits(size / unit + i64::from(size % unit != 0))
            }
            Test::Empty => match entry.kind() {
                b'd' => std::fs::read_dir(entry.path()).ok()?.next().is_none(),
                b'f' => entry.meta()?.len() == 0,
                _ => false,
            },
            Test::Permission(wanted) => {
                let mode = entry.meta()?.mode() & 0o7777;
                match *wanted {
                    Permission::Exact(bits) => mode == bits,
                    Permission::All(bits) => mode & bits == bits,
                    Permission::Any(bits) => bits == 0 || mode & bits != 0,
                }
            }
            Test::Age(stamp, count, period, since) => {
                let (secs, nanos) = stamp.of(entry.meta()?);
                let age = since.0 - secs - i64::from(nanos > since.1);
                count.fits(age.div_euclid(*period))
            }
            Test::Newer(stamp, than) => stamp.of(entry.meta()?) > *than,
            Test::User(count) => count.fits(i64::from(entry.meta()?.uid())),
            Test::Group(count) => count.fits(i64::from(entry.meta()?.gid())),
            Test::NoUser => crate::print::user(entry.meta()?.uid()).is_none(),
            Test::NoGroup => crate::print::group(entry.meta()?.gid()).is_none(),
            Test::Links(count) => count.fits(i64::try_from(entry.meta()?.nlink()).ok()?),
            Test::Inode(count) => count.fits(i64::try_from(entry.meta()?.ino()).ok()?),
            Test::Same(device, inode) => {
                let meta = entry.meta()?;
                (meta.dev(), meta.ino()) == (*device, *inode)
            }
            Test::Access(flags) => nix::unistd::access(entry.path(), *flags).is_ok(),
        })
    }
}
