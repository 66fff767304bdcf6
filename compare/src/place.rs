// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where commands are run: in a machine with one of the images, or on the host.
//!
//! Invariant: every job has an outcome. A machine that stops before its list is done is booted again for
//! the rest; the command at which it stopped is said to have stopped it.

use crate::archive::{Extra, Image};
use anyhow::{Context as _, Result, bail};
use ochre_case_runner::{Job, Links, Outcome, Plan};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// So many commands share a boot.
const BATCH: usize = 40;
/// Seconds that a machine gets beside the limits of its commands.
const SPARE_SECONDS: u64 = 60;
/// Where the machine finds what a comparison brings.
pub const FOLDER: &str = "/compare";
/// Memory of the machine.
const MEMORY: &str = "1G";

/// A machine.
pub struct Machine {
    /// The runner.
    pub runner: PathBuf,
    /// Its image.
    pub image: Image,
    /// Code compiled for the image.
    pub precompiled: PathBuf,
    /// `case-runner` for the guest.
    pub case_runner: PathBuf,
    /// More lines of a manifest: what the commands need.
    pub manifest: String,
    /// Links that are made first.
    pub links: Vec<Links>,
}

/// Outcomes by the jobs' names.
pub type Outcomes = BTreeMap<String, Outcome>;

impl Machine {
    /// Runs the jobs in as many boots as it takes.
    pub fn run(&self, jobs: &[Job], told: &dyn Fn(usize)) -> Result<Outcomes> {
        let mut outcomes = Outcomes::new();
        let mut rest = jobs;
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(BATCH)];
            let mut done = 0;
            let (lines, said) = self.boot(batch)?;
            for line in lines.lines() {
                // A line that is cut off is none.
                let Ok(outcome) = serde_json::from_str::<Outcome>(line) else { break };
                if batch.get(done).is_none_or(|job| job.id != outcome.id) {
                    bail!("an outcome for `{}`, which was not asked for", outcome.id);
                }
                done += 1;
                outcomes.insert(outcome.id.clone(), outcome);
            }
            if let Some(job) = batch.get(done) {
                let stderr = format!("the machine stopped: {said}");
                let stopped =
                    Outcome { id: job.id.clone(), timed_out: true, stderr, ..Outcome::default() };
                outcomes.insert(job.id.clone(), stopped);
                done += 1;
            }
            rest = &rest[done..];
            told(jobs.len() - rest.len());
        }
        Ok(outcomes)
    }

    /// Boots once; what came, and why no more did.
    fn boot(&self, jobs: &[Job]) -> Result<(String, String)> {
        let plan = Plan { links: self.links.clone(), jobs: jobs.to_vec() };
        let mut extra = Extra::new();
        extra.manifest(&format!(
            "dir {FOLDER} 0755 0 0\nfile {FOLDER}/case-runner \"{}\" 0755 0 0\n{}",
            self.case_runner.display(),
            self.manifest
        ))?;
        let plan = serde_json::to_vec(&plan).context("a plan that is no JSON")?;
        extra.file(&format!("{FOLDER}/plan.json"), plan)?;
        let image = self.image.with(extra)?;
        let limit = jobs.iter().map(|job| job.limit_ms * u64::from(job.turns.max(1))).sum::<u64>();
        let limit = limit / 1000 + SPARE_SECONDS;
        let mut machine = Command::new(&self.runner);
        machine.arg("exec").args(["--memory", MEMORY, "--timeout", &limit.to_string()]);
        machine.arg("--initramfs").arg(image.path()).arg("--precompiled").arg(&self.precompiled);
        machine.arg("--").arg(format!("{FOLDER}/case-runner")).arg(format!("{FOLDER}/plan.json"));
        let output = machine.stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot start {}", self.runner.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<_> = said.lines().rev().take(5).collect();
        let said: Vec<_> = said.into_iter().rev().collect();
        let said = format!("{}; {}", output.status, said.join("; "));
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), said))
    }
}

/// Runs the jobs on the host with the programs in `path`.
pub fn run_on_host(case_runner: &Path, path: &Path, jobs: &[Job]) -> Result<Outcomes> {
    let mut plan = Plan { links: Vec::new(), jobs: jobs.to_vec() };
    for job in &mut plan.jobs {
        job.env.insert("PATH".into(), path.display().to_string());
        // The command is looked for in the caller's PATH.
        if let Some(command) = job.argv.first_mut() {
            *command = path.join(&*command).display().to_string();
        }
    }
    let file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    fs::write(file.path(), serde_json::to_vec(&plan)?).context("cannot write the plan")?;
    let output = Command::new(case_runner).arg(file.path()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start {}", case_runner.display()))?;
    if !output.status.success() {
        bail!("the cases could not be run on the host: {}", output.status);
    }
    let mut outcomes = Outcomes::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let outcome: Outcome = serde_json::from_str(line).context("case-runner's answer")?;
        outcomes.insert(outcome.id.clone(), outcome);
    }
    Ok(outcomes)
}
