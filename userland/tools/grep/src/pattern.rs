// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is looked for: POSIX patterns through `ochre_regex`, Perl's (-P) through the crate fancy-regex.
//!
//! Perl's syntax is put into the crate's in `perl`. Classes and ignored case know all of Unicode where the locale is one of UTF-8, as GNU grep's do
//! since 3.9; properties such as `\p{Greek}` are refused, because their tables are not linked in.

use std::cell::Cell;

use fancy_regex::{BytesMode, RegexBuilder};
use ochre_regex::Regex;

/// A pattern that is ready for use.
pub enum Pattern {
    /// Basic or extended syntax, or plain texts.
    Posix(Box<Regex>),
    /// Perl's syntax.
    Perl(Perl),
}

impl Pattern {
    /// Does it match somewhere?
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Posix(regex) => regex.is_match(text),
            Self::Perl(perl) => perl.find_at(text, 0).is_some(),
        }
    }

    /// The first match at or after `from`; what stands before is seen.
    pub fn find_at(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        match self {
            Self::Posix(regex) => regex.find_at(text, from),
            Self::Perl(perl) => perl.find_at(text, from),
        }
    }

    /// Does it match whole words by itself, when that is wanted?
    pub fn knows_words(&self) -> bool {
        matches!(self, Self::Perl(_))
    }

    /// Tells, once, whether it took too long to match since the last call.
    pub fn gave_up(&self) -> bool {
        match self {
            Self::Posix(_) => false,
            Self::Perl(perl) => perl.gave_up.take(),
        }
    }
}

/// How a pattern of Perl's syntax is read.
#[derive(Clone, Copy, Default)]
pub struct PerlOptions {
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// Characters are those of UTF-8.
    pub utf8: bool,
    /// It is to match whole words.
    pub words: bool,
    /// It is to match whole lines.
    pub whole: bool,
}

/// A pattern of Perl's syntax.
pub struct Perl {
    regex: fancy_regex::Regex,
    gave_up: Cell<bool>,
}

impl Perl {
    /// Reads a pattern.
    ///
    /// # Errors
    /// In fancy-regex's words, when it is none.
    pub fn new(pattern: &str, options: PerlOptions) -> Result<Self, String> {
        let around = match (options.whole, options.words) {
            (true, _) => ("^(?:", ")$"),
            (_, true) => (r"(?<!\w)(?:", r")(?!\w)"),
            _ => ("", ""),
        };
        let mode = if options.utf8 { BytesMode::UnicodeBytes } else { BytesMode::Ascii };
        let regex = RegexBuilder::new(&format!(
            "{}{}{}",
            around.0,
            crate::perl::translated(pattern, options.utf8),
            around.1
        ))
        .case_insensitive(options.ignore_case)
        .bytes_mode(mode)
        .build();
        let regex = regex.map_err(|error| error.to_string())?;
        Ok(Self { regex, gave_up: Cell::new(false) })
    }

    fn find_at(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        match self.regex.find_from_pos(text, from) {
            Ok(found) => found.map(|found| {
                // `\K` in something that looks ahead may put the start behind the end.
                (found.start().min(found.end()), found.end())
            }),
            Err(_) => {
                self.gave_up.set(true);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, options: PerlOptions, text: &[u8]) -> Option<(usize, usize)> {
        Perl::new(pattern, options).unwrap().find_at(text, 0)
    }

    #[test]
    fn perls_signs_are_known() {
        // Each as grep -oP of GNU grep 3.8 has it.
        let plain = PerlOptions::default();
        assert_eq!(found("foo(?=bar)", plain, b"foobar"), Some((0, 3)));
        assert_eq!(found(r"foo\Kbar", plain, b"foobar"), Some((3, 6)));
        assert_eq!(found(r"(?<=o)b\w", plain, b"foobar"), Some((3, 5)));
        assert_eq!(found(r"(.)\1", plain, b"foobar"), Some((1, 3)));
        assert_eq!(found(r"\d+", plain, b"a12b3"), Some((1, 3)));
        assert_eq!(found("fo++b", plain, b"foobar"), Some((0, 4)));
        assert_eq!(found("(?i)ABC", plain, b"xabc"), Some((1, 4)));
        assert_eq!(found(r"\Qo.b\E", plain, b"foobar o.b"), Some((7, 10)));
        assert_eq!(found(r"\h+", plain, b"bad \tx"), Some((3, 5)));
        assert_eq!(found(r"[\H]+\D", plain, b"ab1 c"), Some((0, 4)));
        assert_eq!(found("[[a]b", plain, b"x[b"), Some((1, 3)));
        assert_eq!(found("[[:digit:][]+", plain, b"x[2b"), Some((1, 3)));
        assert_eq!(found(r"\((?:[^()]|(?R))*\)", plain, b"f(a(b)c))"), Some((1, 8)));
        assert_eq!(found("(o)(?1)b", plain, b"foobar"), Some((1, 4)));
        assert!(Perl::new("foo(", plain).is_err());
    }

    #[test]
    fn words_and_lines_are_whole() {
        let words = PerlOptions { words: true, ..PerlOptions::default() };
        assert_eq!(found("foo", words, b"foobar foo"), Some((7, 10)));
        assert_eq!(found("foo|foobar", words, b"foobar"), Some((0, 6)));
        let whole = PerlOptions { whole: true, ..PerlOptions::default() };
        assert_eq!(found("a|bar", whole, b"bar"), Some((0, 3)));
        assert_eq!(found("a|bar", whole, b"abar"), None);
    }

    #[test]
    fn bytes_and_characters_are_told_apart() {
        let bytes = PerlOptions::default();
        assert_eq!(found("a.b", bytes, b"a\xffb"), Some((0, 3)));
        let characters = PerlOptions { utf8: true, ignore_case: true, ..bytes };
        assert_eq!(found("a.b", characters, b"a\xffb"), None);
        assert_eq!(found(r"^.\b.", characters, "ä ".as_bytes()), Some((0, 3)));
        assert_eq!(found("Ä", characters, "ä".as_bytes()), Some((0, 2)));
        // ARABIC-INDIC DIGIT ONE
        assert_eq!(found(r"\d", characters, "\u{661}1".as_bytes()), Some((2, 3)));
    }

    #[test]
    fn too_much_work_is_told() {
        let perl = Perl::new("(a|b|ab)*(?>c)", PerlOptions::default()).unwrap();
        let pattern = Pattern::Perl(perl);
        assert!(!pattern.is_match(&b"ab".repeat(60)));
        assert!(pattern.gave_up());
        assert!(!pattern.gave_up());
    }
}
