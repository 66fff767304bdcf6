// SPDX-License-Identifier: MIT OR Apache-2.0
//! How late a sleeper wakes up in a machine with one vCPU while a program computes: the second part of
//! `bench preempt`.

use crate::Setup;
use anyhow::Context;
use ochre_benches::image::with_programs;
use ochre_benches::participant::Participant;
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::Summary;
use ochre_benches::table::Table;

/// What computes: nothing, a short loop, calls, a nest of loops, long copies.
const HOGS: [&str; 6] = ["none", "collatz", "fibonacci", "matrix", "sieve", "copy"];
/// Wake-ups per measurement.
const SLEEPS: u32 = 300;

/// Measures and prints; gives the rows.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let image = with_programs(&setup.machine, &setup.guest, &["wakeup"])?;
    let mut machine = crate::machine(setup, image.path(), &["--cpus", "1"], "wakeup");
    let mut machine = Participant::start("the machine", &mut machine)?;
    println!(
        "\nlateness of a sleeper's wake-ups, one vCPU, µs: as soon as the hog can be interrupted,"
    );
    println!("and as the scheduler shares the vCPU");
    let columns = ["hog", "fifo median", "fifo worst", "other median", "other worst"];
    let mut table = Table::new(&columns);
    let mut rows = Vec::new();
    for hog in HOGS {
        let mut row = vec![hog.to_owned()];
        let mut figures = Vec::new();
        for policy in ["fifo", "other"] {
            let answer = machine.ask(&format!("{policy} {hog} {SLEEPS}"))?;
            let words: Vec<_> = answer.split(' ').collect();
            let [_, _, median, most] = words[..] else {
                anyhow::bail!("the machine answers `{answer}`");
            };
            for word in [median, most] {
                let ns: f64 =
                    word.parse().with_context(|| format!("the machine answers `{answer}`"))?;
                row.push(format!("{:.0}", ns / 1e3));
                figures.push(ns);
            }
        }
        table.row(row);
        for (what, ns) in [("fifo, median", figures[0]), ("fifo, worst", figures[1])] {
            rows.push(Row {
                group: "preempt".to_owned(),
                name: format!("wake-up beside {hog}, {what}"),
                unit: Unit::Ns,
                bytes: 0,
                columns: vec![("ochre".to_owned(), Summary { median: ns, lower: ns, upper: ns })],
                ratio: None,
                goal: None,
            });
        }
    }
    print!("{}", table.text());
    Ok(rows)
}
