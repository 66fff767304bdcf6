// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounded byte queues between vCPU threads, which never wait, and device threads, which do.
#![forbid(unsafe_code)]

use crate::memory::region::Bytes;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that a queue holds.
const CAPACITY: usize = 256 << 10;
/// Bytes moved at a time by a device thread.
const CHUNK: usize = 64 << 10;

/// What a guest's read gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing now.
    Empty,
    /// Nothing any more.
    End,
}

/// What a guest's write gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// So many bytes were taken, at least one.
    Bytes(usize),
    /// No room now.
    Full,
    /// Nobody reads any more.
    Closed,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Input {
    bytes: VecDeque<u8>,
    ended: bool,
}

/// Host to guest.
#[derive(Default)]
pub struct InputQueue {
    state: Mutex<Input>,
    room: Condvar,
}

impl InputQueue {
    /// Moves bytes to the guest.
    pub fn take(&self, target: Bytes<'_>) -> Taken {
        let mut input = lock(&self.state);
        if input.bytes.is_empty() {
            return if input.ended { Taken::End } else { Taken::Empty };
        }
        let count = target.len().min(input.bytes.len());
        let (front, back) = input.bytes.as_slices();
        let from_front = count.min(front.len());
        target.write(&front[..from_front]);
        target.skip(from_front).write(&back[..count - from_front]);
        input.bytes.drain(..count);
        drop(input);
        self.room.notify_all();
        Taken::Bytes(count)
    }

    /// Would [`InputQueue::take`] give something other than `Empty`?
    pub fn is_ready(&self) -> bool {
        let input = lock(&self.state);
        input.ended || !input.bytes.is_empty()
    }

    /// Appends bytes, waiting for room.
    pub fn push(&self, mut bytes: &[u8]) {
        let mut input = lock(&self.state);
        while !bytes.is_empty() {
            let room = CAPACITY.saturating_sub(input.bytes.len());
            if room == 0 {
                input = wait(&self.room, input);
                continue;
            }
            let count = room.min(bytes.len());
            input.bytes.extend(&bytes[..count]);
            bytes = &bytes[count..];
        }
    }

    /// There will be no more.
    pub fn end(&self) {
        lock(&self.state).ended = true;
    }

    /// Reads `source` to its end; `on_ready` is called after each piece and at the end.
    pub fn fill_from(&self, mut source: impl Read, on_ready: impl Fn()) {
        let mut buffer = vec![0; CHUNK];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    self.push(&buffer[..count]);
                    on_ready();
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.end();
        on_ready();
    }
}

#[derive(Default)]
struct Output {
    bytes: VecDeque<u8>,
    /// The guest saw a full queue and waits to be told of room.
    room_wanted: bool,
    closed: bool,
    ending: bool,
    /// The writer is at work on bytes that it has taken out.
    writing: bool,
}

/// Guest to host.
#[derive(Default)]
pub struct OutputQueue {
    state: Mutex<Output>,
    data: Condvar,
    drained: Condvar,
}

impl OutputQueue {
    /// Takes bytes from the guest, as many as there is room for.
    pub fn offer(&self, source: Bytes<'_>) -> Offered {
        let mut output = lock(&self.state);
        if output.closed {
            return Offered::Closed;
        }
        let room = CAPACITY.saturating_sub(output.bytes.len());
        if room == 0 && !source.is_empty() {
            output.room_wanted = true;
            return Offered::Full;
        }
        let count = room.min(source.len());
        let mut chunk = [0; 1024];
        let mut rest = source.first(count);
        while !rest.is_empty() {
            let piece = chunk.len().min(rest.len());
            rest.read(&mut chunk[..piece]);
            output.bytes.extend(&chunk[..piece]);
            rest = rest.skip(piece);
        }
        output.room_wanted |= count < source.len();
        drop(output);
        self.data.notify_one();
        Offered::Bytes(count)
    }

    /// Would [`OutputQueue::offer`] give something other than `Full`?
    pub fn is_ready(&self) -> bool {
        let mut output = lock(&self.state);
        let ready = output.closed || output.bytes.len() < CAPACITY;
        output.room_wanted |= !ready;
        ready
    }

    /// Takes bytes of the runner's own, room or not.
    pub fn force(&self, bytes: &[u8]) {
        let mut output = lock(&self.state);
        if !output.closed {
            output.bytes.extend(bytes);
        }
        drop(output);
        self.data.notify_one();
    }

    /// Writes all that comes to `sink`, until [`OutputQueue::finish`]; `on_room` is called when a
    /// guest that saw a full queue may go on.
    pub fn drain_to(&self, mut sink: impl Write, on_room: impl Fn()) {
        let mut piece = Vec::new();
        loop {
            let mut output = lock(&self.state);
            output.writing = false;
            while output.bytes.is_empty() {
                self.drained.notify_all();
                if output.ending {
                    return;
                }
                output = wait(&self.data, output);
            }
            let count = output.bytes.len().min(CHUNK);
            piece.clear();
            piece.extend(output.bytes.drain(..count));
            output.writing = true;
            let tell = output.room_wanted && output.bytes.len() <= CAPACITY / 2;
            output.room_wanted &= !tell;
            drop(output);
            if sink.write_all(&piece).and_then(|()| sink.flush()).is_err() {
                let mut output = lock(&self.state);
                output.closed = true;
                output.bytes.clear();
                drop(output);
                on_room();
            } else if tell {
                on_room();
            }
        }
    }

    /// Waits until all is written and lets the writer end.
    pub fn finish(&self) {
        let mut output = lock(&self.state);
        output.ending = true;
        self.data.notify_all();
        while output.writing || !(output.bytes.is_empty() || output.closed) {
            output = wait(&self.drained, output);
        }
    }
}
