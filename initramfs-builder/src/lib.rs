// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the initramfs of a machine: a newc cpio archive, made from a manifest or from code.
//!
//! An [`Archive`] is a set of entries, filled by its `add_*` methods or from the text of a manifest
//! ([`manifest`]); [`Archive::write`] puts it out. Nothing needs root: owners and device numbers are
//! fields of the archive, never of files on the host.
//!
//! Invariants:
//! - The same entries with the same contents give the same bytes, whatever order they were added in
//!   and whoever owns the files on the host: entries are sorted, inode numbers counted, times fixed.
//! - A directory always comes before what it holds. Missing parents are added, mode 0755, owner 0:0.
//! - What the kernel's unpacker would skip or cut without a word (long names, files over 4 GiB) is an
//!   error here.
#![forbid(unsafe_code)]

mod archive;
mod error;
pub mod manifest;
mod name;
mod newc;

pub use archive::{Archive, Attributes, Content, Device, Summary};
pub use error::{Error, Result};
pub use name::Name;
