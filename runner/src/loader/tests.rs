// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of what the loader makes of small programs: names, and where checks stand. What rewritten
//! programs do is tested in `runner/tests/rewriting.rs`.

use super::{ProgramInfo, prepare};
use ochre_abi::layout::program_info;
use std::fmt::Write;
use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, Validator};

const PROGRAM: &str = r#"(module
    (type $unused (func (param i64)))
    (import "linux" "syscall" (func $syscall (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 3 65536 shared))
    (table 8 8 funcref)
    (elem (i32.const 3) func $leaf $syscall)
    (global (export "__stack_pointer") (mut i32) (i32.const 65536))
    (global (export "__heap_base") i32 (i32.const 70000))
    (func $leaf (export "leaf") (result i32) (ref.is_null (ref.func $leaf)))
    (func $__wasm_init_memory (memory.fill (i32.const 70000) (i32.const 0) (i32.const 9)))
    (start $__wasm_init_memory)
    (func $looping (loop $again (br_if $again (call $leaf))))
    (func (export "_start") (param i32) (call $looping))
    (func (export "__linux_clone_start") (param i32 i32)))"#;

/// Names of the functions and numbers of atomic loads in each defined one.
fn look(wasm: &[u8]) -> (Vec<(u32, String)>, Vec<usize>) {
    let (mut names, mut checks) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader().unwrap().into_iter();
                let is_check = |op| matches!(op, Operator::I32AtomicLoad { .. });
                checks.push(operators.filter(|op| is_check(op.clone().unwrap())).count());
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else { continue };
                for name in section {
                    if let Name::Function(map) = name.unwrap() {
                        names.extend(map.into_iter().map(|naming| {
                            let naming = naming.unwrap();
                            (naming.index, naming.name.to_owned())
                        }));
                    }
                }
            }
            _ => {}
        }
    }
    (names, checks)
}

/// Checks in each function of a program with these fields.
fn checks(fields: &str) -> Vec<usize> {
    let count = fields.matches("(func").count() - fields.matches("(type $").count();
    let text = format!(
        r#"(module
        (import "linux" "syscall" (func $syscall (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory 3 65536 shared)
        (global (export "__stack_pointer") (mut i32) (i32.const 65536))
        {fields}
        (func (export "_start") (param i32)))"#
    );
    let file = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let prepared = prepare(&file).unwrap();
    Validator::new().validate_all(&prepared.wasm).unwrap_or_else(|error| panic!("{error}\n{text}"));
    look(&prepared.wasm).1[..count].to_vec()
}

#[test]
fn a_rewritten_program_is_valid_and_keeps_its_names() {
    let prepared = prepare(&wat::parse_str(PROGRAM).unwrap()).unwrap();
    Validator::new().validate_all(&prepared.wasm).unwrap();
    let flags = program_info::CAN_CLONE | program_info::REUSABLE;
    let expected = ProgramInfo { memory_pages: 3, stack_top: 65536, heap_base: 70000, flags };
    assert_eq!(prepared.info, expected);
    let (names, _) = look(&prepared.wasm);
    for (index, name) in
        [(6, "leaf"), (7, "__wasm_init_memory"), (8, "looping"), (11, "__syscall"), (14, "__fault")]
    {
        assert!(names.contains(&(index, name.to_owned())), "{index} {name}: {names:?}");
    }
}

#[test]
fn instances_that_change_more_than_globals_are_not_used_again() {
    let is_reusable = |fields: &str| {
        let text = format!(
            r#"(module (memory 3 65536 shared) (table $t 4 funcref) (func $f)
            (elem $e func $f) (elem declare func $f) (data $d "x")
            (global (export "__stack_pointer") (mut i32) (i32.const 65536))
            (func (export "_start") (param i32)) {fields})"#
        );
        prepare(&wat::parse_str(&text).unwrap()).unwrap().info.is_reusable()
    };
    assert!(is_reusable("(func (drop (table.get $t (i32.const 0))))"));
    assert!(is_reusable("(func $init (data.drop $d) (elem.drop $e)) (start $init)"));
    assert!(is_reusable("(global funcref (ref.func $f))"));
    for changing in [
        "(func (table.set $t (i32.const 0) (ref.func $f)))",
        "(func (table.fill $t (i32.const 0) (ref.func $f) (i32.const 1)))",
        "(func (drop (table.grow $t (ref.func $f) (i32.const 1))))",
        "(func (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(func (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(func (elem.drop $e))",
        "(func (data.drop $d))",
        "(global (mut funcref) (ref.func $f))",
    ] {
        assert!(!is_reusable(changing), "{changing}");
    }
}

#[test]
fn equal_input_gives_equal_output() {
    let program = wat::parse_str(PROGRAM).unwrap();
    assert_eq!(prepare(&program).unwrap().wasm, prepare(&program).unwrap().wasm);
}

#[test]
fn every_kind_of_loop_is_checked() {
    for (kind, body) in [
        ("empty", "(loop $l (br $l))"),
        ("conditional", "(loop $l (br_if $l (local.get 0)))"),
        ("counted", "(loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"),
        ("a table of branches", "(loop $l (block $b (br_table $b $l $b (local.get 0))) (br $l))"),
        ("a table back only", "(loop $l (br_table $l $l (local.get 0)))"),
        ("with a result", "(drop (loop $l (result i32) (br_if $l (local.get 0)) (i32.const 1)))"),
        ("with a parameter", "(i32.const 3) (loop $l (param i32) (br_if $l (local.get 0)) (drop))"),
        ("that calls", "(loop $l (call $other) (br $l))"),
        ("that calls through the table", "(loop $l (call_indirect (i32.const 3)) (br $l))"),
        ("that enters the kernel", "(loop $l (call $enter) (br $l))"),
        (
            "that copies memory",
            "(loop $l (memory.fill (local.get 0) (local.get 0) (local.get 0)) (br $l))",
        ),
        ("back from a handler", "(loop $l (try_table (catch_all $l) (throw $t)))"),
        ("around a handler", "(loop $l (block $b (try_table (catch $t $b) (throw $t))) (br $l))"),
        ("back from within", "(loop $l (block (if (local.get 0) (then (br $l)) (else (br 1)))))"),
    ] {
        let found = checks(&format!(
            "(tag $t) (table 4 funcref)
             (func $f (param i32) {body})
             (func $other)
             (func $enter (drop (call $syscall (i32.const 1) (i32.const 1) (i32.const 1)
               (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1))))"
        ));
        assert_eq!(found, [1, 0, 0], "{kind}");
    }
}

#[test]
fn no_name_of_a_function_takes_its_checks_away() {
    assert_eq!(checks("(func $__wasm_init_memory (loop $l (br $l)))"), [1]);
    assert_eq!(checks("(func $__wasm_init_memory (call $__wasm_init_memory))"), [1]);
}

#[test]
fn every_loop_of_a_nest_is_checked() {
    let body = "(loop $o (loop $i (br_if $i (local.get 0))) (loop $j (br_if $j (local.get 0)))
                (br_if $o (local.get 0)))";
    assert_eq!(checks(&format!("(func (param i32) {body})")), [3]);
}

#[test]
fn what_nothing_branches_back_to_is_not_checked() {
    assert_eq!(checks("(func (param i32) (loop (drop (local.get 0))))"), [0]);
    assert_eq!(checks("(func (param i32) (block $b (loop (br_if $b (local.get 0)))))"), [0]);
}

#[test]
fn one_function_of_each_cycle_of_calls_is_checked() {
    assert_eq!(checks("(func $a (call $a))"), [1]);
    assert_eq!(checks("(func $a (return_call $a))"), [1]);
    let found =
        checks("(func $a (call $b)) (func $b (call $c)) (func $c (call $a)) (func (call $a))");
    assert_eq!((found[..3].iter().sum::<usize>(), found[3]), (1, 0));
    // Two cycles that share a function.
    let found = checks("(func $a (call $b) (call $c)) (func $b (call $a)) (func $c (call $a))");
    assert!(found[0] >= 1 || found[1] >= 1 && found[2] >= 1, "{found:?}");
}

#[test]
fn recursion_through_a_table_is_checked() {
    let table = "(table 8 funcref) (type $t (func)) (elem (i32.const 3) $a)";
    let found =
        checks(&format!("{table} (func $a (call $b)) (func $b (call_indirect (i32.const 3)))"));
    assert!(found[0] >= 1, "{found:?}");
    // Of another type than the one that is called, or calling nothing: no way back.
    let found = checks(&format!("{table} (func $a) (func $b (call_indirect (i32.const 3)))"));
    assert_eq!(found, [0, 0]);
    let other = "(call_indirect (param i32) (i32.const 1) (i32.const 3))";
    assert_eq!(checks(&format!("{table} (func $a (call $b)) (func $b {other})")), [0, 0]);
    // An address that is taken in code only.
    let found = checks(
        "(table $t 8 funcref) (elem declare func $a) (type $f (func))
         (func $a (call_indirect (i32.const 0)))
         (func (table.set $t (i32.const 0) (ref.func $a)) (call $a))",
    );
    assert!(found[0] >= 1, "{found:?}");
    let found =
        checks("(elem declare func $a) (type $f (func)) (func $a (call_ref $f (ref.func $a)))");
    assert!(found[0] >= 1, "{found:?}");
}

#[test]
fn calls_in_a_tree_are_not_checked_unless_it_is_deep() {
    assert_eq!(checks("(func $a (call $b) (call $b)) (func $b (call $c)) (func $c)"), [0, 0, 0]);
    // Each calls the next one twice: 2 to the power of 60 calls.
    let mut fields = String::new();
    for level in 0..60 {
        write!(fields, "(func $f{level} (call $f{}) (call $f{0}))", level + 1).unwrap();
    }
    let found = checks(&(fields + "(func $f60 (nop))"));
    // The lower levels are short.
    assert!(found[50..].iter().all(|checks| *checks == 0), "{found:?}");
    assert!(found[..40].iter().all(|checks| *checks > 0), "{found:?}");
}

#[test]
fn the_way_back_out_of_a_recursion_is_checked_when_it_is_long() {
    let work = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))";
    let function =
        |times| format!("(func $f (param i32) (call $f (local.get 0)) {})", work.repeat(times));
    assert_eq!(checks(&function(2)), [1]);
    assert_eq!(checks(&function(20)), [2]);
    let helper = "(func $f (param i32) (call $f (local.get 0)) (call $g (local.get 0)))";
    let found = checks(&format!("{helper} (func $g (param i32) {})", work.repeat(100)));
    assert_eq!(found, [2, 0]);
}

#[test]
fn long_code_without_loops_is_checked() {
    let work = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))";
    let found = checks(&format!("(func (param i32) {})", work.repeat(250_000)));
    assert_eq!(found, [4 * 250_000 / super::plan::LIMIT as usize - 1]);
}

#[test]
fn long_bulk_operations_are_checked() {
    let fields = "(data \"abc\") (func (memory.copy (i32.const 1) (i32.const 2) (i32.const 3)))";
    let prepared = checks_of_glue(fields);
    for (name, expected) in
        [("__copy", 2), ("__fill", 1), ("__init_0", 1), ("__init_0_early", 0), ("__preempt", 0)]
    {
        let found = prepared.iter().find(|(found, _)| found == name).unwrap();
        assert_eq!(found.1, expected, "{name}");
    }
}

/// Names and checks of the functions that the loader adds.
fn checks_of_glue(fields: &str) -> Vec<(String, usize)> {
    let text = PROGRAM.replace("(func $looping", &format!("{fields} (func $looping"));
    let prepared = prepare(&wat::parse_str(text).unwrap()).unwrap();
    let (names, checks) = look(&prepared.wasm);
    let imports = super::IMPORTS.len();
    let mut found = Vec::new();
    for (index, name) in names {
        if let Some(checks) = (index as usize).checked_sub(imports).and_then(|at| checks.get(at)) {
            found.push((name, *checks));
        }
    }
    found
}
