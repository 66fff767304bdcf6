// SPDX-License-Identifier: MIT OR Apache-2.0
//! A pool of threads that steal work from each other: rayon.

use ochre_probes::say;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

fn fibonacci(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
    a + b
}

fn work() {
    let sum: u64 = (0..1_000_000u64).into_par_iter().map(|n| n * n % 7).sum();
    say(format_args!("sum: {sum}"));
    let mut numbers: Vec<u32> = (0..200_000u32).map(|n| n.wrapping_mul(2_654_435_761)).collect();
    numbers.par_sort_unstable();
    say(format_args!("sorted: {}", numbers.is_sorted()));
    say(format_args!("join: {}", fibonacci(18)));
    let count = AtomicU32::new(0);
    rayon::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|scope| {
                count.fetch_add(1, Ordering::Relaxed);
                scope.spawn(|_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
            });
        }
    });
    say(format_args!("scope: {}", count.into_inner()));
    let words: Vec<String> = (0..1000).into_par_iter().map(|n| format!("{n:04}")).collect();
    say(format_args!("in order: {}", words.is_sorted()));
}

fn main() {
    work();
    // More threads than processors, and several pools in turn.
    for threads in [1, 3, 8] {
        match ThreadPoolBuilder::new().num_threads(threads).build() {
            Ok(pool) => pool.install(|| {
                say(format_args!("a pool of {}:", rayon::current_num_threads()));
                work();
            }),
            Err(error) => say(format_args!("no pool of {threads}: {error}")),
        }
    }
}
