// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ends as it is told: `exit N`, `exit signal N`, `exit panic`.

use ochre_probes::say;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
    match args.get(1).map(String::as_str) {
        Some("signal") => {
            say(format_args!("about to raise signal {}", number(2)));
            // SAFETY: raise touches no memory of ours.
            unsafe { libc::raise(number(2)) };
        }
        Some("panic") => panic!("as asked for"),
        _ => std::process::exit(number(1)),
    }
}
