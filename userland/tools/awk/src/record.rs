// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record and its fields. Fields are split when one is asked for, and the record is put together
//! again when a field was changed.

use std::rc::Rc;

use ochre_regex::Regex;

use crate::value::{Text, Value};

/// What stands between fields: FS.
#[derive(Clone)]
pub enum Splitter {
    Blanks,
    Byte(u8),
    Characters,
    Regex(Rc<Regex>),
}

impl Splitter {
    /// Calls `add` for each field.
    pub fn split(&self, text: &[u8], utf8: bool, mut add: impl FnMut(&[u8])) {
        if text.is_empty() {
            return;
        }
        match self {
            Splitter::Blanks => text
                .split(|byte| matches!(byte, b' ' | b'\t' | b'\n'))
                .filter(|field| !field.is_empty())
                .for_each(add),
            Splitter::Byte(separator) => text.split(|byte| byte == separator).for_each(add),
            Splitter::Characters => {
                let mut rest = text;
                while !rest.is_empty() {
                    let (character, more) = rest.split_at(ochre_regex::character_len(rest, utf8));
                    add(character);
                    rest = more;
                }
            }
            Splitter::Regex(regex) => {
                let (mut start, mut from) = (0, 0);
                while let Some((left, right)) = regex.find_at(text, from) {
                    if left == right {
                        // Nothing separates nothing.
                        if left >= text.len() {
                            break;
                        }
                        from = left + 1;
                        continue;
                    }
                    add(&text[start..left]);
                    (start, from) = (right, right);
                }
                add(&text[start..]);
            }
        }
    }
}

/// `$0` and the others.
pub struct Record {
    text: Text,
    text_is_valid: bool,
    fields: Vec<Value>,
    is_split: bool,
    pub splitter: Splitter,
    pub utf8: bool,
}

/// No field has a higher number: a program's mistake is not to take all memory.
pub const MOST_FIELDS: usize = 1 << 24;

impl Record {
    pub fn new(utf8: bool) -> Self {
        Self {
            text: Rc::from(&[][..]),
            text_is_valid: true,
            fields: Vec::new(),
            is_split: true,
            splitter: Splitter::Blanks,
            utf8,
        }
    }

    pub fn set(&mut self, text: Text) {
        self.text = text;
        self.text_is_valid = true;
        self.is_split = false;
        self.fields.clear();
    }

    pub fn split(&mut self) {
        if self.is_split {
            return;
        }
        let fields = &mut self.fields;
        self.splitter.split(&self.text, self.utf8, |field| fields.push(Value::Input(field.into())));
        self.is_split = true;
    }

    pub fn count(&mut self) -> usize {
        self.split();
        self.fields.len()
    }

    pub fn set_count(&mut self, count: usize) {
        self.split();
        self.fields.resize(count, Value::Unset);
        self.text_is_valid = false;
    }

    /// The whole; `separator` is OFS.
    pub fn whole(&mut self, separator: &[u8], format: &[u8]) -> Text {
        if !self.text_is_valid {
            let fields: Vec<_> = self.fields.iter().map(|field| field.text(format)).collect();
            self.text = fields.join(separator).into();
            self.text_is_valid = true;
        }
        Rc::clone(&self.text)
    }

    /// A field from 1.
    pub fn field(&mut self, number: usize) -> Value {
        self.split();
        self.fields.get(number - 1).cloned().unwrap_or(Value::Unset)
    }

    pub fn set_field(&mut self, number: usize, value: Value) {
        self.split();
        if self.fields.len() < number {
            self.fields.resize(number, Value::Unset);
        }
        self.fields[number - 1] = value;
        self.text_is_valid = false;
    }
}
