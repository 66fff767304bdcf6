// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions that awk has of its own.

use std::rc::Rc;

use ochre_applet::clock;

use crate::eval::truth;
use crate::format::{characters, prefix_len};
use crate::machine::{Done, Machine};
use crate::syntax::{Builtin, Expr, Var, special};
use crate::value::{Text, Value};

impl<'p> Machine<'p> {
    pub fn builtin(&mut self, builtin: Builtin, args: &'p [Expr]) -> Done<Value> {
        let number = match builtin {
            Builtin::Length => return self.length(args),
            Builtin::Substr => return self.substr(args),
            Builtin::Index => {
                let text = self.text(&args[0])?;
                let wanted = self.text(&args[1])?;
                match memchr::memmem::find(&text, &wanted) {
                    Some(at) => characters(&text[..at], self.utf8) as f64 + 1.0,
                    None => 0.0,
                }
            }
            Builtin::Match => return self.match_at(args),
            Builtin::Split => return self.split(args),
            Builtin::Sub | Builtin::Gsub => return self.replace(builtin == Builtin::Gsub, args),
            Builtin::Sprintf => return Ok(Value::Str(self.format(args)?.into())),
            Builtin::Tolower => {
                return Ok(Value::Str(self.text(&args[0])?.to_ascii_lowercase().into()));
            }
            Builtin::Toupper => {
                return Ok(Value::Str(self.text(&args[0])?.to_ascii_uppercase().into()));
            }
            Builtin::Strftime => return self.strftime(args),
            Builtin::Close => {
                let name = self.text(&args[0])?;
                f64::from(self.streams.close(&name)?)
            }
            Builtin::Fflush => {
                for arg in args {
                    self.eval(arg)?;
                }
                self.streams.flush()?;
                0.0
            }
            Builtin::System => {
                let command = self.text(&args[0])?;
                f64::from(self.streams.system(&command)?)
            }
            Builtin::Systime => clock::now() as f64,
            Builtin::Mktime => {
                let text = self.text(&args[0])?;
                ochre_applet::strftime::mktime(&String::from_utf8_lossy(&text))
                    .map_or(-1.0, |secs| secs as f64)
            }
            Builtin::Srand => {
                let before = self.seed;
                self.seed = match args.first() {
                    Some(seed) => self.num(seed)?,
                    None => clock::now() as f64,
                };
                self.random = self.seed.to_bits() ^ 0x9E37_79B9_7F4A_7C15;
                before
            }
            Builtin::Rand => self.rand(),
            Builtin::Atan2 => {
                let y = self.num(&args[0])?;
                y.atan2(self.num(&args[1])?)
            }
            Builtin::Cos => self.num(&args[0])?.cos(),
            Builtin::Sin => self.num(&args[0])?.sin(),
            Builtin::Exp => self.num(&args[0])?.exp(),
            Builtin::Log => self.num(&args[0])?.ln(),
            Builtin::Sqrt => self.num(&args[0])?.sqrt(),
            Builtin::Int => self.num(&args[0])?.trunc(),
            Builtin::Compl => !bits(self.num(&args[0])?) as f64,
            Builtin::And | Builtin::Or | Builtin::Xor | Builtin::Lshift | Builtin::Rshift => {
                let mut value = bits(self.num(&args[0])?);
                for arg in &args[1..] {
                    let other = bits(self.num(arg)?);
                    let shift = u32::try_from(other).unwrap_or(u32::MAX);
                    value = match builtin {
                        Builtin::And => value & other,
                        Builtin::Or => value | other,
                        Builtin::Xor => value ^ other,
                        Builtin::Lshift => value.checked_shl(shift).unwrap_or(0),
                        _ => value.checked_shr(shift).unwrap_or(0),
                    };
                }
                value as f64
            }
        };
        Ok(Value::Num(number))
    }

    fn length(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = match args.first() {
            None => self.whole(),
            Some(Expr::Var(variable)) if self.is_array(*variable) => {
                let count = self.array(*variable).borrow().len();
                return Ok(Value::Num(count as f64));
            }
            Some(arg) => self.text(arg)?,
        };
        Ok(Value::Num(characters(&text, self.utf8) as f64))
    }

    fn substr(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.text(&args[0])?;
        // Positions are rounded, and what is before the first character counts.
        let start = round(self.num(&args[1])?);
        let end = match args.get(2) {
            Some(len) => start + round(self.num(len)?),
            None => f64::INFINITY,
        };
        let count = characters(&text, self.utf8);
        let first = start.max(1.0);
        let last = end.min(count as f64 + 1.0);
        if first.partial_cmp(&last) != Some(std::cmp::Ordering::Less) {
            return Ok(Value::str(b""));
        }
        let from = prefix_len(&text, first as usize - 1, self.utf8);
        let len = prefix_len(&text[from..], last as usize - first as usize, self.utf8);
        Ok(Value::str(&text[from..from + len]))
    }

    fn match_at(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.text(&args[0])?;
        let (start, len) = match self.regex(&args[1])?.find_at(&text, 0) {
            Some((start, end)) => {
                let before = characters(&text[..start], self.utf8);
                (before as f64 + 1.0, characters(&text[start..end], self.utf8) as f64)
            }
            None => (0.0, -1.0),
        };
        self.set(Var::Global(special::RSTART), Value::Num(start))?;
        self.set(Var::Global(special::RLENGTH), Value::Num(len))?;
        Ok(Value::Num(start))
    }

    fn split(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.text(&args[0])?;
        let splitter = match args.get(2) {
            None => self.record.splitter.clone(),
            Some(Expr::Regex(regex)) => crate::record::Splitter::Regex(Rc::clone(regex)),
            Some(separator) => {
                let separator = self.text(separator)?;
                self.splitter(&separator)?
            }
        };
        let Expr::Var(array) = &args[1] else { return Ok(Value::Num(0.0)) };
        let array = self.array(*array);
        let mut array = array.borrow_mut();
        array.clear();
        let mut count = 0;
        splitter.split(&text, self.utf8, |field| {
            count += 1;
            array.insert(count.to_string().into_bytes().into(), Value::Input(field.into()));
        });
        Ok(Value::Num(f64::from(count)))
    }

    fn replace(&mut self, all: bool, args: &'p [Expr]) -> Done<Value> {
        let regex = self.regex(&args[0])?;
        let by = self.text(&args[1])?;
        let text: Text = match args.get(2) {
            Some(place) => self.text(place)?,
            None => self.whole(),
        };
        let mut result = Vec::new();
        let (mut from, mut copied, mut count) = (0, 0, 0);
        // Where the last match that was not empty ended: nothing is not found right behind it.
        let mut behind = None;
        while let Some((start, end)) = regex.find_at(&text, from) {
            if start < end || behind != Some(start) {
                result.extend(&text[copied..start]);
                insert(&mut result, &by, &text[start..end]);
                copied = end;
                count += 1;
            }
            if !all || end >= text.len() {
                break;
            }
            if start == end {
                from = start + ochre_regex::character_len(&text[start..], self.utf8);
            } else {
                from = end;
                behind = Some(end);
            }
        }
        if count == 0 {
            return Ok(truth(false));
        }
        result.extend(&text[copied..]);
        let value = Value::Str(result.into());
        match args.get(2) {
            Some(place) if place.is_place() => self.assign(place, value)?,
            Some(_) => {}
            None => self.set_field(0.0, value)?,
        }
        Ok(Value::Num(f64::from(count)))
    }

    fn strftime(&mut self, args: &'p [Expr]) -> Done<Value> {
        let format = match args.first() {
            Some(format) => self.text(format)?,
            None => b"%a %b %e %H:%M:%S %Z %Y"[..].into(),
        };
        let secs = match args.get(1) {
            Some(secs) => self.num(secs)? as i64,
            None => clock::now(),
        };
        let utc = match args.get(2) {
            Some(utc) => self.is_true(utc)?,
            None => false,
        };
        Ok(Value::Str(ochre_applet::strftime::strftime(&format, secs, utc).into()))
    }

    /// From 0 up to but not with 1: xorshift, which is quick and good enough for awk.
    fn rand(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let mixed = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn bits(number: f64) -> u64 {
    if number < 0.0 { number as i64 as u64 } else { number as u64 }
}

fn round(number: f64) -> f64 {
    number.round_ties_even()
}

/// Adds what stands for a match: `&` is the match, `\&` an ampersand.
fn insert(result: &mut Vec<u8>, by: &[u8], found: &[u8]) {
    let mut at = 0;
    while at < by.len() {
        match by[at] {
            b'\\' if matches!(by.get(at + 1), Some(b'&' | b'\\')) => {
                result.push(by[at + 1]);
                at += 1;
            }
            b'&' => result.extend(found),
            byte => result.push(byte),
        }
        at += 1;
    }
}
