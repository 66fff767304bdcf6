// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip neigh`: the hardware addresses of this machine's neighbours.

use std::net::IpAddr;

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::address::family_of;
use crate::words::{Words, choose, hardware, hardware_text, prefix};
use crate::{link, netlink};

/// The object `neigh`.
pub fn run(mut words: Words, family: AddressFamily) -> anyhow::Result<u8> {
    let verb = words.next().unwrap_or_else(|| "show".to_owned());
    match choose(&verb, &["show", "list", "lst", "add", "replace", "delete"])? {
        3 => {
            let message = RouteNetlinkMessage::NewNeighbour(described(words)?);
            netlink::change(message, NLM_F_CREATE | NLM_F_EXCL)?;
        }
        4 => {
            let message = RouteNetlinkMessage::NewNeighbour(described(words)?);
            netlink::change(message, NLM_F_CREATE | NLM_F_REPLACE)?;
        }
        5 => netlink::change(RouteNetlinkMessage::DelNeighbour(described(words)?), 0)?,
        _ => {
            let device = link::device_word(&mut words)?;
            let links = link::wanted(device.as_deref())?;
            let mut question = NeighbourMessage::default();
            question.header.family = family;
            for answer in netlink::dump(RouteNetlinkMessage::GetNeighbour(question))? {
                if let RouteNetlinkMessage::NewNeighbour(found) = answer
                    && links.iter().any(|link| link.header.index == found.header.ifindex)
                    && found.header.state != NeighbourState::Noarp
                {
                    println!("{}", text(&found, &links));
                }
            }
        }
    }
    Ok(0)
}

fn text(message: &NeighbourMessage, links: &[LinkMessage]) -> String {
    let (mut address, mut hardware) = (String::new(), String::new());
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(found)) => {
                address = found.to_string();
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(found)) => {
                address = found.to_string();
            }
            NeighbourAttribute::LinkLayerAddress(bytes) => {
                hardware = format!(" lladdr {}", hardware_text(bytes));
            }
            _ => {}
        }
    }
    let device = link::name_of(message.header.ifindex, links);
    let state = format!("{:?}", message.header.state).to_uppercase();
    format!("{address} dev {device}{hardware} {state}")
}

fn described(mut words: Words) -> anyhow::Result<NeighbourMessage> {
    let mut message = NeighbourMessage::default();
    let (mut address, mut device) = (None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "dev" => device = Some(words.value("dev")?),
            "lladdr" => {
                let bytes = hardware(&words.value("lladdr")?)?;
                message.attributes.push(NeighbourAttribute::LinkLayerAddress(bytes));
            }
            "nud" => match words.value("nud")?.as_str() {
                "permanent" => {}
                other => bail!("the state '{other}' can't be set: only permanent"),
            },
            _ => address = Some(prefix(&word)?.0),
        }
    }
    let address = address.context("no address is given")?;
    message.header.family = family_of(address);
    message.header.ifindex = link::index(&device.context("a device is wanted: dev NAME")?)?;
    message.header.state = NeighbourState::Permanent;
    message.attributes.push(NeighbourAttribute::Destination(match address {
        IpAddr::V4(address) => NeighbourAddress::Inet(address),
        IpAddr::V6(address) => NeighbourAddress::Inet6(address),
    }));
    Ok(message)
}
