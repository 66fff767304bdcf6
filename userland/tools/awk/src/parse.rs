// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a program: rules, functions and statements. Expressions are in `expr`, and `names` finds out
//! which names are arrays.

use std::collections::HashMap;

use anyhow::Result;

use crate::lex::{Token, words, wrong};
use crate::names::Names;
use crate::syntax::{Expr, Pattern, Program, Stmt, Var, Way};

/// The reader.
pub struct Parser {
    name: String,
    words: Vec<(Token, usize)>,
    pub at: usize,
    pub names: Names,
    program: Program,
    /// `>` compares; not so in the list of print.
    pub compares: bool,
    loops: usize,
    in_function: bool,
    pub regexes: HashMap<Vec<u8>, std::rc::Rc<ochre_regex::Regex>>,
}

/// Reads a program; `name` is where it comes from, for messages.
pub fn parse(text: &[u8], name: &str) -> Result<Program> {
    let mut parser = Parser {
        name: name.to_owned(),
        words: words(text, name)?,
        at: 0,
        names: Names::new(),
        program: Program::default(),
        compares: true,
        loops: 0,
        in_function: false,
        regexes: HashMap::new(),
    };
    parser.skip_ends();
    while *parser.peek() != Token::End {
        parser.item()?;
        parser.skip_ends();
    }
    let mut program = parser.program;
    parser.names.finish(&mut program);
    Ok(program)
}

impl Parser {
    pub fn peek(&self) -> &Token {
        &self.words[self.at].0
    }

    pub fn peek_second(&self) -> &Token {
        self.words.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    pub fn line(&self) -> usize {
        self.words[self.at].1
    }

    pub fn next(&mut self) -> Token {
        let token = self.words[self.at].0.clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    pub fn is(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if *found == word)
    }

    pub fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        if found {
            self.at += 1;
        }
        found
    }

    pub fn expect(&mut self, word: &str) -> Result<()> {
        if self.take(word) { Ok(()) } else { self.unexpected() }
    }

    pub fn unexpected<T>(&self) -> Result<T> {
        // In BusyBox's words.
        self.wrong("Unexpected token")
    }

    /// An error at the word that comes next.
    pub fn wrong<T>(&self, what: impl std::fmt::Display) -> Result<T> {
        wrong(&self.name, self.line(), what)
    }

    pub fn skip_lines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn skip_ends(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn item(&mut self) -> Result<()> {
        if self.take("function") || self.take("func") {
            return self.function();
        }
        if self.take("BEGIN") {
            let body = self.action()?;
            self.program.begin.push(body);
            return Ok(());
        }
        if self.take("END") {
            let body = self.action()?;
            self.program.end.push(body);
            return Ok(());
        }
        let pattern = if self.is("{") {
            Pattern::Always
        } else {
            let first = self.expr()?;
            if self.take(",") {
                self.skip_lines();
                let second = self.expr()?;
                self.program.ranges += 1;
                Pattern::Range(first, second, self.program.ranges - 1)
            } else {
                Pattern::If(first)
            }
        };
        let action = if self.is("{") {
            Some(self.action()?)
        } else if matches!(self.peek(), Token::Newline | Token::End) || self.is(";") {
            None
        } else {
            return self.unexpected();
        };
        self.program.rules.push((pattern, action));
        Ok(())
    }

    fn function(&mut self) -> Result<()> {
        let name = match self.next() {
            Token::Name(name) | Token::Func(name) => name,
            _ => {
                self.at -= 1;
                return self.unexpected();
            }
        };
        self.expect("(")?;
        let mut params = Vec::new();
        while !self.take(")") {
            self.skip_lines();
            match self.next() {
                Token::Name(name) => params.push(name),
                _ => {
                    self.at -= 1;
                    return self.unexpected();
                }
            }
            self.skip_lines();
            if !self.is(")") {
                self.expect(",")?;
                if self.is(")") {
                    return self.unexpected();
                }
            }
        }
        let Some(number) = self.names.define(&name, params) else {
            return self.wrong(format!("function '{name}' is defined twice"));
        };
        self.skip_lines();
        self.in_function = true;
        let body = self.action()?;
        self.in_function = false;
        self.names.set_body(number, body);
        Ok(())
    }

    fn action(&mut self) -> Result<Vec<Stmt>> {
        self.expect("{")?;
        let mut body = Vec::new();
        loop {
            self.skip_ends();
            if self.take("}") {
                return Ok(body);
            }
            body.push(self.statement()?);
        }
    }

    /// The end of a simple statement.
    fn end(&mut self) -> Result<()> {
        match self.peek() {
            Token::Newline | Token::Word(";") => {
                self.at += 1;
                Ok(())
            }
            Token::Word("}") | Token::End => Ok(()),
            _ => self.unexpected(),
        }
    }

    fn body(&mut self) -> Result<Box<Stmt>> {
        self.skip_lines();
        if self.take(";") {
            return Ok(Box::new(Stmt::Block(Vec::new())));
        }
        Ok(Box::new(self.statement()?))
    }

    fn loop_body(&mut self) -> Result<Box<Stmt>> {
        self.loops += 1;
        let body = self.body();
        self.loops -= 1;
        body
    }

    fn condition(&mut self) -> Result<Expr> {
        self.expect("(")?;
        let condition = self.expr()?;
        self.expect(")")?;
        Ok(condition)
    }

    fn statement(&mut self) -> Result<Stmt> {
        let Token::Word(word) = *self.peek() else { return self.simple_end() };
        match word {
            "{" => Ok(Stmt::Block(self.action()?)),
            "if" => {
                self.at += 1;
                let condition = self.condition()?;
                let then = self.body()?;
                // A line's end or a semicolon may stand before else.
                let mark = self.at;
                self.skip_ends();
                if self.take("else") {
                    return Ok(Stmt::If(condition, then, Some(self.body()?)));
                }
                self.at = mark;
                Ok(Stmt::If(condition, then, None))
            }
            "while" => {
                self.at += 1;
                let condition = self.condition()?;
                Ok(Stmt::While(condition, self.loop_body()?))
            }
            "do" => {
                self.at += 1;
                let body = self.loop_body()?;
                self.skip_ends();
                self.expect("while")?;
                let condition = self.condition()?;
                self.end()?;
                Ok(Stmt::Do(body, condition))
            }
            "for" => self.for_loop(),
            ";" => {
                self.at += 1;
                Ok(Stmt::Block(Vec::new()))
            }
            _ => self.simple_end(),
        }
    }

    fn for_loop(&mut self) -> Result<Stmt> {
        self.at += 1;
        self.expect("(")?;
        if let Token::Name(name) = self.peek().clone()
            && *self.peek_second() == Token::Word("in")
            && let Some((Token::Name(array), _)) = self.words.get(self.at + 2).cloned()
            && let Some((Token::Word(")"), _)) = self.words.get(self.at + 3)
        {
            self.at += 4;
            let variable = Expr::Var(self.names.variable(&name));
            let array = self.names.array(&array);
            return Ok(Stmt::ForIn(variable, array, self.loop_body()?));
        }
        let first = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.skip_lines();
        let condition = if self.is(";") { None } else { Some(self.expr()?) };
        self.expect(";")?;
        self.skip_lines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Stmt::For(first, condition, step, self.loop_body()?))
    }

    fn simple_end(&mut self) -> Result<Stmt> {
        let statement = self.simple()?;
        self.end()?;
        Ok(statement)
    }

    fn ends_here(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::End | Token::Word(";" | "}"))
    }

    fn simple(&mut self) -> Result<Stmt> {
        let Token::Word(word) = *self.peek() else { return Ok(Stmt::Expr(self.expr()?)) };
        match word {
            "print" | "printf" => {
                self.at += 1;
                self.print(word == "printf")
            }
            "next" => self.word(Stmt::Next),
            "nextfile" => self.word(Stmt::NextFile),
            "break" | "continue" if self.loops == 0 => {
                self.wrong(format!("'{word}' not in a loop"))
            }
            "break" => self.word(Stmt::Break),
            "continue" => self.word(Stmt::Continue),
            "return" if !self.in_function => self.wrong("'return' outside of a function"),
            "exit" | "return" => {
                self.at += 1;
                let value = if self.ends_here() { None } else { Some(self.expr()?) };
                Ok(if word == "exit" { Stmt::Exit(value) } else { Stmt::Return(value) })
            }
            "delete" => {
                self.at += 1;
                if self.ends_here() {
                    return self.wrong("Too few arguments");
                }
                let Token::Name(name) = self.next() else {
                    self.at -= 1;
                    return self.unexpected();
                };
                let array: Var = self.names.array(&name);
                let index = if self.take("[") { Some(self.subscript()?) } else { None };
                Ok(Stmt::Delete(array, index))
            }
            _ => Ok(Stmt::Expr(self.expr()?)),
        }
    }

    fn word(&mut self, statement: Stmt) -> Result<Stmt> {
        self.at += 1;
        Ok(statement)
    }

    fn print(&mut self, format: bool) -> Result<Stmt> {
        let list = self.print_list()?;
        let way = match self.peek() {
            Token::Word(">") => Some(Way::File),
            Token::Word(">>") => Some(Way::Append),
            Token::Word("|") => Some(Way::Pipe),
            _ => None,
        };
        let target = match way {
            Some(way) => {
                self.at += 1;
                Some((way, self.concatenation_of_target()?))
            }
            None => None,
        };
        if format && list.is_empty() {
            return self.unexpected();
        }
        Ok(if format { Stmt::Printf(list, target) } else { Stmt::Print(list, target) })
    }

    fn concatenation_of_target(&mut self) -> Result<Expr> {
        self.compares = false;
        let target = self.concatenation();
        self.compares = true;
        target
    }

    fn print_list(&mut self) -> Result<Vec<Expr>> {
        if self.is("(") {
            // The list may be in parentheses; or only its first expression begins with one.
            let mark = self.at;
            self.at += 1;
            let list = self.list(")");
            if matches!(&list, Ok(list) if list.is_empty()) {
                return self.wrong("Empty sequence");
            }
            let ends = self.ends_here() || [">", ">>", "|"].iter().any(|word| self.is(word));
            if let (Ok(list), true) = (list, ends) {
                return Ok(list);
            }
            self.at = mark;
        }
        if self.ends_here() || [">", ">>", "|"].iter().any(|word| self.is(word)) {
            return Ok(Vec::new());
        }
        self.compares = false;
        let mut list = Vec::new();
        loop {
            match self.expr() {
                Ok(expr) => list.push(expr),
                Err(error) => {
                    self.compares = true;
                    return Err(error);
                }
            }
            if !self.take(",") {
                break;
            }
            self.skip_lines();
        }
        self.compares = true;
        Ok(list)
    }
}
