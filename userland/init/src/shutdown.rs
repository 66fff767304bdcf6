// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ending the machine: which signals ask for it, and the way down.
//!
//! | signal            | sent by                        | request   |
//! |-------------------|--------------------------------|-----------|
//! | SIGUSR2, SIGPWR   | `poweroff`, a power button     | power off |
//! | SIGTERM, SIGINT   | `reboot`, Ctrl-Alt-Del         | reboot    |
//! | SIGUSR1           | `halt`                         | halt      |
//!
//! The signals are those of busybox and sysvinit, so that their tools work too.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::reboot::{RebootMode, reboot, set_cad_enabled};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, sync};

use crate::{children, report, sys};

/// How the machine is to end.
#[derive(Clone, Copy)]
pub enum Request {
    /// Switch it off.
    PowerOff,
    /// Start it again.
    Reboot,
    /// Stop it and leave it on.
    Halt,
}

/// How long processes have to end after SIGTERM.
const GRACE: Duration = Duration::from_millis(700);
/// How long the kernel has to end processes after SIGKILL.
const KILL_TIMEOUT: Duration = Duration::from_millis(700);
/// How often the wait for the last process looks for a new zombie when no signal tells of one.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Blocks the signals that init waits for and returns them.
pub fn block_signals() -> SigSet {
    let mut signals = SigSet::empty();
    for signal in [
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGPWR,
    ] {
        signals.add(signal);
    }
    if let Err(errno) = signals.thread_block() {
        report("cannot block signals", errno);
    }
    // Ctrl-Alt-Del then sends SIGINT to us and does not reboot at once.
    let _ = set_cad_enabled(false);
    signals
}

/// Waits for a signal, for `timeout` at most. A signal that asks for the end of the machine is answered
/// here and does not return.
pub fn wait_for_signal(signals: &SigSet, timeout: Option<Duration>) {
    if let Some(request) = sys::take_signal(signals, timeout).and_then(request_of) {
        shut_down(request, signals)
    }
}

/// What a signal asks for.
pub fn request_of(signal: Signal) -> Option<Request> {
    match signal {
        Signal::SIGUSR2 | Signal::SIGPWR => Some(Request::PowerOff),
        Signal::SIGTERM | Signal::SIGINT => Some(Request::Reboot),
        Signal::SIGUSR1 => Some(Request::Halt),
        _ => None,
    }
}

/// Ends all processes, writes out all data and ends the machine.
pub fn shut_down(request: Request, signals: &SigSet) -> ! {
    end_processes(signals);
    end_machine(request)
}

/// Ends all processes but this one.
pub fn end_processes(signals: &SigSet) {
    // A stopped process takes SIGTERM only after it was continued.
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCONT] {
        signal_all(signal);
    }
    if !wait_for_all(signals, GRACE) {
        signal_all(Signal::SIGKILL);
        wait_for_all(signals, KILL_TIMEOUT);
    }
}

/// Ends the machine at once.
pub fn end_machine(request: Request) -> ! {
    sync();
    let mode = match request {
        Request::PowerOff => RebootMode::RB_POWER_OFF,
        Request::Reboot => RebootMode::RB_AUTOBOOT,
        Request::Halt => RebootMode::RB_HALT_SYSTEM,
    };
    let Err(errno) = reboot(mode);
    report("cannot end the machine", errno);
    // PID 1 of a container without the right to reboot: staying is all that is left.
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

fn signal_all(signal: Signal) {
    match kill(Pid::from_raw(-1), signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(errno) => report("cannot signal all processes", errno),
    }
}

/// Reaps until no child is left. False: some are still there after `timeout`.
fn wait_for_all(signals: &SigSet, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    loop {
        if children::reap(None).none_left {
            return true;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let _ = sys::take_signal(signals, Some(left.min(POLL_INTERVAL)));
    }
}
