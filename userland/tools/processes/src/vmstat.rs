// SPDX-License-Identifier: MIT OR Apache-2.0
//! `vmstat`: what processors and memory do, a line for each interval.

use std::io::Write;
use std::time::Duration;

use ochre_applet::{Args, parse};
use procfs::{Current, CurrentSI, KernelStats, Meminfo};

/// Shows what processors and memory do: since the start, then for each interval.
#[derive(clap::Parser)]
#[command(name = "vmstat")]
struct Options {
    /// Print the heads once only
    #[arg(short = 'n')]
    one_head: bool,
    /// Seconds between two lines
    delay: Option<f64>,
    /// How many lines
    count: Option<u64>,
}

/// The counters that are shown as rates.
#[derive(Default, Clone, Copy)]
struct Counters {
    user: u64,
    system: u64,
    idle: u64,
    iowait: u64,
    steal: u64,
    interrupts: u64,
    switches: u64,
    paged_in: u64,
    paged_out: u64,
}

/// The applet.
pub fn vmstat(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let count = options.count.unwrap_or(if options.delay.is_some() { u64::MAX } else { 1 });
    let mut out = std::io::stdout().lock();
    let mut before = Counters::default();
    let mut secs = procfs::Uptime::current()?.uptime;
    for line in 0..count {
        if line > 0 {
            secs = options.delay.unwrap_or(1.0).max(0.01);
            std::thread::sleep(Duration::from_secs_f64(secs));
        }
        if line == 0 || (!options.one_head && line % 20 == 0) {
            writeln!(
                out,
                "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n \
                 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st"
            )?;
        }
        let stat = KernelStats::current()?;
        let memory = Meminfo::current()?;
        let now = counters(&stat);
        let rate = |now: u64, before: u64| ((now - before) as f64 / secs) as u64;
        let (user, system) = (now.user - before.user, now.system - before.system);
        let (idle, iowait) = (now.idle - before.idle, now.iowait.saturating_sub(before.iowait));
        let steal = now.steal - before.steal;
        let total = (user + system + idle + iowait + steal).max(1);
        let share = |part: u64| (part * 100 + total / 2) / total;
        writeln!(
            out,
            "{:2} {:2} {:6} {:6} {:6} {:6} {:4} {:4} {:5} {:5} {:4} {:4} {:2} {:2} {:2} {:2} {:2}",
            stat.procs_running.unwrap_or(0),
            stat.procs_blocked.unwrap_or(0),
            (memory.swap_total - memory.swap_free) / 1024,
            memory.mem_free / 1024,
            memory.buffers / 1024,
            (memory.cached + memory.s_reclaimable.unwrap_or(0)) / 1024,
            0,
            0,
            rate(now.paged_in, before.paged_in),
            rate(now.paged_out, before.paged_out),
            rate(now.interrupts, before.interrupts),
            rate(now.switches, before.switches),
            share(user),
            share(system),
            share(idle),
            share(iowait),
            share(steal),
        )?;
        before = now;
    }
    Ok(0)
}

fn counters(stat: &KernelStats) -> Counters {
    let cpu = &stat.total;
    let pages = procfs::vmstat().unwrap_or_default();
    let page = |name: &str| pages.get(name).copied().unwrap_or(0).max(0) as u64;
    Counters {
        user: cpu.user + cpu.nice,
        system: cpu.system + cpu.irq.unwrap_or(0) + cpu.softirq.unwrap_or(0),
        idle: cpu.idle,
        iowait: cpu.iowait.unwrap_or(0),
        steal: cpu.steal.unwrap_or(0),
        interrupts: interrupts(),
        switches: stat.ctxt,
        paged_in: page("pgpgin"),
        paged_out: page("pgpgout"),
    }
}

/// All interrupts since the start; the crate leaves that line of /proc/stat out.
fn interrupts() -> u64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("intr "));
    line.and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0)
}
