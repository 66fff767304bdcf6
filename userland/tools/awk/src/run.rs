// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs rules and statements.

use crate::machine::{Done, Local, Machine, Stop, fail};
use crate::syntax::{Expr, Pattern, Stmt, Way, special};
use crate::value::Value;

/// How a statement ended.
pub enum Flow {
    On,
    Break,
    Continue,
    Return(Value),
}

/// Functions within functions; deeper ones would overrun the stack.
const DEEPEST: usize = 2000;

impl<'p> Machine<'p> {
    /// Runs the program: its status.
    pub fn run(&mut self) -> anyhow::Result<u8> {
        let result = self.run_rules();
        let result = match result {
            Err(Stop::Exit) | Ok(()) => self.run_end(),
            other => other,
        };
        let finished = self.streams.finish();
        match result {
            Err(Stop::Fail(error)) => return Err(error),
            Err(Stop::Next | Stop::NextFile) => {
                return Err(ochre_applet::Failure::new(2, "'next' in BEGIN or END").into());
            }
            Ok(()) | Err(Stop::Exit) => {}
        }
        finished?;
        Ok(self.status)
    }

    fn run_rules(&mut self) -> Done<()> {
        let program = self.program;
        for body in &program.begin {
            self.block(body)?;
        }
        if program.rules.is_empty() && program.end.is_empty() {
            return Ok(());
        }
        while let Some(record) = self.main_record()? {
            self.record.set(record.into());
            match self.one_record() {
                Err(Stop::Next) | Ok(()) => {}
                Err(Stop::NextFile) => self.skip_file(),
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    fn run_end(&mut self) -> Done<()> {
        let program = self.program;
        (self.locals, self.base, self.depth) = (Vec::new(), 0, 0);
        for body in &program.end {
            self.block(body)?;
        }
        Ok(())
    }

    fn one_record(&mut self) -> Done<()> {
        let program = self.program;
        for (pattern, action) in &program.rules {
            let applies = match pattern {
                Pattern::Always => true,
                Pattern::If(condition) => self.is_true(condition)?,
                Pattern::Range(first, last, number) => {
                    let inside = self.in_range[*number] || self.is_true(first)?;
                    if inside {
                        self.in_range[*number] = !self.is_true(last)?;
                    }
                    inside
                }
            };
            if !applies {
                continue;
            }
            match action {
                Some(body) => {
                    self.block(body)?;
                }
                None => self.print(&[], None)?,
            }
        }
        Ok(())
    }

    fn block(&mut self, body: &'p [Stmt]) -> Done<Flow> {
        for statement in body {
            match self.statement(statement)? {
                Flow::On => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &'p Stmt) -> Done<Flow> {
        match statement {
            Stmt::Expr(expr) => {
                self.eval(expr)?;
            }
            Stmt::Print(list, target) => self.print(list, target.as_ref())?,
            Stmt::Printf(list, target) => {
                let text = self.format(list)?;
                self.write(target.as_ref(), &text)?;
            }
            Stmt::If(condition, then, other) => {
                if self.is_true(condition)? {
                    return self.statement(then);
                }
                if let Some(other) = other {
                    return self.statement(other);
                }
            }
            Stmt::While(condition, body) => {
                while self.is_true(condition)? {
                    match self.statement(body)? {
                        Flow::Break => break,
                        Flow::On | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                }
            }
            Stmt::Do(body, condition) => loop {
                match self.statement(body)? {
                    Flow::Break => break,
                    Flow::On | Flow::Continue => {}
                    flow => return Ok(flow),
                }
                if !self.is_true(condition)? {
                    break;
                }
            },
            Stmt::For(first, condition, step, body) => {
                if let Some(first) = first {
                    self.statement(first)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.is_true(condition)?
                    {
                        break;
                    }
                    match self.statement(body)? {
                        Flow::Break => break,
                        Flow::On | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Stmt::ForIn(variable, array, body) => {
                let array = self.array(*array);
                let keys: Vec<_> = array.borrow().keys().cloned().collect();
                for key in keys {
                    // The body may have deleted it.
                    if !array.borrow().contains_key(&key) {
                        continue;
                    }
                    self.assign(variable, Value::Input(key))?;
                    match self.statement(body)? {
                        Flow::Break => break,
                        Flow::On | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                }
            }
            Stmt::Block(body) => return self.block(body),
            Stmt::Next => return Err(Stop::Next),
            Stmt::NextFile => return Err(Stop::NextFile),
            Stmt::Exit(value) => {
                if let Some(value) = value {
                    self.status = self.eval(value)?.num() as i64 as u8;
                }
                return Err(Stop::Exit);
            }
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::Unset,
                };
                return Ok(Flow::Return(value));
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Delete(array, index) => {
                let index = match index {
                    Some(index) => Some(self.key(index)?),
                    None => None,
                };
                let array = self.array(*array);
                match index {
                    Some(key) => {
                        array.borrow_mut().swap_remove(&key);
                    }
                    None => array.borrow_mut().clear(),
                }
            }
        }
        Ok(Flow::On)
    }

    fn print(&mut self, list: &'p [Expr], target: Option<&'p (Way, Expr)>) -> Done<()> {
        let mut line = Vec::new();
        if list.is_empty() {
            line.extend(&self.whole()[..]);
        }
        let format = self.global_text(special::OFMT);
        for (at, expr) in list.iter().enumerate() {
            if at > 0 {
                line.extend(&self.ofs[..]);
            }
            line.extend(&self.eval(expr)?.text(&format)[..]);
        }
        line.extend(&self.global_text(special::ORS)[..]);
        self.write(target, &line)
    }

    fn write(&mut self, target: Option<&'p (Way, Expr)>, text: &[u8]) -> Done<()> {
        match target {
            None => self.streams.print(text)?,
            Some((way, name)) => {
                let name = self.eval(name)?.text(&self.convfmt);
                if name.is_empty() {
                    return fail("output to a file or command without a name");
                }
                self.streams.write(*way, &name, text)?;
            }
        }
        Ok(())
    }

    /// What printf and sprintf give.
    pub fn format(&mut self, list: &'p [Expr]) -> Done<Vec<u8>> {
        let mut values = Vec::new();
        for expr in list {
            values.push(self.eval(expr)?);
        }
        let format = values.remove(0).text(&self.convfmt);
        Ok(crate::format::format(&format, &values, &self.convfmt, self.utf8))
    }

    /// Calls a function of the program's.
    pub fn call(&mut self, number: usize, args: &'p [Expr]) -> Done<Value> {
        let program = self.program;
        let function = &program.functions[number];
        if let Some(line) = function.missing {
            return fail(format!("cmd. line:{line}: Call to undefined function"));
        }
        if self.depth >= DEEPEST {
            return fail("functions call each other too deeply");
        }
        let mut locals = Vec::new();
        for (slot, arg) in args.iter().enumerate() {
            let is_array = function.arrays.get(slot) == Some(&true);
            let local = match arg {
                Expr::Var(variable) if is_array => Local::Array(self.array(*variable)),
                _ => Local::Value(self.eval(arg)?),
            };
            if slot < function.params {
                locals.push(local);
            }
        }
        while locals.len() < function.params {
            locals.push(Local::Value(Value::Unset));
        }
        let before = self.base;
        self.base = self.locals.len();
        self.locals.extend(locals);
        self.depth += 1;
        let result = self.block(&function.body);
        self.depth -= 1;
        self.locals.truncate(self.base);
        self.base = before;
        match result? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::Unset),
        }
    }

    /// Gives a place its value.
    pub fn assign(&mut self, place: &'p Expr, value: Value) -> Done<()> {
        match place {
            Expr::Var(variable) => self.set(*variable, value),
            Expr::Field(number) => {
                let number = self.eval(number)?.num();
                self.set_field(number, value)
            }
            Expr::Index(array, index) => {
                let key = self.key(index)?;
                self.array(*array).borrow_mut().insert(key, value);
                Ok(())
            }
            _ => fail("assignment to what is no variable"),
        }
    }
}
