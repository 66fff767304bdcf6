// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions to the kernel's routing tables and their answers, over one netlink socket each.

use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::Context;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

/// What the kernel answers to a question or change that it refuses.
#[derive(Debug)]
pub struct Refusal(Errno);

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = std::io::Error::from_raw_os_error(self.0 as i32);
        write!(formatter, "RTNETLINK answers: {}", ochre_applet::reason(&error))
    }
}

impl std::error::Error for Refusal {}

/// Why the kernel refused, if that is what an error is.
pub fn reason(error: &anyhow::Error) -> Option<Errno> {
    error.downcast_ref::<Refusal>().map(|refusal| refusal.0)
}

/// Asks for a whole table.
pub fn dump(message: RouteNetlinkMessage) -> anyhow::Result<Vec<RouteNetlinkMessage>> {
    let socket = send(message, NLM_F_DUMP)?;
    let mut all = Vec::new();
    while receive(&socket, &mut all)? {}
    Ok(all)
}

/// Asks for a change and waits until it is done; `flags` say whether it may be there already.
pub fn change(message: RouteNetlinkMessage, flags: u16) -> anyhow::Result<()> {
    let socket = send(message, NLM_F_ACK | flags)?;
    while receive(&socket, &mut Vec::new())? {}
    Ok(())
}

/// Asks for one entry.
pub fn one(message: RouteNetlinkMessage) -> anyhow::Result<Vec<RouteNetlinkMessage>> {
    let socket = send(message, NLM_F_ACK)?;
    let mut all = Vec::new();
    while receive(&socket, &mut all)? {}
    Ok(all)
}

fn send(message: RouteNetlinkMessage, flags: u16) -> anyhow::Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .context("can't open a netlink socket")?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flags;
    let mut packet = NetlinkMessage::new(header, NetlinkPayload::from(message));
    packet.finalize();
    let mut bytes = vec![0; packet.buffer_len()];
    packet.serialize(&mut bytes);
    sendto(socket.as_raw_fd(), &bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty())
        .context("can't ask the kernel")?;
    Ok(socket)
}

/// Takes one packet of answers; tells whether more will come.
fn receive(socket: &OwnedFd, all: &mut Vec<RouteNetlinkMessage>) -> anyhow::Result<bool> {
    let mut buffer = vec![0; 1 << 16];
    let count = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
    let mut rest = &buffer[..count];
    while !rest.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
            .context("an answer of the kernel makes no sense")?;
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(false),
            NetlinkPayload::Error(error) if error.code.is_none() => return Ok(false),
            NetlinkPayload::Error(error) => {
                return Err(Refusal(Errno::from_raw(error.raw_code().saturating_neg())).into());
            }
            NetlinkPayload::InnerMessage(message) => all.push(message),
            _ => {}
        }
        // Messages begin at multiples of four.
        let length = (message.header.length as usize).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(true)
}
