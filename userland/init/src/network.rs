// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loopback interface. Raising it is all there is to do: the kernel gives it 127.0.0.1 by itself.

use nix::errno::Errno;

use crate::{report, sys};

/// Brings `lo` up.
pub fn bring_up_loopback() {
    match sys::datagram_socket().and_then(|socket| sys::raise_interface(&socket, "lo")) {
        // A kernel without networking.
        Ok(()) | Err(Errno::EAFNOSUPPORT | Errno::ENODEV | Errno::ENOSYS) => {}
        Err(errno) => report("cannot bring up lo", errno),
    }
}
