// SPDX-License-Identifier: MIT OR Apache-2.0
//! The report for a terminal: counts, and the differences by name.

use crate::report::Report;
use std::fmt::Write as _;

/// The text. Writing to a `String` cannot fail.
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{:<28} {:>6} {:>8} {:>8}", "", "ours", "BusyBox", "missing");
    for (name, count) in report.groups() {
        let _ = writeln!(text, "{name:<28} {:>6} {:>8} {:>8}", count.pass, count.of, count.missing);
    }
    let _ = writeln!(text);
    for case in report.differences() {
        let verdict = case.verdict.map_or("", |verdict| verdict.name());
        let _ = writeln!(text, "{:<12} {:<8} {}", verdict, case.ours.name(), case.id);
    }
    let _ = writeln!(text);
    for (name, count) in report.suites() {
        let _ = writeln!(
            text,
            "{name}: {} of the {} cases that BusyBox passes; {} not run for want of the program",
            count.pass, count.of, count.missing
        );
    }
    for (verdict, count) in report.verdicts() {
        let _ = writeln!(text, "differences, {}: {count}", verdict.name());
    }
    let words = report.cases.iter().filter(|case| case.words_differ).count();
    let _ = writeln!(text, "same but for the words of a message: {words}");
    for name in &report.unused_verdicts {
        let _ = writeln!(text, "a verdict on what does not differ: {name}");
    }
    text
}
