// SPDX-License-Identifier: MIT OR Apache-2.0
//! `netstat`: the machine's sockets, as the kernel's tables in /proc have them.
//!
//! Listings are BusyBox's; `-p` is net-tools', which BusyBox may have.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Context;
use ochre_applet::{Args, parse};

use crate::old_route::{View, listing};

/// Show the sockets of the network and within the machine, or the routes.
///
/// Sockets that are connected are shown, of all kinds, unless options say others. Addresses and ports
/// are numbers always.
#[derive(clap::Parser)]
#[command(name = "netstat")]
struct Options {
    /// The routes
    #[arg(short)]
    routes: bool,
    /// All sockets
    #[arg(short)]
    all: bool,
    /// Sockets that wait for others
    #[arg(short)]
    listening: bool,
    /// TCP
    #[arg(short)]
    tcp: bool,
    /// UDP
    #[arg(short)]
    udp: bool,
    /// Raw IP
    #[arg(short = 'w')]
    raw: bool,
    /// Unix sockets
    #[arg(short = 'x')]
    unix: bool,
    /// With -r: the metrics of routes instead of what is set for connections
    #[arg(short)]
    extend: bool,
    /// Numbers only
    #[arg(short)]
    numeric: bool,
    /// The processes that hold the sockets
    #[arg(short)]
    programs: bool,
}

/// TCP's states by the kernel's numbers.
const STATES: [&str; 12] = [
    "",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
];
const ESTABLISHED: usize = 1;
const LISTEN: usize = 10;
/// The state of a Unix socket that connections may be made to.
const ACCEPTING: u32 = 0x1_0000;

/// The applet.
pub fn netstat(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if options.routes {
        let view = View { numeric: options.numeric, other: !options.extend, v6: false };
        print!("{}", listing(view)?);
        return Ok(0);
    }
    let every = !(options.tcp || options.udp || options.raw || options.unix);
    let holders = if options.programs { holders() } else { HashMap::new() };
    let which = match (options.all, options.listening) {
        (true, _) => "(servers and established)",
        (false, true) => "(only servers)",
        (false, false) => "(w/o servers)",
    };
    if every || options.tcp || options.udp || options.raw {
        let last = if options.programs { "PID/Program name" } else { "" };
        println!("Active Internet connections {which}");
        println!(
            "Proto Recv-Q Send-Q {:<23} {:<23} {:<12}{last}",
            "Local Address", "Foreign Address", "State"
        );
        let kinds = [("tcp", options.tcp), ("udp", options.udp), ("raw", options.raw)];
        for (kind, asked) in kinds {
            for table in [kind.to_owned(), format!("{kind}6")] {
                // A kernel without the protocol has no table of it.
                let text = std::fs::read_to_string(format!("/proc/net/{table}"));
                for line in text.unwrap_or_default().lines().skip(1).filter(|_| every || asked) {
                    if let Some(socket) = Inet::read(line)
                        && socket.is_wanted(kind, &options)
                    {
                        println!("{}", socket.text(kind, &options, &holders));
                    }
                }
            }
        }
    }
    if every || options.unix {
        println!("Active UNIX domain sockets {which}");
        let last = if options.programs { "PID/Program name    " } else { "" };
        println!("Proto RefCnt Flags       Type       State         I-Node {last}Path");
        let text =
            std::fs::read_to_string("/proc/net/unix").context("can't read /proc/net/unix")?;
        for line in text.lines().skip(1) {
            if let Some(line) = unix_text(line, &options, &holders) {
                println!("{line}");
            }
        }
    }
    Ok(0)
}

/// A socket of the Internet's protocols.
struct Inet {
    local: (IpAddr, u16),
    remote: (IpAddr, u16),
    state: usize,
    sent: u32,
    received: u32,
    inode: u64,
}

impl Inet {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, queues, _, _, _, _, inode, ..] = words[..] else {
            return None;
        };
        let (sent, received) = queues.split_once(':')?;
        Some(Self {
            local: end(local)?,
            remote: end(remote)?,
            state: usize::from_str_radix(state, 16).ok()?,
            sent: u32::from_str_radix(sent, 16).ok()?,
            received: u32::from_str_radix(received, 16).ok()?,
            inode: inode.parse().ok()?,
        })
    }

    fn is_wanted(&self, kind: &str, options: &Options) -> bool {
        let waits = if kind == "tcp" { self.state == LISTEN } else { self.remote.1 == 0 };
        options.all || waits == options.listening
    }

    fn text(&self, kind: &str, options: &Options, holders: &HashMap<u64, String>) -> String {
        let state = match kind {
            "tcp" => STATES.get(self.state).copied().unwrap_or("UNKNOWN").to_owned(),
            "udp" if self.state == ESTABLISHED => STATES[ESTABLISHED].to_owned(),
            "udp" => String::new(),
            // The protocol's number is the local port.
            _ => self.local.1.to_string(),
        };
        let end = |(address, port): (IpAddr, u16)| match port {
            0 => format!("{address}:*"),
            port => format!("{address}:{port}"),
        };
        let holder = if options.programs {
            holders.get(&self.inode).map_or("-", String::as_str)
        } else {
            ""
        };
        format!(
            "{kind}   {:6} {:6} {:<23} {:<23} {state:<12}{holder}",
            self.received,
            self.sent,
            end(self.local),
            end(self.remote),
        )
    }
}

/// An address and port: words of the machine's own byte order, in hexadecimal.
fn end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for at in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let address = if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::V4(Ipv4Addr::from(bytes))
    } else {
        IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?))
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

fn unix_text(line: &str, options: &Options, holders: &HashMap<u64, String>) -> Option<String> {
    // The path may have blanks in it.
    let mut rest = line;
    let mut words = [""; 7];
    for word in &mut words {
        rest = rest.trim_start();
        let length = rest.find(' ').unwrap_or(rest.len());
        (*word, rest) = rest.split_at(length);
    }
    let path = rest.strip_prefix(' ').unwrap_or(rest);
    let [_, count, _, flags, kind, state, inode] = words;
    let flags = u32::from_str_radix(flags, 16).ok()?;
    let accepts = flags & ACCEPTING != 0;
    if !options.all && accepts != options.listening {
        return None;
    }
    let kind = match u32::from_str_radix(kind, 16).ok()? {
        1 => "STREAM",
        2 => "DGRAM",
        3 => "RAW",
        4 => "RDM",
        5 => "SEQPACKET",
        _ => "UNKNOWN",
    };
    let state = match u32::from_str_radix(state, 16).ok()? {
        0 => "FREE",
        1 if accepts => "LISTENING",
        1 => "",
        2 => "CONNECTING",
        3 => "CONNECTED",
        4 => "DISCONNECTING",
        _ => "UNKNOWN",
    };
    let flags = if accepts { "[ ACC ]" } else { "[ ]" };
    let inode: u64 = inode.parse().ok()?;
    let holder = if options.programs {
        format!("{:<20}", holders.get(&inode).map_or("-", String::as_str))
    } else {
        String::new()
    };
    let count = u32::from_str_radix(count, 16).ok()?;
    Some(format!(
        "{:<5} {count:<6} {flags:<11} {kind:<10} {state:<13} {inode:6} {holder}{path}",
        "unix"
    ))
}

/// `PID/NAME` of a process for each inode of a socket that it holds.
fn holders() -> HashMap<u64, String> {
    let mut holders = HashMap::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = process.file_name().to_string_lossy().into_owned();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        // Another user's files are not told, and a process may end meanwhile.
        for file in std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            let target = std::fs::read_link(file.path()).unwrap_or_default();
            let inode = target.to_str().and_then(|target| target.strip_prefix("socket:["));
            let inode = inode.and_then(|inode| inode.strip_suffix(']'));
            if let Some(inode) = inode.and_then(|inode| inode.parse().ok()) {
                holders.entry(inode).or_insert_with(|| format!("{id}/{}", name.trim_end()));
            }
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read() {
        let word = format!("{:08X}:0FA0", u32::from_ne_bytes([127, 0, 0, 1]));
        assert_eq!(end(&word), Some((Ipv4Addr::LOCALHOST.into(), 4000)));
        let last = format!("{:08X}", u32::from_ne_bytes([0, 0, 0, 1]));
        let zeroes = "0".repeat(24);
        assert_eq!(end(&format!("{zeroes}{last}:0000")), Some((Ipv6Addr::LOCALHOST.into(), 0)));
        assert_eq!(end("nothing"), None);
    }
}
