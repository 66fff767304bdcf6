// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a script is made of.

use std::rc::Rc;

use ochre_regex::Regex;

/// A pattern; none is the one that was used last.
pub type Pattern = Option<Rc<Regex>>;

/// One end of the lines that a command is for.
pub enum Address {
    /// A line's number.
    Line(u64),
    /// `FIRST~STEP`.
    Step(u64, u64),
    /// `$`.
    Last,
    /// `/PATTERN/`.
    Match(Pattern),
    /// `ADDRESS,+N`.
    Plus(u64),
    /// `ADDRESS,~N`.
    Multiple(u64),
}

/// Where an input of `s///` comes from.
pub enum Part {
    /// As it is.
    Text(Vec<u8>),
    /// A group; 0 is all.
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`.
    Case(u8),
}

/// `s`.
pub struct Substitution {
    pub pattern: Pattern,
    pub parts: Vec<Part>,
    pub all: bool,
    pub number: usize,
    pub print: bool,
    pub evaluate: bool,
    pub file: Option<usize>,
}

/// What a command does.
pub enum Action {
    /// `{`: where its end is.
    Block(usize),
    /// `}`, labels and comments.
    Nothing,
    Equals,
    Append(Vec<u8>),
    Insert(Vec<u8>),
    Change(Vec<u8>),
    Branch(usize),
    BranchIf(usize),
    BranchUnless(usize),
    Delete,
    DeleteFirst,
    Execute(Vec<u8>),
    FileName,
    Get,
    GetAppend,
    Hold,
    HoldAppend,
    List(Option<usize>),
    Next,
    NextAppend,
    Print,
    PrintFirst,
    Quit(u8),
    QuitSilently(u8),
    Read(Vec<u8>),
    ReadLine(Vec<u8>),
    Substitute(Box<Substitution>),
    Write(usize),
    WriteFirst(usize),
    Exchange,
    Translate(Vec<(Vec<u8>, Vec<u8>)>),
    Zap,
}

/// A command with its lines.
pub struct Command {
    pub first: Option<Address>,
    pub second: Option<Address>,
    pub negated: bool,
    pub action: Action,
}

/// A whole script.
#[derive(Default)]
pub struct Script {
    pub commands: Vec<Command>,
    /// The files that are written, by name.
    pub files: Vec<Vec<u8>>,
    /// `#n` in the first line.
    pub quiet: bool,
}
