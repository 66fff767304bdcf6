// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the processes do that `churn` starts: `churn child KIND [NUMBER]`.
//!
//! Those that are to be met by a signal write one byte to standard output when they are ready for it.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::mix;

/// Exit status at the end of a chain of execs.
pub const CHAIN_END: u8 = 9;
/// Exit status of one that leaves its threads behind.
pub const LEFT_THREADS: u8 = 5;
/// Exit status of one that could not do what it was asked to.
const FAILED: u8 = 99;
/// Program that a child runs.
pub const PROGRAM: &str = "/proc/self/exe";

static COUNT: AtomicU32 = AtomicU32::new(0);
static DONE: AtomicBool = AtomicBool::new(false);

extern "C" fn count(_signal: i32) {
    COUNT.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn done(_signal: i32) {
    DONE.store(true, Ordering::SeqCst);
}

/// The signal that [`run`]'s `count` counts.
pub fn counted_signal() -> i32 {
    libc::SIGRTMIN() + 3
}

/// What is left of a result in an exit status.
pub fn status_of(value: u32) -> u8 {
    (value & 0x3f) as u8
}

/// Sets a handler.
pub fn install(signal: i32, handler: extern "C" fn(i32)) {
    // SAFETY: all zeroes is a valid sigaction; the handlers here store to atomics only.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// Runs a child.
pub fn run(arguments: &[String]) -> ExitCode {
    let number = arguments.get(1).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    match arguments.first().map(String::as_str) {
        Some("compute") => ExitCode::from(status_of(mix(number))),
        Some("spin") => {
            ready();
            spin()
        }
        Some("sleep") => {
            ready();
            loop {
                // SAFETY: waits for a signal and touches no memory.
                unsafe { libc::pause() };
            }
        }
        Some("count") => {
            install(counted_signal(), count);
            install(libc::SIGTERM, done);
            ready();
            while !DONE.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
            ExitCode::from(status_of(COUNT.load(Ordering::SeqCst)))
        }
        Some("chain") if number == 0 => ExitCode::from(CHAIN_END),
        Some("chain") if number.is_multiple_of(2) => next_of_chain(number),
        // Every other time, not by the first thread.
        Some("chain") => {
            std::thread::spawn(move || next_of_chain(number)).join().unwrap_or(FAILED.into())
        }
        Some("threads") => {
            for index in 0..number {
                std::thread::spawn(move || if index % 2 == 0 { spin() } else { doze() });
            }
            ready();
            if arguments.get(2).is_some() {
                spin();
            }
            ExitCode::from(LEFT_THREADS)
        }
        _ => ExitCode::from(FAILED),
    }
}

fn next_of_chain(number: u32) -> ExitCode {
    let error = Command::new(PROGRAM).args(["child", "chain", &(number - 1).to_string()]).exec();
    eprintln!("exec: {error}");
    ExitCode::from(FAILED)
}

fn ready() {
    let mut out = std::io::stdout();
    let _ = out.write_all(b"r");
    let _ = out.flush();
}

fn spin() -> ! {
    loop {
        std::hint::black_box(mix(1000));
    }
}

fn doze() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1000));
    }
}
