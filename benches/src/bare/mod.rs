// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a guest program on wasmtime alone: rewritten and compiled as the runner does it, but above a
//! handful of system calls instead of a kernel. What its code costs can so be told from what the
//! machine costs, and its clocks are the host's, that of processor time too.

mod calls;

use crate::clock::ThreadClock;
use anyhow::{Context, anyhow, ensure};
use calls::{Calls, Process};
use ochre_abi::user;
use ochre_runner::image::Image;
use ochre_runner::loader::{self, Checks, IMPORTS};
use ochre_runner::memory::protection::Use;
use ochre_runner::memory::{ProcessMemory, UserAddr};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use wasmtime::{Caller, Extern, Func, Instance, Module, Store};

/// Stack of the thread that runs the program: more than wasmtime lets wasm code use.
const STACK_BYTES: usize = 32 << 20;
/// Bytes at the top of the program's stack for its arguments.
const ARGUMENTS_BYTES: u32 = 256;
/// Time between two requests to preempt.
const REQUEST_EVERY: Duration = Duration::from_micros(700);

/// How a program is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Its preemption checks.
    pub checks: Checks,
    /// Preempt it all the time; after each line that it prints, another one tells how long it took
    /// until a check saw the request: `latency count median highest`, in nanoseconds of its own time.
    pub requests: bool,
}

/// Requests to preempt, and how they were met.
#[derive(Default)]
struct Requests {
    /// The program's own time when it was asked; 0 when nothing is asked.
    since_ns: AtomicU64,
    waits_ns: Mutex<Vec<f64>>,
}

/// Runs the program of a file with this process's standard input and output; gives its exit status.
///
/// # Errors
/// When it is no program, or traps.
pub fn run(path: &Path, options: Options) -> anyhow::Result<u8> {
    let file = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let prepared = loader::prepare_with(&file, options.checks)?;
    let thread = thread::Builder::new().name("program".to_owned()).stack_size(STACK_BYTES);
    let thread = thread.spawn(move || run_prepared(&prepared, options))?;
    thread.join().map_err(|_| anyhow!("the thread of the program has panicked"))?
}

fn run_prepared(prepared: &loader::Prepared, options: Options) -> anyhow::Result<u8> {
    let engine = ochre_runner::engine::new().map_err(anyhow::Error::msg)?;
    let module = Module::new(&engine, &prepared.wasm).map_err(anyhow::Error::msg)?;
    let info = prepared.info;
    let memory = ProcessMemory::new(&engine, 0, info.memory_pages).map_err(anyhow::Error::msg)?;
    if let Some(data) = &prepared.image {
        let image = Image::of(data).context("cannot keep the program's data")?;
        ensure!(image.place(&memory), "the program's data does not fit into its memory");
    }
    let memory = Arc::new(memory);
    let stack_pointer = info.stack_top - ARGUMENTS_BYTES;
    put_arguments(&memory, stack_pointer).context("the program's memory is too small")?;
    let requests = Arc::new(Requests::default());
    if options.requests {
        make_requests(Arc::clone(&memory), Arc::clone(&requests));
    }
    let report = options.requests.then(|| Arc::clone(&requests));
    let mut store = Store::new(&engine, Process::new(Arc::clone(&memory), info.heap_base));
    let mut imports = Vec::new();
    for (_, name) in IMPORTS {
        let requests = Arc::clone(&requests);
        let report = report.clone();
        imports.push(Extern::Func(match name {
            "kernel_syscall" => Func::wrap(
                &mut store,
                move |mut caller: Caller<'_, Process>,
                      nr: u32,
                      a0: u32,
                      a1: u32,
                      a2: u32,
                      a3: u32,
                      a4: u32,
                      a5: u32,
                      _sp: u32|
                      -> wasmtime::Result<i64> {
                    let result = caller.data_mut().call(nr, [a0, a1, a2, a3, a4, a5])?;
                    if let Some(report) = report.as_deref().filter(|_| nr == calls::WRITE) {
                        report.tell();
                    }
                    Ok(i64::from(result.cast_unsigned()))
                },
            ),
            "kernel_preempt" => Func::wrap(&mut store, move |_sp: u32| -> i64 {
                requests.met();
                0
            }),
            "kernel_signal_return" => Func::wrap(&mut store, |_frame: u32| -> i64 { 0 }),
            _ => Func::wrap(&mut store, || {}),
        }));
    }
    imports.push(Extern::SharedMemory(memory.wasm().clone()));
    let ended = start(&mut store, &module, &imports, stack_pointer);
    match store.data().status() {
        Some(status) => Ok(status),
        None => Err(ended.err().unwrap_or_else(|| anyhow!("the program's entry has returned"))),
    }
}

fn start(
    store: &mut Store<Process>,
    module: &Module,
    imports: &[Extern],
    stack_pointer: u32,
) -> anyhow::Result<()> {
    let instance = Instance::new(&mut *store, module, imports).map_err(anyhow::Error::msg)?;
    let global = instance.get_global(&mut *store, user::STACK_POINTER);
    let global = global.context("the program has no stack pointer")?;
    global.set(&mut *store, stack_pointer.cast_signed().into()).map_err(anyhow::Error::msg)?;
    let entry = instance.get_typed_func::<(u32,), ()>(&mut *store, user::START);
    let entry = entry.map_err(anyhow::Error::msg)?;
    entry.call(store, (stack_pointer,)).map_err(|error| anyhow!("{error:?}"))
}

/// argc, argv with a name, no environment, and the vector that the C library looks into.
fn put_arguments(memory: &ProcessMemory, at: u32) -> Option<()> {
    const AT_PAGESZ: u32 = 6;
    const AT_RANDOM: u32 = 25;
    let name = at + 128;
    let words = [1, name, 0, 0, AT_PAGESZ, 4096, AT_RANDOM, name + 64, 0, 0];
    for (index, word) in (0..).zip(words) {
        memory.word(UserAddr(at + 4 * index), Use::Write)?.store(word, Ordering::Relaxed);
    }
    memory.bytes(UserAddr(name), 8, Use::Write)?.write(b"program\0");
    Some(())
}

/// Asks the calling thread's program to be preempted, over and over.
fn make_requests(memory: Arc<ProcessMemory>, requests: Arc<Requests>) {
    let clock = ThreadClock::own();
    thread::spawn(move || {
        loop {
            thread::sleep(REQUEST_EVERY);
            if requests.since_ns.load(Ordering::SeqCst) == 0 {
                requests.since_ns.store(clock.ns(), Ordering::SeqCst);
                memory.set_preempt_flag();
            }
        }
    });
}

impl Requests {
    fn met(&self) {
        let since = self.since_ns.swap(0, Ordering::SeqCst);
        if since != 0
            && let Ok(mut waits) = self.waits_ns.lock()
        {
            waits.push(ThreadClock::own().ns().saturating_sub(since) as f64);
        }
    }

    /// Prints what has been seen since the last time.
    fn tell(&self) {
        let mut waits = self.waits_ns.lock().map(|mut waits| std::mem::take(&mut *waits));
        let waits = waits.as_deref_mut().unwrap_or_default();
        waits.sort_by(f64::total_cmp);
        let (median, most) = (crate::stats::quantile(waits, 0.5), waits.last().unwrap_or(&0.0));
        let mut out = std::io::stdout();
        // Whoever no longer reads does not want to know.
        let _ = writeln!(out, "latency {} {median:.0} {most:.0}", waits.len());
        let _ = out.flush();
    }
}
