// SPDX-License-Identifier: MIT OR Apache-2.0
//! The applets of `../tools` as one program: each is a link to it, chosen by the name it is called by,
//! or by the first argument after `toolbox`.
//!
//! As `busybox` it runs any program of the image: `busybox NAME ARG…`, `busybox --list`, so that scripts
//! written for BusyBox go on working (`busybox`).
//!
//! Talks to nobody but the applets. The table is written by `build.rs`; the image makes its links from
//! the same manifests.

#![forbid(unsafe_code)]

mod busybox;

use std::ffi::OsString;
use std::io::Write;
use std::process::exit;

use ochre_applet::{Run, called_name, complain, finish};

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: ochre_allocator::Allocator = ochre_allocator::Allocator;

include!(concat!(env!("OUT_DIR"), "/table.rs"));

fn main() {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().map(|arg| called_name(arg)).unwrap_or_default();
    if let Some(run) = find(&called) {
        exit(finish(&called, run, args).into());
    }
    // As BusyBox has it, the name may go on: `busybox-suffix`.
    if called.starts_with("busybox") {
        exit(busybox::main(args).into());
    }
    if called != "toolbox" {
        exit(busybox::not_found(&called).into());
    }
    if args.len() < 2 {
        complain("usage", "toolbox APPLET [ARGUMENT...] | toolbox --list");
        exit(1);
    }
    args.remove(0);
    let name = called_name(&args[0]);
    match find(&name) {
        Some(run) => exit(finish(&name, run, args).into()),
        None if name == "--list" || args[0] == "--list" => exit(list().into()),
        None if name == "busybox" => exit(busybox::main(args).into()),
        None => {
            complain("toolbox", format_args!("no applet named {name}; see toolbox --list"));
            exit(127);
        }
    }
}

/// The function of an applet.
fn find(name: &str) -> Option<Run> {
    APPLETS.iter().find(|(applet, _)| *applet == name).map(|(_, run)| *run)
}

fn list() -> u8 {
    let names: String = APPLETS.iter().map(|(name, _)| format!("{name}\n")).collect();
    u8::from(std::io::stdout().write_all(names.as_bytes()).is_err())
}
