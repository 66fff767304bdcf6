// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ip`: devices, addresses, routes and neighbours, shown and changed.
//!
//! Words and listings are those of BusyBox's `ip`, which are iproute2's without groups. Talks to the
//! kernel through one netlink socket.

#![forbid(unsafe_code)]

mod address;
mod arp;
mod ifconfig;
mod ipcalc;
mod link;
mod neighbour;
mod netlink;
mod netstat;
mod old_route;
mod route;
mod words;

use anyhow::bail;
use netlink_packet_route::AddressFamily;
use ochre_applet::{Args, Failure};

use words::Words;

pub use arp::{arp, nameif};
pub use ifconfig::ifconfig;
pub use ipcalc::ipcalc;
pub use netstat::netstat;
pub use old_route::route;

const USAGE: &str = "\
Usage: ip [-4|-6|-f inet|inet6] [-o] addr|link|route|neigh ARGUMENTS

Show or change the devices, addresses and routes of the network.

  -4, -6, -f FAMILY  IPv4 or IPv6 only
  -o                 One line for each entry

ip addr [show] [dev DEVICE]
ip addr add|replace|del ADDRESS/BITS [broadcast ADDRESS|+] [scope host|link|global] [label NAME] \
dev DEVICE
ip addr flush dev DEVICE
ip link [show] [dev DEVICE]
ip link set [dev] DEVICE [up|down] [mtu N] [name NAME] [txqueuelen N] [address MAC] \
[arp|multicast|allmulticast|promisc on|off]
ip route [show] [table NAME] [dev DEVICE]
ip route add|append|change|replace|del [unreachable|blackhole|prohibit] PREFIX|default \
[via GATEWAY] [dev DEVICE] [metric N] [src ADDRESS] [table N]
ip route get ADDRESS
ip route flush [table NAME] [dev DEVICE]
ip neigh [show] [dev DEVICE]
ip neigh add|replace|del ADDRESS [lladdr MAC] dev DEVICE

A verb or object may be shortened to its first letters. The status is 1 for wrong words, 2 when the
kernel refuses.
";

/// What is listed, and how.
#[derive(Clone, Copy)]
struct View {
    /// One family, or all of them.
    family: AddressFamily,
    /// Whether each entry takes one line, with `\\` where others begin.
    one_line: bool,
}

impl View {
    /// The lines of an entry as they are printed.
    fn fold(self, lines: &str) -> String {
        if self.one_line {
            format!("{}\n", lines.trim_end_matches('\n').replace('\n', "\\"))
        } else {
            lines.to_owned()
        }
    }
}

/// The applet `ip`: status 2 when the kernel refuses.
pub fn ip(args: Args) -> anyhow::Result<u8> {
    run(args).map_err(|error| match error.downcast_ref::<netlink::Refusal>() {
        Some(refusal) => Failure::new(2, refusal.to_string()).into(),
        None => error,
    })
}

fn run(args: Args) -> anyhow::Result<u8> {
    let mut words = Words::new(&args)?;
    let mut view = View { family: AddressFamily::Unspec, one_line: false };
    while let Some(option) = words.option() {
        match option.as_str() {
            "-4" => view.family = AddressFamily::Inet,
            "-6" => view.family = AddressFamily::Inet6,
            "-o" | "-oneline" => view.one_line = true,
            "-f" | "-family" => match words.value("-f")?.as_str() {
                "inet" => view.family = AddressFamily::Inet,
                "inet6" => view.family = AddressFamily::Inet6,
                other => bail!("unknown family '{other}': inet or inet6 is wanted"),
            },
            "-h" | "--help" => {
                print!("{USAGE}");
                return Ok(0);
            }
            other => bail!("invalid option '{other}'; see ip --help"),
        }
    }
    let Some(object) = words.next() else {
        eprint!("{USAGE}");
        return Err(Failure::silent(1).into());
    };
    match words::choose(&object, &["address", "link", "route", "neighbour", "neighbor", "help"])? {
        0 => address::run(words, view),
        1 => link::run(words, view),
        2 => route::run(words, view.family),
        5 => {
            print!("{USAGE}");
            Ok(0)
        }
        _ => neighbour::run(words, view.family),
    }
}

/// `ip OBJECT` by one name.
fn object(mut args: Args, name: &str) -> anyhow::Result<u8> {
    args.insert(1.min(args.len()), name.into());
    ip(args)
}

/// The applet: `ip addr`.
pub fn ipaddr(args: Args) -> anyhow::Result<u8> {
    object(args, "addr")
}

/// The applet: `ip link`.
pub fn iplink(args: Args) -> anyhow::Result<u8> {
    object(args, "link")
}

/// The applet: `ip neigh`.
pub fn ipneigh(args: Args) -> anyhow::Result<u8> {
    object(args, "neigh")
}

/// The applet: `ip route`.
pub fn iproute(args: Args) -> anyhow::Result<u8> {
    object(args, "route")
}
