// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clients and servers of the network: wget, httpd, nc, ping.
//!
//! Options and messages are BusyBox's. Talks to the kernel's sockets only.

#![forbid(unsafe_code)]

mod ftp;
mod httpd;
mod nc;
mod nslookup;
mod ping;
mod rdate;
mod telnet;
mod tftp;
mod traceroute;
mod wget;

pub use ftp::{ftpget, ftpput};
pub use httpd::httpd;
pub use nc::nc;
pub use nslookup::{dnsdomainname, nslookup};
pub use ping::{ping, ping6};
pub use rdate::rdate;
pub use telnet::telnet;
pub use tftp::tftp;
pub use traceroute::{traceroute, traceroute6};
pub use wget::wget;

/// A message of the system without the number that std adds.
fn plainly(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Connects to a host by its name or address.
fn connect(host: &str, port: u16) -> anyhow::Result<std::net::TcpStream> {
    use std::net::ToSocketAddrs;
    let addresses: Vec<_> = (host, port).to_socket_addrs().into_iter().flatten().collect();
    let Some(first) = addresses.first() else { anyhow::bail!("bad address '{host}'") };
    std::net::TcpStream::connect(addresses.as_slice()).map_err(|error| {
        let reason = ochre_applet::reason(&error);
        anyhow::anyhow!("can't connect to remote host ({}): {reason}", first.ip())
    })
}
