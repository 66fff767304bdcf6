// SPDX-License-Identifier: MIT OR Apache-2.0
//! `bench smp`: how much faster a parallel hash gets with more vCPUs, beside the same program on the
//! host with as many threads.

use crate::Setup;
use ochre_benches::image::with_programs;
use ochre_benches::participant::Participant;
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::Summary;
use ochre_benches::table::Table;
use ochre_benches::turns::ratios;
use std::process::Command;

/// Numbers of vCPUs and of threads.
const COUNTS: [u32; 3] = [1, 2, 4];
/// Pieces of 64 KiB that are hashed in one sample.
const PIECES: u32 = 400;

/// How much faster two vCPUs shall be than one.
const GOAL: f64 = 1.8;

pub fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let image = with_programs(&setup.machine, &setup.guest, &["parallel"])?;
    let mut participants = Vec::new();
    for count in COUNTS {
        let mut machine =
            crate::machine(setup, image.path(), &["--cpus", &count.to_string()], "parallel");
        participants.push((count, Participant::start(&format!("{count} vCPUs"), &mut machine)?));
        let mut native = Command::new(setup.native.join("parallel"));
        participants.push((count, Participant::start(&format!("{count} threads"), &mut native)?));
    }
    let mut times = vec![Vec::new(); participants.len()];
    let mut expected = None;
    for turn in 0..setup.turns + 1 {
        for (index, (count, participant)) in participants.iter_mut().enumerate() {
            let sample = participant.compute(&count.to_string(), PIECES)?;
            let expected = expected.get_or_insert_with(|| sample.result.clone());
            anyhow::ensure!(
                *expected == sample.result,
                "{} computes {}, others {expected}",
                participant.name,
                sample.result
            );
            // The first turn is for warming up.
            if turn > 0 {
                times[index].push(sample.ns as f64);
            }
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("parallel hash, {PIECES} pieces of 64 KiB, on {cores} cores of the host");
    let mut table = Table::new(&["", "ms", "±", "times as fast as one"]);
    let mut rows = Vec::new();
    for (index, (count, participant)) in participants.iter().enumerate() {
        let time = Summary::of(&times[index]);
        // One of its own kind: the guest's come first, then the host's, by turns.
        let one = Summary::of(&times[index % 2]);
        let speed_up = one.median / time.median;
        table.row([
            participant.name.clone(),
            format!("{:.1}", time.median / 1e6),
            format!("{:.1}", time.spread() / 1e6),
            format!("{speed_up:.2}"),
        ]);
        if index % 2 == 0 && *count > 1 {
            // Guest and host side by side, each by its own single one.
            let faster = |own: usize| Summary::of(&ratios(&times[own % 2], &times[own]));
            rows.push(Row {
                group: "smp".to_owned(),
                name: format!("parallel hash on {count} vCPUs over 1"),
                unit: Unit::Times,
                bytes: 0,
                columns: vec![
                    ("ochre".to_owned(), faster(index)),
                    ("native".to_owned(), faster(index + 1)),
                ],
                ratio: None,
                // More of them than there are cores cannot be as much faster.
                goal: (*count == 2 && cores >= 2).then_some(GOAL),
            });
        }
    }
    print!("{}", table.text());
    Ok(rows)
}
