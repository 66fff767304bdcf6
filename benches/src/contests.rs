// SPDX-License-Identifier: MIT OR Apache-2.0
//! The groups in which the guest and the host do the same: calls, pipes, files, whole programs, shell
//! scripts, compute kernels.

use crate::Setup;
use crate::emulated::Emulated;
use anyhow::{Context, ensure};
use ochre_benches::contest::{Contest, Item};
use ochre_benches::image::with_programs;
use ochre_benches::participant::Participant;
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::Summary;
use ochre_benches::turns::{self, ratios};
use ochre_benchmarks::system::MEASURES;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::{NamedTempFile, TempDir};

/// The most that a ratio shall be, by group and row.
const GOALS: [(&str, &str, f64); 8] = [
    ("kernel", "null call", 0.3),
    ("ipc", "pipe ping-pong, 2 processes", 0.3),
    ("kernel", "spawn a small program", 0.6),
    ("ipc", "pipe, 64 KiB", 1.0),
    ("kernel", "thread create and join", 1.0),
    ("kernel", "open and close", 0.7),
    ("kernel", "stat", 0.7),
    ("kernel", "signal to a handler", 1.0),
];

/// Size of the text that whole programs work on.
const TEXT_MIB: u32 = 100;

/// Whole programs, with their arguments; `text` is the file.
const PROGRAMS: [&str; 12] = [
    "sha256sum text",
    "md5sum text",
    "b2sum text",
    "cksum text",
    "wc text",
    "sort text",
    "uniq text",
    "cut -d e -f 2 text",
    "fold -w 40 text",
    "base64 text",
    "nl text",
    "tac text",
];

/// Scripts that `system` has.
const SCRIPTS: [&str; 2] = ["10,000 builtins", "9,000 builtins and 1,000 programs"];

/// Machines that take turns, and what must stay as long as they.
pub struct Arena {
    /// They.
    pub contest: Contest,
    _image: NamedTempFile,
    _programs: TempDir,
    _emulated: Option<Emulated>,
}

impl Arena {
    /// Starts them, with so much memory for each machine.
    pub fn start(setup: &Setup, memory: &str) -> anyhow::Result<Self> {
        let mut arena = Self::start_two(setup, memory)?;
        arena._emulated = Emulated::new(setup, memory, &coreutils_names())?;
        if let Some(machine) = &arena._emulated {
            let program = ["/usr/bin/system", "/tmp/benchmark", "/usr/bin", "0"];
            arena.contest.participants.push(machine.start(&program)?);
        }
        Ok(arena)
    }

    /// The same without QEMU.
    pub fn start_two(setup: &Setup, memory: &str) -> anyhow::Result<Self> {
        let image = with_programs(&setup.machine, &setup.guest, &["system", "nothing"])?;
        let programs = native_programs(setup)?;
        let mut guest = crate::machine(setup, image.path(), &["--memory", memory], "system");
        guest.args(["/tmp/benchmark", "/usr/bin", "0"]);
        let mut native = Command::new(setup.native.join("system"));
        native.arg(format!("/dev/shm/ochre-benchmark-{}", std::process::id()));
        // The last one: the first has most of the interrupts.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        native.arg(programs.path()).arg((cores - 1).to_string());
        let participants = vec![
            Participant::start("ochre", &mut guest)?,
            Participant::start("native", &mut native)?,
        ];
        let contest = Contest { participants, turns: setup.turns };
        Ok(Self { contest, _image: image, _programs: programs, _emulated: None })
    }
}

/// Programs of coreutils that are started.
fn coreutils_names() -> Vec<&'static str> {
    let names = PROGRAMS.map(|line| line.split(' ').next().unwrap_or_default());
    names.into_iter().chain(["true"]).collect()
}

/// A folder with coreutils and the shell of the host under their names.
fn native_programs(setup: &Setup) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let coreutils = setup.native.join("coreutils");
    for name in coreutils_names() {
        symlink(&coreutils, folder.path().join(name)).context("cannot make a link")?;
    }
    symlink(setup.native.join("brush"), folder.path().join("sh")).context("cannot make a link")?;
    Ok(folder)
}

/// One of the groups that the program `system` knows.
pub fn system(setup: &Setup, group: &str) -> anyhow::Result<Vec<Row>> {
    // Two files of one GiB do not fit into the memory that a machine has otherwise.
    let memory = if group == "fs" { "3G" } else { "1G" };
    let mut arena = Arena::start(setup, memory)?;
    let mut rows = Vec::new();
    for measure in MEASURES.iter().filter(|one| one.group == group && setup.wants(one.name)) {
        let goal = GOALS.iter().find(|(of, name, _)| (*of, *name) == (group, measure.name));
        let item = Item {
            group,
            name: measure.name,
            bytes: measure.bytes,
            most: measure.most,
            goal: goal.map(|(_, _, goal)| *goal),
        };
        let order = |_: &str, rounds| format!("measure {rounds} {}", measure.name);
        rows.push(arena.contest.measure(&item, order)?);
    }
    Ok(rows)
}

/// Where the programs of a contestant are.
fn folder<'a>(name: &str, native: &'a Path) -> &'a Path {
    if name == "native" { native } else { Path::new("/usr/bin") }
}

/// Scripts of many commands.
pub fn shell(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut arena = Arena::start(setup, "1G")?;
    let native = arena._programs.path().to_owned();
    let mut rows = Vec::new();
    for (index, name) in SCRIPTS.iter().enumerate().filter(|(_, name)| setup.wants(name)) {
        arena.contest.all(&format!("script script {index}"))?;
        let item = Item { group: "shell", name, bytes: 0, most: 1, goal: None };
        rows.push(arena.contest.measure(&item, |who, _| {
            let folder = folder(who, &native).display();
            format!("run out {folder}/sh script {folder}")
        })?);
    }
    Ok(rows)
}

/// Compute kernels.
pub fn compute(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let image = with_programs(&setup.machine, &setup.guest, &["compute"])?;
    let mut participants = vec![
        Participant::start("ochre", &mut crate::machine(setup, image.path(), &[], "compute"))?,
        Participant::start("native", &mut Command::new(setup.native.join("compute")))?,
    ];
    let emulated = Emulated::new(setup, "1G", &[])?;
    if let Some(machine) = &emulated {
        participants.push(machine.start(&["/usr/bin/compute"])?);
    }
    let list = participants[1].ask("list")?;
    let mut rows = Vec::new();
    for kernel in list.split(' ').skip(1).filter(|kernel| setup.wants(kernel)) {
        eprintln!("measuring compute: {kernel}");
        let times = turns::measure(&mut participants, kernel, setup.turns)?;
        let columns = participants.iter().zip(&times);
        rows.push(Row {
            group: "compute".to_owned(),
            name: kernel.to_owned(),
            unit: Unit::Ns,
            bytes: 0,
            columns: columns.map(|(who, all)| (who.name.clone(), Summary::of(all))).collect(),
            ratio: Some(Summary::of(&ratios(&times[0], &times[1]))),
            goal: None,
        });
    }
    Ok(rows)
}

/// Whole programs on a large text.
pub fn programs(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let wanted: Vec<_> = PROGRAMS.into_iter().filter(|line| setup.wants(line)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut arena = Arena::start(setup, "3G")?;
    let native = arena._programs.path().to_owned();
    arena.contest.all(&format!("write text {TEXT_MIB}"))?;
    let mut rows = Vec::new();
    for line in wanted {
        let item = Item { group: "programs", name: line, bytes: 0, most: 1, goal: None };
        let order = |who: &str, _| format!("run out {}/{line}", folder(who, &native).display());
        rows.push(arena.contest.measure(&item, order)?);
        let mut sums = Vec::new();
        for participant in &mut arena.contest.participants {
            sums.push(participant.order("sum out")?);
        }
        ensure!(sums.windows(2).all(|two| two[0] == two[1]), "`{line}` prints different things");
    }
    Ok(rows)
}
