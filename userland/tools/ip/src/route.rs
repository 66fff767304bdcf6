// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip route`: which way packets go.

use std::net::IpAddr;

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::address::family_of;
use crate::words::{Words, choose, prefix};
use crate::{link, netlink};

/// The tables that have names.
const TABLES: [(&str, u32); 3] = [("default", 253), ("main", 254), ("local", LOCAL)];
/// The table that is meant when none is named.
pub const MAIN: u32 = 254;
const LOCAL: u32 = 255;
const VERBS: [&str; 10] =
    ["show", "list", "lst", "add", "delete", "append", "change", "replace", "get", "flush"];

/// The object `route`.
pub fn run(mut words: Words, family: AddressFamily) -> anyhow::Result<u8> {
    let verb = words.next().unwrap_or_else(|| "show".to_owned());
    // What an addition may meet.
    let flags = match choose(&verb, &VERBS)? {
        3 => NLM_F_CREATE | NLM_F_EXCL,
        4 => {
            let message = RouteNetlinkMessage::DelRoute(described(words, family, false)?);
            netlink::change(message, 0)?;
            return Ok(0);
        }
        5 => NLM_F_CREATE | NLM_F_APPEND,
        6 => NLM_F_REPLACE,
        7 => NLM_F_CREATE | NLM_F_REPLACE,
        8 => return get(words),
        9 => return flush(words, family),
        _ => {
            let links = link::wanted(None)?;
            for route in selected(words, family)? {
                println!("{}", text(&route, &links));
            }
            return Ok(0);
        }
    };
    let message = RouteNetlinkMessage::NewRoute(described(words, family, true)?);
    netlink::change(message, flags)?;
    Ok(0)
}

/// The way to one address.
fn get(mut words: Words) -> anyhow::Result<u8> {
    let target = prefix(&words.value("get")?)?.0;
    let mut question = RouteMessage::default();
    question.header.address_family = family_of(target);
    question.header.destination_prefix_length = if target.is_ipv4() { 32 } else { 128 };
    question.attributes.push(RouteAttribute::Destination(address(target)));
    let links = link::wanted(None)?;
    for answer in netlink::one(RouteNetlinkMessage::GetRoute(question))? {
        if let RouteNetlinkMessage::NewRoute(route) = answer {
            println!("{}", text(&route, &links));
        }
    }
    Ok(0)
}

fn flush(words: Words, family: AddressFamily) -> anyhow::Result<u8> {
    for route in selected(words, family)? {
        netlink::change(RouteNetlinkMessage::DelRoute(route), 0)?;
    }
    Ok(0)
}

fn table(name: &str) -> anyhow::Result<u32> {
    let named = TABLES.iter().find(|table| table.0 == name).map(|table| table.1);
    named.or_else(|| name.parse().ok()).with_context(|| format!("'{name}' is no table"))
}

/// The routes that words ask for: those of the main table unless they say another.
fn selected(mut words: Words, family: AddressFamily) -> anyhow::Result<Vec<RouteMessage>> {
    let (mut wanted, mut device) = (Some(MAIN), None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "table" => {
                let name = words.value("table")?;
                wanted = if name == "all" { None } else { Some(table(&name)?) };
            }
            "dev" => device = Some(link::index(&words.value("dev")?)?),
            other => bail!("unknown word '{other}'; see ip --help"),
        }
    }
    let mut found = Vec::new();
    let mut question = RouteMessage::default();
    // Without a family, IPv4's are what is shown.
    question.header.address_family =
        if family == AddressFamily::Unspec { AddressFamily::Inet } else { family };
    for answer in netlink::dump(RouteNetlinkMessage::GetRoute(question))? {
        let RouteNetlinkMessage::NewRoute(route) = answer else { continue };
        let mut own = u32::from(route.header.table);
        // A kernel with one table for IPv6 has the routes to the machine itself in it, too.
        let local = route.header.address_family == AddressFamily::Inet6
            && route.header.kind == RouteType::Local;
        let mut out = None;
        for attribute in &route.attributes {
            match attribute {
                RouteAttribute::Table(table) => own = *table,
                RouteAttribute::Oif(index) => out = Some(*index),
                _ => {}
            }
        }
        if local {
            own = LOCAL;
        }
        if wanted.is_none_or(|wanted| wanted == own) && (device.is_none() || device == out) {
            found.push(route);
        }
    }
    Ok(found)
}

fn shown(address: &RouteAddress) -> String {
    match address {
        RouteAddress::Inet(address) => address.to_string(),
        RouteAddress::Inet6(address) => address.to_string(),
        other => format!("{other:?}"),
    }
}

fn text(route: &RouteMessage, links: &[LinkMessage]) -> String {
    let header = &route.header;
    let most = if header.address_family == AddressFamily::Inet { 32 } else { 128 };
    let mut target = "default".to_owned();
    let (mut via, mut device, mut metric, mut source) =
        (String::new(), String::new(), String::new(), String::new());
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Destination(address) if header.destination_prefix_length == most => {
                target = shown(address);
            }
            RouteAttribute::Destination(address) => {
                target = format!("{}/{}", shown(address), header.destination_prefix_length);
            }
            RouteAttribute::Gateway(address) => via = format!(" via {}", shown(address)),
            RouteAttribute::Oif(index) => device = format!(" dev {}", link::name_of(*index, links)),
            RouteAttribute::Priority(number) => metric = format!(" metric {number}"),
            RouteAttribute::PrefSource(address) => source = format!(" src {}", shown(address)),
            _ => {}
        }
    }
    let kind = match header.kind {
        RouteType::Unicast => String::new(),
        other => format!("{other:?} ").to_lowercase(),
    };
    let protocol = match header.protocol {
        RouteProtocol::Boot | RouteProtocol::Unspec => String::new(),
        other => format!(" proto {other}"),
    };
    let scope = match header.scope {
        RouteScope::Universe => String::new(),
        other => format!(" scope {other}"),
    };
    // IPv6 has no scopes of routes, and says so with the widest.
    format!("{kind}{target}{via}{device}{protocol}{scope}{source}{metric}")
}

/// An address as routes have it.
pub fn address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

/// The route that words describe; one that is to be `added` gets all that was not said.
fn described(
    mut words: Words,
    mut family: AddressFamily,
    added: bool,
) -> anyhow::Result<RouteMessage> {
    let mut route = RouteMessage::default();
    let (mut given, mut gateway, mut number) = (false, false, MAIN);
    let mut kind = RouteType::Unicast;
    while let Some(word) = words.next() {
        match word.as_str() {
            "via" => {
                let found = prefix(&words.value("via")?)?.0;
                family = family_of(found);
                gateway = true;
                route.attributes.push(RouteAttribute::Gateway(address(found)));
            }
            "dev" => {
                let index = link::index(&words.value("dev")?)?;
                route.attributes.push(RouteAttribute::Oif(index));
            }
            "src" => {
                let found = prefix(&words.value("src")?)?.0;
                route.attributes.push(RouteAttribute::PrefSource(address(found)));
            }
            "metric" | "priority" | "preference" => {
                route.attributes.push(RouteAttribute::Priority(words.number("metric")?));
            }
            "table" => number = table(&words.value("table")?)?,
            "unreachable" => kind = RouteType::Unreachable,
            "blackhole" => kind = RouteType::BlackHole,
            "prohibit" => kind = RouteType::Prohibit,
            "default" => given = true,
            "to" => {}
            _ if given => bail!("unknown word '{word}'; see ip --help"),
            _ => {
                let (found, bits) = prefix(&word)?;
                given = true;
                family = family_of(found);
                route.header.destination_prefix_length = bits;
                route.attributes.push(RouteAttribute::Destination(address(found)));
            }
        }
    }
    if !given {
        bail!("no route is given: a prefix or default is wanted");
    }
    if family == AddressFamily::Unspec {
        family = AddressFamily::Inet;
    }
    route.header.address_family = family;
    route.header.table = u8::try_from(number).unwrap_or(0);
    route.attributes.push(RouteAttribute::Table(number));
    route.header.kind = if added || kind != RouteType::Unicast { kind } else { RouteType::Unspec };
    route.header.scope = match (added, gateway || kind != RouteType::Unicast) {
        (false, _) => RouteScope::NoWhere,
        (true, true) => RouteScope::Universe,
        // Without a router the target is on the device's own net.
        (true, false) if family == AddressFamily::Inet => RouteScope::Link,
        (true, false) => RouteScope::Universe,
    };
    if added {
        route.header.protocol = RouteProtocol::Boot;
    }
    Ok(route)
}
