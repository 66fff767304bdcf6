// SPDX-License-Identifier: MIT OR Apache-2.0
//! tar's options. `-C` stands among the names and holds for those behind it, so both are kept in the
//! order in which they were given.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use anyhow::bail;
use clap::{CommandFactory, FromArgMatches};
use ochre_applet::{Args, Failure};
use ochre_compress::Format;

/// Pack files into an archive, or unpack or list one.
#[derive(clap::Parser)]
#[command(
    name = "tar",
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct Options {
    /// Create an archive
    #[arg(short, long)]
    create: bool,
    /// Extract members
    #[arg(short = 'x', long, alias = "get")]
    extract: bool,
    /// List members
    #[arg(short = 't', long)]
    list: bool,
    /// Add files to the end of an archive
    #[arg(short = 'r', long)]
    append: bool,
    /// Add files that are newer than those of the archive
    #[arg(short = 'u', long)]
    pub update: bool,
    /// The archive; - is standard input or output
    #[arg(short, long, value_name = "ARCHIVE")]
    pub file: Option<PathBuf>,
    /// Change to this folder before the names that follow
    #[arg(short = 'C', long, value_name = "FOLDER", action = clap::ArgAction::Append)]
    directory: Vec<PathBuf>,
    /// Name each member; twice: all that is known of it
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// gzip
    #[arg(short = 'z', long, aliases = ["gunzip", "ungzip"])]
    gzip: bool,
    /// bzip2
    #[arg(short = 'j', long)]
    bzip2: bool,
    /// xz
    #[arg(short = 'J', long)]
    xz: bool,
    /// lzma
    #[arg(long)]
    lzma: bool,
    /// zstd
    #[arg(long)]
    zstd: bool,
    /// compress
    #[arg(short = 'Z', long, alias = "uncompress")]
    compress: bool,
    /// The compression that the archive's name asks for
    #[arg(short, long)]
    auto_compress: bool,
    /// Extract to standard output
    #[arg(short = 'O', long)]
    pub to_stdout: bool,
    /// Modes as in the archive, whatever the umask
    #[arg(short = 'p', long = "preserve-permissions", alias = "same-permissions")]
    pub preserve: bool,
    /// Modes less the umask
    #[arg(long)]
    pub no_same_permissions: bool,
    /// Owners as in the archive
    #[arg(long)]
    pub same_owner: bool,
    /// Files belong to the caller
    #[arg(short = 'o', long)]
    pub no_same_owner: bool,
    /// Owners by their numbers
    #[arg(long)]
    pub numeric_owner: bool,
    /// Times of extraction, not the archive's
    #[arg(short = 'm', long)]
    pub touch: bool,
    /// Leave files that are there, with an error
    #[arg(short = 'k', long)]
    pub keep_old_files: bool,
    /// Leave files that are there
    #[arg(long)]
    pub skip_old_files: bool,
    /// Leave files that are not older
    #[arg(long)]
    pub keep_newer_files: bool,
    /// Write into files that are there
    #[arg(long)]
    pub overwrite: bool,
    /// Remove files before extracting over them: always done
    #[arg(short = 'U', long)]
    unlink_first: bool,
    /// Trust names that are absolute or have .. in them
    #[arg(short = 'P', long)]
    pub absolute_names: bool,
    /// Pack what links point at
    #[arg(short = 'h', long)]
    pub dereference: bool,
    /// Pack hard links as files of their own
    #[arg(long)]
    pub hard_dereference: bool,
    /// Leave out members that this pattern means
    #[arg(long, value_name = "PATTERN", action = clap::ArgAction::Append)]
    pub exclude: Vec<OsString>,
    /// Leave out members that the patterns in a file mean
    #[arg(short = 'X', long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub exclude_from: Vec<PathBuf>,
    /// Names in a file
    #[arg(short = 'T', long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub files_from: Vec<PathBuf>,
    /// Names in files end with NUL
    #[arg(long)]
    pub null: bool,
    /// Cut so many parts off the names
    #[arg(long, value_name = "N", default_value_t = 0, alias = "strip", hide_default_value = true)]
    pub strip_components: usize,
    /// Leave out what folders hold
    #[arg(long)]
    pub no_recursion: bool,
    /// Stay on one file system
    #[arg(long)]
    pub one_file_system: bool,
    /// Remove files when they are packed
    #[arg(long)]
    pub remove_files: bool,
    /// Format to write: gnu, pax, posix or ustar
    #[arg(short = 'H', long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Owner of all members: NAME, NUMBER or NAME:NUMBER
    #[arg(long)]
    pub owner: Option<String>,
    /// Group of all members
    #[arg(long)]
    pub group: Option<String>,
    /// Mode of all members, octal
    #[arg(long)]
    pub mode: Option<String>,
    /// Time of all members: @SECONDS
    #[arg(long)]
    pub mtime: Option<String>,
    /// Order of members: name; they always come so
    #[arg(long)]
    sort: Option<String>,
    /// Patterns among names: always taken
    #[arg(long)]
    wildcards: bool,
    /// Blocks per record: taken, always 20
    #[arg(short = 'b', long, value_name = "N")]
    blocking_factor: Option<u32>,
    /// Print this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// The files or members
    names: Vec<PathBuf>,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Create,
    Extract,
    List,
    /// Also with `-u`.
    Append,
}

/// A word of the command line that is no option.
pub enum Input {
    Name(PathBuf),
    /// `-C`.
    Folder(PathBuf),
}

impl Options {
    /// What is to be done; checked when the options were read.
    pub fn mode(&self) -> Mode {
        match self {
            _ if self.create => Mode::Create,
            _ if self.extract => Mode::Extract,
            _ if self.list => Mode::List,
            _ => Mode::Append,
        }
    }

    /// How the archive is to be compressed.
    pub fn format_to_write(&self) -> anyhow::Result<Option<Format>> {
        let asked = [
            (self.gzip, Format::Gzip),
            (self.bzip2, Format::Bzip2),
            (self.xz, Format::Xz),
            (self.lzma, Format::Lzma),
            (self.zstd, Format::Zstd),
            (self.compress, Format::Lzw),
        ];
        let mut formats = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, format)| format);
        let format = formats.next();
        if formats.next().is_some() {
            bail!("only one kind of compression can be used: leave out all options for others");
        }
        if format.is_none() && self.auto_compress {
            let name = self.file.as_deref().map(|file| file.to_string_lossy().into_owned());
            return Ok(name.and_then(|name| ochre_compress::by_name(&name)));
        }
        Ok(format)
    }
}

/// `cvfX a b` becomes `-c -v -fa -Xb`.
fn modern(args: Args) -> Args {
    let mut rest = args.into_iter();
    let mut result: Args = rest.next().into_iter().collect();
    let Some(first) = rest.next() else { return result };
    if first.is_empty() || first.as_bytes()[0] == b'-' {
        result.push(first);
        result.extend(rest);
        return result;
    }
    for letter in first.as_bytes() {
        let mut option = vec![b'-', *letter];
        if b"fCXTHb".contains(letter)
            && let Some(value) = rest.next()
        {
            option.extend_from_slice(value.as_bytes());
        }
        result.push(OsString::from_vec(option));
    }
    result.extend(rest);
    result
}

/// Reads the command line.
pub fn read(args: Args) -> anyhow::Result<(Options, Vec<Input>)> {
    let wrong = |error: clap::Error| {
        let _ = error.print();
        anyhow::Error::from(Failure::silent(u8::from(error.use_stderr())))
    };
    let matches = Options::command().try_get_matches_from(modern(args)).map_err(wrong)?;
    let options = Options::from_arg_matches(&matches).map_err(wrong)?;
    let modes = [options.create, options.extract, options.list, options.append, options.update];
    match modes.iter().filter(|mode| **mode).count() {
        0 => bail!("one of -c, -x, -t, -r and -u is needed; see tar --help"),
        1 => {}
        _ => bail!("only one of -c, -x, -t, -r and -u can be done at a time"),
    }
    let at = |id| matches.indices_of(id).into_iter().flatten();
    let names = at("names").zip(options.names.iter().cloned().map(Input::Name));
    let folders = at("directory").zip(options.directory.iter().cloned().map(Input::Folder));
    let mut inputs: Vec<(usize, Input)> = names.chain(folders).collect();
    inputs.sort_by_key(|(index, _)| *index);
    Ok((options, inputs.into_iter().map(|(_, input)| input).collect()))
}
