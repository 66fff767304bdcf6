// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starts victims, one after the other, until enough calls are made; several supervisors do so side by
//! side. Nothing of a victim is left when the next one starts.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use ochre_probes::random::Random;
use ochre_probes::say;

const PROGRAM: &str = "/proc/self/exe";
/// Calls that one victim is to make.
const CALLS_EACH: u32 = 2000;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// User number of the first supervisor's victims; each has its own, so that they cannot meet.
const FIRST_UID: u32 = 20_000;
/// One in so many is root's.
const ROOT_ONCE_IN: u32 = 8;

/// Shares the calls among supervisors; sums up.
pub fn run_all(calls: u64, seed: u64, workers: u64, verbose: bool) -> ExitCode {
    let workers = workers.max(1);
    eprintln!("seed {seed}, {workers} workers");
    let start = |index: u64| {
        let share = calls.div_ceil(workers).to_string();
        let seed = seed.wrapping_mul(1000).wrapping_add(index).to_string();
        let mut command = Command::new(PROGRAM);
        command.args(["supervise", &share, &seed, &index.to_string()]);
        command.args(verbose.then_some("verbose"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
    };
    let mut made = 0;
    let mut is_right = true;
    let supervisors: Vec<_> = (0..workers).map(start).collect();
    for supervisor in supervisors {
        let output = supervisor.and_then(Child::wait_with_output);
        let text = match &output {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout),
            other => {
                say(format_args!("a supervisor ended: {other:?}"));
                is_right = false;
                continue;
            }
        };
        made += text.trim().parse::<u64>().unwrap_or(0);
    }
    let enough = made >= calls;
    say(if enough { "enough calls".to_owned() } else { format!("{made} of {calls} calls") });
    eprintln!("{made} calls");
    if enough && is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One supervisor; prints how many calls its victims have made.
pub fn run(calls: u64, seed: u64, index: u32, verbose: bool) -> ExitCode {
    let mut random = Random::new(seed);
    let (mut made, mut victims, mut killed, mut signalled) = (0, 0, 0, 0);
    // SAFETY: touches no memory.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    let folder = format!("/tmp/fuzz-{index}");
    while made < calls {
        let uid = if random.once_in(ROOT_ONCE_IN) { 0 } else { FIRST_UID + index };
        if let Err(error) = make_folder(&folder, uid) {
            eprintln!("{folder}: {error}");
            return ExitCode::FAILURE;
        }
        let seed = random.bits();
        if verbose {
            eprintln!("victim {seed} {CALLS_EACH} {uid}");
        }
        let mut command = Command::new(PROGRAM);
        command.args(["victim", &seed.to_string(), &CALLS_EACH.to_string(), &uid.to_string()]);
        command.current_dir(&folder).stdin(Stdio::null()).stderr(Stdio::null());
        let child = match command.stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => {
                eprintln!("cannot start a victim: {error}");
                return ExitCode::FAILURE;
            }
        };
        let end = watch(child);
        clear_up();
        made += u64::from(end.made);
        victims += 1;
        killed += u32::from(end.was_killed);
        signalled += u32::from(libc::WIFSIGNALED(end.status) && !end.was_killed);
        let progress = 50_000 / u64::from(CALLS_EACH);
        if victims as u64 % progress == 0 {
            eprintln!("worker {index}: {victims} victims, {made} calls");
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    eprintln!(
        "worker {index}: {victims} victims, {signalled} ended by a signal, {killed} out of time"
    );
    say(made);
    ExitCode::SUCCESS
}

fn make_folder(folder: &str, uid: u32) -> std::io::Result<()> {
    if std::fs::exists(folder)? {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir(folder)?;
    std::os::unix::fs::chown(folder, Some(uid), Some(uid))
}

struct End {
    made: u32,
    status: i32,
    was_killed: bool,
}

/// Waits for a victim's end, or makes it.
fn watch(mut child: Child) -> End {
    let pid = child.id().cast_signed();
    let mut end = End { made: 0, status: 0, was_killed: false };
    let deadline = Instant::now() + PATIENCE;
    let Some(mut reports) = child.stdout.take() else { return end };
    loop {
        let mut poll = libc::pollfd { fd: reports.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the structures live until the calls return.
        let (ready, ended) = unsafe {
            let ready = libc::poll(&raw mut poll, 1, 100);
            (ready, libc::waitpid(pid, &raw mut end.status, libc::WNOHANG) == pid)
        };
        if ready > 0 {
            // A victim may write anything there; what is no count is no count.
            let mut bytes = [0; 4096];
            let read = reports.read(&mut bytes).unwrap_or(0);
            for word in bytes[..read].as_chunks::<4>().0 {
                let made = u32::from_le_bytes(*word);
                if made <= CALLS_EACH {
                    end.made = end.made.max(made);
                }
            }
            if read == 0 && !ended {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        if ended {
            return end;
        }
        if Instant::now() >= deadline {
            end.was_killed = true;
            // SAFETY: its own child, not waited for yet.
            unsafe {
                libc::kill(pid, libc::SIGKILL);
                libc::waitpid(pid, &raw mut end.status, 0);
            }
            return end;
        }
    }
}

/// Ends what victims have left: it has become this process's child.
fn clear_up() {
    loop {
        let own = std::process::id();
        let list = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        for child in list.unwrap_or_default().split_whitespace() {
            if let Ok(child) = child.parse::<i32>() {
                // SAFETY: a child that is not waited for yet.
                unsafe { libc::kill(child, libc::SIGKILL) };
            }
        }
        // SAFETY: no status is asked for.
        if unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::__WALL) } < 0 {
            return;
        }
    }
}
