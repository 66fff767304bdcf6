// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rewritten programs do what they did before, interrupted or not: run on wasmtime beside the program
//! as it came, with a preemption requested at every check. Belongs here: what a program computes.

mod random;

use ochre_runner::loader::{IMPORTS, prepare};
use ochre_runner::memory::protection::Use;
use ochre_runner::memory::region::Region;
use ochre_runner::memory::{ProcessMemory, UserAddr};
use random::Writer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::{Caller, Engine, Extern, Func, Instance, Module, Store, Trap, Val};

/// Stack of a thread that runs programs: more than wasmtime lets wasm code use.
const STACK_BYTES: usize = 32 << 20;
/// Where the preemption flag is.
const FLAG: usize = 4096;

/// What a run leaves behind.
#[derive(Debug, PartialEq)]
struct Outcome {
    trap: Option<Trap>,
    stack_pointer: i32,
    memory: Vec<u8>,
}

/// Runs a program as it came. It must not import its memory.
fn run_plain(engine: &Engine, file: &[u8]) -> Outcome {
    let module = Module::new(engine, file).expect("a module");
    let mut store = Store::new(engine, ());
    let syscall =
        Func::wrap(&mut store, |_: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32| -> i32 {
            0
        });
    let imports: Vec<_> = module.imports().map(|_| Extern::Func(syscall)).collect();
    let (trap, stack_pointer, instance) = run(&mut store, &module, &imports);
    let mut memory = Vec::new();
    if let Some(Extern::SharedMemory(shared)) =
        instance.and_then(|instance| instance.get_export(&mut store, "memory"))
    {
        let region = Region::new(shared);
        memory.resize(region.len(), 0);
        region.bytes(0, region.len() as u32).expect("all of it").read(&mut memory);
    }
    Outcome { trap, stack_pointer, memory }
}

/// Runs it rewritten; with `requests`, every check calls. Tells how many did.
fn run_rewritten(engine: &Engine, file: &[u8], requests: bool) -> (Outcome, u64) {
    let prepared = prepare(file).expect("a program");
    let module = Module::new(engine, &prepared.wasm).expect("a rewritten module");
    let memory =
        Arc::new(ProcessMemory::new(engine, 0, prepared.info.memory_pages).expect("memory"));
    let mut store = Store::new(engine, ());
    let calls = Arc::new(AtomicU64::new(0));
    let mut imports = Vec::new();
    for (_, name) in IMPORTS {
        imports.push(Extern::Func(match name {
            "kernel_syscall" => Func::wrap(
                &mut store,
                |_: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32| -> i64 { 0 },
            ),
            "kernel_preempt" => {
                let (memory, calls) = (Arc::clone(&memory), Arc::clone(&calls));
                Func::wrap(&mut store, move |_: Caller<'_, ()>, _sp: i32| -> i64 {
                    calls.fetch_add(1, Ordering::Relaxed);
                    memory.set_preempt_flag();
                    0
                })
            }
            "kernel_signal_return" => Func::wrap(&mut store, |_: i32| -> i64 { 0 }),
            "kernel_user_fault" => Func::wrap(&mut store, |_: i32, _: i32, _: i32| -> i64 { 0 }),
            _ => Func::wrap(&mut store, || {}),
        }));
    }
    imports.push(Extern::SharedMemory(memory.wasm().clone()));
    if requests {
        memory.set_preempt_flag();
    }
    let (trap, stack_pointer, _) = run(&mut store, &module, &imports);
    let mut bytes = vec![0; prepared.info.memory_pages as usize * 65536];
    let null_page = 4096;
    let range = memory
        .bytes(UserAddr(null_page), bytes.len() as u32 - null_page, Use::Read)
        .expect("memory");
    range.read(&mut bytes[null_page as usize..]);
    (Outcome { trap, stack_pointer, memory: bytes }, calls.load(Ordering::Relaxed))
}

fn run(
    store: &mut Store<()>,
    module: &Module,
    imports: &[Extern],
) -> (Option<Trap>, i32, Option<Instance>) {
    let trap = |error: &wasmtime::Error| *error.downcast_ref::<Trap>().expect("a trap");
    let instance = match Instance::new(&mut *store, module, imports) {
        Ok(instance) => instance,
        Err(error) => return (Some(trap(&error)), 0, None),
    };
    let start = instance.get_typed_func::<i32, ()>(&mut *store, "_start").expect("_start");
    let end = start.call(&mut *store, 65536).err().map(|error| trap(&error));
    let global = instance.get_global(&mut *store, "__stack_pointer").expect("a stack pointer");
    let Val::I32(stack_pointer) = global.get(&mut *store) else { panic!("not an i32") };
    (end, stack_pointer, Some(instance))
}

/// Runs a program in both forms and compares; tells how many checks called.
fn compare(engine: &Engine, file: &[u8], what: &str) -> u64 {
    let mut plain = run_plain(engine, file);
    let mut calls = 0;
    for requests in [false, true] {
        let (mut rewritten, called) = run_rewritten(engine, file, requests);
        for outcome in [&mut plain, &mut rewritten] {
            // Not the program's: the flag, and the page that the machine does not map.
            let len = outcome.memory.len().min(FLAG + 4);
            outcome.memory[..len].fill(0);
        }
        let first = plain.memory.iter().zip(&rewritten.memory).position(|(a, b)| a != b);
        assert!(
            plain == rewritten,
            "{what}, requests: {requests}: {:?} {} became {:?} {}, memory differs at {first:?}",
            plain.trap,
            plain.stack_pointer,
            rewritten.trap,
            rewritten.stack_pointer,
        );
        assert!(requests || called == 0, "{what}: {called} calls without a request");
        calls = called;
    }
    calls
}

fn with_big_stack(body: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(body).expect("thread");
    thread.join().expect("no panic");
}

/// A program whose `_start` is `body`; `$out` stores an i64 at the place that its first word counts.
fn program(fields: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
        (memory (export "memory") 48 65536 shared)
        (global (export "__stack_pointer") (mut i32) (i32.const 65536))
        (func $out (param i64)
          (i32.store (i32.const 65536) (i32.add (i32.load (i32.const 65536)) (i32.const 8)))
          (i64.store offset=65536 (i32.load (i32.const 65536)) (local.get 0)))
        {fields}
        (func (export "_start") (param $n i32) {body}))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn loops_compute_the_same() {
    with_big_stack(|| {
        let engine = ochre_runner::engine::new().expect("an engine");
        for (what, least_calls, fields, body) in CASES {
            let calls = compare(&engine, &program(fields, body), what);
            assert!(calls >= *least_calls, "{what}: {calls} calls");
        }
    });
}

/// Name, least number of checks that are passed, further fields, body.
const CASES: &[(&str, u64, &str, &str)] = &[
    (
        "locals of all types",
        100,
        "",
        "(local $i i32) (local $a i64) (local $b f32) (local $c f64) (local $v v128)
         (local.set $a (i64.const 7)) (local.set $b (f32.const 1.5)) (local.set $c (f64.const 2.5))
         (local.set $v (v128.const i64x2 3 4))
         (loop $l
           (local.set $a (i64.mul (local.get $a) (i64.const 0x5851f42d4c957f2d)))
           (local.set $b (f32.div (f32.add (local.get $b) (f32.const 3)) (f32.const 1.25)))
           (local.set $c (f64.sqrt (f64.add (local.get $c) (f64.convert_i32_s (local.get $i)))))
           (local.set $v (i64x2.add (local.get $v) (v128.const i64x2 1 2)))
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
             (i32.const 1000))))
         (call $out (local.get $a)) (call $out (i64.reinterpret_f64 (local.get $c)))
         (call $out (i64.extend_i32_u (i32.reinterpret_f32 (local.get $b))))
         (call $out (i64x2.extract_lane 1 (local.get $v)))",
    ),
    (
        "a nest",
        400,
        "",
        "(local $i i32) (local $j i32) (local $s i64)
         (loop $o
           (local.set $j (i32.const 0))
           (loop $p
             (local.set $s (i64.add (i64.mul (local.get $s) (i64.const 31))
               (i64.extend_i32_u (i32.xor (local.get $i) (local.get $j)))))
             (br_if $p (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1)))
               (i32.const 37))))
           (br_if $o (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
             (i32.const 100))))
         (call $out (local.get $s))",
    ),
    (
        "a result, exits from within, a table",
        10,
        "",
        "(local $i i32) (local $s i64)
         (block $far
           (call $out (i64.extend_i32_u (block $near (result i32) (loop $l (result i32)
             (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (block $c (block $b (block $a
               (br_table $a $b $c $l (i32.rem_u (local.get $i) (i32.const 5))))
               (local.set $s (i64.add (local.get $s) (i64.const 10))) (br $l))
               (local.set $s (i64.mul (local.get $s) (i64.const 3)))
               (br_if $near (local.get $i) (i32.gt_u (local.get $i) (i32.const 300))) (drop) (br $l))
             (br_if $far (i32.gt_u (local.get $i) (i32.const 400)))
             (br_if $l (i32.lt_u (local.get $i) (i32.const 350)))
             (i32.const 99))))))
         (call $out (local.get $s))",
    ),
    (
        "operands below a loop",
        10,
        "",
        "(local $i i32)
         (i64.const 5) (i64.const 6)
         (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
           (i32.const 100))))
         (call $out) (call $out)",
    ),
    (
        "a parameter of the loop",
        10,
        "",
        "(local $i i32) (i64.const 1)
         (loop $l (param i64) (result i64)
           (i64.mul (i64.const 3))
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
             (i32.const 50))))
         (call $out)",
    ),
    (
        "recursion",
        1000,
        "(func $fib (param i32) (result i64)
           (if (result i64) (i32.lt_u (local.get 0) (i32.const 2))
             (then (i64.extend_i32_u (local.get 0)))
             (else (i64.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
               (call $fib (i32.sub (local.get 0) (i32.const 2)))))))",
        "(call $out (call $fib (i32.const 20)))",
    ),
    (
        "back from a handler",
        10,
        "(tag $t (param i32))",
        "(local $i i32) (local $s i64)
         (loop $l
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (local.get $i))))
           (block $b (result i32)
             (try_table (catch $t $b) (throw $t (local.get $i))) (i32.const 0))
           (br_if $l (i32.lt_u (i32.const 60)) ) (call $out (local.get $s)))",
    ),
    (
        "memory copied in pieces, both ways over itself",
        60,
        "(func $seed (local $i i32)
           (loop $l
             (i32.store offset=0x20000 (local.get $i) (i32.mul (local.get $i) (i32.const 0x9e3779b1)))
             (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4)))
               (i32.const 0x180000)))))",
        "(call $seed)
         (memory.copy (i32.const 0x21003) (i32.const 0x20000) (i32.const 0x123457))
         (memory.copy (i32.const 0x30000) (i32.const 0x41001) (i32.const 0xfffff))
         (memory.copy (i32.const 0x200000) (i32.const 0x20000) (i32.const 0x90001))
         (memory.fill (i32.const 0x50007) (i32.const 0x5a) (i32.const 0x20001))
         (memory.copy (i32.const 0x60000) (i32.const 0x60000) (i32.const 0x30000))",
    ),
    (
        "a copy that reaches out of memory writes nothing",
        0,
        "",
        "(memory.fill (i32.const 0x20000) (i32.const 1) (i32.const 0x100000))
         (memory.copy (i32.const 0x2a0000) (i32.const 0x20000) (i32.const 0x80000))",
    ),
    (
        "a fill that reaches out of memory writes nothing",
        0,
        "",
        "(memory.fill (i32.const 0x200000) (i32.const 1) (i32.const 0xffff0000))",
    ),
];

#[test]
fn more_locals_than_can_be_put_away() {
    let locals: String = (0..90).map(|n| format!("(local $l{n} i32)")).collect();
    let steps: String = (0..90)
        .map(|n| {
            let from = (n * 7 + 1) % 90;
            format!(
                "(local.set $l{n} (i32.add (i32.mul (local.get $l{from}) (i32.const 5)) (local.get $i)))"
            )
        })
        .collect();
    let out: String =
        (0..90).map(|n| format!("(call $out (i64.extend_i32_u (local.get $l{n})))")).collect();
    let body = format!(
        "(local $i i32) {locals}
         (loop $l {steps} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
           (i32.const 300)))) {out}"
    );
    with_big_stack(move || {
        let engine = ochre_runner::engine::new().expect("an engine");
        let calls = compare(&engine, &program("", &body), "many locals");
        assert!(calls >= 299, "{calls} calls");
    });
}

#[test]
fn random_programs_do_the_same() {
    with_big_stack(|| {
        let engine = ochre_runner::engine::new().expect("an engine");
        let mut calls = 0;
        for seed in 0..30 {
            let (fields, body) = Writer::program(seed);
            calls += compare(&engine, &program(&fields, &body), &format!("seed {seed}"));
        }
        assert!(calls > 1000, "{calls} checks called in all of them");
    });
}
