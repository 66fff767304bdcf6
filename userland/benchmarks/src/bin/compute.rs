// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs compute kernels as it is told on standard input, one line each: `name rounds`. Answers each
//! with `name nanoseconds result`, the time being that of the processor. Whoever drives several of
//! these can so let them take turns. `list` names the kernels and their number first.

use ochre_benchmarks::clock::thread_cpu_ns;
use ochre_benchmarks::kernels::KERNELS;
use ochre_benchmarks::{Round, mix};
use std::collections::HashMap;
use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut ready: HashMap<String, Round> = HashMap::new();
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == "list" {
            let names: Vec<_> = KERNELS.iter().map(|kernel| kernel.name).collect();
            writeln!(out, "{} {}", names.len(), names.join(" "))?;
            out.flush()?;
            continue;
        }
        let (name, rounds) = line.split_once(' ').unwrap_or((&line, "1"));
        let Some(kernel) = KERNELS.iter().find(|kernel| kernel.name == name) else {
            return Err(io::Error::other(format!("no kernel {name:?}")));
        };
        let rounds: u32 = rounds.parse().map_err(io::Error::other)?;
        let round = ready.entry(name.to_owned()).or_insert_with(kernel.prepare);
        let start = thread_cpu_ns();
        let result = (0..rounds).fold(0, |result, _| mix(result, round()));
        let time = thread_cpu_ns() - start;
        writeln!(out, "{name} {time} {result:016x}")?;
        out.flush()?;
    }
    Ok(())
}
