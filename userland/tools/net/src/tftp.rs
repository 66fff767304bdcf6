// SPDX-License-Identifier: MIT OR Apache-2.0
//! `tftp`: one file from or to a server of TFTP (RFC 1350), with blocks of another size and the
//! file's size where the server knows these options (RFC 2347 to 2349).
//!
//! Invariant: packets of other senders than the one that answered first are not taken.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use ochre_applet::{Args, parse};

use crate::ftp::cannot_open;

/// Get a file from a server of TFTP, or put one there.
#[derive(clap::Parser)]
#[command(name = "tftp")]
struct Options {
    /// Get the file
    #[arg(short)]
    get: bool,
    /// Put the file
    #[arg(short)]
    put: bool,
    /// The file here, - for standard input or output; as there by default
    #[arg(short, value_name = "FILE")]
    local: Option<PathBuf>,
    /// The file there; as here by default
    #[arg(short, value_name = "FILE")]
    remote: Option<String>,
    /// Bytes of a block
    #[arg(short, value_name = "BYTES", default_value_t = PLAIN,
          value_parser = clap::value_parser!(u16).range(8..=65464))]
    block: u16,
    /// Name or address of the server
    host: String,
    /// Its port
    #[arg(default_value_t = 69)]
    port: u16,
}

const READ: u16 = 1;
const WRITE: u16 = 2;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OPTIONS: u16 = 6;
/// Bytes of a block when nothing else was agreed.
const PLAIN: u16 = 512;
/// Bytes before a block's data.
const HEADER: usize = 4;
/// How often a packet is sent until its answer must have come.
const TRIES: u32 = 5;
/// How long the first try waits; each further one waits as long again.
const WAIT: Duration = Duration::from_secs(1);

/// The applet.
pub fn tftp(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if options.get == options.put {
        bail!("one of -g and -p is wanted; see tftp --help");
    }
    let named = options.local.as_ref().and_then(|local| local.to_str()).map(str::to_owned);
    let remote = options.remote.clone().or(named).context("no file is named: use -l or -r")?;
    let local = options.local.clone().unwrap_or_else(|| {
        PathBuf::from(&remote).file_name().map_or_else(|| PathBuf::from(&remote), PathBuf::from)
    });
    let server = (options.host.as_str(), options.port).to_socket_addrs();
    let server = server.into_iter().flatten().next();
    let server = server.with_context(|| format!("bad address '{}'", options.host))?;
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).context("can't open a socket")?;
    let mut exchange = Exchange { socket, server, peer: None };
    let asked = usize::from(options.block);
    if options.get {
        get(&mut exchange, &remote, asked, || {
            Ok(if local.as_os_str() == "-" {
                Box::new(io::stdout())
            } else {
                let file = File::create(&local);
                Box::new(file.map_err(|error| cannot_open(&local, &error))?)
            })
        })?;
    } else {
        let source: Box<dyn Read> = if local.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            let file = File::open(&local);
            Box::new(file.map_err(|error| cannot_open(&local, &error))?)
        };
        put(&mut exchange, &remote, asked, &mut BufReader::new(source))?;
    }
    Ok(0)
}

/// What a packet is, and what comes after that.
struct Packet {
    kind: u16,
    rest: Vec<u8>,
}

impl Packet {
    /// The number of a block or of an acknowledgement.
    fn number(&self) -> u16 {
        match self.rest[..] {
            [high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 0,
        }
    }
}

struct Exchange {
    socket: UdpSocket,
    server: SocketAddr,
    /// The server's port for this file, once it has answered.
    peer: Option<SocketAddr>,
}

impl Exchange {
    /// Sends a packet until one comes that `is_wanted`.
    fn ask(
        &mut self,
        packet: &[u8],
        is_wanted: impl Fn(&Packet) -> bool,
    ) -> anyhow::Result<Packet> {
        for turn in 1..=TRIES {
            self.send(packet)?;
            self.socket.set_read_timeout(Some(WAIT * turn))?;
            while let Some(found) = self.receive()? {
                if found.kind == ERROR {
                    bail!("server error: {}", error_text(&found));
                }
                if is_wanted(&found) {
                    return Ok(found);
                }
            }
        }
        bail!("timeout: the server does not answer")
    }

    fn send(&self, packet: &[u8]) -> anyhow::Result<()> {
        let target = self.peer.unwrap_or(self.server);
        self.socket.send_to(packet, target).map_err(|error| {
            anyhow::anyhow!("can't send to {target}: {}", ochre_applet::reason(&error))
        })?;
        Ok(())
    }

    /// The next packet of the server, unless none comes in time.
    fn receive(&mut self) -> anyhow::Result<Option<Packet>> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let (count, from) = match self.socket.recv_from(&mut buffer) {
                Ok(found) => found,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => bail!("can't receive: {}", ochre_applet::reason(&error)),
            };
            let known = self.peer.map_or(from.ip() == self.server.ip(), |peer| peer == from);
            if let [high, low, rest @ ..] = &buffer[..count]
                && known
            {
                self.peer = Some(from);
                let kind = u16::from_be_bytes([*high, *low]);
                return Ok(Some(Packet { kind, rest: rest.to_vec() }));
            }
        }
    }
}

fn error_text(packet: &Packet) -> String {
    const NAMES: [&str; 9] = [
        "unknown error",
        "File not found",
        "Access violation",
        "Disk full",
        "Bad operation",
        "Unknown transfer id",
        "File already exists",
        "No such user",
        "Bad option",
    ];
    let number = packet.number();
    let text = packet.rest.get(2..).unwrap_or_default();
    let text = String::from_utf8_lossy(text.split(|byte| *byte == 0).next().unwrap_or_default());
    if text.is_empty() {
        let name = NAMES.get(usize::from(number)).unwrap_or(&NAMES[0]);
        format!("({number}) {name}")
    } else {
        format!("({number}) {}", text.escape_debug())
    }
}

fn request(kind: u16, remote: &str, block: usize) -> Vec<u8> {
    let mut packet = kind.to_be_bytes().to_vec();
    let mut words = vec![remote.to_owned(), "octet".to_owned()];
    if block != usize::from(PLAIN) {
        words.extend(["blksize".to_owned(), block.to_string()]);
    }
    for word in words {
        packet.extend_from_slice(word.as_bytes());
        packet.push(0);
    }
    packet
}

/// The size of blocks that a server agreed to; it may be less than what it was asked for.
fn agreed(packet: &Packet, asked: usize) -> anyhow::Result<usize> {
    if packet.kind != OPTIONS {
        return Ok(usize::from(PLAIN));
    }
    let words: Vec<_> = packet.rest.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    for pair in words.chunks(2) {
        if let [name, value] = pair
            && name.eq_ignore_ascii_case("blksize")
        {
            let size = value.parse().ok().filter(|size| (8..=asked).contains(size));
            return size.with_context(|| format!("bad blocksize '{value}' of the server"));
        }
    }
    Ok(usize::from(PLAIN))
}

fn ack(number: u16) -> Vec<u8> {
    let mut packet = ACK.to_be_bytes().to_vec();
    packet.extend_from_slice(&number.to_be_bytes());
    packet
}

fn get(
    exchange: &mut Exchange,
    remote: &str,
    asked: usize,
    target: impl FnOnce() -> anyhow::Result<Box<dyn Write>>,
) -> anyhow::Result<()> {
    let is_first =
        |packet: &Packet| packet.kind == OPTIONS || packet.kind == DATA && packet.number() == 1;
    let mut packet = exchange.ask(&request(READ, remote, asked), is_first)?;
    let size = agreed(&packet, asked)?;
    // The file is made when the server has said that it has one.
    let mut target = target()?;
    let mut number: u16 = 1;
    if packet.kind == OPTIONS {
        packet = exchange.ask(&ack(0), |packet| packet.kind == DATA && packet.number() == 1)?;
    }
    loop {
        let data = packet.rest.get(2..).unwrap_or_default();
        target.write_all(data)?;
        if data.len() < size {
            target.flush()?;
            // Whether this last word arrives, only the server cares.
            return exchange.send(&ack(number));
        }
        let next = number.wrapping_add(1);
        packet =
            exchange.ask(&ack(number), |packet| packet.kind == DATA && packet.number() == next)?;
        number = next;
    }
}

fn put(
    exchange: &mut Exchange,
    remote: &str,
    asked: usize,
    source: &mut impl BufRead,
) -> anyhow::Result<()> {
    let is_first =
        |packet: &Packet| packet.kind == OPTIONS || packet.kind == ACK && packet.number() == 0;
    let first = exchange.ask(&request(WRITE, remote, asked), is_first)?;
    let size = agreed(&first, asked)?;
    let mut number: u16 = 0;
    loop {
        number = number.wrapping_add(1);
        let mut packet = DATA.to_be_bytes().to_vec();
        packet.extend_from_slice(&number.to_be_bytes());
        source.by_ref().take(size as u64).read_to_end(&mut packet)?;
        exchange.ask(&packet, |packet| packet.kind == ACK && packet.number() == number)?;
        // A block that is not full is the last, and be it empty.
        if packet.len() < HEADER + size {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server for one file, which it sends in blocks of 512 bytes after the option was refused or
    /// in blocks of the size asked for; it repeats a block to see that it is not taken twice.
    fn serve(content: Vec<u8>, options: bool) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("its address");
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            let (_, peer) = socket.recv_from(&mut buffer).expect("a request");
            let own = UdpSocket::bind("127.0.0.1:0").expect("another port");
            let size = if options { 1024 } else { 512 };
            if options {
                own.send_to(b"\x00\x06blksize\x001024\x00", peer).expect("options");
                own.recv_from(&mut buffer).expect("an acknowledgement");
                assert_eq!(buffer[..4], [0, 4, 0, 0]);
            }
            let mut number = 0_u16;
            let mut rest = content.as_slice();
            loop {
                number += 1;
                let (block, after) = rest.split_at(rest.len().min(size));
                let mut packet = vec![0, 3];
                packet.extend_from_slice(&number.to_be_bytes());
                packet.extend_from_slice(block);
                for _ in 0..2 {
                    own.send_to(&packet, peer).expect("a block");
                }
                loop {
                    own.recv_from(&mut buffer).expect("an acknowledgement");
                    if buffer[2..4] == number.to_be_bytes() {
                        break;
                    }
                }
                if block.len() < size {
                    return;
                }
                rest = after;
            }
        });
        address
    }

    fn got(content: &[u8], asked: usize, options: bool) -> Vec<u8> {
        let server = serve(content.to_vec(), options);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let mut exchange = Exchange { socket, server, peer: None };
        let path = tempfile();
        get(&mut exchange, "file", asked, || Ok(Box::new(File::create(&path)?))).expect("a file");
        let found = std::fs::read(&path).expect("the file");
        std::fs::remove_file(&path).expect("the file is there");
        found
    }

    fn tempfile() -> PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("ochre-tftp-{}-{number}", std::process::id()))
    }

    #[test]
    fn files_come_in_blocks() {
        let content: Vec<u8> = (0..5000_u32).map(|number| (number % 251) as u8).collect();
        for length in [0, 1, 511, 512, 1024, 5000] {
            assert_eq!(got(&content[..length], 512, false), content[..length], "{length}");
            assert_eq!(got(&content[..length], 1024, true), content[..length], "{length}");
            assert_eq!(got(&content[..length], 1024, false), content[..length], "{length}");
        }
    }
}
