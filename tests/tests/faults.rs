// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs that fault: they die by the signal that the same program gets on the host, the kernel's
//! log says where, the shell reports it, and the machine goes on.

use ochre_tests::c_probe::{in_guest, on_host, same_as_on_the_host};
use ochre_tests::host;
use ochre_tests::host_probe;
use ochre_tests::machine::{Machine, PROBES};
use ochre_tests::program::program;

/// `man 7 signal`.
const SIGILL: i32 = 4;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
/// `man 2 prctl`, PR_SET_NAME: 16 bytes with the NUL.
const COMM_BYTES: usize = 15;

/// Runs a probe in the guest and checks its end against the host's.
fn dies_as_on_the_host(name: &str, on_host: &str, signal: i32) {
    let wanted = host::run(on_host, &[""; 0], b"");
    assert_eq!(wanted.code(), 128 + signal, "the host's own run\n{}", wanted.transcript());
    dies(name, signal, &wanted.text());
}

fn dies(name: &str, signal: i32, text: &str) {
    let output = Machine::probe(name, &[]).run().ends_with(128 + signal).prints(text);
    let log = &output.kernel_log;
    // Who, in as many bytes as Linux keeps, and a backtrace with the names of functions.
    let comm = &name[..name.len().min(COMM_BYTES)];
    let report = log.find(&format!("{comm}[")).map_or("", |at| &log[at..]);
    assert!(!report.is_empty(), "no name in the log\n{}", output.transcript());
    let function = format!("{}::", name.replace('-', "_"));
    assert!(report.contains(&function), "no function names\n{}", output.transcript());
}

#[test]
fn reading_out_of_bounds_is_sigsegv() {
    dies_as_on_the_host("trap-read", host_probe!("trap-read"), SIGSEGV);
}

#[test]
fn writing_out_of_bounds_is_sigsegv() {
    dies_as_on_the_host("trap-write", host_probe!("trap-write"), SIGSEGV);
}

#[test]
fn reading_at_null_is_sigsegv() {
    dies_as_on_the_host("trap-null", host_probe!("trap-null"), SIGSEGV);
}

#[test]
fn dividing_by_zero_is_sigfpe() {
    dies_as_on_the_host("trap-divide", host_probe!("trap-divide"), SIGFPE);
}

#[test]
fn an_instruction_that_is_none_is_sigill() {
    dies_as_on_the_host("trap-unreachable", host_probe!("trap-unreachable"), SIGILL);
}

#[test]
fn handlers_of_faults_are_told_and_may_end_the_program() {
    same_as_on_the_host("faults");
}

#[test]
fn a_misaligned_atomic_access_is_sigbus_and_can_be_handled() {
    // No comparison: the host's processor takes any address.
    let output = in_guest("faults", &["misaligned", "exit"]).ends_with(3);
    output.prints("  SIGBUS, BUS_ADRALN, alternate stack 1, blocked 1\n");
}

#[test]
fn handlers_of_faults_may_jump_out_or_mend_and_return() {
    same_as_on_the_host("faultjump");
}

#[test]
fn a_jump_out_of_a_stack_used_up_ends_the_program_only() {
    // docs/decisions/0007: the code to go back to is gone. On the host: "jumped back", status 0.
    assert!(on_host("faults", &["descend", "jump"]).ends_with("  jumped back\n"));
    in_guest("faults", &["descend", "jump"]).ends_with(128 + SIGILL);
}

#[test]
fn endless_recursion_is_sigsegv() {
    // On the host, Rust's own handler turns SIGSEGV into a message and SIGABRT.
    dies("trap-recurse", SIGSEGV, "about to recurse without end\n");
}

#[test]
fn traps_that_only_wasm_has_are_signals_too() {
    let cases: [(&str, &str, &str, i32); 6] = [
        ("overflow", "", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", SIGFPE),
        ("misaligned", "", "(drop (i32.atomic.load (i32.const 65537)))", SIGBUS),
        (
            "table",
            "(table 4 funcref) (type $f (func))",
            "(call_indirect (type $f) (i32.const 9))",
            SIGSEGV,
        ),
        (
            "null entry",
            "(table 4 funcref) (type $f (func))",
            "(call_indirect (type $f) (i32.const 3))",
            SIGSEGV,
        ),
        (
            "wrong type",
            "(table 4 funcref) (type $f (func (param i64))) (elem (i32.const 3) $exit)",
            "(call_indirect (type $f) (i64.const 1) (i32.const 3))",
            SIGSEGV,
        ),
        (
            "recursion",
            "(func $r (param i32) (result i32) (i32.add (call $r (local.get 0)) (i32.const 1)))",
            "(drop (call $r (i32.const 0)))",
            SIGSEGV,
        ),
    ];
    for (name, extra, body, signal) in cases {
        let output = Machine::program(program(extra, body)).run();
        assert_eq!(output.code(), 128 + signal, "{name}\n{}", output.transcript());
    }
}

#[test]
fn deep_recursion_into_the_kernel_is_the_programs_own_fault() {
    // Each level makes a system call, so that the stack may run out inside of the kernel.
    let extra = "(func $r (drop (call $sys (i32.const 172) (i32.const 0) (i32.const 0) \
                 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (call $r) (call $r))";
    Machine::shell("program; echo $?; echo $(echo on) | { read x; echo go $x; }")
        .with_program(program(extra, "(call $r)"))
        .run()
        .success()
        .prints("139\ngo on\n");
}

#[test]
fn the_shell_reports_a_fault_and_goes_on() {
    let script = format!("{PROBES}/trap-read; echo $?; {PROBES}/trap-divide; echo $?; uname");
    let output = Machine::shell(&script).run().success();
    let wanted = "about to read out of bounds\n139\nabout to divide by zero\n136\nLinux\n";
    assert_eq!(output.text(), wanted, "{}", output.transcript());
    let errors = output.errors().to_lowercase();
    assert!(errors.contains("segmentation fault"), "{}", output.transcript());
    // As strsignal(3) has it in glibc, or in the guest's musl.
    let is_told = ["floating point exception", "arithmetic exception"];
    assert!(is_told.iter().any(|told| errors.contains(told)), "{}", output.transcript());
}

#[test]
fn the_machine_survives_many_faults() {
    let script = format!(
        "for i in $(seq 1 40); do for p in read write null divide unreachable recurse; do \
         {PROBES}/trap-$p; done; done > /dev/null 2>&1; echo $?; seq 1 3 | sort -r"
    );
    Machine::shell(&script).run().success().prints("139\n3\n2\n1\n");
}

#[test]
fn bad_pointers_in_system_calls_are_efault() {
    let wanted = host::run(host_probe!("efault"), &[""; 0], b"").success().text();
    assert!(wanted.contains("EFAULT"));
    Machine::probe("efault", &[]).run().success().prints(&wanted);
}

#[test]
fn a_panic_of_a_program_is_sigabrt_with_its_message() {
    let wanted = host::run(host_probe!("exit"), &["panic"], b"");
    let output = Machine::probe("exit", &["panic"]).run();
    assert!(output.errors().contains("as asked for"), "{}", output.transcript());
    // The guest's programs abort on a panic; on the host the tests' profile unwinds (101).
    assert!(wanted.errors().contains("as asked for"));
    output.ends_with(134);
}
