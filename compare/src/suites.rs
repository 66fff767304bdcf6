// SPDX-License-Identifier: MIT OR Apache-2.0
//! BusyBox's own tests, as its authors wrote them: a job for each applet of `testsuite/` and each folder of
//! `shell/hush_test/`, run by their own runners, whose answers are read here.
//!
//! Only one line of theirs is left out, as its comment asks for where programs that are not BusyBox are
//! tested: the one that empties the folder of links.

use crate::place::FOLDER;
use crate::report::{Found, State};
use anyhow::{Context as _, Result, bail};
use ochre_case_runner::{Job, Links, Outcome};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The tests of an applet, or of a folder of the shell's, get so long.
const LIMIT_MS: u64 = 90_000;
/// Looks at BusyBox's source, not at what it does.
const LEFT_OUT: [&str; 1] = ["all_sourcecode"];
/// The line that is left out of `runtest`.
const EMPTIES_LINKS: &str = "rm -rf \"$LINKSDIR\"";

/// What stands in the machine beside the tests, for ours and for BusyBox.
pub fn manifest(suite: &Path, busybox: &Path, ours: bool) -> String {
    let shell = if ours { "/usr/bin/sh" } else { "/usr/bin/busybox" };
    let mut lines = format!(
        "tree {FOLDER}/suite \"{}\" 0 0\nslink {FOLDER}/suite/busybox /usr/bin/busybox 0777 0 0\n\
         slink {FOLDER}/suite/shell/hush_test/hush {shell} 0777 0 0\ndir {FOLDER}/helpers 0755 0 0\n",
        suite.display()
    );
    if ours {
        // What the tests use and our image lacks; the tests of such an applet are not run.
        lines += &format!("file {FOLDER}/busybox \"{}\" 0755 0 0\n", busybox.display());
        for name in ["awk", "cmp", "diff", "find", "sed", "tar", "xargs", "grep", "cpio", "bzip2"] {
            lines += &format!("slink {FOLDER}/helpers/{name} ../busybox 0777 0 0\n");
        }
    }
    lines
}

/// The links by which `runtest` finds our programs.
pub fn links() -> Links {
    let to = ["/usr/bin", "/usr/sbin"].map(String::from).to_vec();
    Links { folder: format!("{FOLDER}/suite/runtest-tempdir-links"), to }
}

/// The jobs of both sets.
pub fn jobs(suite: &Path) -> Result<Vec<Job>> {
    let folder = suite.join("testsuite");
    let runtest = folder.join("runtest");
    let runtest = fs::read_to_string(&runtest)
        .with_context(|| format!("cannot read {}", runtest.display()))?;
    if !runtest.contains(EMPTIES_LINKS) {
        bail!("BusyBox's runtest has no line `{EMPTIES_LINKS}`: read it again");
    }
    let runtest = runtest.replace(EMPTIES_LINKS, ": links are kept: #");
    let mut jobs = Vec::new();
    for applet in applets(&folder)? {
        let command = "PATH=$PATH:/compare/helpers exec ./runtest -v \"$0\"";
        jobs.push(Job {
            id: format!("testsuite/{applet}"),
            argv: ["sh", "-c", command, &applet].map(String::from).to_vec(),
            folder: Some(format!("{FOLDER}/suite/testsuite")),
            files: [("runtest".to_owned(), runtest.clone())].into(),
            limit_ms: LIMIT_MS,
            turns: 1,
            needs: Some(applet),
            ..Job::default()
        });
    }
    let folder = suite.join("shell/hush_test");
    for module in names(&folder, |name, is_dir| is_dir && name.starts_with("hush-"))? {
        let command = "PATH=$PATH:/compare/helpers exec ./run-all \"$0\"";
        jobs.push(Job {
            id: format!("hush/{module}"),
            argv: ["sh", "-c", command, &module].map(String::from).to_vec(),
            folder: Some(format!("{FOLDER}/suite/shell/hush_test")),
            limit_ms: LIMIT_MS,
            turns: 1,
            needs: Some("sh".into()),
            collect: Some(".fail".into()),
            ..Job::default()
        });
    }
    Ok(jobs)
}

fn applets(folder: &Path) -> Result<BTreeSet<String>> {
    let mut applets = names(folder, |name, is_dir| is_dir && !name.contains('.'))?;
    let tests = names(folder, |name, is_dir| !is_dir && name.ends_with(".tests"))?;
    applets.extend(tests.iter().map(|name| name.trim_end_matches(".tests").to_owned()));
    for name in LEFT_OUT {
        applets.remove(name);
    }
    Ok(applets)
}

fn names(folder: &Path, wanted: impl Fn(&str, bool) -> bool) -> Result<BTreeSet<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if wanted(&name, entry.file_type()?.is_dir()) {
            names.insert(name);
        }
    }
    Ok(names)
}

/// The cases in what a runner of theirs put out.
pub fn read(outcome: &Outcome) -> Vec<Found> {
    let mut found = match outcome.id.split_once('/') {
        Some(("hush", _)) => read_hush(outcome),
        _ => read_testsuite(outcome),
    };
    let state = match (outcome.missing, outcome.timed_out) {
        (true, _) => State::Missing,
        (_, true) => State::TimedOut,
        _ => return found,
    };
    let mut text = outcome.stdout.clone();
    text += &outcome.stderr;
    found.push(Found { id: format!("{}: (all that is left)", outcome.id), state, text });
    found
}

fn read_testsuite(outcome: &Outcome) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut seen = BTreeSet::new();
    // The commands of a test come before its verdict, after a line of equals signs; what came of it, after.
    let (mut before, mut in_test) = (String::new(), false);
    for line in outcome.stdout.lines() {
        let state = match line.split_once(": ") {
            Some(("PASS", _)) => State::Pass,
            Some(("FAIL", _)) => State::Fail,
            Some(("SKIPPED" | "UNTESTED", _)) => State::Skipped,
            _ => {
                in_test |= line.starts_with("======");
                let text = match found.last_mut() {
                    Some(last) if !in_test => &mut last.text,
                    _ => &mut before,
                };
                text.push_str(line);
                text.push('\n');
                continue;
            }
        };
        in_test = false;
        let name = line.split_once(": ").map_or("", |(_, name)| name);
        let mut id = format!("{}: {name}", outcome.id);
        let mut count = 1;
        while !seen.insert(id.clone()) {
            count += 1;
            id = format!("{}: {name} #{count}", outcome.id);
        }
        found.push(Found { id, state, text: std::mem::take(&mut before) });
    }
    for case in found.iter_mut().filter(|case| case.state != State::Fail) {
        case.text.clear();
    }
    found
}

fn read_hush(outcome: &Outcome) -> Vec<Found> {
    let mut found = Vec::new();
    for line in outcome.stdout.lines() {
        let Some((name, result)) = line.split_once(':') else { continue };
        if !name.contains('/') || !name.ends_with(".tests") {
            continue;
        }
        let state = match result.trim() {
            "ok" => State::Pass,
            result if result.starts_with("skip") => State::Skipped,
            // Without a word: it was at this one that the time was up.
            _ => State::Fail,
        };
        // The runner's name for what differs: the folder's, then the test's.
        let file = name.replacen('/', "-", 1) + ".fail";
        let text = if state == State::Fail {
            outcome.files.get(&file).cloned().unwrap_or_default()
        } else {
            String::new()
        };
        let name = name.split_once('/').map_or(name, |(_, name)| name);
        found.push(Found { id: format!("{}: {name}", outcome.id), state, text });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_of_tests_are_read() {
        let stdout = "======================\necho -ne '' >input\nPASS: one\n======================\nx\n\
                      FAIL: two\n--- expected\n+++ actual\nPASS: one\nSKIPPED: three\n";
        let outcome =
            Outcome { id: "testsuite/cut".into(), stdout: stdout.into(), ..Outcome::default() };
        let found = read(&outcome);
        let seen: Vec<_> = found.iter().map(|case| (case.id.as_str(), case.state)).collect();
        assert_eq!(
            seen,
            [
                ("testsuite/cut: one", State::Pass),
                ("testsuite/cut: two", State::Fail),
                ("testsuite/cut: one #2", State::Pass),
                ("testsuite/cut: three", State::Skipped)
            ]
        );
        assert!(found[1].text.ends_with("x\n--- expected\n+++ actual\n"), "{}", found[1].text);
    }

    #[test]
    fn the_shells_tests_are_read_with_their_differences() {
        let outcome = Outcome {
            id: "hush/hush-arith".into(),
            stdout: "hush-arith/a.tests: ok\nhush-arith/b.tests: fail (1)\nhush-arith/c.tests:"
                .into(),
            files: [("hush-arith-b.tests.fail".to_owned(), "-x".to_owned())].into(),
            timed_out: true,
            ..Outcome::default()
        };
        let found = read(&outcome);
        let states: Vec<_> = found.iter().map(|case| case.state).collect();
        assert_eq!(states, [State::Pass, State::Fail, State::Fail, State::TimedOut]);
        assert_eq!(
            (found[1].id.as_str(), found[1].text.as_str()),
            ("hush/hush-arith: b.tests", "-x")
        );
    }
}
