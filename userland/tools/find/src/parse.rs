// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads find's arguments: options, paths, and the expression.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;

use anyhow::Result;
use nix::unistd::AccessFlags;
use ochre_applet::{Failure, reason};
use ochre_regex::{Options, Regex, locale_is_utf8};

use crate::exec::Exec;
use crate::print::{Format, Output};
use crate::tree::{Count, Moment, Node, Permission, Stamp, Test};
use crate::words::{count, from_emacs, mode_bits, moment, stamp};

/// Which links are followed.
#[derive(Clone, Copy, PartialEq)]
pub enum Follow {
    Never,
    /// Those named as starts.
    Starts,
    Always,
}

/// What is to be done.
pub struct Plan {
    pub follow: Follow,
    pub starts: Vec<OsString>,
    pub expression: Node,
    pub least: usize,
    pub most: usize,
    pub depth_first: bool,
    pub one_device: bool,
}

struct Parser<'a> {
    words: std::iter::Peekable<std::slice::Iter<'a, OsString>>,
    plan: Plan,
    acts: bool,
    extended: bool,
    emacs: bool,
    now: Moment,
    files: Vec<(OsString, Output)>,
}

/// Reads all arguments but the program's name.
pub fn parse(args: &[OsString]) -> Result<Plan> {
    let mut rest = args.iter().peekable();
    let mut follow = Follow::Never;
    while let Some(arg) = rest.peek() {
        match arg.as_bytes() {
            b"-P" => follow = Follow::Never,
            b"-H" => follow = Follow::Starts,
            b"-L" => follow = Follow::Always,
            b"-D" => {
                rest.next();
            }
            arg if arg.starts_with(b"-O") => {}
            b"--" => {
                rest.next();
                break;
            }
            _ => break,
        }
        rest.next();
    }
    let mut starts = Vec::new();
    while let Some(arg) = rest.next_if(|arg| !begins_expression(arg.as_bytes())) {
        starts.push(arg.clone());
    }
    if starts.is_empty() {
        starts.push(".".into());
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let plan = Plan {
        follow,
        starts,
        expression: Node::Test(Test::Constant(true)),
        least: 0,
        most: usize::MAX,
        depth_first: false,
        one_device: false,
    };
    let mut parser = Parser {
        words: rest,
        plan,
        acts: false,
        extended: false,
        emacs: true,
        now: (since.as_secs() as i64, i64::from(since.subsec_nanos())),
        files: Vec::new(),
    };
    let mut expression = match parser.words.peek() {
        None => Node::Test(Test::Constant(true)),
        Some(_) => parser.list()?,
    };
    if let Some(word) = parser.words.next() {
        return match word.as_bytes() {
            b")" => wrong("invalid expression; you have too many ')'"),
            _ => wrong(format!("paths must precede expression: `{}'", word.display())),
        };
    }
    if !parser.acts {
        let print = Node::Print(Output::STANDARD, b'\n');
        expression = Node::And(Box::new(expression), Box::new(print));
    }
    let mut plan = parser.plan;
    plan.expression = expression;
    Ok(plan)
}

fn begins_expression(arg: &[u8]) -> bool {
    matches!(arg, b"(" | b")" | b"!" | b",") || (arg.len() > 1 && arg[0] == b'-')
}

fn wrong<T>(what: impl Into<String>) -> Result<T> {
    Err(Failure::new(1, what).into())
}

impl Parser<'_> {
    fn next_is(&mut self, words: &[&str]) -> bool {
        let wanted =
            |word: &&OsString| words.iter().any(|wanted| wanted.as_bytes() == word.as_bytes());
        self.words.next_if(wanted).is_some()
    }

    fn list(&mut self) -> Result<Node> {
        let mut left = self.either()?;
        while self.next_is(&[","]) {
            left = Node::Both(Box::new(left), Box::new(self.either()?));
        }
        Ok(left)
    }

    fn either(&mut self) -> Result<Node> {
        let mut left = self.both()?;
        while self.next_is(&["-o", "-or"]) {
            left = Node::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Node> {
        let mut left = self.not()?;
        loop {
            let follows = self.next_is(&["-a", "-and"]);
            let ends = self
                .words
                .peek()
                .is_none_or(|word| matches!(word.as_bytes(), b")" | b"," | b"-o" | b"-or"));
            if ends && !follows {
                return Ok(left);
            }
            left = Node::And(Box::new(left), Box::new(self.not()?));
        }
    }

    fn not(&mut self) -> Result<Node> {
        if self.next_is(&["!", "-not"]) {
            return Ok(Node::Not(Box::new(self.not()?)));
        }
        if self.next_is(&["("]) {
            if self.next_is(&[")"]) {
                return wrong("invalid expression; empty parentheses are not allowed.");
            }
            let inner = self.list()?;
            if !self.next_is(&[")"]) {
                return wrong(
                    "invalid expression; I was expecting to find a ')' somewhere but did not see one.",
                );
            }
            return Ok(inner);
        }
        match self.words.next() {
            Some(word) => self.primary(word),
            None => wrong("invalid expression; an operand is missing at its end"),
        }
    }

    fn value(&mut self, name: &OsStr) -> Result<&[u8]> {
        match self.words.next() {
            Some(value) => Ok(value.as_bytes()),
            None => wrong(format!("missing argument to `{}'", name.display())),
        }
    }

    fn text(&mut self, name: &OsStr) -> Result<String> {
        Ok(String::from_utf8_lossy(self.value(name)?).into_owned())
    }

    fn count(&mut self, name: &OsStr) -> Result<Count> {
        let text = self.text(name)?;
        match count(&text) {
            Some(count) => Ok(count),
            None => wrong(format!("invalid argument '{text}' to '{}'", name.display())),
        }
    }

    fn level(&mut self, name: &OsStr) -> Result<usize> {
        let text = self.text(name)?;
        let what = format!(
            "Expected a positive decimal integer argument to {}, but got '{text}'",
            name.display()
        );
        text.parse().or_else(|_| wrong(what))
    }

    fn output(&mut self, name: &OsStr) -> Result<Output> {
        self.acts = true;
        let file = OsString::from_vec(self.value(name)?.to_vec());
        if file == "/dev/stdout" {
            return Ok(Output::STANDARD);
        }
        if let Some((_, output)) = self.files.iter().find(|(known, _)| *known == file) {
            return Ok(output.clone());
        }
        match std::fs::File::create(&file) {
            Ok(opened) => {
                let output = Output::file(opened);
                self.files.push((file, output.clone()));
                Ok(output)
            }
            Err(error) => wrong(format!("'{}': {}", file.display(), reason(&error))),
        }
    }

    fn pattern(&mut self, name: &OsStr, ignore_case: bool) -> Result<Box<Regex>> {
        let options = Options { ignore_case, utf8: locale_is_utf8(), ..Options::default() };
        let text = self.value(name)?;
        match ochre_regex::glob_with(text, options) {
            Some(regex) => Ok(Box::new(regex)),
            None => wrong(format!("invalid pattern '{}'", OsStr::from_bytes(text).display())),
        }
    }

    fn regex(&mut self, name: &OsStr, ignore_case: bool) -> Result<Box<Regex>> {
        let options = Options {
            ignore_case,
            extended: self.extended,
            utf8: locale_is_utf8(),
            ..Options::default()
        };
        let emacs = self.emacs;
        let mut text = self.value(name)?.to_vec();
        if emacs {
            text = from_emacs(&text);
        }
        Regex::new(&text, options)
            .map(Box::new)
            .or_else(|error| wrong(format!("failed to compile the regular expression: {error}")))
    }

    fn meta(&mut self, name: &OsStr) -> Result<std::fs::Metadata> {
        let follow = self.plan.follow != Follow::Never;
        let file = OsStr::from_bytes(self.value(name)?);
        let meta = if follow { std::fs::metadata(file) } else { std::fs::symlink_metadata(file) };
        meta.or_else(|error| wrong(format!("'{}': {}", file.display(), reason(&error))))
    }

    fn types(&mut self, name: &OsStr) -> Result<Vec<u8>> {
        let text = self.value(name)?;
        let letters: Vec<_> = text.split(|byte| *byte == b',').collect();
        if letters.iter().any(|part| part.len() != 1 || !b"bcdpfls".contains(&part[0])) {
            let text = String::from_utf8_lossy(text).into_owned();
            return wrong(format!("Unknown argument to {}: {text}", name.display()));
        }
        Ok(letters.concat())
    }

    fn primary(&mut self, name: &OsStr) -> Result<Node> {
        let day = (self.now, 86400);
        let minute = (self.now, 60);
        let age =
            |stamp, count, (since, period): (Moment, i64)| Test::Age(stamp, count, period, since);
        let test = match name.as_bytes() {
            b"-true"
            | b"-noleaf"
            | b"-warn"
            | b"-nowarn"
            | b"-ignore_readdir_race"
            | b"-noignore_readdir_race" => Test::Constant(true),
            b"-false" => Test::Constant(false),
            b"-depth" | b"-d" => {
                self.plan.depth_first = true;
                Test::Constant(true)
            }
            b"-xdev" | b"-mount" => {
                self.plan.one_device = true;
                Test::Constant(true)
            }
            b"-follow" => {
                self.plan.follow = Follow::Always;
                Test::Constant(true)
            }
            b"-daystart" => {
                let broken = ochre_applet::clock::local(self.now.0);
                let (hour, minute) = (i64::from(broken.hour), i64::from(broken.minute));
                let passed = hour * 3600 + minute * 60 + i64::from(broken.second);
                self.now = (self.now.0 - passed + 86400, 0);
                Test::Constant(true)
            }
            b"-maxdepth" => {
                self.plan.most = self.level(name)?;
                Test::Constant(true)
            }
            b"-mindepth" => {
                self.plan.least = self.level(name)?;
                Test::Constant(true)
            }
            b"-regextype" => {
                let kind = self.text(name)?;
                (self.extended, self.emacs) = match kind.as_str() {
                    "emacs" | "findutils-default" => (false, true),
                    "posix-basic" | "posix-minimal-basic" | "sed" | "ed" | "grep" => (false, false),
                    "posix-extended" | "posix-egrep" | "egrep" | "awk" | "gnu-awk"
                    | "posix-awk" => (true, false),
                    _ => return wrong(format!("Unknown regular expression type '{kind}'")),
                };
                Test::Constant(true)
            }
            b"-name" => Test::Name(self.pattern(name, false)?),
            b"-iname" => Test::Name(self.pattern(name, true)?),
            b"-path" | b"-wholename" => Test::Path(self.pattern(name, false)?),
            b"-ipath" | b"-iwholename" => Test::Path(self.pattern(name, true)?),
            b"-lname" => Test::Link(self.pattern(name, false)?),
            b"-ilname" => Test::Link(self.pattern(name, true)?),
            b"-regex" => Test::Whole(self.regex(name, false)?),
            b"-iregex" => Test::Whole(self.regex(name, true)?),
            b"-type" => Test::Type(self.types(name)?),
            b"-xtype" => Test::OtherType(self.types(name)?),
            b"-size" => self.size(name)?,
            b"-empty" => Test::Empty,
            b"-perm" => self.permission(name)?,
            b"-mtime" => age(Stamp::Modification, self.count(name)?, day),
            b"-atime" => age(Stamp::Access, self.count(name)?, day),
            b"-ctime" => age(Stamp::Change, self.count(name)?, day),
            b"-mmin" => age(Stamp::Modification, self.count(name)?, minute),
            b"-amin" => age(Stamp::Access, self.count(name)?, minute),
            b"-cmin" => age(Stamp::Change, self.count(name)?, minute),
            b"-newer" => {
                Test::Newer(Stamp::Modification, Stamp::Modification.of(&self.meta(name)?))
            }
            b"-anewer" => Test::Newer(Stamp::Access, Stamp::Modification.of(&self.meta(name)?)),
            b"-cnewer" => Test::Newer(Stamp::Change, Stamp::Modification.of(&self.meta(name)?)),
            [b'-', b'n', b'e', b'w', b'e', b'r', x, b't'] => {
                let text = self.text(name)?;
                match (stamp(*x), moment(&text)) {
                    (Some(x), Some(moment)) => Test::Newer(x, moment),
                    (None, _) => return wrong(format!("unknown predicate `{}'", name.display())),
                    (_, None) => {
                        return wrong(format!(
                            "I cannot figure out how to interpret '{text}' as a date or time; give YYYY-MM-DD HH:MM:SS"
                        ));
                    }
                }
            }
            [b'-', b'n', b'e', b'w', b'e', b'r', x, y] => match (stamp(*x), stamp(*y)) {
                (Some(x), Some(y)) => Test::Newer(x, y.of(&self.meta(name)?)),
                _ => return wrong(format!("unknown predicate `{}'", name.display())),
            },
            b"-samefile" => {
                let meta = self.meta(name)?;
                Test::Same(meta.dev(), meta.ino())
            }
            b"-uid" => Test::User(self.count(name)?),
            b"-gid" => Test::Group(self.count(name)?),
            b"-user" => {
                let text = self.text(name)?;
                let known = nix::unistd::User::from_name(&text).ok().flatten();
                match known.map(|user| user.uid.as_raw()).or_else(|| text.parse().ok()) {
                    Some(id) => Test::User(Count::Equal(i64::from(id))),
                    None => return wrong(format!("'{text}' is not the name of a known user")),
                }
            }
            b"-group" => {
                let text = self.text(name)?;
                let known = nix::unistd::Group::from_name(&text).ok().flatten();
                match known.map(|group| group.gid.as_raw()).or_else(|| text.parse().ok()) {
                    Some(id) => Test::Group(Count::Equal(i64::from(id))),
                    None => return wrong(format!("'{text}' is not the name of an existing group")),
                }
            }
            b"-nouser" => Test::NoUser,
            b"-nogroup" => Test::NoGroup,
            b"-links" => Test::Links(self.count(name)?),
            b"-inum" => Test::Inode(self.count(name)?),
            b"-readable" => Test::Access(AccessFlags::R_OK),
            b"-writable" => Test::Access(AccessFlags::W_OK),
            b"-executable" => Test::Access(AccessFlags::X_OK),
            _ => return self.action(name),
        };
        Ok(Node::Test(test))
    }

    fn action(&mut self, name: &OsStr) -> Result<Node> {
        let node = match name.as_bytes() {
            b"-print" => Node::Print(Output::STANDARD, b'\n'),
            b"-print0" => Node::Print(Output::STANDARD, 0),
            b"-printf" => Node::Format(Output::STANDARD, Format::new(self.value(name)?)),
            b"-ls" => Node::List(Output::STANDARD),
            b"-fprint" => Node::Print(self.output(name)?, b'\n'),
            b"-fprint0" => Node::Print(self.output(name)?, 0),
            b"-fls" => Node::List(self.output(name)?),
            b"-fprintf" => {
                let output = self.output(name)?;
                Node::Format(output, Format::new(self.value(name)?))
            }
            b"-exec" => self.command(name, false, false)?,
            b"-execdir" => self.command(name, true, false)?,
            b"-ok" => self.command(name, false, true)?,
            b"-okdir" => self.command(name, true, true)?,
            b"-delete" => {
                self.plan.depth_first = true;
                Node::Delete
            }
            // These two leave the printing to find.
            b"-prune" => return Ok(Node::Prune),
            b"-quit" => return Ok(Node::Quit),
            other if other.starts_with(b"-") => {
                return wrong(format!("unknown predicate `{}'", name.display()));
            }
            _ => return wrong(format!("paths must precede expression: `{}'", name.display())),
        };
        self.acts = true;
        Ok(node)
    }

    fn command(&mut self, name: &OsStr, there: bool, ask: bool) -> Result<Node> {
        let mut words: Vec<OsString> = Vec::new();
        for word in self.words.by_ref() {
            let many = word == "+" && words.last().is_some_and(|last| last == "{}");
            if many {
                words.pop();
            }
            if (many || word == ";") && !words.is_empty() {
                return Ok(Node::Exec(Exec::new(words, many, there, ask)));
            }
            words.push(word.clone());
        }
        wrong(format!("missing argument to `{}'", name.display()))
    }

    fn size(&mut self, name: &OsStr) -> Result<Test> {
        let text = self.text(name)?;
        let units = [("c", 1), ("w", 2), ("b", 512), ("k", 1024), ("M", 1 << 20), ("G", 1 << 30)];
        let found =
            units.iter().find_map(|(letter, unit)| Some((text.strip_suffix(letter)?, *unit)));
        let (number, unit) = found.unwrap_or((&text, 512));
        match count(number) {
            Some(count) => Ok(Test::Size(count, unit)),
            None => wrong(format!("Invalid argument '{text}' to -size")),
        }
    }

    fn permission(&mut self, name: &OsStr) -> Result<Test> {
        let text = self.text(name)?;
        let (kind, mode): (fn(u32) -> Permission, &str) = match text.as_bytes().first() {
            Some(b'-') => (Permission::All, &text[1..]),
            Some(b'/') => (Permission::Any, &text[1..]),
            // As old scripts have it.
            Some(b'+') if text[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Permission::Any, &text[1..])
            }
            _ => (Permission::Exact, &text),
        };
        match mode_bits(mode) {
            Some(bits) => Ok(Test::Permission(kind(bits))),
            None => wrong(format!("invalid mode '{text}'")),
        }
    }
}
