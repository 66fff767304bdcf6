// SPDX-License-Identifier: MIT OR Apache-2.0
//! `diff`: which files are compared with which.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{Args, clock, complain, parse_or, reason};

use crate::compare::{changes, lines};
use crate::options::Options;
use crate::show::{Side, show};

/// The applet: status 1 when something differs, 2 when something could not be compared.
pub fn diff(args: Args) -> Result<u8> {
    let options: Options = parse_or(&args, 2)?;
    let out = BufWriter::new(std::io::stdout());
    // What stands before the output for each pair of files in folders.
    let mut words = args[1..].to_vec();
    for file in options.files.iter().rev() {
        if let Some(at) = words.iter().rposition(|word| word == file) {
            words.remove(at);
        }
    }
    let mut head = b"diff".to_vec();
    for word in words {
        head.push(b' ');
        head.extend(word.as_bytes());
    }
    let mut run = Run { options: &options, out, head, status: 0 };
    let (first, second) = (PathBuf::from(&options.files[0]), PathBuf::from(&options.files[1]));
    match (is_folder(&first), is_folder(&second)) {
        (true, true) => run.folders(&first, &second)?,
        // The file of that name in the folder.
        (true, false) => {
            run.files(&first.join(second.file_name().unwrap_or_default()), &second, false)?
        }
        (false, true) => {
            run.files(&first, &second.join(first.file_name().unwrap_or_default()), false)?
        }
        // Standard input is like itself, and stays unread.
        (false, false) if first == Path::new("-") && first == second => {}
        (false, false) => run.files(&first, &second, false)?,
    }
    run.out.flush()?;
    Ok(run.status)
}

fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// What a file is, in GNU's words.
fn kind(path: &Path) -> &'static str {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => "directory",
        Ok(meta) if meta.file_type().is_fifo() => "fifo",
        Ok(meta) if meta.file_type().is_socket() => "socket",
        Ok(meta) if meta.file_type().is_char_device() => "character special file",
        Ok(meta) if meta.file_type().is_block_device() => "block special file",
        Ok(meta) if meta.len() == 0 => "regular empty file",
        _ => "regular file",
    }
}

struct Run<'a> {
    options: &'a Options,
    out: BufWriter<std::io::Stdout>,
    head: Vec<u8>,
    status: u8,
}

/// A file's text, and its time for the head.
struct Text {
    bytes: Vec<u8>,
    time: (i64, i64),
}

impl Run<'_> {
    fn trouble(&mut self, path: &Path, error: &std::io::Error) -> Result<()> {
        self.status = 2;
        self.out.flush()?;
        complain("diff", format_args!("{}: {}", path.display(), reason(error)));
        Ok(())
    }

    fn differs(&mut self) {
        self.status = self.status.max(1);
    }

    fn names(&mut self, folder: &Path) -> Result<BTreeSet<OsString>> {
        let list = match std::fs::read_dir(folder) {
            Ok(list) => list,
            Err(error) => {
                self.trouble(folder, &error)?;
                return Ok(BTreeSet::new());
            }
        };
        let excluded = |name: &OsStr| {
            let fits =
                |pattern: &OsString| ochre_regex::glob_matches(pattern.as_bytes(), name.as_bytes());
            self.options.exclude.iter().any(fits)
                || self.options.starting_file.as_ref().is_some_and(|first| name < first)
        };
        Ok(list.flatten().map(|entry| entry.file_name()).filter(|name| !excluded(name)).collect())
    }

    fn folders(&mut self, first: &Path, second: &Path) -> Result<()> {
        let (left, right) = (self.names(first)?, self.names(second)?);
        for name in left.union(&right) {
            let (one, two) = (first.join(name), second.join(name));
            let new_right = self.options.new_file;
            let new_left = self.options.new_file || self.options.unidirectional_new_file;
            let missing = match (left.contains(name), right.contains(name)) {
                (true, false) if !new_right => Some(first),
                (false, true) if !new_left => Some(second),
                _ => None,
            };
            if let Some(folder) = missing {
                self.differs();
                writeln!(self.out, "Only in {}: {}", folder.display(), name.display())?;
                continue;
            }
            let kinds = [is_folder(&one), is_folder(&two)];
            let exist = [left.contains(name), right.contains(name)];
            match kinds {
                // A pipe has no text of its own, and reading it would wait.
                [false, false] if is_special(&one) || is_special(&two) => {
                    self.other_kinds(&one, &two)?
                }
                [false, false] => self.files(&one, &two, true)?,
                _ if self.options.recursive && (kinds == exist) => {
                    if kinds == [true, true] {
                        self.folders(&one, &two)?;
                    } else {
                        self.one_folder(&one, &two)?;
                    }
                }
                [true, true] => {
                    writeln!(
                        self.out,
                        "Common subdirectories: {} and {}",
                        one.display(),
                        two.display()
                    )?;
                }
                _ => self.other_kinds(&one, &two)?,
            }
        }
        Ok(())
    }

    fn other_kinds(&mut self, one: &Path, two: &Path) -> Result<()> {
        self.differs();
        let (first, second) = (kind(one), kind(two));
        let (one, two) = (one.display(), two.display());
        writeln!(self.out, "File {one} is a {first} while file {two} is a {second}")?;
        Ok(())
    }

    /// One of the folders is missing, and `-N` asks for its files.
    fn one_folder(&mut self, first: &Path, second: &Path) -> Result<()> {
        let there = if is_folder(first) { first } else { second };
        for name in self.names(there)? {
            let (one, two) = (first.join(&name), second.join(&name));
            if is_folder(&one) || is_folder(&two) {
                self.one_folder(&one, &two)?;
            } else {
                self.files(&one, &two, true)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<Option<Text>> {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes)?;
            return Ok(Some(Text { bytes, time: (clock::now(), 0) }));
        }
        let read = std::fs::read(path).and_then(|bytes| {
            let meta = std::fs::metadata(path)?;
            Ok(Text { bytes, time: (meta.mtime(), meta.mtime_nsec()) })
        });
        match read {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.options.new_file => {
                Ok(Some(Text { bytes: Vec::new(), time: (0, 0) }))
            }
            Err(error) => {
                self.trouble(path, &error)?;
                Ok(None)
            }
        }
    }

    fn files(&mut self, first: &Path, second: &Path, in_folders: bool) -> Result<()> {
        let (Some(old), Some(new)) = (self.read(first)?, self.read(second)?) else { return Ok(()) };
        let (one, two) = (first.display(), second.display());
        if old.bytes == new.bytes {
            if self.options.report_identical_files {
                writeln!(self.out, "Files {one} and {two} are identical")?;
            }
            return Ok(());
        }
        let binary = |text: &Text| text.bytes.iter().take(32 * 1024).any(|byte| *byte == 0);
        if !self.options.text && (binary(&old) || binary(&new)) {
            self.differs();
            let what = if self.options.brief { "Files" } else { "Binary files" };
            writeln!(self.out, "{what} {one} and {two} differ")?;
            return Ok(());
        }
        let (old_lines, new_lines) = (lines(&old.bytes), lines(&new.bytes));
        let found = changes(&old_lines, &new_lines, self.options);
        if found.is_empty() {
            if self.options.report_identical_files {
                writeln!(self.out, "Files {one} and {two} are identical")?;
            }
            return Ok(());
        }
        self.differs();
        if self.options.brief {
            writeln!(self.out, "Files {one} and {two} differ")?;
            return Ok(());
        }
        if in_folders {
            self.out.write_all(&self.head)?;
            writeln!(self.out, " {one} {two}")?;
        }
        let labels = &self.options.label;
        let old_side =
            Side { head: head(first, &old, labels.first(), self.options), lines: &old_lines };
        let new_side =
            Side { head: head(second, &new, labels.get(1), self.options), lines: &new_lines };
        show(&mut self.out, &old_side, &new_side, &found, self.options)?;
        Ok(())
    }
}

fn head(path: &Path, text: &Text, label: Option<&OsString>, options: &Options) -> Vec<u8> {
    if let Some(label) = label {
        return label.as_bytes().to_vec();
    }
    let mut head = path.as_os_str().as_bytes().to_vec();
    head.push(b'\t');
    let (secs, nanos) = text.time;
    let time = clock::local(secs);
    let offset = time.offset_secs / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let clock = format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    let stamp = if matches!(options.format(), crate::options::Format::Context(_)) {
        let (day, month) = (clock::DAYS[time.weekday], clock::MONTHS[time.month]);
        format!("{day} {month} {:2} {clock} {}", time.day, time.year)
    } else {
        let date = format!("{}-{:02}-{:02}", time.year, time.month + 1, time.day);
        format!("{date} {clock}.{nanos:09} {sign}{:02}{:02}", offset.abs() / 60, offset.abs() % 60)
    };
    head.extend(stamp.into_bytes());
    head
}
