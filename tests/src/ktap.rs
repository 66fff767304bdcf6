// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel test anything protocol, version 1, as KUnit prints it into the kernel's log.
//!
//! A level of results opens with `KTAP version 1`, may have a plan `1..N`, and is closed by the result
//! line of the level above; four spaces per level. All other lines of the log lie in between, from
//! whatever runs: they are kept with the next result, for they were printed before it.
//!
//! Invariant: what is missing, out of order or open at the end is an error; nothing is guessed.

use std::fmt;
use std::mem;

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `ok`.
    Passed,
    /// `not ok`.
    Failed,
    /// `ok … # SKIP`, with the reason that the test gives.
    Skipped(String),
}

/// A suite, a test, or a test with one of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The tests of a suite, the parameters of a test.
    pub parts: Vec<Test>,
    /// The lines that came before its result and belong to none of its parts.
    pub output: Vec<String>,
}

impl Test {
    /// Calls `visit` for each test without parts, with its path: `suite.test.parameter`.
    pub fn visit_leaves<'a>(&'a self, visit: &mut impl FnMut(&str, &'a Test)) {
        self.visit_all(&mut |path, test| {
            if test.parts.is_empty() {
                visit(path, test);
            }
        });
    }

    /// Calls `visit` for the test itself and for all in it, each with its path.
    pub fn visit_all<'a>(&'a self, visit: &mut impl FnMut(&str, &'a Test)) {
        self.visit_below("", visit);
    }

    fn visit_below<'a>(&'a self, above: &str, visit: &mut impl FnMut(&str, &'a Test)) {
        let path =
            if above.is_empty() { self.name.clone() } else { format!("{above}.{}", self.name) };
        for part in &self.parts {
            part.visit_below(&path, visit);
        }
        visit(&path, self);
    }
}

/// Why a log holds no complete results.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1 on; 0 for the end of the log.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "at the end of the log: {}", self.what),
            line => write!(f, "line {line} of the log: {}", self.what),
        }
    }
}

/// One level of results, from its version line to the result that closes it.
#[derive(Default)]
struct Level {
    name: Option<String>,
    plan: Option<usize>,
    results: Vec<Test>,
    output: Vec<String>,
}

impl Level {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("a test without a name")
    }

    fn check_plan(&self) -> Result<(), String> {
        let count = self.results.len();
        match self.plan {
            Some(plan) if plan != count => Err(format!("{count} results of {plan} planned")),
            _ => Ok(()),
        }
    }
}

/// The results in a kernel's log, one for each suite.
///
/// # Errors
/// When the log has none, or they are not complete.
pub fn parse(log: &str) -> Result<Vec<Test>, Broken> {
    let mut open: Vec<Level> = Vec::new();
    for (number, line) in log.lines().enumerate() {
        take(&mut open, without_time(line)).map_err(|what| Broken { line: number + 1, what })?;
    }
    let end = |what: String| Broken { line: 0, what };
    if let Some(level) = open.get(1) {
        return Err(end(format!("{} has begun and not ended", level.name())));
    }
    let suites = open.pop().ok_or_else(|| end("no KTAP version line".into()))?;
    suites.check_plan().map_err(end)?;
    if suites.plan.is_none() {
        return Err(end("no plan of the suites".into()));
    }
    Ok(suites.results)
}

/// Adds a line to the levels that are open; the error says what is wrong.
fn take(open: &mut Vec<Level>, line: &str) -> Result<(), String> {
    let text = line.trim_start_matches(' ');
    let spaces = line.len() - text.len();
    let depth = spaces / 4;
    let last = open.len().checked_sub(1);
    if spaces.is_multiple_of(4) {
        if text == "KTAP version 1" && depth == open.len() {
            open.push(Level::default());
            return Ok(());
        }
        if let Some(result) = result_line(text) {
            // At the level that is open, or one above it: then it closes that.
            if last == Some(depth) {
                return add(&mut open[depth], result, Vec::new());
            }
            if last == Some(depth + 1) {
                let mut closed = open.pop().unwrap_or_default();
                closed.check_plan()?;
                if let Some(name) = closed.name.filter(|name| *name != result.name) {
                    return Err(format!("{} ended while {name} ran", result.name));
                }
                open[depth].output.append(&mut closed.output);
                return add(&mut open[depth], result, closed.results);
            }
            let ends = |level: &Level| level.name.as_ref() == Some(&result.name);
            if open.get(depth + 1).is_some_and(ends) {
                return Err(format!("no result of {}", open[depth + 2].name()));
            }
        }
    }
    let Some(level) = open.last_mut() else { return Ok(()) };
    // A name that ends with a line break, as some parameters have, tears its line in two.
    if let (Some(reason), Some(result)) = (line.strip_prefix(" # SKIP"), level.results.last_mut())
        && level.output.is_empty()
        && result.outcome == Outcome::Passed
    {
        result.outcome = Outcome::Skipped(reason.trim().to_owned());
        return Ok(());
    }
    if Some(depth) == last && spaces.is_multiple_of(4) {
        if let Some(name) = text.strip_prefix("# Subtest: ").filter(|_| level.name.is_none()) {
            level.name = Some(name.to_owned());
            return Ok(());
        }
        let plan = text.strip_prefix("1..").and_then(|count| count.parse().ok());
        if plan.is_some() && level.plan.is_none() && level.results.is_empty() {
            level.plan = plan;
            return Ok(());
        }
    }
    level.output.push(line.to_owned());
    Ok(())
}

struct ResultLine {
    number: usize,
    name: String,
    outcome: Outcome,
}

fn add(level: &mut Level, line: ResultLine, parts: Vec<Test>) -> Result<(), String> {
    let expected = level.results.len() + 1;
    if line.number != expected {
        return Err(format!("{} has number {}, not {expected}", line.name, line.number));
    }
    let output = mem::take(&mut level.output);
    level.results.push(Test { name: line.name, outcome: line.outcome, parts, output });
    Ok(())
}

/// `ok 1 name`, `ok 2 name # SKIP reason` or `not ok 3 name`.
fn result_line(text: &str) -> Option<ResultLine> {
    let (passed, rest) = match text.strip_prefix("ok ") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix("not ok ")?),
    };
    let (number, rest) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    let (name, skipped) = match rest.split_once(" # SKIP") {
        Some((name, reason)) => (name, Some(reason.trim().to_owned())),
        None => (rest, None),
    };
    let outcome = match (passed, skipped) {
        (false, _) => Outcome::Failed,
        (true, Some(reason)) => Outcome::Skipped(reason),
        (true, None) => Outcome::Passed,
    };
    Some(ResultLine { number, name: name.trim().to_owned(), outcome })
}

/// A line of the log without the `[    0.123456] ` that the kernel puts before it.
pub fn without_time(line: &str) -> &str {
    let Some((time, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
        return line;
    };
    let is_time = !time.is_empty() && time.chars().all(|c| c.is_ascii_digit() || " .".contains(c));
    if is_time { rest } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[    0.000000] Linux version 6.12
[    0.100000] KTAP version 1
[    0.100000] 1..2
[    0.100000]     KTAP version 1
[    0.100000]     # Subtest: first
[    0.100000]     # module: first_test
[    0.100000]     1..3
[    0.110000]     ok 1 plain
[    0.110000] a line of something else
[    0.120000]     ok 2 other # SKIP not on this machine
[    0.120000]         KTAP version 1
[    0.120000]         # Subtest: many
[    0.130000]         ok 1 one
[    0.130000]  # SKIP too many
[    0.130000]     # many: EXPECTATION FAILED at lib/x.c:1
[    0.140000]         not ok 2 two
[    0.140000]     # many: pass:1 fail:1 skip:0 total:2
[    0.140000]     not ok 3 many
[    0.140000] # first: pass:1 fail:1 skip:1 total:3
[    0.140000] not ok 1 first
[    0.150000] ok 2 empty # SKIP
[    0.160000] Run /init as init process
";

    #[test]
    fn nested_results_are_read_with_what_was_printed_before_them() {
        let suites = parse(LOG).unwrap();
        let mut seen = Vec::new();
        for suite in &suites {
            suite.visit_all(&mut |path, test| {
                seen.push((path.to_owned(), test.outcome.clone(), test.output.len()));
            });
        }
        let skipped = |reason: &str| Outcome::Skipped(reason.to_owned());
        let expected = [
            ("first.plain", Outcome::Passed, 1),
            ("first.other", skipped("not on this machine"), 1),
            ("first.many.one", skipped("too many"), 0),
            ("first.many.two", Outcome::Failed, 1),
            ("first.many", Outcome::Failed, 1),
            ("first", Outcome::Failed, 1),
            ("empty", skipped(""), 0),
        ];
        let expected = expected.map(|(path, outcome, lines)| (path.to_owned(), outcome, lines));
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_not_complete_is_an_error() {
        let broken = |log: &str| parse(log).unwrap_err().what;
        assert_eq!(broken("[    0.1] nothing\n"), "no KTAP version line");
        let first_lines = |count: usize| LOG.lines().take(count).collect::<Vec<_>>().join("\n");
        assert_eq!(broken(&first_lines(9)), "first has begun and not ended");
        assert_eq!(broken(&first_lines(20)), "1 results of 2 planned");
        let without = |gone: &str| LOG.replace(gone, "");
        let line = "[    0.120000]     ok 2 other # SKIP not on this machine\n";
        assert_eq!(broken(&without(line)), "many has number 3, not 2");
        let line = "[    0.140000]     not ok 3 many\n";
        assert_eq!(broken(&without(line)), "no result of many");
        assert_eq!(
            broken(&LOG.replace("ok 1 first", "ok 1 second")),
            "second ended while first ran"
        );
        assert_eq!(broken(&LOG.replace("    1..3", "    1..4")), "3 results of 4 planned");
    }
}
