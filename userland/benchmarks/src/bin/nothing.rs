// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does nothing, or with an argument waits until its standard input ends. It is what is started when
//! the cost of processes is measured.

use std::io::Read;

fn main() {
    if std::env::args().len() > 1 {
        // An error is an end, too.
        let _ = std::io::stdin().read(&mut [0]);
    }
}
