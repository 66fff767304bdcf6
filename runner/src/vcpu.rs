// SPDX-License-Identifier: MIT OR Apache-2.0
//! vCPUs: host threads that poll one task at a time.
//!
//! Invariant: task `next` is polled only after the poll of the task that switched to it has returned
//! and its future is back in its place; another vCPU may then resume that one at once.
//!
//! Ordering of kicks, all sequentially consistent: the kicker sets the interrupt bits, then looks at
//! [`Vcpu::running_memory`] and [`Vcpu::is_idle`]. The vCPU sets those first and looks at the bits
//! afterwards (the kernel does, when it leaves to user code; `idle` does, before it parks). So one of
//! the two always sees the other.
#![forbid(unsafe_code)]

use crate::error::Outcome;
use crate::task::{Task, TaskEnd, TaskState};
use crate::timer::NEVER;
use crate::vm::Vm;
use ochre_abi::irq;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// No process memory.
pub const NO_MEMORY: u32 = u32::MAX;

thread_local! {
    /// Index of the vCPU that this thread is.
    static INDEX: Cell<u32> = const { Cell::new(0) };
    /// The task that the running one has switched to.
    static NEXT: RefCell<Option<Arc<Task>>> = const { RefCell::new(None) };
}

/// Index of the calling vCPU.
#[inline]
pub fn current_index() -> u32 {
    INDEX.get()
}

/// Names the task to run when the current poll has returned.
pub fn set_next(task: Arc<Task>) {
    NEXT.set(Some(task));
}

/// One vCPU, as other threads see it.
pub struct Vcpu {
    index: u32,
    /// The thread while it runs.
    thread: Mutex<Option<Thread>>,
    started: AtomicBool,
    idle: AtomicBool,
    /// Handle of the ProcessMemory of the task that runs.
    running_memory: AtomicU32,
    deadline_ns: AtomicU64,
}

impl Vcpu {
    /// A vCPU that does not run yet.
    pub fn new(index: u32) -> Self {
        Self {
            index,
            thread: Mutex::new(None),
            started: AtomicBool::new(false),
            idle: AtomicBool::new(false),
            running_memory: AtomicU32::new(NO_MEMORY),
            deadline_ns: AtomicU64::new(NEVER),
        }
    }

    /// Its number.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Has it a thread, or will have one at once?
    pub fn is_started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    /// Claims it for a new thread; `false` if it has one.
    pub fn claim(&self) -> bool {
        !self.started.swap(true, Ordering::SeqCst)
    }

    /// It has no thread any more.
    pub fn release(&self) {
        self.set_deadline(NEVER);
        self.set_running_memory(NO_MEMORY);
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.started.store(false, Ordering::SeqCst);
    }

    /// Is it parked, or about to be?
    pub fn is_idle(&self) -> bool {
        self.idle.load(Ordering::SeqCst)
    }

    /// The memory whose user code it may be running.
    pub fn running_memory(&self) -> u32 {
        self.running_memory.load(Ordering::SeqCst)
    }

    /// Notes the memory of the task that runs from now on.
    #[inline]
    pub fn set_running_memory(&self, memory: u32) {
        // A plain load is cheap, a sequentially consistent store is not.
        if self.running_memory.load(Ordering::Relaxed) != memory {
            self.running_memory.store(memory, Ordering::SeqCst);
        }
    }

    /// When its timer fires.
    pub fn deadline_ns(&self) -> u64 {
        self.deadline_ns.load(Ordering::SeqCst)
    }

    /// Arms or disarms its timer.
    pub fn set_deadline(&self, deadline_ns: u64) {
        self.deadline_ns.store(deadline_ns, Ordering::SeqCst);
    }

    /// Disarms the timer if it has expired; `true` if it had.
    pub fn take_expired(&self, now_ns: u64) -> bool {
        let deadline_ns = self.deadline_ns();
        deadline_ns <= now_ns
            && self
                .deadline_ns
                .compare_exchange(deadline_ns, NEVER, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    /// Wakes it if it is parked.
    pub fn unpark(&self) {
        if self.is_idle()
            && let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner)
        {
            thread.unpark();
        }
    }

    /// Parks the calling vCPU until it has an interrupt pending.
    pub fn idle(&self, vm: &Vm) {
        self.idle.store(true, Ordering::SeqCst);
        while !vm.irq.is_pending(&vm.memory, self.index) && !vm.is_stopping() {
            let now_ns = vm.monotonic_ns();
            if self.take_expired(now_ns) {
                vm.irq.set(&vm.memory, self.index, 1 << irq::TIMER);
                break;
            }
            match self.deadline_ns() {
                NEVER => thread::park(),
                deadline_ns => {
                    thread::park_timeout(Duration::from_nanos(deadline_ns.saturating_sub(now_ns)))
                }
            }
        }
        self.idle.store(false, Ordering::SeqCst);
        vm.timer.notice(self.deadline_ns());
    }
}

/// The thread of vCPU `index`, which starts with task `first`.
pub fn run(vm: &Arc<Vm>, index: u32, first: Arc<Task>) {
    crate::sys::thread::want_sharp_timers();
    INDEX.set(index);
    let vcpu = &vm.vcpus[index as usize];
    *vcpu.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
    let mut current = first;
    while !vm.is_stopping() {
        vcpu.set_running_memory(current.memory());
        let (polled, next) = {
            let mut state = current.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.parked = false;
            let Some(polled) = poll_future(&mut state) else {
                let name = current.handle();
                return vm.stop(Outcome::KernelFault(format!("switched to dead task {name:#x}\n")));
            };
            let next = NEXT.take();
            state.parked = next.is_some() && state.future.is_some();
            (polled, next)
        };
        match (polled, next) {
            (Polled::Pending | Polled::Ended(TaskEnd::Exited), Some(next)) => current = next,
            // wasmtime itself yields between the steps of a collection (exceptions are its objects):
            // the task is not done, and the kernel knows nothing of it.
            (Polled::Pending, None) => {}
            (Polled::Ended(TaskEnd::Stopped), _) => return,
            (Polled::Ended(TaskEnd::VcpuStopped), _) => {
                vcpu.release();
                return vm.hand_over_interrupts(index);
            }
            (Polled::Ended(TaskEnd::KernelFault(report)), _) => {
                return vm.stop(Outcome::KernelFault(report));
            }
            (Polled::Ended(TaskEnd::Failed(reason)), _) => return vm.stop(Outcome::Failed(reason)),
            (Polled::Ended(TaskEnd::Exited), None) => {
                if !vm.is_stopping() {
                    vm.stop(Outcome::Failed("a task stopped without naming another".to_owned()));
                }
                return;
            }
        }
    }
}

/// What a poll of a task gives.
pub enum Polled {
    /// It waits.
    Pending,
    /// It has ended; its future is gone.
    Ended(TaskEnd),
}

/// Polls a task's future and contains its panics; `None` when it has none any more.
pub fn poll_future(state: &mut TaskState) -> Option<Polled> {
    let future = state.future.as_mut()?;
    let mut context = Context::from_waker(Waker::noop());
    let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    Some(match poll {
        Ok(Poll::Pending) => Polled::Pending,
        Ok(Poll::Ready(end)) => {
            state.future = None;
            Polled::Ended(end)
        }
        Err(panic) => {
            // The future is in no state to be polled or dropped.
            std::mem::forget(state.future.take());
            let reason = format!("the runner panicked: {}", panic_text(&*panic));
            Polled::Ended(TaskEnd::Failed(reason))
        }
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
