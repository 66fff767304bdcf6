// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first process of a machine that QEMU emulates for comparison: mounts what the benchmarks need,
//! brings the loopback device up, lets the console pass bytes as they are, says `ready` and becomes the
//! program that its arguments name.

use std::ffi::CStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

fn main() -> io::Result<()> {
    mount(c"proc", c"/proc", c"")?;
    mount(c"devtmpfs", c"/dev", c"")?;
    mount(c"tmpfs", c"/tmp", c"size=90%")?;
    loopback_up()?;
    raw_console()?;
    println!("ready");
    io::stdout().flush()?;
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        return Err(io::Error::other("usage: first PROGRAM ARG…"));
    };
    Err(Command::new(program).args(arguments).exec())
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn mount(kind: &CStr, folder: &CStr, options: &CStr) -> io::Result<()> {
    // SAFETY: all of them are strings that end in a NUL.
    done(unsafe {
        libc::mount(kind.as_ptr(), folder.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast())
    })
}

fn loopback_up() -> io::Result<()> {
    // SAFETY: no memory is involved; all-zero bytes are such a structure, and the kernel reads only it.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
        done(socket)?;
        let mut request: libc::ifreq = std::mem::zeroed();
        for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
            *place = libc::c_char::from_ne_bytes([*byte]);
        }
        request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
        done(libc::ioctl(socket, libc::SIOCSIFFLAGS as _, &raw const request))?;
        done(libc::close(socket))
    }
}

/// Neither echo nor other line ends: what drives the benchmarks is at the other end.
fn raw_console() -> io::Result<()> {
    // SAFETY: all-zero bytes are such a structure; the calls read and write only it.
    unsafe {
        let mut settings: libc::termios = std::mem::zeroed();
        done(libc::tcgetattr(0, &raw mut settings))?;
        libc::cfmakeraw(&raw mut settings);
        done(libc::tcsetattr(0, libc::TCSANOW, &raw const settings))
    }
}
