// SPDX-License-Identifier: MIT OR Apache-2.0
//! ps, pgrep and their family: against the host's procps, and where the host's own processes would
//! be seen or hit, against what a machine must hold.
//!
//! Nothing here signals by name alone on the host: scripts that both sides run look at children of
//! their own shell.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;
use std::time::Duration;

#[test]
fn as_procps() {
    same_as_on_the_host(&[
        ("ps -o", "sleep 9 & ps -o ni=,comm= -p $!; kill $!"),
        ("ps -o with heads", "sleep 9 & ps -o comm=Name,ni=Nice -p $! | tr -s ' '; kill $!"),
        ("ps -o heads", "ps -o pid,user,tty,stat,etime,nice,comm -p $$ | head -n 1 | tr -s ' '"),
        ("ps -f heads", "ps -f -p $$ | head -n 1 | tr -s ' '"),
        ("ps aux heads", "ps aux | head -n 1 | tr -s ' '"),
        ("ps -o ppid", r#"sleep 9 & test $(ps -o ppid= -p $!) = $$; echo $?; kill $!"#),
        ("ps --ppid", "sleep 9 & ps -o comm= --ppid $$ | grep -c sleep; kill $!"),
        ("ps of nobody", "ps -o pid= -p 99999999; echo $?"),
        ("ps of a wrong column", "ps -o nonsense; echo $?"),
        ("ps --no-headers", "sleep 9 & ps --no-headers -o comm -p $!; kill $!"),
        ("pgrep -P", "sleep 9 & test $(pgrep -P $$ sleep) = $!; echo $?; kill $!"),
        ("pgrep -l", "sleep 9 & pgrep -P $$ -l 'sl.+p' | cut -d ' ' -f 2; kill $!"),
        ("pgrep -f", "sleep 9.25 & pgrep -P $$ -f '^sleep 9[.]25$' | wc -l; kill $!"),
        ("pgrep -x", "sleep 9 & pgrep -P $$ -x slee; echo $?; kill $!"),
        ("pgrep -c", "sleep 9 & sleep 9 & pgrep -P $$ -c sleep; kill %1 %2"),
        ("pgrep -n and -d", "sleep 9 & sleep 9 & pgrep -P $$ -d , sleep | tr -d 0-9; kill %1 %2"),
        ("pgrep of nothing", "pgrep -P $$ sleep; echo $?; pgrep; echo $?; pgrep '('; echo $?"),
        ("pkill", "sleep 9 & pkill -P $$ sleep; echo $?; wait $!; echo $?"),
        ("pkill -SIGNAL", "sleep 9 & pkill -KILL -P $$ -x sleep; wait $!; echo $?"),
        ("pkill of nobody", "pkill -P $$ sleep; echo $?"),
        ("pidof of nobody", "pidof no-such-program; echo $?"),
        ("killall of nobody", "killall -q no-such-program; echo $?"),
        ("pwdx", "pwdx $$ | sed s/^$$:.*$(basename $PWD)$/here/"),
        ("free heads", "free | head -n 1; free -w | head -n 1; free -t | cut -c 1-6"),
        (
            "watch -g",
            "echo a > f; (sleep 0.5; echo b > f) & watch -n 0.2 -t -g cat f > /dev/null; echo $?",
        ),
    ]);
}

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; {script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(30)).run().success().text()
}

#[test]
fn names_find_and_end_processes() {
    let text = output(
        "sleep 50 & a=$!; sleep 50 & b=$!\n\
         test \"$(pidof sleep)\" = \"$b $a\"; echo both $?\n\
         test \"$(pidof -s sleep)\" = $b; echo one $?\n\
         test \"$(pidof -o $a sleep)\" = $b; echo omit $?\n\
         killall sleep; wait $a; echo ended $?; wait $b; pidof sleep; echo left $?\n\
         sleep 50 & killall -9 sleep; wait $!; echo killed $?",
    );
    assert_eq!(text, "both 0\none 0\nomit 0\nended 143\nleft 1\nkilled 137\n");
}

#[test]
fn the_tree_hangs_together() {
    let text = output("sleep 50 & sleep 50 & pstree; kill %1 %2");
    assert_eq!(text, "init---sh-+-pstree\n          `-2*[sleep]\n");
}

#[test]
fn files_lead_to_their_users() {
    let text = output(
        "cd /tmp; exec 7> f; sh -c 'exec sleep 50' & sleep 1\n\
         fuser f > out 2> /dev/null; lsof -t f > out2\n\
         for p in $$ $!; do grep -qw $p out; echo $?; grep -qx $p out2; echo $?; done\n\
         exec 7>&-; kill $!; wait; rm f; fuser f > /dev/null 2>&1; echo $?",
    );
    assert_eq!(text, "0\n0\n0\n0\n1\n");
}

#[test]
fn lists_count_what_runs() {
    let text = output(
        "top -b -n 1 | grep -c ' init$'; top -b -n 1 | grep -c '^Mem\\|^MiB Mem'\n\
         vmstat 1 2 | wc -l; free -b | sed -n 2p | tr -s ' ' | cut -d ' ' -f 2\n\
         sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo",
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["1", "1", "4"], "{text}");
    let bytes: u64 = lines[3].parse().expect("a number of bytes");
    let kib: u64 = lines[4].parse().expect("a number of KiB");
    assert_eq!(bytes, kib * 1024);
}
