// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ping` and `ping6`: ask a host for echoes, and measure how long they take.
//!
//! A raw socket is used where that is allowed, else the kernel's own socket for echoes, which puts in
//! its own identifier and gives no IP header.

use std::io::{self, IoSliceMut, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    SockaddrStorage, bind, recvmsg, sendto, setsockopt, socket, sockopt,
};
use ochre_applet::{Args, parse};

const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;
const ECHO6_REQUEST: u8 = 128;
const ECHO6_REPLY: u8 = 129;
/// Bytes of an ICMP header.
const HEADER: usize = 8;

/// Ask a host for echoes.
#[derive(clap::Parser)]
#[command(name = "ping", args_override_self = true)]
struct Options {
    /// IPv4
    #[arg(short = '4')]
    v4: bool,
    /// IPv6
    #[arg(short = '6')]
    v6: bool,
    /// How many echoes to ask for
    #[arg(short, value_name = "N")]
    count: Option<u64>,
    /// Bytes of data
    #[arg(short, value_name = "BYTES", default_value_t = 56)]
    size: usize,
    /// Seconds between two
    #[arg(short, value_name = "SECONDS", default_value_t = 1.0)]
    interval: f64,
    /// How many routers it may pass
    #[arg(short, value_name = "N")]
    ttl: Option<i32>,
    /// Seconds after which all is over
    #[arg(short = 'w', value_name = "SECONDS")]
    deadline: Option<u64>,
    /// Seconds to wait for the last echo
    #[arg(short = 'W', value_name = "SECONDS", default_value_t = 10)]
    wait: u64,
    /// Own address
    #[arg(short = 'I', value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Ask for the next when an echo has come
    #[arg(short = 'A')]
    adaptive: bool,
    /// Addresses are numbers: always so
    #[arg(short)]
    numeric: bool,
    /// Print the end only
    #[arg(short)]
    quiet: bool,
    /// Host
    host: String,
}

/// The applet: status 1 when no echo came.
pub fn ping(args: Args) -> anyhow::Result<u8> {
    run(parse(&args)?)
}

/// The applet for IPv6.
pub fn ping6(args: Args) -> anyhow::Result<u8> {
    let mut options: Options = parse(&args)?;
    options.v6 = true;
    run(options)
}

struct Echo {
    stop: Arc<AtomicBool>,
    socket: OwnedFd,
    peer: SocketAddr,
    /// Whether the socket is a raw one.
    raw: bool,
    id: u16,
    sent: Vec<Instant>,
    received: u64,
    times: Vec<Duration>,
}

fn run(options: Options) -> anyhow::Result<u8> {
    let peer = (options.host.as_str(), 0)
        .to_socket_addrs()
        .ok()
        .into_iter()
        .flatten()
        .find(|address| !(options.v4 && address.is_ipv6() || options.v6 && address.is_ipv4()));
    let Some(peer) = peer else { bail!("bad address '{}'", options.host) };
    let (socket, raw) = open(peer.is_ipv6())?;
    if let Some(source) = options.source {
        bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::from((source, 0))))
            .with_context(|| format!("can't use the address {source}"))?;
    }
    if let Some(ttl) = options.ttl {
        if peer.is_ipv6() {
            setsockopt(&socket, sockopt::Ipv6Ttl, &ttl)?;
        } else {
            setsockopt(&socket, sockopt::Ipv4Ttl, &ttl)?;
        }
    }
    if peer.is_ipv6() {
        // Each echo then comes with its hop limit.
        setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true).ok();
    }
    println!("PING {} ({}): {} data bytes", options.host, peer.ip(), options.size);
    io::stdout().flush()?;
    // When the user breaks off, what was measured is printed all the same.
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&stop))?;
    let id = std::process::id() as u16;
    let mut echo =
        Echo { stop, socket, peer, raw, id, sent: Vec::new(), received: 0, times: Vec::new() };
    echo.exchange(&options)?;
    echo.summary(&options);
    Ok(u8::from(echo.received == 0))
}

fn open(v6: bool) -> anyhow::Result<(OwnedFd, bool)> {
    let (family, protocol) = if v6 {
        (AddressFamily::Inet6, SockProtocol::IcmpV6)
    } else {
        (AddressFamily::Inet, SockProtocol::Icmp)
    };
    match socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol) {
        Ok(socket) => Ok((socket, true)),
        Err(_) => Ok((
            socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, protocol)
                .context("permission denied (are you root?)")?,
            false,
        )),
    }
}

impl Echo {
    fn exchange(&mut self, options: &Options) -> anyhow::Result<()> {
        let began = Instant::now();
        let interval = Duration::from_secs_f64(options.interval.max(0.0));
        let deadline = options.deadline.map(|seconds| began + Duration::from_secs(seconds));
        let count = options.count.filter(|count| *count > 0);
        let mut next = began;
        loop {
            let now = Instant::now();
            let all_sent = count.is_some_and(|count| self.sent.len() as u64 >= count);
            let over = deadline.is_some_and(|deadline| now >= deadline);
            if self.stop.load(Ordering::Relaxed)
                || over
                || count.is_some_and(|count| self.received >= count)
            {
                return Ok(());
            }
            if !all_sent && now >= next {
                self.send(options.size)?;
                next += interval;
                continue;
            }
            let until = if all_sent {
                let last = self.sent.last().copied().unwrap_or(now);
                last + Duration::from_secs(options.wait)
            } else {
                next
            };
            if all_sent && now >= until {
                return Ok(());
            }
            let until = deadline.map_or(until, |deadline| deadline.min(until));
            if self.receive(until.saturating_duration_since(now), options)? && options.adaptive {
                next = Instant::now();
            }
        }
    }

    fn send(&mut self, size: usize) -> anyhow::Result<()> {
        let number = self.sent.len() as u16;
        let mut packet = vec![0; HEADER + size];
        packet[0] = if self.peer.is_ipv6() { ECHO6_REQUEST } else { ECHO_REQUEST };
        packet[4..6].copy_from_slice(&self.id.to_be_bytes());
        packet[6..8].copy_from_slice(&number.to_be_bytes());
        // The kernel sums up IPv6's, whose sum has addresses in it.
        if !self.peer.is_ipv6() {
            let sum = checksum(&packet);
            packet[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        let address = SockaddrStorage::from(self.peer);
        match sendto(self.socket.as_raw_fd(), &packet, &address, MsgFlags::empty()) {
            Ok(_) | Err(Errno::ENOBUFS) => {}
            Err(error) => bail!("sendto: {}", error.desc()),
        }
        self.sent.push(Instant::now());
        Ok(())
    }

    /// Waits for one packet; tells whether it was an echo of ours.
    fn receive(&mut self, wait: Duration, options: &Options) -> anyhow::Result<bool> {
        // Not less than is left, or the loop would spin for the rest of a millisecond.
        let millis = wait.as_millis().saturating_add(1).min(60_000) as u16;
        let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::from(millis)) {
            Ok(0) | Err(Errno::EINTR) => return Ok(false),
            result => result?,
        };
        let mut buffer = vec![0; 1 << 16];
        let mut control = nix::cmsg_space!(i32);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let received = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        );
        let (count, from, mut ttl) = match received {
            Ok(message) => {
                let limit = message.cmsgs()?.find_map(|part| match part {
                    ControlMessageOwned::Ipv6HopLimit(limit) => Some(limit as u8),
                    _ => None,
                });
                (message.bytes, message.address, limit)
            }
            Err(Errno::EINTR | Errno::ECONNREFUSED) => return Ok(false),
            Err(error) => bail!("recvmsg: {}", error.desc()),
        };
        let now = Instant::now();
        let mut packet = &buffer[..count];
        if self.raw && !self.peer.is_ipv6() {
            let length = usize::from(packet.first().copied().unwrap_or(0) & 15) * 4;
            ttl = packet.get(8).copied();
            packet = packet.get(length..).unwrap_or_default();
        }
        let reply = if self.peer.is_ipv6() { ECHO6_REPLY } else { ECHO_REPLY };
        if packet.len() < HEADER || packet[0] != reply {
            return Ok(false);
        }
        let field = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        if self.raw && field(4) != self.id {
            return Ok(false);
        }
        let number = field(6);
        let Some(sent) = self.sent.get(usize::from(number)) else { return Ok(false) };
        let time = now - *sent;
        self.received += 1;
        self.times.push(time);
        if !options.quiet {
            let from = match from.as_ref() {
                Some(from) => address(from).unwrap_or(self.peer.ip()),
                None => self.peer.ip(),
            };
            let ttl = ttl.map(|ttl| format!(" ttl={ttl}")).unwrap_or_default();
            let bytes = packet.len();
            println!("{bytes} bytes from {from}: seq={number}{ttl} time={} ms", millis_text(time));
            io::stdout().flush()?;
        }
        Ok(true)
    }

    fn summary(&self, options: &Options) {
        let sent = self.sent.len() as u64;
        let lost = (sent.saturating_sub(self.received) * 100).checked_div(sent).unwrap_or(0);
        println!("\n--- {} ping statistics ---", options.host);
        println!(
            "{sent} packets transmitted, {} packets received, {lost}% packet loss",
            self.received
        );
        if let (Some(least), Some(most)) = (self.times.iter().min(), self.times.iter().max()) {
            let mean = self.times.iter().sum::<Duration>() / self.times.len() as u32;
            println!(
                "round-trip min/avg/max = {}/{}/{} ms",
                millis_text(*least),
                millis_text(mean),
                millis_text(*most)
            );
        }
    }
}

fn address(storage: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

fn millis_text(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// The sum of the Internet protocols, over a packet in which it is zero.
fn checksum(packet: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in packet.chunks(2) {
        sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_with_its_sum_sums_up_to_nothing() {
        let mut packet = vec![8, 0, 0, 0, 1, 2, 3, 4, 5];
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(checksum(&packet), 0);
    }
}
