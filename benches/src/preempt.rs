// SPDX-License-Identifier: MIT OR Apache-2.0
//! `bench preempt`: what preemption checks cost, and how long a request to preempt waits for one.

use crate::{Setup, wakeup};
use anyhow::{Context, ensure};
use ochre_benches::participant::Participant;
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::{Summary, geometric_mean};
use ochre_benches::table::Table;
use ochre_benches::turns::{measure, ratios};
use std::process::Command;

pub fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
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
        Participant::start("native", &mut Command::new(setup.native.join("compute")))?,
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
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let percents = Summary {
            median: percent(overhead.median),
            lower: percent(overhead.lower),
            upper: percent(overhead.upper),
        };
        let ns = |ns: f64| Summary { median: ns, lower: ns, upper: ns };
        for (what, unit, figure) in [
            ("cost of checks", Unit::Percent, percents),
            ("request seen, median", Unit::Ns, ns(waits[0])),
            ("request seen, worst", Unit::Ns, ns(waits[1])),
        ] {
            rows.push(row(&format!("{kernel}: {what}"), unit, figure));
        }
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
    let mean = (mean - 1.0) * 100.0;
    let all = Summary { median: mean, lower: mean, upper: mean };
    rows.push(row("cost of checks, geometric mean", Unit::Percent, all));
    if setup.only.is_empty() {
        rows.extend(wakeup::run(setup)?);
    }
    Ok(rows)
}

fn row(name: &str, unit: Unit, figure: Summary) -> Row {
    Row {
        group: "preempt".to_owned(),
        name: name.to_owned(),
        unit,
        bytes: 0,
        columns: vec![("ochre".to_owned(), figure)],
        ratio: None,
        goal: None,
    }
}
