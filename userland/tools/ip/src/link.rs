// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip link`: the devices.

use anyhow::{Context, bail};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage, State};

use crate::words::{Words, choose, hardware, hardware_text};
use crate::{View, netlink};

/// Flags as they are listed, in iproute2's order; that a device runs is said by what is missing.
const FLAGS: [(LinkFlags, &str); 12] = [
    (LinkFlags::Loopback, "LOOPBACK"),
    (LinkFlags::Broadcast, "BROADCAST"),
    (LinkFlags::Pointopoint, "POINTOPOINT"),
    (LinkFlags::Multicast, "MULTICAST"),
    (LinkFlags::Noarp, "NOARP"),
    (LinkFlags::Allmulti, "ALLMULTI"),
    (LinkFlags::Promisc, "PROMISC"),
    (LinkFlags::Controller, "MASTER"),
    (LinkFlags::Port, "SLAVE"),
    (LinkFlags::Up, "UP"),
    (LinkFlags::LowerUp, "LOWER_UP"),
    (LinkFlags::Dormant, "DORMANT"),
];

/// The object `link`.
pub fn run(mut words: Words, view: View) -> anyhow::Result<u8> {
    let verb = words.next().unwrap_or_else(|| "show".to_owned());
    match choose(&verb, &["show", "list", "lst", "set"])? {
        3 => set(words)?,
        _ => {
            let device = device_word(&mut words)?;
            for link in wanted(device.as_deref())? {
                print!("{}", view.fold(&text(&link)));
            }
        }
    }
    Ok(0)
}

/// `[dev] DEVICE` at the end.
pub fn device_word(words: &mut Words) -> anyhow::Result<Option<String>> {
    match words.next() {
        Some(word) if word == "dev" => words.value("dev").map(Some),
        word => Ok(word),
    }
}

/// All devices, or the one of a name.
pub fn wanted(device: Option<&str>) -> anyhow::Result<Vec<LinkMessage>> {
    let answers = netlink::dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let mut links = Vec::new();
    for answer in answers {
        if let RouteNetlinkMessage::NewLink(link) = answer
            && device.is_none_or(|device| name(&link) == device)
        {
            links.push(link);
        }
    }
    match device {
        Some(device) if links.is_empty() => bail!("can't find device '{device}'"),
        _ => Ok(links),
    }
}

/// The number of a device.
pub fn index(device: &str) -> anyhow::Result<u32> {
    nix::net::if_::if_nametoindex(device)
        .map_err(|_| anyhow::anyhow!("can't find device '{device}'"))
}

/// The name of a device by its number.
pub fn name_of(index: u32, links: &[LinkMessage]) -> String {
    let found = links.iter().find(|link| link.header.index == index);
    found.map_or_else(|| format!("if{index}"), |link| name(link).to_owned())
}

/// The name of a device.
pub fn name(link: &LinkMessage) -> &str {
    let found = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    });
    found.unwrap_or("?")
}

/// The two lines of a device.
pub fn text(link: &LinkMessage) -> String {
    let flags = link.header.flags;
    let mut names = Vec::new();
    if flags.contains(LinkFlags::Up) && !flags.contains(LinkFlags::Running) {
        names.push("NO-CARRIER");
    }
    names.extend(FLAGS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name));
    let under = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::Link(index) => Some(*index),
        _ => None,
    });
    // The device below it, or the other end of a pair; one in another namespace has no name here.
    let under = under.filter(|index| *index != link.header.index).map(|index| {
        nix::net::if_::if_indextoname(index)
            .map_or_else(|_| format!("@if{index}"), |name| format!("@{}", name.to_string_lossy()))
    });
    let full = format!("{}{}", name(link), under.unwrap_or_default());
    let mut first = format!("{}: {full}: <{}>", link.header.index, names.join(","));
    let (mut address, mut broadcast, mut mtu) = (None, None, None);
    let (mut queue, mut state, mut length) = (None, State::Unknown, None);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::Address(bytes) => address = Some(hardware_text(bytes)),
            LinkAttribute::Broadcast(bytes) => broadcast = Some(hardware_text(bytes)),
            LinkAttribute::Mtu(bytes) => mtu = Some(bytes.to_string()),
            LinkAttribute::Qdisc(name) => queue = Some(name.clone()),
            LinkAttribute::OperState(found) => state = *found,
            LinkAttribute::TxQueueLen(packets) => length = Some(packets.to_string()),
            _ => {}
        }
    }
    let state = match state {
        State::Up => "UP",
        State::Down => "DOWN",
        State::LowerLayerDown => "LOWERLAYERDOWN",
        State::Dormant => "DORMANT",
        State::Testing => "TESTING",
        State::NotPresent => "NOTPRESENT",
        _ => "UNKNOWN",
    };
    let parts =
        [("mtu", mtu), ("qdisc", queue), ("state", Some(state.to_owned())), ("qlen", length)];
    for (name, value) in parts {
        if let Some(value) = value.filter(|value| name != "qlen" || value != "0") {
            first.push_str(&format!(" {name} {value}"));
        }
    }
    let kind = match link.header.link_layer_type {
        LinkLayerType::Ether => "ether".to_owned(),
        LinkLayerType::Loopback => "loopback".to_owned(),
        LinkLayerType::None => "none".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    let mut second = format!("    link/{kind}");
    if let Some(address) = address {
        second.push_str(&format!(" {address}"));
    }
    if let Some(broadcast) = broadcast {
        second.push_str(&format!(" brd {broadcast}"));
    }
    format!("{first}\n{second}\n")
}

/// Asks for a flag to be set or cleared.
pub fn turn(link: &mut LinkMessage, flag: LinkFlags, on: bool) {
    link.header.flags.set(flag, on);
    link.header.change_mask |= flag;
}

fn set(mut words: Words) -> anyhow::Result<()> {
    let mut link = LinkMessage::default();
    let mut device = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "dev" => device = Some(words.value("dev")?),
            "up" => turn(&mut link, LinkFlags::Up, true),
            "down" => turn(&mut link, LinkFlags::Up, false),
            "arp" | "multicast" | "allmulticast" | "promisc" => {
                let on = match words.value(&word)?.as_str() {
                    "on" => true,
                    "off" => false,
                    other => bail!("'{word}' is on or off, not '{other}'"),
                };
                match word.as_str() {
                    "arp" => turn(&mut link, LinkFlags::Noarp, !on),
                    "multicast" => turn(&mut link, LinkFlags::Multicast, on),
                    "allmulticast" => turn(&mut link, LinkFlags::Allmulti, on),
                    _ => turn(&mut link, LinkFlags::Promisc, on),
                }
            }
            "mtu" => link.attributes.push(LinkAttribute::Mtu(words.number("mtu")?)),
            "name" => link.attributes.push(LinkAttribute::IfName(words.value("name")?)),
            "txqueuelen" | "qlen" => {
                link.attributes.push(LinkAttribute::TxQueueLen(words.number("txqueuelen")?));
            }
            "address" => {
                let bytes = hardware(&words.value("address")?)?;
                link.attributes.push(LinkAttribute::Address(bytes));
            }
            _ if device.is_none() => device = Some(word),
            other => bail!("unknown word '{other}'; see ip --help"),
        }
    }
    link.header.index = index(&device.context("no device is named")?)?;
    netlink::change(RouteNetlinkMessage::SetLink(link), 0)
}
