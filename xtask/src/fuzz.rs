// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask fuzz`: runs a target of `fuzz/` for a while, from a corpus that starts with what the
//! build has made. Corpus and findings stay in `target/fuzz/`.

use crate::context::Context;
use crate::steps;
use crate::tools::Tool;
use crate::workspace::make_folder;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", options: &["--debug"] };

/// Largest program that is taken as a seed: small ones are tried more often.
const MAX_SEED_BYTES: u64 = 400 << 10;
/// Most seconds for one input; more is a finding.
const INPUT_SECONDS: u32 = 20;

/// Puts the first inputs of a target into its corpus.
type Seed = fn(&Context, &Path) -> Result<()>;

/// The targets, in `fuzz/fuzz_targets/`, with what fills their corpus.
const TARGETS: &[(&str, Seed)] = &[
    ("loader", programs),
    ("modules", |_, _| Ok(())),
    ("manifest", manifests),
    ("initramfs", archives),
];

/// Runs a target for so many seconds.
pub fn run(context: &Context, words: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (target, seconds) = match words[..] {
        [target] => (target, 60),
        [target, "--seconds", seconds] => {
            (target, seconds.parse().context("--seconds takes a number")?)
        }
        _ => bail!("fuzz takes a target and --seconds N; the targets are {}", names()),
    };
    let Some((_, seed)) = TARGETS.iter().find(|(name, _)| *name == target) else {
        bail!("no fuzz target `{target}`: there are {}", names());
    };
    let tool = CARGO_FUZZ.program(context)?;
    let work = context.workspace.cargo_target().join("fuzz");
    let (corpus, findings) = (work.join("corpus").join(target), work.join("findings").join(target));
    make_folder(&corpus)?;
    make_folder(&findings)?;
    seed(context, &corpus)?;
    let mut command = Command::new(tool);
    command.current_dir(&context.workspace.root).env("RUSTC_BOOTSTRAP", "1");
    // Safe code needs no sanitizer; without one, the stable toolchain's own standard library serves.
    command.args(["fuzz", "run", "--release", "--sanitizer", "none", "--target-dir"]);
    command.arg(work.join("build")).arg("--fuzz-dir").arg(context.workspace.root.join("fuzz"));
    command.arg(target).arg(&corpus).arg("--");
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={INPUT_SECONDS}"));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    let status = command.status().context("cannot start cargo-fuzz")?;
    if !status.success() {
        eprintln!("xtask: the input that {target} fails for is in {}", findings.display());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn names() -> String {
    TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The small programs of the guest.
fn programs(context: &Context, corpus: &Path) -> Result<()> {
    let folder = steps::programs(context)?;
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.metadata()?.len() <= MAX_SEED_BYTES {
            copy(&entry.path(), &corpus.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// The manifests of the image, a line each.
fn manifests(context: &Context, corpus: &Path) -> Result<()> {
    let folder = context.workspace.root.join("userland/image");
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_file() {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            for (number, line) in text.lines().enumerate() {
                fs::write(corpus.join(format!("line-{number}")), line)?;
            }
        }
    }
    Ok(())
}

/// The image's beginning, and a small archive with everything in it.
fn archives(context: &Context, corpus: &Path) -> Result<()> {
    let text =
        "dir /d 0755 0 0\nslink /d/l ../d 0777 0 0\nnod /c 0600 0 0 c 5 1\npipe /p 0600 1 2\n";
    let mut archive = initramfs_builder::Archive::new();
    let none = initramfs_builder::manifest::Definitions::new();
    initramfs_builder::manifest::add(&mut archive, text, &context.workspace.root, &none)?;
    let mut bytes = Vec::new();
    archive.write(&mut bytes)?;
    fs::write(corpus.join("small"), &bytes)?;
    bytes.truncate(bytes.len() / 2);
    fs::write(corpus.join("half"), &bytes)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).with_context(|| format!("cannot copy to {}", to.display()))
}
