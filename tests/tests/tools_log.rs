// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system's log, in the machine: what is sent arrives where the manuals of BusyBox's syslogd, klogd and
//! logread and of syslog.conf say.

use ochre_tests::machine::Machine;
use std::time::Duration;

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd /tmp; {SCRIPT}{script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text()
}

/// Waits until a file has a line; the machine's limit is its limit.
const SCRIPT: &str =
    "wait_for() { until grep -q \"$1\" \"$2\" 2>/tmp/null; do sleep 0.05; done; }\n";

#[test]
fn messages_arrive_in_the_file() {
    let text = output(
        "logger -t early x; echo $?
         syslogd; logger -p daemon.err -t me hello there; logger -s -t me twice
         printf 'a\\033b\\nsecond\\n' | logger -t in
         wait_for second /var/log/messages; cat /var/log/messages
         syslogd -n; echo $?; kill $(cat /run/syslogd.pid); wait_for exiting /var/log/messages
         sleep 0.3; ls /dev/log /run/syslogd.pid; true",
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("is syslogd running?") && lines[1] == "1", "{text}");
    assert_eq!(lines[2], "me: twice");
    let stamp = |line: &str| {
        let (stamp, rest) = line.split_at(16);
        assert!(stamp.as_bytes()[9] == b':' && stamp.ends_with(' '), "{line}");
        rest.to_owned()
    };
    assert_eq!(stamp(lines[3]), "ochre syslog.info syslogd started: Ochre");
    assert_eq!(stamp(lines[4]), "ochre daemon.err me: hello there");
    assert_eq!(stamp(lines[5]), "ochre user.notice me: twice");
    assert_eq!(stamp(lines[6]), "ochre user.notice in: a^[b");
    assert_eq!(stamp(lines[7]), "ochre user.notice in: second");
    assert_eq!(lines[8], "syslogd: another one serves /dev/log already");
    assert_eq!(lines[9], "1");
    assert!(lines[10..].iter().all(|line| line.contains("No such file")), "{text}");
}

#[test]
fn the_configuration_tells_where() {
    let text = output(
        "printf '*.=info;mail.none  /tmp/info\\nmail.*\\t-/tmp/mail\\n' > /etc/syslog.conf
         syslogd -S -l 7 -O /tmp/rest
         for p in user.info mail.info mail.crit user.err user.debug; do logger -p $p -t x $p; done
         wait_for user.err rest; for f in info mail rest; do echo $f:; cut -c 17- $f; done
         mv rest old; kill -HUP $(pidof syslogd); until [ -e rest ]; do sleep 0.05; done
         logger -t x new; wait_for new rest; wc -l < rest
         echo 'mail.loud /x' > bad; syslogd -n -f bad; echo $?; syslogd -n -f none; echo $?",
    );
    let wanted = [
        "info:",
        "syslogd started: Ochre",
        "x: user.info",
        "mail:",
        "x: mail.info",
        "x: mail.crit",
        "rest:",
        "x: user.err",
        "1",
        "syslogd: bad: line 1: unknown priority name: loud",
        "1",
        "syslogd: none: No such file or directory (os error 2)",
        "1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn the_log_in_memory_keeps_the_newest() {
    let text = output(
        "logread; echo $?; syslogd -C4 -D
         logger -t x same; logger -t x same
         for i in $(seq 120); do echo line $i; done | logger -t x -p user.info
         until logread | grep -q 'line 120'; do :; done
         logread | head -n 1 | cut -c 17-29; logread | tail -n 1 | cut -c 17-; logread | wc -c
         timeout 3 logread -f > /tmp/followed & sleep 0.3; logger -t x later; wait
         tail -n 1 /tmp/followed | cut -c 17-; grep -c 'line 120' /tmp/followed",
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("is `syslogd -C` running?") && lines[1] == "1", "{text}");
    assert_eq!(lines[2..4], ["ochre user.in", "ochre user.info x: line 120"]);
    let bytes: u32 = lines[4].parse().expect("a number of bytes");
    assert!((3900..=4096).contains(&bytes), "{text}");
    assert_eq!(lines[5..], ["ochre user.notice x: later", "1"]);
}

#[test]
fn files_are_turned_over_and_same_lines_left_out() {
    let text = output(
        "syslogd -s 1 -b 2 -D -O /tmp/log -t
         for i in 1 2 3; do echo same; done | logger -t x
         wait_for same log; grep -c same log
         for i in $(seq 60); do echo a line with number $i; done | logger -t x
         wait_for 'number 60' log; ls log*; cat log* | wc -c",
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..4], ["1", "log", "log.0", "log.1"]);
    let bytes: u32 = lines[4].parse().expect("a number of bytes");
    assert!((2000..=3072).contains(&bytes), "{text}");
}

#[test]
fn the_kernel_is_heard() {
    let text = output(
        "syslogd -O /tmp/log; klogd -c 4; head -c 1 /proc/sys/kernel/printk; echo
         echo '<3>from below' > /dev/kmsg; wait_for 'from below' log
         grep -c 'kern.notice kernel: .*Linux version' log; grep 'from below' log | cut -c 17-39
         kill $(pidof klogd)",
    );
    assert_eq!(text.lines().collect::<Vec<_>>(), ["4", "1", "ochre user.err kernel: "]);
}

#[test]
fn another_machine_gets_messages() {
    let text = output(
        "timeout 10 nc -u -l -p 5140 > got & sleep 0.5; syslogd -R 127.0.0.1:5140 -L -O /tmp/log
         logger -p local3.warn -t x far; wait_for far got; wait_for far log; tr '\\0' '\\n' < got | tail -n 1; kill $!",
    );
    let line = text.lines().last().expect("a line");
    let at = line.find("<156>").expect("its number: 19 × 8 + 4");
    assert!(line[at..].ends_with("x: far"), "{text}");
}
