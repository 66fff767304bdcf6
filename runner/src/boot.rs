// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets a machine up from its configuration and starts it.
#![forbid(unsafe_code)]

use crate::cache::CodeCache;
use crate::console::{Command, Console, ConsoleSink, EscapeFilter, help};
use crate::error::{Error, Outcome};
use crate::handles::HandleTable;
use crate::handover::alarm::Alarm;
use crate::initramfs::{self, Placed};
use crate::irq::Irq;
use crate::kernel::KernelImage;
use crate::memory::{KernelMemory, MAX_WASM_PAGES, WASM_PAGE_BYTES};
use crate::profile::Profile;
use crate::program::{Programs, compile_all};
use crate::reaper::Reaper;
use crate::store::Parking;
use crate::streams::Streams;
use crate::task::Start;
use crate::timing::{Phase, Timing};
use crate::trace::Symbols;
use crate::vcpu::Vcpu;
use crate::vm::{BootInfo, End, Vm};
use crate::{engine, host_calls, timer};
use ochre_abi::irq;
use ochre_abi::layout::COMMAND_LINE_BYTES;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

/// Least memory of a machine.
const MIN_MEMORY_BYTES: u64 = 16 << 20;
/// Most memory of a machine; a page less where the kernel counts bytes in 32 bits.
const MAX_MEMORY_BYTES: u64 = 4 << 30;
/// Bytes above the kernel's image that must stay free of the initramfs.
const KERNEL_ROOM_BYTES: u64 = 4 << 20;

/// What a machine is made of.
pub struct Config {
    /// `vmlinux.wasm`.
    pub kernel: PathBuf,
    /// The initramfs, if there is one.
    pub initramfs: Option<PathBuf>,
    /// Another archive to put behind it.
    pub second_archive: Vec<u8>,
    /// Size of KernelMemory, and limit of all process memories together.
    pub memory_bytes: u64,
    /// vCPUs that the kernel may start.
    pub vcpus: u32,
    /// The kernel's command line.
    pub command_line: String,
    /// Does the console take the runner's standard input and output?
    pub interactive: bool,
    /// A copy of the console's text.
    pub log: Option<File>,
    /// Folder of code that was compiled ahead.
    pub precompiled: Option<PathBuf>,
    /// What counts and samples, if it is wanted.
    pub profile: Option<Arc<Profile>>,
}

/// A machine that runs, and the threads whose work must be complete at its end.
pub struct Machine {
    /// The machine.
    pub vm: Arc<Vm>,
    writers: Vec<thread::JoinHandle<()>>,
}

impl Machine {
    /// Waits until all output of the guest has been written; the machine has stopped.
    pub fn flush(self) {
        let vm = &self.vm;
        for queue in [&vm.console.output, &vm.streams.stdout, &vm.streams.stderr] {
            queue.finish();
        }
        for writer in self.writers {
            let _ = writer.join();
        }
        vm.parking.empty();
    }
}

/// Sets a machine up and starts its first vCPU.
///
/// # Errors
/// Everything that is wrong with the configuration.
pub fn start(config: Config, timing: Arc<Timing>) -> Result<Machine, Error> {
    let memory_pages = check_limits(&config)?;
    let engine = engine::new()?;
    timing.mark(Phase::Engine);
    let cache = CodeCache::new(&engine, config.precompiled, CodeCache::default_folder());
    let kernel = KernelImage::load(&config.kernel, &cache)?;
    timing.mark(Phase::KernelLoaded);
    let floor = u64::from(kernel.memory_pages) * WASM_PAGE_BYTES + KERNEL_ROOM_BYTES;
    if u64::from(memory_pages) * WASM_PAGE_BYTES < floor {
        return Err(Error::BadMemorySize(format!(
            "the kernel needs at least {} MiB of memory; use a larger --memory",
            floor.div_ceil(1 << 20)
        )));
    }
    let memory = Arc::new(KernelMemory::new(&engine, memory_pages)?);
    let placed = match &config.initramfs {
        Some(path) => initramfs::place(&memory, floor, path, &config.second_archive)?,
        None => Placed { addr: 0, len_bytes: 0 },
    };
    timing.mark(Phase::Initramfs);
    let linker = host_calls::link(&engine, config.profile.as_ref())?;
    if let Some(profile) = &config.profile {
        profile.add(&kernel.module, true);
    }
    let (jobs, work) = channel();
    let vm = Arc::new(Vm {
        kernel: kernel.module,
        kernel_pre: OnceLock::new(),
        linker,
        boot_info: BootInfo {
            initramfs_addr: placed.addr,
            initramfs_bytes: placed.len_bytes,
            vcpus: config.vcpus,
            user_pages_limit: memory_pages.saturating_mul(16),
            command_line: config.command_line,
        },
        memory,
        engine,
        tasks: HandleTable::default(),
        memories: HandleTable::default(),
        programs: Programs::new(jobs),
        vcpus: (0..config.vcpus).map(Vcpu::new).collect(),
        irq: Irq::default(),
        alarm: Alarm::default(),
        console: Console::default(),
        streams: Streams::default(),
        reaper: Reaper::start()?,
        parking: Parking::default(),
        symbols: Symbols::default(),
        timing,
        profile: config.profile,
        start: Instant::now(),
        end: End::default(),
    });
    let _ = vm.kernel_pre.set(host_calls::bind(&vm)?);
    vm.console.update_size();
    spawn(&vm, "timer", |vm| timer::run(&vm))?;
    spawn(&vm, "compiler", move |vm| compile_all(&vm, &cache, &work))?;
    let writers = start_devices(&vm, config.interactive, config.log)?;
    vm.start_vcpu(0, Start::Boot)?;
    Ok(Machine { vm, writers })
}

/// Checks what needs no file; gives the wasm pages of the memory.
fn check_limits(config: &Config) -> Result<u32, Error> {
    let mib = config.memory_bytes >> 20;
    if config.memory_bytes > MAX_MEMORY_BYTES {
        return Err(Error::BadMemorySize(format!(
            "a machine has at most 4 GiB of memory, not {mib} MiB; use a smaller --memory"
        )));
    }
    if config.memory_bytes < MIN_MEMORY_BYTES {
        return Err(Error::BadMemorySize(format!(
            "a machine needs at least {} MiB of memory, not {} KiB; use a larger --memory",
            MIN_MEMORY_BYTES >> 20,
            config.memory_bytes >> 10
        )));
    }
    let max = COMMAND_LINE_BYTES as usize - 1;
    let len = config.command_line.len();
    if len > max {
        return Err(Error::CommandLineTooLong { len, max });
    }
    // The last page stays out, so that no address of the kernel's wraps around.
    let pages = (config.memory_bytes / WASM_PAGE_BYTES).min(u64::from(MAX_WASM_PAGES) - 1);
    Ok(pages as u32)
}

fn spawn(
    vm: &Arc<Vm>,
    name: &str,
    body: impl FnOnce(Arc<Vm>) + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    let vm = Arc::clone(vm);
    thread::Builder::new().name(name.to_owned()).spawn(move || body(vm))
}

/// Starts the threads of console and streams; gives those that write.
fn start_devices(
    vm: &Arc<Vm>,
    interactive: bool,
    log: Option<File>,
) -> io::Result<Vec<thread::JoinHandle<()>>> {
    let console = spawn(vm, "console-out", move |vm| {
        let sink = ConsoleSink { console: &vm.console, visible: interactive, log };
        vm.console.output.drain_to(sink, || vm.raise(irq::CONSOLE));
    })?;
    let stdout = spawn(vm, "stdout", |vm| {
        vm.streams.stdout.drain_to(io::stdout(), || vm.raise(irq::STREAM));
    })?;
    let stderr = spawn(vm, "stderr", |vm| {
        vm.streams.stderr.drain_to(io::stderr(), || vm.raise(irq::STREAM));
    })?;
    if interactive {
        spawn(vm, "console-in", |vm| read_console(&vm))?;
    }
    Ok(vec![console, stdout, stderr])
}

/// Starts to read standard input for the guest's stream.
pub fn start_stdin(vm: &Arc<Vm>) -> io::Result<()> {
    spawn(vm, "stdin", |vm| {
        vm.streams.stdin.fill_from(io::stdin(), || vm.raise(irq::STREAM));
    })?;
    Ok(())
}

fn read_console(vm: &Vm) {
    let escape_key = crate::sys::terminal::is_raw();
    let mut filter = EscapeFilter::default();
    let mut typed = [0; 4096];
    loop {
        let count = match io::stdin().lock().read(&mut typed) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut keys = Vec::with_capacity(count);
        if escape_key {
            filter.filter(&typed[..count], &mut keys, |command| match command {
                Command::Quit => vm.stop(Outcome::Quit),
                Command::Help => {
                    let _ = io::stderr().write_all(help().as_bytes());
                }
            });
        } else {
            keys.extend(&typed[..count]);
        }
        vm.console.input.push(&keys);
        vm.raise(irq::CONSOLE);
    }
}
