// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads: handing over, switching, coming and going.

use super::{Place, timed};
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Enough for what the threads do.
const STACK_BYTES: usize = 64 << 10;

fn spawn<'scope, 'env>(
    scope: &'scope thread::Scope<'scope, 'env>,
    body: impl FnOnce() -> io::Result<()> + Send + 'scope,
) -> io::Result<thread::ScopedJoinHandle<'scope, io::Result<()>>> {
    thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, body)
}

fn join(handle: thread::ScopedJoinHandle<'_, io::Result<()>>) -> io::Result<()> {
    handle.join().map_err(|_| io::Error::other("a thread has panicked"))?
}

fn futex(word: &AtomicU32, operation: libc::c_int, value: u32) {
    let none = std::ptr::null::<libc::timespec>();
    // SAFETY: the word lives as long as the call; waking up early or not at all is looked after.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, none, 0, 0) };
}

fn wait_for(word: &AtomicU32, value: u32) {
    loop {
        let now = word.load(Ordering::Acquire);
        if now == value {
            return;
        }
        futex(word, libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, now);
    }
}

fn pass(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    futex(word, libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
}

/// To another thread and back is one round.
pub fn futex_pair(_: &Place, rounds: u32) -> io::Result<u64> {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        let other = spawn(scope, || {
            for _ in 0..rounds {
                wait_for(&word, 1);
                pass(&word, 0);
            }
            Ok(())
        })?;
        let ns = timed(rounds, || {
            pass(&word, 1);
            wait_for(&word, 0);
            Ok(())
        })?;
        join(other)?;
        Ok(ns)
    })
}

/// A token goes through pipes from thread to thread; one round is one pass.
fn ring(count: u32, rounds: u32) -> io::Result<u64> {
    let turns = rounds.div_ceil(count);
    let ends: Vec<_> = (0..count).map(|_| pipe()).collect::<io::Result<_>>()?;
    let (mut readers, mut writers): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    // The thread at place n reads from pipe n and writes to the next one.
    writers.rotate_left(1);
    let pass_on = |mut reader: PipeReader, mut writer: PipeWriter| {
        let mut token = [0];
        for _ in 0..=turns {
            reader.read_exact(&mut token)?;
            writer.write_all(&token)?;
        }
        Ok(())
    };
    let (Some(mut first), Some(mut second)) = (readers.pop(), writers.pop()) else {
        return Err(io::Error::other("a ring of none"));
    };
    thread::scope(|scope| {
        let others: Vec<_> = readers
            .drain(..)
            .zip(writers.drain(..))
            .map(|(reader, writer)| spawn(scope, move || pass_on(reader, writer)))
            .collect::<io::Result<_>>()?;
        let mut token = [1];
        let mut turn = || {
            second.write_all(&token)?;
            first.read_exact(&mut token)
        };
        // Once around, so that all threads are there.
        turn()?;
        let ns = timed(turns, turn)?;
        others.into_iter().try_for_each(join)?;
        Ok((ns as f64 * f64::from(rounds) / f64::from(turns * count)) as u64)
    })
}

/// Two threads take turns.
pub fn ring_of_2(_: &Place, rounds: u32) -> io::Result<u64> {
    ring(2, rounds)
}

/// Sixteen threads in a ring.
pub fn ring_of_16(_: &Place, rounds: u32) -> io::Result<u64> {
    ring(16, rounds)
}

/// Five hundred threads in a ring.
pub fn ring_of_500(_: &Place, rounds: u32) -> io::Result<u64> {
    ring(500, rounds)
}

/// A thread that does nothing.
pub fn create_join(_: &Place, rounds: u32) -> io::Result<u64> {
    timed(rounds, || thread::scope(|scope| join(spawn(scope, || Ok(()))?)))
}
