// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines of all input files, one after the other, with a look ahead for `$`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ochre_applet::{complain, reason};

/// Where the lines go that are printed.
pub enum Output {
    /// Standard output.
    Standard(BufWriter<io::Stdout>),
    /// A file beside the one that is edited in place.
    File(BufWriter<File>, PathBuf),
}

impl Output {
    /// The stream itself.
    pub fn stream(&mut self) -> &mut dyn Write {
        match self {
            Self::Standard(out) => out,
            Self::File(out, _) => out,
        }
    }
}

/// The input.
pub struct Lines {
    files: Vec<OsString>,
    at: usize,
    reader: Option<Box<dyn BufRead>>,
    ahead: Option<(Vec<u8>, bool)>,
    end: u8,
    separate: bool,
    /// The suffix for what was there before `-i`.
    in_place: Option<OsString>,
    /// Where to print now.
    pub out: Output,
    /// The number of the current line.
    pub number: u64,
    /// The name of the current file.
    pub name: Vec<u8>,
    /// A file could not be read.
    pub failed: bool,
    /// Does the current line end as lines do? The last one may not.
    pub ended: bool,
    current: Option<OsString>,
}

impl Lines {
    pub fn new(files: Vec<OsString>, end: u8, separate: bool, in_place: Option<OsString>) -> Self {
        Self {
            files,
            at: 0,
            reader: None,
            ahead: None,
            end,
            separate: separate || in_place.is_some(),
            in_place,
            out: Output::Standard(BufWriter::with_capacity(1 << 15, io::stdout())),
            number: 0,
            name: b"-".to_vec(),
            failed: false,
            ended: true,
            current: None,
        }
    }

    /// Makes `line` the next one; is there one?
    pub fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        let found = match self.ahead.take() {
            Some(found) => Some(found),
            None => loop {
                if self.reader.is_none() && !self.open()? {
                    break None;
                }
                match self.read()? {
                    Some(found) => break Some(found),
                    None => self.close()?,
                }
            },
        };
        let Some((text, ended)) = found else { return Ok(false) };
        *line = text;
        self.ended = ended;
        self.number += 1;
        Ok(true)
    }

    /// Is the current line the last one?
    pub fn is_last(&mut self) -> io::Result<bool> {
        if self.ahead.is_some() {
            return Ok(false);
        }
        if self.reader.is_some() {
            self.ahead = self.read()?;
            if self.ahead.is_some() {
                return Ok(false);
            }
        }
        if self.separate {
            return Ok(true);
        }
        while self.open()? {
            self.ahead = self.read()?;
            if self.ahead.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut line = Vec::new();
        match reader.read_until(self.end, &mut line) {
            Ok(0) => Ok(None),
            Ok(_) => {
                let ended = line.last() == Some(&self.end);
                if ended {
                    line.pop();
                }
                Ok(Some((line, ended)))
            }
            Err(error) => {
                self.failed = true;
                let name = String::from_utf8_lossy(&self.name).into_owned();
                let reason = reason(&error);
                let message = if error.kind() == io::ErrorKind::IsADirectory {
                    format!("couldn't edit {name}: not a regular file")
                } else {
                    format!("read error on {name}: {reason}")
                };
                complain("sed", message);
                Ok(None)
            }
        }
    }

    /// Opens the next file that can be read.
    fn open(&mut self) -> io::Result<bool> {
        while let Some(file) = self.files.get(self.at).cloned() {
            self.at += 1;
            if file == "-" && self.in_place.is_none() {
                self.name = b"-".to_vec();
                self.reader = Some(Box::new(BufReader::new(io::stdin())));
                return Ok(true);
            }
            let path = Path::new(&file);
            match File::open(path) {
                Ok(opened) => {
                    let metadata = opened.metadata()?;
                    if !metadata.is_file() && (self.in_place.is_some() || metadata.is_dir()) {
                        self.failed = true;
                        let why = if self.in_place.is_some() {
                            format!("couldn't edit {}: not a regular file", path.display())
                        } else {
                            format!("read error on {}: Is a directory", path.display())
                        };
                        complain("sed", why);
                        continue;
                    }
                    if self.in_place.is_some() {
                        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                        let temporary = folder.unwrap_or(Path::new(".")).join(format!(
                            "sed{:06}.{}",
                            std::process::id(),
                            self.at
                        ));
                        let new = File::create(&temporary)?;
                        new.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
                        // Only root may keep another's file theirs.
                        let _ = std::os::unix::fs::fchown(
                            &new,
                            Some(metadata.uid()),
                            Some(metadata.gid()),
                        );
                        self.out.stream().flush()?;
                        self.out = Output::File(BufWriter::new(new), temporary);
                    }
                    if self.separate {
                        self.number = 0;
                    }
                    self.name = file.as_bytes().to_vec();
                    self.current = Some(file.clone());
                    self.reader = Some(Box::new(BufReader::with_capacity(1 << 15, opened)));
                    return Ok(true);
                }
                Err(error) => {
                    self.failed = true;
                    complain(
                        "sed",
                        format_args!("can't read {}: {}", path.display(), reason(&error)),
                    );
                }
            }
        }
        Ok(false)
    }

    /// Ends the current file: one that is edited in place gets its new content.
    pub fn close(&mut self) -> io::Result<()> {
        self.reader = None;
        let Some(suffix) = self.in_place.clone() else { return Ok(()) };
        let standard = Output::Standard(BufWriter::new(io::stdout()));
        let Output::File(mut out, temporary) = std::mem::replace(&mut self.out, standard) else {
            return Ok(());
        };
        out.flush()?;
        let Some(file) = self.current.take() else { return Ok(()) };
        if !suffix.is_empty() {
            fs::rename(&file, backup(Path::new(&file), &suffix))?;
        }
        fs::rename(temporary, file)
    }

    /// Are there files after this one?
    pub fn more_files(&self) -> bool {
        self.separate && self.at < self.files.len()
    }

    /// Was a file's last line read, with its output going to a file of its own?
    pub fn between_files(&self) -> bool {
        self.in_place.is_some() && self.ahead.is_none() && !self.ended
    }

    /// After `q`: what is left of a file that is edited in place stays as it is.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.in_place.is_some() && self.reader.is_some() {
            if let Some((line, ended)) = self.ahead.take() {
                self.out.stream().write_all(&line)?;
                if ended {
                    self.out.stream().write_all(&[self.end])?;
                }
            }
            if let Some(reader) = &mut self.reader {
                io::copy(reader, self.out.stream())?;
            }
        }
        self.close()?;
        self.out.stream().flush()
    }
}

/// The name for what was there: `*` in the suffix stands for the file's name.
fn backup(file: &Path, suffix: &OsString) -> PathBuf {
    let suffix = suffix.to_string_lossy();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new =
        if suffix.contains('*') { suffix.replace('*', &name) } else { format!("{name}{suffix}") };
    if new.contains('/') { PathBuf::from(new) } else { file.with_file_name(new) }
}
