// SPDX-License-Identifier: MIT OR Apache-2.0
//! `nslookup`: asks a name server, and `dnsdomainname`: this machine's own domain.
//!
//! Words and answers are BusyBox's. Talks to the server over UDP; the messages are simple-dns'.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ochre_applet::{Args, Failure, parse};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

const USAGE: &str = "\
Usage: nslookup [-type=KIND] [-port=N] [-timeout=SECONDS] [-retry=N] [-debug] NAME [SERVER[:PORT]]

Ask a name server, by default the one of /etc/resolv.conf, what it knows of a name or address.

  -type=KIND        a, aaaa, cname, mx, ns, ptr, soa, srv, txt or any; else a and aaaa, or ptr for an
                    address. Several may be given
  -port=N           The server's port, 53 by default
  -timeout=SECONDS  How long to wait for an answer, 5 by default
  -retry=N          How often to ask in this time, 2 by default
  -debug            Say how long each question took
";

/// The longest answer that is taken.
const LONGEST: usize = 65_536;

struct Settings {
    kinds: Vec<(u16, &'static str)>,
    port: u16,
    timeout: Duration,
    tries: u32,
    debug: bool,
}

/// Kinds of records with their numbers.
const KINDS: [(u16, &str); 10] = [
    (6, "soa"),
    (2, "ns"),
    (1, "a"),
    (28, "aaaa"),
    (5, "cname"),
    (15, "mx"),
    (16, "txt"),
    (12, "ptr"),
    (33, "srv"),
    (255, "any"),
];
const A: u16 = 1;
const AAAA: u16 = 28;
const PTR: u16 = 12;

/// The applet `nslookup`.
pub fn nslookup(args: Args) -> anyhow::Result<u8> {
    let mut settings = Settings {
        kinds: Vec::new(),
        port: 53,
        timeout: Duration::from_secs(5),
        tries: 2,
        debug: false,
    };
    let mut words = Vec::new();
    for arg in args.iter().skip(1) {
        let word = arg.to_str().context("an argument is not UTF-8")?;
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
            words.push(word);
            continue;
        };
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let number = || {
            let parsed = value.parse::<u16>().ok().filter(|number| *number > 0);
            parsed.with_context(|| format!("-{name} wants a number, not '{value}'"))
        };
        match name {
            "type" | "querytype" | "q" => {
                let kind = KINDS.iter().find(|kind| kind.1.eq_ignore_ascii_case(value));
                let kind = kind.with_context(|| format!("invalid query type \"{value}\""))?;
                settings.kinds.push(*kind);
            }
            "port" => settings.port = number()?,
            "timeout" => settings.timeout = Duration::from_secs(number()?.into()),
            "retry" => settings.tries = number()?.into(),
            "debug" | "stats" => settings.debug = true,
            "-help" | "h" | "?" => {
                print!("{USAGE}");
                return Ok(0);
            }
            _ => bail!("invalid option '{word}'; see nslookup --help"),
        }
    }
    let resolv = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let (name, servers) = match words[..] {
        [name] => (name, configured(&resolv, settings.port)),
        [name, server] => (name, vec![(server.to_owned(), server_address(server, settings.port)?)]),
        _ => {
            eprint!("{USAGE}");
            return Err(Failure::silent(1).into());
        }
    };
    look_up(&questions(name, &settings, &resolv), &servers, &settings)
}

/// The servers of a table as /etc/resolv.conf is one; this machine's own when it has none.
fn configured(resolv: &str, port: u16) -> Vec<(String, SocketAddr)> {
    let mut servers = Vec::new();
    for line in resolv.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("nameserver")
            && let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok())
        {
            servers.push((address.to_string(), SocketAddr::from((address, port))));
        }
    }
    if servers.is_empty() {
        let own = Ipv4Addr::LOCALHOST;
        servers.push((own.to_string(), SocketAddr::from((own, port))));
    }
    servers
}

/// `NAME`, `ADDRESS` or either with `:PORT`.
fn server_address(text: &str, port: u16) -> anyhow::Result<SocketAddr> {
    use std::net::ToSocketAddrs;
    let found = if let Ok(address) = text.parse::<IpAddr>() {
        Some(SocketAddr::from((address, port)))
    } else if let Ok(mut found) = text.to_socket_addrs() {
        found.next()
    } else {
        (text, port).to_socket_addrs().ok().and_then(|mut found| found.next())
    };
    found.with_context(|| format!("can't resolve the server's name '{text}'"))
}

/// Names and kinds to ask for.
fn questions(name: &str, settings: &Settings, resolv: &str) -> Vec<(String, u16)> {
    if let Ok(address) = name.parse::<IpAddr>()
        && settings.kinds.is_empty()
    {
        return vec![(reverse(address), PTR)];
    }
    let mut names = vec![name.trim_end_matches('.').to_owned()];
    if !name.contains('.') {
        let domains: Vec<&str> = resolv
            .lines()
            .filter_map(|line| line.strip_prefix("search ").or(line.strip_prefix("domain ")))
            .flat_map(str::split_whitespace)
            .collect();
        if !domains.is_empty() {
            names = domains.iter().map(|domain| format!("{name}.{domain}")).collect();
        }
    }
    let kinds: Vec<u16> = settings.kinds.iter().map(|kind| kind.0).collect();
    let kinds = if kinds.is_empty() { vec![A, AAAA] } else { kinds };
    names.iter().flat_map(|name| kinds.iter().map(move |kind| (name.clone(), *kind))).collect()
}

/// The name under which an address is looked up.
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let mut name = String::new();
            for byte in address.octets().iter().rev() {
                name.push_str(&format!("{:x}.{:x}.", byte & 15, byte >> 4));
            }
            name + "ip6.arpa"
        }
    }
}

fn look_up(
    questions: &[(String, u16)],
    servers: &[(String, SocketAddr)],
    settings: &Settings,
) -> anyhow::Result<u8> {
    let mut failed = false;
    let mut answering = None;
    for (number, (name, kind)) in questions.iter().enumerate() {
        let began = Instant::now();
        let answer = servers.iter().find_map(|(server, address)| {
            match ask(name, *kind, *address, settings) {
                Ok(bytes) => bytes.map(|bytes| (server, address, bytes)),
                Err(error) => {
                    let text = ochre_applet::reason(&error);
                    ochre_applet::complain("nslookup", format_args!("'{server}': {text}"));
                    None
                }
            }
        });
        let Some((server, address, bytes)) = answer else {
            println!(";; connection timed out; no servers could be reached\n");
            return Ok(1);
        };
        if answering != Some(address) {
            println!("Server:\t\t{server}\nAddress:\t{address}\n");
            answering = Some(address);
        }
        if settings.debug {
            println!("Query #{number} completed in {}ms:", began.elapsed().as_millis());
        }
        let packet = Packet::parse(&bytes)
            .map_err(|error| anyhow::anyhow!("the server's answer makes no sense: {error}"))?;
        match packet.rcode() {
            RCODE::NoError => print!("{}", answer_text(name, &packet)),
            code => {
                failed = true;
                println!("** server can't find {name}: {}", code_text(code));
            }
        }
        println!();
    }
    Ok(u8::from(failed))
}

fn code_text(code: RCODE) -> &'static str {
    match code {
        RCODE::NoError => "NOERROR",
        RCODE::FormatError => "FORMERR",
        RCODE::ServerFailure => "SERVFAIL",
        RCODE::NameError => "NXDOMAIN",
        RCODE::NotImplemented => "NOTIMP",
        RCODE::Refused => "REFUSED",
        RCODE::YXDOMAIN => "YXDOMAIN",
        RCODE::YXRRSET => "YXRRSET",
        RCODE::NXRRSET => "NXRRSET",
        RCODE::NOTAUTH => "NOTAUTH",
        RCODE::NOTZONE => "NOTZONE",
        _ => "an unknown error",
    }
}

/// Asks one server; nothing when it does not answer in time.
fn ask(
    name: &str,
    kind: u16,
    server: SocketAddr,
    settings: &Settings,
) -> std::io::Result<Option<Vec<u8>>> {
    let wrong = |_| std::io::Error::other("the name cannot be asked for");
    let own: IpAddr = if server.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        std::net::Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((own, 0))?;
    socket.connect(server)?;
    // The port is the kernel's choice, so that a liar must guess both.
    let id = socket.local_addr()?.port() ^ std::process::id() as u16;
    let mut query = Packet::new_query(id);
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    let kind = if kind == 255 { QTYPE::ANY } else { QTYPE::TYPE(TYPE::from(kind)) };
    let class = QCLASS::CLASS(CLASS::IN);
    query.questions.push(Question::new(Name::new(name).map_err(wrong)?, kind, class, false));
    let query = query.build_bytes_vec().map_err(wrong)?;
    let mut buffer = vec![0; LONGEST];
    for _ in 0..settings.tries {
        socket.send(&query)?;
        let until = Instant::now() + settings.timeout / settings.tries;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            socket.set_read_timeout(Some(left))?;
            match socket.recv(&mut buffer) {
                // An answer to another question is none.
                Ok(count) if count >= 12 && buffer[..2] == id.to_be_bytes() => {
                    return Ok(Some(buffer[..count].to_vec()));
                }
                Ok(_) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

fn answer_text(name: &str, packet: &Packet<'_>) -> String {
    if packet.answers.is_empty() {
        return format!("*** Can't find {name}: No answer\n");
    }
    let mut text = String::new();
    if !packet.has_flags(PacketFlag::AUTHORITATIVE_ANSWER) {
        text.push_str("Non-authoritative answer:\n");
    }
    for answer in &packet.answers {
        let name = &answer.name;
        let line = match &answer.rdata {
            RData::A(found) => format!("Name:\t{name}\nAddress: {}", Ipv4Addr::from(found.address)),
            RData::AAAA(found) => {
                format!("Name:\t{name}\nAddress: {}", std::net::Ipv6Addr::from(found.address))
            }
            RData::CNAME(found) => format!("{name}\tcanonical name = {}", found.0),
            RData::NS(found) => format!("{name}\tnameserver = {}", found.0),
            RData::PTR(found) => format!("{name}\tname = {}", found.0),
            RData::MX(found) => {
                format!("{name}\tmail exchanger = {} {}", found.preference, found.exchange)
            }
            RData::SRV(found) => format!(
                "{name}\tservice = {} {} {} {}",
                found.priority, found.weight, found.port, found.target
            ),
            RData::TXT(found) => {
                let parts = found.iter_raw().map(|(key, value)| {
                    let mut part = String::from_utf8_lossy(key).into_owned();
                    if let Some(value) = value {
                        part.push('=');
                        part.push_str(&String::from_utf8_lossy(value));
                    }
                    format!("\"{part}\"")
                });
                format!("{name}\ttext = {}", parts.collect::<Vec<_>>().join(" "))
            }
            RData::SOA(found) => format!(
                "{name}\n\torigin = {}\n\tmail addr = {}\n\tserial = {}\n\trefresh = {}\n\t\
                 retry = {}\n\texpire = {}\n\tminimum = {}",
                found.mname,
                found.rname,
                found.serial,
                found.refresh,
                found.retry,
                found.expire,
                found.minimum
            ),
            other => format!("{name}\trecord of another kind: {:?}", other.type_code()),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Print the domain of this machine: what follows the first dot of its full name in /etc/hosts.
#[derive(clap::Parser)]
#[command(name = "dnsdomainname")]
struct DomainOptions {}

/// The applet `dnsdomainname`.
pub fn dnsdomainname(args: Args) -> anyhow::Result<u8> {
    let DomainOptions {} = parse(&args)?;
    let host = nix::unistd::gethostname().context("can't tell the machine's name")?;
    let host = host.to_string_lossy().into_owned();
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    if let Some((_, domain)) = full_name(&host, &hosts).split_once('.') {
        println!("{domain}");
    }
    Ok(0)
}

/// The first name in the line of a table as /etc/hosts is one, that has a host's name.
fn full_name<'a>(host: &'a str, hosts: &'a str) -> &'a str {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut found = lines.filter_map(|line| {
        let names: Vec<&str> = line.split_whitespace().skip(1).collect();
        names.contains(&host).then(|| names[0])
    });
    found.next().unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_asked_for_backwards() {
        assert_eq!(reverse([10, 0, 0, 1].into()), "1.0.0.10.in-addr.arpa");
        let name = reverse(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST));
        assert_eq!(name, format!("1.{}ip6.arpa", "0.".repeat(31)));
    }

    #[test]
    fn full_names_stand_first() {
        let hosts = "127.0.0.1 localhost\n10.0.0.1 box.example.org box # me\n";
        assert_eq!(full_name("box", hosts), "box.example.org");
        assert_eq!(full_name("other", hosts), "other");
    }

    /// A server that knows one name, as RFC 1035 puts it into bytes.
    #[test]
    fn a_server_is_asked() {
        let server = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        let address = server.local_addr().expect("its address");
        let serving = std::thread::spawn(move || {
            let mut buffer = [0; 512];
            let (count, peer) = server.recv_from(&mut buffer).expect("a question");
            let mut answer = buffer[..count].to_vec();
            assert_eq!(answer[12..], *b"\x02ex\x04test\x00\x00\x01\x00\x01");
            answer[2] = 0x85;
            answer[3] = 0x80;
            answer[7] = 1;
            answer.extend_from_slice(
                b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01",
            );
            server.send_to(&answer, peer).expect("an answer");
        });
        let settings = Settings {
            kinds: Vec::new(),
            port: 53,
            timeout: Duration::from_secs(5),
            tries: 1,
            debug: false,
        };
        let bytes = ask("ex.test", A, address, &settings).expect("a socket").expect("an answer");
        let packet = Packet::parse(&bytes).expect("a packet");
        assert_eq!(answer_text("ex.test", &packet), "Name:\tex.test\nAddress: 10.0.0.1\n");
        serving.join().expect("the server");
    }
}
