// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads as Rust's standard library has them: scopes, parking, channels, locks, names, thread-local
//! destructors.

use ochre_probes::say;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, TrySendError, channel, sync_channel};
use std::sync::{Arc, LazyLock, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

static DROPPED: AtomicU32 = AtomicU32::new(0);
static LAZY: LazyLock<u32> = LazyLock::new(|| 6 * 7);

struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

thread_local!(static KEPT: RefCell<Vec<Counted>> = const { RefCell::new(Vec::new()) });

fn scopes() {
    let mut numbers: Vec<u64> = (0..10_000).collect();
    let total = AtomicUsize::new(0);
    thread::scope(|scope| {
        for part in numbers.chunks_mut(1000) {
            scope.spawn(|| {
                for number in &mut *part {
                    *number *= 2;
                }
                total.fetch_add(part.len(), Ordering::Relaxed);
            });
        }
    });
    say(format_args!("scope: {} of {}", numbers.iter().sum::<u64>(), total.into_inner()));
    let nested = thread::scope(|outer| {
        let handle = outer.spawn(|| thread::scope(|inner| inner.spawn(|| 5).join().unwrap_or(0)));
        handle.join().unwrap_or(0)
    });
    say(format_args!("nested: {nested}"));
}

fn parking() {
    let ready = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ready);
    let parked = thread::spawn(move || {
        while !seen.load(Ordering::Acquire) {
            thread::park();
        }
        "unparked"
    });
    thread::sleep(Duration::from_millis(20));
    ready.store(true, Ordering::Release);
    parked.thread().unpark();
    say(parked.join().unwrap_or("lost"));
    // A token given before is taken at once; without one the time passes.
    thread::current().unpark();
    let start = Instant::now();
    thread::park_timeout(Duration::from_secs(5));
    say(format_args!("with a token: at once {}", start.elapsed() < Duration::from_secs(4)));
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(30) {
        thread::park_timeout(Duration::from_millis(30));
    }
    say("without one: in time");
}

fn channels() {
    let (sender, receiver) = channel();
    for index in 0..10u64 {
        let sender = sender.clone();
        thread::spawn(move || (0..100).try_for_each(|n| sender.send(index * 100 + n)));
    }
    drop(sender);
    let mut all: Vec<u64> = receiver.iter().collect();
    all.sort_unstable();
    say(format_args!("channel: {}, in order {}", all.len(), all.iter().copied().eq(0..1000)));

    let (sender, receiver) = sync_channel(2);
    say(format_args!("bounded: {:?} {:?}", sender.try_send(1), sender.try_send(2)));
    say(format_args!("full: {}", matches!(sender.try_send(3), Err(TrySendError::Full(3)))));
    let blocked = thread::spawn(move || sender.send(4));
    let got: Vec<u32> = (0..3).filter_map(|_| receiver.recv().ok()).collect();
    say(format_args!("received {got:?}, sent {:?}", blocked.join().is_ok()));
    let timeout = receiver.recv_timeout(Duration::from_millis(10));
    say(format_args!("closed: {}", timeout == Err(RecvTimeoutError::Disconnected)));
}

fn locks() {
    static ONCE: Once = Once::new();
    static CELL: OnceLock<u32> = OnceLock::new();
    let runs = AtomicU32::new(0);
    let lock = RwLock::new(0u32);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                ONCE.call_once(|| {
                    runs.fetch_add(1, Ordering::SeqCst);
                });
                CELL.get_or_init(|| runs.fetch_add(1, Ordering::SeqCst));
                for _ in 0..500 {
                    *lock.write().expect("no thread panics") += 1;
                    let _ = *lock.read().expect("no thread panics");
                }
            });
        }
    });
    say(format_args!("once: {}, written {:?}", runs.into_inner(), lock.into_inner()));
    say(format_args!("lazy: {}", *LAZY));
}

fn life() {
    let handles: Vec<_> = (0..5)
        .map(|_| thread::spawn(|| KEPT.with_borrow_mut(|kept| kept.extend([Counted, Counted]))))
        .collect();
    handles.into_iter().for_each(|handle| drop(handle.join()));
    say(format_args!("thread-local values dropped: {}", DROPPED.load(Ordering::SeqCst)));

    let named = thread::Builder::new().name("a name".into()).stack_size(512 * 1024);
    let handle = named.spawn(|| {
        // More than the default of some, less than what was asked for.
        let mut large = std::hint::black_box([1u8; 300 * 1024]);
        large[100] = 2;
        let path = format!("/proc/thread-self/{}", "comm");
        let comm = std::fs::read_to_string(path).unwrap_or_default();
        let sum: usize = large.iter().map(|byte| usize::from(*byte)).sum();
        (thread::current().name().map(str::to_owned), comm, sum)
    });
    say(format_args!("{:?}", handle.ok().and_then(|handle| handle.join().ok())));
    let parallel = thread::available_parallelism().map_or(0, usize::from);
    say(format_args!("processors: {}", parallel >= 1));
    let many: u32 = (0..40)
        .flat_map(|_| (0..50).map(|_| thread::spawn(|| 1)).collect::<Vec<_>>())
        .map(|handle| handle.join().unwrap_or(0))
        .sum();
    say(format_args!("threads in turn: {many}"));
}

fn main() {
    scopes();
    parking();
    channels();
    locks();
    life();
}
