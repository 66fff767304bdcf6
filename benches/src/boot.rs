// SPDX-License-Identifier: MIT OR Apache-2.0
//! The group `boot`: from the start of the process to the prompt, one command as a whole, memory at
//! the prompt, sizes of what is needed.

use crate::Setup;
use crate::emulated::Emulated;
use anyhow::{Context, bail, ensure};
use ochre_benches::report::{Row, Unit};
use ochre_benches::stats::Summary;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What the prompt ends in.
const PROMPT: &str = "# ";
/// The machine has calmed down so long after it.
const CALM: Duration = Duration::from_millis(300);
/// Boots that only warm the caches.
const WARM_UP: usize = 2;

/// Boots of QEMU, which take seconds.
const QEMU_TURNS: usize = 3;

const PROMPT_GOAL_NS: f64 = 100e6;
const EXEC_GOAL_NS: f64 = 150e6;
const RESIDENT_GOAL_BYTES: f64 = 80e6;

/// Measures.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let (mut prompt, mut resident, mut exec) = (Vec::new(), Vec::new(), Vec::new());
    let mut phases: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut order = Vec::new();
    for turn in 0..setup.turns + WARM_UP {
        eprint!("\rbooting, turn {turn} ");
        let (prompt_ns, resident_bytes) = boot_to_prompt(setup)?;
        let exec_ns = exec_true(setup)?;
        let found = exec_phases(setup)?;
        if turn < WARM_UP {
            continue;
        }
        prompt.push(prompt_ns);
        resident.push(resident_bytes);
        exec.push(exec_ns);
        for (name, ns) in found {
            if !order.contains(&name) {
                order.push(name.clone());
            }
            phases.entry(name).or_default().push(ns);
        }
    }
    eprintln!();
    let mut qemu = Vec::new();
    if let Some(machine) = Emulated::new(setup, "1G", &["true"])? {
        for _ in 0..QEMU_TURNS {
            qemu.push(run_once(machine.command(&["/usr/bin/true"]))?);
        }
    }
    let mut rows = vec![
        row("run, to the prompt", Unit::Ns, &prompt, Some(PROMPT_GOAL_NS)),
        row("exec -- true, whole process", Unit::Ns, &exec, Some(EXEC_GOAL_NS)),
    ];
    if !qemu.is_empty() {
        rows[1].columns.push(("qemu".to_owned(), Summary::of(&qemu)));
    }
    for name in order {
        rows.push(row(&format!("exec, to: {name}"), Unit::Ns, &phases[&name], None));
    }
    let goal = Some(RESIDENT_GOAL_BYTES);
    rows.push(row("resident memory at the prompt", Unit::Bytes, &resident, goal));
    for file in ["ochre", "vmlinux.wasm", "initramfs.cpio", "precompiled"] {
        let bytes = size(&setup.machine.join(file))? as f64;
        rows.push(row(&format!("size of {file}"), Unit::Bytes, &[bytes], None));
    }
    Ok(rows)
}

fn row(name: &str, unit: Unit, series: &[f64], goal: Option<f64>) -> Row {
    Row {
        group: "boot".to_owned(),
        name: name.to_owned(),
        unit,
        bytes: 0,
        columns: vec![("ochre".to_owned(), Summary::of(series))],
        ratio: None,
        goal,
    }
}

/// A machine that is gone when its holder is.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Time to the prompt, and what the runner then has in memory.
fn boot_to_prompt(setup: &Setup) -> anyhow::Result<(f64, f64)> {
    let start = Instant::now();
    let mut command = Command::new(setup.machine.join("ochre"));
    command.arg("run").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut machine = Machine(command.spawn().context("cannot start the runner")?);
    let mut output = machine.0.stdout.take().context("no pipe from the runner")?;
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    // The prompt has no end of line behind it.
    while !text.ends_with(PROMPT.as_bytes()) {
        let count = output.read(&mut chunk).context("cannot read what the machine prints")?;
        if count == 0 {
            bail!("no prompt, but: {}", String::from_utf8_lossy(&text));
        }
        text.extend(&chunk[..count]);
    }
    let ns = start.elapsed().as_nanos() as f64;
    thread::sleep(CALM);
    Ok((ns, resident_bytes(machine.0.id())?))
}

/// What a process of the host has in memory.
pub fn resident_bytes(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.with_context(|| format!("no VmRSS in {path}"))? * 1024.0)
}

fn exec_true(setup: &Setup) -> anyhow::Result<f64> {
    let mut command = Command::new(setup.machine.join("ochre"));
    command.args(["exec", "--", "true"]).stdin(Stdio::null());
    run_once(command)
}

/// Time from the start of a process to its end.
fn run_once(mut command: Command) -> anyhow::Result<f64> {
    command.stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().context("cannot start a machine")?;
    ensure!(status.success(), "{command:?} ends with {status}");
    Ok(start.elapsed().as_nanos() as f64)
}

/// What the runner tells about its boot.
fn exec_phases(setup: &Setup) -> anyhow::Result<Vec<(String, f64)>> {
    let mut command = Command::new(setup.machine.join("ochre"));
    let output = command.args(["exec", "--timing", "--", "true"]).output();
    let text =
        String::from_utf8_lossy(&output.context("cannot start the runner")?.stderr).into_owned();
    let phase = |line: &str| {
        let (ms, name) = line.trim().split_once("   ")?;
        Some((name.trim().to_owned(), ms.parse::<f64>().ok()? * 1e6))
    };
    let phases: Vec<_> = text.lines().filter_map(phase).collect();
    ensure!(!phases.is_empty(), "--timing prints no phases, but: {text}");
    Ok(phases)
}

/// Bytes of a file, or of all files of a folder.
fn size(path: &std::path::Path) -> anyhow::Result<u64> {
    let cannot = || format!("cannot look at {}", path.display());
    let about = fs::metadata(path).with_context(cannot)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path).with_context(cannot)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
