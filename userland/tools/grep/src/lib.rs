// SPDX-License-Identifier: MIT OR Apache-2.0
//! `grep`, `egrep`, `fgrep`: print the lines of files that match a pattern, as GNU's do.
//!
//! `options` reads the command line and the patterns, which `pattern` holds, `search` reads one file; here
//! the files are found: in a folder those that the system lists, in its order, as GNU's.
//! Status 0: a line matched, 1: none, 2: something went wrong.

#![forbid(unsafe_code)]

mod options;
mod pattern;
mod perl;
mod search;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use ochre_applet::{Args, complain, reason};
use ochre_regex::{glob_matches, locale_is_utf8};
use options::Options;
use search::Search;

/// The applet.
pub fn grep(args: Args) -> anyhow::Result<u8> {
    let (options, pattern, mut files) = Options::read(&args)?;
    let from_here = files.is_empty() && options.recurses();
    if files.is_empty() {
        files.push(if from_here { "." } else { "-" }.into());
    }
    let names = options.names(&files);
    let colors = options.colors();
    let mut run = Run {
        search: Search {
            options: &options,
            pattern: &pattern,
            names,
            colors,
            utf8: locale_is_utf8(),
            printed: false,
        },
        out: BufWriter::with_capacity(1 << 16, io::stdout()),
        found: false,
        failed: false,
        from_here,
        above: Vec::new(),
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

/// Does a name fit one of the patterns?
fn fits(patterns: &[String], name: &[u8]) -> bool {
    patterns.iter().any(|pattern| glob_matches(pattern.trim_end_matches('/').as_bytes(), name))
}

/// The same for a word of the command line, of which what stands behind a slash may fit.
fn fits_end(patterns: &[String], word: &[u8]) -> bool {
    let starts = word.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).any(|at| !word[at..].is_empty() && fits(patterns, &word[at..]))
}

struct Run<'a> {
    search: Search<'a>,
    out: BufWriter<io::Stdout>,
    found: bool,
    failed: bool,
    from_here: bool,
    /// Device and number of the folders that are being read.
    above: Vec<(u64, u64)>,
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
        if let Ok(metadata) = fs::metadata(path)
            && metadata.is_dir()
        {
            if options.recurses() {
                let wanted = self.from_here || !fits_end(&options.exclude_dir, word.as_bytes());
                return if wanted { self.folder(path, &metadata) } else { Ok(()) };
            }
            if !options.skips_folders() {
                self.complain(path, "Is a directory")?;
                // It has no lines: that is what -c and -L say.
                self.search.file(word.as_bytes(), &mut io::empty(), &mut self.out)?;
            }
            return Ok(());
        }
        let name = word.as_bytes();
        let included = options.include.is_empty() || fits_end(&options.include, name);
        if included && !fits_end(&options.exclude, name) { self.path(path) } else { Ok(()) }
    }

    fn folder(&mut self, folder: &Path, metadata: &fs::Metadata) -> io::Result<()> {
        let id = (metadata.dev(), metadata.ino());
        if self.above.contains(&id) {
            self.out.flush()?;
            if !self.search.options.no_messages {
                let folder = folder.display();
                complain("grep", format_args!("{folder}: warning: recursive directory loop"));
            }
            return Ok(());
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.complain(folder, &reason(&error)),
        };
        // Names tell files of a folder apart, also when it is the only word.
        self.search.names = self.search.options.names_within();
        self.above.push(id);
        // Read as a whole, so that no descriptor is kept while the folders in it are read.
        let entries: Vec<_> = entries.flatten().map(|e| (e.file_name(), e.path())).collect();
        for (name, path) in entries {
            let here = self.from_here && folder == Path::new(".");
            self.entry(&name, if here { PathBuf::from(&name) } else { path })?;
            if self.search.options.quiet && self.found {
                break;
            }
        }
        self.above.pop();
        Ok(())
    }

    /// What a folder has in it.
    fn entry(&mut self, name: &OsStr, path: PathBuf) -> io::Result<()> {
        let options = self.search.options;
        let metadata = if options.dereference_recursive {
            fs::metadata(&path)
        } else {
            fs::symlink_metadata(&path)
        };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) => return self.complain(&path, &reason(&error)),
        };
        let kind = metadata.file_type();
        let name = name.as_bytes();
        if kind.is_dir() {
            return if fits(&options.exclude_dir, name) {
                Ok(())
            } else {
                self.folder(&path, &metadata)
            };
        }
        // Devices and pipes are left out unless they are asked for, links always.
        let reads = kind.is_file() || (options.reads_devices() && !kind.is_symlink());
        let included = options.include.is_empty() || fits(&options.include, name);
        if reads && included && !fits(&options.exclude, name) { self.path(&path) } else { Ok(()) }
    }

    fn path(&mut self, path: &Path) -> io::Result<()> {
        if self.search.options.skips_devices() {
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
            Err(error) => self.complain(path, &reason(&error)),
        }
    }

    fn read(&mut self, name: &[u8], input: &mut dyn io::BufRead) -> io::Result<()> {
        let mut failed = None;
        {
            let mut guarded = Guarded { input, failed: &mut failed };
            self.found |= self.search.file(name, &mut guarded, &mut self.out)?;
        }
        if self.search.pattern.gave_up() {
            let name = Path::new(OsStr::from_bytes(name));
            self.complain(name, "exceeded the limit of backtracking")?;
        }
        match failed {
            Some(error) => self.complain(Path::new(OsStr::from_bytes(name)), &reason(&error)),
            None => Ok(()),
        }
    }

    fn complain(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.out.flush()?;
        self.failed = true;
        if !self.search.options.no_messages {
            complain("grep", format_args!("{}: {reason}", path.display()));
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
