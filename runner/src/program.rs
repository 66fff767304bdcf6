// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs: from the bytes of a file that the kernel hands over to code that a task can run.
//!
//! A program that was loaded before in this process is ready at once. Everything else is work for
//! the compiling thread, which raises the PROGRAM interrupt when it is done.
#![forbid(unsafe_code)]

use crate::cache::{CodeCache, ContentHash, Kind, Meta, Source};
use crate::handles::HandleTable;
use crate::image::Image;
use crate::loader::{self, Prepared, ProgramInfo};
use crate::memory::region::Bytes;
use crate::sys::resume::TrapTable;
use crate::vm::Vm;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::Module;

/// Largest program file.
pub const MAX_FILE_BYTES: u32 = 512 << 20;

/// A program that tasks can run.
pub struct Program {
    /// Its code.
    pub module: Module,
    /// About it.
    pub info: ProgramInfo,
    /// The data that its processes start with.
    pub image: Option<Image>,
    /// Where it may trap.
    pub traps: Option<Arc<TrapTable>>,
}

impl Program {
    fn new(module: Module, info: ProgramInfo, image: Option<Image>) -> Self {
        let traps = TrapTable::of(&module).map(Arc::new);
        Self { module, info, image, traps }
    }
}

/// What has become of a program that the kernel hands over.
pub enum State {
    /// Its bytes are coming.
    Receiving {
        /// Those that came.
        bytes: Vec<u8>,
        /// How many there will be.
        len_bytes: u32,
    },
    /// The compiling thread has it.
    Loading,
    /// It can run.
    Ready(Arc<Program>),
    /// It cannot; why.
    Refused(String),
}

/// One that the kernel has a handle of.
pub struct Slot {
    handle: u32,
    state: Mutex<State>,
}

impl Slot {
    /// Its handle.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Its state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Work for the compiling thread.
pub struct Job {
    slot: Arc<Slot>,
    content: ContentHash,
    bytes: Vec<u8>,
}

/// All of them.
pub struct Programs {
    slots: HandleTable<Slot>,
    loaded: Mutex<HashMap<ContentHash, Arc<Program>>>,
    jobs: Sender<Job>,
}

/// What a step of handing over gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Done.
    Done,
    /// Wait for the interrupt.
    InProgress,
    /// The kernel called out of turn.
    Invalid,
}

impl Programs {
    /// An empty table; `jobs` go to [`compile_all`].
    pub fn new(jobs: Sender<Job>) -> Self {
        Self { slots: HandleTable::default(), loaded: Mutex::default(), jobs }
    }

    /// A program whose bytes will come.
    pub fn create(&self, len_bytes: u32) -> Option<Arc<Slot>> {
        let state = Mutex::new(State::Receiving { bytes: Vec::new(), len_bytes });
        self.slots.insert_with(|handle| Slot { handle, state })
    }

    /// What `handle` names.
    pub fn get(&self, handle: u32) -> Option<Arc<Slot>> {
        self.slots.get(handle)
    }

    /// The program `handle`, if it can run.
    pub fn ready(&self, handle: u32) -> Option<Arc<Program>> {
        match &*self.slots.get(handle)?.state() {
            State::Ready(program) => Some(Arc::clone(program)),
            _ => None,
        }
    }

    /// Takes the kernel's hold away.
    pub fn remove(&self, handle: u32) {
        self.slots.remove(handle);
    }

    /// Takes bytes.
    pub fn write(&self, slot: &Slot, more: Bytes<'_>) -> Step {
        let State::Receiving { bytes, len_bytes } = &mut *slot.state() else {
            return Step::Invalid;
        };
        if bytes.len() + more.len() > *len_bytes as usize {
            return Step::Invalid;
        }
        if bytes.capacity() == 0 {
            bytes.reserve_exact(*len_bytes as usize);
        }
        let start = bytes.len();
        bytes.resize(start + more.len(), 0);
        more.read(&mut bytes[start..]);
        Step::Done
    }

    /// All bytes are there.
    pub fn load(&self, slot: &Arc<Slot>) -> Step {
        let mut state = slot.state();
        let State::Receiving { bytes, len_bytes } = &mut *state else {
            return Step::Invalid;
        };
        if bytes.len() != *len_bytes as usize {
            return Step::Invalid;
        }
        let bytes = std::mem::take(bytes);
        let content = *blake3::hash(&bytes).as_bytes();
        if let Some(program) = self.loaded().get(&content) {
            *state = State::Ready(Arc::clone(program));
            return Step::Done;
        }
        *state = State::Loading;
        drop(state);
        let job = Job { slot: Arc::clone(slot), content, bytes };
        if self.jobs.send(job).is_err() {
            *slot.state() = State::Refused("the runner's compiling thread is gone".to_owned());
            return Step::Done;
        }
        Step::InProgress
    }

    fn loaded(&self) -> MutexGuard<'_, HashMap<ContentHash, Arc<Program>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The compiling thread.
pub fn compile_all(vm: &Vm, cache: &CodeCache, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let known = vm.programs.loaded().get(&job.content).cloned();
        let state = match known.map_or_else(|| obtain(cache, &job.content, &job.bytes), Ok) {
            Ok(program) => {
                if let Some(profile) = &vm.profile {
                    profile.add(&program.module, false);
                }
                vm.programs.loaded().insert(job.content, Arc::clone(&program));
                State::Ready(program)
            }
            Err(reason) => State::Refused(reason),
        };
        *job.slot.state() = state;
        vm.raise(ochre_abi::irq::PROGRAM);
    }
}

fn obtain(cache: &CodeCache, content: &ContentHash, file: &[u8]) -> Result<Arc<Program>, String> {
    if let Some(found) = cache.find(Kind::Program, content) {
        let info = info_of(found.meta);
        return Ok(Arc::new(Program::new(found.module, info, found.image)));
    }
    let prepared = loader::prepare(file).map_err(|refusal| refusal.to_string())?;
    let module = cache
        .compile(Kind::Program, content, source_of(&prepared))
        .map_err(|error| format!("does not compile: {error:#}"))?;
    let image = prepared.image.as_ref().map(Image::of).transpose();
    let image = image.map_err(|error| format!("has data that cannot be kept: {error}"))?;
    Ok(Arc::new(Program::new(module, prepared.info, image)))
}

/// What the cache keeps of a program.
pub fn source_of(prepared: &Prepared) -> Source<'_> {
    let info = prepared.info;
    let meta = [info.memory_pages, info.stack_top, info.heap_base, info.flags];
    Source { wasm: &prepared.wasm, meta, image: prepared.image.as_ref() }
}

fn info_of([memory_pages, stack_top, heap_base, flags]: Meta) -> ProgramInfo {
    ProgramInfo { memory_pages, stack_top, heap_base, flags }
}
