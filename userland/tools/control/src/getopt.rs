// SPDX-License-Identifier: MIT OR Apache-2.0
//! `getopt`: takes the options of a script apart, as getopt(1) of util-linux does.
//!
//! The result is a list of words in a fixed order, options first, `--`, then the rest; quoted so that
//! `eval set -- "$(getopt …)"` gives the script exactly those words.

use std::env;

use anyhow::Result;
use ochre_applet::{Args, Failure, complain};

const HELP: &str = "\
Takes the options of a script apart.

Usage: getopt OPTSTRING [PARAMETER...]
       getopt [OPTION...] [--] OPTSTRING [PARAMETER...]
       getopt [OPTION...] -o OPTSTRING [OPTION...] [--] [PARAMETER...]

  -a, --alternative        long options may start with one -
  -l, --longoptions LIST   long options, with : after those that take a value, :: for an optional one
  -n, --name NAME          the name that errors start with
  -o, --options OPTSTRING  short options, in the same form
  -q, --quiet              say nothing of errors
  -Q, --quiet-output       put nothing out
  -s, --shell SHELL        quote for sh, bash, csh or tcsh
  -T, --test               status 4: this is the getopt that quotes
  -u, --unquoted           do not quote
  -h, --help               show this help";

/// Whether an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    None,
    Needed,
    Optional,
}

/// What to do with words that are no options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    /// Put them behind the options.
    Permute,
    /// The first of them ends the options: `+` before the short options, or POSIXLY_CORRECT.
    Stop,
    /// Leave them where they are: `-` before the short options.
    Keep,
}

struct Parser {
    name: String,
    short: Vec<(char, Value)>,
    long: Vec<(String, Value)>,
    order: Order,
    alternative: bool,
    quiet: bool,
    failed: bool,
    quote: fn(&str) -> String,
    words: Vec<String>,
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// In the C shell a `!` and the end of a line are signs even between quotes.
fn quoted_csh(word: &str) -> String {
    quoted(word).replace('!', "'\\!'").replace('\n', "\\n")
}

/// The name in a specification such as `file::`, and whether it takes a value.
fn specified(text: &str) -> (&str, Value) {
    if let Some(name) = text.strip_suffix("::") {
        (name, Value::Optional)
    } else if let Some(name) = text.strip_suffix(':') {
        (name, Value::Needed)
    } else {
        (text, Value::None)
    }
}

impl Parser {
    fn new(name: &str) -> Self {
        let order =
            if env::var_os("POSIXLY_CORRECT").is_some() { Order::Stop } else { Order::Permute };
        Self {
            name: name.to_owned(),
            short: Vec::new(),
            long: Vec::new(),
            order,
            alternative: false,
            quiet: false,
            failed: false,
            quote: quoted,
            words: Vec::new(),
        }
    }

    fn set_short(&mut self, text: &str) {
        let rest = match text.chars().next() {
            Some('+') => {
                self.order = Order::Stop;
                &text[1..]
            }
            Some('-') => {
                self.order = Order::Keep;
                &text[1..]
            }
            _ => text,
        };
        self.short.clear();
        for letter in rest.chars() {
            match (letter, self.short.last_mut()) {
                (':', Some((_, value @ Value::None))) => *value = Value::Needed,
                (':', Some((_, value @ Value::Needed))) => *value = Value::Optional,
                // One in front asks for other answers to errors, which a script has no use for.
                (':', _) => {}
                _ => self.short.push((letter, Value::None)),
            }
        }
    }

    fn add_long(&mut self, list: &str) {
        for text in list.split([',', ' ', '\t', '\n']).filter(|text| !text.is_empty()) {
            let (name, value) = specified(text);
            self.long.push((name.to_owned(), value));
        }
    }

    fn wrong(&mut self, message: String) {
        self.failed = true;
        if !self.quiet {
            complain(&self.name, message);
        }
    }

    fn push(&mut self, option: String, value: Option<&str>) {
        self.words.push(option);
        if let Some(value) = value {
            self.words.push((self.quote)(value));
        }
    }

    /// The long option that `name` stands for, whole or as the start of one only.
    fn find_long(&mut self, name: &str, dashes: &str) -> Option<(String, Value)> {
        let found: Vec<_> =
            self.long.iter().filter(|(long, _)| long.starts_with(name)).cloned().collect();
        let exact = found.iter().find(|(long, _)| long == name).cloned();
        match &found[..] {
            _ if exact.is_some() => exact,
            [one] => Some(one.clone()),
            [] => {
                self.wrong(format!("unrecognized option '{dashes}{name}'"));
                None
            }
            several => {
                let names: String =
                    several.iter().map(|(long, _)| format!(" '{dashes}{long}'")).collect();
                self.wrong(format!("option '{dashes}{name}' is ambiguous; possibilities:{names}"));
                None
            }
        }
    }

    fn long_option(&mut self, dashes: &str, text: &str, rest: &mut std::slice::Iter<'_, String>) {
        let (name, given) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let Some((long, value)) = self.find_long(name, dashes) else { return };
        match (value, given) {
            (Value::None, Some(_)) => {
                self.wrong(format!("option '{dashes}{long}' doesn't allow an argument"));
            }
            (Value::None, None) => self.push(format!("--{long}"), None),
            (Value::Optional, given) => self.push(format!("--{long}"), Some(given.unwrap_or(""))),
            (Value::Needed, Some(given)) => self.push(format!("--{long}"), Some(given)),
            (Value::Needed, None) => match rest.next() {
                Some(next) => self.push(format!("--{long}"), Some(next)),
                None => self.wrong(format!("option '{dashes}{long}' requires an argument")),
            },
        }
    }

    fn short_options(&mut self, text: &str, rest: &mut std::slice::Iter<'_, String>) {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let found =
                self.short.iter().find(|(known, _)| *known == letter).map(|(_, value)| *value);
            let option = format!("-{letter}");
            match found {
                None => self.wrong(format!("invalid option -- '{letter}'")),
                Some(Value::None) => self.push(option, None),
                Some(Value::Optional) => return self.push(option, Some(letters.as_str())),
                Some(Value::Needed) if !letters.as_str().is_empty() => {
                    return self.push(option, Some(letters.as_str()));
                }
                Some(Value::Needed) => match rest.next() {
                    Some(next) => self.push(option, Some(next)),
                    None => self.wrong(format!("option requires an argument -- '{letter}'")),
                },
            }
        }
    }

    /// Whether a word with one dash is a long option in the alternative form.
    fn is_alternative(&self, text: &str) -> bool {
        let name = text.split('=').next().unwrap_or_default();
        let first = text.chars().next();
        let short = self.short.iter().any(|(letter, _)| Some(*letter) == first);
        let exact = self.long.iter().any(|(long, _)| long == name);
        let start = self.long.iter().any(|(long, _)| long.starts_with(name));
        self.alternative && (exact || (name.chars().count() > 1 && start) || !short)
    }

    fn run(&mut self, parameters: &[String]) {
        let mut others: Vec<String> = Vec::new();
        let mut rest = parameters.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                break;
            } else if let Some(text) = word.strip_prefix("--") {
                self.long_option("--", text, &mut rest);
            } else if let Some(text) = word.strip_prefix('-').filter(|text| !text.is_empty()) {
                if self.is_alternative(text) {
                    self.long_option("-", text, &mut rest);
                } else {
                    self.short_options(text, &mut rest);
                }
            } else {
                match self.order {
                    Order::Keep => self.words.push((self.quote)(word)),
                    Order::Permute => others.push((self.quote)(word)),
                    Order::Stop => {
                        others.push((self.quote)(word));
                        break;
                    }
                }
            }
        }
        others.extend(rest.map(|word| (self.quote)(word)));
        self.words.push("--".into());
        self.words.append(&mut others);
    }
}

/// A wrong call of getopt itself.
fn misused(message: &str) -> anyhow::Error {
    Failure::new(2, format!("{message}; see --help")).into()
}

/// The applet: status 1 when the script's parameters are wrong, 2 when its own are.
pub fn getopt(args: Args) -> Result<u8> {
    let args: Vec<String> =
        args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let Some(first) = args.first() else {
        return Err(misused("missing optstring argument"));
    };
    let mut parser = Parser::new("getopt");
    if !first.starts_with('-') || env::var_os("GETOPT_COMPATIBLE").is_some() {
        // The old form: no options of its own, and nothing is quoted.
        parser.quote = str::to_owned;
        parser.set_short(first.trim_start_matches(['-', '+']));
        parser.run(&args[1..]);
        println!(" {}", parser.words.join(" "));
        return Ok(u8::from(parser.failed));
    }
    // Its own options are taken apart by the same rules.
    let mut own = Parser::new("getopt");
    own.quote = str::to_owned;
    own.set_short("+ao:l:n:qQs:Tuh");
    own.add_long(
        "alternative options: longoptions: name: quiet quiet-output shell: test unquoted help",
    );
    own.run(&args);
    if own.failed {
        return Err(Failure::silent(2).into());
    }
    let mut words = own.words.into_iter();
    let (mut short, mut silent) = (None, false);
    loop {
        let option = words.next().unwrap_or_default();
        match &*option {
            "-a" | "--alternative" => parser.alternative = true,
            "-o" | "--options" => short = words.next(),
            "-l" | "--longoptions" => parser.add_long(&words.next().unwrap_or_default()),
            "-n" | "--name" => parser.name = words.next().unwrap_or_default(),
            "-q" | "--quiet" => parser.quiet = true,
            "-Q" | "--quiet-output" => silent = true,
            "-s" | "--shell" => match words.next().as_deref() {
                Some("sh" | "bash") => parser.quote = quoted,
                Some("csh" | "tcsh") => parser.quote = quoted_csh,
                _ => return Err(misused("unknown shell after -s or --shell argument")),
            },
            "-T" | "--test" => return Ok(4),
            "-u" | "--unquoted" => parser.quote = str::to_owned,
            "-h" | "--help" => {
                println!("{HELP}");
                return Ok(0);
            }
            _ => break,
        }
    }
    let Some(short) = short.or_else(|| words.next()) else {
        return Err(misused("missing optstring argument"));
    };
    parser.set_short(&short);
    let parameters: Vec<String> = words.collect();
    parser.run(&parameters);
    if !silent {
        println!(" {}", parser.words.join(" "));
    }
    Ok(u8::from(parser.failed))
}
