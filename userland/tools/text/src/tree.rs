// SPDX-License-Identifier: MIT OR Apache-2.0
//! `tree`: what is in a folder, drawn.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{Args, complain, parse, reason};

/// Draws what is in folders.
#[derive(clap::Parser)]
#[command(name = "tree", disable_version_flag = true)]
struct Options {
    /// Names with a dot before them, too
    #[arg(short = 'a')]
    all: bool,
    /// Folders only
    #[arg(short = 'd')]
    folders: bool,
    /// Whole paths
    #[arg(short = 'f')]
    full: bool,
    /// No lines
    #[arg(short = 'i')]
    plain: bool,
    /// So deep only
    #[arg(short = 'L', value_name = "LEVEL")]
    level: Option<usize>,
    /// Do not count at the end
    #[arg(long)]
    noreport: bool,
    /// The folders
    #[arg(default_value = ".")]
    roots: Vec<PathBuf>,
}

#[derive(Default)]
struct Counts {
    folders: usize,
    files: usize,
    bad: bool,
}

/// The applet.
pub fn tree(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mut counts = Counts::default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for root in &options.roots {
        writeln!(out, "{}", root.display())?;
        counts.folders += usize::from(root.is_dir());
        draw(root, "", 1, &options, &mut counts, &mut out)?;
    }
    if !options.noreport {
        let plural = |count: usize, one: &str, more: &str| {
            format!("{count} {}", if count == 1 { one } else { more })
        };
        let files = plural(counts.files, "file", "files");
        let folders = plural(counts.folders, "directory", "directories");
        let files = if options.folders { String::new() } else { format!(", {files}") };
        writeln!(out, "\n{folders}{files}")?;
    }
    out.flush()?;
    Ok(if counts.bad { 2 } else { 0 })
}

fn draw(
    folder: &Path,
    before: &str,
    depth: usize,
    options: &Options,
    counts: &mut Counts,
    out: &mut dyn Write,
) -> Result<()> {
    if options.level.is_some_and(|level| depth > level) {
        return Ok(());
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            out.flush()?;
            complain("tree", format_args!("{}: {}", folder.display(), reason(&error)));
            counts.bad = true;
            return Ok(());
        }
    };
    let mut entries: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| options.all || !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| {
            (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_dir()), entry.path())
        })
        .filter(|(_, is_folder, _)| *is_folder || !options.folders)
        .collect();
    entries.sort();
    let count = entries.len();
    for (index, (name, is_folder, path)) in entries.into_iter().enumerate() {
        let is_last = index + 1 == count;
        let (branch, below) = match (options.plain, is_last) {
            (true, _) => ("", ""),
            (false, true) => ("└── ", "    "),
            (false, false) => ("├── ", "│   "),
        };
        let name = if options.full {
            path.display().to_string()
        } else {
            name.to_string_lossy().into_owned()
        };
        write!(out, "{before}{branch}{name}")?;
        if let Ok(target) = std::fs::read_link(&path) {
            write!(out, " -> {}", target.display())?;
        }
        writeln!(out)?;
        if is_folder {
            counts.folders += 1;
            draw(&path, &format!("{before}{below}"), depth + 1, options, counts, out)?;
        } else {
            counts.files += 1;
        }
    }
    Ok(())
}
