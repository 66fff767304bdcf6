// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines end to end on a test kernel: how they boot, switch tasks, run user code and end.
//! Belongs here: what a kernel and its programs can see of the runner.

mod support;

use support::{Bench, kernel, program, program_with};

fn bench(name: &str, parts: &[(&str, &str)], program: &[u8]) -> Bench {
    Bench::new(name, &kernel(parts, program))
}

fn user(name: &str, program: &[u8]) -> Bench {
    bench(name, &[("BOOT", "(call $start_process)")], program)
}

#[test]
fn the_reasons_to_stop_have_their_statuses() {
    for (reason, status) in [(0, 0), (1, 122), (2, 0), (3, 123)] {
        let boot = format!(
            "(call $putc (i32.const 65)) (call $machine_stop (i32.const {reason}) (i32.const 0))"
        );
        bench(&format!("stop{reason}"), &[("BOOT", &boot)], b"").run().expect(status, "A");
    }
}

#[test]
fn a_trap_in_the_kernel_is_a_panic_with_a_trace() {
    let ended = bench("kernel-trap", &[("BOOT", "(unreachable)")], b"").run();
    ended.expect_error(123, "unreachable");
    ended.expect_error(123, "0: boot");
}

#[test]
fn a_kernel_may_give_up_a_task_that_has_trapped() {
    let parts = [
        (
            "BOOT",
            "(i32.store (i32.const 0x1104) (call $task_create (i32.const 1) (i32.const 0)))
             (call $task_switch (i32.load (i32.const 0x1104)))
             (call $putc (i32.const 66))",
        ),
        // In the null page.
        ("TASK_START", "(i32.store (i32.const 8) (i32.const 1))"),
        (
            "OOPS",
            "(call $puthex (local.get $kind)) (call $puthex (local.get $address))
             (call $task_exit (i32.load (i32.const 0x1100)))",
        ),
    ];
    bench("oops", &parts, b"").run().expect(0, "00000000\n00000008\nB");
    // A trap in there is the machine's end, and both traces are shown.
    let twice = [parts[0], parts[1], ("OOPS", "(unreachable)")];
    let ended = bench("oops-twice", &twice, b"").run();
    ended.expect_error(123, "memory fault at wasm address 0x8");
    ended.expect_error(123, "then, in kernel_oops");
}

#[test]
fn the_host_does_not_touch_the_null_page_for_the_kernel() {
    let boot = "(call $print (i32.const 16) (i32.const 4))";
    bench("null-page", &[("BOOT", boot)], b"")
        .run()
        .expect_error(123, "4 bytes at 0x10 are not within the kernel's memory");
}

#[test]
fn a_bad_address_from_the_kernel_is_a_panic_with_a_trace() {
    let boot = "(call $print (i32.const -16) (i32.const 32))";
    let ended = bench("kernel-address", &[("BOOT", boot)], b"").run();
    ended.expect_error(123, "32 bytes at 0xfffffff0 are not within the kernel's memory");
}

#[test]
fn a_machine_that_does_not_end_is_stopped() {
    let boot = "(loop $forever (drop (call $wait_irq)) (br $forever))";
    let started = std::time::Instant::now();
    bench("timeout", &[("BOOT", boot)], b"").timeout("0.3").run().expect_error(124, "time");
    assert!(started.elapsed().as_secs() < 30);
}

#[test]
fn tasks_switch_and_end() {
    let parts = [
        (
            "BOOT",
            "(local $n i32)
             (loop $more
               (i32.store (i32.const 0x1104) (call $task_create (local.get $n) (i32.const 7)))
               (call $task_switch (i32.load (i32.const 0x1104)))
               (call $task_switch (i32.load (i32.const 0x1104)))
               (br_if $more (i32.lt_u
                 (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 500))))
             (call $puthex (i32.load (i32.const 0x110c)))",
        ),
        (
            "TASK_START",
            "(drop (i32.atomic.rmw.add (i32.const 0x110c) (local.get $top)))
             (call $task_switch (i32.load (i32.const 0x1100)))
             (drop (i32.atomic.rmw.add (i32.const 0x110c) (i32.const 1)))
             (call $task_exit (i32.load (i32.const 0x1100)))",
        ),
    ];
    bench("tasks", &parts, b"").run().expect(0, "00000fa0\n");
}

#[test]
fn a_switch_to_a_dead_task_is_a_panic() {
    let boot = "(call $task_switch (i32.const 0x12345))";
    bench("dead-task", &[("BOOT", boot)], b"").run().expect_error(123, "task 0x12345");
}

#[test]
fn timers_wake_an_idle_machine() {
    let boot = "(call $timer_set (i64.add (call $clock) (i64.const 20000000)))
                (call $puthex (call $wait_irq))";
    bench("timer", &[("BOOT", boot)], b"").run().expect(0, "00000001\n");
}

#[test]
fn programs_make_system_calls() {
    let more = r#"(data $text "hello\n")"#;
    let body = "(memory.init $text (i32.const 70000) (i32.const 0) (i32.const 6))
                (drop (call $call (i32.const 64) (i32.const 70000) (i32.const 6)))
                (call $number (call $call (i32.const 5) (i32.const 0xabc) (i32.const 0)))";
    user("syscalls", &program_with(body, more)).run().expect(0, "hello\n00000abc\n");
}

#[test]
fn programs_cannot_size_their_memory_or_wait_in_it() {
    let body = "(call $number (memory.grow (i32.const 1)))
                (call $number (memory.size))
                (call $number (memory.atomic.notify (i32.const 70000) (i32.const 1)))
                (memory.fill (i32.const 70000) (i32.const 1) (i32.const 8))
                (memory.copy (i32.const 70004) (i32.const 70000) (i32.const 4))
                (call $number (i32.load (i32.const 70004)))
                (drop (memory.atomic.wait32 (i32.const 70000) (i32.const 0) (i64.const -1)))";
    let ended = user("rewritten", &program(body)).run();
    let expected = "ffffffff\n00000002\n00000000\n01010101\n00000005\n00000000\n";
    assert_eq!(ended.stdout().get(..expected.len()), Some(expected), "{}", ended.stderr());
}

#[test]
fn faults_have_their_kinds_addresses_and_traces() {
    let cases = [
        ("null", "(drop (i32.load (i32.const 16)))", 0, 16),
        ("null-fill", "(memory.fill (i32.const 8) (i32.const 1) (i32.const 99999))", 0, 8),
        ("null-copy", "(memory.copy (i32.const 70000) (i32.const 4) (i32.const 8))", 0, 4),
        ("beyond", "(i32.store (i32.const 0x7fff0000) (i32.const 1))", 0, 0x7fff_0000),
        ("recursion", "(call $start (i32.const 0))", 1, 0),
        ("divide", "(drop (i32.div_s (i32.const 1) (i32.load (i32.const 70000))))", 3, 0),
        ("overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", 4, 0),
        ("unreachable", "(unreachable)", 5, 0),
        ("misaligned", "(drop (i32.atomic.load (i32.const 70001)))", 6, 0),
        ("returned", "(return)", 5, 0),
    ];
    for (name, body, kind, address) in cases {
        let ended = user(&format!("fault-{name}"), &program(body)).run();
        let expected = format!("{kind:08x}\n{address:08x}\n");
        let stdout = ended.stdout();
        assert!(stdout.starts_with(&expected), "{name}: {stdout}{}", ended.stderr());
        assert_eq!(ended.status(), 0, "{name}");
        assert!(name == "returned" || stdout.contains(": start"), "{name}: {stdout}");
    }
}

#[test]
fn a_full_stack_does_not_enter_the_kernel() {
    let more = "(func $deep (param $n i64) (result i64)
                  (drop (call $call (i32.const 5) (i32.const 0) (i32.const 0)))
                  (i64.add (i64.const 1) (call $deep (local.get $n))))";
    let ended = user("deep", &program_with("(drop (call $deep (i64.const 0)))", more)).run();
    assert!(ended.stdout().starts_with("00000001\n"), "{}{}", ended.stdout(), ended.stderr());
}

#[test]
fn exec_goes_on_in_a_fresh_instance() {
    let parts = [
        ("BOOT", "(call $start_process)"),
        (
            "SYSCALL",
            "(if (i32.eq (local.get $nr) (i32.const 221))
               (then (call $task_exec (i32.const 3) (i32.const 4))))",
        ),
        (
            "TASK_RESUME",
            "(call $puthex (i32.add (local.get $task) (local.get $top)))
             (i32.store (i32.const 0x1208) (call $memory_create (i32.const 2)))
             (call $task_set_memory (i32.load (i32.const 0x1104)) (call $memory))
             (i32.store (i32.const 0x120c) (i32.const 0x8000))",
        ),
    ];
    // The second life sees another stack pointer, a zero memory and its globals at their start.
    let body = "(call $number (i32.load (i32.const 70000)))
                (call $number (global.get $count))
                (global.set $count (i32.const 5))
                (i32.store (i32.const 70000) (i32.const 9))
                (call $number (local.get $argument))
                (if (i32.eq (local.get $argument) (i32.const 0x10000))
                  (then (drop (call $call (i32.const 221) (i32.const 0) (i32.const 0)))))";
    let program = program_with(body, "(global $count (mut i32) (i32.const 0))");
    bench("exec", &parts, &program)
        .run()
        .expect(0, "00000000\n00000000\n00010000\n00000007\n00000000\n00000000\n00008000\n");
}

#[test]
fn a_busy_loop_is_preempted() {
    let parts = [
        ("BOOT", "(call $start_process)"),
        ("TASK_START", "(call $timer_set (i64.add (call $clock) (i64.const 20000000)))"),
        ("PREEMPT", "(call $puthex (i32.load (i32.const 0x1108))) (call $poweroff)"),
    ];
    bench("preempt", &parts, &program("(loop $forever (br $forever))"))
        .run()
        .expect(0, "00000001\n");
}

#[test]
fn a_signal_asks_the_guest_to_shut_down() {
    let parts = [("BOOT", "(call $putc (i32.const 82)) (call $puthex (call $wait_irq))")];
    for (subcommand, status, text) in [("run", 0, "R00000040\n"), ("exec", 143, "")] {
        let bench = bench(&format!("signal-{subcommand}"), &parts, b"");
        let log = bench.path("log");
        let mut command = bench.command(subcommand);
        command.arg("--log").arg(&log);
        if subcommand == "exec" {
            command.args(["--", "true"]);
        }
        let child = command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("ochre");
        while std::fs::read(&log).unwrap_or_default().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill").success());
        let output = child.wait_with_output().expect("ochre");
        assert_eq!(output.status.code(), Some(status), "{subcommand}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{subcommand}");
    }
}

#[test]
fn signal_handlers_run_after_system_calls() {
    let parts = [
        ("BOOT", "(call $start_process)"),
        (
            "SYSCALL",
            "(if (i32.eq (local.get $nr) (i32.const 129))
               (then (return (i64.const 0x0000800000000007))))",
        ),
        (
            "SIGNAL_RETURN",
            "(call $puthex (local.get $frame))
             (if (i32.eq (local.get $frame) (i32.const 0x8000))
               (then (return (i64.const 0x0000700000000008))))
             (return (i64.const 42))",
        ),
    ];
    let more = r#"(func (export "__linux_signal") (param $frame i32)
                    (call $number (global.get $sp)))"#;
    let body = "(call $number (call $call (i32.const 129) (i32.const 0) (i32.const 0)))
                (call $number (global.get $sp))";
    bench("signals", &parts, &program_with(body, more))
        .run()
        .expect(0, "00008000\n00008000\n00007000\n00007000\n0000002a\n00010000\n");
}

#[test]
fn a_handler_runs_after_a_fault() {
    let parts = [
        ("BOOT", "(call $start_process)"),
        (
            "USER_FAULT",
            "(if (i32.eq (local.get $kind) (i32.const 5))
               (then (return (i64.const 0x0000600000000000))))",
        ),
        ("SIGNAL_RETURN", "(call $putc (i32.const 82)) (call $poweroff)"),
    ];
    let more = r#"(func (export "__linux_signal") (param $frame i32)
                    (call $number (local.get $frame)))"#;
    bench("fault-handler", &parts, &program_with("(unreachable)", more))
        .run()
        .expect(0, "00006000\nR");
}

#[test]
fn process_memory_is_checked() {
    let boot = "(local $m i32)
        (local.set $m (call $memory_create (i32.const 2)))
        (i32.store (i32.const 0x4000) (i32.const 0x00636261))
        ;; the null page, across the end, beyond it, all of it
        (call $puthex (call $memory_write (local.get $m) (i32.const 8) (i32.const 0x4000) (i32.const 4)))
        (call $puthex (call $memory_write (local.get $m) (i32.const 0x1fffe) (i32.const 0x4000) (i32.const 4)))
        (call $puthex (call $memory_write (local.get $m) (i32.const 0x20000) (i32.const 0x4000) (i32.const 4)))
        (call $puthex (call $memory_write (local.get $m) (i32.const 0x1000) (i32.const 0x4000) (i32.const 4)))
        (call $puthex (call $memory_read_string (local.get $m) (i32.const 0x5000) (i32.const 0x1000) (i32.const 64)))
        (call $puthex (call $memory_string_len (local.get $m) (i32.const 0x1000) (i32.const 2)))
        (call $puthex (call $memory_string_len (local.get $m) (i32.const 0x1fffe) (i32.const 64)))
        (call $puthex (call $memory_cmpxchg (local.get $m) (i32.const 0x1000) (i32.const 0x636261) (i32.const 5) (i32.const 0x1280)))
        (call $puthex (call $memory_load (local.get $m) (i32.const 0x1000) (i32.const 0x4000)))
        (call $puthex (i32.load (i32.const 0x4000)))
        (call $puthex (call $memory_load (local.get $m) (i32.const 0x1002) (i32.const 0x1280)))
        (call $puthex (call $memory_grow (local.get $m) (i32.const 3)))
        (call $puthex (call $memory_clear (local.get $m) (i32.const 0x20000) (i32.const 0x10001)))
        (call $puthex (call $memory_discard (local.get $m) (i32.const 0x1000) (i32.const 0x1000)))
        (call $puthex (call $memory_read (local.get $m) (i32.const 0x4000) (i32.const 0x1000) (i32.const 4)))
        (call $puthex (i32.load (i32.const 0x4000)))
        (call $memory_destroy (local.get $m))";
    let expected = [
        4, 2, 4, 0, // writes
        3, 3, 0, // strings: the last is cut off by the end of the memory after two letters
        0, 0, 5, -14, // words
        0, 1, 0, 0, 0, // grow, clear, discard
    ];
    let expected: String = expected.iter().map(|value: &i32| format!("{value:08x}\n")).collect();
    bench("memory", &[("BOOT", boot)], b"").run().expect(0, &expected);
}
