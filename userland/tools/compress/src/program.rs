// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of each format: `gzip`, `bunzip2`, `xzcat` and the like are one program that differs
//! in the format, the endings of names, and what it does when nothing is asked for.
//!
//! A file is replaced by its compressed or unpacked self, with its owner, rights and times; the old one
//! goes only when the new one is whole.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, bail};
use ochre_applet::{Args, complain, parse};

use crate::{Finish, Format, Source, TrailingGarbage, plainly, reader, sniff, writer};

/// What a name of a program stands for.
struct Kind {
    format: Format,
    /// Endings of compressed files: the first is given, all are taken; with what replaces them.
    endings: &'static [(&'static str, &'static str)],
    level: u32,
    /// Whether the compressed file replaces the other; zstd keeps it.
    replaces: bool,
}

const GZIP: Kind = Kind {
    format: Format::Gzip,
    endings: &[
        (".gz", ""),
        (".tgz", ".tar"),
        (".taz", ".tar"),
        (".Z", ""),
        (".z", ""),
        ("-gz", ""),
    ],
    level: 6,
    replaces: true,
};
const BZIP2: Kind = Kind {
    format: Format::Bzip2,
    endings: &[(".bz2", ""), (".bz", ""), (".tbz2", ".tar"), (".tbz", ".tar")],
    level: 9,
    replaces: true,
};
const XZ: Kind = Kind {
    format: Format::Xz,
    endings: &[(".xz", ""), (".txz", ".tar"), (".lzma", ""), (".tlz", ".tar")],
    level: 6,
    replaces: true,
};
const LZMA: Kind = Kind { format: Format::Lzma, endings: &[(".lzma", ""), (".tlz", ".tar")], ..XZ };
const ZSTD: Kind = Kind {
    format: Format::Zstd,
    endings: &[(".zst", ""), (".tzst", ".tar")],
    level: 3,
    replaces: false,
};
const LZW: Kind = Kind { format: Format::Lzw, endings: &[(".Z", "")], level: 0, replaces: true };

/// Compress or unpack files; standard input when none is named, or "-".
#[derive(clap::Parser)]
#[command(args_override_self = true, disable_version_flag = true)]
struct Options {
    /// Write to standard output, keep the files
    #[arg(short = 'c', long = "stdout", alias = "to-stdout")]
    stdout: bool,
    /// Unpack
    #[arg(short, long, alias = "uncompress")]
    decompress: bool,
    /// Compress
    #[arg(short = 'z', long)]
    compress: bool,
    /// Overwrite files, and compress to a terminal
    #[arg(short, long)]
    force: bool,
    /// Keep the files
    #[arg(short, long)]
    keep: bool,
    /// Remove the files when they are compressed or unpacked
    #[arg(long = "rm")]
    remove: bool,
    /// Test that the files are whole
    #[arg(short, long)]
    test: bool,
    /// Print the sizes of gzip's files
    #[arg(short, long)]
    list: bool,
    /// Say nothing of files left alone
    #[arg(short, long)]
    quiet: bool,
    /// Name each file
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Neither keep nor give back names and times: taken, names never are
    #[arg(short = 'n', long)]
    no_name: bool,
    /// Give back names and times: taken, names never are
    #[arg(short = 'N', long)]
    name: bool,
    /// All files in folders
    #[arg(short, long)]
    recursive: bool,
    /// Ending of compressed files' names
    #[arg(short = 'S', long, value_name = "ENDING")]
    suffix: Option<String>,
    /// The file to write
    #[arg(short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// Threads: taken, one does the work
    #[arg(short = 'T', long, value_name = "N")]
    threads: Option<u32>,
    /// Less memory: taken, has no effect
    #[arg(short, long)]
    small: bool,
    /// More work for a smaller file: taken, has no effect
    #[arg(short, long)]
    extreme: bool,
    /// Format of xz: xz, lzma or auto
    #[arg(short = 'F', long, value_name = "FORMAT")]
    format: Option<String>,
    /// As -1
    #[arg(long)]
    fast: bool,
    /// As -9
    #[arg(long)]
    best: bool,
    /// Level, from -1, fastest, to -9, smallest
    #[arg(long, value_name = "LEVEL", hide = true)]
    level: Option<u32>,
    /// The files
    files: Vec<PathBuf>,
}

struct Job<'a> {
    name: &'static str,
    kind: &'a Kind,
    options: Options,
    /// `-c` of a cat, and of `gzip -cdf`: what is not compressed is copied.
    unpack: bool,
    status: u8,
}

/// `-9` and `-19` become the level, which clap has no word for.
fn levels(args: Args) -> Args {
    let mut only_files = false;
    let mut result = Vec::new();
    for arg in args {
        only_files |= arg == "--";
        let bytes = arg.as_bytes();
        if only_files || bytes.len() < 2 || bytes[0] != b'-' || bytes[1] == b'-' {
            result.push(arg);
            continue;
        }
        // An option with a value may have digits in it.
        let value = bytes.iter().position(|byte| b"SToF".contains(byte)).unwrap_or(bytes.len());
        let digits: Vec<u8> = bytes[..value].iter().copied().filter(u8::is_ascii_digit).collect();
        let rest: Vec<u8> = bytes
            .iter()
            .enumerate()
            .filter(|(at, byte)| *at >= value || !byte.is_ascii_digit())
            .map(|(_, byte)| *byte)
            .collect();
        if !digits.is_empty() {
            result.push(format!("--level={}", String::from_utf8_lossy(&digits)).into());
        }
        if rest.len() > 1 {
            result.push(OsString::from_vec(rest));
        }
    }
    result
}

fn run(
    name: &'static str,
    kind: &Kind,
    args: Args,
    unpack: bool,
    stdout: bool,
) -> anyhow::Result<u8> {
    let mut options: Options = parse(&levels(args))?;
    options.stdout |= stdout;
    let unpack =
        (unpack || options.decompress || options.test || options.list) && !options.compress;
    let lzma = options.format.as_deref() == Some("lzma");
    let kind = if lzma && kind.format == Format::Xz { &LZMA } else { kind };
    let mut files = std::mem::take(&mut options.files);
    if files.is_empty() {
        files.push("-".into());
    }
    let mut job = Job { name, kind, options, unpack, status: 0 };
    if job.options.list {
        println!("{:>19} {:>19} {:>6} uncompressed_name", "compressed", "uncompressed", "ratio");
    }
    for file in files {
        if let Err(error) = job.one(&file) {
            // A warning's status is 2, and an error's 1 stays.
            complain(name, job.message(&file, &error));
            job.status = 1;
        }
    }
    Ok(job.status)
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "(stdin)".into() } else { file.display().to_string() }
}

impl Job<'_> {
    /// What went wrong, in BusyBox's words: it names no file that it did not open.
    fn message(&self, file: &Path, error: &anyhow::Error) -> String {
        let text = plainly(error);
        let read = error.downcast_ref::<io::Error>();
        if read.is_some_and(|error| error.raw_os_error().is_none()) && self.unpack {
            let ended = read.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
            let text = if ended { "unexpected end of file" } else { "corrupted data" };
            return if file == Path::new("-") {
                text.into()
            } else {
                format!("{}: {text}", shown(file))
            };
        }
        if text.starts_with("can't") { text } else { format!("{}: {text}", shown(file)) }
    }

    fn warn(&mut self, file: &Path, message: impl std::fmt::Display) {
        if !self.options.quiet {
            complain(self.name, format_args!("{}: {message}", shown(file)));
        }
        if self.status == 0 {
            self.status = 2;
        }
    }

    fn one(&mut self, file: &Path) -> anyhow::Result<()> {
        if file == Path::new("-") {
            if !self.unpack && !self.options.force && io::stdout().is_terminal() {
                bail!("compressed data is not written to a terminal; use -f to force it");
            }
            if self.options.list {
                return self.sizes(file, Box::new(io::stdin()), None);
            }
            return self.convert(file, Box::new(io::stdin()), Box::new(io::stdout()));
        }
        let mut file = file.to_path_buf();
        if self.unpack && fs::symlink_metadata(&file).is_err() {
            let with_ending =
                PathBuf::from(format!("{}{}", file.display(), self.kind.endings[0].0));
            if with_ending.exists() {
                file = with_ending;
            }
        }
        let file = file.as_path();
        let to_stdout = self.options.stdout || self.options.test || self.options.list;
        let metadata = if to_stdout || self.options.force {
            fs::metadata(file)
        } else {
            fs::symlink_metadata(file)
        }?;
        if metadata.is_dir() {
            if !self.options.recursive {
                self.warn(file, "is a directory -- ignored");
                return Ok(());
            }
            let mut inside: Vec<_> =
                fs::read_dir(file)?.flatten().map(|entry| entry.path()).collect();
            inside.sort();
            for path in inside {
                self.one(&path)?;
            }
            return Ok(());
        }
        if to_stdout {
            let input = Box::new(File::open(file)?);
            if self.options.list {
                return self.sizes(file, input, Some(metadata.len()));
            }
            let output: Box<dyn Write> =
                if self.options.test { Box::new(io::sink()) } else { Box::new(io::stdout()) };
            return self.convert(file, input, output);
        }
        if !metadata.is_file() {
            self.warn(file, "is not a regular file -- ignored");
            return Ok(());
        }
        let Some(target) = self.target(file) else { return Ok(()) };
        let mut create = OpenOptions::new();
        create.write(true).mode(metadata.mode() & 0o700 | 0o600);
        if self.options.force {
            create.create(true).truncate(true);
        } else {
            create.create_new(true);
        }
        let output = match create.open(&target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                bail!("can't open '{}': File exists", target.display());
            }
            result => result.with_context(|| format!("cannot create {}", target.display()))?,
        };
        let kept = output.try_clone()?;
        let done = self.convert(file, Box::new(File::open(file)?), Box::new(output));
        let done = done.and_then(|()| take_over(&kept, &metadata));
        if let Err(error) = done {
            let _ = fs::remove_file(&target);
            return Err(error);
        }
        if self.options.verbose > 0 {
            let replaced = if self.removes() { "replaced with" } else { "created" };
            eprintln!("{}:\t -- {replaced} {}", file.display(), target.display());
        }
        if self.removes() {
            fs::remove_file(file)?;
        }
        Ok(())
    }

    fn removes(&self) -> bool {
        (self.kind.replaces || self.options.remove)
            && !self.options.keep
            && self.options.output.is_none()
    }

    /// The name of the file to write.
    fn target(&mut self, file: &Path) -> Option<PathBuf> {
        if let Some(output) = &self.options.output {
            return Some(output.clone());
        }
        let name = file.as_os_str().as_bytes();
        let own = self
            .options
            .suffix
            .clone()
            .map(|suffix| if suffix.starts_with('.') { suffix } else { format!(".{suffix}") });
        let first = own.as_deref().unwrap_or(self.kind.endings[0].0).to_owned();
        let cut = |ending: &str, instead: &str| {
            let stem = name.strip_suffix(ending.as_bytes())?;
            let named = !stem.is_empty() && !stem.ends_with(b"/");
            named.then(|| PathBuf::from(OsString::from_vec([stem, instead.as_bytes()].concat())))
        };
        let known = cut(&first, "").or_else(|| {
            self.kind.endings.iter().find_map(|(ending, instead)| cut(ending, instead))
        });
        if self.unpack {
            if known.is_none() {
                self.warn(file, "unknown suffix - ignored");
                self.status = 1;
            }
            return known;
        }
        if known.is_some() && !self.options.force {
            self.warn(file, format_args!("already has {first} suffix -- unchanged"));
            return None;
        }
        Some(PathBuf::from(OsString::from_vec([name, first.as_bytes()].concat())))
    }

    fn convert(
        &mut self,
        file: &Path,
        input: Box<dyn Read>,
        output: Box<dyn Write>,
    ) -> anyhow::Result<()> {
        let output = BufWriter::with_capacity(64 << 10, output);
        if self.unpack {
            return self.unpack(file, input, output);
        }
        let level = match (self.options.fast, self.options.best) {
            (true, _) => 1,
            (_, true) => 9,
            _ => self.options.level.unwrap_or(self.kind.level),
        };
        let mut packed: Box<dyn Finish> = writer(self.kind.format, level, output)?;
        copy(input, &mut packed)?;
        packed.finish()?;
        Ok(())
    }

    fn unpack(
        &mut self,
        file: &Path,
        input: Box<dyn Read>,
        mut output: BufWriter<Box<dyn Write>>,
    ) -> anyhow::Result<()> {
        let mut source = Source::new(input);
        let found = sniff(source.peek(crate::MARK_LEN)?);
        let format = match (self.kind.format, found) {
            (Format::Gzip, Some(Format::Lzw)) => Format::Lzw,
            (Format::Xz, Some(Format::Lzma)) => Format::Lzma,
            (format, found) if Some(format) == found || format == Format::Lzma => format,
            // zcat -f and its like copy what is not compressed.
            _ if self.options.force && self.options.stdout => {
                copy(source, &mut output)?;
                return Ok(output.flush()?);
            }
            (Format::Gzip, _) if source.peek(1)?.is_empty() => bail!("unexpected end of file"),
            (Format::Gzip, _) => bail!("not in gzip format"),
            (format, _) => format,
        };
        match copy(reader(format, source)?, &mut output) {
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<TrailingGarbage>()) => {
                self.warn(file, TrailingGarbage);
            }
            // What came before the damage is given out all the same.
            Err(error) => {
                output.flush()?;
                return Err(error.into());
            }
            Ok(_) => {}
        }
        Ok(output.flush()?)
    }

    /// A line of `--list`; without a length, as for a pipe, what was read of it counts.
    fn sizes(
        &mut self,
        file: &Path,
        input: Box<dyn Read>,
        packed: Option<u64>,
    ) -> anyhow::Result<()> {
        let read = Rc::new(Cell::new(0));
        let input = Box::new(Counted { input, read: Rc::clone(&read) });
        let unpacked =
            io::copy(&mut reader(self.kind.format, Source::new(input))?, &mut io::sink())?;
        let packed = packed.unwrap_or_else(|| read.get());
        let saved =
            if unpacked == 0 { 0.0 } else { 100.0 - 100.0 * packed as f64 / unpacked as f64 };
        let name = match file == Path::new("-") {
            true => PathBuf::from("stdout"),
            false => self.target(file).unwrap_or_else(|| file.to_path_buf()),
        };
        println!("{packed:>19} {unpacked:>19} {saved:>5.1}% {}", name.display());
        Ok(())
    }
}

/// Counts the bytes that are read through it.
struct Counted {
    input: Box<dyn Read>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<u64> {
    io::copy(&mut from, to)
}

/// Gives the new file what the old one had; an owner that cannot be given away stays the caller.
fn take_over(file: &File, old: &fs::Metadata) -> anyhow::Result<()> {
    use nix::unistd::{Gid, Uid, fchown};
    let _ = fchown(file, Some(Uid::from_raw(old.uid())), Some(Gid::from_raw(old.gid())));
    file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
    let times = fs::FileTimes::new().set_accessed(old.accessed()?).set_modified(old.modified()?);
    file.set_times(times).context("cannot set the times")
}

macro_rules! applets {
    ($($name:ident: $kind:ident, $unpack:literal, $stdout:literal;)*) => {
        $(
            #[doc = concat!("The applet `", stringify!($name), "`: status 1 for an error, 2 for a warning.")]
            pub fn $name(args: Args) -> anyhow::Result<u8> {
                run(stringify!($name), &$kind, args, $unpack, $stdout)
            }
        )*
    };
}

applets! {
    gzip: GZIP, false, false;
    gunzip: GZIP, true, false;
    zcat: GZIP, true, true;
    bzip2: BZIP2, false, false;
    bunzip2: BZIP2, true, false;
    bzcat: BZIP2, true, true;
    xz: XZ, false, false;
    unxz: XZ, true, false;
    xzcat: XZ, true, true;
    lzma: LZMA, false, false;
    unlzma: LZMA, true, false;
    lzcat: LZMA, true, true;
    zstd: ZSTD, false, false;
    unzstd: ZSTD, true, false;
    zstdcat: ZSTD, true, true;
    uncompress: LZW, true, false;
}
