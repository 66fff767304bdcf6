// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long programs take to start and end, and what they hold: commands that do next to nothing, several
//! times each, in both machines.

use crate::place::Outcomes;
use crate::report::Figure;
use ochre_case_runner::{Job, Outcome};

/// Of so many turns the shortest counts.
const TURNS: u32 = 10;
/// A turn gets so long.
const LIMIT_MS: u64 = 10_000;
/// The commands, each with the program that it needs.
const COMMANDS: [(&str, &str); 10] = [
    ("true", "true"),
    ("echo", "echo x"),
    ("cat", "cat /etc/passwd"),
    ("ls", "ls /"),
    ("sort", "sort /etc/passwd"),
    ("grep", "grep root /etc/passwd"),
    ("sed", "sed s/root/x/ /etc/passwd"),
    ("tar", "tar cf /dev/null /etc"),
    ("ps", "ps"),
    ("sh", "sh -c :"),
];

/// What tells its version.
const VERSIONS: [(&str, &str); 2] = [("kernel", "uname -sr"), ("BusyBox", "busybox")];

/// The jobs, all named `figure/COMMAND`.
pub fn jobs() -> Vec<Job> {
    let job = |(program, command): (&str, &str)| Job {
        id: format!("figure/{command}"),
        argv: command.split(' ').map(String::from).collect(),
        limit_ms: LIMIT_MS,
        turns: TURNS,
        needs: Some(program.to_owned()),
        ..Job::default()
    };
    COMMANDS.map(job).into()
}

/// The jobs that ask for versions.
pub fn version_jobs() -> Vec<Job> {
    let job = |(name, command): (&str, &str)| Job {
        id: format!("version/{name}"),
        argv: command.split(' ').map(String::from).collect(),
        limit_ms: LIMIT_MS,
        turns: 1,
        ..Job::default()
    };
    VERSIONS.map(job).into()
}

/// What they answered where BusyBox is.
pub fn versions(theirs: &Outcomes) -> Vec<(String, String)> {
    let version = |(name, _): (&str, &str)| {
        let outcome = theirs.get(&format!("version/{name}"))?;
        Some((name.to_owned(), outcome.stdout.lines().next()?.to_owned()))
    };
    VERSIONS.into_iter().filter_map(version).collect()
}

/// What came of them.
pub fn read(ours: &Outcomes, theirs: &Outcomes) -> Vec<Figure> {
    let figure = |(_, command): (&str, &str)| {
        let id = format!("figure/{command}");
        let pair = [ours.get(&id)?, theirs.get(&id)?];
        let ran = pair.iter().all(|outcome| !outcome.missing && outcome.status == 0);
        ran.then(|| Figure {
            name: command.to_owned(),
            elapsed_us: pair.map(shortest_us),
            resident_kib: pair.map(|outcome| outcome.max_resident_kib),
        })
    };
    COMMANDS.into_iter().filter_map(figure).collect()
}

fn shortest_us(outcome: &Outcome) -> u64 {
    outcome.elapsed_us.iter().copied().min().unwrap_or_default()
}
