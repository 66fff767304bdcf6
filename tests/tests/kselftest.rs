// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own selftests, each in a machine of its own: `cargo xtask test kselftest`.
//!
//! What is run stands in `tests/kselftest/programs`; what does not simply pass, in `expected`, with the
//! reason; what is not even built, in `left-out`, likewise. Any difference fails the suite, in either
//! direction. The table of results goes to `target/ochre/kselftest-results`, which `cargo xtask` prints.

use ochre_tests::kselftest::{Expectation, Outcome, expectations, left_out, programs, run};
use ochre_tests::machine::{folder, part};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::sync::Mutex;
use std::thread;

#[test]
fn every_program_does_what_is_expected_of_it() {
    let (programs, mut expected) = (programs(), expectations());
    let queue = Mutex::new(programs.iter());
    let outcomes = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    // The lock is not held while the program runs.
                    let next = queue.lock().expect("no panic before").next();
                    let Some(program) = next else { return };
                    let outcome = run(program);
                    outcomes.lock().expect("no panic before").insert(&program.name, outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no panic before");
    let (mut table, mut differences) = (String::new(), String::new());
    let mut counts = BTreeMap::<&str, usize>::new();
    for (program, outcome) in outcomes {
        let wanted = expected.remove(program).unwrap_or_else(Expectation::pass);
        let outcome = outcome.without(&wanted.varying);
        let verdict = outcome.verdict();
        *counts.entry(verdict).or_default() += 1;
        let _ = writeln!(table, "{verdict} {program} {}  {}", outcome.short(), wanted.reason);
        if outcome.short() != wanted.outcome {
            let _ = writeln!(
                differences,
                "{program}: expected `{}`, found `{}`\n{}",
                wanted.outcome,
                outcome.short(),
                outcome.output
            );
        }
    }
    for (prefix, reason) in left_out() {
        let _ = writeln!(table, "out  {prefix}  {reason}");
    }
    let _ = writeln!(table, "{counts:?}");
    fs::write(folder().join("kselftest-results"), &table).expect("a results folder");
    assert!(differences.is_empty(), "{differences}");
    assert!(expected.is_empty(), "expected, but not run: {:?}", expected.keys());
}

#[test]
fn every_program_that_there_is_has_its_place() {
    let candidates = fs::read_to_string(part("kselftest/candidates")).expect("the candidates");
    let (programs, left_out) = (programs(), left_out());
    let mut homeless = Vec::new();
    for candidate in candidates.lines() {
        let is_out = left_out.iter().any(|(prefix, _)| candidate.starts_with(prefix.as_str()));
        if !is_out && !programs.iter().any(|program| program.name == candidate) {
            homeless.push(candidate);
        }
    }
    assert!(homeless.is_empty(), "neither run nor left out: {homeless:#?}");
    for (prefix, _) in &left_out {
        let used = candidates.lines().any(|candidate| {
            candidate.starts_with(prefix.as_str())
                && !programs.iter().any(|program| program.name == candidate)
        });
        assert!(used, "left-out: there is no {prefix}");
    }
}

#[test]
fn outcomes_are_read_from_what_is_printed() {
    let text = "TAP version 13\n1..4\nok 1 a\nnot ok 2 b\n# not ok 9\nok 3 c # SKIP why\n\
                ok 4 d # XFAIL known\n";
    let outcome = Outcome::read(1, text.to_owned(), &[]);
    assert_eq!(outcome.short(), "exit=1 fail=2 skip=3");
    assert_eq!(outcome.verdict(), "FAIL");
    assert_eq!(outcome.without(&[2]).short(), "skip=3");
    let text = "Diff too high: 9..not ok 1 a\nDiff: 3 ok 2\n";
    assert_eq!(Outcome::read(0, text.to_owned(), &[]).short(), "fail=1");
    assert_eq!(Outcome::read(0, "ok 1\nok 2\n".into(), &[]).short(), "");
    assert_eq!(Outcome::read(0, "ok 1\n".into(), &["WARNING"]).short(), "log");
    assert_eq!(Outcome::read(4, String::new(), &[]).verdict(), "skip");
    assert_eq!(Outcome::read(0, String::new(), &[]).verdict(), "pass");
}
