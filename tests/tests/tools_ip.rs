// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip` beside the host's: the same words in the guest and in a network namespace of the host give
//! the same listings, as far as both are asked for what both print.
//!
//! The namespace needs root and iproute2; without them a test says so and is skipped.

use ochre_tests::host;
use ochre_tests::machine::Machine;
use std::time::Duration;

/// What iproute2 prints and the words of BusyBox's `ip` leave out.
const EXTRA: [&str; 4] = [" group default", " mode DEFAULT", " pref medium", " uid 0"];

/// A listing without what only iproute2 says, and without blanks at the ends of lines.
fn plain(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines().filter(|line| !line.starts_with("    cache ")) {
        let mut line = line.replace(" \\", "\\");
        for extra in EXTRA {
            line = line.replace(extra, "");
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// Runs a script in a machine and in a namespace of the host, and compares what they put out.
fn same(script: &str) {
    if !host::is_root() || !host::has("ip") || !host::has("unshare") {
        eprintln!("skipped: a network namespace of the host needs root, iproute2 and unshare");
        return;
    }
    let script = format!("ip link set lo up\n{script}");
    let wanted = host::run("unshare", &["-n", "sh", "-c", &script], b"").success().text();
    let found =
        Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text();
    assert_eq!(plain(&found), plain(&wanted));
    assert!(wanted.lines().count() > 1, "nothing was compared: {wanted}");
}

#[test]
fn addresses_come_and_go() {
    same(
        "ip addr add 10.1.2.3/24 brd + dev lo; ip addr add 10.1.2.4/24 scope link dev lo\n\
          ip addr add 10.2.0.1/16 brd 10.2.9.9 label lo:a dev lo\n\
          ip -4 addr show dev lo; ip -o -4 a\n\
          ip addr add 10.1.2.3/24 dev lo 2> /dev/null; echo $?\n\
          ip addr del 10.1.2.3/24 dev lo; ip -4 addr; ip -4 addr flush dev lo; ip addr show lo",
    );
}

#[test]
fn addresses_of_ipv6_too() {
    same(
        "ip -6 addr add fd00::1/64 dev lo; ip -6 -o addr; ip -6 route | grep -v ^local\n\
          ip -6 addr del fd00::1/64 dev lo; ip addr show dev lo",
    );
}

#[test]
fn links_are_set() {
    same(
        "ip link; ip link set dev lo mtu 1400 promisc on; ip link show lo; ip -o link show dev lo\n\
          ip link set lo down promisc off; ip link set lo name ring; ip l\n\
          ip link set lo up 2> /dev/null; echo $?; ip link show lo 2> /dev/null; echo $?",
    );
}

#[test]
fn routes_lead() {
    same(
        "ip addr add 10.1.2.3/24 dev lo\n\
          ip route add 10.9.0.0/16 via 10.1.2.1 dev lo metric 5; ip route add 10.8.0.0/16 dev lo\n\
          ip route add unreachable 10.7.0.0/16; ip route add blackhole 10.6.0.1\n\
          ip route add default via 10.1.2.1 src 10.1.2.3; ip route\n\
          ip route replace 10.8.0.0/16 via 10.1.2.9; ip route\n\
          ip route get 10.9.1.1; ip route del 10.8.0.0/16; ip route del default; ip route list\n\
          ip route del 10.8.0.0/16 2> /dev/null; echo $?\n\
          ip route show table local; ip route flush dev lo; ip route",
    );
}

#[test]
fn wrong_words_are_told() {
    let text = Machine::exec(&[
        "sh",
        "-c",
        "exec 2>&1; ip addr add 1.2.3.4/33 dev lo; echo $?; ip link show none; echo $?\n\
         ip nothing; echo $?; ip route add 10.0.0.0/8 dev; echo $?; ip route del 1.2.3.0/24; echo $?",
    ])
    .limit(Duration::from_secs(40))
    .run()
    .success()
    .text();
    let wanted = "ip: '1.2.3.4/33' has no length of 0 to 32\n1\nip: can't find device 'none'\n1\n\
                  ip: 'nothing' is none of: address, link, route, neighbour, neighbor, help\n1\n\
                  ip: 'dev' wants a word after it\n1\n\
                  ip: RTNETLINK answers: No such process\n2\n";
    assert_eq!(text, wanted);
}
