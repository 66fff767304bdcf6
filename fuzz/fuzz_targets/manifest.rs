// SPDX-License-Identifier: MIT OR Apache-2.0
//! Manifests of the root file system. What is accepted makes an archive, every time the same.
#![no_main]

use initramfs_builder::manifest::{self, Definitions};
use initramfs_builder::{Archive, Error};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    // Only this folder's files can be named, and there are none: trees of the host stay out of it.
    if text.contains('/') && (text.contains("file") || text.contains("tree")) {
        return;
    }
    let write = || -> Result<Vec<u8>, Error> {
        let mut archive = Archive::new();
        let definitions = Definitions::from([("BIN".to_owned(), "no/such".to_owned())]);
        manifest::add(&mut archive, text, Path::new("no/such/folder"), &definitions)?;
        let mut bytes = Vec::new();
        archive.write(&mut bytes)?;
        Ok(bytes)
    };
    let Ok(bytes) = write() else { return };
    assert_eq!(ochre_fuzz::newc::check(std::io::Cursor::new(&bytes)).ok(), Some(Ok(())));
    assert_eq!(write().ok(), Some(bytes));
});
