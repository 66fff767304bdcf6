// SPDX-License-Identifier: MIT OR Apache-2.0
//! `grep`, `egrep`, `fgrep`: print the lines of files that match a pattern, as GNU's do.
//!
//! `options` reads the command line and the patterns, `search` one file; here the files are found.
//! Status 0: a line matched, 1: none, 2: something went wrong.

#![forbid(unsafe_code)]

mod options;
mod search;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use ochre_applet::{Args, complain};
use ochre_regex::glob_matches;
use options::Options;
use search::Search;

/// The applet.
pub fn grep(args: Args) -> anyhow::Result<u8> {
    let (options, regex, mut files) = Options::read(&args)?;
    let from_here = files.is_empty() && options.recurses();
    if files.is_empty() {
        files.push(if from_here { "." } else { "-" }.into());
    }
    let names = options.names(&files);
    let colors = options.colors();
    let mut run = Run {
        search: Search { options: &options, regex: &regex, names, colors, printed: false },
        out: BufWriter::with_capacity(1 << 16, io::stdout()),
        found: false,
        failed: false,
        from_here,
    };
    for file in &files {
        run.word(file)?;
        if options.quiet && run.found {
            return Ok(0);
        }
    }
    run.out.flush()?;
    Ok(match (run.failed, run.found) {
        (true, _) => 2,
        (_, true) => 0,
        _ => 1,
    })
}

/// `grep -E` by its old name.
pub fn egrep(args: Args) -> anyhow::Result<u8> {
    grep(args)
}

/// `grep -F` by its old name.
pub fn fgrep(args: Args) -> anyhow::Result<u8> {
    grep(args)
}

struct Run<'a> {
    search: Search<'a>,
    out: BufWriter<io::Stdout>,
    found: bool,
    failed: bool,
    from_here: bool,
}

impl Run<'_> {
    /// A file or folder of the command line.
    fn word(&mut self, word: &OsStr) -> io::Result<()> {
        let options = self.search.options;
        if word == "-" {
            let label = options.label.as_bytes().to_vec();
            let mut input = io::stdin().lock();
            return self.read(&label, &mut input);
        }
        let path = Path::new(word);
        if path.is_dir() {
            if options.recurses() {
                return self.folder(path);
            }
            if !options.skips_folders() {
                self.failed = true;
                self.out.flush()?;
                if !options.no_messages {
                    complain("grep", format_args!("{}: Is a directory", path.display()));
                }
            }
            return Ok(());
        }
        if !self.wanted(path, word) {
            return Ok(());
        }
        self.path(path)
    }

    /// Do --include and --exclude let a file pass?
    fn wanted(&self, path: &Path, name: &OsStr) -> bool {
        let options = self.search.options;
        let fits = |patterns: &[String]| {
            patterns.iter().any(|pattern| {
                glob_matches(pattern.as_bytes(), name.as_bytes())
                    || path
                        .file_name()
                        .is_some_and(|name| glob_matches(pattern.as_bytes(), name.as_bytes()))
            })
        };
        !fits(&options.exclude) && (options.include.is_empty() || fits(&options.include))
    }

    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.complain(folder, &error),
        };
        let paths: Vec<(OsString, PathBuf)> =
            entries.flatten().map(|entry| (entry.file_name(), entry.path())).collect();
        for (name, path) in paths {
            let path = if self.from_here && folder == Path::new(".") {
                PathBuf::from(&name)
            } else {
                path
            };
            let options = self.search.options;
            let metadata = if options.dereference_recursive {
                fs::metadata(&path)
            } else {
                fs::symlink_metadata(&path)
            };
            let kind = match metadata {
                Ok(metadata) => metadata.file_type(),
                Err(error) => {
                    self.complain(&path, &error)?;
                    continue;
                }
            };
            if kind.is_dir() {
                let left_out = options
                    .exclude_dir
                    .iter()
                    .any(|pattern| glob_matches(pattern.as_bytes(), name.as_bytes()));
                if !left_out {
                    self.folder(&path)?;
                }
            } else if kind.is_file() && self.wanted(&path, &name) {
                self.path(&path)?;
            }
            if options.quiet && self.found {
                break;
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> io::Result<()> {
        if self.search.options.devices.as_deref() == Some("skip") {
            let device = fs::metadata(path).is_ok_and(|metadata| {
                let kind = metadata.file_type();
                kind.is_char_device() || kind.is_block_device() || kind.is_fifo()
            });
            if device {
                return Ok(());
            }
        }
        match File::open(path) {
            Ok(file) => {
                let mut input = BufReader::with_capacity(1 << 15, file);
                self.read(path.as_os_str().as_bytes(), &mut input)
            }
            Err(error) => self.complain(path, &error),
        }
    }

    fn read(&mut self, name: &[u8], input: &mut dyn io::BufRead) -> io::Result<()> {
        let mut failed = None;
        {
            let mut guarded = Guarded { input, failed: &mut failed };
            self.found |= self.search.file(name, &mut guarded, &mut self.out)?;
        }
        match failed {
            Some(error) => self.complain(Path::new(OsStr::from_bytes(name)), &error),
            None => Ok(()),
        }
    }

    fn complain(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.out.flush()?;
        self.failed = true;
        if !self.search.options.no_messages {
            complain("grep", format_args!("{}: {}", path.display(), ochre_applet::reason(error)));
        }
        Ok(())
    }
}

/// An input whose errors end it and are kept, so that those of the output are told from them.
struct Guarded<'a> {
    input: &'a mut dyn io::BufRead,
    failed: &'a mut Option<io::Error>,
}

impl io::Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = io::BufRead::fill_buf(self)?;
        let len = found.len().min(buffer.len());
        buffer[..len].copy_from_slice(&found[..len]);
        io::BufRead::consume(self, len);
        Ok(len)
    }
}

impl io::BufRead for Guarded<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.input.fill_buf() {
            Ok(found) => Ok(found),
            Err(error) => {
                *self.failed = Some(error);
                Ok(&[])
            }
        }
    }

    fn consume(&mut self, len: usize) {
        self.input.consume(len);
    }
}
