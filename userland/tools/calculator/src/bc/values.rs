// SPDX-License-Identifier: MIT OR Apache-2.0
//! What bc's variables hold, and calls of its functions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::parse::{Argument, Function, Local, Place, Statement};
use super::run::{Done, Machine, Stop};
use crate::decimal::Decimal;
use crate::library;

/// An array: what was never set is zero.
pub type Array = Rc<RefCell<HashMap<u64, Decimal>>>;

/// What a name hides while a function runs.
enum Hidden {
    Variable(String, Option<Decimal>),
    Array(String, Option<Array>),
}

/// What a parameter gets.
enum Given {
    Value(Decimal),
    Array(Array),
}

/// How many calls may be within each other.
const MOST_CALLS: usize = 1500;

impl Machine {
    /// The array of a name.
    pub fn array(&mut self, name: &str) -> Array {
        self.arrays.entry(name.to_owned()).or_default().clone()
    }

    /// What is there.
    pub fn load(&mut self, place: &Place) -> Done<Decimal> {
        Ok(match place {
            Place::Variable(name) => self.variables.get(name).cloned().unwrap_or_default(),
            Place::Element(name, index) => {
                let index = self.index(index)?;
                self.array(name).borrow().get(&index).cloned().unwrap_or_default()
            }
            Place::Special("scale") => (self.scale as i64).into(),
            Place::Special("ibase") => i64::from(self.input_base).into(),
            Place::Special("obase") => Decimal { value: self.output_base.clone(), scale: 0 },
            Place::Special(_) => self.last.clone(),
        })
    }

    /// Puts something there.
    pub fn store(&mut self, place: &Place, value: Decimal) -> Done<()> {
        match place {
            Place::Variable(name) => {
                self.variables.insert(name.clone(), value);
            }
            Place::Element(name, index) => {
                let index = self.index(index)?;
                self.array(name).borrow_mut().insert(index, value);
            }
            Place::Special("scale") => {
                let scale = value.to_i64().and_then(|scale| usize::try_from(scale).ok());
                self.scale = scale
                    .filter(|scale| *scale < 100_000_000)
                    .ok_or_else(|| Stop::Wrong("scale is not between 0 and 99999999".to_owned()))?;
            }
            Place::Special("ibase") => {
                self.input_base = value.to_i64().unwrap_or(36).clamp(2, 36) as u32;
            }
            Place::Special("obase") => {
                let base = value.whole();
                if base < 2.into() {
                    return Err(Stop::Wrong("obase is less than 2".to_owned()));
                }
                self.output_base = base;
            }
            Place::Special(_) => self.last = value,
        }
        Ok(())
    }

    fn index(&mut self, index: &super::parse::Expr) -> Done<u64> {
        let index = self.value(index)?.to_i64().and_then(|index| u64::try_from(index).ok());
        index.ok_or_else(|| Stop::Wrong("an index of an array is out of bounds".to_owned()))
    }

    fn arguments(&mut self, arguments: &[Argument]) -> Done<Vec<Given>> {
        let given = arguments.iter().map(|argument| {
            Ok(match argument {
                Argument::Value(expr) => Given::Value(self.value(expr)?),
                Argument::Array(name) => Given::Array(self.array(name)),
            })
        });
        given.collect()
    }

    /// Calls a function of the program, or of the library.
    pub fn call(&mut self, name: &str, arguments: &[Argument]) -> Done<Decimal> {
        let given = self.arguments(arguments)?;
        let Some(function) = self.functions.get(name).cloned() else {
            return match (self.has_library, name, &given[..]) {
                (true, "s", [Given::Value(x)]) => Ok(library::sine(x, self.scale)?),
                (true, "c", [Given::Value(x)]) => Ok(library::cosine(x, self.scale)?),
                (true, "a", [Given::Value(x)]) => Ok(library::arctangent(x, self.scale)?),
                (true, "l", [Given::Value(x)]) => Ok(library::logarithm(x, self.scale)?),
                (true, "e", [Given::Value(x)]) => Ok(library::exponential(x, self.scale)?),
                (true, "j", [Given::Value(n), Given::Value(x)]) => {
                    Ok(library::bessel(n, x, self.scale)?)
                }
                _ => Err(Stop::Wrong(format!(
                    "function {name} is not defined with these parameters"
                ))),
            };
        };
        if function.parameters.len() != given.len() {
            return Err(Stop::Wrong(format!("function {name} has another number of parameters")));
        }
        if self.depth >= MOST_CALLS {
            return Err(Stop::Wrong("functions call each other too deep".to_owned()));
        }
        self.depth += 1;
        let result = self.enter(&function, given);
        self.depth -= 1;
        result
    }

    fn enter(&mut self, function: &Function, given: Vec<Given>) -> Done<Decimal> {
        let mut hidden = Vec::new();
        for (local, given) in function.parameters.iter().zip(given) {
            let fits = match (&given, local.is_array) {
                (Given::Value(_), is_array) => !is_array,
                (Given::Array(_), is_array) => is_array,
            };
            if !fits {
                self.leave(hidden);
                return Err(Stop::Wrong(format!("parameter {} has another type", local.name)));
            }
            hidden.push(self.hide(local, Some(given)));
        }
        for local in &function.locals {
            hidden.push(self.hide(local, None));
        }
        let result = self.statement(&function.body);
        self.leave(hidden);
        match result {
            Ok(()) => Ok(Decimal::default()),
            Err(Stop::Return(value)) => Ok(value),
            Err(other) => Err(other),
        }
    }

    fn hide(&mut self, local: &Local, given: Option<Given>) -> Hidden {
        let name = local.name.clone();
        if local.is_array {
            let array = match given {
                Some(Given::Array(array)) if local.by_reference => array,
                Some(Given::Array(array)) => Rc::new(RefCell::new(array.borrow().clone())),
                _ => Array::default(),
            };
            Hidden::Array(name.clone(), self.arrays.insert(name, array))
        } else {
            let value = match given {
                Some(Given::Value(value)) => value,
                _ => Decimal::default(),
            };
            Hidden::Variable(name.clone(), self.variables.insert(name, value))
        }
    }

    fn leave(&mut self, hidden: Vec<Hidden>) {
        for hidden in hidden.into_iter().rev() {
            match hidden {
                Hidden::Variable(name, value) => {
                    self.variables.insert(name, value.unwrap_or_default());
                }
                Hidden::Array(name, array) => {
                    self.arrays.insert(name, array.unwrap_or_default());
                }
            }
        }
    }

    /// Runs what was read.
    pub fn all(&mut self, statements: Vec<Statement>) -> Done<()> {
        // quit ends where it is read, even within what is not run.
        statements.iter().try_for_each(|statement| self.statement(statement))
    }
}
