// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of a running program: variables, records, and where they come from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::rc::Rc;

use ochre_applet::{complain, reason};
use ochre_regex::{Regex, locale_is_utf8};

use crate::input::{Reader, Separator};
use crate::record::{MOST_FIELDS, Record, Splitter};
use crate::streams::Streams;
use crate::syntax::{Program, Var, special};
use crate::value::{Array, Text, Value};

/// Why an expression or a statement goes no further.
pub enum Stop {
    Next,
    NextFile,
    Exit,
    Fail(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Fail(error.into())
    }
}

pub type Done<T> = Result<T, Stop>;

/// A message that ends the program.
pub fn fail<T>(message: impl Into<String>) -> Done<T> {
    Err(Stop::Fail(ochre_applet::Failure::new(2, message).into()))
}

/// What a function's parameter holds.
pub enum Local {
    Value(Value),
    Array(Array),
}

/// How many patterns made of texts are kept.
const MOST_PATTERNS: usize = 200;

/// A running program.
pub struct Machine<'p> {
    pub program: &'p Program,
    globals: Vec<Value>,
    arrays: Vec<Array>,
    pub locals: Vec<Local>,
    pub base: usize,
    pub depth: usize,
    pub record: Record,
    pub streams: Streams,
    pub separator: Separator,
    paragraphs: bool,
    patterns: HashMap<Text, Rc<Regex>>,
    pub utf8: bool,
    pub convfmt: Text,
    pub ofs: Text,
    pub status: u8,
    pub seed: f64,
    pub random: u64,
    pub in_range: Vec<bool>,
    main: Option<Reader>,
    next_arg: usize,
    any_file: bool,
}

impl<'p> Machine<'p> {
    pub fn new(program: &'p Program, operands: &[OsString]) -> Self {
        let utf8 = locale_is_utf8();
        let count = program.globals.len();
        let mut machine = Self {
            program,
            globals: vec![Value::Unset; count],
            arrays: (0..count).map(|_| Array::default()).collect(),
            locals: Vec::new(),
            base: 0,
            depth: 0,
            record: Record::new(utf8),
            streams: Streams::new(),
            separator: Separator::Byte(b'\n'),
            paragraphs: false,
            patterns: HashMap::new(),
            utf8,
            convfmt: Rc::from(&b"%.6g"[..]),
            ofs: Rc::from(&b" "[..]),
            status: 0,
            seed: 0.0,
            random: 0x9E37_79B9_7F4A_7C15,
            in_range: vec![false; program.ranges],
            main: None,
            next_arg: 1,
            any_file: false,
        };
        let texts: [(usize, &[u8]); 7] = [
            (special::FS, b" "),
            (special::OFS, b" "),
            (special::ORS, b"\n"),
            (special::RS, b"\n"),
            (special::SUBSEP, b"\x1c"),
            (special::CONVFMT, b"%.6g"),
            (special::OFMT, b"%.6g"),
        ];
        for (number, text) in texts {
            machine.globals[number] = Value::str(text);
        }
        for number in [special::NR, special::FNR, special::RSTART] {
            machine.globals[number] = Value::Num(0.0);
        }
        machine.globals[special::RLENGTH] = Value::Num(-1.0);
        machine.globals[special::ARGC] = Value::Num((operands.len() + 1) as f64);
        {
            let mut argv = machine.arrays[special::ARGV].borrow_mut();
            argv.insert(b"0"[..].into(), Value::str(b"awk"));
            for (at, word) in operands.iter().enumerate() {
                let value = Value::Input(word.as_bytes().into());
                argv.insert((at + 1).to_string().into_bytes().into(), value);
            }
            let mut environ = machine.arrays[special::ENVIRON].borrow_mut();
            for (name, value) in std::env::vars_os() {
                environ.insert(name.into_vec().into(), Value::Input(value.into_vec().into()));
            }
        }
        machine
    }

    pub fn get(&mut self, variable: Var) -> Value {
        match variable {
            Var::Global(special::NF) => Value::Num(self.record.count() as f64),
            Var::Global(number) => self.globals[number].clone(),
            Var::Local(slot) => match self.locals.get(self.base + slot) {
                Some(Local::Value(value)) => value.clone(),
                _ => Value::Unset,
            },
        }
    }

    pub fn global_text(&self, number: usize) -> Text {
        self.globals[number].text(&self.convfmt)
    }

    pub fn set(&mut self, variable: Var, value: Value) -> Done<()> {
        let number = match variable {
            Var::Local(slot) => {
                if let Some(local) = self.locals.get_mut(self.base + slot) {
                    *local = Local::Value(value);
                }
                return Ok(());
            }
            Var::Global(number) => number,
        };
        self.globals[number] = value;
        match number {
            special::NF => {
                let count = self.globals[number].num();
                if !(0.0..=MOST_FIELDS as f64).contains(&count) {
                    return fail("NF set to a number that it cannot be");
                }
                self.record.set_count(count as usize);
            }
            special::FS => {
                // The record in hand is still divided by the old one.
                self.record.split();
                self.set_splitter()?;
            }
            special::RS => {
                let text = self.global_text(special::RS);
                self.paragraphs = text.is_empty();
                self.separator = match &text[..] {
                    [] => Separator::Paragraph,
                    [byte] => Separator::Byte(*byte),
                    _ => Separator::Regex(self.pattern(&text)?),
                };
                self.record.split();
                self.set_splitter()?;
            }
            special::CONVFMT => self.convfmt = self.global_text(number),
            special::OFS => {
                let text = self.global_text(number);
                // A record that was changed already has the old one.
                self.whole();
                self.ofs = text;
            }
            _ => {}
        }
        Ok(())
    }

    fn set_splitter(&mut self) -> Done<()> {
        let text = self.global_text(special::FS);
        self.record.splitter = self.splitter(&text)?;
        // Between empty lines a line's end divides, too.
        if self.paragraphs {
            let pattern = match &self.record.splitter {
                Splitter::Byte(b'\\') => b"\\\\|\n".to_vec(),
                Splitter::Byte(byte) => vec![b'[', *byte, b']', b'|', b'\n'],
                Splitter::Regex(_) => [b"(", &text[..], b")|\n"].concat(),
                Splitter::Blanks | Splitter::Characters => return Ok(()),
            };
            self.record.splitter = Splitter::Regex(self.pattern(&pattern)?);
        }
        Ok(())
    }

    pub fn splitter(&mut self, text: &[u8]) -> Done<Splitter> {
        Ok(match text {
            b" " => Splitter::Blanks,
            [] => Splitter::Characters,
            [byte] => Splitter::Byte(*byte),
            _ => Splitter::Regex(self.pattern(text)?),
        })
    }

    /// A pattern from a text.
    pub fn pattern(&mut self, text: &[u8]) -> Done<Rc<Regex>> {
        if let Some(regex) = self.patterns.get(text) {
            return Ok(Rc::clone(regex));
        }
        match Regex::new(text, crate::expr::syntax()) {
            Ok(regex) => {
                let regex = Rc::new(regex);
                if self.patterns.len() >= MOST_PATTERNS {
                    self.patterns.clear();
                }
                self.patterns.insert(text.into(), Rc::clone(&regex));
                Ok(regex)
            }
            Err(error) => fail(format!("bad regex '{}': {error}", String::from_utf8_lossy(text))),
        }
    }

    /// Is it known to be an array, or is it a parameter that holds one?
    pub fn is_array(&self, variable: Var) -> bool {
        match variable {
            Var::Global(number) => !self.arrays[number].borrow().is_empty(),
            Var::Local(slot) => matches!(self.locals.get(self.base + slot), Some(Local::Array(_))),
        }
    }

    /// An array; a parameter that was given none becomes an empty one.
    pub fn array(&mut self, variable: Var) -> Array {
        match variable {
            Var::Global(number) => Rc::clone(&self.arrays[number]),
            Var::Local(slot) => match self.locals.get_mut(self.base + slot) {
                Some(Local::Array(array)) => Rc::clone(array),
                Some(local) => {
                    let array: Array = Rc::new(RefCell::default());
                    *local = Local::Array(Rc::clone(&array));
                    array
                }
                None => Array::default(),
            },
        }
    }

    pub fn whole(&mut self) -> Text {
        self.record.whole(&self.ofs, &self.convfmt)
    }

    pub fn field(&mut self, number: f64) -> Done<Value> {
        match number.trunc() {
            0.0 => Ok(Value::Input(self.whole())),
            number if number < 0.0 || number.is_nan() => {
                fail(format!("access to negative field {number}"))
            }
            number => Ok(self.record.field(number.min(usize::MAX as f64) as usize)),
        }
    }

    pub fn set_field(&mut self, number: f64, value: Value) -> Done<()> {
        match number.trunc() {
            0.0 => {
                let text = value.text(&self.convfmt);
                self.record.set(text);
                Ok(())
            }
            number if (1.0..=MOST_FIELDS as f64).contains(&number) => {
                self.record.set_field(number as usize, value);
                Ok(())
            }
            number => fail(format!("there can be no field {number}")),
        }
    }

    pub fn count(&mut self, number: usize) {
        self.globals[number] = Value::Num(self.globals[number].num() + 1.0);
    }

    /// `NAME=VALUE` as an operand or of `-v`; false if it is no assignment.
    pub fn assign_operand(&mut self, operand: &[u8]) -> Done<bool> {
        let Some(cut) = operand.iter().position(|byte| *byte == b'=') else { return Ok(false) };
        let name = &operand[..cut];
        let good = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !good {
            return Ok(false);
        }
        let value = Value::Input(crate::lex::unescaped(&operand[cut + 1..]).into());
        let known = self.program.globals.iter().position(|known| known.as_bytes() == name);
        // A name that the program does not have is of no use to it.
        if let Some(number) = known {
            self.set(Var::Global(number), value)?;
        }
        Ok(true)
    }

    /// The next record of the files that are named, or of standard input.
    pub fn main_record(&mut self) -> Done<Option<Vec<u8>>> {
        loop {
            if self.main.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let separator = self.separator.clone();
            let Some(reader) = &mut self.main else { return Ok(None) };
            match reader.record(&separator) {
                Ok(Some(record)) => {
                    self.count(special::NR);
                    self.count(special::FNR);
                    return Ok(Some(record));
                }
                Ok(None) => {}
                Err(error) => {
                    let name = self.global_text(special::FILENAME);
                    let name = String::from_utf8_lossy(&name).into_owned();
                    complain("awk", format_args!("{name}: {}", reason(&error)));
                    self.status = 2;
                }
            }
            self.main = None;
        }
    }

    /// Leaves the file in hand.
    pub fn skip_file(&mut self) {
        self.main = None;
    }

    fn open_next(&mut self) -> Done<bool> {
        loop {
            let count = self.globals[special::ARGC].num();
            if self.next_arg as f64 >= count {
                if self.any_file {
                    return Ok(false);
                }
                self.any_file = true;
                self.main = Some(Reader::new(Box::new(std::io::stdin())));
                return Ok(true);
            }
            let key = self.next_arg.to_string().into_bytes();
            self.next_arg += 1;
            let operand = self.arrays[special::ARGV].borrow().get(&key[..]).cloned();
            let operand = operand.unwrap_or(Value::Unset).text(&self.convfmt);
            if operand.is_empty() || self.assign_operand(&operand)? {
                continue;
            }
            self.any_file = true;
            self.globals[special::FILENAME] = Value::Str(Rc::clone(&operand));
            self.globals[special::FNR] = Value::Num(0.0);
            if matches!(&operand[..], b"-" | b"/dev/stdin") {
                self.main = Some(Reader::new(Box::new(std::io::stdin())));
                return Ok(true);
            }
            let path = std::ffi::OsStr::from_bytes(&operand);
            match std::fs::File::open(path) {
                Ok(file) => {
                    self.main = Some(Reader::new(Box::new(file)));
                    return Ok(true);
                }
                Err(error) => {
                    self.streams.flush()?;
                    complain("awk", format_args!("{}: {}", path.display(), reason(&error)));
                    self.status = 2;
                }
            }
        }
    }
}
