// SPDX-License-Identifier: MIT OR Apache-2.0
//! `traceroute` and `traceroute6`: the routers between this host and another.
//!
//! Messages of UDP are sent that may pass one router, then two, and so on. What routers answer comes
//! through the socket's own queue of errors, so that neither a raw socket nor root is needed.

use std::io::{self, IoSliceMut, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use ochre_applet::{Args, parse};

/// Print the routers between this host and another, with the times until they answered.
///
/// After a time stands what was wrong: !H no way to the host, !N to its net, !P no such protocol, !X it
/// is forbidden, !F the message was too long. Names are those of /etc/hosts.
#[derive(clap::Parser)]
#[command(name = "traceroute")]
struct Options {
    /// IPv4
    #[arg(short = '4')]
    v4: bool,
    /// IPv6
    #[arg(short = '6')]
    v6: bool,
    /// Numbers only
    #[arg(short)]
    numeric: bool,
    /// How many routers the first message may pass, and one more
    #[arg(short, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..))]
    first: u8,
    /// The same for the last message
    #[arg(short, value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u8).range(1..))]
    max: u8,
    /// Messages for each router
    #[arg(short, value_name = "N", default_value_t = 3)]
    queries: u8,
    /// The first message's port; each further one's is the next
    #[arg(short, value_name = "PORT", default_value_t = 33434)]
    port: u16,
    /// Own address
    #[arg(short, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Seconds to wait for an answer
    #[arg(short, value_name = "SECONDS", default_value_t = 3)]
    wait: u64,
    /// Milliseconds between messages
    #[arg(short = 'z', value_name = "MILLISECONDS", default_value_t = 0)]
    pause: u64,
    /// Host
    host: String,
    /// Bytes of a message with its headers
    bytes: Option<u16>,
}

/// Headers of IP and UDP.
const HEADERS4: u16 = 28;
const HEADERS6: u16 = 48;

/// The applet.
pub fn traceroute(args: Args) -> anyhow::Result<u8> {
    run(parse(&args)?)
}

/// The applet for IPv6.
pub fn traceroute6(args: Args) -> anyhow::Result<u8> {
    let mut options: Options = parse(&args)?;
    options.v6 = true;
    run(options)
}

fn run(options: Options) -> anyhow::Result<u8> {
    let found = (options.host.as_str(), 0).to_socket_addrs();
    let wanted = |address: &SocketAddr| {
        !(options.v4 && address.is_ipv6() || options.v6 && address.is_ipv4())
    };
    let peer = found.into_iter().flatten().find(wanted).map(|address| address.ip());
    let Some(peer) = peer else { bail!("bad address '{}'", options.host) };
    let (headers, usual) = if peer.is_ipv4() { (HEADERS4, 46) } else { (HEADERS6, 72) };
    let bytes = options.bytes.unwrap_or(usual).max(headers);
    println!(
        "traceroute to {} ({peer}), {} hops max, {bytes} byte packets",
        options.host, options.max
    );
    let message = vec![0; usize::from(bytes - headers)];
    let mut port = options.port;
    for hops in options.first..=options.max {
        print!("{hops:2}");
        let (mut last, mut over) = (None, false);
        for _ in 0..options.queries {
            io::stdout().flush()?;
            std::thread::sleep(Duration::from_millis(options.pause));
            match probe(&options, SocketAddr::from((peer, port)), hops, &message)? {
                None => print!("  *"),
                Some(answer) => {
                    if last != Some(answer.from) {
                        print!("  {}", shown(answer.from, options.numeric));
                        last = Some(answer.from);
                    }
                    let micros = answer.time.as_micros();
                    print!("  {}.{:03} ms{}", micros / 1000, micros % 1000, answer.mark);
                    over |= answer.last;
                }
            }
            port = port.wrapping_add(1).max(1);
        }
        println!();
        if over {
            break;
        }
    }
    Ok(0)
}

/// An address, with its name in /etc/hosts before it unless numbers are wanted.
fn shown(address: IpAddr, numeric: bool) -> String {
    if numeric {
        return address.to_string();
    }
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let name = hosts.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        (words.next()?.parse() == Ok(address)).then(|| words.next()).flatten()
    });
    format!("{} ({address})", name.map_or_else(|| address.to_string(), str::to_owned))
}

struct Answer {
    from: IpAddr,
    time: Duration,
    mark: &'static str,
    /// Whether no router lies behind.
    last: bool,
}

/// Sends a message that may pass `hops` routers, less one.
fn probe(
    options: &Options,
    target: SocketAddr,
    hops: u8,
    message: &[u8],
) -> anyhow::Result<Option<Answer>> {
    let own = options.source.unwrap_or(match target {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    });
    // A socket for each message: its errors are about no other one.
    let socket =
        UdpSocket::bind((own, 0)).with_context(|| format!("can't use the address {own}"))?;
    if target.is_ipv4() {
        setsockopt(&socket, sockopt::Ipv4Ttl, &i32::from(hops))?;
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
    } else {
        setsockopt(&socket, sockopt::Ipv6Ttl, &i32::from(hops))?;
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
    }
    let began = Instant::now();
    if let Err(error) = socket.send_to(message, target) {
        bail!("can't send to {}: {}", target.ip(), ochre_applet::reason(&error));
    }
    let until = began + Duration::from_secs(options.wait);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        // Not less than is left, or the loop would spin for the rest of a millisecond.
        let millis = left.as_millis().saturating_add(1).min(60_000) as u16;
        let mut ready = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::from(millis)) {
            Ok(0) | Err(Errno::EINTR) => continue,
            result => result?,
        };
        let time = began.elapsed();
        if let Some(mut answer) = error_of(&socket, target)? {
            answer.time = time;
            return Ok(Some(answer));
        }
        // Somebody listens at the port, and has answered with a message of his own.
        if ready[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN)) {
            let (_, from) = socket.recv_from(&mut [0; 1])?;
            return Ok(Some(Answer { from: from.ip(), time, mark: "", last: true }));
        }
    }
}

/// Takes what the kernel has kept about the message, if that came from the network.
fn error_of(socket: &UdpSocket, target: SocketAddr) -> anyhow::Result<Option<Answer>> {
    let mut buffer = [0; 512];
    let mut control = nix::cmsg_space!([u8; 128]);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let received = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT,
    );
    let message = match received {
        Ok(message) => message,
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
        Err(error) => bail!("can't read the answer: {}", error.desc()),
    };
    for part in message.cmsgs()? {
        let (from, kind, code) = match part {
            ControlMessageOwned::Ipv4RecvErr(error, from) => {
                let from = from.map(|from| u32::from_be(from.sin_addr.s_addr));
                (from.map(|from| IpAddr::V4(from.into())), error.ee_type, error.ee_code)
            }
            ControlMessageOwned::Ipv6RecvErr(error, from) => {
                let from = from.map(|from| from.sin6_addr.s6_addr);
                (from.map(|from| IpAddr::V6(from.into())), error.ee_type, error.ee_code)
            }
            _ => continue,
        };
        let Some(from) = from else { continue };
        let (mark, last) = meaning(target.is_ipv4(), kind, code);
        return Ok(Some(Answer { from, time: Duration::ZERO, mark, last }));
    }
    Ok(None)
}

/// What a message of ICMP says: a mark, and whether it is the end of the way.
fn meaning(v4: bool, kind: u8, code: u8) -> (&'static str, bool) {
    match (v4, kind, code) {
        // Time exceeded: a router on the way.
        (true, 11, _) | (false, 3, _) => ("", false),
        // No such port: the host itself.
        (true, 3, 3) | (false, 1, 4) => ("", true),
        (true, 3, 0) | (false, 1, 0) => (" !N", true),
        (true, 3, 1) | (false, 1, 3) => (" !H", true),
        (true, 3, 2) => (" !P", true),
        (true, 3, 4) | (false, 2, _) => (" !F", true),
        (true, 3, 9 | 10 | 13) | (false, 1, 1) => (" !X", true),
        _ => (" !", true),
    }
}
