// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own unit tests (KUnit), which a kernel with `kernel/configs/kunit.config` runs when it
//! boots: `cargo xtask test kunit`.
//!
//! What a suite, a test or the kernel does besides being run and passing in silence must stand in a
//! list, with its reason. Invariant of these lists: an entry that nothing needs is a failure, too.

use ochre_tests::kernel_log;
use ochre_tests::ktap::{self, Outcome, Test};
use ochre_tests::machine::{Machine, part};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// Suites that are not built for this port: a file or folder of the source, and why.
const NOT_BUILT: &str = include_str!("kunit/not-built");
/// Tests that skip themselves here: a path as `suite.test`, and why that is right.
const SKIPPED: &str = include_str!("kunit/skipped");
/// Tests that fail for what they take for granted: a path as above, and the proof.
const FAILING: &str = include_str!("kunit/failing");
/// Tests in which the kernel reports a bug on purpose: a path, and what provokes the report.
const PROVOKED: &str = include_str!("kunit/provoked");

/// The lines `name: reason` of a list.
fn list(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").expect("a line `name: reason`")).collect()
}

fn kunit(command: &[&str]) -> Machine {
    Machine::exec(command)
        .option("--kernel", part("vmlinux-kunit.wasm"))
        .limit(Duration::from_secs(600))
        // Looked at here, test by test.
        .may_complain()
}

#[test]
fn the_kernels_own_tests_pass() {
    // With a command: the machine is still one when the tests are done.
    let output = kunit(&["uname", "-sm"]).run().success().prints("Linux wasm32\n");
    let log = &output.kernel_log;
    let suites = ktap::parse(log).unwrap_or_else(|broken| panic!("{broken}\n{log}"));
    print!("{}", summary(&suites));

    let mut problems = String::new();
    let mut skips = list(SKIPPED);
    let mut failing = list(FAILING);
    let mut provoked = list(PROVOKED);
    let mut complaints = 0;
    for suite in &suites {
        suite.visit_all(&mut |path, test| {
            match &test.outcome {
                Outcome::Passed => {}
                // A suite, or a test with parameters, that failed for a part of it.
                Outcome::Failed
                    if test.parts.iter().any(|part| part.outcome == Outcome::Failed) => {}
                Outcome::Failed => match failing.remove(path) {
                    Some(reason) => println!("known to fail: {path}: {reason}"),
                    None => {
                        let output = test.output.join("\n  ");
                        let _ = writeln!(problems, "{path} failed:\n  {output}");
                    }
                },
                Outcome::Skipped(reason) => {
                    let expected = skips.remove(path);
                    println!("skipped: {path}: {reason} ({})", expected.unwrap_or("unexpected"));
                    if expected.is_none() {
                        let _ = writeln!(problems, "{path} was skipped: {reason}");
                    }
                }
            }
            let text = test.output.join("\n");
            let reports = kernel_log::complaints(&text);
            complaints += reports.len();
            if !reports.is_empty() && provoked.remove(path).is_none() {
                let _ = writeln!(problems, "the kernel reports in {path}:\n  {text}");
            }
        });
    }
    let all_complaints = kernel_log::complaints(log);
    if all_complaints.len() != complaints {
        let _ = writeln!(problems, "the kernel reports outside of the tests: {all_complaints:#?}");
    }
    for (path, reason) in skips {
        let _ = writeln!(problems, "{path} was not skipped, as the list says: {reason}");
    }
    for (path, reason) in failing {
        let _ = writeln!(problems, "{path} has not failed, as the list says: {reason}");
    }
    for (path, reason) in provoked {
        let _ =
            writeln!(problems, "the kernel reported nothing in {path}, as the list says: {reason}");
    }
    assert!(problems.is_empty(), "{problems}");
}

/// A line per suite, and the sum.
fn summary(suites: &[Test]) -> String {
    let mut text = String::new();
    let mut total = [0; 3];
    for suite in suites {
        let mut counts = [0; 3];
        suite.visit_leaves(&mut |_, test| {
            let kind = match test.outcome {
                Outcome::Passed => 0,
                Outcome::Failed => 1,
                Outcome::Skipped(_) => 2,
            };
            counts[kind] += 1;
            total[kind] += 1;
        });
        let [passed, failed, skipped] = counts;
        let name = &suite.name;
        let _ = writeln!(text, "{name}: {passed} passed, {failed} failed, {skipped} skipped");
    }
    let [passed, failed, skipped] = total;
    let count = suites.len();
    let _ = writeln!(text, "{count} suites: {passed} passed, {failed} failed, {skipped} skipped");
    text
}

#[test]
fn every_suite_of_the_source_is_built_or_has_its_reason() {
    // The kernel names its suites and runs none.
    let output = kunit(&["uname", "-sm"]).append("kunit.action=list").run().success();
    let log = &output.kernel_log;
    let (_, listed) = log.split_once("KTAP version 1").expect("a list of suites");
    let built: BTreeSet<_> = listed.lines().map(ktap::without_time).collect();

    let in_source = fs::read_to_string(part("kunit-suites")).expect("the list of the source");
    let reasons = list(NOT_BUILT);
    let mut used = BTreeSet::new();
    let mut problems = String::new();
    for line in in_source.lines() {
        let (file, suite) = line.split_once('\t').expect("a file and a suite");
        let reason = reasons.keys().find(|place| {
            let rest = file.strip_prefix(**place);
            rest.is_some_and(|rest| rest.is_empty() || place.ends_with('/'))
        });
        match (built.contains(suite), reason) {
            (true, None) => {}
            (false, Some(place)) => {
                println!("not built: {file}: {}", reasons[place]);
                used.insert(*place);
            }
            (true, Some(_)) => {
                let _ =
                    writeln!(problems, "{suite} of {file} is built, but has a reason not to be");
            }
            (false, None) => {
                let _ = writeln!(problems, "{suite} of {file} is not built and has no reason");
            }
        }
    }
    for place in reasons.keys().filter(|place| !used.contains(*place)) {
        let _ = writeln!(problems, "there is nothing at {place}, for which a reason is given");
    }
    assert!(problems.is_empty(), "{problems}");
}
