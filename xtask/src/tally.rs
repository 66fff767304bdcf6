// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counts of checks and tests, and the closing line that scripts read. Also takes counts from what
//! cargo's test runners print. Invariant: a suite that did not run to its end counts as a failure.

use anyhow::{Context as _, Result};
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

/// How many passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Tally {
    /// Counts one check.
    pub fn count(&mut self, passed: bool) {
        *if passed { &mut self.passed } else { &mut self.failed } += 1;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Prints the closing line; the status says whether all passed.
    pub fn close(self) -> ExitCode {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs a test command, shows what it prints, and takes the counts from it.
pub fn run_tests(command: &mut Command) -> Result<Tally> {
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut tally = Tally::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        if let Some(found) = counts(&line) {
            tally.add(found);
        }
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// The counts in a line such as `Summary [ 0.1s] 3 tests run: 2 passed, 1 failed, 0 skipped`
/// (nextest) or `test result: ok. 2 passed; 0 failed; …` (cargo test). An indented line of the second
/// kind is what a failed test of nextest's has printed, which the summary counts.
fn counts(line: &str) -> Option<Tally> {
    let rest = match line.strip_prefix("test result: ") {
        Some(rest) => rest,
        None => line.trim_start().strip_prefix("Summary [")?.split_once(" run: ")?.1,
    };
    let mut tally = Tally::default();
    let words: Vec<_> = rest.split([' ', ',', ';', '(', ')']).filter(|w| !w.is_empty()).collect();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else { continue };
        match pair[1] {
            "passed" => tally.passed += number,
            "failed" | "timed" => tally.failed += number,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_both_runners_are_read() {
        let cases = [
            ("     Summary [   0.158s] 27 tests run: 27 passed, 0 skipped", (27, 0)),
            (
                "     Summary [   2.1s] 4 tests run: 1 passed (1 slow), 2 failed, 1 timed out, 0 skipped",
                (1, 3),
            ),
            ("     Summary [   2.1s] 2/4 tests run: 2 passed, 0 skipped", (2, 0)),
            (
                "test result: FAILED. 6 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out",
                (6, 2),
            ),
        ];
        for (line, (passed, failed)) in cases {
            assert_eq!(counts(line), Some(Tally { passed, failed }), "{line}");
        }
        assert_eq!(counts("running 3 tests"), None);
        assert_eq!(counts("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), None);
    }

    #[test]
    fn a_suite_that_breaks_off_is_a_failure() {
        let tally = run_tests(Command::new("sh").args(["-c", "echo no summary; exit 1"])).unwrap();
        assert_eq!(tally, Tally { passed: 0, failed: 1 });
    }
}
