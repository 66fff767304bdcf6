// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip addr`: the addresses of this machine.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::address::{
    AddressAttribute, AddressHeaderFlags, AddressMessage, AddressScope,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use crate::words::{Words, choose, prefix};
use crate::{View, link, netlink};

const VERBS: [&str; 8] = ["show", "list", "lst", "add", "delete", "change", "replace", "flush"];

/// The object `addr`.
pub fn run(mut words: Words, view: View) -> anyhow::Result<u8> {
    let verb = words.next().unwrap_or_else(|| "show".to_owned());
    match choose(&verb, &VERBS)? {
        3 => {
            let message = RouteNetlinkMessage::NewAddress(described(words)?);
            netlink::change(message, NLM_F_CREATE | NLM_F_EXCL)?;
        }
        4 => netlink::change(RouteNetlinkMessage::DelAddress(described(words)?), 0)?,
        5 | 6 => {
            let message = RouteNetlinkMessage::NewAddress(described(words)?);
            netlink::change(message, NLM_F_CREATE | NLM_F_REPLACE)?;
        }
        7 => flush(words, view.family)?,
        _ => show(words, view)?,
    }
    Ok(0)
}

/// The addresses of a family, or all of them.
pub fn all(family: AddressFamily) -> anyhow::Result<Vec<AddressMessage>> {
    let mut question = AddressMessage::default();
    question.header.family = family;
    let answers = netlink::dump(RouteNetlinkMessage::GetAddress(question))?;
    Ok(answers
        .into_iter()
        .filter_map(|answer| match answer {
            RouteNetlinkMessage::NewAddress(address) => Some(address),
            _ => None,
        })
        .collect())
}

fn flush(mut words: Words, family: AddressFamily) -> anyhow::Result<()> {
    let device = link::device_word(&mut words)?.context("a device is wanted: dev NAME")?;
    let index = link::index(&device)?;
    for address in all(family)? {
        if address.header.index == index {
            match netlink::change(RouteNetlinkMessage::DelAddress(address), 0) {
                // With the first address of a net its others may have gone.
                Err(error) if netlink::reason(&error) == Some(Errno::EADDRNOTAVAIL) => {}
                result => result?,
            }
        }
    }
    Ok(())
}

fn show(mut words: Words, view: View) -> anyhow::Result<()> {
    let device = link::device_word(&mut words)?;
    let links = link::wanted(device.as_deref())?;
    let addresses = all(view.family)?;
    for link in links {
        let index = link.header.index;
        let own = addresses.iter().filter(|address| address.header.index == index);
        let texts: Vec<_> = own.map(text).collect();
        if view.one_line {
            let name = link::name(&link);
            for text in texts {
                print!("{index}: {name}{}", view.fold(&text));
            }
            continue;
        }
        // Asked for one family, only devices that have such addresses are listed, without hardware's.
        let head = link::text(&link);
        if view.family == AddressFamily::Unspec {
            print!("{head}{}", texts.concat());
        } else if !texts.is_empty() {
            println!("{}", head.lines().next().unwrap_or_default());
            print!("{}", texts.concat());
        }
    }
    Ok(())
}

fn text(message: &AddressMessage) -> String {
    let (mut address, mut local, mut broadcast, mut label) = (None, None, None, None);
    let mut life = (u32::MAX, u32::MAX);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Address(found) => address = Some(*found),
            AddressAttribute::Local(found) => local = Some(*found),
            AddressAttribute::Broadcast(found) => broadcast = Some(*found),
            AddressAttribute::Label(found) => label = Some(found.clone()),
            AddressAttribute::CacheInfo(found) => {
                life = (found.ifa_valid, found.ifa_preferred);
            }
            _ => {}
        }
    }
    let Some(own) = local.or(address) else { return String::new() };
    let kind = if own.is_ipv4() { "inet" } else { "inet6" };
    let mut line = format!("    {kind} {own}");
    if let Some(peer) = address.filter(|address| *address != own) {
        line.push_str(&format!(" peer {peer}"));
    }
    line.push_str(&format!("/{}", message.header.prefix_len));
    if let Some(broadcast) = broadcast {
        line.push_str(&format!(" brd {broadcast}"));
    }
    let scope = match message.header.scope {
        AddressScope::Universe => "global".to_owned(),
        AddressScope::Site => "site".to_owned(),
        AddressScope::Link => "link".to_owned(),
        AddressScope::Host => "host".to_owned(),
        other => format!("{}", u8::from(other)),
    };
    line.push_str(&format!(" scope {scope}"));
    let flags = message.header.flags;
    let second = if own.is_ipv4() { "secondary" } else { "temporary" };
    let names = [
        (AddressHeaderFlags::Secondary, second),
        (AddressHeaderFlags::Tentative, "tentative"),
        (AddressHeaderFlags::Deprecated, "deprecated"),
        (AddressHeaderFlags::Dadfailed, "dadfailed"),
    ];
    for (_, name) in names.iter().filter(|(flag, _)| flags.contains(*flag)) {
        line.push_str(&format!(" {name}"));
    }
    if !flags.contains(AddressHeaderFlags::Permanent) {
        line.push_str(" dynamic");
    }
    if let Some(label) = label {
        line.push_str(&format!(" {label}"));
    }
    let seconds = |seconds| match seconds {
        u32::MAX => "forever".to_owned(),
        seconds => format!("{seconds}sec"),
    };
    format!("{line}\n       valid_lft {} preferred_lft {}\n", seconds(life.0), seconds(life.1))
}

/// The address that words describe.
fn described(mut words: Words) -> anyhow::Result<AddressMessage> {
    let mut message = AddressMessage::default();
    let (mut own, mut device, mut scope, mut broadcast) = (None, None, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "dev" => device = Some(words.value("dev")?),
            "broadcast" | "brd" => broadcast = Some(words.value("broadcast")?),
            "label" => message.attributes.push(AddressAttribute::Label(words.value("label")?)),
            "scope" => {
                let names = ["global", "site", "link", "host"];
                scope = Some(match choose(&words.value("scope")?, &names)? {
                    0 => AddressScope::Universe,
                    1 => AddressScope::Site,
                    2 => AddressScope::Link,
                    _ => AddressScope::Host,
                });
            }
            "local" => own = Some(prefix(&words.value("local")?)?),
            _ => own = Some(prefix(&word)?),
        }
    }
    let (own, bits) = own.context("no address is given")?;
    let device = device.context("a device is wanted: dev NAME")?;
    message.header.family = family_of(own);
    message.header.prefix_len = bits;
    message.header.index = link::index(&device)?;
    let near = if own.is_loopback() { AddressScope::Host } else { AddressScope::Universe };
    message.header.scope = scope.unwrap_or(near);
    message.attributes.push(AddressAttribute::Local(own));
    message.attributes.push(AddressAttribute::Address(own));
    if let (Some(broadcast), IpAddr::V4(own)) = (broadcast, own) {
        let address = match broadcast.as_str() {
            // All bits of the host are set.
            "+" => Ipv4Addr::from(u32::from(own) | u32::MAX.checked_shr(bits.into()).unwrap_or(0)),
            text => text.parse().with_context(|| format!("'{text}' is no address"))?,
        };
        message.attributes.push(AddressAttribute::Broadcast(address));
    }
    Ok(message)
}

/// The family of an address.
pub fn family_of(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}
