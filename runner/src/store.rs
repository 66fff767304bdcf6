// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stores of tasks: where they come from and where they go.
//!
//! A Store with an instance of the kernel takes longer to make than the kernel needs for a new task, so
//! two kinds of them are kept:
//!
//! - *spare* ones, made ahead by the reaper's thread, for tasks that start a program;
//! - *parked* ones, of threads that have ended (or gone on in another program), with the instance of
//!   their program. The next thread of the same process takes one over, if its program lets its instances
//!   be used again (`program_info::REUSABLE`): its globals are set as they were, and there is nothing else
//!   of which an instance has its own.
//!
//! Invariant: what is parked belongs to a process memory that exists. [`Parking::clear`] comes after the
//! memory's handle is gone, and [`Parking::park`] looks for that with the lock held.
#![forbid(unsafe_code)]

use crate::fault::{Cause, Unwind, classify};
use crate::memory::ProcessMemory;
use crate::program::Program;
use crate::task::TaskData;
use crate::vm::Vm;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use wasmtime::{Global, Instance, Store, Val, WasmBacktrace};

/// Spare Stores that are made ahead.
const SPARES: usize = 4;
/// Parked Stores of one process.
const PARKED: usize = 8;
/// Parked Stores of all processes together.
const PARKED_IN_ALL: usize = 64;

/// A Store with an instance of the kernel.
pub struct TaskStore {
    /// The Store.
    pub store: Store<TaskData>,
    /// Its kernel.
    pub kernel: Instance,
    /// Its program, once it has run one.
    pub user: Option<UserInstance>,
}

/// An instance of a program in a Store.
pub struct UserInstance {
    /// The instance.
    pub instance: Instance,
    /// What it is of.
    pub program: Arc<Program>,
    /// Handle of the memory that it runs over.
    pub memory: u32,
    /// What its globals were before it ran.
    globals: Vec<(Global, Val)>,
}

impl UserInstance {
    /// Notes what a new instance is like.
    pub fn new(
        store: &mut Store<TaskData>,
        instance: Instance,
        program: &Arc<Program>,
        memory: u32,
    ) -> Self {
        let mut globals = Vec::new();
        if program.info.is_reusable() {
            while let Some(global) =
                instance.get_global(&mut *store, &crate::loader::global_export(globals.len()))
            {
                let value = global.get(&mut *store);
                globals.push((global, value));
            }
        }
        Self { instance, program: Arc::clone(program), memory, globals }
    }

    /// May another thread of `program` over `memory` have it?
    pub fn fits(&self, program: &Arc<Program>, memory: &ProcessMemory) -> bool {
        self.memory == memory.handle() && Arc::ptr_eq(&self.program, program)
    }
}

impl TaskStore {
    /// A Store for task `handle`: a parked one of the process with memory `home`, a spare one, or a new
    /// one.
    ///
    /// # Errors
    /// What keeps it from being made.
    pub async fn obtain(vm: &Arc<Vm>, handle: u32, home: u32) -> Result<Self, Cause> {
        let kept = vm.parking.take(home).or_else(|| {
            let spare = vm.parking.take_spare();
            vm.reaper.refill(vm);
            spare
        });
        match kept {
            Some(mut kept) => {
                kept.renew(handle);
                Ok(kept)
            }
            None => Self::new(vm, handle).await,
        }
    }

    async fn new(vm: &Arc<Vm>, handle: u32) -> Result<Self, Cause> {
        let Some(kernel_pre) = vm.kernel_pre.get() else { return Err(Cause::Leave(Unwind::Stop)) };
        let mut store = Store::new(&vm.engine, TaskData::new(vm, handle));
        store.limiter(|data| data.limits());
        let kernel = match kernel_pre.instantiate_async(&mut store).await {
            Ok(kernel) => kernel,
            Err(error) => return Err(classify(&error, &vm.kernel)),
        };
        let mut new = Self { store, kernel, user: None };
        new.renew(handle);
        Ok(new)
    }

    /// Makes it one of task `handle`, which has not run yet.
    fn renew(&mut self, handle: u32) {
        let no_trace = WasmBacktrace::force_capture(&self.store);
        self.store.data_mut().begin(handle, no_trace);
        if let Some(user) = &self.user {
            for (global, value) in &user.globals {
                // The same type as when it was read.
                let _ = global.set(&mut self.store, *value);
            }
        }
    }
}

/// What is kept.
#[derive(Default)]
pub struct Parking {
    parked: Mutex<Parked>,
    spares: Mutex<Vec<TaskStore>>,
}

#[derive(Default)]
struct Parked {
    of_memory: HashMap<u32, Vec<TaskStore>>,
    count: usize,
}

impl Parking {
    /// Keeps the Store of a task that has left it, or buries it.
    pub fn park(&self, vm: &Vm, mut left: TaskStore) {
        left.store.data_mut().end();
        let memory = left.user.as_ref().filter(|user| user.program.info.is_reusable());
        if let Some(memory) = memory.map(|user| user.memory) {
            let mut parked = self.parked();
            let room = parked.count < PARKED_IN_ALL
                && vm.memories.get(memory).is_some()
                && !vm.is_stopping();
            let stores = parked.of_memory.entry(memory).or_default();
            if room && stores.len() < PARKED {
                stores.push(left);
                parked.count += 1;
                return;
            }
            if stores.is_empty() {
                parked.of_memory.remove(&memory);
            }
        }
        vm.reaper.bury(left);
    }

    /// One of the process with that memory.
    fn take(&self, memory: u32) -> Option<TaskStore> {
        let mut parked = self.parked();
        let store = parked.of_memory.get_mut(&memory)?.pop()?;
        parked.count -= 1;
        Some(store)
    }

    /// Drops those of a memory that is no more.
    pub fn clear(&self, vm: &Vm, memory: u32) {
        let mut parked = self.parked();
        if let Some(dead) = parked.of_memory.remove(&memory) {
            parked.count -= dead.len();
            drop(parked);
            vm.reaper.bury(dead);
        }
    }

    /// Drops all, which hold on to the machine, once it has stopped.
    pub fn empty(&self) {
        let parked = std::mem::take(&mut *self.parked());
        drop(parked);
        let spares = std::mem::take(&mut *self.spares());
        drop(spares);
    }

    fn take_spare(&self) -> Option<TaskStore> {
        self.spares().pop()
    }

    /// Makes spare Stores, as long as there are too few.
    pub fn refill(&self, vm: &Arc<Vm>) {
        while !vm.is_stopping() && self.spares().len() < SPARES {
            let new = pin!(TaskStore::new(vm, 0)).poll(&mut Context::from_waker(Waker::noop()));
            // It waits for nothing. Whoever needs one meets the error that there may be.
            let Poll::Ready(Ok(new)) = new else { return };
            let mut spares = self.spares();
            if !vm.is_stopping() {
                spares.push(new);
            }
        }
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spares(&self) -> MutexGuard<'_, Vec<TaskStore>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
