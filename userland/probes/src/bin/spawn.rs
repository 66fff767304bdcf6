// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starts a program many times and waits for it: `spawn [COUNT]`.

use std::process::{Command, ExitCode};

use ochre_probes::{now_ns, say};

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("child") {
        return ExitCode::from(7);
    }
    let count = argument.and_then(|text| text.parse().ok()).unwrap_or(100u32);
    let start = now_ns();
    let mut good = 0;
    for _ in 0..count {
        match Command::new("/proc/self/exe").arg("child").status() {
            Ok(status) if status.code() == Some(7) => good += 1,
            Ok(status) => say(format_args!("unexpected {status}")),
            Err(error) => say(format_args!("cannot start: {error}")),
        }
    }
    say(format_args!("started {count}, good {good}"));
    eprintln!("{} us each", (now_ns() - start) / 1000 / u64::from(count.max(1)));
    if good == count { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
