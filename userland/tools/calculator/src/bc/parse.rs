// SPDX-License-Identifier: MIT OR Apache-2.0
//! bc's grammar: words into statements.

use std::rc::Rc;

use super::lex::Token;

/// Something with a value.
#[derive(Debug)]
pub enum Expr {
    Number(String),
    Place(Place),
    Call(String, Vec<Argument>),
    /// `length`, `scale`, `sqrt`, `read`.
    Builtin(&'static str, Option<Box<Expr>>),
    /// `length` of an array.
    ArrayLength(String),
    Negative(Box<Expr>),
    Not(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// The operator of `+=` and its like, or nothing.
    Assign(Place, Option<&'static str>, Box<Expr>),
    /// `++` or `--`, before or behind.
    Step {
        place: Place,
        operator: &'static str,
        before: bool,
    },
    /// In brackets: printed even when it is an assignment.
    Group(Box<Expr>),
}

/// Something that can be assigned to.
#[derive(Debug)]
pub enum Place {
    Variable(String),
    Element(String, Box<Expr>),
    /// `scale`, `ibase`, `obase`, `last`.
    Special(&'static str),
}

/// What a function is given.
#[derive(Debug)]
pub enum Argument {
    Value(Expr),
    Array(String),
}

/// Something to do.
#[derive(Debug)]
pub enum Statement {
    Expr(Expr),
    Text(String),
    Print(Vec<Printed>),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    For(Option<Expr>, Option<Expr>, Option<Expr>, Box<Statement>),
    Block(Vec<Statement>),
    Break,
    Continue,
    Return(Option<Expr>),
    Halt,
    Quit,
    Define(Rc<Function>),
    Nothing,
}

/// What `print` prints.
#[derive(Debug)]
pub enum Printed {
    Text(String),
    Value(Expr),
}

/// A parameter or local variable.
#[derive(Debug)]
pub struct Local {
    pub name: String,
    pub is_array: bool,
    pub by_reference: bool,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// A call of it prints nothing.
    pub is_void: bool,
    pub parameters: Vec<Local>,
    pub locals: Vec<Local>,
    pub body: Statement,
}

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// More has to come.
    Incomplete,
    /// It is no bc.
    Syntax(String),
}

type Parsed<T> = Result<T, Wrong>;

/// Reads all statements of a text.
///
/// # Errors
/// See [`Wrong`].
pub fn parse(tokens: &[Token]) -> Parsed<Vec<Statement>> {
    let mut parser = Parser { tokens, at: 0 };
    let mut statements = Vec::new();
    loop {
        while parser.newline() || parser.sign(";") {}
        if parser.at == tokens.len() {
            return Ok(statements);
        }
        statements.push(parser.statement()?);
        if parser.at < tokens.len() && !parser.newline() && !parser.sign(";") {
            return Err(parser.wrong());
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn newline(&mut self) -> bool {
        let is = self.peek() == Some(&Token::Newline);
        self.at += usize::from(is);
        is
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = self.is_sign(sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.at += usize::from(is);
        is
    }

    fn one_of(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        signs.iter().find(|sign| self.sign(sign)).copied()
    }

    fn wrong(&self) -> Wrong {
        match self.peek() {
            None => Wrong::Incomplete,
            Some(token) => Wrong::Syntax(match token {
                Token::Number(text) | Token::Name(text) | Token::Text(text) => text.clone(),
                Token::Sign(sign) => (*sign).to_owned(),
                Token::Newline => "the line's end".to_owned(),
            }),
        }
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong()) }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.wrong()),
        }
    }

    fn skip_newlines(&mut self) {
        while self.newline() {}
    }

    fn ends(&self) -> bool {
        matches!(self.peek(), None | Some(Token::Newline | Token::Sign(";" | "}")))
    }

    fn statement(&mut self) -> Parsed<Statement> {
        if self.sign("{") {
            return self.block();
        }
        if let Some(Token::Text(text)) = self.peek() {
            let text = text.clone();
            self.at += 1;
            return Ok(Statement::Text(text));
        }
        let Some(Token::Name(name)) = self.peek() else {
            return Ok(Statement::Expr(self.expr()?));
        };
        let before = self.at;
        let name = name.clone();
        self.at += 1;
        match name.as_str() {
            "if" => {
                self.expect("(")?;
                let condition = self.expr()?;
                self.expect(")")?;
                self.skip_newlines();
                let then = Box::new(self.statement()?);
                let here = self.at;
                while self.newline() || self.sign(";") {}
                if self.word("else") {
                    self.skip_newlines();
                    return Ok(Statement::If(condition, then, Some(Box::new(self.statement()?))));
                }
                self.at = here;
                Ok(Statement::If(condition, then, None))
            }
            "while" => {
                self.expect("(")?;
                let condition = self.expr()?;
                self.expect(")")?;
                self.skip_newlines();
                Ok(Statement::While(condition, Box::new(self.statement()?)))
            }
            "for" => {
                self.expect("(")?;
                let first = self.optional(";")?;
                let condition = self.optional(";")?;
                let step = self.optional(")")?;
                self.skip_newlines();
                Ok(Statement::For(first, condition, step, Box::new(self.statement()?)))
            }
            "break" => Ok(Statement::Break),
            "continue" => Ok(Statement::Continue),
            "halt" => Ok(Statement::Halt),
            "quit" => Ok(Statement::Quit),
            "return" => Ok(Statement::Return(if self.ends() { None } else { Some(self.expr()?) })),
            "print" => self.print(),
            "define" => self.define(),
            "warranty" | "limits" => Ok(Statement::Nothing),
            _ => {
                self.at = before;
                Ok(Statement::Expr(self.expr()?))
            }
        }
    }

    fn optional(&mut self, end: &str) -> Parsed<Option<Expr>> {
        if self.sign(end) {
            return Ok(None);
        }
        let expr = self.expr()?;
        self.expect(end)?;
        Ok(Some(expr))
    }

    fn block(&mut self) -> Parsed<Statement> {
        let mut statements = Vec::new();
        loop {
            while self.newline() || self.sign(";") {}
            if self.sign("}") {
                return Ok(Statement::Block(statements));
            }
            statements.push(self.statement()?);
            if !self.ends() {
                return Err(self.wrong());
            }
        }
    }

    fn print(&mut self) -> Parsed<Statement> {
        let mut parts = Vec::new();
        loop {
            if let Some(Token::Text(text)) = self.peek() {
                parts.push(Printed::Text(text.clone()));
                self.at += 1;
            } else {
                parts.push(Printed::Value(self.expr()?));
            }
            if !self.sign(",") {
                return Ok(Statement::Print(parts));
            }
        }
    }

    fn locals(&mut self) -> Parsed<Vec<Local>> {
        let mut locals = Vec::new();
        loop {
            let by_reference = self.sign("*") || self.sign("&");
            let name = self.name()?;
            let is_array = self.sign("[");
            if is_array {
                self.expect("]")?;
            }
            locals.push(Local { name, is_array, by_reference });
            if !self.sign(",") {
                return Ok(locals);
            }
        }
    }

    fn define(&mut self) -> Parsed<Statement> {
        let mut name = self.name()?;
        // void is a word of its own only before a name.
        let is_void = name == "void" && !self.is_sign("(");
        if is_void {
            name = self.name()?;
        }
        self.expect("(")?;
        let parameters = if self.is_sign(")") { Vec::new() } else { self.locals()? };
        self.expect(")")?;
        self.skip_newlines();
        self.expect("{")?;
        while self.newline() || self.sign(";") {}
        let locals = if self.word("auto") { self.locals()? } else { Vec::new() };
        let body = self.block()?;
        Ok(Statement::Define(Rc::new(Function { name, is_void, parameters, locals, body })))
    }

    /// Weakest first: `||`, `&&`, `!`, comparisons, assignments, `+ -`, `* / %`, `^`, signs.
    fn expr(&mut self) -> Parsed<Expr> {
        self.left(&[&["||"], &["&&"]], Self::negation)
    }

    fn left(
        &mut self,
        levels: &[&[&'static str]],
        below: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let Some((signs, levels)) = levels.split_first() else { return below(self) };
        let mut left = self.left(levels, below)?;
        while let Some(sign) = self.one_of(signs) {
            let right = self.left(levels, below)?;
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expr> {
        if self.sign("!") {
            return Ok(Expr::Not(Box::new(self.negation()?)));
        }
        self.left(&[&["==", "!=", "<=", ">=", "<", ">"]], Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.left(&[&["+", "-"], &["*", "/", "%"]], Self::power)?;
        let Expr::Place(place) = left else { return Ok(left) };
        let signs = ["=", "+=", "-=", "*=", "/=", "%=", "^="];
        let Some(sign) = self.one_of(&signs) else { return Ok(Expr::Place(place)) };
        let operator = (sign != "=").then(|| sign.trim_end_matches('='));
        Ok(Expr::Assign(place, operator, Box::new(self.assignment()?)))
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.sign_of()?;
        if self.sign("^") {
            return Ok(Expr::Binary("^", Box::new(base), Box::new(self.power()?)));
        }
        Ok(base)
    }

    fn sign_of(&mut self) -> Parsed<Expr> {
        if self.sign("-") {
            return Ok(Expr::Negative(Box::new(self.sign_of()?)));
        }
        if let Some(operator) = self.one_of(&["++", "--"]) {
            return match self.primary()? {
                Expr::Place(place) => Ok(Expr::Step { place, operator, before: true }),
                _ => Err(self.wrong()),
            };
        }
        if self.sign("!") {
            return Ok(Expr::Not(Box::new(self.sign_of()?)));
        }
        match self.primary()? {
            Expr::Place(place) => match self.one_of(&["++", "--"]) {
                Some(operator) => Ok(Expr::Step { place, operator, before: false }),
                None => Ok(Expr::Place(place)),
            },
            other => Ok(other),
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        if self.sign("(") {
            let inner = self.expr()?;
            self.expect(")")?;
            return Ok(Expr::Group(Box::new(inner)));
        }
        if let Some(Token::Number(number)) = self.peek() {
            let number = number.clone();
            self.at += 1;
            return Ok(Expr::Number(number));
        }
        let name = self.name()?;
        let special = ["ibase", "obase", "last", "scale"].into_iter().find(|word| *word == name);
        let builtin = ["length", "sqrt", "scale", "read"].into_iter().find(|word| *word == name);
        if let Some(builtin) = builtin
            && (self.is_sign("(") || special.is_none())
        {
            self.expect("(")?;
            if self.sign(")") {
                return Ok(Expr::Builtin(builtin, None));
            }
            if let [Token::Name(name), Token::Sign("["), Token::Sign("]"), ..] =
                &self.tokens[self.at..]
                && builtin == "length"
            {
                let name = name.clone();
                self.at += 3;
                self.expect(")")?;
                return Ok(Expr::ArrayLength(name));
            }
            let argument = self.expr()?;
            self.expect(")")?;
            return Ok(Expr::Builtin(builtin, Some(Box::new(argument))));
        }
        if let Some(special) = special {
            return Ok(Expr::Place(Place::Special(special)));
        }
        if self.sign("(") {
            return Ok(Expr::Call(name, self.arguments()?));
        }
        if self.sign("[") {
            let index = self.expr()?;
            self.expect("]")?;
            return Ok(Expr::Place(Place::Element(name, Box::new(index))));
        }
        Ok(Expr::Place(Place::Variable(name)))
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        if self.sign(")") {
            return Ok(arguments);
        }
        loop {
            let array = match &self.tokens[self.at..] {
                [Token::Name(name), Token::Sign("["), Token::Sign("]"), ..] => Some(name.clone()),
                _ => None,
            };
            arguments.push(match array {
                Some(name) => {
                    self.at += 3;
                    Argument::Array(name)
                }
                None => Argument::Value(self.expr()?),
            });
            if self.sign(")") {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }
}
