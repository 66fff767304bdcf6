// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine as /etc/inittab describes it: starts the commands of its lines, starts again what has to run
//! always, answers signals.
//!
//! | signal | answer |
//! | --- | --- |
//! | SIGHUP | the table is read again |
//! | SIGQUIT | all ends, and the line of `restart` takes init's place |
//! | SIGINT | the lines of `ctrlaltdel`, if there are any |
//! | those of `shutdown` | the lines of `shutdown`, then the machine's end |
//!
//! Invariant: a command that always ends is started once a second at most.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use crate::inittab::{self, Action, Line};
use crate::sys::{self, Terminal};
use crate::{children, console, report, shutdown};

/// The first argument with which init asks for Enter and becomes the command behind it.
const ASK: &str = "--askfirst";
/// The word of the kernel's command line for a `getty` on the console; the kernel hands it to init.
const LOGIN: &str = "login";
/// A command that is started again for ever is not started more often than this.
const PAUSE: Duration = Duration::from_secs(1);

/// A line of the table, and what became of it.
struct Service {
    line: Line,
    pid: Option<Pid>,
    started: Option<Instant>,
    failed: bool,
}

/// All that runs here because of the table.
pub struct Services {
    services: Vec<Service>,
    login: bool,
}

impl Services {
    /// Reads the table.
    pub fn read() -> Self {
        let login = std::env::args_os().skip(1).any(|word| word == LOGIN);
        let services = inittab::read(login).into_iter().map(Service::new).collect();
        Self { services, login }
    }

    /// Keeps the machine as the table has it until somebody asks for its end.
    pub fn serve(mut self, signals: &SigSet) -> ! {
        let mut signals = *signals;
        signals.add(Signal::SIGHUP);
        signals.add(Signal::SIGQUIT);
        if let Err(errno) = signals.thread_block() {
            report("cannot block signals", errno);
        }
        self.run_all(Action::Sysinit, &signals);
        self.run_all(Action::Wait, &signals);
        for service in self.services.iter_mut().filter(|service| service.is(&[Action::Once])) {
            service.start();
        }
        if self.services.iter().any(|service| service.line.is_login_shell()) {
            console::greet();
        }
        loop {
            let pause = self.keep_running();
            match sys::take_signal(&signals, pause) {
                Some(signal) => self.answer(signal, &signals),
                None => self.reap(),
            }
        }
    }

    /// Runs each command of an action to its end.
    fn run_all(&mut self, action: Action, signals: &SigSet) {
        for index in 0..self.services.len() {
            // The table may have been read again meanwhile, and be shorter.
            let Some(service) = self.services.get_mut(index).filter(|s| s.is(&[action])) else {
                continue;
            };
            service.start();
            while self.services.get(index).is_some_and(|service| service.pid.is_some()) {
                match sys::take_signal(signals, None) {
                    Some(Signal::SIGCHLD) => self.reap(),
                    // Whoever wants the machine to end does not wait for its start.
                    Some(signal) if matches!(action, Action::Sysinit | Action::Wait) => {
                        self.answer(signal, signals);
                    }
                    // On the way down, nothing else is answered.
                    _ => {}
                }
            }
        }
    }

    /// Starts what is not running and should be. Gives how long the next one has to wait.
    fn keep_running(&mut self) -> Option<Duration> {
        let mut pause: Option<Duration> = None;
        for service in &mut self.services {
            if !service.is(&[Action::Respawn, Action::Askfirst]) || service.pid.is_some() {
                continue;
            }
            let passed = service.started.map_or(PAUSE, |started| started.elapsed());
            let left = PAUSE.saturating_sub(passed);
            if left.is_zero() {
                service.start();
            }
            if service.pid.is_none() {
                let left = if left.is_zero() { PAUSE } else { left };
                pause = Some(pause.map_or(left, |pause| pause.min(left)));
            }
        }
        pause
    }

    fn reap(&mut self) {
        children::reap_each(|pid, _| {
            for service in self.services.iter_mut().filter(|service| service.pid == Some(pid)) {
                service.pid = None;
            }
        });
    }

    fn answer(&mut self, signal: Signal, signals: &SigSet) {
        match signal {
            Signal::SIGCHLD => self.reap(),
            Signal::SIGHUP => self.read_again(),
            Signal::SIGQUIT => self.restart(signals),
            Signal::SIGINT if self.services.iter().any(|s| s.is(&[Action::CtrlAltDel])) => {
                self.run_all(Action::CtrlAltDel, signals);
            }
            _ => {
                if let Some(request) = shutdown::request_of(signal) {
                    self.run_all(Action::Shutdown, signals);
                    shutdown::shut_down(request, signals);
                }
            }
        }
    }

    /// Takes the new table. What runs and is in it still is left alone, all else is asked to end.
    fn read_again(&mut self) {
        let mut old = std::mem::take(&mut self.services);
        for line in inittab::read(self.login) {
            let same = old.iter().position(|service| service.line == line);
            self.services.push(match same {
                Some(index) => old.swap_remove(index),
                None => Service::new(line),
            });
        }
        for pid in old.iter().filter_map(|service| service.pid) {
            // A shell at its prompt does not hear SIGTERM. A process that is gone is what was wanted.
            for signal in [Signal::SIGTERM, Signal::SIGHUP] {
                let _ = kill(pid, signal);
            }
        }
    }

    /// Ends all processes and becomes the program of `restart`.
    fn restart(&mut self, signals: &SigSet) {
        let Some(service) = self.services.iter().find(|s| s.is(&[Action::Restart])) else {
            return;
        };
        let words = inittab::words(&service.line.command);
        self.run_all(Action::Shutdown, signals);
        shutdown::end_processes(signals);
        for service in &mut self.services {
            service.pid = None;
        }
        // The program starts as init itself did: with no signal blocked.
        let _ = SigSet::empty().thread_set_mask();
        let error = inittab::command(&words).exec();
        report(&format!("cannot run {}", words[0].display()), error);
        let _ = signals.thread_block();
    }
}

impl Service {
    fn new(line: Line) -> Self {
        Self { line, pid: None, started: None, failed: false }
    }

    fn is(&self, actions: &[Action]) -> bool {
        actions.contains(&self.line.action)
    }

    fn start(&mut self) {
        self.started = Some(Instant::now());
        match self.spawn() {
            Ok(pid) => (self.pid, self.failed) = (Some(pid), false),
            Err(error) => {
                // Once is enough for what is tried each second.
                if !std::mem::replace(&mut self.failed, true) {
                    report(&format!("cannot start {}", self.line.command), error);
                }
            }
        }
    }

    fn spawn(&self) -> io::Result<Pid> {
        let mut words = inittab::words(&self.line.command);
        let asks = self.line.action == Action::Askfirst;
        if asks {
            words.splice(0..0, ["/proc/self/exe".into(), ASK.into()]);
        }
        let mut command = inittab::command(&words);
        console::set_variables(&mut command);
        if self.line.is_login_shell() && fs::metadata(console::HOME).is_ok_and(|home| home.is_dir())
        {
            command.current_dir(console::HOME);
        }
        let tty = &self.line.tty;
        let file = if tty.is_empty() { console::open_terminal() } else { Some(open(tty)?) };
        let has_terminal = file.is_some();
        if let Some(file) = file {
            command.stdin(file.try_clone()?).stdout(file.try_clone()?).stderr(file);
        }
        let terminal = match self.line.action {
            _ if !has_terminal => Terminal::Apart,
            Action::Respawn | Action::Askfirst if self.line.wants_terminal() => Terminal::Own,
            // A service on the console must not take it from the shell there.
            Action::Respawn => Terminal::IfFree,
            _ => Terminal::Apart,
        };
        sys::lead_session(&mut command, terminal);
        Ok(Pid::from_raw(command.spawn()?.id() as i32))
    }
}

fn open(tty: &str) -> io::Result<File> {
    let path = Path::new("/dev").join(tty);
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(&path);
    file.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// In a process of `askfirst`: waits for Enter and becomes the command. Returns at once in all others.
pub fn ask_first() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|first| first != ASK) {
        return;
    }
    let words: Vec<OsString> = args.collect();
    if words.is_empty() {
        return;
    }
    let mut out = io::stdout();
    // A terminal that is gone answers the read with its end.
    let _ = out.write_all(b"\nPlease press Enter to activate this console. ");
    let _ = out.flush();
    let mut byte = [0];
    loop {
        match io::stdin().read(&mut byte) {
            Ok(1) if byte[0] != b'\n' => {}
            Ok(1) => break,
            _ => std::process::exit(0),
        }
    }
    let error = inittab::command(&words).exec();
    report(&format!("cannot run {}", words[0].display()), error);
    std::process::exit(127);
}
