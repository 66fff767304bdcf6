// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archivers: tar and cpio.
//!
//! What they share: a [`member`] of an archive and how it is listed, putting it onto the disk
//! ([`extract`]), and which names are meant and safe ([`names`]). Messages and listings are BusyBox's.
//!
//! Talks to nobody; compressed archives are `../compress`'s.

#![forbid(unsafe_code)]

mod cpio;
mod extract;
mod member;
mod names;
mod tar;

pub use cpio::cpio;
pub use tar::tar;
