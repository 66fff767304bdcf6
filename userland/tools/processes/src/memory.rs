// SPDX-License-Identifier: MIT OR Apache-2.0
//! `free` and `pmap`: memory of the machine and of a process.

use std::io::Write;

use ochre_applet::{Args, complain, parse};
use procfs::process::MMPermissions;
use procfs::{Current, Meminfo};

use crate::table::Process;

/// Shows how much memory is free and in use.
#[derive(clap::Parser)]
#[command(name = "free", disable_help_flag = true)]
struct FreeOptions {
    /// In bytes
    #[arg(short, long)]
    bytes: bool,
    /// In KiB (that is the default)
    #[arg(short, long)]
    kibi: bool,
    /// In MiB
    #[arg(short, long)]
    mebi: bool,
    /// In GiB
    #[arg(short, long)]
    gibi: bool,
    /// In the unit that suits each number
    #[arg(short, long)]
    human: bool,
    /// Thousands instead of 1024 with the unit
    #[arg(long)]
    si: bool,
    /// Another line with the sums
    #[arg(short, long)]
    total: bool,
    /// Buffers and cache each in a column
    #[arg(short, long)]
    wide: bool,
    /// Again after so many seconds
    #[arg(short, long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// So many times
    #[arg(short, long)]
    count: Option<u64>,
    /// Print this
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

impl FreeOptions {
    fn show(&self, bytes: u64) -> String {
        let step = if self.si { 1000 } else { 1024 };
        if self.human {
            return human(bytes, step);
        }
        let power = match (self.bytes, self.mebi, self.gibi) {
            (true, ..) => 0,
            (_, true, _) => 2,
            (.., true) => 3,
            _ => 1,
        };
        (bytes / u64::pow(step, power)).to_string()
    }
}

/// Three digits and a unit, as procps writes them.
fn human(bytes: u64, step: u64) -> String {
    let suffix = if step == 1024 { "i" } else { "" };
    let mut value = bytes as f64;
    for unit in ["B", "K", "M", "G", "T", "P"] {
        if value < step as f64 || unit == "P" {
            let suffix = if unit == "B" { "" } else { suffix };
            return if value < 9.95 && unit != "B" {
                format!("{value:.1}{unit}{suffix}")
            } else {
                format!("{value:.0}{unit}{suffix}")
            };
        }
        value /= step as f64;
    }
    unreachable!("the last unit has no limit")
}

/// The applet `free`.
pub fn free(args: Args) -> anyhow::Result<u8> {
    let options: FreeOptions = parse(&args)?;
    let mut left = options.count.unwrap_or(if options.seconds.is_some() { u64::MAX } else { 1 });
    loop {
        print_free(&options)?;
        left -= 1;
        if left == 0 {
            return Ok(0);
        }
        let pause = options.seconds.unwrap_or(1.0).max(0.01);
        std::thread::sleep(std::time::Duration::from_secs_f64(pause));
        writeln!(std::io::stdout())?;
    }
}

fn print_free(options: &FreeOptions) -> anyhow::Result<()> {
    let memory = Meminfo::current()?;
    let available = memory.mem_available.unwrap_or(memory.mem_free);
    let cache = memory.cached + memory.s_reclaimable.unwrap_or(0);
    let used = memory.mem_total.saturating_sub(available);
    let shared = memory.shmem.unwrap_or(0);
    let swap_used = memory.swap_total - memory.swap_free;
    let show = |value: u64| options.show(value);
    let row = |name: &str, values: &[u64]| {
        let cells: String = values.iter().map(|&value| format!(" {:>11}", show(value))).collect();
        // The first column of numbers is as wide as the others and its head.
        format!("{name:<9}{}\n", &cells[1..])
    };
    let mut text = if options.wide {
        let heads = ["total", "used", "free", "shared", "buffers", "cache", "available"];
        let heads: String = heads.iter().map(|head| format!(" {head:>11}")).collect();
        format!("{:9}{}\n", "", &heads[1..])
            + &row(
                "Mem:",
                &[
                    memory.mem_total,
                    used,
                    memory.mem_free,
                    shared,
                    memory.buffers,
                    cache,
                    available,
                ],
            )
    } else {
        let heads = ["total", "used", "free", "shared", "buff/cache", "available"];
        let heads: String = heads.iter().map(|head| format!(" {head:>11}")).collect();
        format!("{:9}{}\n", "", &heads[1..])
            + &row(
                "Mem:",
                &[
                    memory.mem_total,
                    used,
                    memory.mem_free,
                    shared,
                    memory.buffers + cache,
                    available,
                ],
            )
    };
    text += &row("Swap:", &[memory.swap_total, swap_used, memory.swap_free]);
    if options.total {
        let total = memory.mem_total + memory.swap_total;
        text += &row("Total:", &[total, used + swap_used, memory.mem_free + memory.swap_free]);
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Shows the parts of a process' memory.
#[derive(clap::Parser)]
#[command(name = "pmap")]
struct PmapOptions {
    /// Resident and dirty memory, too
    #[arg(short)]
    x: bool,
    /// Neither head nor sum
    #[arg(short)]
    quiet: bool,
    /// Numbers of processes
    #[arg(required = true)]
    pids: Vec<i32>,
}

/// The applet `pmap`: status 42 when a process is not there, as procps' has it.
pub fn pmap(args: Args) -> anyhow::Result<u8> {
    let options: PmapOptions = parse(&args)?;
    let mut status = 0;
    for &pid in &options.pids {
        let maps = procfs::process::Process::new(pid).and_then(|process| process.maps());
        let (Some(process), Ok(maps)) = (Process::of(pid), maps) else {
            complain("pmap", format_args!("no process {pid}, or it is another user's"));
            status = 42;
            continue;
        };
        let mut out = std::io::stdout().lock();
        if !options.quiet {
            writeln!(out, "{pid}:   {}", process.command_line())?;
        }
        let mut total = 0;
        for map in maps {
            let (start, end) = map.address;
            let kib = (end - start) / 1024;
            total += kib;
            let letters = [
                (MMPermissions::READ, 'r'),
                (MMPermissions::WRITE, 'w'),
                (MMPermissions::EXECUTE, 'x'),
                (MMPermissions::SHARED, 's'),
            ];
            let mode: String = letters
                .iter()
                .map(|&(bit, c)| if map.perms.contains(bit) { c } else { '-' })
                .collect();
            let name = match map.pathname {
                procfs::process::MMapPath::Path(path) => {
                    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
                }
                procfs::process::MMapPath::Stack => "  [ stack ]".to_owned(),
                _ => "  [ anon ]".to_owned(),
            };
            if options.x {
                writeln!(out, "{start:016x} {kib:>7} {mode}- {name}")?;
            } else {
                writeln!(out, "{start:016x} {kib:>6}K {mode}- {name}")?;
            }
        }
        if !options.quiet {
            writeln!(out, " total {total:>16}K")?;
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_numbers_have_a_unit() {
        assert_eq!(human(500, 1024), "500B");
        assert_eq!(human(1536, 1024), "1.5Ki");
        assert_eq!(human(531_214_336, 1024), "507Mi");
        assert_eq!(human(10_000_000_000, 1000), "10G");
    }
}
