// SPDX-License-Identifier: MIT OR Apache-2.0
//! `arp` and `nameif`: hardware addresses of IPv4 neighbours, and devices named by their own.
//!
//! The table is read in /proc, which has the entries for other hosts' addresses that this one answers
//! for; changes go over netlink.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use ochre_applet::{Args, Failure, parse};

use crate::words::hardware;
use crate::{link, netlink};

/// Flags of the table in /proc.
const COMPLETE: u32 = 2;
const PERMANENT: u32 = 4;
const PUBLISHED: u32 = 8;

/// Show or change the hardware addresses of neighbours in the network.
#[derive(clap::Parser)]
#[command(
    name = "arp",
    override_usage = "arp [-n] [-i DEVICE] [-a] [ADDRESS]\n       \
    arp [-i DEVICE] -s ADDRESS HARDWARE [temp] [pub]\n       \
    arp [-i DEVICE] -Ds ADDRESS DEVICE pub\n       arp [-i DEVICE] -d ADDRESS [pub]"
)]
struct Options {
    /// Show all, or one
    #[arg(short)]
    all: bool,
    /// Delete the entry of an address
    #[arg(short)]
    delete: bool,
    /// Set the entry of an address: for good unless "temp" follows; with "pub" it is one that this
    /// host answers for
    #[arg(short)]
    set: bool,
    /// The hardware address is that of a device
    #[arg(short = 'D')]
    device_address: bool,
    /// Numbers only: always so
    #[arg(short)]
    numeric: bool,
    /// Count what was found
    #[arg(short)]
    verbose: bool,
    /// Of this device only
    #[arg(short, value_name = "DEVICE")]
    interface: Option<String>,
    /// Kind of hardware: ether
    #[arg(short = 'H', short_alias = 't', value_name = "KIND")]
    hardware: Option<String>,
    /// Family of the addresses: inet
    #[arg(short = 'A', short_alias = 'p', value_name = "FAMILY")]
    family: Option<String>,
    /// Addresses and words
    words: Vec<String>,
}

/// The applet `arp`.
pub fn arp(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if let Some(kind) = options.hardware.as_deref().filter(|kind| *kind != "ether") {
        bail!("unknown hardware type '{kind}': ether is the only one");
    }
    if let Some(family) = options.family.as_deref().filter(|family| *family != "inet") {
        bail!("unknown address family '{family}': inet is the only one");
    }
    let mut words = options.words.iter().map(String::as_str);
    let address = match words.next() {
        Some(word) => Some(
            word.parse::<Ipv4Addr>()
                .ok()
                .with_context(|| format!("{word}: Host name lookup failure"))?,
        ),
        None => None,
    };
    match (options.set, options.delete) {
        (true, true) => bail!("-s and -d exclude each other"),
        (true, false) => set(&options, address.context("need host name")?, words.collect()),
        (false, true) => delete(&options, address.context("need host name")?, words.collect()),
        (false, false) => show(&options, address),
    }
}

fn show(options: &Options, wanted: Option<Ipv4Addr>) -> anyhow::Result<u8> {
    let table = std::fs::read_to_string("/proc/net/arp").context("can't read /proc/net/arp")?;
    let (mut entries, mut shown) = (0, 0);
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, _kind, flags, hardware, _mask, device] = words[..] else { continue };
        entries += 1;
        if wanted.is_some_and(|wanted| address != wanted.to_string())
            || options.interface.as_deref().is_some_and(|wanted| wanted != device)
        {
            continue;
        }
        shown += 1;
        let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
        println!("? ({address}) at {} on {device}", state(flags, hardware));
    }
    if options.verbose {
        println!("Entries: {entries}\tSkipped: {}\tFound: {shown}", entries - shown);
    }
    if shown == 0 && (wanted.is_some() || options.interface.is_some()) {
        println!("No match found in {entries} entries");
    }
    Ok(0)
}

/// What is known of a neighbour: `02:… [ether] PERM`.
fn state(flags: u32, hardware: &str) -> String {
    let known = if flags & COMPLETE != 0 {
        format!("{hardware} [ether] ")
    } else if flags & PUBLISHED != 0 {
        "* ".to_owned()
    } else {
        "<incomplete> ".to_owned()
    };
    let mut names = Vec::new();
    if flags & PERMANENT != 0 {
        names.push("PERM");
    }
    if flags & PUBLISHED != 0 {
        names.push("PUP");
    }
    known + &names.join(" ")
}

/// Asks for a change; a refusal is told as by the calls that tools of this age make.
fn change(message: RouteNetlinkMessage, flags: u16, call: &str) -> anyhow::Result<()> {
    netlink::change(message, flags).map_err(|error| match netlink::reason(&error) {
        Some(reason) => Failure::new(1, format!("{call}: {}", Errno::desc(reason))).into(),
        None => error,
    })
}

fn entry(options: &Options, address: Ipv4Addr, device: u32) -> anyhow::Result<NeighbourMessage> {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.ifindex = match &options.interface {
        Some(device) => link::index(device)?,
        None if device != 0 => device,
        None => way(address)?,
    };
    let target = NeighbourAddress::Inet(address);
    message.attributes.push(NeighbourAttribute::Destination(target));
    Ok(message)
}

/// The device that leads to an address.
fn way(address: Ipv4Addr) -> anyhow::Result<u32> {
    let mut question = RouteMessage::default();
    question.header.address_family = AddressFamily::Inet;
    question.header.destination_prefix_length = 32;
    let target = crate::route::address(IpAddr::V4(address));
    question.attributes.push(RouteAttribute::Destination(target));
    for answer in netlink::one(RouteNetlinkMessage::GetRoute(question))? {
        let RouteNetlinkMessage::NewRoute(route) = answer else { continue };
        for attribute in &route.attributes {
            if let RouteAttribute::Oif(index) = attribute {
                return Ok(*index);
            }
        }
    }
    bail!("no device leads to {address}: name one with -i")
}

/// A device's own hardware address.
fn own_address(link: &LinkMessage) -> Option<&[u8]> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Address(bytes) => Some(bytes.as_slice()),
        _ => None,
    })
}

fn set(options: &Options, address: Ipv4Addr, words: Vec<&str>) -> anyhow::Result<u8> {
    let mut words = words.into_iter();
    let given = words.next().context("need hardware address")?;
    let (bytes, device) = if options.device_address {
        let links = link::wanted(Some(given))?;
        let own = links.first().and_then(own_address);
        (
            own.with_context(|| format!("{given} has no hardware address"))?.to_vec(),
            link::index(given)?,
        )
    } else {
        (hardware(given).ok().context("invalid hardware address")?, 0)
    };
    let mut message = entry(options, address, device)?;
    message.header.state = NeighbourState::Permanent;
    for word in words {
        match word {
            "temp" => message.header.state = NeighbourState::Stale,
            "pub" => message.header.flags |= NeighbourFlags::Proxy,
            other => bail!("unknown word '{other}'; see arp --help"),
        }
    }
    message.attributes.push(NeighbourAttribute::LinkLayerAddress(bytes));
    let message = RouteNetlinkMessage::NewNeighbour(message);
    change(message, NLM_F_CREATE | NLM_F_REPLACE, "SIOCSARP")?;
    Ok(0)
}

fn delete(options: &Options, address: Ipv4Addr, words: Vec<&str>) -> anyhow::Result<u8> {
    let mut message = entry(options, address, 0)?;
    let mut call = "SIOCDARP(priv)";
    for word in words {
        match word {
            "pub" => {
                message.header.flags |= NeighbourFlags::Proxy;
                call = "SIOCDARP(pub)";
            }
            other => bail!("unknown word '{other}'; see arp --help"),
        }
    }
    change(RouteNetlinkMessage::DelNeighbour(message), 0, call)?;
    Ok(0)
}

/// Name network devices by their hardware addresses. They must be down.
#[derive(clap::Parser)]
#[command(name = "nameif")]
struct NameOptions {
    /// Table of names and addresses, a pair a line
    #[arg(short, value_name = "FILE", default_value = "/etc/mactab")]
    config: std::path::PathBuf,
    /// Names and hardware addresses, by turns
    #[arg(value_name = "NAME HARDWARE")]
    pairs: Vec<String>,
}

/// The applet `nameif`.
pub fn nameif(args: Args) -> anyhow::Result<u8> {
    let options: NameOptions = parse(&args)?;
    let mut words = options.pairs;
    if words.is_empty() {
        let text = std::fs::read_to_string(&options.config)
            .with_context(|| format!("can't open '{}'", options.config.display()))?;
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let pair: Vec<&str> = line.split_whitespace().collect();
            match pair[..] {
                [] => {}
                [name, address] => {
                    // What other tools of the kind write before an address.
                    let address = address.trim_start_matches("mac=");
                    words.extend([name.to_owned(), address.to_owned()]);
                }
                _ => bail!("'{line}' is no name with a hardware address"),
            }
        }
    }
    if !words.len().is_multiple_of(2) {
        bail!("each name wants a hardware address after it");
    }
    let links = link::wanted(None)?;
    for pair in words.chunks(2) {
        let bytes = hardware(&pair[1])?;
        let Some(found) = links.iter().find(|link| own_address(link) == Some(&bytes)) else {
            continue;
        };
        if link::name(found) == pair[0] {
            continue;
        }
        let mut message = LinkMessage::default();
        message.header.index = found.header.index;
        message.attributes.push(LinkAttribute::IfName(pair[0].clone()));
        netlink::change(RouteNetlinkMessage::SetLink(message), 0)
            .with_context(|| format!("can't name {} {}", link::name(found), pair[0]))?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told() {
        assert_eq!(state(2, "02:00"), "02:00 [ether] ");
        assert_eq!(state(6, "02:00"), "02:00 [ether] PERM");
        assert_eq!(state(12, "00:00"), "* PERM PUP");
        assert_eq!(state(0, "00:00"), "<incomplete> ");
    }
}
