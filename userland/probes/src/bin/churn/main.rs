// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads and processes made, signalled, stopped, continued and killed at random, and every result
//! checked: `churn SECONDS SEED [CROWD]`.
//!
//! A few workers do one thing after the other, each from its own seed, beside one endless loop per CPU.
//! In between, a crowd of so many tasks is alive at once. What is done and checked stands in [`threads`]
//! and [`processes`]; the processes are this program, too, as [`children`] has it.
//!
//! The transcript is one line, `all right`; figures and seeds go to standard error. The first thing that
//! is wrong ends the program with status 1.

mod children;
mod processes;
mod threads;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ochre_probes::random::Random;
use ochre_probes::say;

/// Workers; each keeps one or a few tasks of its own busy.
const WORKERS: u64 = 6;

/// What went wrong, in words.
type Checked = Result<(), String>;
/// One thing to do.
type Action = fn(&mut Random) -> Checked;

const ACTIONS: &[(&str, Action)] = &[
    ("threads", threads::sum),
    ("channel", threads::channel),
    ("pipe", threads::pipe),
    ("directed signals", threads::directed_signals),
    ("memory", threads::memory),
    ("affinity", threads::affinity),
    ("compute", processes::compute),
    ("kill", processes::kill),
    ("stop and continue", processes::stop_and_continue),
    ("queued signals", processes::queued_signals),
    ("exec chain", processes::exec_chain),
    ("exit with threads", processes::exit_with_threads),
    ("kill with threads", processes::kill_with_threads),
    ("group", processes::group),
];

static FAILED: AtomicBool = AtomicBool::new(false);
static DONE: [AtomicU32; ACTIONS.len()] = [const { AtomicU32::new(0) }; ACTIONS.len()];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == "child"
    {
        return children::run(rest);
    }
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
    let (Some(seconds), Some(seed)) = (number(0), number(1)) else {
        eprintln!("usage: churn SECONDS SEED [CROWD]");
        return ExitCode::from(2);
    };
    let crowd = number(2).unwrap_or(0) as u32;
    eprintln!("seed {seed}");
    match churn(Duration::from_secs(seconds), seed, crowd) {
        Ok(()) if !FAILED.load(Ordering::SeqCst) => {
            say("all right");
            ExitCode::SUCCESS
        }
        Ok(()) => ExitCode::FAILURE,
        Err(wrong) => {
            say(wrong);
            ExitCode::FAILURE
        }
    }
}

fn churn(time: Duration, seed: u64, crowd: u32) -> Checked {
    threads::prepare()?;
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let hogs = processes::Hogs::start(cpus)?;
    let deadline = Instant::now() + time;
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| std::thread::spawn(move || work(seed.wrapping_mul(64) + worker, deadline)))
        .collect();
    let crowded = if crowd > 0 { gather(crowd) } else { Ok(()) };
    for worker in workers {
        worker.join().map_err(|_| "a worker panicked".to_owned())?;
    }
    hogs.end()?;
    processes::none_left()?;
    for ((name, _), done) in ACTIONS.iter().zip(&DONE) {
        eprintln!("{name}: {}", done.load(Ordering::SeqCst));
        if done.load(Ordering::SeqCst) == 0 && time > Duration::from_secs(20) {
            return Err(format!("{name}: never done"));
        }
    }
    crowded
}

/// So many tasks at once, nine threads to a process.
fn gather(crowd: u32) -> Checked {
    let start = Instant::now();
    let processes = processes::Crowd::start(crowd / 10)?;
    threads::crowd(crowd - crowd / 10)?;
    processes.end()?;
    eprintln!("a crowd of {crowd}: {:.1} s", start.elapsed().as_secs_f32());
    Ok(())
}

fn work(seed: u64, deadline: Instant) {
    let mut random = Random::new(seed);
    while Instant::now() < deadline && !FAILED.load(Ordering::SeqCst) {
        let index = random.below(ACTIONS.len() as u32) as usize;
        let (name, action) = ACTIONS[index];
        match action(&mut random) {
            Ok(()) => drop(DONE[index].fetch_add(1, Ordering::SeqCst)),
            Err(wrong) => {
                say(format_args!("{name}: {wrong}"));
                FAILED.store(true, Ordering::SeqCst);
            }
        }
    }
}

/// The last error of the C library, as the reason why `what` failed.
fn os_error(what: &str) -> String {
    format!("{what}: {}", std::io::Error::last_os_error())
}

/// Something to compute whose result is known on both sides.
fn mix(rounds: u32) -> u32 {
    (0..rounds).fold(rounds, |value, round| {
        std::hint::black_box(value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223 ^ round))
    })
}
