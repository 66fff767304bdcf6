// SPDX-License-Identifier: MIT OR Apache-2.0
//! grep's command line.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use anyhow::Result;
use clap::ArgAction;
use ochre_applet::{Failure, parse_or};
use ochre_regex::{Escapes, Options as Syntax, Regex, locale_is_utf8};

use crate::pattern::{Pattern, Perl, PerlOptions};

/// Print the lines that match a pattern
#[derive(clap::Parser)]
#[command(name = "grep", args_override_self = true, disable_help_flag = true)]
pub struct Options {
    /// The pattern, unless -e or -f give it, then the files
    words: Vec<OsString>,
    /// Patterns are extended regular expressions
    #[arg(short = 'E', long, overrides_with_all = ["fixed", "basic"])]
    extended_regexp: bool,
    /// Patterns are texts
    #[arg(short = 'F', long = "fixed-strings", overrides_with_all = ["basic"])]
    fixed: bool,
    /// Patterns are basic regular expressions (the default)
    #[arg(short = 'G', long = "basic-regexp")]
    basic: bool,
    /// The pattern is of Perl's syntax
    #[arg(short = 'P', long = "perl-regexp")]
    perl: bool,
    /// A pattern; may be given several times
    #[arg(short = 'e', long = "regexp", action = ArgAction::Append, allow_hyphen_values = true)]
    patterns: Vec<OsString>,
    /// A file with a pattern in each line
    #[arg(short = 'f', long = "file", action = ArgAction::Append)]
    files: Vec<OsString>,
    /// Upper and lower case are the same
    #[arg(short = 'i', short_alias = 'y', long, overrides_with = "no_ignore_case")]
    ignore_case: bool,
    /// Upper and lower case differ
    #[arg(long)]
    no_ignore_case: bool,
    /// Print the lines that do not match
    #[arg(short = 'v', long)]
    pub invert_match: bool,
    /// Match whole words only
    #[arg(short = 'w', long)]
    pub word_regexp: bool,
    /// Match whole lines only
    #[arg(short = 'x', long)]
    line_regexp: bool,
    /// Print the number of lines
    #[arg(short = 'c', long)]
    pub count: bool,
    /// Print the names of files with a match
    #[arg(short = 'l', long, overrides_with = "files_without_match")]
    pub files_with_matches: bool,
    /// Print the names of files without a match
    #[arg(short = 'L', long)]
    pub files_without_match: bool,
    /// Stop after so many lines
    #[arg(short = 'm', long)]
    pub max_count: Option<u64>,
    /// Print what matched only
    #[arg(short = 'o', long)]
    pub only_matching: bool,
    /// Print nothing; the status says all
    #[arg(short = 'q', long, alias = "silent")]
    pub quiet: bool,
    /// Say nothing of files that cannot be read
    #[arg(short = 's', long)]
    pub no_messages: bool,
    /// Print the offset in bytes before each line
    #[arg(short = 'b', long)]
    pub byte_offset: bool,
    /// Print the file's name before each line
    #[arg(short = 'H', long, overrides_with = "no_filename")]
    with_filename: bool,
    /// Print no file names
    #[arg(short = 'h', long)]
    no_filename: bool,
    /// The name of standard input
    #[arg(long, default_value = "(standard input)")]
    pub label: OsString,
    /// Print the number of each line before it
    #[arg(short = 'n', long)]
    pub line_number: bool,
    /// Flush the output at each line
    #[arg(long)]
    pub line_buffered: bool,
    /// Align lines with a tab
    #[arg(short = 'T', long)]
    pub initial_tab: bool,
    /// End file names with a null byte
    #[arg(short = 'Z', long)]
    pub null: bool,
    /// Lines end with a null byte
    #[arg(short = 'z', long)]
    pub null_data: bool,
    /// Print so many lines after each match
    #[arg(short = 'A', long)]
    after_context: Option<usize>,
    /// Print so many lines before each match
    #[arg(short = 'B', long)]
    before_context: Option<usize>,
    /// Print so many lines around each match
    #[arg(short = 'C', long)]
    context: Option<usize>,
    /// What stands between groups of lines
    #[arg(long, default_value = "--")]
    pub group_separator: OsString,
    /// Print nothing between groups of lines
    #[arg(long)]
    pub no_group_separator: bool,
    /// Mark matches with colours: always, never, auto
    #[arg(long, alias = "colour", num_args = 0..=1, require_equals = true,
          default_missing_value = "auto")]
    color: Option<String>,
    /// Binary files: text, binary, without-match
    #[arg(long, default_value = "binary", value_parser = ["binary", "text", "without-match"])]
    binary_files: String,
    /// Binary files are text
    #[arg(short = 'a', long)]
    text: bool,
    /// Binary files do not match
    #[arg(short = 'I')]
    no_binary: bool,
    /// Read folders with all in them
    #[arg(short = 'r', long)]
    recursive: bool,
    /// The same, following links
    #[arg(short = 'R', long)]
    pub dereference_recursive: bool,
    /// Folders: read, skip, recurse
    #[arg(short = 'd', long, value_parser = ["read", "recurse", "skip"])]
    directories: Option<String>,
    /// Devices: read, skip
    #[arg(short = 'D', long, value_parser = ["read", "skip"])]
    devices: Option<String>,
    /// Read only files that fit this pattern of names
    #[arg(long, action = ArgAction::Append)]
    pub include: Vec<String>,
    /// Leave out files that fit this pattern of names
    #[arg(long, action = ArgAction::Append)]
    pub exclude: Vec<String>,
    /// Leave out files that fit a pattern of names in this file
    #[arg(long, action = ArgAction::Append, value_name = "FILE")]
    exclude_from: Vec<OsString>,
    /// Leave out folders that fit this pattern of names
    #[arg(long, action = ArgAction::Append)]
    pub exclude_dir: Vec<String>,
    /// Leave carriage returns alone (always so)
    #[arg(short = 'U', long)]
    binary: bool,
    /// Print this help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

/// What to do with a file that is no text.
#[derive(Clone, Copy, PartialEq)]
pub enum Binary {
    /// Say that it matches.
    Say,
    /// Print its lines.
    Print,
    /// Take it for one without a match.
    Skip,
}

impl Options {
    /// Reads the command line and the pattern; the files that it names come with them.
    pub fn read(args: &[OsString]) -> Result<(Self, Pattern, Vec<OsString>)> {
        let args = numbers_to_context(args);
        let mut options: Self = parse_or(&args, 2)?;
        match ochre_applet::called_name(&args[0]).as_str() {
            "egrep" => options.extended_regexp = true,
            "fgrep" => options.fixed = true,
            _ => {}
        }
        if options.perl && (options.extended_regexp || options.fixed || options.basic) {
            return Err(Failure::new(2, "conflicting matchers specified").into());
        }
        let mut words = std::mem::take(&mut options.words);
        let mut texts: Vec<Vec<u8>> = Vec::new();
        if options.patterns.is_empty() && options.files.is_empty() {
            if words.is_empty() {
                let usage = "usage: grep [OPTION]... PATTERNS [FILE]...; see grep --help";
                return Err(Failure::new(2, usage).into());
            }
            options.patterns.push(words.remove(0));
        }
        for pattern in &options.patterns {
            texts.extend(pattern.as_bytes().split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        }
        for file in &options.files {
            texts.extend(lines_of(file)?);
        }
        for file in &options.exclude_from {
            let lines = lines_of(file)?;
            options.exclude.extend(lines.iter().map(|l| String::from_utf8_lossy(l).into_owned()));
        }
        let pattern = if options.perl {
            Pattern::Perl(options.perl(&texts)?)
        } else {
            Pattern::Posix(Box::new(options.regex(&texts)?))
        };
        Ok((options, pattern, words))
    }

    fn perl(&self, texts: &[Vec<u8>]) -> Result<Perl> {
        let [text] = texts else {
            return Err(Failure::new(2, "the -P option only supports a single pattern").into());
        };
        let wrong = |message: String| Failure::new(2, message);
        let text = std::str::from_utf8(text)
            .map_err(|_| wrong("the -P option only supports patterns of UTF-8".into()))?;
        let how = PerlOptions {
            ignore_case: self.ignore_case,
            utf8: locale_is_utf8(),
            words: self.word_regexp,
            whole: self.line_regexp,
        };
        Ok(Perl::new(text, how).map_err(wrong)?)
    }

    fn regex(&self, texts: &[Vec<u8>]) -> Result<Regex> {
        let syntax = Syntax {
            extended: self.extended_regexp,
            ignore_case: self.ignore_case,
            utf8: locale_is_utf8(),
            lines: false,
            escapes: Escapes::None,
        };
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let regex =
            if self.fixed { Regex::texts(&texts, syntax) } else { Regex::any_of(&texts, syntax) };
        let regex = if self.line_regexp { regex.and_then(|r| r.within(true)) } else { regex };
        Ok(regex.map_err(|error| Failure::new(2, error.to_string()))?)
    }

    /// Lines before and after a match.
    pub fn around(&self) -> (usize, usize) {
        let both = self.context.unwrap_or(0);
        (self.before_context.unwrap_or(both), self.after_context.unwrap_or(both))
    }

    /// Does grep read folders with all in them?
    pub fn recurses(&self) -> bool {
        self.recursive
            || self.dereference_recursive
            || self.directories.as_deref() == Some("recurse")
    }

    /// Are folders left out in silence?
    pub fn skips_folders(&self) -> bool {
        self.directories.as_deref() == Some("skip")
    }

    /// Are names printed, with so many files on the command line?
    pub fn names(&self, files: &[OsString]) -> bool {
        if self.no_filename {
            return false;
        }
        self.with_filename || files.len() > 1
    }

    /// Are the names of files in folders printed?
    pub fn names_within(&self) -> bool {
        !self.no_filename
    }

    /// Are devices and pipes read wherever they are?
    pub fn reads_devices(&self) -> bool {
        self.devices.as_deref() == Some("read")
    }

    /// Are devices and pipes left out, also those that are named?
    pub fn skips_devices(&self) -> bool {
        self.devices.as_deref() == Some("skip")
    }

    /// Are matches marked?
    pub fn colors(&self) -> bool {
        match self.color.as_deref() {
            Some("always" | "yes" | "force") => true,
            Some("auto" | "tty" | "if-tty") => {
                use std::io::IsTerminal;
                std::io::stdout().is_terminal()
                    && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
            }
            _ => false,
        }
    }

    /// What to do with files that are no texts.
    pub fn binary(&self) -> Binary {
        match self.binary_files.as_str() {
            _ if self.text => Binary::Print,
            _ if self.no_binary => Binary::Skip,
            "text" => Binary::Print,
            "without-match" => Binary::Skip,
            _ => Binary::Say,
        }
    }
}

/// The lines of a file of patterns.
fn lines_of(file: &OsString) -> Result<Vec<Vec<u8>>> {
    let text = read_patterns(file).map_err(|error| {
        Failure::new(2, format!("{}: {}", file.display(), ochre_applet::reason(&error)))
    })?;
    let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    Ok(lines)
}

fn read_patterns(file: &OsString) -> std::io::Result<Vec<u8>> {
    if file == "-" {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut text)?;
        return Ok(text);
    }
    std::fs::read(file)
}

/// `-5` is `-C 5`, also within other letters: `-n5`.
fn numbers_to_context(args: &[OsString]) -> Vec<OsString> {
    let mut result = Vec::new();
    let mut rest = args.iter();
    result.extend(rest.next().cloned());
    // The letters whose value follows.
    const VALUED: &[u8] = b"efmABCdD";
    while let Some(arg) = rest.next() {
        let bytes = arg.as_bytes();
        if bytes == b"--" {
            result.push(arg.clone());
            result.extend(rest.cloned());
            break;
        }
        if bytes.len() < 2 || bytes[0] != b'-' || bytes[1] == b'-' {
            result.push(arg.clone());
            continue;
        }
        let end = bytes.iter().position(|b| VALUED.contains(b)).unwrap_or(bytes.len());
        let (letters, value) = bytes.split_at(end);
        let digits: Vec<u8> = letters.iter().copied().filter(u8::is_ascii_digit).collect();
        let mut others: Vec<u8> =
            letters.iter().copied().filter(|byte| !byte.is_ascii_digit()).collect();
        others.extend(value);
        if others.len() > 1 {
            result.push(OsString::from_vec(others));
        }
        if !digits.is_empty() {
            result.push(OsString::from_vec([b"-C".as_slice(), &digits].concat()));
        }
        if value.len() == 1 {
            result.extend(rest.next().cloned());
        }
    }
    result
}
