// SPDX-License-Identifier: MIT OR Apache-2.0
//! One of the kernel's selftests in a machine, and the lists of what is to come of them.
//!
//! A program's outcome in short is what its line in the list of expectations says:
//! `exit=STATUS fail=N,N skip=N,N log`, with only those parts that are not 0, empty, or quiet; the
//! numbers are those of its TAP lines, `log` says that the kernel complained. `varies=N,N` there names
//! points that are not looked at.

use crate::kernel_log::complaints;
use crate::machine::{Machine, part};
use initramfs_builder::manifest::{self, Definitions};
use initramfs_builder::{Archive, Attributes, Content, Name};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seconds that a program gets in the guest.
const LIMIT_SECS: u32 = 300;
/// Where they are in the guest.
const GUEST_FOLDER: &str = "/kselftest";
/// Most bytes of output that a difference shows.
const SHOWN_BYTES: usize = 3000;

/// What a program is expected to do.
pub struct Expectation {
    /// In short.
    pub outcome: String,
    /// Points that may fail or not, as the host is busy or not.
    pub varying: Vec<u32>,
    /// Why, if it does not pass.
    pub reason: String,
}

impl Expectation {
    /// Of all that are not listed.
    pub fn pass() -> Self {
        Self { outcome: String::new(), varying: Vec::new(), reason: String::new() }
    }
}

/// What a program did.
pub struct Outcome {
    status: i32,
    failed: Vec<u32>,
    skipped: Vec<u32>,
    complains: bool,
    /// The end of its output.
    pub output: String,
}

impl Outcome {
    /// Reads an exit status, TAP lines, and what the kernel complained of.
    pub fn read(status: i32, text: String, complaints: &[&str]) -> Self {
        let (mut failed, mut skipped) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            // Some print other things before it, without an end of the line.
            let failure = line.split_once("not ok ").map(|(_, rest)| (rest, false));
            let success = line.strip_prefix("ok ").map(|rest| (rest, true));
            let Some((rest, is_ok)) = failure.or(success) else { continue };
            let Some(number) = rest.split_whitespace().next().and_then(|word| word.parse().ok())
            else {
                continue;
            };
            if !is_ok {
                failed.push(number);
            } else if rest.contains("# SKIP") {
                skipped.push(number);
            }
        }
        let start = text.len().saturating_sub(SHOWN_BYTES);
        let start = text.ceil_char_boundary(start);
        let mut output = text[start..].to_owned();
        for complaint in complaints {
            output += complaint;
            output.push('\n');
        }
        Self { status, failed, skipped, complains: !complaints.is_empty(), output }
    }

    /// Without the points that vary, and without the failure as a whole if only they have failed.
    pub fn without(mut self, varying: &[u32]) -> Self {
        let count = self.failed.len();
        self.failed.retain(|point| !varying.contains(point));
        if self.failed.is_empty() && count > 0 && self.status == 1 {
            self.status = 0;
        }
        self
    }

    /// In short.
    pub fn short(&self) -> String {
        let list = |name: &str, numbers: &[u32]| {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            (!numbers.is_empty()).then(|| format!("{name}={}", numbers.join(",")))
        };
        let parts = [
            (self.status != 0).then(|| format!("exit={}", self.status)),
            list("fail", &self.failed),
            list("skip", &self.skipped),
            self.complains.then(|| "log".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// As kselftest sees it: 0 is a pass, 4 a skip.
    pub fn verdict(&self) -> &'static str {
        match self.status {
            0 if self.failed.is_empty() && !self.complains => "pass",
            4 if self.failed.is_empty() && !self.complains => "skip",
            _ => "FAIL",
        }
    }
}

/// Runs a program in a machine.
///
/// # Panics
/// When it has not been built, or the machine does not end.
pub fn run(program: &Program) -> Outcome {
    let (collection, name) = program.name.rsplit_once('/').expect("a folder and a name");
    let script = format!(
        "exec 2>&1; ulimit -c 0; cd {GUEST_FOLDER}/{collection} && \
         timeout -k 5 {LIMIT_SECS} ./{name} {}",
        program.arguments
    );
    let output = Machine::shell(&script)
        .with_archive(archive(collection, name))
        .limit(Duration::from_secs(330))
        .may_complain()
        .run();
    // A test may set off the messages that it looks for, but never these.
    let complaints = complaints(&output.kernel_log);
    Outcome::read(output.code(), output.text(), &complaints)
}

/// The program, its folders, and what `tests/kselftest/manifest` has in the same collection.
fn archive(collection: &str, name: &str) -> Archive {
    let mut archive = Archive::new();
    let mut folder = GUEST_FOLDER.to_owned();
    let mut folders = vec![folder.clone()];
    for part in collection.split('/') {
        folder = format!("{folder}/{part}");
        folders.push(folder.clone());
    }
    for path in folders {
        let name = Name::new(&path).expect("a name");
        archive.add_directory(name, Attributes::root(0o755)).expect("a new folder");
    }
    let program = fs::read(part(&format!("kselftest/bin/{collection}/{name}"))).expect("a program");
    let path = Name::new(format!("{folder}/{name}")).expect("a name");
    archive.add_file(path, Content::Bytes(program), Attributes::root(0o755)).expect("a new file");
    let lists = list_folder();
    let built = part("kselftest/candidates").parent().map(Path::to_path_buf).unwrap_or_default();
    let definitions = Definitions::from([("BUILT".to_owned(), built.display().to_string())]);
    let text = fs::read_to_string(lists.join("manifest")).expect("the manifest");
    let mut lines = String::new();
    for line in text.lines() {
        let path = line.split_whitespace().nth(1).unwrap_or_default();
        let inside = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/'));
        if inside.is_some_and(|rest| !rest.is_empty()) {
            lines += line;
            lines.push('\n');
        }
    }
    manifest::add(&mut archive, &lines, &lists, &definitions).expect("a good manifest");
    archive
}

/// A program that is built and run.
pub struct Program {
    /// `COLLECTION/NAME`.
    pub name: String,
    /// The rest of the shell's command that runs it.
    arguments: String,
}

/// The programs that are built and run.
///
/// # Panics
/// When their list cannot be read.
pub fn programs() -> Vec<Program> {
    let program = |line: &String| {
        let (build, arguments) = line.split_once(" -- ").unwrap_or((line, ""));
        let name = build.split_whitespace().next().unwrap_or_default().to_owned();
        Program { name, arguments: arguments.to_owned() }
    };
    lines("programs").iter().map(program).collect()
}

/// What is expected of those that do not simply pass.
///
/// # Panics
/// When the list is not `PROGRAM OUTCOME | REASON` throughout.
pub fn expectations() -> BTreeMap<String, Expectation> {
    let mut expectations = BTreeMap::new();
    for line in lines("expected") {
        let parts = line.split_once('|').filter(|(_, reason)| !reason.trim().is_empty());
        let Some((what, reason)) = parts else { panic!("expected: no reason in `{line}`") };
        let mut words = what.split_whitespace();
        let program = words.next().expect("a program").to_owned();
        let (varying, outcome): (Vec<_>, Vec<_>) =
            words.partition(|word| word.starts_with("varies="));
        let varying = varying.iter().flat_map(|word| word["varies=".len()..].split(','));
        let expectation = Expectation {
            outcome: outcome.join(" "),
            varying: varying.map(|word| word.parse().expect("a number")).collect(),
            reason: reason.trim().to_owned(),
        };
        let former = expectations.insert(program, expectation);
        assert!(former.is_none(), "expected: `{line}` is the second of its program");
    }
    expectations
}

/// Beginnings of names of programs that are not built, each with the reason.
///
/// # Panics
/// When the list is not `BEGINNING | REASON` throughout.
pub fn left_out() -> Vec<(String, String)> {
    let split = |line: &String| match line.split_once('|') {
        Some((prefix, reason)) if !reason.trim().is_empty() => {
            (prefix.trim().to_owned(), reason.trim().to_owned())
        }
        _ => panic!("left-out: no reason in `{line}`"),
    };
    lines("left-out").iter().map(split).collect()
}

fn list_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kselftest")
}

fn lines(name: &str) -> Vec<String> {
    let path = list_folder().join(name);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let wanted = |line: &&str| !line.starts_with('#') && !line.trim().is_empty();
    text.lines().filter(wanted).map(str::to_owned).collect()
}
