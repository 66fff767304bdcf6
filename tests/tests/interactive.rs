// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shell on a terminal, as a person uses it: line editing, history, job control, the window.

use ochre_tests::session::Session;
use std::time::Duration;

/// Keys.
const CTRL_A: &str = "\x01";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_Z: &str = "\x1a";
const BACKSPACE: &str = "\x7f";
const UP: &str = "\x1b[A";
const LEFT: &str = "\x1b[D";

/// Until a program that was just started has surely come to its point.
const SOON: Duration = Duration::from_millis(500);
/// Until the line editor has taken a key in.
const KEY: Duration = Duration::from_millis(60);

#[test]
fn the_prompt_comes_and_commands_run() {
    let mut session = Session::shell();
    assert_eq!(session.command("echo h\"\"i"), "hi\n");
    assert_eq!(session.command("uname -sm"), "Linux wasm32\n");
    assert_eq!(session.command("cd /tmp; pwd"), "/tmp\n");
    assert_eq!(session.command("false; echo $?"), "1\n");
}

#[test]
fn a_line_can_be_edited() {
    let mut session = Session::shell();
    session.send("echo abX");
    session.settle(KEY);
    session.send(BACKSPACE);
    assert_eq!(session.command("cd"), "abcd\n");
    session.send("echo hllo");
    session.settle(KEY);
    for _ in 0..3 {
        session.send(LEFT);
        session.settle(KEY);
    }
    assert_eq!(session.command("e"), "hello\n");
}

#[test]
fn history_comes_back() {
    let mut session = Session::shell();
    assert_eq!(session.command("echo fir\"\"st"), "first\n");
    assert_eq!(session.command("echo sec\"\"ond"), "second\n");
    session.send(UP);
    session.settle(KEY);
    assert_eq!(session.command(""), "second\n");
    // The line that has just run stands there twice, as in bash.
    for _ in 0..3 {
        session.send(UP);
        session.settle(KEY);
    }
    assert_eq!(session.command(""), "first\n");
}

#[test]
fn ctrl_c_at_the_prompt_gives_a_new_line() {
    let mut session = Session::shell();
    session.send("echo this is not to r\"\"un");
    session.settle(KEY);
    session.send(CTRL_C);
    session.prompt();
    assert!(!session.text().contains("not to run"), "{}", session.transcript());
    // bash gives 130, as it does for a command that SIGINT has ended.
    assert_eq!(session.command("echo $?"), "130\n");
}

/// Starts `line`, presses Ctrl-C, and wants the prompt and status 130.
fn interrupt(session: &mut Session, line: &str) {
    session.line(line);
    session.settle(SOON);
    session.send(CTRL_C);
    session.prompt();
    assert_eq!(session.command("echo $?"), "130\n", "{line}");
}

#[test]
fn ctrl_c_ends_a_program() {
    let mut session = Session::shell();
    interrupt(&mut session, "sleep 100");
    interrupt(&mut session, "sleep 100 | cat");
    interrupt(&mut session, "/usr/lib/ochre/probes/spin");
}

#[test]
fn ctrl_c_ends_a_loop_of_the_shell() {
    let mut session = Session::shell();
    interrupt(&mut session, "while :; do :; done");
    interrupt(&mut session, "while sleep 0.1; do :; done");
}

#[test]
fn a_program_can_be_stopped_and_continued() {
    let mut session = Session::shell();
    session.line("sleep 100");
    session.settle(SOON);
    session.send(CTRL_Z);
    session.expect("Stopped");
    session.prompt();
    // 128 + SIGTSTP, 20 on every Linux but MIPS and Alpha.
    assert_eq!(session.command("echo $?"), "148\n");
    let jobs = session.command("jobs");
    assert!(
        jobs.contains("[1]+") && jobs.contains("Stopped") && jobs.contains("sleep 100"),
        "{jobs}"
    );
    session.command("bg");
    let jobs = session.command("jobs");
    assert!(jobs.contains("Running"), "{jobs}");
    session.line("fg");
    session.expect("sleep 100");
    session.settle(SOON);
    session.send(CTRL_C);
    session.prompt();
    let jobs = session.command("jobs");
    assert!(!jobs.contains("sleep"), "{jobs}");
}

#[test]
fn a_background_loop_leaves_the_shell_responsive_and_can_be_killed() {
    let mut session = Session::shell();
    let started = session.command("while :; do :; done &");
    assert!(started.contains("[1]"), "{started}");
    assert_eq!(session.command("echo respons\"\"ive"), "responsive\n");
    assert_eq!(session.command("seq 1 3"), "1\n2\n3\n");
    session.command("kill %1");
    session.settle(SOON);
    session.command("jobs");
    let jobs = session.command("jobs");
    assert!(!jobs.contains("Running"), "{jobs}");
}

#[test]
fn ctrl_d_ends_the_input_of_a_program_and_then_the_shell() {
    let mut session = Session::shell();
    session.line("cat");
    session.settle(SOON);
    session.line("line");
    session.expect(r"line\r\nline\r\n");
    session.send(CTRL_D);
    session.prompt();
    assert_eq!(session.command("echo $$ > /tmp/before; echo $?"), "0\n");
    session.send(CTRL_D);
    // init starts the shell again.
    session.expect("exit|logout|\n");
    session.prompt();
    let same = session.command("test $(cat /tmp/before) = $$ && echo sa\"\"me || echo an\"\"other");
    assert_eq!(same, "another\n");
}

#[test]
fn a_program_sees_the_window_and_its_changes() {
    let mut session = Session::shell();
    assert_eq!(session.command("stty size"), "24 80\n");
    session.resize(40, 100);
    session.settle(SOON);
    assert_eq!(session.command("stty size"), "40 100\n");
    session.command("trap 'echo win\"\"ch' WINCH");
    session.line("sleep 100");
    session.settle(SOON);
    session.resize(30, 90);
    session.settle(SOON);
    session.send(CTRL_C);
    session.prompt();
    assert_eq!(session.command("stty size"), "30 90\n");
}

#[test]
fn the_console_is_a_terminal_with_a_foreground_group() {
    let mut session = Session::shell();
    let text = session.command("/usr/lib/ochre/probes/tty");
    let wanted = "terminal, 24 rows, 80 columns, icanon true, echo true, isig true";
    assert_eq!(text, format!("0: {wanted}\n1: {wanted}\n2: {wanted}\nforeground: true\n"));
    assert_eq!(session.command("tty"), "/dev/hvc0\n");
}

#[test]
fn lines_typed_ahead_of_the_first_prompt_are_kept() {
    let mut session = Session::machine(&[]);
    session.line("echo one $((1 + 1))");
    session.line("false");
    session.line("echo status $?");
    session.expect(r"\none 2\r");
    session.expect(r"\nstatus 1\r");
    session.prompt();
    assert_eq!(session.command("echo ready"), "ready\n");
}

#[test]
fn what_is_typed_while_a_command_runs_reaches_the_next_prompt() {
    let mut session = Session::shell();
    session.line("sleep 1.5; echo sle\"\"pt");
    session.settle(SOON);
    session.line("echo one $((1 + 1))");
    session.line("echo two $((2 + 2))");
    session.send("echo thr");
    session.expect(r"slept\r");
    session.expect(r"\none 2\r");
    session.expect(r"\ntwo 4\r");
    session.settle(SOON);
    assert_eq!(session.command("ee"), "three\n");
}

#[test]
fn a_command_reads_what_was_typed_for_it() {
    let mut session = Session::shell();
    session.line("sleep 1; read x; echo got $x");
    session.settle(SOON);
    session.line("the line");
    session.expect(r"\ngot the line\r");
    session.prompt();
}

#[test]
fn read_changes_the_terminal_for_as_long_as_it_takes() {
    const MODES: &str = "/usr/lib/ochre/probes/tty | head -n 1";
    let mut session = Session::shell();
    let before = session.command(MODES);
    assert!(before.contains("icanon true, echo true, isig true"), "{before}");
    session.line("read -s -n 2 x; echo go\"\"t $x");
    session.settle(SOON);
    session.send("qz");
    session.expect(r"got qz\r");
    session.prompt();
    assert_eq!(session.text().matches("qz").count(), 1, "{}", session.transcript());
    assert_eq!(session.command(MODES), before);
    // Ctrl-C ends a read, and no mode stays behind.
    for line in ["read x", "read -s x", "read -n 5 x", "read -t 100 x"] {
        interrupt(&mut session, line);
        assert_eq!(session.command(MODES), before, "{line}");
    }
    // Ctrl-D on an empty line is the end.
    session.line("read x; echo status $?");
    session.settle(SOON);
    session.send(CTRL_D);
    session.expect(r"status 1\r");
    session.prompt();
}

#[test]
fn echo_can_be_turned_off_and_on() {
    let mut session = Session::shell();
    session.line("stty -echo; read secret; stty echo; echo got ${#secret}");
    session.settle(SOON);
    session.line("pass\x7fword");
    session.expect(r"got 7\r");
    session.prompt();
    assert!(!session.text().contains("word"), "{}", session.transcript());
}

#[test]
fn long_output_arrives_whole_and_in_order() {
    let mut session = Session::shell();
    let text = session.command("seq 1 20000");
    let wanted: String = (1..=20000).map(|number| format!("{number}\n")).collect();
    assert!(text == wanted, "{} bytes instead of {}", text.len(), wanted.len());
}

#[test]
fn a_fault_is_told_by_the_shell() {
    let mut session = Session::shell();
    session.line("/usr/lib/ochre/probes/trap-read");
    session.expect("[Ss]egmentation fault");
    session.prompt();
    assert_eq!(session.command("echo $?"), "139\n");
}

#[test]
fn the_escape_key_leaves_the_machine_and_restores_the_terminal() {
    use pty_process::blocking::Command;
    let ochre = ochre_tests::machine::part("ochre");
    let script = format!(
        "stty -a > /tmp/ochre-a.$$; {} run; stty -a | \
        diff - /tmp/ochre-a.$$ && echo the sa''me; rm /tmp/ochre-a.$$",
        ochre.display()
    );
    let mut session = Session::start(Command::new("bash").args(["-c", &script]));
    session.prompt();
    session.send(CTRL_A);
    session.send("x");
    session.expect("the same\r");
}

#[test]
fn a_killed_runner_leaves_the_terminal_as_it_was() {
    use pty_process::blocking::Command;
    let ochre = ochre_tests::machine::part("ochre");
    // SIGTERM, as a closing session manager sends it.
    let script = format!(
        "a=$(stty -a); (sleep 2; pkill -TERM -P $$ ochre) & {} run; \
        [ \"$(stty -a)\" = \"$a\" ] && echo the sa''me",
        ochre.display()
    );
    let mut session = Session::start(Command::new("bash").args(["-c", &script]));
    session.prompt();
    session.expect("the same\r");
}
