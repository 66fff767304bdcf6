// SPDX-License-Identifier: MIT OR Apache-2.0
//! `initramfs-builder MANIFEST -o OUT`: the command around the library. Writes beside OUT and renames,
//! so that OUT is either the whole new archive or untouched.
#![forbid(unsafe_code)]

use anyhow::{Context, Result};
use initramfs_builder::manifest::{self, Definitions};
use initramfs_builder::{Archive, Summary};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: initramfs-builder MANIFEST -o OUT [--gzip | --zstd] [--define NAME=VALUE]… [--mtime SECONDS]

Writes the newc cpio archive that MANIFEST describes to OUT.

  -o, --output OUT       the archive
      --gzip, --zstd     compress it
  -d, --define NAME=VALUE
                         value of ${NAME} in the manifest
      --mtime SECONDS    modification time of all entries, in seconds since 1970 (default 0)
  -h, --help             this text

Manifest, one entry a line:
  dir   NAME MODE UID GID
  file  NAME LOCATION MODE UID GID [HARDLINK…]
  slink NAME TARGET MODE UID GID
  nod   NAME MODE UID GID c|b MAJOR MINOR
  pipe  NAME MODE UID GID
  sock  NAME MODE UID GID
  tree  NAME LOCATION UID GID
";

const GZIP_LEVEL: u32 = 9;
const ZSTD_LEVEL: i32 = 19;

#[derive(Clone, Copy)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

struct Options {
    manifest: PathBuf,
    output: PathBuf,
    compression: Compression,
    definitions: Definitions,
    mtime: u32,
}

fn main() -> ExitCode {
    let options = match parse() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("initramfs-builder: {error} (--help lists the options)");
            return ExitCode::from(2);
        }
    };
    match build(&options) {
        Ok(summary) => {
            println!("{}: {} entries", options.output.display(), summary.entries);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("initramfs-builder: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `None`: help was asked for.
fn parse() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut manifest, mut output) = (None, None);
    let mut compression = Compression::None;
    let mut definitions = Definitions::new();
    let mut mtime = 0;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Short('o') | Long("output") => output = Some(PathBuf::from(parser.value()?)),
            Long("gzip") => compression = Compression::Gzip,
            Long("zstd") => compression = Compression::Zstd,
            Long("mtime") => mtime = parser.value()?.parse()?,
            Short('d') | Long("define") => {
                let definition = parser.value()?.string()?;
                let (name, value) = definition
                    .split_once('=')
                    .ok_or_else(|| format!("--define {definition}: expected NAME=VALUE"))?;
                definitions.insert(name.to_owned(), value.to_owned());
            }
            Value(path) if manifest.is_none() => manifest = Some(PathBuf::from(path)),
            other => return Err(other.unexpected()),
        }
    }
    let manifest = manifest.ok_or("a manifest is needed")?;
    let output = output.ok_or("an output is needed: -o OUT")?;
    Ok(Some(Options { manifest, output, compression, definitions, mtime }))
}

fn build(options: &Options) -> Result<Summary> {
    let manifest = &options.manifest;
    let text = fs::read_to_string(manifest)
        .with_context(|| format!("cannot read the manifest {}", manifest.display()))?;
    let base = manifest.parent().unwrap_or(Path::new(""));
    let mut archive = Archive::new();
    archive.set_mtime(options.mtime);
    manifest::add(&mut archive, &text, base, &options.definitions)
        .with_context(|| manifest.display().to_string())?;

    let mut partial = OsString::from(&options.output);
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let summary = write(archive, &partial, options.compression).inspect_err(|_| {
        // The error that brought us here is the one to report.
        let _ = fs::remove_file(&partial);
    })?;
    fs::rename(&partial, &options.output)
        .with_context(|| format!("cannot write {}", options.output.display()))?;
    Ok(summary)
}

fn write(archive: Archive, path: &Path, compression: Compression) -> Result<Summary> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(match compression {
        Compression::None => archive.write(file)?,
        Compression::Gzip => {
            // GzEncoder leaves the header's time at 0, so the bytes depend on the input alone.
            let level = flate2::Compression::new(GZIP_LEVEL);
            let mut encoder = flate2::write::GzEncoder::new(file, level);
            let summary = archive.write(&mut encoder)?;
            encoder.finish()?;
            summary
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
            let summary = archive.write(&mut encoder)?;
            encoder.finish()?;
            summary
        }
    })
}
