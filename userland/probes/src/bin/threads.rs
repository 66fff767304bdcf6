// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads of one process: shared and thread-local data, mutex, condition variable, barrier, channel.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use ochre_probes::say;

const THREADS: u32 = 8;
const ROUNDS: u32 = 10_000;

thread_local!(static OWN: Cell<u32> = const { Cell::new(7) });
static SHARED: AtomicU32 = AtomicU32::new(0);

fn main() {
    let counter = Arc::new(Mutex::new(0u32));
    let handles: Vec<_> = (0..THREADS)
        .map(|index| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    *counter.lock().expect("no thread panics") += 1;
                    SHARED.fetch_add(1, Ordering::Relaxed);
                }
                OWN.set(OWN.get() + index);
                OWN.get()
            })
        })
        .collect();
    let own: Vec<u32> =
        handles.into_iter().map(|handle| handle.join().expect("no thread panics")).collect();
    say(format_args!("mutex: {}", counter.lock().expect("no thread panics")));
    say(format_args!("atomic: {}", SHARED.load(Ordering::Relaxed)));
    say(format_args!("thread-local: {own:?}, main {}", OWN.get()));

    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let waker = Arc::clone(&pair);
    let handle = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        *waker.0.lock().expect("no thread panics") = true;
        waker.1.notify_one();
    });
    let mut ready = pair.0.lock().expect("no thread panics");
    while !*ready {
        ready = pair.1.wait(ready).expect("no thread panics");
    }
    drop(ready);
    say("condition variable: woken");
    handle.join().expect("no thread panics");
    let ready = pair.0.lock().expect("no thread panics");
    let timeout = Duration::from_millis(10);
    let (_ready, result) = pair.1.wait_timeout(ready, timeout).expect("no thread panics");
    say(format_args!("condition variable: timed out {}", result.timed_out()));

    let barrier = Arc::new(Barrier::new(4));
    let handles: Vec<_> = (0..4)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || barrier.wait().is_leader())
        })
        .collect();
    let leaders = handles
        .into_iter()
        .filter_map(|handle| handle.join().ok())
        .filter(|leader| *leader)
        .count();
    say(format_args!("barrier: leaders {leaders}"));

    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || (0..1000u32).try_for_each(|number| sender.send(number)));
    say(format_args!("channel: sum {}", receiver.iter().sum::<u32>()));
}
