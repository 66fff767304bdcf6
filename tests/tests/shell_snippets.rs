// SPDX-License-Identifier: MIT OR Apache-2.0
//! The snippets in `data/shell/`: the guest's bash does what the host's does, but for the differences
//! that are listed there, and those are still there. Those in `data/sh/`: the guest's sh does what the
//! host's dash does.

use ochre_tests::scripts::{BASH, SH, Shells};
use ochre_tests::{scripts, snippets};
use std::fmt::Write;

#[test]
fn snippets_give_what_they_give_on_the_host() {
    compare("shell", 150, BASH);
}

#[test]
fn sh_gives_what_dash_gives() {
    compare("sh", 20, SH);
}

/// Compares what the snippets of a folder give.
fn compare(folder: &str, at_least: usize, shells: Shells) {
    let snippets = snippets::read(folder);
    assert!(snippets.len() >= at_least, "only {} snippets", snippets.len());
    let cases: Vec<_> =
        snippets.iter().map(|snippet| (snippet.name.as_str(), snippet.script.as_str())).collect();
    let comparison = scripts::compare(shells, &cases);
    let mut wrong = String::new();
    for (snippet, outcome) in snippets.iter().zip(&comparison.outcomes) {
        let _ = match (&snippet.known_difference, outcome.differs()) {
            (None, true) => writeln!(wrong, "{}:\n{}{outcome}", snippet.name, snippet.script),
            (Some(reason), false) => writeln!(
                wrong,
                "{}: no difference any more ({reason}); take the line with the reason away",
                snippet.name
            ),
            (None, false) | (Some(_), true) => Ok(()),
        };
    }
    assert!(wrong.is_empty(), "{wrong}\n{}", comparison.guest.transcript());
}
