// SPDX-License-Identifier: MIT OR Apache-2.0
//! Costs of the runner's fast paths, printed by `cargo test --release -p ochre-runner --test figures
//! -- --ignored --nocapture`. Belongs here: loops over one operation, timed by the test kernel.

mod support;

use support::{Bench, kernel, program};

const ROUNDS: u32 = 1_000_000;

/// A loop over `body` that prints its time in nanoseconds.
fn timed(body: &str) -> String {
    format!(
        "(local $n i32) (local $t i64)
         (local.set $n (i32.const {ROUNDS}))
         (local.set $t (call $clock))
         (loop $more {body}
           (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
         (call $puthex (i32.wrap_i64 (i64.sub (call $clock) (local.get $t))))"
    )
}

fn report(what: &str, kernel: &[u8]) {
    let ended = Bench::new("figures", kernel).run();
    let text = ended.stdout();
    let line = text.lines().last().unwrap_or_default();
    let ns = u32::from_str_radix(line, 16).unwrap_or_else(|_| panic!("{text}{}", ended.stderr()));
    println!("{:8.1} ns  {what}", f64::from(ns) / f64::from(ROUNDS));
}

#[test]
#[ignore = "prints figures, checks nothing"]
fn figures() {
    let memory = |call: &str| {
        let body = timed(&format!("(drop {call})"));
        // In the task of a process, where its own memory is at hand.
        let start = body.replacen("(local $n i32) (local $t i64)", "", 1);
        (body, start)
    };
    for (what, call) in [
        ("host call that does nothing", "(call $clock)".to_owned()),
        ("stream poll", "(call $stream_read (i32.const 9) (i32.const 0) (i32.const 0))".to_owned()),
    ] {
        report(what, &kernel(&[("BOOT", &memory(&call).0)], b""));
    }
    let switches = [
        (
            "BOOT",
            timed(
                "(if (i32.eqz (i32.load (i32.const 0x1104))) (then
                   (i32.store (i32.const 0x1104) (call $task_create (i32.const 0) (i32.const 0)))))
                 (call $task_switch (i32.load (i32.const 0x1104)))",
            ),
        ),
        (
            "TASK_START",
            "(loop $forever (call $task_switch (i32.load (i32.const 0x1100))) (br $forever))"
                .into(),
        ),
    ];
    let switches: Vec<_> = switches.iter().map(|(name, body)| (*name, &**body)).collect();
    report("two task switches", &kernel(&switches, b""));
    let lives = timed(
        "(i32.store (i32.const 0x1104) (call $task_create (i32.const 0) (i32.const 0)))
         (call $task_switch (i32.load (i32.const 0x1104)))",
    )
    .replace(&ROUNDS.to_string(), &(ROUNDS / 100).to_string());
    let parts =
        [("BOOT", &*lives), ("TASK_START", "(call $task_exit (i32.load (i32.const 0x1100)))")];
    report("a hundredth of a task's life", &kernel(&parts, b""));

    // In a system call the process's own memory is at hand.
    for (what, call) in [
        (
            "read of 4 bytes",
            "memory_read (call $memory) (i32.const 0x4000) (i32.const 0x2000) (i32.const 4)",
        ),
        (
            "read of 60 bytes",
            "memory_read (call $memory) (i32.const 0x4000) (i32.const 0x2000) (i32.const 60)",
        ),
        (
            "write of 4096 bytes",
            "memory_write (call $memory) (i32.const 0x2000) (i32.const 0x4000) (i32.const 4096)",
        ),
        (
            "compare and exchange",
            "memory_cmpxchg (call $memory) (i32.const 0x2000) (i32.const 0) (i32.const 0) (i32.const 0x1280)",
        ),
    ] {
        let body = timed(&format!("(drop (call ${call}))"));
        let (locals, rest) = body.split_at("(local $n i32) (local $t i64)".len());
        let syscall = format!(
            "(call $timed) (call $poweroff) (unreachable)) (func $timed {locals} {rest}) (func (param $nr i32) (param $a0 i32) (param $a1 i32) (result i64)"
        );
        let parts = [("BOOT", "(call $start_process)"), ("SYSCALL", &*syscall)];
        report(what, &kernel(&parts, &program("")));
    }
    let boot = "(i64.store (i32.const 0x1110) (call $clock)) (call $start_process)";
    let syscall = "(if (i32.eq (local.get $nr) (i32.const 2)) (then (return (i64.const 0))))
        (call $puthex (i32.wrap_i64 (i64.sub (call $clock) (i64.load (i32.const 0x1110)))))";
    let body = format!(
        "(local $n i32) (local.set $n (i32.const {ROUNDS}))
         (drop (call $call (i32.const 3) (i32.const 0) (i32.const 0)))
         (loop $more (drop (call $call (i32.const 2) (i32.const 0) (i32.const 0)))
           (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    );
    let syscall = format!(
        "(if (i32.eq (local.get $nr) (i32.const 3)) (then
           (i64.store (i32.const 0x1110) (call $clock)) (return (i64.const 0)))) {syscall}"
    );
    report("system call", &kernel(&[("BOOT", boot), ("SYSCALL", &syscall)], &program(&body)));
}
