// SPDX-License-Identifier: MIT OR Apache-2.0
//! `crond`: runs the commands of all users' tables when they are due.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use nix::unistd::User;
use ochre_applet::daemon::{self, Place};
use ochre_applet::{Args, clock, parse};

use crate::FOLDER;
use crate::schedule::Schedule;
use crate::table::{self, Job};

/// syslog's cron.info and cron.err.
const INFO: u8 = 9 << 3 | 6;
const ERROR: u8 = 9 << 3 | 3;
/// Minutes that passed while the machine stood still are made up for, up to this many.
const MOST_MISSED: i64 = 60;

/// Runs the commands of users' tables when they are due. What they put out goes to the log.
#[derive(clap::Parser)]
#[command(name = "crond", disable_version_flag = true)]
struct Options {
    /// Stay in the foreground
    #[arg(short)]
    foreground: bool,
    /// Go to the background: so it does without -f
    #[arg(short, conflicts_with = "foreground")]
    background: bool,
    /// Log to syslogd: so it does without -L and -d
    #[arg(short = 'S')]
    syslog: bool,
    /// Log to this file
    #[arg(short = 'L', value_name = "FILE")]
    log: Option<PathBuf>,
    /// How much to log: 0 is all, 8, and more, only errors
    #[arg(short = 'l', default_value_t = 8, value_name = "N")]
    level: u8,
    /// Log to the error output, as much as -l, and stay in the foreground
    #[arg(short = 'd', value_name = "N")]
    debug: Option<u8>,
    /// The folder of the tables
    #[arg(short = 'c', value_name = "DIR", default_value = FOLDER)]
    folder: PathBuf,
}

/// Where crond says what it does.
enum Log {
    Syslog,
    File(PathBuf),
    Stderr,
}

impl Log {
    fn write(&self, priority: u8, text: &str) {
        let stamp = clock::local(clock::now()).log_stamp();
        let line = format!("crond[{}]: {text}", std::process::id());
        // A log that cannot be written must not keep commands from running.
        match self {
            Self::Syslog => {
                let _ = UnixDatagram::unbound().and_then(|socket| {
                    socket.send_to(format!("<{priority}>{stamp} {line}").as_bytes(), "/dev/log")
                });
            }
            Self::File(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                let _ = file.and_then(|mut file| writeln!(file, "{stamp} {line}"));
            }
            Self::Stderr => {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }
}

/// A user's table as it was read.
struct Table {
    /// Changed when either changes.
    version: (i64, i64, u64),
    jobs: Vec<Job>,
}

/// All that crond knows.
struct Cron {
    folder: PathBuf,
    tables: BTreeMap<String, Table>,
    log: Arc<Log>,
    tells_all: bool,
}

/// The applet; serves until a signal ends it.
pub fn crond(mut args: Args) -> Result<u8> {
    let place = Place::of(&mut args);
    let options: Options = parse(&args)?;
    let stays = options.foreground || options.debug.is_some();
    if !stays && place == Place::Foreground {
        return daemon::start(&args);
    }
    let log = match &options.log {
        _ if options.debug.is_some() => Log::Stderr,
        Some(path) if !options.syslog => Log::File(path.clone()),
        _ => Log::Syslog,
    };
    fs::read_dir(&options.folder).with_context(|| options.folder.display().to_string())?;
    // 8 is BusyBox's own default, with which it tells of each command.
    let tells_all = options.debug.unwrap_or(options.level) <= 8;
    let mut cron =
        Cron { folder: options.folder, tables: BTreeMap::new(), log: Arc::new(log), tells_all };
    place.ready()?;
    cron.log.write(INFO, "started");
    cron.read_tables();
    cron.run(|schedule| *schedule == Schedule::Reboot);
    let mut done = minute_now();
    loop {
        thread::sleep(until_next_minute());
        let now = minute_now();
        // A clock that was set back has nothing due twice; one set forward has not missed days.
        let from = if now - done > MOST_MISSED { now - 1 } else { done };
        if now < done - MOST_MISSED {
            done = now;
            continue;
        }
        for minute in from + 1..=now {
            cron.read_tables();
            let time = clock::local(minute * 60);
            cron.run(|schedule| schedule.fits(&time));
        }
        done = done.max(now);
    }
}

fn minute_now() -> i64 {
    clock::now().div_euclid(60)
}

fn until_next_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let passed = Duration::new(now.as_secs() % 60, now.subsec_nanos());
    // Some milliseconds more, so that it is never woken just before.
    Duration::from_secs(60).saturating_sub(passed) + Duration::from_millis(5)
}

impl Cron {
    /// Reads each table that has changed, and forgets those that are gone.
    fn read_tables(&mut self) {
        let names: Vec<String> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            // Those that are being written begin with a dot.
            .filter(|name| !name.starts_with('.'))
            .collect();
        self.tables.retain(|name, _| names.contains(name));
        for name in names {
            if let Err(error) = self.read_table(&name) {
                self.log.write(ERROR, &format!("table of {name}: {error:#}"));
            }
        }
    }

    fn read_table(&mut self, name: &str) -> Result<()> {
        let path: PathBuf = Path::new(&self.folder).join(name);
        let about = fs::metadata(&path)?;
        let version = (about.mtime(), about.mtime_nsec(), about.ino());
        if self.tables.get(name).is_some_and(|table| table.version == version) {
            return Ok(());
        }
        let text = fs::read_to_string(&path);
        let jobs = text.as_deref().map(|text| {
            table::read(text, |line, error| {
                self.log.write(ERROR, &format!("table of {name}, line {line}: {error:#}"));
            })
        });
        // One that cannot be read is told of once.
        let jobs_or_none = jobs.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
        self.tables.insert(name.to_owned(), Table { version, jobs: jobs_or_none });
        jobs.map(|_| ()).map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// Starts what is due.
    fn run(&self, is_due: impl Fn(&Schedule) -> bool) {
        for (name, table) in &self.tables {
            for job in table.jobs.iter().filter(|job| is_due(&job.schedule)) {
                if self.tells_all {
                    self.log.write(INFO, &format!("USER {name} {}", job.command));
                }
                let (name, job, log) = (name.clone(), job.clone(), Arc::clone(&self.log));
                thread::spawn(move || {
                    if let Err(error) = execute(&name, &job, &log) {
                        log.write(ERROR, &format!("USER {name} {}: {error:#}", job.command));
                    }
                });
            }
        }
    }
}

/// Runs a command to its end.
fn execute(name: &str, job: &Job, log: &Log) -> Result<()> {
    let user = User::from_name(name)?.context("unknown user")?;
    let shell = job.variables.iter().rfind(|(name, _)| name == "SHELL");
    let mut command = Command::new(shell.map_or("/bin/sh", |(_, shell)| shell));
    command
        .args(["-c", &job.command])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .env("SHELL", "/bin/sh")
        .env("HOME", &user.dir)
        .envs(job.variables.iter().map(|(name, value)| (name, value)))
        // Who it is cannot be chosen.
        .env("USER", name)
        .env("LOGNAME", name)
        .current_dir(if user.dir.is_dir() { user.dir.as_path() } else { Path::new("/") })
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if nix::unistd::getuid() != user.uid {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    let mut child = command.spawn().context("cannot be started")?;
    let input = job.input.clone();
    let stdin = child.stdin.take();
    thread::spawn(move || {
        // A command that reads nothing has an end all the same.
        let _ = stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
    });
    let output = child.wait_with_output().context("cannot be waited for")?;
    for bytes in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(bytes).lines() {
            log.write(INFO, &format!("USER {name} says: {line}"));
        }
    }
    if !output.status.success() {
        log.write(ERROR, &format!("USER {name} {}: {}", job.command, output.status));
    }
    Ok(())
}
