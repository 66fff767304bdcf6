// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measures what the system costs, as it is told on standard input, one line each:
//!
//! | order               | does                                                    | answer          |
//! |---------------------|---------------------------------------------------------|-----------------|
//! | `measure N NAME`    | N rounds of a measure                                   | `ok NS`         |
//! | `run OUT PROGRAM …` | runs a program with its output to a file                | `ok NS`         |
//! | `hold N`            | starts N processes that wait; they end at the next order| `ok 0`          |
//! | `threads N`         | starts N threads that wait, until the next order        | `ok 0`          |
//! | `write FILE MIB`    | makes a file of text                                    | `ok 0`          |
//! | `script FILE N`     | makes the shell script of that number                   | `ok 0`          |
//! | `sum FILE`          | a sum over what is in a file                            | `ok SUM`        |
//!
//! What cannot be done is answered with `failed REASON`.
//!
//! `system FOLDER PROGRAMS CPU` works in a folder that is on tmpfs, starts `true` and `sh` from another
//! one, and stays on one processor with all that it starts; `system role NAME` is the other process
//! of some measures.

use ochre_benchmarks::clock::monotonic_ns;
use ochre_benchmarks::system::processes::Waiting;
use ochre_benchmarks::system::{MEASURES, Place, roles};
use ochre_benchmarks::text;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// What waits until it is let go.
#[derive(Default)]
struct Held {
    processes: Vec<Waiting>,
    threads: Vec<(thread::JoinHandle<()>, Sender<()>)>,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, programs, cpu) = match &arguments[..] {
        [_, verb, role] if verb == "role" => return roles::play(role),
        [_, folder, programs, cpu] => (folder, programs, cpu),
        _ => return Err(io::Error::other("usage: system FOLDER PROGRAMS CPU")),
    };
    stay_on(cpu.parse().map_err(io::Error::other)?)?;
    let place = Place {
        folder: PathBuf::from(folder),
        program: std::env::current_exe()?,
        programs: PathBuf::from(programs),
    };
    std::fs::create_dir_all(&place.folder)?;
    must_be_tmpfs(&place.folder)?;
    let mut held = Held::default();
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        held.let_go();
        match obey(&place, &mut held, line?.trim_end()) {
            Ok(ns) => writeln!(out, "ok {ns}")?,
            Err(error) => writeln!(out, "failed {error}")?,
        }
        out.flush()?;
    }
    std::fs::remove_dir_all(&place.folder)
}

fn obey(place: &Place, held: &mut Held, line: &str) -> io::Result<u64> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (first, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = || first.parse::<u32>().map_err(io::Error::other);
    match verb {
        "measure" => {
            let Some(measure) = MEASURES.iter().find(|measure| measure.name == rest) else {
                return Err(io::Error::other(format!("no measure {rest:?}")));
            };
            (measure.run)(place, number()?)
        }
        "run" => {
            let mut words = rest.split(' ');
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words).current_dir(&place.folder).stdin(Stdio::null());
            command.stdout(File::create(place.folder.join(first))?);
            let start = monotonic_ns();
            let status = command.status()?;
            let ns = monotonic_ns() - start;
            if status.success() { Ok(ns) } else { Err(io::Error::other(status.to_string())) }
        }
        "hold" => {
            held.processes.push(Waiting::start(place, number()?)?);
            Ok(0)
        }
        "threads" => {
            for _ in 0..number()? {
                let (sender, receiver) = channel();
                let body = move || {
                    // Ends when the sender goes.
                    let _ = receiver.recv();
                };
                let thread = thread::Builder::new().stack_size(64 << 10).spawn(body)?;
                held.threads.push((thread, sender));
            }
            Ok(0)
        }
        "write" => {
            let mib = rest.parse().map_err(io::Error::other)?;
            text::write(File::create(place.folder.join(first))?, mib).map(|()| 0)
        }
        "script" => {
            let number: usize = rest.parse().map_err(io::Error::other)?;
            let Some(script) = SCRIPTS.get(number) else {
                return Err(io::Error::other(format!("no script {number}")));
            };
            std::fs::write(place.folder.join(first), script).map(|()| 0)
        }
        "sum" => text::sum(File::open(place.folder.join(first))?).map(u64::from),
        _ => Err(io::Error::other(format!("no order {verb:?}"))),
    }
}

/// Scripts of ten thousand commands; the first argument is the folder with `true`.
const SCRIPTS: [&str; 2] = [
    "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done",
    "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); :; :; :; :; x=a$i; echo $x; [ $x ]; $1/true; done",
];

impl Held {
    fn let_go(&mut self) {
        self.processes.clear();
        for (thread, sender) in self.threads.drain(..) {
            drop(sender);
            // One that has panicked has ended, too.
            let _ = thread.join();
        }
    }
}

/// Files in memory are to be compared with files in memory.
fn must_be_tmpfs(folder: &std::path::Path) -> io::Result<()> {
    const TMPFS: i64 = 0x0102_1994;
    let path = ochre_benchmarks::system::processes::c_string(folder)?;
    // SAFETY: all-zero bytes are such a structure.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends in a NUL, and the kernel writes the one structure.
    if unsafe { libc::statfs(path.as_ptr(), &raw mut found) } != 0 {
        return Err(io::Error::last_os_error());
    }
    #[expect(clippy::unnecessary_cast, reason = "the type differs from system to system")]
    if found.f_type as i64 == TMPFS {
        return Ok(());
    }
    Err(io::Error::other(format!("{} is not on tmpfs", folder.display())))
}

/// With all that is started from here.
fn stay_on(cpu: usize) -> io::Result<()> {
    let mut mask = [0u8; 128];
    let Some(byte) = mask.get_mut(cpu / 8) else {
        return Err(io::Error::other(format!("no processor {cpu}")));
    };
    *byte = 1 << (cpu % 8);
    // SAFETY: the kernel reads as many bytes as it is told that there are.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, mask.len(), mask.as_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
