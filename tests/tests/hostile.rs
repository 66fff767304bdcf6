// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules that no compiler makes: too big, too deep, with garbage where kernel and runner look. Each
//! ends as its own fault or is refused, and the machine goes on: every one is run by a shell that has
//! the last word. Files that are no programs at all are in `bad_inputs`.

use ochre_tests::machine::{Machine, Output, PROBES};
use ochre_tests::program::{assemble, nr, program};
use std::time::Duration;

/// `man 7 signal`, as a shell's status.
const SIGSEGV: i32 = 139;
const SIGILL: i32 = 132;
/// Found, but not executable.
const REFUSED: i32 = 126;

/// Runs a program, and shows that the machine still does something afterwards.
fn run(bytes: Vec<u8>) -> Output {
    let script = "program; s=$?; [ \"$(echo on | cat)\" = on ] && exit $s";
    Machine::shell(script).with_program(bytes).run()
}

fn ends_with(name: &str, bytes: Vec<u8>, status: i32) {
    let output = run(bytes);
    assert_eq!(output.code(), status, "{name}\n{}", output.transcript());
}

/// A module with the fields of a program but for its memory.
fn with_memory(memory: &str, body: &str) -> Vec<u8> {
    let exit = nr::EXIT_GROUP;
    assemble(&format!(
        r#"(module
          (import "linux" "syscall" (func $sys (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
          {memory}
          (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
          (func (export "_start") (param i32) {body}
            (drop (call $sys (i32.const {exit}) (i32.const 0) (i32.const 0) (i32.const 0)
              (i32.const 0) (i32.const 0) (i32.const 0)))))"#
    ))
}

#[test]
fn a_start_function_is_user_code_like_any_other() {
    ends_with("a trap", program("(start $s) (func $s unreachable)", ""), SIGILL);
    let recursion = "(start $s) (func $s (call $s) (call $s))";
    ends_with("recursion", program(recursion, ""), SIGSEGV);
    let load = "(start $s) (func $s (drop (i32.load (i32.const 16))))";
    ends_with("the null page", program(load, ""), SIGSEGV);
    let exit = "(start $s) (func $s (drop (call $sys (i32.const 94) (i32.const 7) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))";
    ends_with("an exit", program(exit, ""), 7);
    let endless = program("(start $s) (func $s (loop $l (br $l)))", "");
    Machine::shell("program & p=$!; sleep 0.3; kill $p; wait $p; echo $?")
        .with_program(endless)
        .run()
        .success()
        .prints("143\n");
}

#[test]
fn a_start_function_that_starts_threads_without_end_is_one_program_gone_wild() {
    // Each thread has an instance of its own, which runs the start function again:
    // clone(VM | FS | FILES | SIGHAND | THREAD | SYSVSEM).
    let extra = "(start $s) (func $s (drop (call $sys (i32.const 220) (i32.const 0x50f00)
        (i32.const 65536) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
        (func (export \"__linux_clone_start\") (param i32 i32) (loop $l (br $l)))";
    let script = "timeout -s KILL 2 program; echo on | cat";
    let machine = Machine::shell(script).with_program(program(extra, "(loop $l (br $l))"));
    let output = machine.option("--cpus", "2").limit(Duration::from_secs(180)).run();
    assert!(output.success().text().ends_with("on\n"));
}

#[test]
fn bulk_operations_out_of_range_are_faults() {
    let cases = [
        (
            "data to nowhere",
            "(data \"abc\")",
            "(memory.init 0 (i32.const -8) (i32.const 0) (i32.const 3))",
        ),
        (
            "more data than there is",
            "(data \"abc\")",
            "(memory.init 0 (i32.const 65536) (i32.const 2) (i32.const 9))",
        ),
        (
            "dropped data",
            "(data \"abc\")",
            "(data.drop 0) (memory.init 0 (i32.const 65536) (i32.const 0) (i32.const 3))",
        ),
        (
            "data to the null page",
            "(data \"abc\")",
            "(memory.init 0 (i32.const 8) (i32.const 0) (i32.const 3))",
        ),
        (
            "a copy around the end",
            "",
            "(memory.copy (i32.const 65536) (i32.const -4) (i32.const 8))",
        ),
        (
            "a fill of everything",
            "",
            "(memory.fill (i32.const 65536) (i32.const 1) (i32.const -1))",
        ),
        (
            "elements to nowhere",
            "(table 4 funcref) (elem $e funcref (ref.func $exit))",
            "(table.init $e (i32.const -1) (i32.const 0) (i32.const 1))",
        ),
        (
            "a table entry far away",
            "(table 4 funcref)",
            "(drop (table.get (i32.const 0x7fffffff)))",
        ),
    ];
    for (name, extra, body) in cases {
        ends_with(name, program(extra, body), SIGSEGV);
    }
}

#[test]
fn memories_that_no_machine_has_are_refused() {
    for pages in ["65536 65536", "60000 65536", "30000 65536"] {
        let memory = format!("(import \"env\" \"memory\" (memory {pages} shared))");
        ends_with(pages, with_memory(&memory, ""), REFUSED);
    }
    ends_with("a small one", with_memory("(memory 2 2 shared)", ""), 0);
}

#[test]
fn tables_take_no_more_of_the_host_than_memory_does() {
    let sizes = ["0xffffffff", "0x10000000", "0x4000000"];
    for size in sizes {
        let output = run(program(&format!("(table {size} funcref)"), ""));
        assert_ne!(output.code(), 0, "a table of {size} entries\n{}", output.transcript());
        // Fails, as the instruction's own result says; what was granted is bounded.
        let body = format!(
            "(call $exit (i32.ne (table.grow (ref.null func) (i32.const {size})) (i32.const -1)))"
        );
        ends_with(size, program("(table 4 funcref)", &body), 0);
    }
    let little = "(call $exit (i32.ne (table.grow (ref.null func) (i32.const 100)) (i32.const 4)))";
    ends_with("a little", program("(table 4 funcref)", little), 0);
}

#[test]
fn exceptions_that_are_kept_do_not_fill_the_host() {
    // Each is an object of the collector's, of half a kilobyte, and the table keeps them alive.
    let (params, values) = ("i64 ".repeat(64), "(i64.const 1) ".repeat(64));
    let extra = format!(
        "(tag $t (param {params})) (table $kept 250000 exnref)
         (func $keep (param $at i32)
           (table.set $kept (local.get $at)
             (block $caught (result exnref)
               (try_table (catch_all_ref $caught) (throw $t {values}))
               unreachable)))"
    );
    let body = "(local $n i32) (loop $more (call $keep (local.get $n))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $n) (i32.const 250000))))";
    // There is room for some, but 125 MB is more than a program gets: it dies of it.
    ends_with("exceptions", program(&extra, body), SIGILL);
}

#[test]
fn size_and_depth_are_no_problem_or_refused() {
    let many =
        |count: u32, text: &dyn Fn(u32) -> String| -> String { (0..count).map(text).collect() };
    let functions = many(40_000, &|n| format!("(func $f{n} (result i32) (i32.const {n}))"));
    let blocks = "(block ".repeat(20_000) + &")".repeat(20_000);
    let loops = "(loop ".repeat(5000) + &")".repeat(5000);
    let branches = format!("(block $b (br_table {} (i32.const 0)))", "$b ".repeat(60_000));
    let locals = format!("(local {})", "i64 ".repeat(40_000));
    let globals = many(20_000, &|n| format!("(global i32 (i32.const {n}))"));
    let types =
        many(20_000, &|n| format!("(type (func (param {})))", "i32 ".repeat(n as usize % 9)));
    let data = many(5000, &|n| format!("(data \"{n}\")"));
    let adds = "(drop ".to_owned()
        + &"(i32.add (i32.const 1) ".repeat(8000)
        + "(i32.const 0)"
        + &")".repeat(8001);
    let cases = [
        ("functions", functions.as_str(), ""),
        ("blocks", "", blocks.as_str()),
        ("loops", "", loops.as_str()),
        ("branches", "", branches.as_str()),
        ("locals", "", locals.as_str()),
        ("globals", globals.as_str(), ""),
        ("types", types.as_str(), ""),
        ("data segments", data.as_str(), ""),
        ("operands", "", adds.as_str()),
    ];
    for (name, extra, body) in cases {
        let output = run(program(extra, body));
        assert!([0, REFUSED].contains(&output.code()), "{name}\n{}", output.transcript());
    }
}

/// Fields of a program with handlers: `$handle` sets one (signal, handler, flags), the structure at
/// 70000 as in the kernel's asm-generic `struct sigaction`, and `$raise` sends a signal to itself.
fn handlers(signal: &str) -> String {
    format!(
        r#"(type $handler (func (param i32)))
        (table 8 funcref) (elem (i32.const 3) func $good $wrong $again)
        (global $count (mut i32) (i32.const 0))
        (func $good (param i32) (global.set $count (i32.add (global.get $count) (i32.const 1))))
        (func $wrong (param i64) (result i64) (local.get 0))
        (func $again (param i32) (call $raise (local.get 0)))
        (func $raise (param $signal i32)
          (drop (call $sys (i32.const 129)
            (call $sys (i32.const 172) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
              (i32.const 0) (i32.const 0))
            (local.get $signal) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
        (func $handle (param $signal i32) (param $handler i32) (param $flags i32)
          (i32.store (i32.const 70000) (local.get $handler))
          (i32.store (i32.const 70004) (local.get $flags))
          (i64.store (i32.const 70008) (i64.const 0))
          (i64.store (i32.const 70016) (i64.const 0))
          (drop (call $sys (i32.const 134) (local.get $signal) (i32.const 70000) (i32.const 0)
            (i32.const 8) (i32.const 0) (i32.const 0))))
        (func (export "__linux_signal") (param $frame i32) {signal})"#
    )
}

/// The glue's way to a handler, as in musl.
const BY_TABLE: &str = "(call_indirect (type $handler) (i32.load offset=4 (local.get $frame))
    (i32.load (local.get $frame)))";

#[test]
fn handlers_that_are_none_are_faults() {
    let cases = [
        (
            "a good one",
            "(call $handle (i32.const 10) (i32.const 3) (i32.const 0)) (call $raise (i32.const 10))
            (call $exit (i32.ne (global.get $count) (i32.const 1)))",
            0,
        ),
        (
            "beyond the table",
            "(call $handle (i32.const 10) (i32.const 0x7fffffff) (i32.const 0)) (call $raise (i32.const 10))",
            SIGSEGV,
        ),
        (
            "an empty entry",
            "(call $handle (i32.const 10) (i32.const 7) (i32.const 0)) (call $raise (i32.const 10))",
            SIGSEGV,
        ),
        (
            "another type",
            "(call $handle (i32.const 10) (i32.const 4) (i32.const 0)) (call $raise (i32.const 10))",
            SIGSEGV,
        ),
        (
            "for SIGSEGV itself",
            "(call $handle (i32.const 11) (i32.const 99) (i32.const 0)) (drop (i32.load (i32.const 0)))",
            SIGSEGV,
        ),
        // SA_NODEFER: each fault in the handler calls it again, with less stack.
        (
            "again and again",
            "(call $handle (i32.const 11) (i32.const 99) (i32.const 0x40000000)) (drop (i32.load (i32.const 0)))",
            SIGSEGV,
        ),
        (
            "one that raises its signal",
            "(call $handle (i32.const 10) (i32.const 5) (i32.const 0x40000000)) (call $raise (i32.const 10))",
            SIGSEGV,
        ),
    ];
    for (name, body, status) in cases {
        ends_with(name, program(&handlers(BY_TABLE), body), status);
    }
}

#[test]
fn a_fault_without_end_can_be_ended() {
    // The handler puts the stack pointer back and faults: on Linux, too, this lasts until a signal.
    let signal = "(global.set $sp (i32.const 60000)) (drop (i32.load (i32.const 0)))";
    let body = "(call $handle (i32.const 11) (i32.const 3) (i32.const 0x40000000))
        (drop (i32.load (i32.const 0)))";
    Machine::shell("program & p=$!; sleep 0.5; kill $p; wait $p; echo $?; echo on | cat")
        .with_program(program(&handlers(signal), body))
        .run()
        .success()
        .prints("143\non\n");
}

#[test]
fn a_stack_pointer_out_of_memory_leaves_no_room_for_a_handler() {
    for sp in ["0", "1", "4096", "8191", "0x20000000", "0x7fffffff", "0x80000000", "0xffffffff"] {
        let body = format!(
            "(call $handle (i32.const 10) (i32.const 3) (i32.const 0))
             (global.set $sp (i32.const {sp})) (call $raise (i32.const 10))"
        );
        ends_with(sp, program(&handlers(BY_TABLE), &body), SIGSEGV);
    }
}

#[test]
fn frames_that_the_program_has_overwritten_do_no_harm() {
    // Everything that sigreturn reads is garbage: the mask, the alternate stack, a syscall to repeat.
    let signal = "(memory.fill (local.get $frame) (i32.const 0xff) (i32.const 400))";
    let body =
        "(call $handle (i32.const 10) (i32.const 3) (i32.const 0)) (call $raise (i32.const 10))";
    let output = run(program(&handlers(signal), body));
    assert!(output.code() == 0 || output.code() == SIGSEGV, "{}", output.transcript());
}

#[test]
fn threads_on_stacks_that_are_none_are_faults() {
    let start = "(func (export \"__linux_clone_start\") (param $sp i32) (param $tls i32)
        (drop (i32.load (local.get $sp))) (drop (i32.load (local.get $tls))) unreachable)";
    for stack in ["16", "0x20000000", "0xfffffff0"] {
        // clone(VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS): all of the process dies.
        let body = format!(
            "(drop (call $sys (i32.const 220) (i32.const 0xd0f00) (i32.const {stack}) (i32.const 0)
               (i32.const 0xdead0000) (i32.const 0) (i32.const 0))) (loop $l (br $l))"
        );
        ends_with(stack, program(start, &body), SIGSEGV);
    }
    // Without an entry for threads, there are none: ENOSYS is 38.
    let body = "(call $exit (i32.sub (i32.const 0) (call $sys (i32.const 220) (i32.const 0x50f00)
        (i32.const 65536) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))";
    ends_with("no entry", program("", body), 38);
}

#[test]
fn a_program_that_asks_for_preemption_itself_only_slows_itself_down() {
    let body = "(local $n i32) (loop $l (i32.store (i32.const 4096) (i32.const -1))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 200000))))";
    ends_with("the flag", program("", body), 0);
}

#[test]
fn sections_that_nobody_reads_may_hold_anything() {
    let names = "(@custom \"name\" \"\\01\\ff\\ff\\ff\\ff\\0f\") (@custom \"metadata.code.branch_hint\" \"\\ff\\ff\")
        (@custom \"ochre.abi\" \"\\ff\") (@custom \"producers\" \"\\7f\")";
    let output = run(program(names, ""));
    assert!([0, REFUSED].contains(&output.code()), "{}", output.transcript());
}

#[test]
fn a_storm_of_execs_passes() {
    let script = format!(
        "for i in 1 2 3 4; do {PROBES}/churn child chain 150 & p=\"$p $!\"; done; \
         for i in $p; do wait $i; echo $?; done"
    );
    let machine = Machine::shell(&script).option("--cpus", "2");
    machine.run().success().prints("9\n9\n9\n9\n");
}
