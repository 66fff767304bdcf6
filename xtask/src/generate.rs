// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that are generated: the kernel's header from the abi crate, the table of applets from what
//! makes the image, the table of released programs from its data. They are committed, so that they can be read and the overlay be built without cargo;
//! `lint` checks that they are current.

use crate::applet_table;
use crate::context::Context;
use crate::foreign_table;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Each generated file and what it should hold.
fn generated(context: &Context) -> Result<Vec<(PathBuf, String)>> {
    let mut header = String::new();
    ochre_abi::c_header::write_c_header(&mut header).context("cannot render the C header")?;
    let root = &context.workspace.root;
    let userland = root.join("userland");
    Ok(vec![
        (root.join("kernel/overlay/arch/wasm/include/asm/host_abi.h"), header),
        (userland.join("APPLETS.md"), applet_table::render(&userland)?),
        (root.join("docs/foreign-crates.md"), foreign_table::render(&root.join("docs"))?),
    ])
}

/// Generated files that are missing or differ.
pub fn stale(context: &Context) -> Result<Vec<PathBuf>> {
    let files = generated(context)?;
    let differs = |(path, text): &(PathBuf, String)| {
        fs::read_to_string(path).map_or(true, |found| found != *text)
    };
    Ok(files.into_iter().filter(differs).map(|(path, _)| path).collect())
}

/// `generate`: writes the files that are not current.
pub fn write(context: &Context) -> Result<ExitCode> {
    let stale = stale(context)?;
    for (path, text) in generated(context)? {
        if stale.contains(&path) {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote {}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `generate --check`: names the files that are not current.
pub fn check(context: &Context) -> Result<ExitCode> {
    let stale = stale(context)?;
    for path in &stale {
        eprintln!("{} is not current: run `cargo xtask generate`", path.display());
    }
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
