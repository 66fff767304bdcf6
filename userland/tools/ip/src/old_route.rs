// SPDX-License-Identifier: MIT OR Apache-2.0
//! `route`: the main tables of routes as the kernel lists them in /proc, and changes to them.
//!
//! Listings and words are BusyBox's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Context, bail};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::route::{
    RouteAttribute, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use ochre_applet::{Args, Failure};

use crate::address::family_of;
use crate::route::{MAIN, address};
use crate::words::{Words, class_bits, mask as mask_of, mask_bits, prefix};
use crate::{link, netlink};

const USAGE: &str = "\
Usage: route [-n] [-e] [-A inet|inet6]
       route [-A inet|inet6] add|del [-net|-host] TARGET [netmask ADDRESS] [gw ADDRESS] [metric N]
             [mss BYTES] [window BYTES] [irtt MILLISECONDS] [reject] [[dev] DEVICE]

Show or change the routes. TARGET is default, an address, or a net as ADDRESS/BITS.

  -n        Numbers only; else 0.0.0.0 is shown as default or *
  -e        Other columns: what is set for connections
  -A FAMILY Whose routes: inet (IPv4) or inet6
  -net      TARGET is a net, with the netmask of its class if none is given
  -host     TARGET is one host
";

/// Flags of a route in /proc, and the letters they are shown with.
const FLAGS: [(u32, char); 11] = [
    (0x2, 'G'),
    (0x4, 'H'),
    (0x8, 'R'),
    (0x10, 'D'),
    (0x20, 'M'),
    (0x1_0000, 'd'),
    (0x2_0000, 'a'),
    (0x4_0000, 'A'),
    (0x20_0000, 'n'),
    (0x40_0000, 'e'),
    (0x100_0000, 'C'),
];
const UP: u32 = 0x1;
const REJECT: u32 = 0x200;

/// How the tables are shown.
#[derive(Clone, Copy, Default)]
pub struct View {
    /// Numbers only.
    pub numeric: bool,
    /// The columns for connections.
    pub other: bool,
    /// IPv6's table.
    pub v6: bool,
}

/// The applet.
pub fn route(args: Args) -> anyhow::Result<u8> {
    let mut words = Words::new(&args)?;
    let mut view = View::default();
    while let Some(option) = words.option() {
        match option.as_str() {
            "--help" => {
                print!("{USAGE}");
                return Ok(0);
            }
            "-A" => match words.value("-A")?.as_str() {
                "inet" => view.v6 = false,
                "inet6" => view.v6 = true,
                other => bail!("unknown family '{other}': inet or inet6 is wanted"),
            },
            letters => {
                for letter in letters.chars().skip(1) {
                    match letter {
                        'n' => view.numeric = true,
                        'e' => view.other = true,
                        _ => bail!("invalid option '{letters}'; see route --help"),
                    }
                }
            }
        }
    }
    match words.next().as_deref() {
        None => print!("{}", listing(view)?),
        Some("add") => {
            let message = RouteNetlinkMessage::NewRoute(described(words, view.v6, true)?);
            change(message, NLM_F_CREATE | NLM_F_EXCL, "SIOCADDRT")?;
        }
        Some("del" | "delete") => {
            let message = RouteNetlinkMessage::DelRoute(described(words, view.v6, false)?);
            change(message, 0, "SIOCDELRT")?;
        }
        Some(other) => bail!("unknown word '{other}'; see route --help"),
    }
    Ok(0)
}

/// Asks for a change; a refusal is told as by the calls that tools of this age make.
fn change(message: RouteNetlinkMessage, flags: u16, call: &str) -> anyhow::Result<()> {
    netlink::change(message, flags).map_err(|error| match netlink::reason(&error) {
        Some(reason) => Failure::new(1, format!("{call}: {}", Errno::desc(reason))).into(),
        None => error,
    })
}

/// The table as it is printed.
pub fn listing(view: View) -> anyhow::Result<String> {
    if view.v6 {
        let table = std::fs::read_to_string("/proc/net/ipv6_route");
        return Ok(v6_listing(&table.context("can't read /proc/net/ipv6_route")?));
    }
    let table = std::fs::read_to_string("/proc/net/route").context("can't read /proc/net/route")?;
    Ok(v4_listing(&table, view))
}

fn letters(flags: u32, known: usize) -> String {
    let first = if flags & REJECT != 0 { "!" } else { "U" };
    let shown = FLAGS[..known].iter().filter(|(flag, _)| flags & flag != 0);
    let first = if flags & (REJECT | UP) == 0 { "" } else { first };
    std::iter::once(first.to_owned()).chain(shown.map(|(_, letter)| letter.to_string())).collect()
}

fn v4_listing(table: &str, view: View) -> String {
    let columns = if view.other { "  MSS Window  irtt Iface" } else { "Metric Ref    Use Iface" };
    let mut text = format!(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags {columns}\n"
    );
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [device, target, gateway, flags, count, uses, metric, mask, mss, window, irtt] =
            words[..]
        else {
            continue;
        };
        // The kernel writes addresses as numbers of the machine's own byte order.
        let parsed = |text| u32::from_str_radix(text, 16).unwrap_or(0);
        let shown = |text| Ipv4Addr::from(parsed(text).to_ne_bytes());
        let flags = parsed(flags);
        if flags & (UP | REJECT) == 0 {
            continue;
        }
        let (target, gateway, mask) = (shown(target), shown(gateway), shown(mask));
        let word = |address: Ipv4Addr, word: &str| {
            if view.numeric || !address.is_unspecified() {
                address.to_string()
            } else {
                word.into()
            }
        };
        let target =
            if mask.is_unspecified() { word(target, "default") } else { target.to_string() };
        text.push_str(&format!("{target:<15} {:<15} {mask:<15} ", word(gateway, "*")));
        let flags = letters(flags, 5);
        text.push_str(&if view.other {
            format!("{flags:<6}{mss:>5} {window:<5} {irtt:>6} {device}\n")
        } else {
            format!("{flags:<6}{metric:<6} {count:<2} {uses:>7} {device}\n")
        });
    }
    text
}

fn v6_listing(table: &str) -> String {
    let mut text = format!(
        "Kernel IPv6 routing table\n{:<44}{:<40}Flags Metric Ref    Use Iface\n",
        "Destination", "Next Hop"
    );
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [target, bits, _, _, gateway, metric, count, uses, flags, device] = words[..] else {
            continue;
        };
        let parsed = |text| u32::from_str_radix(text, 16).unwrap_or(0);
        let shown = |text| Ipv6Addr::from(u128::from_str_radix(text, 16).unwrap_or(0));
        let target = format!("{}/{}", shown(target), parsed(bits));
        text.push_str(&format!(
            "{target:<43} {:<39} {:<5} {:<6} {:<2} {:>7} {device:<8}\n",
            shown(gateway).to_string(),
            letters(parsed(flags), FLAGS.len()),
            parsed(metric).cast_signed(),
            parsed(count),
            parsed(uses),
        ));
    }
    text
}

/// The route that words describe.
fn described(words: Words, v6: bool, added: bool) -> anyhow::Result<RouteMessage> {
    let mut words = words.peekable();
    // Whether the target is a net, if that is said.
    let mut net = None;
    while let Some(word) = words.next_if(|word| word == "-net" || word == "-host") {
        net = Some(word == "-net");
    }
    let target = words.next().context("no target is given: see route --help")?;
    let mut route = RouteMessage::default();
    let mut metric = false;
    let (mut gateway, mut kind, mut mask, mut metrics) =
        (None, RouteType::Unicast, None, Vec::new());
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("'{word}' wants a word after it"));
        match word.as_str() {
            "netmask" => mask = Some(value()?),
            "gw" | "gateway" => gateway = Some(prefix(&value()?)?.0),
            "metric" => {
                let number = number(&value()?)?;
                metric = true;
                // IPv4 knows a route without a metric, which old tools ask for with 0.
                if number != 0 {
                    route.attributes.push(RouteAttribute::Priority(number));
                }
            }
            "mss" => metrics.push(RouteMetric::Advmss(number(&value()?)?)),
            "window" => metrics.push(RouteMetric::Window(number(&value()?)?)),
            "irtt" => metrics.push(RouteMetric::Rtt(number(&value()?)?)),
            "reject" => kind = RouteType::Unreachable,
            "dev" | "device" => {
                route.attributes.push(RouteAttribute::Oif(link::index(&value()?)?));
            }
            device => route.attributes.push(RouteAttribute::Oif(link::index(device)?)),
        }
    }
    let (destination, bits) = if target == "default" {
        let all: IpAddr =
            if v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        (all, 0)
    } else {
        let (destination, bits) = prefix(&target)?;
        let given = target.contains('/');
        match (destination, mask) {
            (IpAddr::V4(_), Some(mask)) => {
                let parsed = mask.parse().ok().and_then(mask_bits);
                (destination, parsed.with_context(|| format!("'{mask}' is no netmask"))?)
            }
            // An address alone is a host's, but for the one of all nets.
            (IpAddr::V4(own), None) if !given && own.is_unspecified() => (destination, 0),
            (IpAddr::V4(own), None) if !given && net == Some(true) => {
                (destination, class_bits(own))
            }
            _ => (destination, bits),
        }
    };
    if destination.is_ipv6() != v6 {
        bail!("'{target}' is not an address of the family: see -A");
    }
    if let IpAddr::V4(own) = destination
        && u32::from(own) & !u32::from(mask_of(bits)) != 0
    {
        bail!("netmask and route address conflict");
    }
    if v6 && added && !metric {
        // What old tools take when none is given.
        route.attributes.push(RouteAttribute::Priority(1));
    }
    route.header.address_family = if v6 { AddressFamily::Inet6 } else { family_of(destination) };
    route.header.destination_prefix_length = bits;
    route.header.table = MAIN as u8;
    if bits > 0 {
        route.attributes.push(RouteAttribute::Destination(address(destination)));
    }
    if let Some(gateway) = gateway {
        route.attributes.push(RouteAttribute::Gateway(address(gateway)));
    }
    if !metrics.is_empty() {
        route.attributes.push(RouteAttribute::Metrics(metrics));
    }
    if added {
        route.header.protocol = RouteProtocol::Boot;
        route.header.kind = kind;
        let near = !v6 && gateway.is_none() && kind == RouteType::Unicast;
        route.header.scope = if near { RouteScope::Link } else { RouteScope::Universe };
    } else {
        let rejected = kind == RouteType::Unreachable;
        route.header.kind = if rejected { kind } else { RouteType::Unspec };
        route.header.scope = RouteScope::NoWhere;
    }
    Ok(route)
}

fn number(text: &str) -> anyhow::Result<u32> {
    text.parse().ok().with_context(|| format!("'{text}' is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_kernel_are_listed() {
        let table = format!(
            "Iface Destination\nlo\t{:08X}\t{:08X}\t0003\t0\t0\t5\t00000000\t0\t0\t0\n",
            0,
            u32::from_ne_bytes([10, 0, 0, 1])
        );
        let text = v4_listing(&table, View::default());
        let line = text.lines().nth(2);
        assert_eq!(
            line,
            Some("default         10.0.0.1        0.0.0.0         UG    5      0        0 lo")
        );
    }
}
