// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verdicts: `tests/compare/verdicts` says of a difference who is wrong, and why.
//!
//! ```text
//! testsuite/cut: cut -DF | by-design | an extension that only BusyBox and toybox have
//! own/ls: * | ours-wrong | …
//! ```
//!
//! A `*` in a name stands for any text. The first line that fits counts. A difference without a verdict is
//! open; a verdict that fits no difference is out of date, and is reported.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use std::cell::Cell;
use std::fs;
use std::path::Path;

/// Who is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody has looked at it yet.
    Open,
    /// A bug or gap of ours.
    OursWrong,
    /// A bug of BusyBox, or an expectation of its tests that the standard contradicts.
    TheirsWrong,
    /// Both are right, or we differ on purpose.
    ByDesign,
}

impl Verdict {
    /// As the file and the reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OursWrong => "ours wrong",
            Self::TheirsWrong => "theirs wrong",
            Self::ByDesign => "by design",
        }
    }
}

struct Line {
    pattern: String,
    verdict: Verdict,
    reason: String,
    used: Cell<bool>,
}

/// All verdicts.
pub struct Verdicts(Vec<Line>);

impl Verdicts {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // From the end: a name may have bars in it.
            let mut parts = line.rsplitn(3, " | ");
            let (Some(reason), Some(verdict), Some(pattern)) =
                (parts.next(), parts.next(), parts.next())
            else {
                bail!("line {}: expected `NAME | VERDICT | REASON`", index + 1);
            };
            let verdict = match verdict.trim() {
                "ours-wrong" => Verdict::OursWrong,
                "theirs-wrong" => Verdict::TheirsWrong,
                "by-design" => Verdict::ByDesign,
                other => bail!(
                    "line {}: verdict `{other}`: expected ours-wrong, theirs-wrong or by-design",
                    index + 1
                ),
            };
            if reason.trim().is_empty() {
                bail!("line {}: no reason", index + 1);
            }
            lines.push(Line {
                pattern: pattern.trim().to_owned(),
                verdict,
                reason: reason.trim().to_owned(),
                used: Cell::new(false),
            });
        }
        Ok(Self(lines))
    }

    /// The verdict on a difference, with its reason.
    pub fn of(&self, id: &str) -> (Verdict, String) {
        match self.0.iter().find(|line| matches(&line.pattern, id)) {
            Some(line) => {
                line.used.set(true);
                (line.verdict, line.reason.clone())
            }
            None => (Verdict::Open, String::new()),
        }
    }

    /// Those that no difference has asked for.
    pub fn unused(&self) -> Vec<String> {
        let unused = self.0.iter().filter(|line| !line.used.get());
        unused.map(|line| line.pattern.clone()).collect()
    }
}

/// Whether `text` is what `pattern`, with `*` for any text, says.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_first_line_counts_and_unused_ones_are_told() {
        let text = "# c\nx: a | b | by-design | r\nx: * | ours-wrong | s\ny | theirs-wrong | t\n";
        let verdicts = Verdicts::parse(text).unwrap();
        assert_eq!(verdicts.of("x: a | b"), (Verdict::ByDesign, "r".into()));
        assert_eq!(verdicts.of("x: z").0, Verdict::OursWrong);
        assert_eq!(verdicts.of("z").0, Verdict::Open);
        assert_eq!(verdicts.unused(), ["y"]);
        assert!(Verdicts::parse("x | maybe | r\n").is_err());
        assert!(Verdicts::parse("x | by-design\n").is_err());
    }

    #[test]
    fn the_projects_own_verdicts_are_well_formed() {
        Verdicts::read(Path::new("../tests/compare/verdicts")).unwrap();
    }
}
