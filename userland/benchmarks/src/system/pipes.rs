// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pipes and sockets between two processes.

use super::{CHUNK_BYTES, Place, timed};
use crate::clock::monotonic_ns;
use std::io::{self, Read, Write, pipe};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

fn peer(place: &Place, role: &str, input: Stdio, output: Stdio) -> io::Result<Child> {
    Command::new(&place.program).args(["role", role]).stdin(input).stdout(output).spawn()
}

/// One byte there and back is one round.
fn ping_pong(rounds: u32, mut to: impl Write, mut from: impl Read) -> io::Result<u64> {
    let mut byte = [1];
    let mut round = || {
        to.write_all(&byte)?;
        from.read_exact(&mut byte)
    };
    // The other one is there from here on.
    round()?;
    timed(rounds, round)
}

/// Until the other one has swallowed all.
fn pour(
    rounds: u32,
    mut to: impl Write,
    end: impl FnOnce() -> io::Result<()>,
    mut from: impl Read,
) -> io::Result<u64> {
    let chunk = vec![7; CHUNK_BYTES];
    // The other one is there from here on.
    to.write_all(&chunk)?;
    let start = monotonic_ns();
    for _ in 0..rounds {
        to.write_all(&chunk)?;
    }
    drop(to);
    end()?;
    from.read_exact(&mut [0])?;
    Ok(monotonic_ns() - start)
}

/// Two pipes, one for each direction.
pub fn pipe_latency(place: &Place, rounds: u32) -> io::Result<u64> {
    let ((there, to), (from, back)) = (pipe()?, pipe()?);
    let mut child = peer(place, "echo", there.into(), back.into())?;
    let ns = ping_pong(rounds, to, from)?;
    child.wait()?;
    Ok(ns)
}

/// One pipe, as it comes.
pub fn pipe_throughput(place: &Place, rounds: u32) -> io::Result<u64> {
    let ((there, to), (from, back)) = (pipe()?, pipe()?);
    let mut child = peer(place, "sink", there.into(), back.into())?;
    let ns = pour(rounds, to, || Ok(()), from)?;
    child.wait()?;
    Ok(ns)
}

fn unix_pair(place: &Place, role: &str) -> io::Result<(UnixStream, Child)> {
    let (own, other) = UnixStream::pair()?;
    let output = other.try_clone()?;
    let child = peer(place, role, OwnedFd::from(other).into(), OwnedFd::from(output).into())?;
    Ok((own, child))
}

/// A pair of stream sockets.
pub fn unix_latency(place: &Place, rounds: u32) -> io::Result<u64> {
    let (own, mut child) = unix_pair(place, "echo")?;
    let ns = ping_pong(rounds, &own, &own)?;
    drop(own);
    child.wait()?;
    Ok(ns)
}

/// A pair of stream sockets.
pub fn unix_throughput(place: &Place, rounds: u32) -> io::Result<u64> {
    let (own, mut child) = unix_pair(place, "sink")?;
    let ns = pour(rounds, &own, || own.shutdown(Shutdown::Write), &own)?;
    child.wait()?;
    Ok(ns)
}

fn tcp_pair(place: &Place, role: &str) -> io::Result<(TcpStream, Child)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let own = TcpStream::connect(listener.local_addr()?)?;
    let (other, _) = listener.accept()?;
    own.set_nodelay(true)?;
    other.set_nodelay(true)?;
    let output = other.try_clone()?;
    let child = peer(place, role, OwnedFd::from(other).into(), OwnedFd::from(output).into())?;
    Ok((own, child))
}

/// A connection over the loopback interface.
pub fn tcp_latency(place: &Place, rounds: u32) -> io::Result<u64> {
    let (own, mut child) = tcp_pair(place, "echo")?;
    let ns = ping_pong(rounds, &own, &own)?;
    drop(own);
    child.wait()?;
    Ok(ns)
}

/// A connection over the loopback interface.
pub fn tcp_throughput(place: &Place, rounds: u32) -> io::Result<u64> {
    let (own, mut child) = tcp_pair(place, "sink")?;
    let ns = pour(rounds, &own, || own.shutdown(Shutdown::Write), &own)?;
    child.wait()?;
    Ok(ns)
}
