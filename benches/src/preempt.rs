// SPDX-License-Identifier: MIT OR Apache-2.0
//! `bench preempt`: what preemption checks cost, and how long a request to preempt waits for one.

use crate::{Setup, wakeup};
use anyhow::{Context, ensure};
use ochre_benches::participant::Participant;
use ochre_benches::stats::{Summary, geometric_mean};
use ochre_benches::table::{Table, write_json};
use ochre_benches::turns::{measure, ratios};
use serde_json::json;
use std::process::Command;

pub fn run(setup: &Setup) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let compute = setup.guest.join("compute");
    let bare = |options: &[&str]| {
        let mut command = Command::new(&own);
        command.arg("bare").arg(&compute).args(options);
        command
    };
    let mut participants = vec![
        Participant::start("without checks", &mut bare(&["--without-checks"]))?,
        Participant::start("with checks", &mut bare(&[]))?,
        Participant::start("native", &mut Command::new(own.with_file_name("compute")))?,
    ];
    let mut requested = Participant::start("requested", &mut bare(&["--requests"]))?;
    let list = participants[0].ask("list")?;
    let mut table =
        Table::new(&["kernel", "µs", "overhead", "±", "native ×", "seen µs", "worst µs"]);
    let (mut overheads, mut natives, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let wanted =
        |kernel: &&str| setup.only.is_empty() || setup.only.iter().any(|name| name == kernel);
    for kernel in list.split(' ').skip(1).filter(wanted) {
        eprintln!("measuring {kernel}");
        let times = measure(&mut participants, kernel, setup.turns)?;
        let overhead = Summary::of(&ratios(&times[1], &times[0]));
        let native = Summary::of(&ratios(&times[1], &times[2]));
        let time = Summary::of(&times[1]);
        let rounds = (100_000_000.0 / time.median).ceil() as u32;
        // What it computes while it is preempted all the time must be right too.
        let right = participants[0].compute(kernel, rounds)?.result;
        let found = requested.compute(kernel, rounds)?.result;
        ensure!(found == right, "{kernel}: {found} when preempted, {right} otherwise");
        let latency = requested.answer()?;
        let waits: Vec<f64> =
            latency.split(' ').skip(2).filter_map(|word| word.parse().ok()).collect();
        let percent = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
        table.row([
            kernel.to_owned(),
            format!("{:.0}", time.median / 1e3),
            percent(overhead.median),
            format!("{:.1}", overhead.spread() * 100.0),
            format!("{:.2}", native.median),
            format!("{:.2}", waits[0] / 1e3),
            format!("{:.1}", waits[1] / 1e3),
        ]);
        overheads.push(overhead.median);
        natives.push(native.median);
        rows.push(json!({
            "kernel": kernel,
            "ns": time.median,
            "overhead": overhead.median - 1.0,
            "overhead_spread": overhead.spread(),
            "times_native": native.median,
            "request_seen_ns_median": waits[0],
            "request_seen_ns_worst": waits[1],
        }));
    }
    let mean = geometric_mean(overheads);
    table.row([
        "geometric mean".to_owned(),
        String::new(),
        format!("{:+.1} %", (mean - 1.0) * 100.0),
        String::new(),
        format!("{:.2}", geometric_mean(natives.iter().copied())),
    ]);
    print!("{}", table.text());
    let wakeups = if setup.only.is_empty() { wakeup::run(setup)? } else { json!(null) };
    let results = json!({ "kernels": rows, "overhead_mean": mean - 1.0, "wakeups": wakeups });
    write_json(setup.json.as_deref(), &results)
}
