// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several copies of the program `system`, each in another machine, take turns.

use crate::participant::Participant;
use crate::report::{Row, Unit};
use crate::stats::Summary;
use crate::turns::ratios;
use anyhow::{Context, bail};

/// Time that one sample should take: long against a clock, short against the slices in which a host
/// with other work to do gives its processors out.
const SAMPLE_NS: f64 = 1.5e6;
/// Samples of a turn. The best one counts: what is in the others besides is somebody else's.
const TRIES: usize = 6;
/// A contestant that needs longer for one round than this does only a few turns.
const LONG_NS: f64 = 100e6;
/// Turns of such a one.
const FEW_TURNS: usize = 3;

/// What takes part, in the order of the columns.
pub struct Contest {
    /// Copies of `system`, called `ochre`, `native`, `qemu`.
    pub participants: Vec<Participant>,
    /// Samples of each.
    pub turns: usize,
}

/// What is to be measured.
pub struct Item<'a> {
    /// The group of the suite.
    pub group: &'a str,
    /// The row.
    pub name: &'a str,
    /// Bytes that a round moves, or 0.
    pub bytes: u64,
    /// Most rounds in a sample.
    pub most: u32,
    /// The goal, if there is one.
    pub goal: Option<f64>,
}

impl Contest {
    /// Measures one thing with all that can do it; `order` says it in the words of `system`, for a
    /// number of rounds. What somebody cannot do is told on standard error.
    ///
    /// # Errors
    /// When a participant has ended.
    pub fn measure(
        &mut self,
        item: &Item<'_>,
        order: impl Fn(&str, u32) -> String,
    ) -> anyhow::Result<Row> {
        eprintln!("measuring {}: {}", item.group, item.name);
        let mut rounds = Vec::new();
        // Of those that are compared with each other turn by turn, and of QEMU.
        let mut plans = [(self.turns, TRIES); 2];
        for participant in &mut self.participants {
            let name = participant.name.clone();
            let order = |rounds| order(&name, rounds);
            let found = calibrate(participant_asks(&mut *participant), &order, item.most);
            match found {
                Ok((count, ns)) => {
                    if ns > LONG_NS {
                        plans[plan_of(&name)] = (self.turns.min(FEW_TURNS), 1);
                    }
                    rounds.push(Some(count));
                }
                Err(Failed(reason)) => {
                    eprintln!("  {}: {reason}", item.name);
                    rounds.push(None);
                }
            }
        }
        let mut times = vec![Vec::new(); self.participants.len()];
        for turn in 0..plans[0].0.max(plans[1].0) {
            for place in 0..self.participants.len() {
                // Forwards and backwards by turns, so that none always follows the same other.
                let index = if turn % 2 == 0 { place } else { rounds.len() - 1 - place };
                let Some(count) = rounds[index] else { continue };
                let participant = &mut self.participants[index];
                let (turns, tries) = plans[plan_of(&participant.name)];
                if turn >= turns {
                    continue;
                }
                let order = order(&participant.name, count);
                let mut best = f64::INFINITY;
                for _ in 0..tries {
                    match participant_asks(participant)(&order) {
                        Ok(ns) => best = best.min(ns / f64::from(count)),
                        Err(Failed(reason)) => bail!("`{order}` worked once, then not: {reason}"),
                    }
                }
                times[index].push(best);
            }
        }
        let place = |name| self.participants.iter().position(|other| other.name == name);
        let series = |name| place(name).map(|place| &times[place]).filter(|all| !all.is_empty());
        let ratio = series("ochre").zip(series("native"));
        let columns = self.participants.iter().zip(&times).filter(|(_, all)| !all.is_empty());
        Ok(Row {
            group: item.group.to_owned(),
            name: item.name.to_owned(),
            unit: Unit::Ns,
            bytes: item.bytes,
            columns: columns.map(|(who, all)| (who.name.clone(), Summary::of(all))).collect(),
            ratio: ratio.map(|(ochre, native)| Summary::of(&ratios(ochre, native))),
            goal: item.goal,
        })
    }

    /// Lets all do something that is not measured.
    ///
    /// # Errors
    /// When one cannot.
    pub fn all(&mut self, order: &str) -> anyhow::Result<()> {
        for participant in &mut self.participants {
            participant.order(order)?;
        }
        Ok(())
    }
}

/// QEMU is much slower, and need not be known as well.
fn plan_of(participant: &str) -> usize {
    usize::from(participant == "qemu")
}

/// Why a participant did not do something.
struct Failed(String);

fn participant_asks(participant: &mut Participant) -> impl FnMut(&str) -> Result<f64, Failed> + '_ {
    |order| participant.order(order).map_err(|error| Failed(format!("{error:#}")))
}

/// Finds how many rounds make a sample; gives also the time of one.
fn calibrate(
    mut ask: impl FnMut(&str) -> Result<f64, Failed>,
    order: &impl Fn(u32) -> String,
    most: u32,
) -> Result<(u32, f64), Failed> {
    // The first time warms up, too.
    let mut count = 1;
    let mut ns = ask(&order(count))?;
    while ns < SAMPLE_NS / 3.0 && count < most && count < 1 << 24 {
        count = (count * 4).min(most);
        ns = ask(&order(count))?;
    }
    let one = ns / f64::from(count);
    Ok((((SAMPLE_NS / one.max(0.1)) as u32).clamp(1, most), one))
}

impl Participant {
    /// Lets `system` do something; gives the nanoseconds.
    ///
    /// # Errors
    /// When it cannot, or has ended.
    pub fn order(&mut self, order: &str) -> anyhow::Result<f64> {
        let answer = self.ask(order)?;
        if let Some(reason) = answer.strip_prefix("failed ") {
            bail!("{} cannot do `{order}`: {reason}", self.name);
        }
        let ns = answer.strip_prefix("ok ").and_then(|number| number.parse().ok());
        ns.with_context(|| format!("{} answers `{order}` with `{answer}`", self.name))
    }
}
