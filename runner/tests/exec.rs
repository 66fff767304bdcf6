// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre exec` on a test kernel: streams and exit status. Belongs here: what a caller of the
//! command sees of it.

mod support;

use support::{Bench, kernel};

/// Copies standard input to output and error, then says how the command ended.
fn copying(status: &str) -> Vec<u8> {
    let len = status.len();
    let boot = format!(
        "(local $n i32) (local $done i32) (local $put i32)
         (block $end
           (loop $more
             (local.set $n (call $stream_read (i32.const 0) (i32.const 0x20000) (i32.const 0x10000)))
             (br_if $end (i32.eqz (local.get $n)))
             (if (i32.eq (local.get $n) (i32.const -11))
               (then (drop (call $wait_irq)) (br $more)))
             (local.set $done (i32.const 0))
             (loop $rest
               (local.set $put (call $stream_write (i32.const 1)
                 (i32.add (i32.const 0x20000) (local.get $done))
                 (i32.sub (local.get $n) (local.get $done))))
               (if (i32.eq (local.get $put) (i32.const -11))
                 (then (drop (call $wait_irq)) (br $rest)))
               (local.set $done (i32.add (local.get $done) (local.get $put)))
               (br_if $rest (i32.lt_u (local.get $done) (local.get $n))))
             (br $more)))
         (call $putc (i32.const 67))
         (drop (call $stream_write (i32.const 2) (i32.const 0x10000) (i32.const {len})))
         (drop (call $stream_write (i32.const 3) (i32.const 0x10000) (i32.const {len})))"
    );
    kernel(&[("BOOT", &boot)], status.as_bytes())
}

#[test]
fn streams_are_apart_and_binary_safe() {
    let input: Vec<u8> = (0..3_000_000u32).map(|n| (n ^ (n >> 8)) as u8).collect();
    let ended = Bench::new("exec-streams", &copying("exit 42\n")).stdin(&input).exec();
    assert_eq!(ended.status(), 42, "{}", ended.stderr());
    assert!(ended.0.stdout == input, "standard output is not what standard input was");
    assert_eq!(ended.stderr(), "exit 42\n");
}

#[test]
fn a_killed_command_has_128_more() {
    let ended = Bench::new("exec-signal", &copying("signal 9\n")).exec();
    assert_eq!(ended.status(), 137, "{}", ended.stderr());
}

#[test]
fn a_guest_that_says_nothing_has_failed() {
    let ended = Bench::new("exec-nothing", &copying("nothing")).exec();
    ended.expect_error(125, "before the command had ended");
    // Its console is shown then.
    ended.expect_error(125, "C");
}
