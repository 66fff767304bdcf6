// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dc`: a calculator with a stack.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};
use ochre_applet::{Args, complain, parse};

use crate::decimal::{Decimal, MathError};
use crate::text::{Paper, read, show};

/// Calculates with a stack: 2 3 + p prints 5.
///
/// The commands + - * / % ^ v | ~ calculate; p n f print; k i o set scale and bases; s l S L : ; are registers and
/// arrays; [..] is a string, which x runs, and <r >r =r !<r !>r !=r run register r by a comparison.
#[derive(clap::Parser)]
#[command(name = "dc", disable_version_flag = true)]
struct Options {
    /// Run this
    #[arg(short = 'e', long, allow_hyphen_values = true)]
    expression: Vec<String>,
    /// Run a file
    #[arg(short = 'f', long)]
    file: Vec<PathBuf>,
    /// Registers have long names after a space
    #[arg(short = 'x', long)]
    extended_register: bool,
    /// More files
    files: Vec<PathBuf>,
}

#[derive(Clone)]
enum Value {
    Number(Decimal),
    Text(Rc<[u8]>),
}

#[derive(Default)]
struct Register {
    stack: Vec<Value>,
    array: HashMap<u64, Value>,
}

struct Machine {
    stack: Vec<Value>,
    registers: HashMap<Vec<u8>, Register>,
    scale: usize,
    input_base: u32,
    output_base: BigInt,
    paper: Paper,
    long_names: bool,
}

/// The applet.
pub fn dc(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mut machine = Machine {
        stack: Vec::new(),
        registers: HashMap::new(),
        scale: 0,
        input_base: 10,
        output_base: 10.into(),
        paper: Paper::new("DC_LINE_LENGTH"),
        long_names: options.extended_register,
    };
    let mut any = false;
    if !options.expression.is_empty() {
        any = true;
        if machine.run(options.expression.join("\n").into_bytes().into())? {
            return Ok(0);
        }
    }
    for path in options.file.iter().chain(&options.files) {
        any = true;
        let text = if path.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())?.into_bytes()
        } else {
            std::fs::read(path).with_context(|| path.display().to_string())?
        };
        if machine.run(text.into())? {
            return Ok(0);
        }
    }
    let mut line = String::new();
    while !any && std::io::stdin().read_line(&mut line)? > 0 {
        // A string may go on in the next line.
        if open_brackets(line.as_bytes()) {
            continue;
        }
        if machine.run(std::mem::take(&mut line).into_bytes().into())? {
            return Ok(0);
        }
    }
    if !line.is_empty() {
        machine.run(line.into_bytes().into())?;
    }
    Ok(0)
}

fn open_brackets(text: &[u8]) -> bool {
    let count = |sign: u8| text.iter().filter(|byte| **byte == sign).count();
    count(b'[') > count(b']')
}

/// A text being run, and where.
struct Frame(Rc<[u8]>, usize);

impl Machine {
    /// Runs a text; true when it asked to end.
    fn run(&mut self, text: Rc<[u8]>) -> Result<bool> {
        let mut frames = vec![Frame(text, 0)];
        while let Some(Frame(text, at)) = frames.last_mut() {
            let Some(command) = text.get(*at).copied() else {
                frames.pop();
                continue;
            };
            *at += 1;
            match self.step(command, &mut frames) {
                Ok(true) => {
                    self.paper.flush()?;
                    return Ok(true);
                }
                Ok(false) => {}
                Err(what) => {
                    self.paper.flush()?;
                    complain("dc", what);
                }
            }
            if self.paper.text.len() > 4096 {
                self.paper.flush()?;
            }
        }
        self.paper.flush()?;
        Ok(false)
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().context("stack empty")
    }

    fn number(&mut self) -> Result<Decimal> {
        match self.pop()? {
            Value::Number(number) => Ok(number),
            text @ Value::Text(_) => {
                self.stack.push(text);
                anyhow::bail!("non-numeric value")
            }
        }
    }

    /// The two topmost numbers, the deeper one first; they stay when they are not there.
    fn two(&mut self) -> Result<(Decimal, Decimal)> {
        match &self.stack[self.stack.len().saturating_sub(2)..] {
            [Value::Number(a), Value::Number(b)] => {
                let both = (a.clone(), b.clone());
                self.stack.truncate(self.stack.len() - 2);
                Ok(both)
            }
            [_, _] => anyhow::bail!("non-numeric value"),
            _ => anyhow::bail!("stack empty"),
        }
    }

    fn push(&mut self, number: impl Into<Decimal>) {
        self.stack.push(Value::Number(number.into()));
    }

    fn calculate(
        &mut self,
        how: impl FnOnce(&Decimal, &Decimal) -> Result<Decimal, MathError>,
    ) -> Result<bool> {
        let (a, b) = self.two()?;
        match how(&a, &b) {
            Ok(result) => self.push(result),
            Err(what) => {
                self.push(a);
                self.push(b);
                return Err(what.into());
            }
        }
        Ok(false)
    }

    fn print(&mut self, value: &Value) {
        match value {
            Value::Number(number) => {
                let text = show(number, &self.output_base);
                self.paper.number(&text);
            }
            Value::Text(text) => self.paper.plain(&String::from_utf8_lossy(text)),
        }
    }

    /// The name of a register, which follows a command.
    fn name(&self, frames: &mut [Frame]) -> Result<Vec<u8>> {
        let Some(Frame(text, at)) = frames.last_mut() else { anyhow::bail!("no register's name") };
        let rest = &text[*at..];
        if self.long_names && rest.first().is_some_and(u8::is_ascii_whitespace) {
            let start = rest.len() - rest.trim_ascii_start().len();
            let is_part =
                |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'_';
            let len = rest[start..].iter().take_while(is_part).count();
            *at += start + len;
            return Ok(rest[start..start + len].to_vec());
        }
        let name = *rest.first().context("no register's name")?;
        *at += 1;
        Ok(vec![name])
    }

    fn call(&mut self, value: Value, frames: &mut Vec<Frame>) {
        match value {
            Value::Text(text) => {
                // What has nothing left to do needs no return: loops call themselves.
                if frames.len() > 1
                    && frames.last().is_some_and(|Frame(text, at)| *at == text.len())
                {
                    frames.pop();
                }
                frames.push(Frame(text, 0));
            }
            number => self.stack.push(number),
        }
    }

    fn condition(&mut self, sign: u8, negate: bool, frames: &mut Vec<Frame>) -> Result<bool> {
        let then = self.name(frames)?;
        let mut otherwise = None;
        if let Some(Frame(text, at)) = frames.last_mut()
            && text.get(*at) == Some(&b'e')
        {
            *at += 1;
            otherwise = Some(self.name(frames)?);
        }
        let (second, top) = self.two()?;
        let order = top.compare(&second);
        let holds = match sign {
            b'<' => order.is_lt(),
            b'>' => order.is_gt(),
            _ => order.is_eq(),
        };
        let chosen = if holds != negate { Some(then) } else { otherwise };
        if let Some(name) = chosen {
            let value = self.registers.get(&name).and_then(|register| register.stack.last());
            let value = value.cloned().context("the register is empty")?;
            self.call(value, frames);
        }
        Ok(false)
    }

    /// One command; true to end.
    fn step(&mut self, command: u8, frames: &mut Vec<Frame>) -> Result<bool> {
        let scale = self.scale;
        match command {
            b'0'..=b'9' | b'A'..=b'F' | b'.' | b'_' => {
                self.literal(frames);
                Ok(false)
            }
            b'+' => self.calculate(|a, b| Ok(a.add(b))),
            b'-' => self.calculate(|a, b| Ok(a.subtract(b))),
            b'*' => self.calculate(|a, b| Ok(a.multiply(b, scale))),
            b'/' => self.calculate(|a, b| a.divide(b, scale)),
            b'%' => self.calculate(|a, b| Ok(a.divide_rest(b, scale)?.1)),
            b'^' => self.calculate(|a, b| a.power(b, scale)),
            b'G' => self.calculate(|a, b| Ok(a.compare(b).is_eq().into())),
            b'(' => self.calculate(|a, b| Ok(a.compare(b).is_lt().into())),
            b'{' => self.calculate(|a, b| Ok(a.compare(b).is_le().into())),
            b'~' => {
                let (a, b) = self.two()?;
                let (quotient, rest) = a.divide_rest(&b, scale)?;
                self.push(quotient);
                self.push(rest);
                Ok(false)
            }
            b'|' => {
                let modulus = self.number()?;
                self.calculate(|a, b| a.modular_power(b, &modulus))
            }
            b'<' | b'>' | b'=' => self.condition(command, false, frames),
            b'!' => {
                let sign = frames.last_mut().and_then(|Frame(text, at)| {
                    *at += 1;
                    text.get(*at - 1).copied()
                });
                match sign {
                    Some(sign @ (b'<' | b'>' | b'=')) => self.condition(sign, true, frames),
                    _ => anyhow::bail!("commands of the system are not run"),
                }
            }
            _ => self.other(command, frames),
        }
    }

    fn literal(&mut self, frames: &mut [Frame]) {
        let Some(Frame(text, at)) = frames.last_mut() else { return };
        let start = *at - 1;
        let negative = text[start] == b'_';
        let from = start + usize::from(negative);
        let mut end = from;
        let mut point = false;
        while let Some(byte) = text.get(end) {
            match byte {
                b'0'..=b'9' | b'A'..=b'F' => {}
                b'.' if !point => point = true,
                _ => break,
            }
            end += 1;
        }
        *at = end;
        let number = read(&String::from_utf8_lossy(&text[from..end]), self.input_base);
        self.push(if negative { number.negated() } else { number });
    }

    fn other(&mut self, command: u8, frames: &mut Vec<Frame>) -> Result<bool> {
        match command {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'#' => {
                if let Some(Frame(text, at)) = frames.last_mut() {
                    let len = text[*at..].iter().position(|byte| *byte == b'\n');
                    *at = len.map_or(text.len(), |len| *at + len);
                }
            }
            b'v' => {
                let number = self.number()?;
                self.push(number.square_root(self.scale)?);
            }
            b'N' => {
                let number = self.number()?;
                self.push(number.is_zero());
            }
            b'p' => {
                let value = self.stack.last().cloned().context("stack empty")?;
                self.print(&value);
                self.paper.plain("\n");
            }
            b'n' => {
                let value = self.pop()?;
                self.print(&value);
            }
            b'f' => {
                for value in self.stack.clone().iter().rev() {
                    self.print(value);
                    self.paper.plain("\n");
                }
            }
            b'P' => match self.pop()? {
                Value::Number(number) => {
                    let (_, bytes) = number.whole().to_bytes_be();
                    self.paper.plain(&String::from_utf8_lossy(&bytes));
                }
                text => self.print(&text),
            },
            b'a' => {
                let text = match self.pop()? {
                    Value::Number(number) => vec![number.whole().to_bytes_le().1[0]],
                    Value::Text(text) => text.iter().take(1).copied().collect(),
                };
                self.stack.push(Value::Text(text.into()));
            }
            b'c' => self.stack.clear(),
            b'd' => {
                let value = self.stack.last().cloned().context("stack empty")?;
                self.stack.push(value);
            }
            b'r' => {
                let count = self.stack.len();
                anyhow::ensure!(count >= 2, "stack empty");
                self.stack.swap(count - 1, count - 2);
            }
            // As BusyBox has it; GNU's turns the stack.
            b'R' => drop(self.pop()?),
            b'z' => self.push(self.stack.len() as i64),
            b'Z' => {
                let len = match self.pop()? {
                    Value::Number(number) => number.value.abs().to_string().len(),
                    Value::Text(text) => text.len(),
                };
                self.push(len as i64);
            }
            b'X' => {
                let scale = match self.pop()? {
                    Value::Number(number) => number.scale,
                    Value::Text(_) => 0,
                };
                self.push(scale as i64);
            }
            b'k' => {
                let number = self.number()?.whole();
                self.scale = number.to_usize().context("scale must be a nonnegative number")?;
            }
            b'i' => {
                let base = self.number()?.whole().to_u32();
                let base = base.filter(|base| (2..=16).contains(base));
                self.input_base =
                    base.context("input base must be a number between 2 and 16 (inclusive)")?;
            }
            b'o' => {
                let base = self.number()?.whole();
                anyhow::ensure!(
                    base > BigInt::from(1),
                    "output base must be a number greater than 1"
                );
                self.output_base = base;
            }
            b'I' => self.push(i64::from(self.input_base)),
            b'O' => self.push(Decimal { value: self.output_base.clone(), scale: 0 }),
            b'K' => self.push(self.scale as i64),
            b'[' => self.string(frames)?,
            b'x' => {
                let value = self.pop()?;
                self.call(value, frames);
            }
            b'?' => {
                let mut line = String::new();
                self.paper.flush()?;
                std::io::stdin().read_line(&mut line)?;
                self.call(Value::Text(line.into_bytes().into()), frames);
            }
            b'q' => {
                if frames.len() <= 2 {
                    return Ok(true);
                }
                frames.truncate(frames.len() - 2);
            }
            b'Q' => {
                let count = self.number()?.to_i64().unwrap_or(0).max(0) as usize;
                frames.truncate(frames.len().saturating_sub(count).max(1));
            }
            b's' | b'l' | b'S' | b'L' | b':' | b';' => self.register(command, frames)?,
            _ => {
                anyhow::bail!("{:?} (0{command:o}) unimplemented; see --help", char::from(command))
            }
        }
        Ok(false)
    }

    fn string(&mut self, frames: &mut [Frame]) -> Result<()> {
        let Some(Frame(text, at)) = frames.last_mut() else { return Ok(()) };
        let start = *at;
        let mut depth = 1;
        while depth > 0 {
            match text.get(*at).context("a string has no end; write ] there")? {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            *at += 1;
        }
        let string = Value::Text(text[start..*at - 1].into());
        self.stack.push(string);
        Ok(())
    }

    fn register(&mut self, command: u8, frames: &mut [Frame]) -> Result<()> {
        let name = self.name(frames)?;
        match command {
            b's' | b'S' => {
                let value = self.pop()?;
                let register = self.registers.entry(name).or_default();
                if command == b's' {
                    register.stack.pop();
                }
                register.stack.push(value);
            }
            b'l' => {
                let value = self.registers.get(&name).and_then(|register| register.stack.last());
                self.stack.push(value.cloned().unwrap_or_else(|| Value::Number(0.into())));
            }
            b'L' => {
                let value = self.registers.get_mut(&name).and_then(|register| register.stack.pop());
                let shown = String::from_utf8_lossy(&name).into_owned();
                self.stack
                    .push(value.with_context(|| format!("stack register '{shown}' is empty"))?);
            }
            _ => {
                let index = self.number()?.whole().to_u64();
                let index = index.context("array index must be a nonnegative integer")?;
                if command == b':' {
                    let value = self.pop()?;
                    self.registers.entry(name).or_default().array.insert(index, value);
                } else {
                    let array = self.registers.get(&name).map(|register| &register.array);
                    let value = array.and_then(|array| array.get(&index)).cloned();
                    self.stack.push(value.unwrap_or_else(|| Value::Number(0.into())));
                }
            }
        }
        Ok(())
    }
}
