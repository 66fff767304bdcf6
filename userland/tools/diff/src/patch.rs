// SPDX-License-Identifier: MIT OR Apache-2.0
//! `patch`: makes the changes that a patch describes.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{Args, Failure, parse_or, reason};

use crate::apply::Target;
use crate::hunks::{FilePatch, Hunk, Kind, read};

/// Makes the changes that a patch describes, in the form of diff's -u, -c or none of them.
#[derive(clap::Parser)]
#[command(name = "patch")]
struct Options {
    /// Take so many folders off the names; without it, all of them
    #[arg(short = 'p', long)]
    strip: Option<usize>,
    /// Undo the changes
    #[arg(short = 'R', long)]
    reverse: bool,
    /// Read the patch from a file
    #[arg(short = 'i', long)]
    input: Option<PathBuf>,
    /// Write the result to a file
    #[arg(short = 'o', long)]
    output: Option<PathBuf>,
    /// Go to a folder first
    #[arg(short = 'd', long)]
    directory: Option<PathBuf>,
    /// Skip patches that were applied already
    #[arg(short = 'N', long)]
    forward: bool,
    /// Change no file
    #[arg(long)]
    dry_run: bool,
    /// How many lines around a change may differ
    #[arg(short = 'F', long, default_value_t = 2)]
    fuzz: usize,
    /// Keep the old file with .orig behind its name
    #[arg(short = 'b', long)]
    backup: bool,
    /// Remove files that become empty
    #[arg(short = 'E', long)]
    remove_empty_files: bool,
    /// Where to write what does not fit
    #[arg(short = 'r', long)]
    reject_file: Option<PathBuf>,
    /// Print errors only
    #[arg(short = 's', long, visible_aliases = ["quiet", "silent"])]
    silent: bool,
    /// Ask nothing (nothing is asked anyway)
    #[arg(short = 'f', long)]
    force: bool,
    /// Ask nothing, and skip what does not fit
    #[arg(short = 't', long)]
    batch: bool,
    /// The patch has this form (it is found out anyway)
    #[arg(short = 'u', long)]
    unified: bool,
    /// The patch has this form (it is found out anyway)
    #[arg(short = 'c', long)]
    context: bool,
    /// The file to change
    file: Option<PathBuf>,
    /// The patch
    patch: Option<PathBuf>,
}

/// The applet: status 1 when a hunk did not fit, 2 when something else went wrong.
pub fn patch(args: Args) -> Result<u8> {
    let options: Options = parse_or(&args, 2)?;
    let text = match options.input.as_ref().or(options.patch.as_ref()) {
        Some(name) if name != Path::new("-") => std::fs::read(name).map_err(|error| {
            let what = format!("**** Can't open patch file {}: {}", name.display(), reason(&error));
            Failure::new(2, what)
        })?,
        _ => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text)?;
            text
        }
    };
    if let Some(folder) = &options.directory {
        std::env::set_current_dir(folder).map_err(|error| {
            let what =
                format!("**** Can't change to directory {}: {}", folder.display(), reason(&error));
            Failure::new(2, what)
        })?;
    }
    let files = read(&text)
        .map_err(|line| Failure::new(2, format!("**** malformed patch at line {line}")))?;
    if files.is_empty() && !text.is_empty() {
        return Err(Failure::new(2, "**** Only garbage was found in the patch input.").into());
    }
    let mut status = 0;
    for file in files {
        status = status.max(one(file, &options)?);
    }
    std::io::stdout().flush()?;
    Ok(status)
}

/// A name without so many folders; none if it has not that many.
fn stripped(name: &[u8], strip: Option<usize>) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let path = if name == b"/dev/null" {
        return None;
    } else if let Some(count) = strip {
        let mut rest = name;
        for _ in 0..count {
            let at = rest.iter().position(|byte| *byte == b'/')?;
            rest = &rest[at..];
            rest = &rest[rest.iter().take_while(|byte| **byte == b'/').count()..];
        }
        rest
    } else {
        name.rsplit(|byte| *byte == b'/').next()?
    };
    (!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path)))
}

/// A patch is no reason to leave the folder.
fn is_safe(path: &Path) -> bool {
    !path.is_absolute() && !path.components().any(|part| part == std::path::Component::ParentDir)
}

/// The file that is meant: of those that exist the one with the shortest name.
fn target(file: &FilePatch, options: &Options) -> Option<PathBuf> {
    let names = [&file.old_name, &file.new_name, &file.index];
    let candidates: Vec<PathBuf> = names
        .iter()
        .filter_map(|name| stripped(name, options.strip))
        .filter(|path| is_safe(path))
        .collect();
    let known = candidates.iter().filter(|path| path.exists());
    let size = |path: &&PathBuf| {
        let base = path.file_name().map_or(0, OsStr::len);
        (path.components().count(), base, path.as_os_str().len())
    };
    if let Some(path) = known.min_by_key(size) {
        return Some(path.clone());
    }
    // One that is to be made.
    let makes = file.hunks.first().is_some_and(|hunk| {
        let (start, other) =
            if options.reverse { (hunk.new, Kind::Remove) } else { (hunk.old, Kind::Add) };
        start == 0 && hunk.side(other).is_empty()
    });
    if makes { candidates.into_iter().next_back() } else { None }
}

fn say(options: &Options, text: &str) -> Result<()> {
    if !options.silent {
        writeln!(std::io::stdout(), "{text}")?;
    }
    Ok(())
}

fn one(mut file: FilePatch, options: &Options) -> Result<u8> {
    let Some(path) = options.file.clone().or_else(|| target(&file, options)) else {
        let name = String::from_utf8_lossy(&file.new_name).into_owned();
        say(
            options,
            &format!("can't find file to patch: '{name}'; use -p to take folders off its name"),
        )?;
        say(options, &format!("{0} out of {0} hunks ignored", file.hunks.len()))?;
        return Ok(1);
    };
    let removes = if options.reverse { &file.old_name } else { &file.new_name } == b"/dev/null";
    if options.reverse {
        file.hunks = file.hunks.into_iter().map(Hunk::reversed).collect();
    }
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let what = format!("**** Can't read {}: {}", path.display(), reason(&error));
            return Err(Failure::new(2, what).into());
        }
    };
    let shown = path.display();
    match &options.output {
        Some(output) => {
            say(options, &format!("patching file {} (read from {shown})", output.display()))?
        }
        None if options.dry_run => say(options, &format!("checking file {shown}"))?,
        None => say(options, &format!("patching file {shown}"))?,
    }
    if was_applied(&text, &file.hunks, options) {
        say(options, "Reversed (or previously applied) patch detected!  Skipping patch.")?;
        let all: Vec<&Hunk> = file.hunks.iter().collect();
        return reject(&file, &all, "ignored", options.output.as_ref().unwrap_or(&path), options);
    }
    let mut target = Target::new(&text);
    let mut rejected = Vec::new();
    let mut exact = true;
    for (at, hunk) in file.hunks.iter().enumerate() {
        let number = at + 1;
        match target.apply(hunk, options.fuzz) {
            Some(fit) if fit.fuzz > 0 || fit.offset != 0 => {
                exact = false;
                let mut line = format!("Hunk #{number} succeeded at {}", fit.line);
                if fit.fuzz > 0 {
                    line += &format!(" with fuzz {}", fit.fuzz);
                }
                if fit.offset != 0 {
                    let lines = if fit.offset == 1 { "line" } else { "lines" };
                    line += &format!(" (offset {} {lines})", fit.offset);
                }
                say(options, &(line + "."))?;
            }
            Some(_) => {}
            None => {
                let place = if hunk.old == 0 { 1 } else { hunk.old };
                say(options, &format!("Hunk #{number} FAILED at {place}."))?;
                rejected.push(hunk);
            }
        }
    }
    let result = target.finish();
    let output = options.output.as_ref().unwrap_or(&path);
    let changed = rejected.len() < file.hunks.len();
    if !options.dry_run && (changed || options.output.is_some()) {
        let exact = exact && rejected.is_empty();
        if options.backup || (!exact && path.exists()) {
            std::fs::write(with_ending(&path, ".orig"), &text)?;
        }
        write(output, &result, (removes || options.remove_empty_files) && rejected.is_empty())?;
    }
    if rejected.is_empty() {
        return Ok(0);
    }
    reject(&file, &rejected, "FAILED", output, options)
}

/// Keeps hunks that were not applied, and tells so.
fn reject(
    file: &FilePatch,
    hunks: &[&Hunk],
    what: &str,
    output: &Path,
    options: &Options,
) -> Result<u8> {
    let name = options.reject_file.clone().unwrap_or_else(|| with_ending(output, ".rej"));
    let (bad, all) = (hunks.len(), file.hunks.len());
    let word = if all == 1 { "hunk" } else { "hunks" };
    let mut line = format!("{bad} out of {all} {word} {what}");
    if !options.dry_run {
        line += &format!(" -- saving rejects to file {}", name.display());
        std::fs::write(name, rejects(file, hunks))?;
    }
    say(options, &line)?;
    Ok(1)
}

/// Does the first hunk not fit, but fit the other way round?
fn was_applied(text: &[u8], hunks: &[Hunk], options: &Options) -> bool {
    let Some(first) = hunks.first() else { return false };
    // Without anything to look for, all fits.
    if first.lines.iter().all(|(kind, _)| *kind == Kind::Remove) && !text.is_empty() {
        return false;
    }
    Target::new(text).apply(first, options.fuzz).is_none()
        && Target::new(text).apply(&first.clone().reversed(), 0).is_some()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn write(path: &Path, text: &[u8], remove_empty: bool) -> Result<()> {
    if text.is_empty() && remove_empty {
        if path.exists() {
            std::fs::remove_file(path)?;
            // As GNU does: with the folders that this leaves empty.
            let parents = path.ancestors().skip(1).filter(|folder| *folder != Path::new(""));
            for folder in parents {
                if std::fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        return Ok(());
    }
    if path == Path::new("-") {
        std::io::stdout().write_all(text)?;
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    // In place, so that the mode stays.
    std::fs::write(path, text).map_err(|error| {
        Failure::new(2, format!("**** Can't write {}: {}", path.display(), reason(&error)))
    })?;
    Ok(())
}

/// Hunks that did not fit, as a patch.
fn rejects(file: &FilePatch, hunks: &[&Hunk]) -> Vec<u8> {
    let mut text = [b"--- ", &file.old_name[..], b"\n+++ ", &file.new_name[..], b"\n"].concat();
    for hunk in hunks {
        let part = |start: usize, len: usize| {
            if len == 1 { start.to_string() } else { format!("{start},{len}") }
        };
        let old = part(hunk.old, hunk.side(Kind::Add).len());
        let new = part(hunk.new, hunk.side(Kind::Remove).len());
        text.extend(format!("@@ -{old} +{new} @@\n").into_bytes());
        for (kind, line) in &hunk.lines {
            text.push(match kind {
                Kind::Keep => b' ',
                Kind::Remove => b'-',
                Kind::Add => b'+',
            });
            text.extend(line);
            if !line.ends_with(b"\n") {
                text.extend(b"\n\\ No newline at end of file\n");
            }
        }
    }
    text
}
