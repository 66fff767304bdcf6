// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `churn` does with threads of its own process.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use ochre_probes::random::Random;

use crate::{Checked, children, mix, os_error};

/// Stack of a thread in a crowd.
const STACK_BYTES: usize = 32 << 10;
const PAGE: usize = 4096;

static TOTAL: Mutex<u64> = Mutex::new(0);
/// One thread at a time is sent signals, for what they do is counted in these.
static TARGET: Mutex<()> = Mutex::new(());
static HANDLED: AtomicU32 = AtomicU32::new(0);
static HANDLED_BY: AtomicI32 = AtomicI32::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Checked {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}")) }
}

fn thread_id() -> i32 {
    // SAFETY: touches no memory.
    unsafe { libc::gettid() }
}

extern "C" fn note_thread(_signal: i32) {
    HANDLED_BY.store(thread_id(), Ordering::SeqCst);
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// Sets the handlers of this process.
pub fn prepare() -> Checked {
    children::install(libc::SIGUSR1, note_thread);
    Ok(())
}

/// Threads add up, with a lock and without.
pub fn sum(random: &mut Random) -> Checked {
    let (threads, rounds) = (1 + random.below(8), random.below(2000));
    let counter = Arc::new(AtomicU32::new(0));
    let locked = Arc::new(Mutex::new(0));
    let handles: Vec<_> = (0..threads)
        .map(|_| {
            let (counter, locked) = (Arc::clone(&counter), Arc::clone(&locked));
            thread::spawn(move || {
                for _ in 0..rounds {
                    counter.fetch_add(1, Ordering::Relaxed);
                    *lock(&locked) += 1;
                }
                *lock(&TOTAL) += u64::from(rounds);
                mix(rounds)
            })
        })
        .collect();
    for handle in handles {
        equal("a thread's result", handle.join().map_err(|_| "a panic")?, mix(rounds))?;
    }
    equal("without a lock", counter.load(Ordering::SeqCst), threads * rounds)?;
    let locked = *lock(&locked);
    equal("with a lock", locked, threads * rounds)
}

/// A channel with little room brings all, in order.
pub fn channel(random: &mut Random) -> Checked {
    let (count, room) = (random.below(500), random.below(3) as usize);
    let (sender, receiver) = mpsc::sync_channel(room);
    let sending = thread::spawn(move || (0..count).try_for_each(|number| sender.send(number)));
    let received: Vec<u32> = receiver.iter().collect();
    drop(sending.join());
    equal("received", received, (0..count).collect())
}

/// A pipe brings all bytes, in order, whatever the pieces are.
pub fn pipe(random: &mut Random) -> Checked {
    let (mut reader, mut writer) = std::io::pipe().map_err(|error| error.to_string())?;
    let len = random.below(200_000) as usize;
    let mut pieces = random.clone();
    let writing = thread::spawn(move || {
        let bytes: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let piece = rest.len().min(1 + pieces.below(9000) as usize);
            writer.write_all(&rest[..piece])?;
            rest = &rest[piece..];
        }
        std::io::Result::Ok(())
    });
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    writing.join().map_err(|_| "a panic")?.map_err(|error| error.to_string())?;
    equal("bytes", bytes.len(), len)?;
    let wrong = bytes.iter().enumerate().find(|(at, byte)| **byte != (at * 7) as u8);
    equal("the first wrong byte", wrong, None)
}

/// A signal for one thread is handled by that thread, be it at work or asleep.
pub fn directed_signals(random: &mut Random) -> Checked {
    let _alone = lock(&TARGET);
    let (busy, count) = (random.once_in(2), 1 + random.below(10));
    let end = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let ending = Arc::clone(&end);
    let target = thread::spawn(move || {
        let _ = sender.send(thread_id());
        while !ending.load(Ordering::SeqCst) {
            if !busy {
                thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    });
    let id = receiver.recv().map_err(|error| error.to_string())?;
    let before = HANDLED.load(Ordering::SeqCst);
    for number in 1..=count {
        // SAFETY: touches no memory of ours; the thread is there until it is told to end.
        let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, libc::SIGUSR1) };
        if sent != 0 {
            return Err(os_error("tgkill"));
        }
        // Handled before the next is sent: equal signals do not queue.
        while HANDLED.load(Ordering::SeqCst) != before + number {
            thread::yield_now();
        }
        equal("handled by", HANDLED_BY.load(Ordering::SeqCst), id)?;
    }
    end.store(true, Ordering::SeqCst);
    target.join().map_err(|_| "a panic".to_owned())
}

/// Fresh memory is zero and keeps what is written, also after a part of it is gone.
pub fn memory(random: &mut Random) -> Checked {
    let pages = 2 + random.below(60) as usize;
    // SAFETY: a new private mapping.
    let base = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            pages * PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if base == libc::MAP_FAILED {
        return Err(os_error("mmap"));
    }
    // SAFETY: the mapping that was just made, used by nobody else.
    let bytes = unsafe { std::slice::from_raw_parts_mut(base.cast::<u8>(), pages * PAGE) };
    let dirty = bytes.iter().position(|byte| *byte != 0);
    let mark = random.bits() as u8;
    bytes.fill(mark);
    let kept = 1 + random.below(pages as u32 - 1) as usize;
    // SAFETY: the rear of the mapping, which is not used any more.
    unsafe { libc::munmap(base.wrapping_byte_add(kept * PAGE), (pages - kept) * PAGE) };
    thread::yield_now();
    let changed = bytes[..kept * PAGE].iter().position(|byte| *byte != mark);
    // SAFETY: the front of the mapping, which is not used any more.
    unsafe { libc::munmap(base, kept * PAGE) };
    equal("the first byte that is not zero", dirty, None)?;
    equal("the first byte that has changed", changed, None)
}

/// A thread that is bound to a CPU runs there when the call returns, and stays.
pub fn affinity(random: &mut Random) -> Checked {
    let cpus = thread::available_parallelism().map_or(1, usize::from) as u32;
    let wanted: Vec<i32> = (0..4).map(|_| random.below(cpus).cast_signed()).collect();
    let moving = thread::spawn(move || {
        for cpu in wanted {
            // SAFETY: all zeroes is a valid set, which lives until the call returns.
            let result = unsafe {
                let mut set: libc::cpu_set_t = std::mem::zeroed();
                libc::CPU_SET(cpu as usize, &mut set);
                libc::sched_setaffinity(0, size_of_val(&set), &raw const set)
            };
            if result != 0 {
                return Err(os_error("sched_setaffinity"));
            }
            for _ in 0..3 {
                // SAFETY: touches no memory of ours.
                equal("on CPU", unsafe { libc::sched_getcpu() }, cpu)?;
                thread::yield_now();
            }
        }
        Ok(())
    });
    moving.join().map_err(|_| "a panic")?
}

/// So many threads, all alive at the same time.
pub fn crowd(count: u32) -> Checked {
    let barrier = Arc::new(Barrier::new(count as usize + 1));
    let alive = Arc::new(AtomicU32::new(0));
    let mut handles = Vec::new();
    for number in 0..count {
        let (barrier, alive) = (Arc::clone(&barrier), Arc::clone(&alive));
        let body = move || {
            alive.fetch_add(1, Ordering::SeqCst);
            barrier.wait();
            barrier.wait();
            mix(number)
        };
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(body);
        handles.push(thread.map_err(|error| format!("thread {number}: {error}"))?);
    }
    barrier.wait();
    equal("alive", alive.load(Ordering::SeqCst), count)?;
    let listed = std::fs::read_dir("/proc/self/task").map_err(|error| error.to_string())?.count();
    if listed <= count as usize {
        return Err(format!("/proc/self/task lists {listed} of more than {count}"));
    }
    barrier.wait();
    for (number, handle) in (0..).zip(handles) {
        equal("a result", handle.join().map_err(|_| "a panic")?, mix(number))?;
    }
    Ok(())
}
