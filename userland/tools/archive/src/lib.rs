// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archivers: tar, cpio, ar, zip, and what looks into packages of other systems.
//!
//! What they share: a [`member`] of an archive and how it is listed, putting it onto the disk
//! ([`extract`]), and which names are meant and safe ([`names`]). Messages and listings are BusyBox's.
//!
//! Talks to nobody; compressed archives are `../compress`'s.

#![forbid(unsafe_code)]

mod ar;
mod cpio;
mod extract;
mod member;
mod names;
mod packages;
mod tar;
mod unzip;
mod zip;

pub use ar::ar;
pub use cpio::cpio;
pub use packages::{dpkg_deb, rpm2cpio};
pub use tar::tar;
pub use unzip::unzip;
pub use zip::zip;
