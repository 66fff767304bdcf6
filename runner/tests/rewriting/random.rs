// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random programs in WebAssembly text, rich in loops and branches of every kind. All of them end: a
//! local counts down at each way back, and functions call only those that come later or, with less to
//! count down, themselves.

use std::fmt::Write;

/// Functions of a program.
const FUNCTIONS: usize = 3;
/// Locals of each type in a function.
const LOCALS: u64 = 6;
/// Deepest nest of blocks.
const MAX_DEPTH: usize = 6;

/// Writes one program.
pub struct Writer {
    state: u64,
    text: String,
    labels: Vec<Label>,
    next_label: usize,
    function: usize,
    /// Statements that may still be written.
    left: usize,
}

#[derive(Clone)]
struct Label {
    name: String,
    is_loop: bool,
}

impl Writer {
    /// The fields and the body of the program number `seed`.
    pub fn program(seed: u64) -> (String, String) {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut writer = Self {
            state,
            text: String::new(),
            labels: Vec::new(),
            next_label: 0,
            function: 0,
            left: 0,
        };
        let mut fields = "(tag $t (param i32)) (type $fn (func (param i32)))
            (table 8 funcref) (elem (i32.const 3) $f0 $f1 $f2)"
            .to_owned();
        for function in 0..FUNCTIONS {
            let body = writer.body(function);
            let _ = write!(fields, "(func $f{function} (param $fuel i32) {body})");
        }
        (fields, "(call $f0 (i32.const 300))".to_owned())
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 20) % bound
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn body(&mut self, function: usize) -> String {
        self.text.clear();
        self.function = function;
        self.left = 60;
        for (name, ty) in [("a", "i32"), ("b", "i64"), ("c", "f64"), ("d", "f32")] {
            for local in 0..LOCALS {
                self.add(&format!("(local ${name}{local} {ty})"));
            }
        }
        self.statements(8);
        for local in 0..LOCALS {
            self.add(&format!("(call $out (i64.extend_i32_u (local.get $a{local})))"));
            self.add(&format!("(call $out (local.get $b{local}))"));
            self.add(&format!("(call $out (i64.reinterpret_f64 (local.get $c{local})))"));
            self.add(&format!(
                "(call $out (i64.extend_i32_u (i32.reinterpret_f32 (local.get $d{local}))))"
            ));
        }
        std::mem::take(&mut self.text)
    }

    fn statements(&mut self, most: u64) {
        for _ in 0..1 + self.below(most) {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.statement();
        }
    }

    fn statement(&mut self) {
        let deep = self.labels.len() >= MAX_DEPTH;
        match self.below(20) {
            0..=4 if !deep => self.looped(),
            5 | 6 if !deep => self.block("block", ""),
            7 if !deep => {
                let condition = self.word();
                self.add(&format!("(if {condition} (then"));
                self.statements(4);
                self.add(") (else");
                self.statements(4);
                self.add("))");
            }
            8 if !deep => {
                // Labels around it are not used within, for it has two of its own.
                let (number, condition) = (self.word(), self.word());
                self.add("(drop (block $caught (result i32) (try_table (catch $t $caught)");
                let around = std::mem::take(&mut self.labels);
                self.statements(3);
                self.labels = around;
                self.add(&format!("(if {condition} (then (throw $t {number})))"));
                self.add(") (i32.const 0)))");
            }
            9..=11 => self.branch(),
            12 => self.table(),
            13 => self.call(),
            14 => self.bulk(),
            15 => {
                let (at, value) = (self.word(), self.word());
                self.add(&format!(
                    "(i32.store offset=0x20000 (i32.and {at} (i32.const 0xfffc)) {value})"
                ));
            }
            _ => self.set(),
        }
    }

    fn label(&mut self, is_loop: bool) -> String {
        let name = format!("$l{}", self.next_label);
        self.next_label += 1;
        self.labels.push(Label { name: name.clone(), is_loop });
        name
    }

    fn block(&mut self, kind: &str, end: &str) {
        let name = self.label(kind == "loop");
        self.add(&format!("({kind} {name}"));
        self.statements(5);
        self.add(end);
        self.labels.pop();
        self.add(")");
    }

    fn looped(&mut self) {
        let name = format!("$l{}", self.next_label);
        let condition = self.word();
        let end = format!(
            "(local.set $fuel (i32.sub (local.get $fuel) (i32.const 1)))
             (br_if {name} (i32.and (i32.gt_s (local.get $fuel) (i32.const 0)) (i32.ne {condition} (i32.const 3))))"
        );
        self.block("loop", &end);
    }

    /// A branch to some label; back to a loop only while there is something to count down.
    fn branch(&mut self) {
        if self.labels.is_empty() {
            return self.set();
        }
        let at = self.below(self.labels.len() as u64) as usize;
        let label = self.labels[at].clone();
        let condition = self.word();
        if label.is_loop {
            self.add("(local.set $fuel (i32.sub (local.get $fuel) (i32.const 1)))");
            self.add(&format!(
                "(if (i32.and (i32.gt_s (local.get $fuel) (i32.const 0)) (i32.and {condition} (i32.const 1))) (then (br {})))",
                label.name
            ));
        } else {
            self.add(&format!("(br_if {} (i32.and {condition} (i32.const 5)))", label.name));
        }
    }

    fn table(&mut self) {
        if self.labels.is_empty() {
            return self.set();
        }
        // Over all labels, after one's own for the way out.
        let names: Vec<_> = self.labels.iter().map(|label| label.name.clone()).collect();
        let index = self.word();
        self.add("(local.set $fuel (i32.sub (local.get $fuel) (i32.const 1)))");
        self.add(&format!(
            "(block $own (br_table $own {} $own (select (i32.rem_u {index} (i32.const 9)) (i32.const 0)
               (i32.gt_s (local.get $fuel) (i32.const 0)))))",
            names.join(" ")
        ));
    }

    fn call(&mut self) {
        let callee = self.below(FUNCTIONS as u64) as usize;
        // Fewer calls than there is fuel, of oneself and of earlier ones too.
        self.add("(local.set $fuel (i32.div_s (local.get $fuel) (i32.const 3)))");
        let call = if self.below(3) == 0 {
            format!("(call_indirect (type $fn) (local.get $fuel) (i32.const {}))", callee + 3)
        } else {
            format!("(call $f{callee} (local.get $fuel))")
        };
        self.add(&format!("(if (i32.gt_s (local.get $fuel) (i32.const 1)) (then {call}))"));
    }

    fn bulk(&mut self) {
        let (to, from) = (0x2_0000 + self.below(0x4_0000), 0x2_0000 + self.below(0x4_0000));
        let len = if self.below(2) == 0 { self.below(100) } else { self.below(0x2_8000) };
        let operation = if self.below(2) == 0 { "copy" } else { "fill" };
        self.add(&format!(
            "(memory.{operation} (i32.const {to}) (i32.const {from}) (i32.const {len}))"
        ));
    }

    fn set(&mut self) {
        let (to, x, y) = (self.below(LOCALS), self.below(LOCALS), self.below(LOCALS));
        let text = match self.below(6) {
            0 => format!(
                "(local.set $b{to} (i64.add (i64.mul (local.get $b{x}) (i64.const 0x5851f42d4c957f2d)) (i64.extend_i32_u (local.get $a{y}))))"
            ),
            1 => format!(
                "(local.set $c{to} (f64.add (f64.mul (local.get $c{x}) (f64.const 0.5)) (f64.convert_i32_s (local.get $a{y}))))"
            ),
            2 => format!(
                "(local.set $d{to} (f32.sub (f32.mul (local.get $d{x}) (f32.const 0.25)) (f32.convert_i32_u (local.get $a{y}))))"
            ),
            3 => format!(
                "(local.set $a{to} (i32.wrap_i64 (i64.shr_u (local.get $b{x}) (i64.const 29))))"
            ),
            _ => format!("(local.set $a{to} {})", self.word()),
        };
        self.add(&text);
    }

    /// An expression of type i32.
    fn word(&mut self) -> String {
        let (x, y, constant) = (self.below(LOCALS), self.below(LOCALS), self.below(1000));
        match self.below(6) {
            0 => format!("(i32.const {constant})"),
            1 => format!("(i32.add (local.get $a{x}) (i32.const {constant}))"),
            2 => format!("(i32.xor (local.get $a{x}) (i32.mul (local.get $a{y}) (i32.const 77)))"),
            3 => {
                format!("(i32.load offset=0x20000 (i32.and (local.get $a{x}) (i32.const 0xfffc)))")
            }
            4 => format!("(i32.lt_u (local.get $a{x}) (local.get $a{y}))"),
            _ => format!("(i32.shr_u (local.get $a{x}) (i32.const {}))", constant % 31),
        }
    }
}
