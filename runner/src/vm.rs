// SPDX-License-Identifier: MIT OR Apache-2.0
//! One machine: what its vCPUs, tasks and devices share.
#![forbid(unsafe_code)]

use crate::console::Console;
use crate::error::Outcome;
use crate::handles::HandleTable;
use crate::handover::alarm::Alarm;
use crate::handover::presence::{Kick, is_owed};
use crate::irq::Irq;
use crate::memory::{KernelAddr, KernelMemory, ProcessMemory};
use crate::profile::Profile;
use crate::program::Programs;
use crate::reaper::Reaper;
use crate::store::Parking;
use crate::streams::Streams;
use crate::task::{Start, Task, TaskData};
use crate::timing::Timing;
use crate::trace::Symbols;
use crate::vcpu::{self, NO_MEMORY, Vcpu};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::{Engine, InstancePre, Linker, Module};

/// What `host_boot_info` tells the kernel.
#[derive(Clone, Debug, Default)]
pub struct BootInfo {
    /// Where the initramfs lies, or 0.
    pub initramfs_addr: u32,
    /// Its length.
    pub initramfs_bytes: u32,
    /// vCPUs that may be started.
    pub vcpus: u32,
    /// Pages of 4 KiB for all process memories together.
    pub user_pages_limit: u32,
    /// The command line, without a NUL.
    pub command_line: String,
}

/// One machine.
pub struct Vm {
    /// The process's engine.
    pub engine: Engine,
    /// The kernel's code.
    pub kernel: Module,
    /// The kernel bound to its memory and its host calls, ready to be instantiated.
    pub kernel_pre: OnceLock<InstancePre<TaskData>>,
    /// Host functions that user programs import.
    pub linker: Linker<TaskData>,
    /// The kernel's memory.
    pub memory: Arc<KernelMemory>,
    /// For `host_boot_info`.
    pub boot_info: BootInfo,
    /// The tasks.
    pub tasks: HandleTable<Task>,
    /// The process memories.
    pub memories: HandleTable<ProcessMemory>,
    /// The programs.
    pub programs: Programs,
    /// The vCPUs, started or not.
    pub vcpus: Vec<Vcpu>,
    /// Their pending interrupts.
    pub irq: Irq,
    /// Wakes the thread of their timers.
    pub alarm: Alarm,
    /// The console.
    pub console: Console,
    /// The host streams.
    pub streams: Streams,
    /// Buries dead tasks.
    pub reaper: Reaper,
    /// Stores that are kept for further tasks.
    pub parking: Parking,
    /// Names of kernel functions.
    pub symbols: Symbols,
    /// Boot phases.
    pub timing: Arc<Timing>,
    /// Counts and samples, if that is wanted.
    pub profile: Option<Arc<Profile>>,
    /// The machine's start.
    pub start: Instant,
    /// How it ended.
    pub end: End,
}

/// What has come of the start of a vCPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Yes,
    /// It ran already.
    Already,
    /// There is no such vCPU.
    Unknown,
}

/// The end of a machine, for who waits for it.
#[derive(Default)]
pub struct End {
    stopping: AtomicBool,
    outcome: Mutex<Option<Outcome>>,
    known: Condvar,
}

impl Vm {
    /// Nanoseconds since the machine's start.
    #[inline]
    pub fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX - 1)
    }

    /// Starts vCPU `index` with a new task.
    ///
    /// # Errors
    /// When the host gives no thread.
    pub fn start_vcpu(self: &Arc<Self>, index: u32, start: Start) -> std::io::Result<Started> {
        let Some(vcpu) = self.vcpus.get(index as usize) else { return Ok(Started::Unknown) };
        if !vcpu.claim() {
            return Ok(Started::Already);
        }
        let started = match Task::create(self, start, NO_MEMORY) {
            Some(task) => {
                let vm = Arc::clone(self);
                std::thread::Builder::new()
                    .name(format!("vcpu{index}"))
                    .spawn(move || vcpu::run(&vm, index, task))
            }
            None => Err(std::io::Error::other("there are too many tasks")),
        };
        match started {
            Ok(_) => Ok(Started::Yes),
            Err(error) => {
                vcpu.release();
                Err(error)
            }
        }
    }

    /// Raises interrupt `irq` on a vCPU that takes device interrupts: each interrupt has its own, so
    /// that they are spread and each keeps its order.
    pub fn raise(&self, irq: u32) {
        let started = || self.vcpus.iter().filter(|vcpu| vcpu.is_started());
        let turn = irq as usize % started().count().max(1);
        let index = started().nth(turn).map_or(0, Vcpu::index);
        self.raise_on(index, 1 << irq);
        // It may have stopped meanwhile, and then nobody looks at its word.
        if self.vcpus.get(index as usize).is_some_and(|vcpu| !vcpu.is_started()) {
            self.hand_over_interrupts(index);
        }
    }

    /// Gives the interrupts of a vCPU that has stopped to vCPU 0, which never does.
    pub fn hand_over_interrupts(&self, from: u32) {
        let bits = self.irq.take(&self.memory, from);
        if from != 0 && bits != 0 {
            self.raise_on(0, bits);
        }
    }

    /// Sets interrupt bits of one vCPU and makes it look.
    pub fn raise_on(&self, vcpu: u32, bits: u32) {
        let Some(target) = self.vcpus.get(vcpu as usize) else { return };
        self.kick(target, self.irq.set(&self.memory, vcpu, &target.presence, bits));
    }

    fn kick(&self, vcpu: &Vcpu, kick: Kick) {
        match kick {
            Kick::Unpark => vcpu.unpark(),
            Kick::Preempt(memory) => self.raise_flag(memory),
        }
    }

    /// Makes user code of a memory, if there is such a one, call `__preempt`.
    fn raise_flag(&self, memory: u32) {
        self.memories.with(memory, |memory| memory.set_preempt_flag());
    }

    /// The calling vCPU runs user code of `memory` from now on. An interrupt that came while it was
    /// seen elsewhere raises the flag here.
    pub fn enter_memory(&self, memory: u32) {
        let index = vcpu::current_index();
        self.vcpus[index as usize].presence.enter(memory);
        if self.irq.is_pending(&self.memory, index) {
            self.raise_flag(memory);
        }
    }

    /// The calling vCPU has taken its process's preemption flag down. Raises it again when another
    /// vCPU runs a thread of the same process and has not seen its own request yet.
    pub fn renew_preempt_requests(&self) {
        let index = vcpu::current_index();
        let memory = self.vcpus[index as usize].presence.memory();
        let others = self.vcpus.iter().filter(|other| other.index() != index);
        let words = others.filter_map(|other| {
            Some((&other.presence, self.irq.word(&self.memory, other.index())?))
        });
        if is_owed(memory, words) {
            self.raise_flag(memory);
            // With fewer cores than vCPUs the other one may be waiting for this very core, and until it
            // has one, each check here would end in the kernel for nothing.
            if !self.irq.is_pending(&self.memory, index) {
                std::thread::yield_now();
            }
        }
    }

    /// Is the machine at its end?
    #[inline]
    pub fn is_stopping(&self) -> bool {
        self.end.stopping.load(Ordering::Relaxed)
    }

    /// Ends the machine; the first outcome counts.
    pub fn stop(&self, outcome: Outcome) {
        let mut slot = self.end.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(outcome);
        self.end.stopping.store(true, Ordering::SeqCst);
        drop(slot);
        self.end.known.notify_all();
        for vcpu in &self.vcpus {
            self.kick(vcpu, vcpu.presence.kick());
        }
        self.alarm.notice(0);
    }

    /// Waits for the end, at most so long.
    pub fn wait(&self, timeout: Option<Duration>) -> Outcome {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut outcome = self.end.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = outcome.as_ref() {
                return outcome.clone();
            }
            outcome = match deadline {
                None => self.end.known.wait(outcome).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        drop(outcome);
                        self.stop(Outcome::Timeout);
                        return Outcome::Timeout;
                    }
                    let result = self.end.known.wait_timeout(outcome, left);
                    result.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A word of KernelMemory.
    pub fn kernel_word(&self, addr: u32) -> Option<u32> {
        Some(self.memory.word(KernelAddr(addr))?.load(Ordering::Relaxed))
    }
}
