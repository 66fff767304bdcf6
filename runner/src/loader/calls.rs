// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who calls whom, and at the entry of which functions a preemption check must stand.
//!
//! Without loops, code runs for ever only through a cycle of calls. Every such cycle has a function
//! whose entry is checked ([`Calls::is_checked`]): what is left is free of cycles.
//!
//! A call through a table or a reference may reach every function of its type whose address is taken.
//! In the graph such calls go through one node per type, a *hub*:
//!
//! ```text
//!   f ── call ──────────────▶ g
//!   f ── call_indirect T ──▶ hub(T) ──▶ every function of type T in an element, ref.func …
//! ```
#![forbid(unsafe_code)]

use std::collections::HashMap;
use wasmparser::{
    CompositeInnerType, ConstExpr, ElementItems, FuncType, FunctionBody, Operator, Parser, Payload,
    Result, TableInit, TypeRef, ValType,
};

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// The system call, which is a check of its own.
    Kernel,
    /// A function that the module defines, counted from 0.
    Function(u32),
    /// Some function of a type.
    Hub(u32),
}

/// The calls of a module.
pub struct Calls<'a> {
    /// The bodies of its functions.
    pub bodies: Vec<FunctionBody<'a>>,
    /// Defined functions and hubs, callees first; in a cycle, calls of checked functions do not count.
    pub order: Vec<Callee>,
    types: Vec<Option<FuncType>>,
    /// Types of functions, imported ones first.
    function_types: Vec<u32>,
    imported: u32,
    hub_of_type: Vec<u32>,
    /// The functions behind each hub.
    members: Vec<Vec<u32>>,
    checked: Vec<bool>,
    /// Strongly connected component of each node, functions first.
    component: Vec<u32>,
}

impl<'a> Calls<'a> {
    /// Reads the calls of a valid module.
    pub fn read(file: &'a [u8]) -> Result<Self> {
        let mut found = Found::default();
        for payload in Parser::new(0).parse_all(file) {
            found.payload(payload?)?;
        }
        let Found { types, function_types, imported, bodies, mut taken } = found;
        let (hub_of_type, hubs) = hubs(&types);
        let count = bodies.len() + hubs;
        let mut calls = Self {
            bodies,
            order: Vec::new(),
            types,
            function_types,
            imported,
            hub_of_type,
            members: vec![Vec::new(); hubs],
            checked: vec![false; count],
            component: Vec::new(),
        };
        let mut graph = calls.edges(&mut taken)?;
        calls.take(taken);
        graph.extend(calls.members.iter().cloned());
        calls.component = components(&graph);
        calls.cut_hubs();
        calls.walk(&graph);
        // Components are numbered callees first. Within one, the walk's order stands.
        let mut order = std::mem::take(&mut calls.order);
        order.sort_by_key(|callee| calls.node(*callee).map(|node| calls.component[node]));
        calls.order = order;
        Ok(calls)
    }

    /// Must the entry of defined function `function` be checked?
    pub fn is_checked(&self, function: u32) -> bool {
        self.checked[function as usize]
    }

    /// May the callee call `function` in turn?
    pub fn may_come_back(&self, function: u32, callee: Callee) -> bool {
        self.node(callee)
            .is_some_and(|node| self.component[node] == self.component[function as usize])
    }

    /// Number of hubs.
    pub fn hubs(&self) -> usize {
        self.members.len()
    }

    /// The functions behind a hub.
    pub fn members(&self, hub: u32) -> &[u32] {
        &self.members[hub as usize]
    }

    /// What an operator calls.
    pub fn callee(&self, operator: &Operator<'_>) -> Option<Callee> {
        match *operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                Some(match function_index.checked_sub(self.imported) {
                    Some(defined) => Callee::Function(defined),
                    None => Callee::Kernel,
                })
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => {
                Some(Callee::Hub(self.hub_of_type[type_index as usize]))
            }
            _ => None,
        }
    }

    /// Number of parameters of a function type.
    pub fn param_count(&self, ty: u32) -> usize {
        self.types[ty as usize].as_ref().map_or(0, |ty| ty.params().len())
    }

    /// Types of the parameters and locals of a defined function.
    pub fn locals(&self, function: u32) -> Result<Vec<ValType>> {
        let ty = self.function_types[(self.imported + function) as usize];
        let params = self.types[ty as usize].as_ref().map_or(&[][..], FuncType::params);
        let mut locals = params.to_vec();
        for group in self.bodies[function as usize].get_locals_reader()? {
            let (count, ty) = group?;
            locals.extend(std::iter::repeat_n(ty, count as usize));
        }
        Ok(locals)
    }

    fn node(&self, callee: Callee) -> Option<usize> {
        match callee {
            Callee::Kernel => None,
            Callee::Function(defined) => Some(defined as usize),
            Callee::Hub(hub) => Some(self.bodies.len() + hub as usize),
        }
    }

    /// What each function calls; adds functions whose address is taken in code to `taken`.
    fn edges(&self, taken: &mut Vec<u32>) -> Result<Vec<Vec<u32>>> {
        let mut all = Vec::with_capacity(self.checked.len());
        for body in &self.bodies {
            let mut edges = Vec::new();
            let mut reader = body.get_operators_reader()?;
            while !reader.eof() {
                let operator = reader.read()?;
                if let Operator::RefFunc { function_index } = operator {
                    taken.push(function_index);
                }
                let node = self.callee(&operator).and_then(|callee| self.node(callee));
                edges.extend(node.map(|node| node as u32));
            }
            edges.sort_unstable();
            edges.dedup();
            all.push(edges);
        }
        Ok(all)
    }

    /// Puts functions whose address is taken behind their hubs.
    fn take(&mut self, mut taken: Vec<u32>) {
        taken.sort_unstable();
        taken.dedup();
        for function in taken {
            // The system call's address may be taken too; it is a check of its own.
            let Some(defined) = function.checked_sub(self.imported) else { continue };
            let hub = self.hub_of_type[self.function_types[function as usize] as usize];
            self.members[hub as usize].push(defined);
        }
    }

    /// A function behind a hub that leads back to it is checked.
    fn cut_hubs(&mut self) {
        for hub in 0..self.members.len() {
            let component = self.component[self.bodies.len() + hub];
            for member in &self.members[hub] {
                self.checked[*member as usize] |= self.component[*member as usize] == component;
            }
        }
    }

    /// Walks through the graph in depth; what closes a cycle that is not cut yet is checked.
    fn walk(&mut self, graph: &[Vec<u32>]) {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let functions = self.bodies.len();
        let mut states = vec![State::New; graph.len()];
        for root in 0..graph.len() {
            if states[root] != State::New {
                continue;
            }
            states[root] = State::Open;
            let mut path = vec![(root, 0)];
            while let Some((node, next)) = path.last_mut() {
                let node = *node;
                if let Some(&target) = graph[node].get(*next) {
                    *next += 1;
                    let target = target as usize;
                    if self.checked[target] {
                        continue;
                    }
                    match states[target] {
                        State::New => {
                            states[target] = State::Open;
                            path.push((target, 0));
                        }
                        // Never a hub: the functions behind it are checked by now.
                        State::Open => self.checked[target] = true,
                        State::Done => {}
                    }
                    continue;
                }
                states[node] = State::Done;
                path.pop();
                self.order.push(match node.checked_sub(functions) {
                    Some(hub) => Callee::Hub(hub as u32),
                    None => Callee::Function(node as u32),
                });
            }
        }
    }
}

/// What is collected from the sections.
#[derive(Default)]
struct Found<'a> {
    types: Vec<Option<FuncType>>,
    function_types: Vec<u32>,
    imported: u32,
    bodies: Vec<FunctionBody<'a>>,
    /// Functions whose address is taken.
    taken: Vec<u32>,
}

impl<'a> Found<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.types.extend(group?.into_types().map(
                        |ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        },
                    ));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        self.function_types.push(ty);
                        self.imported += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.function_types.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    if let TableInit::Expr(init) = table?.init {
                        self.expression(&init)?;
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.expression(&global?.init_expr)?;
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    match element?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.taken.push(function?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                self.expression(&expression?)?;
                            }
                        }
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            _ => {}
        }
        Ok(())
    }

    fn expression(&mut self, expression: &ConstExpr<'_>) -> Result<()> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.taken.push(function_index);
            }
        }
        Ok(())
    }
}

/// The hub of each type, and how many there are. Types that could be the same have one hub; which
/// reference types are the same is not looked into.
fn hubs(types: &[Option<FuncType>]) -> (Vec<u32>, usize) {
    let simple = |ty: &ValType| match ty {
        ValType::Ref(_) => ValType::FUNCREF,
        other => *other,
    };
    let mut known: HashMap<(Vec<ValType>, Vec<ValType>), u32> = HashMap::new();
    let mut hub = |ty: &Option<FuncType>| {
        let shape = ty.as_ref().map_or_else(Default::default, |ty| {
            (ty.params().iter().map(simple).collect(), ty.results().iter().map(simple).collect())
        });
        let next = known.len() as u32;
        *known.entry(shape).or_insert(next)
    };
    let hub_of_type = types.iter().map(&mut hub).collect();
    (hub_of_type, known.len())
}

/// Strongly connected components (Tarjan), each with a number.
fn components(graph: &[Vec<u32>]) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let mut component = vec![NONE; graph.len()];
    let mut index = vec![NONE; graph.len()];
    let mut low = vec![0; graph.len()];
    let (mut next_index, mut next_component) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    for root in 0..graph.len() {
        if index[root] != NONE {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if *next == 0 {
                index[node] = next_index;
                low[node] = next_index;
                next_index += 1;
                open.push(node);
            }
            if let Some(&target) = graph[node].get(*next) {
                *next += 1;
                let target = target as usize;
                if index[target] == NONE {
                    path.push((target, 0));
                } else if component[target] == NONE {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == index[node] {
                while let Some(member) = open.pop() {
                    component[member] = next_component;
                    if member == node {
                        break;
                    }
                }
                next_component += 1;
            }
        }
    }
    component
}
