// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clocks go forwards, agree with each other, and sleeps last as long as asked for.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ochre_probes::{now_ns, say};

fn main() {
    let mut last_ns = now_ns();
    let mut backwards = 0;
    let mut steps = 0u32;
    for _ in 0..100_000 {
        let now = now_ns();
        backwards += u32::from(now < last_ns);
        steps += u32::from(now > last_ns);
        last_ns = now;
    }
    say(format_args!("backwards: {backwards}"));
    say(format_args!("moves: {}", steps > 100));
    let year = 1970
        + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 31_556_952;
    say(format_args!("plausible year: {}", (2024..2100).contains(&year)));
    for millis in [1, 10, 50] {
        let start = Instant::now();
        thread::sleep(Duration::from_millis(millis));
        let slept = start.elapsed();
        eprintln!("slept {} us for {millis} ms", slept.as_micros());
        let right =
            slept >= Duration::from_millis(millis) && slept < Duration::from_millis(millis + 500);
        say(format_args!("sleep of {millis} ms: {}", if right { "right" } else { "wrong" }));
    }
}
