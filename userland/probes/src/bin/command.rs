// SPDX-License-Identifier: MIT OR Apache-2.0
//! `std::process::Command` with what it does between fork and exec: ids, directory, process group,
//! closures, redirections, errors; and the descriptor of a child.
//!
//! `command root` also takes ids that only root may take.
#![cfg_attr(target_arch = "wasm32", feature(linux_pidfd))]

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use ochre_probes::{errno_name, say};

/// This program again, which tells its state.
fn reporter() -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg("report");
    command
}

fn report() -> ! {
    // SAFETY: none of these calls touches memory.
    let (own_group, parents_group, own_session, mask) = unsafe {
        let group = libc::getpgrp();
        let own_session = libc::getsid(0) == libc::getpid();
        let mask = libc::umask(0);
        (group == libc::getpid(), group == libc::getpgid(libc::getppid()), own_session, mask)
    };
    let directory = std::env::current_dir().unwrap_or_default();
    let mut names: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
    names.retain(|name| name.starts_with("PROBE"));
    say(format_args!(
        "  group own {own_group} parent's {parents_group}, session {own_session}, umask {mask:o}, \
         directory {}, variables {names:?}",
        directory.display()
    ));
    std::process::exit(11)
}

fn result(what: &str, result: io::Result<ExitStatus>) {
    match result {
        Ok(status) => say(format_args!(
            "{what}: code {:?}, signal {:?}, success {}",
            status.code(),
            status.signal(),
            status.success()
        )),
        Err(error) => say(format_args!(
            "{what}: {}",
            error.raw_os_error().map_or_else(|| error.kind().to_string(), errno_name)
        )),
    }
}

fn state() {
    result("plain", reporter().status());
    result("directory", reporter().current_dir("/proc").status());
    result("no such directory", reporter().current_dir("/nonexistent").status());
    result("group", reporter().process_group(0).status());
    result("no such group", reporter().process_group(999_999).status());
    result("variables", reporter().env("PROBE_A", "1").env("PROBE_B", "2").status());
    // A path of the child's own leads std away from posix_spawn.
    result("no variables", reporter().env_clear().env("PATH", "/usr/bin:/bin").status());
    result("through PATH", Command::new("true").env("PATH", "/usr/bin:/bin").status());
    result("not in PATH", Command::new("true").env("PATH", "/proc").status());
    result("no such program", Command::new("/nonexistent/program").status());
    result("a directory", Command::new("/proc").status());
    result("arg0", Command::new("/bin/sh").arg0("other").args(["-c", "echo $0"]).status());
}

fn ids(root: bool) {
    // SAFETY: none of these calls touches memory.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    result("own ids", reporter().uid(uid).gid(gid).status());
    if root {
        let mut id = Command::new("/bin/sh");
        id.args(["-c", "id -u; id -g; id -G"]).uid(12345).gid(54321);
        result("other ids", id.status());
        // Once given up, root's rights are gone.
        result("no way back", Command::new("/proc/self/exe").arg("back").uid(12345).status());
    }
}

fn closures() {
    let mut command = reporter();
    // SAFETY: the closure makes one system call.
    unsafe {
        command.pre_exec(|| {
            libc::umask(0o123);
            Ok(())
        });
        command.pre_exec(|| match libc::setsid() {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    result("closures", command.status());
    result("again", command.status());
    let mut command = reporter();
    // SAFETY: the closure does nothing.
    unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::EACCES))) };
    result("a closure's error", command.status());
    // SAFETY: none of these calls touches memory of ours.
    say(format_args!("left to wait for: {}", unsafe {
        libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) != -1
    }));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -TERM $$"]);
    // SAFETY: as above.
    unsafe { command.pre_exec(|| Ok(())) };
    result("ended by a signal", command.status());
}

fn pipes() -> io::Result<()> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "read line; echo \"out $line\"; echo err >&2; exit 4"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // SAFETY: the closure does nothing.
    unsafe { command.pre_exec(|| Ok(())) };
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"a line\n")?;
    }
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    say(format_args!("{:?} {:?}", text(&output.stdout), text(&output.stderr)));
    result("piped", Ok(output.status));

    let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn()?;
    say(format_args!("still running: {}", child.try_wait()?.is_none()));
    child.kill()?;
    result("killed", child.wait());
    result("waited for again", child.wait());

    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    drop(child.stdin.take());
    let mut rest = String::new();
    child.stdout.take().map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut rest))?;
    result("an empty input", child.wait());
    Ok(())
}

/// A child's descriptor: std's own in the guest, where its unstable part can be used, and the
/// system call's elsewhere.
#[cfg(target_arch = "wasm32")]
mod pidfd {
    use super::{Child, Command, ExitStatus, io};
    use std::os::linux::process::{ChildExt, CommandExt};

    pub struct Spawned(Child);

    pub fn spawn(command: &mut Command) -> io::Result<Spawned> {
        Ok(Spawned(command.create_pidfd(true).spawn()?))
    }

    impl Spawned {
        pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
            self.0.pidfd()?.try_wait()
        }

        pub fn kill(&self) -> io::Result<()> {
            self.0.pidfd()?.kill()
        }

        pub fn wait(&mut self) -> io::Result<ExitStatus> {
            self.0.pidfd()?.wait()
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod pidfd {
    use super::{Child, Command, ExitStatus, io};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    pub struct Spawned {
        child: Child,
        pidfd: OwnedFd,
    }

    pub fn spawn(command: &mut Command) -> io::Result<Spawned> {
        let child = command.spawn()?;
        // SAFETY: the call touches no memory.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and ours.
        Ok(Spawned { child, pidfd: unsafe { OwnedFd::from_raw_fd(fd as i32) } })
    }

    impl Spawned {
        pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
            self.child.try_wait()
        }

        pub fn kill(&self) -> io::Result<()> {
            let fd = self.pidfd.as_raw_fd();
            let none = std::ptr::null::<libc::siginfo_t>();
            // SAFETY: no siginfo is passed.
            match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0) }
            {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        }

        pub fn wait(&mut self) -> io::Result<ExitStatus> {
            self.child.wait()
        }
    }
}

fn descriptors() -> io::Result<()> {
    let mut child = pidfd::spawn(Command::new("sleep").arg("60"))?;
    say(format_args!("by descriptor, still running: {}", child.try_wait()?.is_none()));
    child.kill()?;
    result("by descriptor, killed", child.wait());

    let mut command = reporter();
    // SAFETY: the closure does nothing.
    unsafe { command.pre_exec(|| Ok(())) };
    let mut child = pidfd::spawn(command.process_group(0))?;
    result("by descriptor, with a closure", child.wait());
    Ok(())
}

fn main() -> io::Result<()> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    match &*argument {
        "report" => report(),
        "back" => {
            result("  back to root", Command::new("true").uid(0).status());
            return Ok(());
        }
        _ => {}
    }
    std::env::set_current_dir("/")?;
    // SAFETY: the call touches no memory.
    unsafe { libc::umask(0o022) };
    state();
    ids(argument == "root");
    closures();
    pipes()?;
    descriptors()?;
    // The replacement of this very process comes last.
    let mut last = Command::new("/bin/sh");
    say(format_args!("exec fails: {}", Command::new("/nonexistent/program").exec().kind()));
    let error = last.args(["-c", "echo in its place; exit 6"]).exec();
    Err(error)
}
