// SPDX-License-Identifier: MIT OR Apache-2.0
//! `case-runner PLAN`: runs the plan's commands one after the other and writes an [`Outcome`] a line.
//!
//! Each command leads a process group, writes to files (so that a child that stays behind blocks nobody),
//! and is killed with its group when its time is up; what is left of the group when it ends is killed too.
//!
//! Invariants: one result for each job, in order; a command that cannot be started has a result like any
//! other. Exits with 0 when all jobs have a result.
#![deny(unsafe_code)]

mod sys;

use anyhow::{Context as _, Result, bail};
use ochre_case_runner::{Job, Links, Outcome, Plan, text};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What a shell answers for a command that is not there, and for one that cannot be run.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;
/// Most bytes of a stream or file that are told.
const TOLD_BYTES: usize = 256 * 1024;

fn main() -> Result<()> {
    let Some(path) = std::env::args_os().nth(1) else { bail!("usage: case-runner PLAN") };
    let plan = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let plan: Plan =
        serde_json::from_slice(&plan).with_context(|| format!("{}: no plan", path.display()))?;
    for links in &plan.links {
        make_links(links)?;
    }
    let work = std::env::temp_dir().join(format!("cases-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    for job in &plan.jobs {
        let outcome = run(job, &work)?;
        let mut line = serde_json::to_vec(&outcome).context("a result that is no JSON")?;
        line.push(b'\n');
        std::io::stdout().write_all(&line).context("cannot write a result")?;
    }
    fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))
}

fn make_links(links: &Links) -> Result<()> {
    let folder = Path::new(&links.folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", links.folder))?;
    for to in &links.to {
        let entries = fs::read_dir(to).with_context(|| format!("cannot read {to}"))?;
        for entry in entries {
            let entry = entry?;
            let link = folder.join(entry.file_name());
            match std::os::unix::fs::symlink(entry.path(), &link) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(error).with_context(|| format!("cannot make {}", link.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn run(job: &Job, work: &Path) -> Result<Outcome> {
    let mut outcome = Outcome { id: job.id.clone(), ..Outcome::default() };
    if let Some(program) = &job.needs
        && !is_there(program, job.env.get("PATH"))
    {
        outcome.missing = true;
        return Ok(outcome);
    }
    for _ in 0..job.turns.max(1) {
        turn(job, work, &mut outcome).with_context(|| format!("job {}", job.id))?;
        if outcome.timed_out {
            break;
        }
    }
    Ok(outcome)
}

fn is_there(program: &str, path: Option<&String>) -> bool {
    let path = path.map_or_else(|| std::env::var_os("PATH").unwrap_or_default(), |p| p.into());
    // A link that leads nowhere is no program.
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn turn(job: &Job, work: &Path, outcome: &mut Outcome) -> Result<()> {
    let own = work.join("case");
    let folder = match &job.folder {
        Some(folder) => PathBuf::from(folder),
        None => {
            fs::create_dir(&own).with_context(|| format!("cannot make {}", own.display()))?;
            own.clone()
        }
    };
    for name in &job.remove {
        // Not being there is as good.
        let _ = fs::remove_file(folder.join(name));
    }
    for (name, content) in &job.files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        fs::write(&path, content).with_context(|| path.display().to_string())?;
    }
    let [stdin, stdout, stderr] = ["stdin", "stdout", "stderr"].map(|name| work.join(name));
    fs::write(&stdin, &job.stdin).context("cannot write the input")?;
    let create = |path: &Path| File::create(path).context("cannot make an output file");
    let mut command = Command::new(job.argv.first().context("no command")?);
    command.args(&job.argv[1..]).current_dir(&folder).envs(&job.env).process_group(0);
    command.stdin(File::open(&stdin).context("cannot read the input")?);
    command.stdout(create(&stdout)?).stderr(Stdio::from(create(&stderr)?));
    execute(&mut command, job, outcome);
    outcome.stdout = told(&stdout)?;
    outcome.stderr += &told(&stderr)?;
    if let Some(suffix) = &job.collect {
        outcome.files.clear();
        collect(&folder, Path::new(""), suffix, &mut outcome.files)?;
    }
    if own.exists() {
        make_writable(&own);
        fs::remove_dir_all(&own).with_context(|| format!("cannot remove {}", own.display()))?;
    }
    Ok(())
}

/// Runs the command to its end, or to that of its time.
fn execute(command: &mut Command, job: &Job, outcome: &mut Outcome) {
    let started = Instant::now();
    outcome.stderr.clear();
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            outcome.status =
                if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            outcome.stderr = format!("case-runner: {}: {error}\n", job.argv[0]);
            return;
        }
    };
    let group = child.id() as i32;
    let (ended, waiter) = mpsc::channel::<()>();
    let limit = Duration::from_millis(job.limit_ms);
    let watchdog = std::thread::spawn(move || {
        let timed_out = waiter.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if timed_out {
            sys::kill_group(group);
        }
        timed_out
    });
    let (status, max_resident_kib) = sys::wait(group);
    outcome.elapsed_us.push(started.elapsed().as_micros() as u64);
    drop(ended);
    outcome.timed_out = watchdog.join().unwrap_or(false);
    sys::kill_group(group);
    (outcome.status, outcome.max_resident_kib) = (status, max_resident_kib);
}

fn told(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() > TOLD_BYTES {
        let more = bytes.len() - TOLD_BYTES;
        return Ok(format!("{}\n… and {more} bytes more\n", text(&bytes[..TOLD_BYTES])));
    }
    Ok(text(&bytes))
}

/// Tells of the files below `folder`, and removes them if only some are asked for.
fn collect(
    folder: &Path,
    below: &Path,
    suffix: &str,
    files: &mut std::collections::BTreeMap<String, String>,
) -> Result<()> {
    let here = folder.join(below);
    for entry in fs::read_dir(&here).with_context(|| format!("cannot read {}", here.display()))? {
        let entry = entry?;
        let name = below.join(entry.file_name());
        let shown = name.to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() && suffix.is_empty() {
            files.insert(format!("{shown}/"), String::new());
            collect(folder, &name, suffix, files)?;
        } else if kind.is_symlink() && suffix.is_empty() {
            let target = fs::read_link(entry.path())?;
            files.insert(shown, format!("-> {}", target.display()));
        } else if kind.is_file() && shown.ends_with(suffix) {
            // One that even root may not read is told of all the same.
            let content = told(&entry.path()).unwrap_or_else(|error| format!("{error:#}"));
            files.insert(shown, content);
            if !suffix.is_empty() {
                fs::remove_file(entry.path())?;
            }
        } else if suffix.is_empty() && !kind.is_file() {
            files.insert(shown, "(no regular file)".to_owned());
        }
    }
    Ok(())
}

/// Lets the folder be removed by somebody who is not root, whatever a case did to it.
fn make_writable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // What cannot be changed shows when it cannot be removed.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}
