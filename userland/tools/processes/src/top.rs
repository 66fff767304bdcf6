// SPDX-License-Identifier: MIT OR Apache-2.0
//! `top`: the processes that use most of the processors or of the memory, again and again.
//!
//! Interactive on a terminal, where keys choose; with -b a plain list, for files and pipes.

use std::collections::HashMap;
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use ochre_applet::{Args, clock, parse};
use procfs::{Current, CurrentSI, KernelStats, LoadAverage, Meminfo};

use crate::ps::elapsed;
use crate::table::{self, Process, System};
use crate::watch::window;

/// Shows the processes that use most, again and again.
///
/// Keys: P by processor, M by memory, T by time, N by number, R turns the order round, q quits.
#[derive(clap::Parser)]
#[command(name = "top")]
struct Options {
    /// A plain list, for files and pipes
    #[arg(short)]
    batch: bool,
    /// End after so many lists
    #[arg(short = 'n')]
    iterations: Option<u64>,
    /// Seconds between two
    #[arg(short, default_value_t = 3.0)]
    delay: f64,
    /// Sort by %CPU, %MEM, TIME or PID
    #[arg(short = 'o', value_parser = parse_order)]
    order: Option<Order>,
    /// Only these processes
    #[arg(short, value_delimiter = ',')]
    pids: Vec<i32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Cpu,
    Memory,
    Time,
    Pid,
}

fn parse_order(text: &str) -> Result<Order, String> {
    match text.trim_start_matches(['+', '-', '%']) {
        "CPU" => Ok(Order::Cpu),
        "MEM" => Ok(Order::Memory),
        "TIME" | "TIME+" => Ok(Order::Time),
        "PID" => Ok(Order::Pid),
        _ => Err("one of %CPU, %MEM, TIME, PID".to_owned()),
    }
}

/// What is counted from one list to the next.
struct Sample {
    at: Instant,
    ticks: HashMap<i32, u64>,
    cpu: [u64; 7],
}

/// The terminal in raw mode, for as long as this lives.
struct Raw(Termios);

impl Raw {
    fn enter() -> Option<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(stdin.as_fd()).ok()?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        // Ctrl-C still ends us.
        raw.local_flags |= nix::sys::termios::LocalFlags::ISIG;
        tcsetattr(stdin.as_fd(), SetArg::TCSANOW, &raw).ok()?;
        Some(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone.
        let _ = tcsetattr(std::io::stdin().as_fd(), SetArg::TCSANOW, &self.0);
    }
}

/// The applet.
pub fn top(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let interactive = !options.batch && std::io::stdout().is_terminal();
    let _raw = if interactive && std::io::stdin().is_terminal() { Raw::enter() } else { None };
    let mut order = options.order.unwrap_or(Order::Cpu);
    let mut turned = false;
    let mut left = options.iterations.unwrap_or(u64::MAX);
    let mut last: Option<Sample> = None;
    loop {
        let (rows, columns) = if interactive { window() } else { (usize::MAX, usize::MAX) };
        let (lines, sample) = list(&options, last.as_ref(), order, turned)?;
        last = Some(sample);
        show(&lines, rows, columns, interactive)?;
        left -= 1;
        if left == 0 {
            return Ok(0);
        }
        let deadline = Instant::now() + Duration::from_secs_f64(options.delay.max(0.1));
        if _raw.is_none() {
            std::thread::sleep(deadline - Instant::now());
            if !interactive {
                writeln!(std::io::stdout())?;
            }
            continue;
        }
        match key(deadline) {
            Some(b'q' | 3) => {
                writeln!(std::io::stdout(), "\r")?;
                return Ok(0);
            }
            Some(b'P') => order = Order::Cpu,
            Some(b'M') => order = Order::Memory,
            Some(b'T') => order = Order::Time,
            Some(b'N') => order = Order::Pid,
            Some(b'R') => turned = !turned,
            _ => {}
        }
    }
}

/// The next key, until `deadline`.
fn key(deadline: Instant) -> Option<u8> {
    let left = deadline.saturating_duration_since(Instant::now());
    let stdin = std::io::stdin();
    let mut files = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    if poll(&mut files, limit).ok()? == 0 {
        return None;
    }
    let mut byte = [0];
    match stdin.lock().read(&mut byte).ok()? {
        // The terminal has gone.
        0 => Some(b'q'),
        _ => Some(byte[0]),
    }
}

fn show(lines: &[String], rows: usize, columns: usize, interactive: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if interactive {
        out.write_all(b"\x1b[H\x1b[J")?;
    }
    for (index, line) in lines.iter().take(rows.saturating_sub(1)).enumerate() {
        let line: String = line.chars().take(columns).collect();
        let is_head = interactive && lines.get(index + 1).is_some() && line.starts_with("  PID");
        let end = if interactive { "\r\n" } else { "\n" };
        if is_head {
            write!(out, "\x1b[7m{line}\x1b[0m{end}")?;
        } else {
            write!(out, "{line}{end}")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The lines of one list.
fn list(
    options: &Options,
    last: Option<&Sample>,
    order: Order,
    turned: bool,
) -> anyhow::Result<(Vec<String>, Sample)> {
    let system = System::read();
    let mut processes = table::all()?;
    let cpu = processor_ticks()?;
    let sample = Sample {
        at: Instant::now(),
        ticks: processes.iter().map(|process| (process.pid(), process.ticks())).collect(),
        cpu,
    };
    let secs = last.map_or(system.uptime, |last| (sample.at - last.at).as_secs_f64()).max(0.001);
    let usage = |process: &Process| {
        let before = last.and_then(|last| last.ticks.get(&process.pid())).copied();
        let since = match (last, before) {
            // The first list: since the process was started.
            (None, _) => (system.age(process) as f64).max(1.0),
            _ => secs,
        };
        let ticks = process.ticks() - before.unwrap_or(0).min(process.ticks());
        ticks as f64 * 100.0 / system.hertz as f64 / since
    };
    let mut lines = heading(&system, &processes, &cpu, last)?;
    if !options.pids.is_empty() {
        processes.retain(|process| options.pids.contains(&process.pid()));
    }
    processes.sort_by(|a, b| {
        let order = match order {
            Order::Cpu => usage(b).total_cmp(&usage(a)),
            Order::Memory => b.stat.rss.cmp(&a.stat.rss),
            Order::Time => b.ticks().cmp(&a.ticks()),
            Order::Pid => b.pid().cmp(&a.pid()),
        };
        let order = order.then(a.pid().cmp(&b.pid()));
        if turned { order.reverse() } else { order }
    });
    lines.push(String::new());
    lines.push("  PID USER      PR  NI    VIRT    RES S  %CPU  %MEM     TIME+ COMMAND".to_owned());
    for process in &processes {
        let centis = process.ticks() * 100 / system.hertz;
        let memory = process.resident_kib() as f64 * 100.0 / system.memory_kib.max(1) as f64;
        let time = format!("{}:{:02}.{:02}", centis / 6000, centis / 100 % 60, centis % 100);
        lines.push(format!(
            "{:5} {:<8.8} {:>3} {:>3} {:>7} {:>6} {} {:5.1} {memory:5.1} {time:>9} {}",
            process.pid(),
            system.user(process.euid),
            if process.stat.priority < -99 {
                "rt".to_owned()
            } else {
                process.stat.priority.to_string()
            },
            process.stat.nice,
            process.stat.vsize / 1024,
            process.resident_kib(),
            process.stat.state,
            usage(process),
            process.stat.comm
        ));
    }
    Ok((lines, sample))
}

fn heading(
    system: &System,
    processes: &[Process],
    cpu: &[u64; 7],
    last: Option<&Sample>,
) -> anyhow::Result<Vec<String>> {
    let now = clock::local(clock::now());
    let load = LoadAverage::current()?;
    let memory = Meminfo::current()?;
    let count = |states: &str| {
        processes.iter().filter(|process| states.contains(process.stat.state)).count()
    };
    let before = last.map_or([0; 7], |last| last.cpu);
    let used: Vec<u64> =
        cpu.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect();
    let total = used.iter().sum::<u64>().max(1) as f64;
    let share = |index: usize| used[index] as f64 * 100.0 / total;
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    let available = memory.mem_available.unwrap_or(memory.mem_free);
    Ok(vec![
        format!(
            "top - {:02}:{:02}:{:02} up {},  load average: {:.2}, {:.2}, {:.2}",
            now.hour,
            now.minute,
            now.second,
            elapsed(system.uptime as u64),
            load.one,
            load.five,
            load.fifteen
        ),
        format!(
            "Tasks: {:3} total, {:3} running, {:3} sleeping, {:3} stopped, {:3} zombie",
            processes.len(),
            count("R"),
            count("SDI"),
            count("Tt"),
            count("Z")
        ),
        format!(
            "%Cpu(s): {:4.1} us, {:4.1} sy, {:4.1} ni, {:4.1} id, {:4.1} wa, {:4.1} hi, {:4.1} si",
            share(0),
            share(2),
            share(1),
            share(3),
            share(4),
            share(5),
            share(6)
        ),
        format!(
            "MiB Mem : {:8.1} total, {:8.1} free, {:8.1} used, {:8.1} buff/cache",
            mib(memory.mem_total),
            mib(memory.mem_free),
            mib(memory.mem_total.saturating_sub(available)),
            mib(memory.buffers + memory.cached + memory.s_reclaimable.unwrap_or(0))
        ),
    ])
}

/// What the processors have spent their time on: user, nice, system, idle, waiting, two kinds of interrupts.
fn processor_ticks() -> anyhow::Result<[u64; 7]> {
    let cpu = KernelStats::current()?.total;
    Ok([
        cpu.user,
        cpu.nice,
        cpu.system,
        cpu.idle,
        cpu.iowait.unwrap_or(0),
        cpu.irq.unwrap_or(0),
        cpu.softirq.unwrap_or(0),
    ])
}
