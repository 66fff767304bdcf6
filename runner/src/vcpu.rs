// SPDX-License-Identifier: MIT OR Apache-2.0
//! vCPUs: host threads that poll one task at a time.
//!
//! Invariant: task `next` is polled only after the poll of the task that switched to it has returned
//! and its future is back in its place; another vCPU may then resume that one at once.
//!
//! How kicks find it, and whose turn it is: [`crate::handover`].
#![forbid(unsafe_code)]

use crate::error::Outcome;
use crate::handover::alarm::{Deadline, NEVER};
use crate::handover::presence::{Presence, Sleep};
use crate::handover::turns::{Absent, Seat, take_turns};
use crate::sys::sampling::Timer;
use crate::task::{Task, TaskEnd, TaskFuture};
use crate::vm::Vm;
use ochre_abi::irq;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

pub use crate::handover::presence::NO_MEMORY;

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
    /// Where it is.
    pub presence: Presence,
    /// Its timer.
    pub deadline: Deadline,
}

impl Vcpu {
    /// A vCPU that does not run yet.
    pub fn new(index: u32) -> Self {
        Self {
            index,
            thread: Mutex::new(None),
            started: AtomicBool::new(false),
            presence: Presence::new(),
            deadline: Deadline::new(),
        }
    }

    /// Its number.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Has it a thread, or will have one at once?
    pub fn is_started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// Claims it for a new thread; `false` if it has one.
    pub fn claim(&self) -> bool {
        !self.started.swap(true, Ordering::SeqCst)
    }

    /// It has no thread any more. Who raises interrupts there looks at that afterwards, and the caller
    /// at the interrupts.
    pub fn release(&self) {
        self.deadline.set(NEVER);
        self.presence.enter(NO_MEMORY);
        *self.thread() = None;
        self.started.store(false, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Wakes it if it is parked.
    pub fn unpark(&self) {
        if let Some(thread) = &*self.thread() {
            thread.unpark();
        }
    }

    fn thread(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parks the calling vCPU until it has an interrupt pending.
    pub fn idle(&self, vm: &Vm) {
        let look = || {
            if vm.irq.is_pending(&vm.memory, self.index) || vm.is_stopping() {
                return None;
            }
            let now_ns = vm.monotonic_ns();
            if self.deadline.take_expired(now_ns) {
                vm.irq.set_own(&vm.memory, self.index, 1 << irq::TIMER);
                return None;
            }
            Some(match self.deadline.get() {
                NEVER => Sleep::UntilKicked,
                deadline_ns => {
                    Sleep::AtMost(Duration::from_nanos(deadline_ns.saturating_sub(now_ns)))
                }
            })
        };
        self.presence.idle(look, |sleep| match sleep {
            Sleep::UntilKicked => thread::park(),
            Sleep::AtMost(time) => thread::park_timeout(time),
        });
        vm.alarm.notice(self.deadline.get());
    }
}

/// The thread of vCPU `index`, which starts with task `first`.
pub fn run(vm: &Arc<Vm>, index: u32, first: Arc<Task>) {
    crate::sys::thread::want_sharp_timers();
    // Until the thread ends.
    let _samples = vm.profile.as_ref().and_then(|_| Timer::start());
    INDEX.set(index);
    let vcpu = &vm.vcpus[index as usize];
    *vcpu.thread() = Some(thread::current());
    take_turns(first, |task| {
        if vm.is_stopping() {
            return None;
        }
        vcpu.presence.enter(task.memory());
        let polled = task.future.poll(|seat| {
            let polled = poll_future(seat);
            let next = NEXT.take();
            seat.parked = next.is_some() && seat.future.is_some();
            (polled, next)
        });
        match polled {
            Ok((Some(Polled::Pending | Polled::Ended(TaskEnd::Exited)), Some(next))) => Some(next),
            // wasmtime itself yields between the steps of a collection (exceptions are its objects):
            // the task is not done, and the kernel knows nothing of it.
            Ok((Some(Polled::Pending), None)) => Some(Arc::clone(task)),
            Ok((Some(Polled::Ended(end)), _)) => {
                leave(vm, vcpu, end);
                None
            }
            Ok((None, _)) | Err(Absent::Ended) => wrong_switch(vm, task, "which is dead"),
            Err(Absent::Elsewhere) => wrong_switch(vm, task, "which runs on another vCPU"),
        }
    });
}

/// A task has ended in a way that ends its vCPU, too.
fn leave(vm: &Arc<Vm>, vcpu: &Vcpu, end: TaskEnd) {
    match end {
        TaskEnd::Stopped => {}
        TaskEnd::VcpuStopped => {
            vcpu.release();
            vm.hand_over_interrupts(vcpu.index);
        }
        TaskEnd::KernelFault(report) => vm.stop(Outcome::KernelFault(report)),
        TaskEnd::Failed(reason) => vm.stop(Outcome::Failed(reason)),
        TaskEnd::Exited => {
            if !vm.is_stopping() {
                vm.stop(Outcome::Failed("a task stopped without naming another".to_owned()));
            }
        }
    }
}

fn wrong_switch<T>(vm: &Vm, task: &Task, why: &str) -> Option<T> {
    let name = task.handle();
    vm.stop(Outcome::KernelFault(format!("switched to task {name:#x}, {why}\n")));
    None
}

/// What a poll of a task gives.
pub enum Polled {
    /// It waits.
    Pending,
    /// It has ended; its future is gone.
    Ended(TaskEnd),
}

/// Polls a task's future and contains its panics; `None` when it has none any more.
pub fn poll_future(seat: &mut Seat<TaskFuture>) -> Option<Polled> {
    let future = seat.future.as_mut()?;
    let mut context = Context::from_waker(Waker::noop());
    let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    Some(match poll {
        Ok(Poll::Pending) => Polled::Pending,
        Ok(Poll::Ready(end)) => {
            seat.future = None;
            Polled::Ended(end)
        }
        Err(panic) => {
            // The future is in no state to be polled or dropped.
            std::mem::forget(seat.future.take());
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
