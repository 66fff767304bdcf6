// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre precompile`: compiles images ahead, so that a first boot compiles nothing.
#![forbid(unsafe_code)]

use anyhow::{Context, bail};
use ochre_runner::cache::{CodeCache, Kind};
use ochre_runner::ordering::relax;
use ochre_runner::{engine, kernel, loader, program};
use std::path::{Path, PathBuf};

/// Compiles `files` to `out`.
pub fn precompile(files: &[PathBuf], out: &Path) -> anyhow::Result<u8> {
    let engine = engine::new().map_err(anyhow::Error::msg)?;
    let cache = CodeCache::new(&engine, None, None);
    for path in files {
        let file =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !file.starts_with(b"\0asm") {
            continue;
        }
        let content = *blake3::hash(&file).as_bytes();
        let entry = if kernel::check_file(&file).is_ok() {
            cache.precompile(out, Kind::Kernel, &content, kernel::source(&relax(&file)))?
        } else {
            match loader::prepare(&file) {
                Ok(prepared) => {
                    cache.precompile(out, Kind::Program, &content, program::source_of(&prepared))?
                }
                Err(refusal) => bail!("{} is no program: {refusal}", path.display()),
            }
        };
        println!("{}  {}", entry.display(), path.display());
    }
    Ok(0)
}
