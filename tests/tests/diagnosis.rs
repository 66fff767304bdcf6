// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel tells of tasks that wait, hang or ask for what there is not: SysRq, wchan, stacks
//! (`Documentation/admin-guide/sysrq.rst`, `man 5 proc`), the message about fork.

use ochre_tests::machine::Machine;
use ochre_tests::program::program;

/// `clone` of asm-generic, as in the kernel's `include/uapi/asm-generic/unistd.h`.
const NR_CLONE: u32 = 220;
/// `man 7 signal`.
const SIGCHLD: u32 = 17;

#[test]
fn a_sleeping_task_shows_what_it_waits_for() {
    let script = "sleep 100 & p=$!; sleep 0.3; cat /proc/$p/wchan; echo; cat /proc/$p/stack; \
                  kill $p";
    let text = Machine::shell(script).run().success().text();
    let (wchan, stack) = text.split_once('\n').unwrap_or_default();
    // uutils' sleep parks its thread in nanosleep or in a futex.
    assert!(wchan.contains("nanosleep") || wchan.contains("futex"), "{text}");
    // The format of /proc/PID/stack, innermost function first.
    assert!(stack.starts_with("[<0>] "), "{text}");
    assert!(stack.contains(wchan) && stack.contains("kernel_syscall"), "{text}");
}

#[test]
fn a_running_task_waits_for_nothing() {
    Machine::shell("cat /proc/self/wchan").run().success().prints("0");
}

#[test]
fn sysrq_t_shows_the_stacks_of_all_tasks() {
    let script = "sleep 100 & p=$!; sleep 0.3; echo t > /proc/sysrq-trigger; kill $p";
    let output = Machine::shell(script).may_complain().run().success();
    let log = &output.kernel_log;
    let after = |name: &str| {
        let at = log.find(&format!("task:{name} "));
        at.map_or("", |at| &log[at..log.len().min(at + 2000)])
    };
    let sleeper = after("sleep");
    assert!(sleeper.contains("Call Trace:"), "{}", output.transcript());
    // The kernel's part of its stack and the program's own.
    assert!(sleeper.contains("__switch_to"), "{}", output.transcript());
    assert!(sleeper.contains("kernel_syscall"), "{}", output.transcript());
    assert!(sleeper.contains("_start"), "{}", output.transcript());
    assert!(after("kthreadd").contains("kthreadd"), "{}", output.transcript());
}

#[test]
fn sysrq_m_shows_memory() {
    let output = Machine::shell("echo m > /proc/sysrq-trigger").may_complain().run().success();
    assert!(output.kernel_log.contains("Mem-Info:"), "{}", output.transcript());
}

#[test]
fn fork_is_refused_and_says_once_who_asked() {
    let fork = format!(
        "(if (i32.ne (call $sys (i32.const {NR_CLONE}) (i32.const {SIGCHLD}) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const -38))
          (then unreachable))"
    );
    let body = fork.repeat(2);
    let output = Machine::program(program("", &body)).run().success();
    let log = &output.kernel_log;
    assert_eq!(log.matches("asked for fork()").count(), 1, "{}", output.transcript());
    assert!(log.contains("program["), "{}", output.transcript());
}

#[test]
fn a_profile_has_stacks_of_programs_and_kernel() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("profile");
    let output = Machine::shell("head -c 60000000 /dev/zero | sha256sum")
        .without_kernel_log()
        .option("--profile", &file)
        .flag("--host-calls")
        .run()
        .success();
    let stacks = std::fs::read_to_string(&file).expect("a profile");
    let mut all = 0;
    for line in stacks.lines() {
        let count = line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok());
        all += count.unwrap_or_else(|| panic!("a line without a count: {line:?}"));
    }
    assert!(all > 20, "only {all} samples:\n{stacks}");
    let has = |side: &str, function: &str| {
        stacks.lines().any(|line| line.starts_with(side) && line.contains(function))
    };
    assert!(has("user;", "sha256"), "{stacks}");
    assert!(has("kernel;", ";kernel_syscall;"), "{stacks}");
    output.complains("   host_memory_write\n");
}
