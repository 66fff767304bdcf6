// SPDX-License-Identifier: MIT OR Apache-2.0
//! `start-stop-daemon`: starts a program unless it runs, and ends it, as Debian's scripts want it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Group, Pid, Uid, User};
use ochre_applet::{Args, Failure, parse_or};

use crate::command::{become_command, not_started};
use crate::sys::{self, Before};

/// Starts and ends programs that run in the background.
#[derive(clap::Parser)]
#[command(name = "start-stop-daemon", disable_version_flag = true)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["start", "stop", "status"])))]
struct Options {
    /// Start it, unless it runs
    #[arg(short = 'S', long)]
    start: bool,
    /// End it
    #[arg(short = 'K', long)]
    stop: bool,
    /// Say by the status whether it runs: 0 it does, 1 a stale PID file, 3 it does not
    #[arg(short = 'T', long)]
    status: bool,
    /// It is what this file has the number of
    #[arg(short, long)]
    pidfile: Option<PathBuf>,
    /// It is what executes this program
    #[arg(short = 'x', long)]
    exec: Option<PathBuf>,
    /// It has this name
    #[arg(short, long)]
    name: Option<String>,
    /// It belongs to this user, by name or number
    #[arg(short, long)]
    user: Option<String>,
    /// Start this; what --exec names without it
    #[arg(short = 'a', long)]
    startas: Option<PathBuf>,
    /// It does not go to the background by itself
    #[arg(short, long)]
    background: bool,
    /// Write its number to the PID file
    #[arg(short, long)]
    make_pidfile: bool,
    /// Remove the PID file when it has ended
    #[arg(long)]
    remove_pidfile: bool,
    /// Be this user, or USER:GROUP
    #[arg(short, long)]
    chuid: Option<String>,
    /// Be in this folder
    #[arg(short = 'd', long)]
    chdir: Option<PathBuf>,
    /// Its nice value, added to ours
    #[arg(short = 'N', long, allow_negative_numbers = true)]
    nicelevel: Option<i32>,
    /// The signal for its end, by name or number
    #[arg(short, long, default_value = "TERM")]
    signal: String,
    /// Wait so many seconds for its end, and kill it then; SIGNAL/SECONDS/SIGNAL/SECONDS says it in full
    #[arg(short = 'R', long)]
    retry: Option<String>,
    /// Nothing to do is no error
    #[arg(short, long)]
    oknodo: bool,
    /// Only say what would be done
    #[arg(short, long)]
    test: bool,
    /// Say little
    #[arg(short, long)]
    quiet: bool,
    /// Say more
    #[arg(short, long)]
    verbose: bool,
    /// The program's arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// The applet: status 1 when nothing was to be done, 2 when it would not end, 3 for errors.
pub fn start_stop_daemon(args: Args) -> Result<u8> {
    let options: Options = parse_or(&args, 3)?;
    let fatal = |error: anyhow::Error| match error.downcast_ref::<Failure>() {
        Some(_) => error,
        None => Failure::new(3, format!("{error:#}")).into(),
    };
    if options.pidfile.is_none()
        && options.exec.is_none()
        && options.name.is_none()
        && options.user.is_none()
    {
        return Err(
            Failure::new(3, "need at least one of --exec, --pidfile, --user or --name").into()
        );
    }
    let found = matching(&options).map_err(fatal)?;
    if options.status {
        let stale = options.pidfile.as_ref().is_some_and(|file| file.exists());
        return Ok(match (found.is_empty(), stale) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 3,
        });
    }
    if options.stop {
        return stop(&options, &found).map_err(fatal);
    }
    if !found.is_empty() {
        if !options.quiet {
            println!(
                "{} already running.",
                options.exec.as_deref().unwrap_or(Path::new("process")).display()
            );
        }
        return Ok(u8::from(!options.oknodo));
    }
    start(&options).map_err(fatal)
}

fn uid_of(name: &str) -> Result<Uid> {
    match name.parse() {
        Ok(number) => Ok(Uid::from_raw(number)),
        Err(_) => match User::from_name(name)? {
            Some(user) => Ok(user.uid),
            None => bail!("user '{name}' not found"),
        },
    }
}

/// The processes that the options describe.
fn matching(options: &Options) -> Result<Vec<i32>> {
    let user = options.user.as_deref().map(uid_of).transpose()?;
    let candidates = match &options.pidfile {
        Some(file) => match fs::read_to_string(file) {
            Ok(text) => text.trim().parse().into_iter().collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("unable to open pidfile {}", file.display()));
            }
        },
        None => {
            let entries = fs::read_dir("/proc").context("/proc")?.flatten();
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        }
    };
    let own = std::process::id() as i32;
    let wanted = |pid: &i32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        *pid != own
            && is_alive(&process)
            && options.exec.as_deref().is_none_or(|exec| executes(&process, exec))
            && options.name.as_deref().is_none_or(|name| has_name(&process, name))
            && user.is_none_or(|user| {
                use std::os::unix::fs::MetadataExt;
                fs::metadata(&process).is_ok_and(|found| found.uid() == user.as_raw())
            })
    };
    Ok(candidates.into_iter().filter(wanted).collect())
}

/// Zombies only wait for somebody to ask how they ended.
fn is_alive(process: &Path) -> bool {
    let text = fs::read_to_string(process.join("stat")).unwrap_or_default();
    text.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn executes(process: &Path, exec: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(one), Ok(other)) = (fs::metadata(process.join("exe")), fs::metadata(exec)) else {
        return false;
    };
    if (one.dev(), one.ino()) != (other.dev(), other.ino()) {
        return false;
    }
    // One program has many names in this system, and is as many programs.
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    let wanted = exec.file_name().unwrap_or_default().to_string_lossy();
    !exec.is_symlink() || wanted.starts_with(name.trim_end())
}

fn has_name(process: &Path, name: &str) -> bool {
    /// The kernel keeps so many bytes of a name.
    const KEPT: usize = 15;
    let text = fs::read(process.join("comm")).unwrap_or_default();
    let wanted = name.as_bytes();
    text.strip_suffix(b"\n").unwrap_or(&text) == &wanted[..wanted.len().min(KEPT)]
}

fn start(options: &Options) -> Result<u8> {
    let program = options.startas.as_ref().or(options.exec.as_ref());
    let program = program.context("--start needs --exec or --startas")?;
    if options.test {
        println!("Would start {}.", program.display());
        return Ok(0);
    }
    let mut words = vec![OsString::from(program)];
    words.extend(options.args.iter().cloned());
    if let Some(nice) = options.nicelevel {
        sys::nice(0, 0)
            .and_then(|old| sys::set_nice(0, 0, old + nice))
            .context("cannot set the nice value")?;
    }
    let pid_file = if options.make_pidfile { options.pidfile.as_ref() } else { None };
    let write = |pid: u32| match pid_file {
        Some(file) => fs::write(file, format!("{pid}\n"))
            .with_context(|| format!("unable to write pidfile {}", file.display())),
        None => Ok(()),
    };
    if !options.background {
        write(std::process::id())?;
        become_user(options)?;
        return Err(become_command(&words));
    }
    // Its user may not be allowed to write the file, nor we after that: it is opened before.
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let file = pid_file.map(fs::File::create).transpose().context("unable to write the pidfile")?;
    become_user(options)?;
    sys::before(&mut command, Before { session: true, ..Before::default() });
    let child = command.spawn().map_err(|error| not_started(&words[0], &error))?;
    if let Some(mut file) = file {
        use std::io::Write;
        writeln!(file, "{}", child.id()).context("unable to write the pidfile")?;
    }
    Ok(0)
}

fn become_user(options: &Options) -> Result<()> {
    if let Some(folder) = &options.chdir {
        std::env::set_current_dir(folder).with_context(|| folder.display().to_string())?;
    }
    let Some(who) = &options.chuid else { return Ok(()) };
    let (user, group) = match who.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (&**who, None),
    };
    let uid = uid_of(user)?;
    let entry = User::from_uid(uid)?;
    let gid = match group {
        Some(name) => match name.parse() {
            Ok(number) => Gid::from_raw(number),
            Err(_) => {
                Group::from_name(name)?.with_context(|| format!("group '{name}' not found"))?.gid
            }
        },
        None => entry.as_ref().map_or(Gid::from_raw(uid.as_raw()), |user| user.gid),
    };
    if uid == Uid::current() && gid == Gid::current() {
        return Ok(());
    }
    match entry {
        Some(user) => {
            let name = std::ffi::CString::new(user.name)?;
            nix::unistd::initgroups(&name, gid).context("cannot set the groups")?;
        }
        None => nix::unistd::setgroups(&[gid]).context("cannot set the groups")?,
    }
    nix::unistd::setgid(gid).context("cannot set the group")?;
    nix::unistd::setuid(uid).context("cannot set the user")
}

fn signal(text: &str) -> Result<Signal> {
    if let Ok(number) = text.parse::<i32>() {
        return Signal::try_from(number).with_context(|| format!("bad signal {text}"));
    }
    let name = text.strip_prefix("SIG").unwrap_or(text).to_ascii_uppercase();
    format!("SIG{name}").parse().with_context(|| format!("bad signal {text}"))
}

/// What is sent, and how long its effect is awaited.
fn schedule(options: &Options) -> Result<Vec<(Signal, Duration)>> {
    let first = signal(&options.signal)?;
    let Some(retry) = &options.retry else { return Ok(vec![(first, Duration::ZERO)]) };
    if let Ok(seconds) = retry.parse() {
        let wait = Duration::from_secs(seconds);
        return Ok(vec![(first, wait), (Signal::SIGKILL, wait)]);
    }
    let mut parts = retry.split('/');
    let mut steps = Vec::new();
    while let Some(name) = parts.next() {
        let seconds = parts.next().and_then(|text| text.parse().ok());
        let seconds = seconds.with_context(|| format!("bad schedule {retry}: SIGNAL/SECONDS/…"))?;
        steps.push((signal(name.trim_start_matches('-'))?, Duration::from_secs(seconds)));
    }
    Ok(steps)
}

fn stop(options: &Options, found: &[i32]) -> Result<u8> {
    const POLL_INTERVAL: Duration = Duration::from_millis(20);
    if found.is_empty() {
        if !options.quiet {
            println!("No process found running; none killed.");
        }
        return Ok(u8::from(!options.oknodo));
    }
    if options.test {
        println!("Would send signal {} to {found:?}.", signal(&options.signal)?);
        return Ok(0);
    }
    let left = || found.iter().filter(|pid| is_alive(Path::new(&format!("/proc/{pid}")))).count();
    for (signal, wait) in schedule(options)? {
        for pid in found {
            match kill(Pid::from_raw(*pid), signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => bail!("cannot signal {pid}: {}", errno.desc()),
            }
        }
        let limit = Instant::now() + wait;
        while left() > 0 && Instant::now() < limit {
            std::thread::sleep(POLL_INTERVAL);
        }
        if left() == 0 {
            break;
        }
    }
    if options.retry.is_some() && left() > 0 {
        return Ok(2);
    }
    if options.verbose {
        println!("Stopped {found:?}.");
    }
    if let Some(file) = options.pidfile.as_ref().filter(|_| options.remove_pidfile) {
        fs::remove_file(file).with_context(|| file.display().to_string())?;
    }
    Ok(0)
}
