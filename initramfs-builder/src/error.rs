// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a manifest, an entry or a file on the host.

use std::io;
use std::path::PathBuf;

/// Result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Each message names the entry, file or line that it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that cannot stand in an archive.
    #[error("`{name}`: {problem}")]
    Name {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Two entries of one name.
    #[error("`{0}` is defined twice")]
    Duplicate(String),
    /// An entry below something that is no directory.
    #[error("`{child}` lies below `{parent}`, which is not a directory")]
    ParentNotDirectory {
        /// The entry.
        child: String,
        /// The thing above it.
        parent: String,
    },
    /// A hard link to nothing, or to something other than a file.
    #[error("hard link `{name}`: its target `{target}` is not a regular file of the archive")]
    LinkTarget {
        /// The link.
        name: String,
        /// What it points at.
        target: String,
    },
    /// A file that newc has no room for.
    #[error("`{name}`: {bytes} bytes are more than the 4 GiB - 1 that a newc archive can hold")]
    TooLarge {
        /// The entry.
        name: String,
        /// Length of its contents.
        bytes: u64,
    },
    /// A symbolic link longer than the kernel unpacks.
    #[error("symbolic link `{name}`: its target has {bytes} bytes, the limit is 4095")]
    LongTarget {
        /// The link.
        name: String,
        /// Length of the target.
        bytes: usize,
    },
    /// Permission bits beyond 07777.
    #[error("`{name}`: mode {mode:o} has bits beyond 7777")]
    Mode {
        /// The entry.
        name: String,
        /// The mode as it was given.
        mode: u32,
    },
    /// A device number that Linux cannot hold.
    #[error("`{name}`: device {major}:{minor} is out of range (12 bits major, 20 bits minor)")]
    Device {
        /// The entry.
        name: String,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A tree holds something that is not a file, directory or symbolic link.
    #[error("{}: trees hold files, directories and symbolic links; declare devices one by one", path.display())]
    Special {
        /// The thing on the host.
        path: PathBuf,
    },
    /// A file that changed its length under our hands.
    #[error("{}: changed while it was read; run again when nothing writes to it", path.display())]
    Changed {
        /// The file on the host.
        path: PathBuf,
    },
    /// A file on the host cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
    /// A line of a manifest.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Line number, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// Something that one line of a manifest asks for.
    #[error("line {line}: {source}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        source: Box<Error>,
    },
}
