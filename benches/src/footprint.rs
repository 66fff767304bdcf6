// SPDX-License-Identifier: MIT OR Apache-2.0
//! The group `memory`: what processes and threads that only wait cost the host, and many of them.

use crate::Setup;
use crate::boot::resident_bytes;
use crate::contests::{self, Arena};
use anyhow::Context;
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::Summary;
use std::fs;
use std::thread;
use std::time::Duration;

/// Processes, or threads, that wait at the same time.
const COUNT: u32 = 400;
/// Measurements; the first one makes what stays.
const TURNS: usize = 4;
/// What is to come has come so long after an order.
const CALM: Duration = Duration::from_millis(300);

/// What an idle process shall cost beyond its own data. The row has the data in it, too.
const IDLE_GOAL_BYTES: f64 = 60e3;

/// Measures.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let tasks = [
        ("hold", "idle process, with its data", Some(IDLE_GOAL_BYTES)),
        ("threads", "idle thread", None),
    ];
    for (order, name, goal) in tasks {
        if setup.wants(name) {
            rows.push(Row { goal, ..per_task(setup, order, name)? });
        }
    }
    rows.extend(contests::system(setup, "memory")?);
    Ok(rows)
}

fn per_task(setup: &Setup, order: &str, name: &str) -> anyhow::Result<Row> {
    eprintln!("measuring memory: {name}");
    let mut ochre = Vec::new();
    let mut native = Vec::new();
    for _ in 0..TURNS {
        // A new machine each time: memory that was once used is used again.
        let mut arena = Arena::start_two(setup, "1G")?;
        for participant in &mut arena.contest.participants {
            let process = participant.process();
            participant.order(&format!("{order} 1"))?;
            thread::sleep(CALM);
            let is_guest = participant.name == "ochre";
            let measure = || if is_guest { resident_bytes(process) } else { family_bytes(process) };
            let before = measure()?;
            participant.order(&format!("{order} {}", COUNT + 1))?;
            thread::sleep(CALM);
            let each = (measure()? - before) / f64::from(COUNT);
            if is_guest { ochre.push(each) } else { native.push(each) }
        }
    }
    let columns = vec![
        ("ochre".to_owned(), Summary::of(&ochre)),
        ("native".to_owned(), Summary::of(&native)),
    ];
    Ok(Row {
        group: "memory".to_owned(),
        name: name.to_owned(),
        unit: Unit::Bytes,
        bytes: 0,
        columns,
        ratio: None,
        goal: None,
    })
}

/// Memory of a process and its children, what they share counted once, with their page tables; what
/// else the kernel keeps of them is not told.
fn family_bytes(parent: u32) -> anyhow::Result<f64> {
    let mut members = vec![parent];
    for task in fs::read_dir(format!("/proc/{parent}/task")).context("cannot look at a process")? {
        let list = task?.path().join("children");
        // Not there where the kernel was built without.
        let list = fs::read_to_string(list).unwrap_or_default();
        members.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    let mut sum = 0.0;
    for process in members {
        let kib = |file: &str, name: &str| -> anyhow::Result<f64> {
            let path = format!("/proc/{process}/{file}");
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_ascii_whitespace().next());
            word.and_then(|word| word.parse().ok()).with_context(|| format!("no {name} in {path}"))
        };
        sum += kib("smaps_rollup", "Pss:")? + kib("status", "VmPTE:")?;
    }
    Ok(sum * 1024.0)
}
