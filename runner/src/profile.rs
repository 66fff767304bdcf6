// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where guest time goes, for `--profile` and `--host-calls`: stacks of kernel and user code from
//! [`sampling`], and how often each host call is made and how long it takes.
//!
//! The profile is text with a line per stack, `outermost;…;innermost count`, as flame graph tools and
//! <https://www.speedscope.app> read it; a count is a millisecond. A line begins with `user` or `kernel`, which
//! is where the sample fell.
//!
//! Invariant: a machine without a profile registers its host calls without any of this, and no thread
//! of it has a timer.
#![forbid(unsafe_code)]

use crate::sys::sampling;
use ochre_abi::HOST_MODULE;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::{AsContext, FrameInfo, Module, WasmBacktrace};

/// How often the samples are collected.
const COLLECT: Duration = Duration::from_millis(100);
/// Samples outside of wasm code and of plain host calls: task switches, idling, wasmtime itself.
const RUNNER: &str = "[runner]";

/// A host call's counters.
struct Counter {
    name: &'static str,
    calls: AtomicU64,
    ns: AtomicU64,
}

/// A module whose functions may be in samples.
struct Code {
    module: Module,
    is_kernel: bool,
}

/// What is collected.
#[derive(Default)]
pub struct Profile {
    samples: bool,
    codes: Mutex<Vec<Code>>,
    /// Stacks as addresses, innermost first.
    addresses: Mutex<HashMap<Box<[usize]>, u64>>,
    /// Stacks as text, of samples in host calls.
    texts: Mutex<HashMap<String, u64>>,
    counters: Mutex<Vec<Arc<Call>>>,
}

/// A host call that is counted.
pub struct Call {
    counter: Counter,
    profile: Arc<Profile>,
}

impl Profile {
    /// Starts to collect, samples too if they are wanted.
    ///
    /// # Errors
    /// When the host does not let the runner take them.
    pub fn start(samples: bool) -> io::Result<Arc<Self>> {
        let profile = Arc::new(Self { samples, ..Self::default() });
        if samples {
            sampling::install()?;
            let weak = Arc::downgrade(&profile);
            thread::Builder::new().name("profile".to_owned()).spawn(move || {
                while let Some(profile) = weak.upgrade() {
                    profile.collect();
                    drop(profile);
                    thread::sleep(COLLECT);
                }
            })?;
        }
        Ok(profile)
    }

    /// Makes code known.
    pub fn add(&self, module: &Module, is_kernel: bool) {
        if self.samples {
            sampling::add_code(module.text());
            lock(&self.codes).push(Code { module: module.clone(), is_kernel });
        }
    }

    /// A host call to be counted.
    pub fn call(self: &Arc<Self>, name: &'static str) -> Arc<Call> {
        let counter = Counter { name, calls: AtomicU64::new(0), ns: AtomicU64::new(0) };
        let call = Arc::new(Call { counter, profile: Arc::clone(self) });
        lock(&self.counters).push(Arc::clone(&call));
        call
    }

    fn collect(&self) {
        let mut addresses = lock(&self.addresses);
        sampling::take(|frames| match addresses.get_mut(frames) {
            Some(count) => *count += 1,
            None => {
                addresses.insert(frames.into(), 1);
            }
        });
    }

    /// Writes the stacks.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        self.collect();
        let names = Names::of(&lock(&self.codes));
        let mut stacks = std::mem::take(&mut *lock(&self.texts));
        for (frames, count) in lock(&self.addresses).iter() {
            *stacks.entry(names.stack(frames)).or_default() += count;
        }
        let mut lines: Vec<_> = stacks.into_iter().collect();
        lines.sort();
        let mut file = io::BufWriter::new(File::create(path)?);
        for (stack, count) in lines {
            writeln!(file, "{stack} {count}")?;
        }
        file.flush()?;
        match sampling::lost() {
            0 => Ok(()),
            lost => Err(io::Error::other(format!("{lost} samples came too fast and are missing"))),
        }
    }

    /// The host calls that were made, the longest first.
    pub fn table(&self) -> String {
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let counters = lock(&self.counters);
        let mut rows: Vec<_> = counters
            .iter()
            .map(|call| (load(&call.counter.ns), load(&call.counter.calls), call.counter.name))
            .filter(|(_, calls, _)| *calls > 0)
            .collect();
        rows.sort_by(|a, b| b.cmp(a));
        let mut text = String::from("     calls          ms   ns each   host call\n");
        for (ns, calls, name) in rows {
            let ms = ns as f64 / 1e6;
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{calls:10}  {ms:10.2}  {:8}   {name}", ns / calls);
        }
        text
    }
}

impl Call {
    /// Does it, and counts it; a sample that comes meanwhile is one of this call.
    pub fn count<T: AsContext, R>(&self, store: &mut T, call: impl FnOnce(&mut T) -> R) -> R {
        sampling::enter_call();
        let start = Instant::now();
        let result = call(store);
        self.add(start);
        let samples = sampling::leave_call();
        if samples > 0 && self.profile.samples {
            let trace = WasmBacktrace::force_capture(&*store);
            let stack = self.profile.stack_in_call(trace.frames(), self.counter.name);
            *lock(&self.profile.texts).entry(stack).or_default() += u64::from(samples);
        }
        result
    }

    /// Counts one that suspends; other tasks may have run meanwhile, so its time says little.
    pub fn count_suspending(&self) {
        self.counter.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn add(&self, start: Instant) {
        let ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counter.calls.fetch_add(1, Ordering::Relaxed);
        self.counter.ns.fetch_add(ns, Ordering::Relaxed);
    }
}

impl Profile {
    fn stack_in_call(&self, frames: &[FrameInfo], call: &str) -> String {
        let codes = lock(&self.codes);
        let kernel = codes.iter().find(|code| code.is_kernel).map(|code| &code.module);
        let is_kernel =
            |frame: &FrameInfo| kernel.is_some_and(|it| Module::same(it, frame.module()));
        let mut text = side(frames.first().is_some_and(is_kernel)).to_owned();
        for frame in frames.iter().rev() {
            text.push(';');
            text.push_str(&readable(frame.func_name(), frame.func_index()));
        }
        text + ";[" + HOST_MODULE + "] " + call
    }
}

/// Where functions lie.
struct Names {
    /// Start, end, name, and whether it is the kernel's; sorted.
    functions: Vec<(usize, usize, String, bool)>,
}

impl Names {
    fn of(codes: &[Code]) -> Self {
        let mut functions = Vec::new();
        for code in codes {
            let base = code.module.text().as_ptr().addr();
            functions.extend(code.module.functions().map(|function| {
                let start = base + function.offset;
                let name = readable(function.name.as_deref(), function.index.as_u32());
                (start, start + function.len, name, code.is_kernel)
            }));
        }
        functions.sort_unstable_by_key(|(start, ..)| *start);
        Self { functions }
    }

    fn find(&self, address: usize) -> Option<(&str, bool)> {
        let index =
            self.functions.partition_point(|(start, ..)| *start <= address).checked_sub(1)?;
        let (_, end, name, is_kernel) = self.functions.get(index)?;
        (address < *end).then_some((name, *is_kernel))
    }

    /// Frames that are no function's are wasmtime's own, between the others.
    fn stack(&self, frames: &[usize]) -> String {
        let found: Vec<_> = frames.iter().filter_map(|address| self.find(*address)).collect();
        let Some((_, is_kernel)) = found.first() else { return RUNNER.to_owned() };
        let mut text = side(*is_kernel).to_owned();
        for (name, _) in found.iter().rev() {
            text.push(';');
            text.push_str(name);
        }
        text
    }
}

fn side(is_kernel: bool) -> &'static str {
    if is_kernel { "kernel" } else { "user" }
}

/// A name as it may stand in a line.
fn readable(name: Option<&str>, index: u32) -> String {
    match name {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)).replace(';', ","),
        None => format!("function {index}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
