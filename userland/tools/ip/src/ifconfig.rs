// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ifconfig`: the devices with their addresses and counts, and the words that set them.
//!
//! Listings and words are BusyBox's. What the words say is gathered first and done in one order:
//! the device's own settings, then its addresses, then up or down.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage, Stats64};
use ochre_applet::Args;

use crate::address::{all, family_of};
use crate::words::{Words, class_bits, hardware, mask, mask_bits, prefix};
use crate::{link, netlink};

const USAGE: &str = "\
Usage: ifconfig [-a] [DEVICE]
       ifconfig DEVICE [ADDRESS[/BITS]] [WORD...]

Show the network's devices, those that are up or all of them, or set one up. Addresses are numbers.

  ADDRESS               Its IPv4 address, in place of the one it has; 0.0.0.0 takes that away
  netmask ADDRESS       Which bits of the address are the net's
  [-]broadcast [ADDRESS]
  [-]pointopoint [ADDRESS], dstaddr ADDRESS
                        The other end of a line
  add|del ADDRESS/BITS  One more IPv6 address, or one less
  hw ether ADDRESS      Its hardware address
  mtu N                 Longest packet
  txqueuelen N          Packets that may wait
  [-]arp [-]promisc [-]allmulti [-]multicast
  up|down

A DEVICE with a colon and a word is a name for one more address of it.
";

/// Flags as they are listed.
const FLAGS: [(LinkFlags, &str); 12] = [
    (LinkFlags::Up, "UP"),
    (LinkFlags::Broadcast, "BROADCAST"),
    (LinkFlags::Debug, "DEBUG"),
    (LinkFlags::Loopback, "LOOPBACK"),
    (LinkFlags::Pointopoint, "POINTOPOINT"),
    (LinkFlags::Running, "RUNNING"),
    (LinkFlags::Noarp, "NOARP"),
    (LinkFlags::Promisc, "PROMISC"),
    (LinkFlags::Allmulti, "ALLMULTI"),
    (LinkFlags::Port, "SLAVE"),
    (LinkFlags::Controller, "MASTER"),
    (LinkFlags::Multicast, "MULTICAST"),
];

/// The applet.
pub fn ifconfig(args: Args) -> anyhow::Result<u8> {
    let mut words = Words::new(&args)?;
    let mut hidden = false;
    while let Some(option) = words.option() {
        match option.as_str() {
            "-a" => hidden = true,
            "--help" => {
                print!("{USAGE}");
                return Ok(0);
            }
            other => bail!("invalid option '{other}'; see ifconfig --help"),
        }
    }
    let Some(device) = words.next() else {
        let mut links = link::wanted(None)?;
        links.retain(|link| hidden || link.header.flags.contains(LinkFlags::Up));
        links.sort_by(|one, other| link::name(one).cmp(link::name(other)));
        let addresses = all(netlink_packet_route::AddressFamily::Unspec)?;
        for link in links {
            print!("{}", text(&link, &addresses));
        }
        return Ok(0);
    };
    let settings: Vec<String> = words.collect();
    let own = device.split(':').next().unwrap_or_default();
    let links = link::wanted(Some(own));
    let link = links.ok().and_then(|links| links.into_iter().next());
    let link = link.with_context(|| {
        format!("{device}: error fetching interface information: Device not found")
    })?;
    if settings.is_empty() {
        print!("{}", text(&link, &all(netlink_packet_route::AddressFamily::Unspec)?));
    } else {
        Change::read(&settings)?.carry_out(&device, &link)?;
    }
    Ok(0)
}

fn kind(link: &LinkMessage) -> String {
    match link.header.link_layer_type {
        LinkLayerType::Ether => "Ethernet".to_owned(),
        LinkLayerType::Loopback => "Local Loopback".to_owned(),
        LinkLayerType::Ppp => "Point-to-Point Protocol".to_owned(),
        _ => "UNSPEC".to_owned(),
    }
}

/// The IPv4 part of an address message: itself, its other end, its broadcast address and its label.
#[derive(Default)]
struct V4 {
    own: Option<Ipv4Addr>,
    peer: Option<Ipv4Addr>,
    broadcast: Option<Ipv4Addr>,
    label: String,
}

fn v4(message: &AddressMessage) -> V4 {
    let mut found = V4::default();
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(IpAddr::V4(address)) => found.own = Some(*address),
            AddressAttribute::Address(IpAddr::V4(address)) => found.peer = Some(*address),
            AddressAttribute::Broadcast(address) => found.broadcast = Some(*address),
            AddressAttribute::Label(label) => found.label.clone_from(label),
            _ => {}
        }
    }
    found
}

/// The block of a device, and one for each of its labels.
fn text(link: &LinkMessage, addresses: &[AddressMessage]) -> String {
    let name = link::name(link);
    let own = addresses.iter().filter(|address| address.header.index == link.header.index);
    let mut blocks = String::new();
    let mut labels: Vec<String> = vec![name.to_owned()];
    for message in own.clone() {
        let label = v4(message).label;
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    for label in labels {
        let mut mtu = 0;
        let mut stats = Stats64::default();
        let mut queue = 0;
        let mut head = format!("{label:<9} Link encap:{}  ", kind(link));
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::Address(bytes)
                    if link.header.link_layer_type == LinkLayerType::Ether =>
                {
                    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                    head.push_str(&format!("HWaddr {}  ", pairs.join(":")));
                }
                LinkAttribute::Mtu(bytes) => mtu = *bytes,
                LinkAttribute::Stats64(counts) => stats = *counts,
                LinkAttribute::TxQueueLen(packets) => queue = *packets,
                _ => {}
            }
        }
        blocks.push_str(&head);
        blocks.push('\n');
        let main = label == name;
        let first = own.clone().find(|message| {
            let found = v4(message);
            found.own.is_some() && found.label == label
        });
        if let Some(message) = first {
            blocks.push_str(&v4_line(message, link.header.flags));
        }
        if main {
            for message in own.clone() {
                blocks.push_str(&v6_line(message));
            }
        }
        let flags: Vec<_> =
            FLAGS.iter().filter(|(flag, _)| link.header.flags.contains(*flag)).collect();
        let flags: Vec<_> = flags.into_iter().map(|(_, name)| *name).collect();
        let flags = if flags.is_empty() { "[NO FLAGS]".to_owned() } else { flags.join(" ") };
        blocks.push_str(&format!("          {flags}  MTU:{mtu}  Metric:1\n"));
        if main {
            blocks.push_str(&counts(&stats, queue));
        }
        blocks.push('\n');
    }
    blocks
}

fn v4_line(message: &AddressMessage, flags: LinkFlags) -> String {
    let found = v4(message);
    let own = found.own.unwrap_or(Ipv4Addr::UNSPECIFIED);
    let mut line = format!("          inet addr:{own} ");
    if let Some(peer) = found.peer.filter(|_| flags.contains(LinkFlags::Pointopoint)) {
        line.push_str(&format!(" P-t-P:{peer} "));
    }
    if flags.contains(LinkFlags::Broadcast) {
        let broadcast = found.broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED);
        line.push_str(&format!(" Bcast:{broadcast} "));
    }
    line.push_str(&format!(" Mask:{}\n", mask(message.header.prefix_len)));
    line
}

fn v6_line(message: &AddressMessage) -> String {
    let address = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(IpAddr::V6(address)) => Some(*address),
        _ => None,
    });
    let scope = match message.header.scope {
        AddressScope::Universe => "Global",
        AddressScope::Site => "Site",
        AddressScope::Link => "Link",
        AddressScope::Host => "Host",
        _ => "Unknown",
    };
    address.map_or_else(String::new, |address| {
        format!("          inet6 addr: {address}/{} Scope:{scope}\n", message.header.prefix_len)
    })
}

fn counts(stats: &Stats64, queue: u32) -> String {
    format!(
        "          RX packets:{} errors:{} dropped:{} overruns:{} frame:{}\n\
         \x20         TX packets:{} errors:{} dropped:{} overruns:{} carrier:{}\n\
         \x20         collisions:{} txqueuelen:{queue} \n\
         \x20         RX bytes:{} ({})  TX bytes:{} ({})\n",
        stats.rx_packets,
        stats.rx_errors,
        stats.rx_dropped,
        stats.rx_fifo_errors,
        stats.rx_frame_errors,
        stats.tx_packets,
        stats.tx_errors,
        stats.tx_dropped,
        stats.tx_fifo_errors,
        stats.tx_carrier_errors,
        stats.collisions,
        stats.rx_bytes,
        scaled(stats.rx_bytes),
        stats.tx_bytes,
        scaled(stats.tx_bytes),
    )
}

/// `1.5 KiB`: bytes in the largest unit that leaves something before the point, cut to one digit.
fn scaled(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut tenths = u128::from(bytes) * 10;
    while tenths >= 10240 && unit + 1 < units.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

/// What the words ask for.
#[derive(Default)]
struct Change {
    address: Option<(Ipv4Addr, Option<u8>)>,
    bits: Option<u8>,
    broadcast: Option<Option<Ipv4Addr>>,
    peer: Option<Option<Ipv4Addr>>,
    added: Vec<(IpAddr, u8)>,
    deleted: Vec<(IpAddr, u8)>,
    attributes: Vec<LinkAttribute>,
    flags: Vec<(LinkFlags, bool)>,
    up: Option<bool>,
}

fn ipv4(text: &str) -> anyhow::Result<Ipv4Addr> {
    text.parse().ok().with_context(|| format!("bad address '{text}'"))
}

impl Change {
    fn read(words: &[String]) -> anyhow::Result<Self> {
        let mut change = Self::default();
        let mut words = words.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            let (name, on) = match word.strip_prefix('-') {
                Some(name) => (name, false),
                None => (word, true),
            };
            let mut value =
                || words.next().with_context(|| format!("'{word}' wants a word after it"));
            match (name, on) {
                ("up", true) => change.up = Some(true),
                ("down", true) => change.up = Some(false),
                ("arp", _) => change.flags.push((LinkFlags::Noarp, !on)),
                ("promisc", _) => change.flags.push((LinkFlags::Promisc, on)),
                ("allmulti", _) => change.flags.push((LinkFlags::Allmulti, on)),
                ("multicast", _) => change.flags.push((LinkFlags::Multicast, on)),
                ("netmask", true) => {
                    let text = value()?;
                    let bits = mask_bits(ipv4(text)?);
                    change.bits = Some(bits.with_context(|| format!("'{text}' is no netmask"))?);
                }
                ("broadcast", false) => change.broadcast = Some(None),
                ("pointopoint", false) => change.peer = Some(None),
                ("broadcast", true) => change.broadcast = Some(Some(ipv4(value()?)?)),
                ("pointopoint" | "dstaddr", true) => change.peer = Some(Some(ipv4(value()?)?)),
                ("add", true) => change.added.push(prefix(value()?)?),
                ("del", true) => change.deleted.push(prefix(value()?)?),
                ("metric", true) => {
                    if number(value()?)? != 0 {
                        bail!("the kernel's devices have no metric; see route or ip route");
                    }
                }
                ("mtu", true) => {
                    change.attributes.push(LinkAttribute::Mtu(number(value()?)?));
                }
                ("txqueuelen", true) => {
                    change.attributes.push(LinkAttribute::TxQueueLen(number(value()?)?));
                }
                ("hw", true) => match (value()?, words.next()) {
                    ("ether", Some(address)) => {
                        change.attributes.push(LinkAttribute::Address(hardware(address)?));
                    }
                    (kind, _) => bail!("hw wants ether and an address, not '{kind}'"),
                },
                (_, true) => {
                    let (text, bits) = match word.split_once('/') {
                        Some((text, bits)) => (text, Some(bits)),
                        None => (word, None),
                    };
                    let bits = bits.map(|bits| {
                        let number = bits.parse().ok().filter(|bits| *bits <= 32);
                        number.with_context(|| format!("bad address '{word}'"))
                    });
                    let own = if text == "default" { Ipv4Addr::UNSPECIFIED } else { ipv4(text)? };
                    change.address = Some((own, bits.transpose()?));
                    change.up.get_or_insert(true);
                }
                _ => bail!("unknown word '{word}'; see ifconfig --help"),
            }
        }
        Ok(change)
    }

    fn carry_out(self, device: &str, link: &LinkMessage) -> anyhow::Result<()> {
        let index = link.header.index;
        if !self.attributes.is_empty() || !self.flags.is_empty() {
            let mut message = LinkMessage::default();
            message.header.index = index;
            for (flag, on) in &self.flags {
                link::turn(&mut message, *flag, *on);
            }
            message.attributes.clone_from(&self.attributes);
            netlink::change(RouteNetlinkMessage::SetLink(message), 0)?;
        }
        self.set_address(device, link)?;
        for (address, bits) in &self.added {
            let message = RouteNetlinkMessage::NewAddress(described(index, *address, *bits));
            netlink::change(message, NLM_F_CREATE | NLM_F_EXCL)?;
        }
        for (address, bits) in &self.deleted {
            let message = RouteNetlinkMessage::DelAddress(described(index, *address, *bits));
            netlink::change(message, 0)?;
        }
        match self.up {
            // The name of an address goes down with its address.
            Some(false) if device.contains(':') => match labelled(device, index)? {
                Some(old) => netlink::change(RouteNetlinkMessage::DelAddress(old), 0),
                None => bail!("{device} has no address"),
            },
            Some(up) => {
                let mut message = LinkMessage::default();
                message.header.index = index;
                link::turn(&mut message, LinkFlags::Up, up);
                netlink::change(RouteNetlinkMessage::SetLink(message), 0)
            }
            None => Ok(()),
        }
    }

    /// Puts another address in the place of the one that has the device's name.
    fn set_address(&self, device: &str, link: &LinkMessage) -> anyhow::Result<()> {
        if self.address.is_none()
            && self.bits.is_none()
            && self.broadcast.is_none()
            && self.peer.is_none()
        {
            return Ok(());
        }
        let index = link.header.index;
        let old = labelled(device, index)?;
        let (own, bits) = match (self.address, &old) {
            (Some((own, bits)), _) => (own, bits.unwrap_or_else(|| class_bits(own))),
            (None, Some(old)) => {
                (v4(old).own.unwrap_or(Ipv4Addr::UNSPECIFIED), old.header.prefix_len)
            }
            (None, None) => bail!("{device} has no address"),
        };
        let bits = self.bits.unwrap_or(bits);
        let before = old.as_ref().map(v4).unwrap_or_default();
        if let Some(old) = old {
            netlink::change(RouteNetlinkMessage::DelAddress(old), 0)?;
        }
        if own.is_unspecified() {
            return Ok(());
        }
        let mut message = described(index, own.into(), bits);
        let peer = match self.peer {
            Some(peer) => peer,
            None if self.address.is_none() => before.peer.filter(|peer| Some(*peer) != before.own),
            None => None,
        };
        if let Some(peer) = peer {
            message.attributes.retain(|part| !matches!(part, AddressAttribute::Address(_)));
            message.attributes.push(AddressAttribute::Address(peer.into()));
        }
        let usual = (link.header.flags.contains(LinkFlags::Broadcast) && bits < 31)
            .then(|| Ipv4Addr::from(u32::from(own) | !u32::from(mask(bits))));
        if let Some(broadcast) = self.broadcast.unwrap_or(usual) {
            message.attributes.push(AddressAttribute::Broadcast(broadcast));
        }
        message.attributes.push(AddressAttribute::Label(device.to_owned()));
        netlink::change(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
    }
}

fn number(text: &str) -> anyhow::Result<u32> {
    text.parse().ok().with_context(|| format!("'{text}' is no number"))
}

fn described(index: u32, own: IpAddr, bits: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family_of(own);
    message.header.index = index;
    message.header.prefix_len = bits;
    message.header.scope =
        if own.is_loopback() { AddressScope::Host } else { AddressScope::Universe };
    message.attributes = vec![AddressAttribute::Local(own), AddressAttribute::Address(own)];
    message
}

/// The first IPv4 address that has a label.
fn labelled(label: &str, index: u32) -> anyhow::Result<Option<AddressMessage>> {
    let addresses = all(netlink_packet_route::AddressFamily::Inet)?;
    Ok(addresses
        .into_iter()
        .find(|message| message.header.index == index && v4(message).label == label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_scaled() {
        assert_eq!(scaled(0), "0.0 B");
        assert_eq!(scaled(1023), "1023.0 B");
        assert_eq!(scaled(1536), "1.5 KiB");
        assert_eq!(scaled(10 << 20), "10.0 MiB");
    }
}
