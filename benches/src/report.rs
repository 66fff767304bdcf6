// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a run of the suite has found: rows, each with what every contestant needed, kept as JSON.

use crate::stats::Summary;
use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Version of the JSON; another one is refused.
const FORMAT: u64 = 1;

/// What a row's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// How many times as much; more is better.
    Times,
    /// How much more, in percent.
    Percent,
}

impl Unit {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Ns, "ns"),
        (Self::Bytes, "bytes"),
        (Self::Times, "times"),
        (Self::Percent, "percent"),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(unit, _)| *unit == self).map_or("", |(_, name)| name)
    }

    fn by_name(name: &str) -> Option<Self> {
        Some(Self::NAMES.iter().find(|(_, known)| *known == name)?.0)
    }
}

/// One thing that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The group of the suite.
    pub group: String,
    /// What it is.
    pub name: String,
    /// What the numbers are.
    pub unit: Unit,
    /// Bytes that a round moves, or 0.
    pub bytes: u64,
    /// Who needed what: `ochre`, `native`, `qemu`.
    pub columns: Vec<(String, Summary)>,
    /// Ochre by the host itself, turn by turn.
    pub ratio: Option<Summary>,
    /// The most that the ratio, or without one the number, shall be (of `Times`, the least).
    pub goal: Option<f64>,
}

/// Spread of the median's surroundings from which a row is not to be trusted.
const NOISY: f64 = 0.15;

impl Row {
    /// What a contestant needed.
    pub fn column(&self, name: &str) -> Option<Summary> {
        Some(self.columns.iter().find(|(known, _)| known == name)?.1)
    }

    /// What is compared from run to run, and with the goal.
    pub fn figure(&self) -> Option<Summary> {
        self.ratio.or_else(|| self.column("ochre"))
    }

    /// Is a larger figure the better one?
    pub fn more_is_better(&self) -> bool {
        self.unit == Unit::Times
    }

    /// Spread of the figure as a part of the whole.
    pub fn spread(&self) -> f64 {
        match self.figure() {
            Some(figure) if self.unit == Unit::Percent => figure.spread() / 100.0,
            Some(figure) => figure.relative_spread(),
            None => 0.0,
        }
    }

    /// Did it go up and down too much to say anything?
    pub fn is_noisy(&self) -> bool {
        self.spread() > NOISY
    }

    /// Is the goal reached? `None` without one.
    pub fn reaches_goal(&self) -> Option<bool> {
        let (goal, figure) = (self.goal?, self.figure()?.median);
        Some(if self.more_is_better() { figure >= goal } else { figure <= goal })
    }
}

/// All rows of a run, and where it was.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Date, machine and versions: names and texts.
    pub about: Vec<(String, String)>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Report {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        let about: Map<_, _> =
            self.about.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        let summary = |summary: &Summary| json!({ "median": summary.median, "lower": summary.lower, "upper": summary.upper });
        let row = |row: &Row| {
            let columns: Map<_, _> =
                row.columns.iter().map(|(name, column)| (name.clone(), summary(column))).collect();
            json!({
                "group": row.group,
                "name": row.name,
                "unit": row.unit.name(),
                "bytes": row.bytes,
                "columns": columns,
                "ratio": row.ratio.as_ref().map(summary),
                "goal": row.goal,
            })
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        json!({ "format": FORMAT, "about": about, "rows": rows })
    }

    /// From JSON.
    ///
    /// # Errors
    /// When it is not what [`Report::to_json`] makes.
    pub fn from_json(value: &Value) -> anyhow::Result<Self> {
        let format = value["format"].as_u64();
        ensure!(format == Some(FORMAT), "not a report of this version of the benchmarks");
        let summary = |value: &Value| {
            Some(Summary {
                median: value["median"].as_f64()?,
                lower: value["lower"].as_f64()?,
                upper: value["upper"].as_f64()?,
            })
        };
        let row = |row: &Value| {
            let columns = row["columns"].as_object()?.iter();
            Some(Row {
                group: row["group"].as_str()?.to_owned(),
                name: row["name"].as_str()?.to_owned(),
                unit: Unit::by_name(row["unit"].as_str()?)?,
                bytes: row["bytes"].as_u64()?,
                columns: columns
                    .map(|(name, column)| Some((name.clone(), summary(column)?)))
                    .collect::<Option<_>>()?,
                ratio: summary(&row["ratio"]),
                goal: row["goal"].as_f64(),
            })
        };
        let rows = value["rows"].as_array().context("the report has no rows")?;
        let about = value["about"].as_object().into_iter().flatten();
        Ok(Self {
            about: about
                .map(|(name, text)| (name.clone(), text.as_str().unwrap_or_default().to_owned()))
                .collect(),
            rows: rows
                .iter()
                .map(|value| row(value).with_context(|| format!("not a row: {value}")))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    /// Reads one that was kept.
    ///
    /// # Errors
    /// When there is none in the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let value = serde_json::from_str(&text)
            .with_context(|| format!("{} is not JSON", path.display()))?;
        Self::from_json(&value).with_context(|| format!("{} is of no use", path.display()))
    }

    /// Rows that have become worse than they were in `baseline` by more than the noise of both, with
    /// how many times as bad they are.
    pub fn worse_than<'a>(&'a self, baseline: &Self) -> Vec<(&'a Row, f64)> {
        /// Less than this nobody can tell from another layout of the same code.
        const LEAST: f64 = 0.10;
        let mut worse = Vec::new();
        for row in &self.rows {
            let same = |old: &&Row| (&old.group, &old.name) == (&row.group, &row.name);
            let Some(old) = baseline.rows.iter().find(same) else { continue };
            // A ratio is not compared with a number.
            if old.ratio.is_some() != row.ratio.is_some() || old.unit != row.unit {
                continue;
            }
            let (Some(before), Some(now)) = (old.figure(), row.figure()) else { continue };
            let factor = match row.unit {
                Unit::Times => before.median / now.median,
                Unit::Percent => (100.0 + now.median) / (100.0 + before.median),
                Unit::Ns | Unit::Bytes => now.median / before.median,
            };
            let noise = 2.0 * (old.spread() + row.spread());
            if factor > 1.0 + noise.max(LEAST) {
                worse.push((row, factor));
            }
        }
        worse
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Row, Unit};
    use crate::stats::Summary;

    fn row(median: f64, spread: f64) -> Row {
        let column = Summary { median, lower: median - spread, upper: median + spread };
        Row {
            group: "kernel".to_owned(),
            name: "null call".to_owned(),
            unit: Unit::Ns,
            bytes: 0,
            columns: vec![("ochre".to_owned(), column)],
            ratio: None,
            goal: Some(100.0),
        }
    }

    fn report(row: Row) -> Report {
        Report { about: vec![("date".to_owned(), "today".to_owned())], rows: vec![row] }
    }

    #[test]
    fn json_keeps_everything() {
        let before = report(row(100.0, 5.0));
        let after = Report::from_json(&before.to_json()).unwrap();
        assert_eq!((after.about, after.rows), (before.about, before.rows));
        assert!(Report::from_json(&serde_json::json!({ "format": 0, "rows": [] })).is_err());
    }

    #[test]
    fn only_what_stands_out_of_the_noise_is_worse() {
        let baseline = report(row(100.0, 1.0));
        assert!(report(row(108.0, 1.0)).worse_than(&baseline).is_empty());
        assert_eq!(report(row(120.0, 1.0)).worse_than(&baseline).len(), 1);
        assert!(report(row(120.0, 20.0)).worse_than(&baseline).is_empty());
        assert!(report(row(50.0, 1.0)).worse_than(&baseline).is_empty());
    }

    #[test]
    fn goals_and_noise() {
        assert_eq!(row(99.0, 1.0).reaches_goal(), Some(true));
        assert_eq!(row(101.0, 1.0).reaches_goal(), Some(false));
        assert!(row(100.0, 30.0).is_noisy() && !row(100.0, 10.0).is_noisy());
        let times = Row { unit: Unit::Times, goal: Some(1.8), ..row(1.9, 0.0) };
        assert_eq!(times.reaches_goal(), Some(true));
    }
}
