// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads expressions; the functions follow each other from loose operators to tight ones.

use std::rc::Rc;

use anyhow::Result;
use ochre_regex::{Escapes, Options, Regex, locale_is_utf8};

use crate::lex::Token;
use crate::parse::Parser;
use crate::syntax::{Builtin, Compare, Expr, Op, Source};

/// How patterns of awk's are read.
pub fn syntax() -> Options {
    Options { extended: true, utf8: locale_is_utf8(), escapes: Escapes::Awk, ..Options::default() }
}

impl Parser {
    pub fn expr(&mut self) -> Result<Expr> {
        let condition = self.either()?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.skip_lines();
        let then = self.expr()?;
        self.skip_lines();
        self.expect(":")?;
        self.skip_lines();
        let other = self.expr()?;
        Ok(Expr::Cond(Box::new(condition), Box::new(then), Box::new(other)))
    }

    fn either(&mut self) -> Result<Expr> {
        let mut left = self.both()?;
        while self.take("||") {
            self.skip_lines();
            left = Expr::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr> {
        let mut left = self.member()?;
        while self.take("&&") {
            self.skip_lines();
            left = Expr::And(Box::new(left), Box::new(self.member()?));
        }
        Ok(left)
    }

    fn member(&mut self) -> Result<Expr> {
        let mut left = self.matching()?;
        while self.take("in") {
            let Token::Name(name) = self.next() else {
                self.at -= 1;
                return self.unexpected();
            };
            left = Expr::In(Box::new(left), self.names.array(&name));
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<Expr> {
        let mut left = self.comparison()?;
        loop {
            let wanted = match self.peek() {
                Token::Word("~") => true,
                Token::Word("!~") => false,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Match(wanted, Box::new(left), Box::new(self.comparison()?));
        }
    }

    fn comparison(&mut self) -> Result<Expr> {
        let mut left = self.piped()?;
        loop {
            let compare = match self.peek() {
                Token::Word("<") => Compare::Less,
                Token::Word("<=") => Compare::LessEqual,
                Token::Word("==") => Compare::Equal,
                Token::Word("!=") => Compare::NotEqual,
                Token::Word(">") if self.compares => Compare::Greater,
                Token::Word(">=") => Compare::GreaterEqual,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Compare(compare, Box::new(left), Box::new(self.piped()?));
        }
    }

    /// `command | getline`, whose command may be joined of parts.
    fn piped(&mut self) -> Result<Expr> {
        let mut left = self.concatenation()?;
        while self.is("|") && *self.peek_second() == Token::Word("getline") {
            self.at += 2;
            let place = self.getline_place()?;
            left = Expr::Getline(Source::Command(Box::new(left)), place);
        }
        Ok(left)
    }

    pub fn concatenation(&mut self) -> Result<Expr> {
        let mut left = self.sum()?;
        while self.begins_operand() {
            left = Expr::Concat(Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn begins_operand(&self) -> bool {
        match self.peek() {
            Token::Num(_)
            | Token::Str(_)
            | Token::Regex(_)
            | Token::Func(_)
            | Token::Name(_)
            | Token::Builtin(_) => true,
            Token::Word(word) => matches!(*word, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            Token::Newline | Token::End => false,
        }
    }

    fn sum(&mut self) -> Result<Expr> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Token::Word("+") => Op::Add,
                Token::Word("-") => Op::Sub,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr> {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Token::Word("*") => Op::Mul,
                Token::Word("/") => Op::Div,
                Token::Word("%") => Op::Rem,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr> {
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.unary()?)));
        }
        if self.take("-") {
            return Ok(Expr::Neg(Box::new(self.unary()?)));
        }
        if self.take("+") {
            return Ok(Expr::Plus(Box::new(self.unary()?)));
        }
        self.power()
    }

    fn power(&mut self) -> Result<Expr> {
        let base = self.step()?;
        if !self.take("^") {
            return Ok(base);
        }
        // From the right, and a sign may stand before the exponent.
        let exponent = if ["-", "+", "!"].iter().any(|sign| self.is(sign)) {
            self.unary()?
        } else {
            self.power()?
        };
        Ok(Expr::Binary(Op::Pow, Box::new(base), Box::new(exponent)))
    }

    fn step(&mut self) -> Result<Expr> {
        let amount = match self.peek() {
            Token::Word("++") => 1.0,
            Token::Word("--") => -1.0,
            _ => return self.assignment(),
        };
        self.at += 1;
        let place = self.primary()?;
        if !place.is_place() {
            return self.unexpected();
        }
        Ok(Expr::Step(Box::new(place), amount, false))
    }

    /// A value; an assignment where a place is followed by its sign, as deep as that may be.
    fn assignment(&mut self) -> Result<Expr> {
        let place = self.primary()?;
        if !place.is_place() {
            return Ok(place);
        }
        let Token::Word(word) = *self.peek() else { return Ok(place) };
        let op = match word {
            "++" | "--" => {
                self.at += 1;
                let amount = if word == "++" { 1.0 } else { -1.0 };
                return Ok(Expr::Step(Box::new(place), amount, true));
            }
            "=" => None,
            "+=" => Some(Op::Add),
            "-=" => Some(Op::Sub),
            "*=" => Some(Op::Mul),
            "/=" => Some(Op::Div),
            "%=" => Some(Op::Rem),
            "^=" => Some(Op::Pow),
            _ => return Ok(place),
        };
        self.at += 1;
        self.skip_lines();
        let value = Box::new(self.expr()?);
        Ok(match op {
            Some(op) => Expr::AssignOp(Box::new(place), op, value),
            None => Expr::Assign(Box::new(place), value),
        })
    }

    /// Expressions up to a closing word.
    pub fn list(&mut self, close: &str) -> Result<Vec<Expr>> {
        let before = std::mem::replace(&mut self.compares, true);
        let list = self.list_inside(close);
        self.compares = before;
        list
    }

    fn list_inside(&mut self, close: &str) -> Result<Vec<Expr>> {
        let mut list = Vec::new();
        self.skip_lines();
        while !self.take(close) {
            list.push(self.expr()?);
            self.skip_lines();
            if self.take(",") {
                self.skip_lines();
                if self.is(close) {
                    return self.unexpected();
                }
            } else if !self.is(close) {
                return self.unexpected();
            }
        }
        Ok(list)
    }

    /// What stands in brackets, the opening one read.
    pub fn subscript(&mut self) -> Result<Expr> {
        let mut list = self.list("]")?;
        match list.len() {
            0 => {
                self.at -= 1;
                self.unexpected()
            }
            1 => Ok(list.remove(0)),
            _ => Ok(Expr::Joined(list)),
        }
    }

    fn getline_place(&mut self) -> Result<Option<Box<Expr>>> {
        if matches!(self.peek(), Token::Name(_)) || self.is("$") {
            return Ok(Some(Box::new(self.primary()?)));
        }
        Ok(None)
    }

    fn regex(&mut self, text: Vec<u8>) -> Result<Expr> {
        if let Some(regex) = self.regexes.get(&text) {
            return Ok(Expr::Regex(Rc::clone(regex)));
        }
        match Regex::new(&text, syntax()) {
            Ok(regex) => {
                let regex = Rc::new(regex);
                self.regexes.insert(text, Rc::clone(&regex));
                Ok(Expr::Regex(regex))
            }
            Err(error) => {
                self.wrong(format!("bad regex /{}/: {error}", String::from_utf8_lossy(&text)))
            }
        }
    }

    fn primary(&mut self) -> Result<Expr> {
        match self.next() {
            Token::Num(number) => Ok(Expr::Num(number)),
            Token::Str(text) => Ok(Expr::Str(text.into())),
            Token::Regex(text) => self.regex(text),
            Token::Name(name) => {
                if self.take("[") {
                    let array = self.names.array(&name);
                    return Ok(Expr::Index(array, Box::new(self.subscript()?)));
                }
                Ok(Expr::Var(self.names.variable(&name)))
            }
            Token::Func(name) => {
                self.expect("(")?;
                let line = self.line();
                let args = self.list(")")?;
                Ok(self.names.call(&name, args, line))
            }
            Token::Builtin(builtin) => self.builtin(builtin),
            Token::Word("$") => {
                let amount = match self.peek() {
                    Token::Word("++") => Some(1.0),
                    Token::Word("--") => Some(-1.0),
                    _ => None,
                };
                if let Some(amount) = amount {
                    self.at += 1;
                    let place = Box::new(self.primary()?);
                    return Ok(Expr::Field(Box::new(Expr::Step(place, amount, false))));
                }
                let number = if self.take("-") {
                    Expr::Neg(Box::new(self.primary()?))
                } else {
                    self.primary()?
                };
                Ok(Expr::Field(Box::new(number)))
            }
            Token::Word("(") => {
                let mut list = self.list(")")?;
                if list.len() == 1 {
                    return Ok(Expr::Group(Box::new(list.remove(0))));
                }
                if list.is_empty() {
                    return self.wrong("Empty sequence");
                }
                if !self.is("in") {
                    return self.unexpected();
                }
                Ok(Expr::Joined(list))
            }
            Token::Word("-") => Ok(Expr::Neg(Box::new(self.unary()?))),
            Token::Word("+") => Ok(Expr::Plus(Box::new(self.unary()?))),
            Token::Word("!") => Ok(Expr::Not(Box::new(self.unary()?))),
            Token::Word("getline") => {
                let place = self.getline_place()?;
                if self.take("<") {
                    let file = self.primary()?;
                    return Ok(Expr::Getline(Source::File(Box::new(file)), place));
                }
                Ok(Expr::Getline(Source::Main, place))
            }
            _ => {
                self.at = self.at.saturating_sub(usize::from(*self.peek() != Token::End));
                self.unexpected()
            }
        }
    }

    fn builtin(&mut self, builtin: Builtin) -> Result<Expr> {
        if !self.is("(") {
            if builtin == Builtin::Length {
                return Ok(Expr::Builtin(builtin, Vec::new()));
            }
            return self.unexpected();
        }
        self.at += 1;
        let args = self.list(")")?;
        let counts = match builtin {
            Builtin::Rand | Builtin::Systime => 0..=0,
            Builtin::Srand | Builtin::Length | Builtin::Fflush => 0..=1,
            Builtin::Strftime => 0..=3,
            Builtin::Sprintf => 1..=usize::MAX,
            Builtin::Atan2
            | Builtin::Index
            | Builtin::Match
            | Builtin::Lshift
            | Builtin::Rshift => 2..=2,
            Builtin::And | Builtin::Or | Builtin::Xor => 2..=usize::MAX,
            Builtin::Split | Builtin::Sub | Builtin::Gsub | Builtin::Substr => 2..=3,
            _ => 1..=1,
        };
        if !counts.contains(&args.len()) {
            let name = format!("{builtin:?}").to_lowercase();
            return self.wrong(format!("wrong number of arguments for {name}()"));
        }
        match (builtin, args.get(1)) {
            (Builtin::Split, Some(Expr::Var(array))) => self.names.is_array(*array),
            (Builtin::Split, _) => {
                return self.wrong("the second argument of split() must be an array");
            }
            _ => {}
        }
        Ok(Expr::Builtin(builtin, args))
    }
}
