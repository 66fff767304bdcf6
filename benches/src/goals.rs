// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the figures are to be, and whether they are: every row that has a goal, the means of groups
//! that have one, and QEMU, which is to be slower everywhere. [`crate::render`] shows it.

use crate::render::{goal_text, number, value};
use crate::report::{Report, Row};
use crate::stats::geometric_mean;

/// The most that the geometric mean of a group's ratios shall be.
const MEANS: [(&str, f64); 2] = [("compute", 1.25), ("programs", 1.4)];

/// A goal beside what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Group and row.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What it is to be.
    pub goal: String,
    /// Is it?
    pub reached: bool,
    /// Why the verdict is to be doubted, or how far away the goal is.
    pub note: String,
}

impl Verdict {
    /// As cells of a table: what, found, goal, verdict, note.
    pub fn cells(self) -> [String; 5] {
        let verdict = if self.reached { "reached" } else { "missed" };
        [self.what, self.found, self.goal, verdict.to_owned(), self.note]
    }
}

/// Headings of such a table.
pub const HEADINGS: [&str; 5] = ["goal", "found", "wanted", "verdict", ""];

/// All verdicts, in the order of the rows, then the means.
pub fn verdicts(report: &Report) -> Vec<Verdict> {
    let mut all: Vec<_> = report.rows.iter().filter_map(of_row).collect();
    for (group, goal) in MEANS {
        let rows: Vec<_> = report.rows.iter().filter(|row| row.group == group).collect();
        if let Some(found) = mean(&rows) {
            all.push(Verdict {
                what: format!("{group}: geometric mean"),
                found: number(found),
                goal: format!("≤ {}", number(goal)),
                reached: found <= goal,
                note: distance(found / goal),
            });
        }
    }
    all.extend(against_qemu(report));
    all
}

/// The mean of a group's ratios, when it has several.
pub fn mean(rows: &[&Row]) -> Option<f64> {
    let ratios: Vec<_> = rows.iter().filter_map(|row| Some(row.ratio?.median)).collect();
    (ratios.len() > 1).then(|| geometric_mean(ratios))
}

fn of_row(row: &Row) -> Option<Verdict> {
    let (goal, figure, reached) = (row.goal?, row.figure()?.median, row.reaches_goal()?);
    let found = if row.ratio.is_some() { number(figure) } else { value(row, figure) };
    let factor = if row.more_is_better() { goal / figure } else { figure / goal };
    let note = if row.is_noisy() {
        format!("{} noisy", distance(factor)).trim_start().to_owned()
    } else {
        distance(factor)
    };
    let what = format!("{}: {}", row.group, row.name);
    Some(Verdict { what, found, goal: goal_text(row, goal), reached, note })
}

/// How far a goal is missed.
fn distance(factor: f64) -> String {
    if factor <= 1.0 { String::new() } else { format!("{} × the goal", number(factor)) }
}

fn against_qemu(report: &Report) -> Option<Verdict> {
    let both = |row: &Row| {
        let factor = row.column("ochre")?.median / row.column("qemu")?.median;
        Some((row.name.clone(), if row.more_is_better() { 1.0 / factor } else { factor }))
    };
    let rows: Vec<_> = report.rows.iter().filter_map(both).collect();
    let lost: Vec<_> = rows.iter().filter(|(_, factor)| *factor >= 1.0).collect();
    let names = || lost.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    (!rows.is_empty()).then(|| Verdict {
        what: "better than QEMU (TCG)".to_owned(),
        found: format!("{} of {} rows", rows.len() - lost.len(), rows.len()),
        goal: "every row".to_owned(),
        reached: lost.is_empty(),
        note: if lost.is_empty() { String::new() } else { format!("not in: {}", names()) },
    })
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verdicts};
    use crate::report::{Report, Row, Unit};
    use crate::stats::Summary;

    fn all(median: f64) -> Summary {
        Summary { median, lower: median, upper: median }
    }

    fn row(group: &str, ratio: f64, goal: Option<f64>, qemu: f64) -> Row {
        let columns = [("ochre", ratio * 10.0), ("native", 10.0), ("qemu", qemu)];
        Row {
            group: group.to_owned(),
            name: "a".to_owned(),
            unit: Unit::Ns,
            bytes: 0,
            columns: columns.map(|(name, median)| (name.to_owned(), all(median))).to_vec(),
            ratio: Some(all(ratio)),
            goal,
        }
    }

    fn of(rows: Vec<Row>) -> Vec<Verdict> {
        verdicts(&Report { about: Vec::new(), rows })
    }

    #[test]
    fn rows_are_judged_by_their_own_goal() {
        let found = of(vec![row("kernel", 0.6, Some(0.3), 100.0), row("kernel", 9.0, None, 100.0)]);
        assert_eq!(found.len(), 2, "one row with a goal, and QEMU: {found:?}");
        assert!(!found[0].reached && found[0].note.starts_with("2.00 ×"), "{found:?}");
        assert!(found[1].reached && found[1].found == "2 of 2 rows", "{found:?}");
    }

    #[test]
    fn groups_are_judged_by_their_mean() {
        let found = of(vec![row("compute", 0.5, None, 100.0), row("compute", 2.0, None, 15.0)]);
        assert!(found[0].reached && found[0].found == "1.00", "{found:?}");
        assert!(!found[1].reached && found[1].found == "1 of 2 rows", "{found:?}");
    }
}
