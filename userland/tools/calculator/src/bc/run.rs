// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs bc's statements.

use std::collections::HashMap;
use std::rc::Rc;

use num_bigint::BigInt;

use super::lex::lex;
use super::parse::{Expr, Function, Printed, Statement, parse};
use super::values::Array;
use crate::decimal::{Decimal, MathError};
use crate::text::{Paper, read, show};

/// What a statement ends with, other than its end.
pub enum Stop {
    /// The loop ends.
    Break,
    /// The loop's next turn.
    Continue,
    /// The function ends with this.
    Return(Decimal),
    /// All ends.
    Halt,
    /// The statement cannot go on.
    Wrong(String),
}

impl From<MathError> for Stop {
    fn from(error: MathError) -> Self {
        Self::Wrong(error.to_string())
    }
}

/// What came of it.
pub type Done<T> = Result<T, Stop>;

/// All that statements change.
pub struct Machine {
    pub(super) variables: HashMap<String, Decimal>,
    pub(super) arrays: HashMap<String, Array>,
    pub(super) functions: HashMap<String, Rc<Function>>,
    pub(super) scale: usize,
    pub(super) input_base: u32,
    pub(super) output_base: BigInt,
    pub(super) last: Decimal,
    pub(super) has_library: bool,
    pub(super) depth: usize,
    /// What they print.
    pub paper: Paper,
}

impl Machine {
    /// Without any variables.
    pub fn new(has_library: bool) -> Self {
        Self {
            variables: HashMap::new(),
            arrays: HashMap::new(),
            functions: HashMap::new(),
            scale: if has_library { 20 } else { 0 },
            input_base: 10,
            output_base: 10.into(),
            last: Decimal::default(),
            has_library,
            depth: 0,
            paper: Paper::new("BC_LINE_LENGTH"),
        }
    }

    fn print(&mut self, value: Decimal) {
        let text = show(&value, &self.output_base);
        self.paper.number(&text);
        self.last = value;
    }

    fn flush_some(&mut self) -> Done<()> {
        if self.paper.text.len() > 8192 {
            self.paper.flush().map_err(|error| Stop::Wrong(error.to_string()))?;
        }
        Ok(())
    }

    fn holds(&mut self, condition: &Expr) -> Done<bool> {
        Ok(!self.value(condition)?.is_zero())
    }

    /// One turn of a loop: false when it ends.
    fn turn(&mut self, body: &Statement) -> Done<bool> {
        match self.statement(body) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Runs a statement.
    pub fn statement(&mut self, statement: &Statement) -> Done<()> {
        match statement {
            Statement::Nothing => {}
            Statement::Expr(expr) => {
                let value = self.value(expr)?;
                let is_void = |name| self.functions.get(name).is_some_and(|known| known.is_void);
                let silent = match expr {
                    Expr::Assign(..) => true,
                    Expr::Call(name, _) => is_void(name),
                    _ => false,
                };
                if !silent {
                    self.print(value);
                    self.paper.plain("\n");
                    self.flush_some()?;
                }
            }
            Statement::Text(text) => self.paper.plain(text),
            Statement::Print(parts) => {
                for part in parts {
                    match part {
                        Printed::Text(text) => self.paper.plain(&escaped(text)),
                        Printed::Value(expr) => {
                            let value = self.value(expr)?;
                            self.print(value);
                        }
                    }
                }
            }
            Statement::If(condition, then, otherwise) => {
                if self.holds(condition)? {
                    self.statement(then)?;
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise)?;
                }
            }
            Statement::While(condition, body) => {
                while self.holds(condition)? && self.turn(body)? {}
            }
            Statement::For(first, condition, step, body) => {
                if let Some(first) = first {
                    self.value(first)?;
                }
                loop {
                    let goes_on = match condition {
                        Some(condition) => self.holds(condition)?,
                        None => true,
                    };
                    if !goes_on || !self.turn(body)? {
                        break;
                    }
                    if let Some(step) = step {
                        self.value(step)?;
                    }
                }
            }
            Statement::Block(statements) => {
                for statement in statements {
                    self.statement(statement)?;
                }
            }
            Statement::Break => return Err(Stop::Break),
            Statement::Continue => return Err(Stop::Continue),
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => Decimal::default(),
                };
                return Err(Stop::Return(value));
            }
            Statement::Halt | Statement::Quit => return Err(Stop::Halt),
            Statement::Define(function) => {
                self.functions.insert(function.name.clone(), Rc::clone(function));
            }
        }
        Ok(())
    }

    /// The value of an expression.
    pub fn value(&mut self, expr: &Expr) -> Done<Decimal> {
        match expr {
            Expr::Number(text) => Ok(read(text, self.input_base)),
            Expr::Place(place) => self.load(place),
            Expr::Group(inner) => self.value(inner),
            Expr::Negative(inner) => Ok(self.value(inner)?.negated()),
            Expr::Not(inner) => Ok(self.value(inner)?.is_zero().into()),
            Expr::ArrayLength(name) => {
                let array = self.array(name);
                let last = array.borrow().keys().max().map_or(0, |last| *last as i64 + 1);
                Ok(last.into())
            }
            Expr::Call(name, arguments) => self.call(name, arguments),
            Expr::Builtin(name, argument) => self.builtin(name, argument.as_deref()),
            Expr::Binary(sign, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.binary(sign, &a, &b)
            }
            Expr::Assign(place, operator, value) => {
                let mut value = self.value(value)?;
                if let Some(operator) = operator {
                    let old = self.load(place)?;
                    value = self.binary(operator, &old, &value)?;
                }
                self.store(place, value.clone())?;
                Ok(value)
            }
            Expr::Step { place, operator, before } => {
                let old = self.load(place)?;
                let new = self.binary(&operator[1..], &old, &1.into())?;
                self.store(place, new.clone())?;
                Ok(if *before { new } else { old })
            }
        }
    }

    fn binary(&self, sign: &str, a: &Decimal, b: &Decimal) -> Done<Decimal> {
        let order = || a.compare(b);
        Ok(match sign {
            "+" => a.add(b),
            "-" => a.subtract(b),
            "*" => a.multiply(b, self.scale),
            "/" => a.divide(b, self.scale)?,
            "%" => a.divide_rest(b, self.scale)?.1,
            "^" => a.power(b, self.scale)?,
            "==" => order().is_eq().into(),
            "!=" => order().is_ne().into(),
            "<" => order().is_lt().into(),
            "<=" => order().is_le().into(),
            ">" => order().is_gt().into(),
            ">=" => order().is_ge().into(),
            "&&" => (!a.is_zero() && !b.is_zero()).into(),
            _ => (!a.is_zero() || !b.is_zero()).into(),
        })
    }

    fn builtin(&mut self, name: &str, argument: Option<&Expr>) -> Done<Decimal> {
        let value = argument.map(|argument| self.value(argument)).transpose()?;
        match (name, value) {
            ("length", Some(value)) => Ok((value.len() as i64).into()),
            ("scale", Some(value)) => Ok((value.scale as i64).into()),
            ("sqrt", Some(value)) => Ok(value.square_root(self.scale)?),
            ("read", None) => {
                let mut line = String::new();
                let count = std::io::stdin().read_line(&mut line);
                if !matches!(count, Ok(count) if count > 0) {
                    return Err(Stop::Wrong("nothing is left to read".to_owned()));
                }
                let tokens = lex(line.trim_end()).unwrap_or_default();
                match parse(&tokens).as_deref() {
                    Ok([Statement::Expr(expr)]) => self.value(expr),
                    _ => Err(Stop::Wrong("what was read is no expression".to_owned())),
                }
            }
            _ => Err(Stop::Wrong(format!("{name} wants another number of parameters"))),
        }
    }
}

/// The text of a `print`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('q') => out.push('"'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('\\' | 'e') | None => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out
}
