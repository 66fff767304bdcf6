// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a person sees of a long step: a spinner with the last line of output on a terminal, a plain
//! line now and then elsewhere. Everything goes to stderr; stdout belongs to the guest.

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Without a terminal, a sign of life this often.
const PLAIN_INTERVAL: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(120);

/// Progress of one step.
pub struct Progress {
    name: String,
    started: Instant,
    last_line: Cell<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Says that the step `name` has begun.
    pub fn start(name: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed}  {wide_msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(TICK);
            bar
        });
        if bar.is_none() {
            eprintln!("{name}: started");
        }
        let now = Instant::now();
        Self { name: name.to_owned(), started: now, last_line: Cell::new(now), bar }
    }

    /// Shows what the step is at.
    pub fn show(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None if self.last_line.get().elapsed() >= PLAIN_INTERVAL => {
                self.last_line.set(Instant::now());
                eprintln!("{}: {} s: {message}", self.name, self.started.elapsed().as_secs());
            }
            None => {}
        }
    }

    /// Says that the step is done.
    pub fn finish(self) {
        self.clear();
        let elapsed = self.started.elapsed();
        if elapsed < Duration::from_secs(1) {
            eprintln!("{}: done", self.name);
        } else {
            eprintln!("{}: done in {}", self.name, HumanDuration(elapsed));
        }
    }

    /// Takes the spinner away, so that an error can be printed.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
