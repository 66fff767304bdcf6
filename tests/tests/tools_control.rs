// SPDX-License-Identifier: MIT OR Apache-2.0
//! getopt, flock, taskset, run-parts and their family: against util-linux and Debian's tools of the
//! host; what needs rights or another kernel, in the machine against /proc.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;
use std::time::Duration;

#[test]
fn as_getopt_of_util_linux() {
    same_as_on_the_host(&[
        ("short", "getopt -o ab:c:: -- -a -b x -cy -c z rest 'with blank' ; echo $?"),
        ("together", "getopt -o ab:c -- -acb val -- -a"),
        (
            "long",
            "getopt -o '' -l alpha,beta:,gamma:: -- --al --beta x --beta=y --gamma --gamma=z q",
        ),
        ("quotes", r#"getopt -o a: -- -a "it's" 'a"b' '$x' ''"#),
        ("unquoted", "getopt -u -o a: -- -a x y"),
        ("old form", "getopt ab: -b x -a y; echo $?"),
        ("stop", "getopt -o +a -- x -a; POSIXLY_CORRECT=1 getopt -o a -- x -a"),
        ("keep", "getopt -o -a -- x -a y"),
        ("alternative", "getopt -a -o a -l long,other: -- -long -other x -a"),
        ("unknown", "getopt -n me -o a -- -z -a 2>&1; echo $?"),
        (
            "missing",
            "getopt -n me -o a: -- -a 2>&1; echo $?; getopt -n me -o a -l b: -- --b 2>&1; echo $?",
        ),
        ("ambiguous", "getopt -n me -o a -l foobar,foobaz -- --foob 2>&1; echo $?"),
        ("no value", "getopt -n me -o a -l foo -- --foo=x 2>&1; echo $?"),
        ("quiet", "getopt -q -o a -- -z; echo $?; getopt -Q -o a -- -a; echo $?"),
        ("test", "getopt -T; echo $?; getopt 2> out; echo $?"),
        (
            "in a script",
            r#"eval set -- "$(getopt -o a:v -l all -- -v -a 'x y' z --all)"; for i; do echo "<$i>"; done"#,
        ),
    ]);
}

#[test]
fn as_util_linux_and_debian() {
    same_as_on_the_host(&[
        ("flock", "flock f echo in; echo $?; flock f false; echo $?; flock f -c 'echo sh; exit 7'; echo $?"),
        (
            "flock waits",
            "flock f -c 'echo one; sleep 1; echo two' & sleep 0.5; flock f echo three; wait",
        ),
        (
            "flock -n",
            "flock f sleep 2 & sleep 0.5; flock -n f echo no; echo $?; flock -n -E 9 f echo no; echo $?
             flock -w 0.1 f echo no; echo $?; flock -s -n f echo no; echo $?; kill $!",
        ),
        ("flock shared", "flock -s f sleep 2 & sleep 0.5; flock -s -n f echo yes; echo $?; kill $!"),
        (
            "flock of a descriptor",
            "exec 9> f; flock -n 9; echo $?; flock -n f echo no; echo $?; flock -u 9; flock -n f echo yes",
        ),
        ("run-parts", "mkdir d; for n in b a c.sh; do printf '#!/bin/sh\\necho $0 $*\\n' > d/$n; chmod +x d/$n; done
             echo > d/e; run-parts -a x --arg=y d; echo $?; run-parts --test d; run-parts --list d; run-parts --reverse d"),
        ("run-parts fails", "mkdir d; printf '#!/bin/sh\\nexit 3\\n' > d/a; chmod +x d/a; run-parts d 2>&1; echo $?"),
        ("setsid", "setsid -w sh -c 'test $(ps -o sid= -p $$) = $$; exit $?'; echo $?; setsid -w no-such 2> out; echo $?"),
        ("renice", "sleep 9 & renice -n 5 -p $! | sed s/$!/PID/; ps -o ni= -p $!; renice 7 $! | sed s/$!/PID/; kill $!"),
        ("chrt", "chrt -p $$ | sed s/$$/PID/; chrt -b 0 chrt -p 0 | sed 's/pid [0-9]*/PID/'; chrt -m | head -n 3"),
        ("taskset", "taskset 1 sh -c 'taskset -p $$ | sed s/$$/PID/; taskset -cp $$ | sed s/$$/PID/'"),
        ("taskset fails", "taskset 0 true 2> out; echo $?; taskset zz true 2> out; echo $?; taskset -p 0 2> out; echo $?"),
        ("setarch", "setarch linux32 true; echo $?; linux64 sh -c 'exit 4'; echo $?"),
        ("sysctl", "PATH=$PATH:/sbin:/usr/sbin; sysctl kernel.ostype; sysctl -n kernel/ostype; sysctl -e no.such; echo $?"),
    ]);
}

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd /tmp; {script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text()
}

#[test]
fn the_kernel_speaks_and_listens() {
    let text = output(
        "dmesg | grep -c 'Linux version'; dmesg -r | grep -c '^<5>.*Linux version'
         echo '<4>hello from a test' > /dev/kmsg; dmesg -l warn -t | tail -n 1; dmesg -x | tail -n 1 | cut -d [ -f 1
         dmesg -c > /dev/null; dmesg | wc -l; sysctl -w vm.swappiness=33; cat /proc/sys/vm/swappiness
         echo vm.swappiness = 44 > s; sysctl -q -p s; sysctl vm.swappiness; sysctl -a | grep -c '^kernel.hostname = '",
    );
    let wanted = [
        "1",
        "1",
        "hello from a test",
        "user  :warn  : ",
        "0",
        "vm.swappiness = 33",
        "33",
        "vm.swappiness = 44",
        "1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn namespaces_are_made_and_entered() {
    let text = output(
        "unshare -u sh -c 'hostname inner; hostname'; test $(hostname) != inner; echo $?
         unshare -m sh -c 'mount -t tmpfs x /mnt; grep -c /mnt /proc/mounts'; grep -c /mnt /proc/mounts
         unshare --fork --pid --mount-proc sh -c 'echo $$; ls -d /proc/[0-9]* | head -n 1'
         unshare -u sh -c 'hostname other; exec sleep 9' & sleep 1; nsenter -t $! -u hostname; kill $!",
    );
    assert_eq!(text, "inner\n0\n1\n0\n1\n/proc/1\nother\n");
}

#[test]
fn daemons_start_once_and_end() {
    let text = output(
        "ssd() { start-stop-daemon -p /run/t.pid \"$@\"; echo $?; }
         ssd -S -x /bin/sleep -b -m -- 60; ssd -T; ssd -S -q -x /bin/sleep -b -m -- 60
         ps -o args= -p $(cat /run/t.pid); ssd -S -o -x /bin/sleep -- 60
         ssd -K -R 5 --remove-pidfile; test -e /run/t.pid; echo $?; ssd -T; ssd -K; ssd -K -o -q",
    );
    let wanted = [
        "0",
        "0",
        "1",
        "/bin/sleep 60",
        "/bin/sleep already running.",
        "0",
        "0",
        "1",
        "3",
        "No process found running; none killed.",
        "1",
        "0",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}
