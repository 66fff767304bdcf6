// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ifconfig`, `route`, `arp`, `nameif` and `ipcalc`: their listings are BusyBox's as it prints them,
//! and what they change is what `ip` then shows.

use ochre_tests::machine::Machine;
use std::time::Duration;

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1\n{script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text()
}

#[test]
fn devices_are_listed_and_set() {
    let text = output(
        "ifconfig lo 10.1.2.3 netmask 255.255.0.0 mtu 1400; ifconfig lo:1 10.7.7.7\n\
         ifconfig | grep -v packets: | grep -v bytes:; ip -o -4 addr\n\
         ifconfig lo:1 down; ifconfig lo 0.0.0.0 promisc; ip -o -4 addr; ifconfig lo | grep MTU\n\
         ifconfig lo down; ifconfig; ifconfig -a | head -1; ifconfig none; echo $?",
    );
    let wanted = "lo        Link encap:Local Loopback  \n\
        \x20         inet addr:10.1.2.3  Mask:255.255.0.0\n\
        \x20         inet6 addr: ::1/128 Scope:Host\n\
        \x20         UP LOOPBACK RUNNING  MTU:1400  Metric:1\n\
        \x20         collisions:0 txqueuelen:1000 \n\
        \n\
        lo:1      Link encap:Local Loopback  \n\
        \x20         inet addr:10.7.7.7  Mask:255.0.0.0\n\
        \x20         UP LOOPBACK RUNNING  MTU:1400  Metric:1\n\
        \n\
        1: lo    inet 10.1.2.3/16 scope global lo\\       valid_lft forever preferred_lft forever\n\
        1: lo    inet 10.7.7.7/8 scope global lo:1\\       valid_lft forever preferred_lft forever\n\
        \x20         UP LOOPBACK RUNNING PROMISC  MTU:1400  Metric:1\n\
        lo        Link encap:Local Loopback  \n\
        ifconfig: none: error fetching interface information: Device not found\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn packets_are_counted() {
    let text = output("ping -q -c 3 -i 0.1 -s 100 127.0.0.1 > /dev/null; ifconfig lo");
    // An echo of 100 bytes has 8 bytes of ICMP and 20 of IP before them, and is answered.
    let field = |name: &str| -> u64 {
        let rest = text.split(name).nth(1).unwrap_or_else(|| panic!("{name} in {text}"));
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a count")
    };
    assert!(field("RX packets:") >= 6, "{text}");
    assert!(field("TX packets:") >= 6, "{text}");
    assert!(field("RX bytes:") >= 6 * 128, "{text}");
}

#[test]
fn routes_are_listed_and_set() {
    let text = output(
        "ip addr add 10.1.2.3/24 dev lo; route add default gw 10.1.2.1\n\
         route add -net 10.5.0.0 netmask 255.255.0.0 gw 10.1.2.1 metric 3\n\
         route add -host 10.6.6.6 lo; route add -net 10.9.0.0/16 reject; route; route -n | tail -1\n\
         ip route; route del default; route del -net 10.5.0.0/16; route del -net 10.55.0.0/16\n\
         echo $?; ip route; route add -net 1.1.1.1/8 lo; echo $?",
    );
    let wanted = "Kernel IP routing table\n\
        Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n\
        default         10.1.2.1        0.0.0.0         UG    0      0        0 lo\n\
        10.5.0.0        10.1.2.1        255.255.0.0     UG    3      0        0 lo\n\
        10.6.6.6        *               255.255.255.255 UH    0      0        0 lo\n\
        10.9.0.0        *               255.255.0.0     !     0      0        0 *\n\
        10.9.0.0        0.0.0.0         255.255.0.0     !     0      0        0 *\n\
        default via 10.1.2.1 dev lo\n\
        10.5.0.0/16 via 10.1.2.1 dev lo metric 3\n\
        10.6.6.6 dev lo scope link\n\
        unreachable 10.9.0.0/16\n\
        route: SIOCDELRT: No such process\n1\n\
        10.6.6.6 dev lo scope link\n\
        unreachable 10.9.0.0/16\n\
        route: netmask and route address conflict\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn routes_of_ipv6_too() {
    let text = output(
        "route -A inet6 add fd07::/64 dev lo; ip -6 route show dev lo\n\
         route -A inet6 | grep fd07; route -A inet6 del fd07::/64; ip -6 route show dev lo",
    );
    let listed = format!("{:<44}{:<40}", "fd07::/64", "::");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0], "fd07::/64 dev lo metric 1");
    assert!(lines[1].starts_with(&listed) && lines[1].trim_end().ends_with(" lo"), "{text}");
}

#[test]
fn neighbours_and_names_that_cannot_be() {
    // The loopback device has no neighbours: it needs no hardware addresses.
    let text = output(
        "arp; arp -n 10.1.1.1; arp -s 10.1.1.1 zz; echo $?; arp -H atm; arp -s foo; arp -d; echo $?\n\
         nameif ring 02:00:00:00:00:01; echo $?; nameif ring; echo $?\n\
         ip link set lo down; echo 'ring 00:00:00:00:00:00 # all' > tab; nameif -c tab; ip -o link",
    );
    let lines: Vec<_> = text.lines().collect();
    let head = [
        "No match found in 0 entries",
        "arp: invalid hardware address",
        "1",
        "arp: unknown hardware type 'atm': ether is the only one",
        "arp: foo: Host name lookup failure",
        "arp: need host name",
        "1",
        "0",
        "nameif: each name wants a hardware address after it",
        "1",
    ];
    assert_eq!(lines[..head.len()], head, "{text}");
    assert!(lines[head.len()].starts_with("1: ring: <LOOPBACK>"), "{text}");
}

#[test]
fn ipcalc_reckons() {
    let text = output(
        "ipcalc -bnmp 172.16.5.4/12; ipcalc -m 10.1.2.3; ipcalc -p 10.1.2.3 255.255.128.0\n\
         ipcalc -bnm 200.1.1.1; ipcalc -h 127.0.0.1; ipcalc -n 10.0.0.1/33; echo $?\n\
         ipcalc -s -n 1.2.3.x; echo $?",
    );
    let wanted = "NETMASK=255.240.0.0\nBROADCAST=172.31.255.255\nNETWORK=172.16.0.0\nPREFIX=12\n\
        NETMASK=255.0.0.0\nPREFIX=17\n\
        NETMASK=255.255.255.0\nBROADCAST=200.1.1.255\nNETWORK=200.1.1.0\n\
        HOSTNAME=localhost\nipcalc: bad IP prefix: 33\n1\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn sockets_are_listed() {
    let text = output(
        "mkdir www; httpd -f -p 127.0.0.1:8080 -h www & i=0\n\
         until nc -z 127.0.0.1 8080 2> /dev/null || test $i -ge 100; do i=$((i+1)); sleep 0.1; done\n\
         netstat -tln; netstat -tlnp | tail -1 | grep -c \" $!/httpd\"; netstat -uln; kill $!; wait\n\
         netstat -tln; netstat -xl | head -2; netstat -rn",
    );
    let head = |kinds: &str| {
        format!(
            "Active Internet connections {kinds}\n\
             Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n"
        )
    };
    let none = head("(only servers)");
    let wanted = format!(
        "{none}tcp        0      0 127.0.0.1:8080          0.0.0.0:*               LISTEN      \n\
         1\n{none}{none}\
         Active UNIX domain sockets (only servers)\n\
         Proto RefCnt Flags       Type       State         I-Node Path\n\
         Kernel IP routing table\n\
         Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
    );
    assert_eq!(text, wanted);
}
