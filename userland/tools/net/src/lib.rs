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
mod tftp;
mod wget;

pub use ftp::{ftpget, ftpput};
pub use httpd::httpd;
pub use nc::nc;
pub use nslookup::{dnsdomainname, nslookup};
pub use ping::{ping, ping6};
pub use rdate::rdate;
pub use tftp::tftp;
pub use wget::wget;

/// A message of the system without the number that std adds.
fn plainly(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
