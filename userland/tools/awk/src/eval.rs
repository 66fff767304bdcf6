// SPDX-License-Identifier: MIT OR Apache-2.0
//! Evaluates expressions.

use std::cmp::Ordering;
use std::rc::Rc;

use ochre_regex::Regex;

use crate::machine::{Done, Machine, fail};
use crate::syntax::{Compare, Expr, Op, Source, Var, special};
use crate::value::{Text, Value};

impl<'p> Machine<'p> {
    pub fn is_true(&mut self, expr: &'p Expr) -> Done<bool> {
        Ok(self.eval(expr)?.is_true())
    }

    pub fn text(&mut self, expr: &'p Expr) -> Done<Text> {
        Ok(self.eval(expr)?.text(&self.convfmt))
    }

    pub fn num(&mut self, expr: &'p Expr) -> Done<f64> {
        Ok(self.eval(expr)?.num())
    }

    /// A subscript as the text that it stands for.
    pub fn key(&mut self, index: &'p Expr) -> Done<Text> {
        let Expr::Joined(list) = index else { return self.text(index) };
        let mut key = Vec::new();
        for (at, part) in list.iter().enumerate() {
            if at > 0 {
                key.extend(&self.global_text(special::SUBSEP)[..]);
            }
            key.extend(&self.text(part)?[..]);
        }
        Ok(key.into())
    }

    /// What is matched against: a pattern as it stands, or a text that is read as one.
    pub fn regex(&mut self, expr: &'p Expr) -> Done<Rc<Regex>> {
        match expr {
            Expr::Regex(regex) => Ok(Rc::clone(regex)),
            Expr::Group(inner) if matches!(**inner, Expr::Regex(_)) => self.regex(inner),
            _ => {
                let text = self.text(expr)?;
                self.pattern(&text)
            }
        }
    }

    pub fn eval(&mut self, expr: &'p Expr) -> Done<Value> {
        Ok(match expr {
            Expr::Num(number) => Value::Num(*number),
            Expr::Str(text) => Value::Str(Rc::clone(text)),
            Expr::Regex(regex) => truth(regex.is_match(&self.whole())),
            Expr::Var(variable) => self.get(*variable),
            Expr::Field(number) => {
                let number = self.num(number)?;
                return self.field(number);
            }
            Expr::Index(array, index) => {
                let key = self.key(index)?;
                let array = self.array(*array);
                let mut array = array.borrow_mut();
                // Asking makes the element.
                array.entry(key).or_insert(Value::Unset).clone()
            }
            Expr::Joined(_) => Value::Str(self.key(expr)?),
            Expr::Assign(place, value) => {
                let value = self.eval(value)?;
                self.assign(place, value.clone())?;
                value
            }
            Expr::AssignOp(place, op, value) => {
                let right = self.num(value)?;
                let left = self.num(place)?;
                let value = Value::Num(apply(*op, left, right)?);
                self.assign(place, value.clone())?;
                value
            }
            Expr::Step(place, amount, after) => {
                let old = self.num(place)?;
                let new = Value::Num(old + amount);
                self.assign(place, new.clone())?;
                if *after { Value::Num(old) } else { new }
            }
            Expr::Cond(condition, then, other) => {
                let chosen = if self.is_true(condition)? { then } else { other };
                return self.eval(chosen);
            }
            Expr::And(left, right) => truth(self.is_true(left)? && self.is_true(right)?),
            Expr::Or(left, right) => truth(self.is_true(left)? || self.is_true(right)?),
            Expr::Not(inner) => truth(!self.is_true(inner)?),
            Expr::Neg(inner) => Value::Num(-self.num(inner)?),
            Expr::Plus(inner) => Value::Num(self.num(inner)?),
            Expr::Binary(op, left, right) => {
                let left = self.num(left)?;
                let right = self.num(right)?;
                Value::Num(apply(*op, left, right)?)
            }
            Expr::Compare(compare, left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                let order = left.compare(&right, &self.convfmt);
                truth(match compare {
                    Compare::Less => order == Some(Ordering::Less),
                    Compare::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    Compare::Equal => order == Some(Ordering::Equal),
                    Compare::NotEqual => order != Some(Ordering::Equal),
                    Compare::Greater => order == Some(Ordering::Greater),
                    Compare::GreaterEqual => {
                        matches!(order, Some(Ordering::Greater | Ordering::Equal))
                    }
                })
            }
            Expr::Concat(left, right) => {
                let left = self.text(left)?;
                let right = self.text(right)?;
                Value::Str([&left[..], &right[..]].concat().into())
            }
            Expr::Match(wanted, left, right) => {
                let text = self.text(left)?;
                truth(self.regex(right)?.is_match(&text) == *wanted)
            }
            Expr::In(index, array) => {
                let index = match &**index {
                    Expr::Group(inner) => inner,
                    _ => index,
                };
                let key = self.key(index)?;
                truth(self.array(*array).borrow().contains_key(&key))
            }
            Expr::Call(number, args) => return self.call(*number, args),
            Expr::Builtin(builtin, args) => return self.builtin(*builtin, args),
            Expr::Getline(source, place) => Value::Num(self.getline(source, place.as_deref())?),
            Expr::Group(inner) => return self.eval(inner),
        })
    }

    /// 1 for a record, 0 at the end, -1 when there is nothing to read from.
    fn getline(&mut self, source: &'p Source, place: Option<&'p Expr>) -> Done<f64> {
        let record = match source {
            Source::Main => self.main_record()?,
            Source::File(name) | Source::Command(name) => {
                let is_command = matches!(source, Source::Command(_));
                let name = self.text(name)?;
                let separator = self.separator.clone();
                let reader = match self.streams.input(&name, is_command)? {
                    Ok(reader) => reader,
                    Err(number) => {
                        let number = Value::Num(f64::from(number));
                        self.set(Var::Global(special::ERRNO), number)?;
                        return Ok(-1.0);
                    }
                };
                match reader.record(&separator) {
                    Ok(record) => record,
                    Err(_) => return Ok(-1.0),
                }
            }
        };
        let Some(record) = record else { return Ok(0.0) };
        if matches!(source, Source::Command(_)) {
            self.count(special::NR);
        }
        match place {
            Some(place) => self.assign(place, Value::Input(record.into()))?,
            None => self.record.set(record.into()),
        }
        Ok(1.0)
    }
}

/// 1 or 0.
pub fn truth(value: bool) -> Value {
    Value::Num(f64::from(u8::from(value)))
}

fn apply(op: Op, left: f64, right: f64) -> Done<f64> {
    Ok(match op {
        Op::Add => left + right,
        Op::Sub => left - right,
        Op::Mul => left * right,
        Op::Div | Op::Rem if right == 0.0 => return fail("division by zero"),
        Op::Div => left / right,
        Op::Rem => left % right,
        Op::Pow => left.powf(right),
    })
}
