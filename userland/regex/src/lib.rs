// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regular expressions as POSIX has them, basic and extended, with GNU's additions: the leftmost match
//! and of those the longest, groups, references to groups, `\<`, `\w`, `\b` and the like.
//!
//! A pattern without references is looked for with lazy automata of the crate regex-automata
//! (`automata`), one without operators with memchr. What groups match is found by trying, within the
//! match that is known then (`backtrack`), and so are patterns with references.
//!
//! Texts are bytes. With [`Options::utf8`] `.` and brackets stand for characters of UTF-8, otherwise for
//! bytes. Classes such as `[:alpha:]` know ASCII only: no table of Unicode is linked in.

#![forbid(unsafe_code)]

mod ast;
mod automata;
mod backtrack;
mod parse;

use ast::Node;
use automata::Automata;
use backtrack::Program;
use std::cell::OnceCell;

/// How a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Extended syntax: `(`, `|`, `+`, `?`, `{` without backslashes.
    pub extended: bool,
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// Characters are those of UTF-8.
    pub utf8: bool,
    /// `^` and `$` match at each line of the text.
    pub lines: bool,
    /// What a backslash before a letter does.
    pub escapes: Escapes,
}

/// What `\t`, `\n` and others are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Escapes {
    /// The letter; in brackets the backslash stands for itself.
    #[default]
    None,
    /// As in sed: `\n`, `\t`, `\f`, `\v`, `\a`, `\r`, `\dNNN`, `\oNNN`, `\xHH`, also in brackets.
    Sed,
    /// As in awk: octal numbers too, and in brackets a backslash takes away a character's meaning.
    Awk,
}

/// Why a pattern is none, in the words of regerror(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("Unmatched [, [^, [:, [., or [=")]
    Bracket,
    #[error("Unmatched ( or \\(")]
    Open,
    #[error("Unmatched ) or \\)")]
    Close,
    #[error("Unmatched \\{{")]
    Brace,
    #[error("Invalid content of \\{{\\}}")]
    Interval,
    #[error("Invalid preceding regular expression")]
    Preceding,
    #[error("Invalid range end")]
    Range,
    #[error("Invalid character class name")]
    Class,
    #[error("Invalid back reference")]
    Reference,
    #[error("Trailing backslash")]
    Backslash,
    #[error("Regular expression too big")]
    TooBig,
}

/// Where groups matched: the whole first; `None` for one that did not take part.
pub type Groups = Vec<Option<(usize, usize)>>;

/// A pattern that is ready for use.
pub struct Regex {
    node: Node,
    groups: usize,
    options: Options,
    literal: Option<memchr::memmem::Finder<'static>>,
    has_back: bool,
    automata: Option<Automata>,
    program: OnceCell<Program>,
}

impl Regex {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is none, or too big.
    pub fn new(pattern: &[u8], options: Options) -> Result<Self, Error> {
        Self::any_of(&[pattern], options)
    }

    /// Matches where one of the patterns does; groups count through all of them.
    ///
    /// # Errors
    /// When one of them is no pattern, or they are too big.
    pub fn any_of(patterns: &[&[u8]], options: Options) -> Result<Self, Error> {
        let mut nodes = Vec::new();
        let mut groups = 0;
        for pattern in patterns {
            let (node, count) = parse::parse(pattern, options, groups)?;
            groups = count;
            nodes.push(node);
        }
        Self::from_nodes(nodes, groups, options)
    }

    /// Matches one of the texts, which have no operators.
    ///
    /// # Errors
    /// When they are too big.
    pub fn texts(texts: &[&[u8]], options: Options) -> Result<Self, Error> {
        let nodes = texts.iter().map(|text| parse::text(text, options)).collect();
        Self::from_nodes(nodes, 0, options)
    }

    /// The same pattern between whole lines' or words' edges.
    ///
    /// # Errors
    /// When it is too big.
    pub fn within(self, whole_lines: bool) -> Result<Self, Error> {
        let (start, end) = if whole_lines {
            (ast::Place::Start, ast::Place::End)
        } else {
            (ast::Place::WordStart, ast::Place::WordEnd)
        };
        let parts = vec![Node::Look(start), self.node, Node::Look(end)];
        Self::from_nodes(vec![Node::Concat(parts)], self.groups, self.options)
    }

    fn from_nodes(mut nodes: Vec<Node>, groups: usize, options: Options) -> Result<Self, Error> {
        let node = if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) };
        let has_back = node.has_back();
        let mut text = Vec::new();
        let literal = node
            .literal(options.utf8, &mut text)
            .then(|| memchr::memmem::Finder::new(&text).into_owned());
        let automata = if literal.is_none() && !has_back {
            Some(Automata::new(&node, options)?)
        } else {
            None
        };
        Ok(Self { node, groups, options, literal, has_back, automata, program: OnceCell::new() })
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Does it match somewhere?
    pub fn is_match(&self, text: &[u8]) -> bool {
        match &self.automata {
            Some(automata) => automata.is_match(text, 0),
            None => self.find_at(text, 0).is_some(),
        }
    }

    /// The first match at or after `from`, which is no start of a line for the text before it.
    pub fn find_at(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        if let Some(finder) = &self.literal {
            let start = from + finder.find(text.get(from..)?)?;
            return Some((start, start + finder.needle().len()));
        }
        match &self.automata {
            Some(automata) => automata.find(text, from),
            None => self.try_all(text, from).and_then(|groups| groups[0]),
        }
    }

    /// The same with what the groups matched.
    pub fn groups_at(&self, text: &[u8], from: usize) -> Option<Groups> {
        if self.has_back {
            return self.try_all(text, from);
        }
        let (start, end) = self.find_at(text, from)?;
        if self.groups == 0 {
            return Some(vec![Some((start, end))]);
        }
        self.try_at(text, start, Some(end))
    }

    fn try_all(&self, text: &[u8], from: usize) -> Option<Groups> {
        (from..=text.len()).find_map(|start| self.try_at(text, start, None))
    }

    fn try_at(&self, text: &[u8], start: usize, end: Option<usize>) -> Option<Groups> {
        let program =
            self.program.get_or_init(|| Program::new(&self.node, self.groups, self.options));
        let slots = program.run(text, start, end)?;
        Some((0..=self.groups).map(|n| slots[2 * n].zip(slots[2 * n + 1])).collect())
    }
}

/// The byte that an escape such as `\n` stands for, its backslash taken away, and the escape's length.
pub fn escape(rest: &[u8], escapes: Escapes) -> Option<(u8, usize)> {
    parse::escaped(rest, escapes)
}

/// Does a name fit a pattern of the shell's? `*` and `?` match slashes and leading dots, too.
pub fn glob_matches(pattern: &[u8], name: &[u8]) -> bool {
    glob(pattern, locale_is_utf8()).is_some_and(|regex| regex.is_match(name))
}

/// A shell's pattern for whole names as a regular expression; none if it is none.
pub fn glob(pattern: &[u8], utf8: bool) -> Option<Regex> {
    glob_with(pattern, Options { utf8, ..Options::default() })
}

/// [`glob`] with upper and lower case the same, if the options say so.
pub fn glob_with(pattern: &[u8], options: Options) -> Option<Regex> {
    Regex::new(&parse::glob(pattern), Options { extended: false, ..options }).ok()
}

/// Does the locale of the environment have characters of UTF-8?
pub fn locale_is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    set.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// The length of the character that a text begins with, 1 for a byte that begins none.
pub fn character_len(text: &[u8], utf8: bool) -> usize {
    backtrack::character(text, utf8).map_or(1, |(_, len)| len)
}

#[cfg(test)]
mod tests;
