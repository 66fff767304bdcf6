// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a program of awk is made of. Names are numbers here: `parse` has looked them up.

use std::rc::Rc;

use ochre_regex::Regex;

use crate::value::Text;

/// Numbers of the variables that awk itself sets and heeds.
pub mod special {
    pub const NF: usize = 0;
    pub const NR: usize = 1;
    pub const FNR: usize = 2;
    pub const FS: usize = 3;
    pub const OFS: usize = 4;
    pub const ORS: usize = 5;
    pub const RS: usize = 6;
    pub const SUBSEP: usize = 7;
    pub const CONVFMT: usize = 8;
    pub const OFMT: usize = 9;
    pub const RSTART: usize = 10;
    pub const RLENGTH: usize = 11;
    pub const FILENAME: usize = 12;
    pub const ENVIRON: usize = 13;
    pub const ARGC: usize = 14;
    pub const ARGV: usize = 15;
    pub const ERRNO: usize = 16;
    /// Their names, in this order.
    pub const NAMES: [&str; 17] = [
        "NF", "NR", "FNR", "FS", "OFS", "ORS", "RS", "SUBSEP", "CONVFMT", "OFMT", "RSTART",
        "RLENGTH", "FILENAME", "ENVIRON", "ARGC", "ARGV", "ERRNO",
    ];
}

/// A variable or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Var {
    Global(usize),
    /// A parameter of the function.
    Local(usize),
}

/// Operators on numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compare {
    Less,
    LessEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
}

/// Functions of awk's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Builtin {
    And,
    Atan2,
    Close,
    Compl,
    Cos,
    Exp,
    Fflush,
    Gsub,
    Index,
    Int,
    Length,
    Log,
    Lshift,
    Match,
    Mktime,
    Or,
    Rand,
    Rshift,
    Sin,
    Split,
    Sprintf,
    Sqrt,
    Srand,
    Strftime,
    Sub,
    Substr,
    System,
    Systime,
    Tolower,
    Toupper,
    Xor,
}

/// Where getline reads from.
pub enum Source {
    Main,
    File(Box<Expr>),
    Command(Box<Expr>),
}

/// An expression. Places are `Var`, `Field` and `Index`.
pub enum Expr {
    Num(f64),
    Str(Text),
    /// Compared with `$0` where it stands alone.
    Regex(Rc<Regex>),
    Var(Var),
    Field(Box<Expr>),
    Index(Var, Box<Expr>),
    /// Several subscripts, joined with SUBSEP.
    Joined(Vec<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    AssignOp(Box<Expr>, Op, Box<Expr>),
    /// A step before or after the value is taken.
    Step(Box<Expr>, f64, bool),
    Cond(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    Plus(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    Compare(Compare, Box<Expr>, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Match(bool, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Var),
    Call(usize, Vec<Expr>),
    Builtin(Builtin, Vec<Expr>),
    Getline(Source, Option<Box<Expr>>),
    /// In parentheses.
    Group(Box<Expr>),
}

impl Expr {
    /// Can it be assigned to?
    pub fn is_place(&self) -> bool {
        matches!(self, Expr::Var(_) | Expr::Field(_) | Expr::Index(..))
    }
}

/// Where output goes.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    File,
    Append,
    Pipe,
}

/// A statement.
pub enum Stmt {
    Expr(Expr),
    Print(Vec<Expr>, Option<(Way, Expr)>),
    Printf(Vec<Expr>, Option<(Way, Expr)>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    Do(Box<Stmt>, Expr),
    For(Option<Box<Stmt>>, Option<Expr>, Option<Box<Stmt>>, Box<Stmt>),
    ForIn(Expr, Var, Box<Stmt>),
    Block(Vec<Stmt>),
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Break,
    Continue,
    Delete(Var, Option<Expr>),
}

/// When an action runs.
pub enum Pattern {
    Always,
    If(Expr),
    /// From a record to another; the number tells the ranges apart.
    Range(Expr, Expr, usize),
}

/// A function of the program's.
#[derive(Default)]
pub struct Function {
    pub params: usize,
    /// Which parameters are arrays.
    pub arrays: Vec<bool>,
    /// It is called in this line, but not there.
    pub missing: Option<usize>,
    pub body: Vec<Stmt>,
}

/// A whole program.
#[derive(Default)]
pub struct Program {
    pub begin: Vec<Vec<Stmt>>,
    /// No action prints the record.
    pub rules: Vec<(Pattern, Option<Vec<Stmt>>)>,
    pub end: Vec<Vec<Stmt>>,
    pub functions: Vec<Function>,
    pub globals: Vec<String>,
    pub ranges: usize,
}
