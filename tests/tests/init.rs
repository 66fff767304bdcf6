// SPDX-License-Identifier: MIT OR Apache-2.0
//! init and its table: what runs when, what is started again, who is asked for a name, and the way down.
//! What is expected is what the manuals of BusyBox's init and of sysvinit's inittab say.

use ochre_tests::session::Session;
use std::io::Write as _;
use std::time::Duration;
use tempfile::NamedTempFile;

/// A machine on a terminal with this table, and options.
fn machine(table: &str, options: &[&str]) -> (Session, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(table.as_bytes()).expect("room for a table");
    let add = format!("{}:/etc/inittab", file.path().display());
    let session = Session::machine(&[&["--add", &add], options].concat());
    (session, file)
}

#[test]
fn actions_run_in_the_order_of_a_machines_life() {
    let (mut session, _table) = machine(
        "::respawn:-/bin/sh\n::once:echo once >> /tmp/order\n::wait:echo wait $0 >> /tmp/order\n\
         ::sysinit:sleep 0.2; echo sysinit >> /tmp/order\n::shutdown:/bin/echo last words\n\
         # echo no\n::off:echo off >> /tmp/order\n",
        &[],
    );
    session.prompt();
    session.command("sleep 0.5");
    assert_eq!(session.command("cat /tmp/order"), "sysinit\nwait /bin/sh\nonce\n");
    session.line("poweroff");
    // The shell that is ended may still say something.
    session.expect("(?s)last words\r?\n.*Power down");
    assert!(session.end().success());
}

#[test]
fn what_ends_is_started_again_and_not_in_a_hurry() {
    let (mut session, _table) = machine(
        "::respawn:-/bin/sh\n::respawn:sleep 1234\n::respawn:echo x >> /tmp/times\n::respawn:/no/such\n",
        &[],
    );
    session.expect("cannot start /no/such");
    // The message has disturbed the prompt: a new one is wanted, once the line editor listens.
    session.settle(Duration::from_millis(500));
    session.line("");
    session.prompt();
    let first = session.command("pidof sleep");
    session.command("kill -9 $(pidof sleep); sleep 1.2");
    let second = session.command("pidof sleep");
    assert!(!second.trim().is_empty() && first != second, "{first}{second}");
    let times: u32 = session.command("wc -l < /tmp/times").trim().parse().expect("a number");
    assert!((1..60).contains(&times), "{times} times");
    assert_eq!(session.text().matches("cannot start /no/such").count(), 1);
    // The shell, too: by its own end, and by a signal.
    let shell = session.command("echo $$");
    session.line("exit");
    session.prompt();
    assert_ne!(session.command("echo $$"), shell);
}

#[test]
fn a_new_table_is_taken_on_request() {
    let (mut session, _table) = machine("::respawn:-/bin/sh\n::respawn:sleep 1111\n", &[]);
    session.prompt();
    let shell = session.command("echo $$");
    session.command("sed -i s/1111/2222/ /etc/inittab; init q");
    // Where it never comes, the prompt does not either, and the session gives up.
    session.command("until ps -e -o args | grep -q '^sleep 2222'; do :; done");
    let running = session.command("ps -e -o args | grep '^sleep'");
    assert_eq!(running, "sleep 2222\n");
    assert_eq!(session.command("echo $$"), shell);
}

#[test]
fn signals_run_their_lines() {
    let (mut session, _table) = machine(
        "::respawn:-/bin/sh\n::ctrlaltdel:/bin/echo three keys\n\
         ::restart:/tmp/other\n",
        &[],
    );
    session.prompt();
    session.command("printf '#!/bin/sh\\necho another init $$\\npoweroff -f\\n' > /tmp/other");
    session.command("chmod +x /tmp/other");
    session.line("kill -INT 1");
    session.expect("three keys");
    session.line("init u");
    session.expect("another init 1\r\n");
    assert!(session.end().success());
}

#[test]
fn somebody_may_have_to_press_enter_first() {
    let (mut session, _table) = machine("::askfirst:-/bin/sh\n", &[]);
    session.expect("Please press Enter to activate this console");
    session.line("");
    session.prompt();
    assert_eq!(session.command("echo $0 $HOME; tty"), "-sh /root\n/dev/hvc0\n");
}

#[test]
fn sysvinits_tables_have_levels() {
    let (mut session, _table) = machine(
        "id:3:initdefault:\nsi::sysinit:echo si >> /tmp/order\nl2:2:wait:echo l2 >> /tmp/order\n\
         l3:345:wait:echo l3 >> /tmp/order\nc1:2345:respawn:-/bin/sh\n",
        &[],
    );
    session.prompt();
    assert_eq!(session.command("cat /tmp/order; tty"), "si\nl3\n/dev/hvc0\n");
}

#[test]
fn a_login_can_be_asked_for() {
    let mut session = Session::machine(&["--append", "login"]);
    session.expect("Linux [^\n]* on ochre, hvc0\r\n");
    session.expect("ochre login: ");
    session.line("nobody");
    session.expect("Password: ");
    session.line("x");
    session.expect("Login incorrect");
    session.expect("login: ");
    session.line("root");
    session.expect("Type \"poweroff\" to leave");
    session.prompt();
    assert_eq!(session.command("echo $0 $USER; tty; pwd"), "-sh root\n/dev/hvc0\n/root\n");
    session.line("exit");
    session.expect("ochre login: ");
}

#[test]
fn without_a_table_there_is_the_shell_all_the_same() {
    let mut session = Session::shell();
    let shell = session.command("echo $$");
    session.command("rm /etc/inittab; init q; sleep 0.2");
    assert_eq!(session.command("echo $$"), shell);
    session.line("exit");
    session.prompt();
    assert_eq!(session.command("echo $0 $USER $HOME"), "-sh root /root\n");
}

#[test]
fn as_a_command_it_wants_to_know_what_for() {
    let mut session = Session::shell();
    assert_eq!(session.command("init; echo $?").lines().last(), Some("1"));
    assert!(session.command("init --help").contains("usage: init LEVEL"));
    session.line("init 0");
    assert!(session.end().success());
}
