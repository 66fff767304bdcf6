// SPDX-License-Identifier: MIT OR Apache-2.0
//! `nc`: joins standard input and output with a socket, or gives the socket to a program.
//!
//! One thread copies the input, the main one what comes; when both have ended, it is over.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs,
    UdpSocket,
};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use ochre_applet::{Args, parse};

/// The largest message of UDP.
const MESSAGE: usize = 65_536;

/// Join standard input and output with a socket.
#[derive(clap::Parser)]
#[command(name = "nc", args_override_self = true, disable_help_flag = true)]
struct Options {
    /// Wait for a connection
    #[arg(short)]
    listen: bool,
    /// Wait for one after another
    #[arg(short)]
    keep: bool,
    /// Own port
    #[arg(short, value_name = "PORT")]
    port: Option<u16>,
    /// Own address
    #[arg(short, value_name = "ADDRESS")]
    source: Option<String>,
    /// Messages of UDP
    #[arg(short)]
    udp: bool,
    /// A socket in the file system
    #[arg(short = 'U')]
    unix: bool,
    /// IPv4 only
    #[arg(short = '4')]
    v4: bool,
    /// IPv6 only
    #[arg(short = '6')]
    v6: bool,
    /// Only look whether anybody listens
    #[arg(short)]
    zero: bool,
    /// Say what happens
    #[arg(short)]
    verbose: bool,
    /// Addresses are numbers
    #[arg(short)]
    numeric: bool,
    /// Seconds to wait for a connection, or for anything to come
    #[arg(short, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Seconds to go on when the input has ended
    #[arg(short, value_name = "SECONDS")]
    quit: Option<u64>,
    /// Seconds between lines
    #[arg(short, value_name = "SECONDS")]
    interval: Option<u64>,
    /// Close the socket for writing when the input has ended: always so
    #[arg(short = 'N')]
    shutdown: bool,
    /// Program that gets the socket, with its arguments
    #[arg(short, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true)]
    execute: Vec<OsString>,
    /// Print this help
    #[arg(short = 'h', long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Host, and port or service
    words: Vec<String>,
}

/// A connection, of whatever kind.
enum Peer {
    Tcp(TcpStream),
    Unix(UnixStream),
    Udp(UdpSocket),
}

impl Peer {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Peer::Tcp(stream) => (&*stream).read(buffer),
            Peer::Unix(stream) => (&*stream).read(buffer),
            Peer::Udp(socket) => socket.recv(buffer),
        }
    }

    fn write(&self, data: &[u8]) -> io::Result<()> {
        match self {
            Peer::Tcp(stream) => (&*stream).write_all(data),
            Peer::Unix(stream) => (&*stream).write_all(data),
            Peer::Udp(socket) => socket.send(data).map(|_| ()),
        }
    }

    fn end_writing(&self) {
        let _ = match self {
            Peer::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Peer::Unix(stream) => stream.shutdown(Shutdown::Write),
            Peer::Udp(_) => Ok(()),
        };
    }

    fn set_wait(&self, wait: Option<Duration>) -> io::Result<()> {
        match self {
            Peer::Tcp(stream) => stream.set_read_timeout(wait),
            Peer::Unix(stream) => stream.set_read_timeout(wait),
            Peer::Udp(socket) => socket.set_read_timeout(wait),
        }
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Peer::Tcp(stream) => Peer::Tcp(stream.try_clone()?),
            Peer::Unix(stream) => Peer::Unix(stream.try_clone()?),
            Peer::Udp(socket) => Peer::Udp(socket.try_clone()?),
        })
    }
}

impl From<Peer> for OwnedFd {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Tcp(stream) => stream.into(),
            Peer::Unix(stream) => stream.into(),
            Peer::Udp(socket) => socket.into(),
        }
    }
}

/// The applet: status 1 when there was no connection, or it ended with an error.
pub fn nc(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if options.listen || options.keep {
        listen(&options)
    } else {
        let peer = connect(&options)?;
        if options.zero {
            return Ok(0);
        }
        join(&options, peer)
    }
}

fn connect(options: &Options) -> anyhow::Result<Peer> {
    let wait = options.wait.map(Duration::from_secs);
    if options.unix {
        let [path] = options.words.as_slice() else { bail!("-U needs the path of a socket") };
        let stream = UnixStream::connect(path);
        return Ok(Peer::Unix(stream.with_context(|| format!("can't connect to {path}"))?));
    }
    let [host, port] = options.words.as_slice() else { bail!("a host and a port are needed") };
    let port: u16 = port.parse().with_context(|| format!("bad port '{port}'"))?;
    let addresses = (host.as_str(), port).to_socket_addrs();
    let mut addresses: Vec<SocketAddr> =
        addresses.map_err(|_| anyhow::anyhow!("bad address '{host}'"))?.collect();
    addresses
        .retain(|address| !(options.v4 && address.is_ipv6() || options.v6 && address.is_ipv4()));
    let mut last = None;
    for address in addresses {
        let result = if options.udp {
            bind_udp(options, address)
                .and_then(|socket| socket.connect(address).map(|()| Peer::Udp(socket)))
        } else if options.port.is_some() || options.source.is_some() {
            from_own_port(options, address)
        } else {
            match wait {
                Some(wait) => TcpStream::connect_timeout(&address, wait),
                None => TcpStream::connect(address),
            }
            .map(Peer::Tcp)
        };
        match result {
            Ok(peer) => {
                if options.verbose {
                    eprintln!("{host} ({address}) open");
                }
                return Ok(peer);
            }
            Err(error) => last = Some((address, error)),
        }
    }
    match last {
        Some((address, error)) => {
            bail!("can't connect to remote host ({}): {}", address.ip(), crate::plainly(&error))
        }
        None => bail!("bad address '{host}'"),
    }
}

fn own_address(options: &Options, peer: Option<SocketAddr>) -> io::Result<SocketAddr> {
    let v6 = options.v6 || peer.is_some_and(|peer| peer.is_ipv6());
    let ip = match &options.source {
        Some(source) => source.parse().map_err(|_| {
            io::Error::new(ErrorKind::InvalidInput, format!("bad address '{source}'"))
        })?,
        None if v6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    Ok((ip, options.port.unwrap_or(0)).into())
}

fn bind_udp(options: &Options, peer: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(own_address(options, Some(peer))?)
}

/// A connection from a port of ours, which std has no call for.
fn from_own_port(options: &Options, peer: SocketAddr) -> io::Result<Peer> {
    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket,
        sockopt,
    };
    use std::os::fd::AsRawFd;
    let family = if peer.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let own = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&own, sockopt::ReuseAddr, &true)?;
    bind(own.as_raw_fd(), &SockaddrStorage::from(own_address(options, Some(peer))?))?;
    connect(own.as_raw_fd(), &SockaddrStorage::from(peer))?;
    Ok(Peer::Tcp(own.into()))
}

fn listen(options: &Options) -> anyhow::Result<u8> {
    let mut options_port = options.port;
    let mut words = options.words.as_slice();
    if options.unix {
        let [path] = words else { bail!("-U needs the path of a socket") };
        let listener =
            UnixListener::bind(path).with_context(|| format!("can't listen at {path}"))?;
        return serve(options, || Ok(Peer::Unix(listener.accept()?.0)));
    }
    // `nc -l 1234`, as OpenBSD's is called.
    if options_port.is_none()
        && let [rest @ .., port] = words
    {
        options_port = Some(port.parse().with_context(|| format!("bad port '{port}'"))?);
        words = rest;
    }
    let mut own = own_address(options, None)?;
    if let [host] = words
        && let Ok(ip) = host.parse()
    {
        own.set_ip(ip);
    }
    own.set_port(options_port.unwrap_or(0));
    if options.udp {
        return serve(options, || {
            let socket = UdpSocket::bind(own)?;
            // The first message says whom to talk to.
            let (_, peer) = socket.peek_from(&mut [0; 1])?;
            socket.connect(peer)?;
            Ok(Peer::Udp(socket))
        });
    }
    let listener = TcpListener::bind(own)
        .map_err(|error| anyhow::anyhow!("can't listen at {own}: {}", crate::plainly(&error)))?;
    if options.verbose || options_port.is_none() {
        eprintln!("listening on {} ...", listener.local_addr()?);
    }
    serve(options, || {
        let (stream, peer) = listener.accept()?;
        if options.verbose {
            eprintln!("connect to {} from {peer}", listener.local_addr()?);
        }
        Ok(Peer::Tcp(stream))
    })
}

fn serve(options: &Options, mut accept: impl FnMut() -> io::Result<Peer>) -> anyhow::Result<u8> {
    loop {
        let peer = accept()?;
        if !options.keep {
            return join(options, peer);
        }
        if options.execute.is_empty() {
            join(options, peer)?;
        } else {
            let mut child = program(options, peer)?.spawn().context("can't run the program")?;
            std::thread::spawn(move || child.wait());
        }
    }
}

/// The program that gets the socket.
fn program(options: &Options, peer: Peer) -> anyhow::Result<Command> {
    let socket = OwnedFd::from(peer);
    let [name, args @ ..] = options.execute.as_slice() else { bail!("no program is named") };
    let mut command = Command::new(name);
    command
        .args(args)
        .stdin(Stdio::from(socket.try_clone()?))
        .stdout(Stdio::from(socket.try_clone()?));
    command.stderr(Stdio::from(socket));
    Ok(command)
}

fn join(options: &Options, peer: Peer) -> anyhow::Result<u8> {
    if !options.execute.is_empty() {
        return Err(program(options, peer)?.exec()).context("can't run the program");
    }
    let wait = options.wait.map(Duration::from_secs);
    peer.set_wait(wait)?;
    let sender = peer.try_clone()?;
    let (interval, quit) = (options.interval, options.quit);
    let is_udp = options.udp;
    let sender = std::thread::spawn(move || {
        let sent = send(&sender, interval);
        sender.end_writing();
        if let Some(seconds) = quit {
            std::thread::sleep(Duration::from_secs(seconds));
            std::process::exit(u8::from(sent.is_err()).into());
        }
    });
    let mut buffer = vec![0; MESSAGE];
    loop {
        match peer.read(&mut buffer) {
            Ok(0) if !is_udp => {
                // The other side may read on when it has nothing more to say; a user at the terminal
                // is not waited for.
                if !io::stdin().is_terminal() {
                    let _ = sender.join();
                }
                return Ok(0);
            }
            Ok(count) => {
                let mut out = io::stdout().lock();
                out.write_all(&buffer[..count])?;
                out.flush()?;
            }
            // The time given by -w is over; nothing came.
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(u8::from(!is_udp)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => bail!("read: {}", crate::plainly(&error)),
        }
    }
}

fn send(peer: &Peer, interval: Option<u64>) -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        match interval {
            None => peer.write(&buffer[..count])?,
            Some(seconds) => {
                for line in buffer[..count].split_inclusive(|byte| *byte == b'\n') {
                    peer.write(line)?;
                    std::thread::sleep(Duration::from_secs(seconds));
                }
            }
        }
    }
}
