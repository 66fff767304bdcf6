// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names become numbers, and it is found out which are arrays: those with subscripts, and those that are
//! given to functions whose parameters are arrays.

use std::collections::HashMap;

use crate::syntax::{Expr, Function, Program, Stmt, Var, special};

/// The tables.
pub struct Names {
    globals: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Their names, and what stands there; the line of a call as long as nothing does.
    functions: Vec<(String, Option<Function>, usize)>,
    /// Parameters of the function that is being read.
    params: Vec<String>,
    current: Option<usize>,
    arrays: Vec<(Option<usize>, Var)>,
    /// Caller, its variable, callee and parameter.
    passed: Vec<(Option<usize>, Var, usize, usize)>,
}

impl Names {
    pub fn new() -> Self {
        let mut names = Self {
            globals: Vec::new(),
            by_name: HashMap::new(),
            functions: Vec::new(),
            params: Vec::new(),
            current: None,
            arrays: vec![(None, Var::Global(special::ENVIRON)), (None, Var::Global(special::ARGV))],
            passed: Vec::new(),
        };
        for name in special::NAMES {
            names.global(name);
        }
        names
    }

    pub fn global(&mut self, name: &str) -> usize {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let number = self.globals.len();
        self.globals.push(name.to_owned());
        self.by_name.insert(name.to_owned(), number);
        number
    }

    pub fn variable(&mut self, name: &str) -> Var {
        match self.params.iter().position(|param| param == name) {
            Some(slot) => Var::Local(slot),
            None => Var::Global(self.global(name)),
        }
    }

    pub fn array(&mut self, name: &str) -> Var {
        let variable = self.variable(name);
        self.is_array(variable);
        variable
    }

    /// Says that a variable is an array.
    pub fn is_array(&mut self, variable: Var) {
        self.arrays.push((self.current, variable));
    }

    fn function(&mut self, name: &str) -> usize {
        if let Some(number) = self.functions.iter().position(|(known, ..)| known == name) {
            return number;
        }
        self.functions.push((name.to_owned(), None, 0));
        self.functions.len() - 1
    }

    /// Begins a function; none if there is one of that name.
    pub fn define(&mut self, name: &str, params: Vec<String>) -> Option<usize> {
        let number = self.function(name);
        if self.functions[number].1.is_some() {
            return None;
        }
        let count = params.len();
        let function =
            Function { params: count, arrays: vec![false; count], ..Function::default() };
        self.functions[number].1 = Some(function);
        self.params = params;
        self.current = Some(number);
        Some(number)
    }

    /// Ends the function that was begun.
    pub fn set_body(&mut self, number: usize, body: Vec<Stmt>) {
        if let Some(function) = &mut self.functions[number].1 {
            function.body = body;
        }
        self.params.clear();
        self.current = None;
    }

    pub fn call(&mut self, name: &str, args: Vec<Expr>, line: usize) -> Expr {
        let number = self.function(name);
        self.functions[number].2 = line;
        for (slot, arg) in args.iter().enumerate() {
            if let Expr::Var(variable) = arg {
                self.passed.push((self.current, *variable, number, slot));
            }
        }
        Expr::Call(number, args)
    }

    /// Fills the program in.
    pub fn finish(self, program: &mut Program) {
        let mut functions: Vec<Function> = self
            .functions
            .into_iter()
            .map(|(_, function, line)| {
                function.unwrap_or(Function { missing: Some(line), ..Function::default() })
            })
            .collect();
        let mut globals = vec![false; self.globals.len()];
        for (function, variable) in self.arrays {
            *array_mark(&mut globals, &mut functions, function, variable) = true;
        }
        loop {
            let mut changed = false;
            for (caller, variable, callee, slot) in &self.passed {
                if *slot >= functions[*callee].params {
                    continue;
                }
                let inner = functions[*callee].arrays[*slot];
                let outer = array_mark(&mut globals, &mut functions, *caller, *variable);
                let either = *outer || inner;
                changed |= *outer != inner;
                *outer = either;
                functions[*callee].arrays[*slot] = either;
            }
            if !changed {
                break;
            }
        }
        program.functions = functions;
        program.globals = self.globals;
    }
}

fn array_mark<'a>(
    globals: &'a mut [bool],
    functions: &'a mut [Function],
    function: Option<usize>,
    variable: Var,
) -> &'a mut bool {
    match (variable, function) {
        (Var::Local(slot), Some(function)) => &mut functions[function].arrays[slot],
        (Var::Local(slot) | Var::Global(slot), _) => &mut globals[slot],
    }
}
