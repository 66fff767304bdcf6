// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ipcalc`: what follows from an IPv4 address and its netmask, as words that a shell can read.

use std::net::Ipv4Addr;

use anyhow::Context;
use ochre_applet::{Args, Failure, parse};

use crate::words::{class_bits, mask};

/// Print what follows from an IPv4 address and its netmask, as NAME=VALUE.
///
/// Without a netmask or length the one of the address's class is taken.
#[derive(clap::Parser)]
#[command(name = "ipcalc", disable_help_flag = true)]
struct Options {
    /// BROADCAST: the address of all hosts of the net
    #[arg(short)]
    broadcast: bool,
    /// NETWORK: the address with the host's bits cleared
    #[arg(short)]
    network: bool,
    /// NETMASK: the bits of the net set
    #[arg(short = 'm')]
    netmask: bool,
    /// PREFIX: how many bits are set in the netmask
    #[arg(short)]
    prefix: bool,
    /// HOSTNAME: the name that /etc/hosts has for the address
    #[arg(short = 'h')]
    host: bool,
    /// No messages
    #[arg(short)]
    silent: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// The address, with or without its length
    #[arg(value_name = "ADDRESS[/BITS]")]
    address: String,
    /// Which bits are the net's
    #[arg(value_name = "NETMASK")]
    mask: Option<String>,
}

/// The applet.
pub fn ipcalc(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    run(&options).map_err(|error| if options.silent { Failure::silent(1).into() } else { error })
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let (text, bits) = match options.address.split_once('/') {
        Some((text, bits)) => (text, Some(bits)),
        None => (options.address.as_str(), None),
    };
    let address: Ipv4Addr =
        text.parse().ok().with_context(|| format!("bad IP address: {}", options.address))?;
    let netmask = match (&options.mask, bits) {
        (Some(mask), _) => mask.parse().ok().with_context(|| format!("bad netmask: {mask}"))?,
        (None, Some(bits)) => {
            let number = bits.parse().ok().filter(|bits| *bits <= 32);
            mask(number.with_context(|| format!("bad IP prefix: {bits}"))?)
        }
        (None, None) => mask(class_bits(address)),
    };
    let none = !(options.broadcast
        || options.network
        || options.netmask
        || options.prefix
        || options.host);
    if none {
        // Nothing is asked for, so nothing can be answered.
        return Err(Failure::new(1, "say what to print: -b, -n, -m, -p or -h").into());
    }
    if options.netmask {
        println!("NETMASK={netmask}");
    }
    if options.broadcast {
        println!("BROADCAST={}", Ipv4Addr::from(u32::from(address) | !u32::from(netmask)));
    }
    if options.network {
        println!("NETWORK={}", Ipv4Addr::from(u32::from(address) & u32::from(netmask)));
    }
    if options.prefix {
        println!("PREFIX={}", u32::from(netmask).count_ones());
    }
    if options.host {
        let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        let name = host_name(&hosts, address);
        println!("HOSTNAME={}", name.with_context(|| format!("can't find hostname for {text}"))?);
    }
    Ok(0)
}

/// The first name of an address in a table as /etc/hosts is one.
fn host_name(hosts: &str, address: Ipv4Addr) -> Option<&str> {
    hosts.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        (words.next()?.parse() == Ok(address)).then(|| words.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_by_their_addresses() {
        let hosts = "127.0.0.1 localhost here\n# 10.0.0.1 no\n10.0.0.1\tone two # three\n";
        assert_eq!(host_name(hosts, Ipv4Addr::LOCALHOST), Some("localhost"));
        assert_eq!(host_name(hosts, [10, 0, 0, 1].into()), Some("one"));
        assert_eq!(host_name(hosts, [10, 0, 0, 2].into()), None);
    }
}
