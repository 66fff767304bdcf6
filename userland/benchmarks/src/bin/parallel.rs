// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hashes on several threads as it is told on standard input, one line each: `threads pieces`. The
//! pieces are given out one by one. Answers each with `threads nanoseconds result`, the time being
//! that of the clock on the wall.

use ochre_benchmarks::clock::monotonic_ns;
use ochre_benchmarks::kernels::sha256_piece;
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (threads, pieces) = line.split_once(' ').unwrap_or((&line, "1"));
        let count: usize = threads.parse().map_err(io::Error::other)?;
        let pieces: u64 = pieces.parse().map_err(io::Error::other)?;
        let (next, result) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = || {
            loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= pieces {
                    break;
                }
                // In whatever order they come.
                result.fetch_xor(sha256_piece(piece), Ordering::Relaxed);
            }
        };
        let start = monotonic_ns();
        thread::scope(|scope| {
            for _ in 1..count {
                scope.spawn(work);
            }
            work();
        });
        let time = monotonic_ns() - start;
        writeln!(out, "{threads} {time} {:016x}", result.into_inner())?;
        out.flush()?;
    }
    Ok(())
}
