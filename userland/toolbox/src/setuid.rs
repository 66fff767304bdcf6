// SPDX-License-Identifier: MIT OR Apache-2.0
//! The applets that need root's rights for whoever calls them (`su`, `passwd`), as a program of their own:
//! the image has it setuid root, and it holds nothing else that such a caller could reach.
//!
//! The applet is chosen by the name it is called by alone. Each drops what it does not need itself; musl
//! ignores the caller's environment where that would give him more (`AT_SECURE`).

#![forbid(unsafe_code)]

use ochre_applet::{called_name, complain, finish};
use std::ffi::OsString;
use std::process::exit;

include!(concat!(env!("OUT_DIR"), "/setuid-table.rs"));

fn main() {
    let args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().map(|arg| called_name(arg)).unwrap_or_default();
    match APPLETS.iter().find(|(applet, _)| *applet == called) {
        Some((_, run)) => exit(finish(&called, *run, args).into()),
        None => {
            complain("toolbox-setuid", "call one of the links to it, such as su");
            exit(127);
        }
    }
}
