// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre run` and `ochre exec`: from arguments to a machine, from its end to an exit status.
#![forbid(unsafe_code)]

use super::{FAILED, MachineArgs, add};
use anyhow::Context;
use ochre_runner::boot::{self, Config, Machine};
use ochre_runner::error::Outcome;
use ochre_runner::newc;
use ochre_runner::profile::Profile;
use ochre_runner::streams::CommandStatus;
use ochre_runner::sys::environment::no_traces_in_errors;
use ochre_runner::sys::signals::{self, Signal};
use ochre_runner::sys::terminal::{self, RawMode};
use ochre_runner::timing::{Phase, Timing};
use ochre_runner::vm::Vm;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

const REBOOT: u8 = 122;
const PANIC: u8 = 123;
const TIMEOUT: u8 = 124;

/// How long the guest may take to shut down when it is asked to.
const SHUTDOWN_TIME: Duration = Duration::from_secs(10);

/// The environment that a command gets besides what the guest's init gives it.
const PASSED_ON: [&str; 2] = ["TERM", "LANG"];

/// Boots a machine and waits for its end.
pub fn run(args: MachineArgs, command: Option<Vec<OsString>>) -> anyhow::Result<u8> {
    let timing = Arc::new(Timing::new());
    // Before any thread exists, so that all of them leave signals to the one that waits.
    signals::block();
    no_traces_in_errors();
    let timeout = args.timeout.map(Duration::from_secs_f64);
    let show_timing = args.timing;
    let (profile_file, show_calls) = (args.profile.clone(), args.host_calls);
    let interactive = command.is_none();
    let config = config(args, command.as_deref())?;
    let raw = if interactive { RawMode::enter().context("cannot use the terminal")? } else { None };
    restore_terminal_on_panic();
    let machine = boot::start(config, Arc::clone(&timing))?;
    let asked = watch_signals(&machine.vm)?;
    let outcome = machine.vm.wait(timeout);
    let status = machine.vm.streams.status();
    let vm = Arc::clone(&machine.vm);
    flush(machine, &outcome);
    drop(raw);
    timing.mark(Phase::End);
    let exit = match asked.load(Ordering::SeqCst) {
        // The command of `exec` has no status because the guest did as it was told.
        signal if signal != 0 && outcome == Outcome::Poweroff && status.is_none() => {
            if interactive { 0 } else { signal_status(signal) }
        }
        _ => conclude(&vm, &outcome, command.is_some().then_some(status)),
    };
    if show_timing {
        eprint!("{}", timing.table());
    }
    if let Some(profile) = &vm.profile {
        report(profile, profile_file.as_deref(), show_calls);
    }
    // Tasks that still exist are not worth dropping one by one.
    let _ = std::io::stdout().flush();
    std::process::exit(exit.into())
}

/// What was counted and sampled. What the guest did is not changed by a file that cannot be written.
fn report(profile: &Profile, file: Option<&Path>, show_calls: bool) {
    if let Some(path) = file
        && let Err(error) = profile.write(path)
    {
        eprintln!("ochre: the profile {}: {error}", path.display());
    }
    if show_calls {
        eprint!("{}", profile.table());
    }
}

fn config(args: MachineArgs, command: Option<&[OsString]>) -> anyhow::Result<Config> {
    let beside = |name: &str| -> anyhow::Result<PathBuf> {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        Ok(program.with_file_name(name))
    };
    let path = |given: Option<PathBuf>, name| given.map_or_else(|| beside(name), Ok);
    let log = match &args.log {
        Some(path) => Some(
            File::create(path)
                .with_context(|| format!("cannot write the log {}", path.display()))?,
        ),
        None => None,
    };
    let profile = match (&args.profile, args.host_calls) {
        (None, false) => None,
        (file, _) => Some(Profile::start(file.is_some()).context("cannot take samples")?),
    };
    let mut command_line = "console=hvc0".to_owned();
    if command.is_some() {
        command_line.push_str(" quiet");
    } else if !std::io::stdin().is_terminal() {
        // There is nobody to edit lines, and nothing that answers questions about itself.
        command_line.push_str(" TERM=dumb");
    }
    if !args.append.is_empty() {
        command_line.push(' ');
        command_line.push_str(&args.append);
    }
    let initramfs = path(args.initramfs, "initramfs.cpio")?;
    let mut second_archive = command.map(command_archive).unwrap_or_default();
    if !args.add.is_empty() {
        // An archive of its own behind the other one: the kernel reads any number of them.
        second_archive.extend(add::archive(&args.add, &initramfs)?);
    }
    Ok(Config {
        kernel: path(args.kernel, "vmlinux.wasm")?,
        initramfs: Some(initramfs),
        second_archive,
        memory_bytes: args.memory,
        vcpus: args.cpus,
        command_line,
        interactive: command.is_none(),
        log,
        precompiled: Some(path(args.precompiled, "precompiled")?),
        profile,
    })
}

/// The archive that tells the guest's init what to run.
fn command_archive(command: &[OsString]) -> Vec<u8> {
    let strings = |strings: &mut dyn Iterator<Item = OsString>| {
        strings.fold(Vec::new(), |mut bytes, string| {
            bytes.extend(string.as_bytes());
            bytes.push(0);
            bytes
        })
    };
    let argv = strings(&mut command.iter().cloned());
    let env = strings(&mut PASSED_ON.iter().filter_map(|name| {
        let mut pair = OsStr::new(name).as_bytes().to_vec();
        pair.push(b'=');
        pair.extend(std::env::var_os(name)?.as_bytes());
        Some(OsString::from_vec(pair))
    }));
    newc::archive(".ochre", &[("argv", &argv), ("env", &env)])
}

/// Writes all that the guest has printed. After a timeout or a signal nobody may be reading, so that
/// is not waited for without end.
fn flush(machine: Machine, outcome: &Outcome) {
    let patience = match outcome {
        Outcome::Timeout | Outcome::Signal(_) | Outcome::Quit => Duration::from_secs(2),
        _ => return machine.flush(),
    };
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        machine.flush();
        let _ = done.send(());
    });
    let _ = wait.recv_timeout(patience);
}

/// Tells what is to be told on standard error; gives the exit status. `command` is the status of
/// the command of `exec`.
fn conclude(vm: &Vm, outcome: &Outcome, command: Option<Option<CommandStatus>>) -> u8 {
    match outcome {
        Outcome::Poweroff | Outcome::Halt => match command {
            None => 0,
            Some(Some(CommandStatus::Exit(status))) => status,
            Some(Some(CommandStatus::Signal(signal))) => 128u8.saturating_add(signal),
            Some(None) => {
                show_console(vm);
                eprintln!("ochre: the guest powered off before the command had ended");
                FAILED
            }
        },
        Outcome::Reboot => {
            eprintln!("ochre: the guest asked for a reboot");
            REBOOT
        }
        Outcome::Panic => {
            show_console(vm);
            eprintln!("ochre: the kernel panicked");
            PANIC
        }
        Outcome::KernelFault(report) => {
            show_console(vm);
            eprintln!("ochre: the kernel failed: {}", report.trim_end());
            PANIC
        }
        Outcome::Timeout => {
            eprintln!("ochre: stopped: the time given by --timeout is up");
            TIMEOUT
        }
        Outcome::Quit => 0,
        Outcome::Signal(signal) => {
            eprintln!("ochre: stopped by signal {signal}");
            signal_status(*signal)
        }
        Outcome::Failed(reason) => {
            show_console(vm);
            eprintln!("ochre: the machine failed: {reason}");
            FAILED
        }
    }
}

/// The exit status of a shell for what a signal has ended.
fn signal_status(signal: i32) -> u8 {
    128u8.saturating_add(u8::try_from(signal).unwrap_or(0))
}

/// Shows what a hidden console had to say.
fn show_console(vm: &Vm) {
    let tail = vm.console.tail();
    if !tail.is_empty() {
        let _ = std::io::stderr().write_all(&tail);
    }
}

fn restore_terminal_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        terminal::restore();
        report(info);
    }));
}

/// Takes signals: the first request to end shuts the guest down, a second one or the end of its
/// patience stops it. The number of the first one stands in the result.
fn watch_signals(vm: &Arc<Vm>) -> std::io::Result<Arc<AtomicI32>> {
    let vm = Arc::clone(vm);
    let asked = Arc::new(AtomicI32::new(0));
    let result = Arc::clone(&asked);
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        loop {
            match signals::wait() {
                Signal::Resize => {
                    if vm.console.update_size() {
                        vm.raise(ochre_abi::irq::CONSOLE);
                    }
                }
                Signal::End(signal) => {
                    if asked.swap(signal, Ordering::SeqCst) != 0 {
                        vm.stop(Outcome::Signal(signal));
                        continue;
                    }
                    vm.raise(ochre_abi::irq::SHUTDOWN);
                    let vm = Arc::clone(&vm);
                    std::thread::spawn(move || {
                        std::thread::sleep(SHUTDOWN_TIME);
                        vm.stop(Outcome::Signal(signal));
                    });
                }
            }
        }
    })?;
    Ok(result)
}
