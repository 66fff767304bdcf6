// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks: the host side of a `task_struct`.
//!
//! A task is a future. It owns a Store with a kernel instance and, once it enters user code, a user
//! instance whose imports are bound to that kernel instance directly: a system call crosses no host
//! frame. `abi::kernel_entries` draws its life; [`live`] is that drawing as code.
//!
//! Invariants:
//! - A future is polled by one vCPU at a time: [`crate::handover::turns`].
//! - Instances die only with their Store, so `exec` goes on in a new one.
#![forbid(unsafe_code)]

use crate::fault::{Cause, Unwind, classify, is_known};
use crate::handover::turns::Place;
use crate::limits::Limits;
use crate::loader::{FAULT_EXPORT, IMPORTS};
use crate::memory::{KernelAddr, KernelMemory, ProcessMemory};
use crate::program::Program;
use crate::store::{TaskStore, UserInstance};
use crate::sys::resume;
use crate::timing::Phase;
use crate::vcpu::NO_MEMORY;
use crate::vm::Vm;
use ochre_abi::layout::user_entry;
use ochre_abi::{HOST_MODULE, fault, kernel_entries, user};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasmtime::{Extern, Instance, Store, Val, WasmBacktrace};

/// How a task's future ends.
#[derive(Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// `host_task_exit`.
    Exited,
    /// `host_vcpu_stop`.
    VcpuStopped,
    /// The machine has stopped.
    Stopped,
    /// The kernel trapped or broke the contract.
    KernelFault(String),
    /// The runner failed.
    Failed(String),
}

/// The future of a task.
pub type TaskFuture = Pin<Box<dyn Future<Output = TaskEnd> + Send>>;

/// Where a task begins.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// `kernel_boot()`.
    Boot,
    /// `kernel_vcpu_start(task, stack_top)`.
    Vcpu(u32, u32),
    /// `kernel_task_start(task, stack_top)`.
    Task(u32, u32),
    /// `kernel_task_resume(task, stack_top)`, after an exec.
    Resume(u32, u32),
}

/// One task.
pub struct Task {
    handle: u32,
    memory: AtomicU32,
    /// Its future; gone when it has ended.
    pub future: Place<TaskFuture>,
}

impl Task {
    /// Makes a task; `None` when there are too many. A thread's `home` is the memory of its process, as
    /// far as that is known.
    pub fn create(vm: &Arc<Vm>, start: Start, home: u32) -> Option<Arc<Self>> {
        let task = vm.tasks.insert_with(|handle| Self {
            handle,
            memory: AtomicU32::new(NO_MEMORY),
            future: Place::new(),
        })?;
        task.future.fill(Box::pin(live(Arc::clone(vm), task.handle, start, home)));
        Some(task)
    }

    /// Its handle.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Handle of the memory that its user code runs in.
    #[inline]
    pub fn memory(&self) -> u32 {
        self.memory.load(Ordering::Relaxed)
    }

    /// Changes that.
    pub fn set_memory(&self, memory: u32) {
        self.memory.store(memory, Ordering::Relaxed);
    }
}

/// Data of a task's Store.
pub struct TaskData {
    /// The machine.
    pub vm: Arc<Vm>,
    /// The task's handle.
    pub handle: u32,
    /// The kernel's memory, close at hand.
    pub kernel: Arc<KernelMemory>,
    /// The memory of the task's own process, which most copies are from and to.
    pub own: Option<Arc<ProcessMemory>>,
    /// Text of the last fault.
    pub fault_report: String,
    /// What its instances have taken of the host.
    limits: Limits,
    /// An empty trace, for errors that are none: see [`TaskData::leave`].
    no_trace: Option<WasmBacktrace>,
}

impl TaskData {
    /// Data for a new Store.
    pub fn new(vm: &Arc<Vm>, handle: u32) -> Self {
        Self {
            vm: Arc::clone(vm),
            handle,
            kernel: Arc::clone(&vm.memory),
            own: None,
            fault_report: String::new(),
            limits: Limits::default(),
            no_trace: None,
        }
    }

    /// The Store is that of task `handle` now, which has not run yet. `no_trace` is an empty trace.
    pub fn begin(&mut self, handle: u32, no_trace: WasmBacktrace) {
        self.handle = handle;
        self.no_trace = Some(no_trace);
    }

    /// The task has left the Store.
    pub fn end(&mut self) {
        self.own = None;
        self.fault_report.clear();
    }

    /// What its instances have taken of the host.
    pub fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// The error that takes a task out of its wasm frames on purpose. With a trace in it already,
    /// wasmtime does not look all frames up for another one, which would take longer than the rest
    /// of a task's end.
    pub fn leave(&mut self, unwind: Unwind) -> wasmtime::Error {
        let error = wasmtime::Error::from(unwind);
        match self.no_trace.take() {
            Some(no_trace) => error.context(no_trace),
            None => error,
        }
    }
}

/// The life of a task.
async fn live(vm: Arc<Vm>, handle: u32, mut start: Start, mut home: u32) -> TaskEnd {
    loop {
        let end = match TaskStore::obtain(&vm, handle, home).await {
            Ok(mut own) => {
                vm.timing.mark(Phase::Instantiated);
                let end = live_in_store(&vm, &mut own, start).await;
                match end {
                    Cause::Leave(_) => vm.parking.park(&vm, own),
                    _ => vm.reaper.bury(own),
                }
                end
            }
            Err(cause) => cause,
        };
        home = NO_MEMORY;
        match end {
            Cause::Leave(Unwind::Exec { task, stack_top }) => {
                start = Start::Resume(task, stack_top);
            }
            Cause::Leave(Unwind::Exit) => return TaskEnd::Exited,
            Cause::Leave(Unwind::VcpuStop) => return TaskEnd::VcpuStopped,
            Cause::Leave(_) => return TaskEnd::Stopped,
            Cause::Kernel(report) | Cause::KernelTrap { report, .. } => {
                return TaskEnd::KernelFault(report);
            }
            // Only a fault that comes where no user code can be.
            Cause::User { report, .. } => return TaskEnd::KernelFault(report),
        }
    }
}

/// The part of it that passes in one Store.
async fn live_in_store(vm: &Arc<Vm>, own: &mut TaskStore, start: Start) -> Cause {
    let end = enter(vm, own, start).await;
    match end.unwrap_or_else(|error| classify(&error, &vm.kernel)) {
        Cause::KernelTrap { kind, address, report } => {
            oops(vm, &mut own.store, own.kernel, (kind, address), report).await
        }
        cause => cause,
    }
}

/// Tells the kernel that its code has trapped: it may give the task up instead of the machine.
async fn oops(
    vm: &Arc<Vm>,
    store: &mut Store<TaskData>,
    kernel: Instance,
    (kind, address): (u32, u32),
    report: String,
) -> Cause {
    store.data_mut().fault_report.clone_from(&report);
    let entry = kernel.get_typed_func::<(u32, u32), ()>(&mut *store, kernel_entries::OOPS);
    let end = match entry {
        Ok(entry) => entry.call_async(&mut *store, (kind, address)).await,
        Err(error) => Err(error),
    };
    match end.map_err(|error| classify(&error, &vm.kernel)) {
        // It cannot do without the task.
        Ok(()) => Cause::Kernel(report),
        Err(Cause::KernelTrap { report: second, .. }) => {
            Cause::Kernel(format!("{report}then, in {}:\n{second}", kernel_entries::OOPS))
        }
        Err(cause) => cause,
    }
}

async fn enter(vm: &Arc<Vm>, own: &mut TaskStore, start: Start) -> wasmtime::Result<Cause> {
    let (store, kernel) = (&mut own.store, own.kernel);
    let (name, arguments) = match start {
        Start::Boot => {
            let boot = kernel.get_typed_func::<(), ()>(&mut *store, kernel_entries::BOOT)?;
            boot.call_async(&mut *store, ()).await?;
            return Ok(returned(kernel_entries::BOOT));
        }
        Start::Vcpu(task, stack_top) => {
            let name = kernel_entries::VCPU_START;
            let entry = kernel.get_typed_func::<(u32, u32), ()>(&mut *store, name)?;
            entry.call_async(&mut *store, (task, stack_top)).await?;
            return Ok(returned(name));
        }
        Start::Task(task, stack_top) => (kernel_entries::TASK_START, (task, stack_top)),
        Start::Resume(task, stack_top) => (kernel_entries::TASK_RESUME, (task, stack_top)),
    };
    let entry = kernel.get_typed_func::<(u32, u32), u32>(&mut *store, name)?;
    let entry = entry.call_async(&mut *store, arguments).await?;
    let Some(entry) = UserEntry::read(&vm.memory, entry) else {
        return Ok(Cause::Kernel(format!("no user_entry at {entry:#x}, from {name}\n")));
    };
    let (Some(program), Some(memory)) =
        (vm.programs.ready(entry.program), vm.memories.get(entry.memory))
    else {
        let (program, memory) = (entry.program, entry.memory);
        return Ok(Cause::Kernel(format!(
            "user_entry names program {program:#x} and memory {memory:#x}, one of which is not there\n"
        )));
    };
    store.data_mut().own = Some(Arc::clone(&memory));
    vm.timing.mark(Phase::FirstProgram);
    run_user(vm, own, &program, &memory, entry).await
}

/// A kernel entry that never returns has returned.
fn returned(name: &str) -> Cause {
    Cause::Kernel(format!("{name} has returned\n"))
}

struct UserEntry {
    kind: u32,
    program: u32,
    memory: u32,
    stack_pointer: u32,
    tls: u32,
}

impl UserEntry {
    fn read(memory: &KernelMemory, addr: u32) -> Option<Self> {
        let field = |offset| {
            let word = memory.word(KernelAddr(addr.checked_add(offset)?))?;
            Some(word.load(Ordering::Relaxed))
        };
        Some(Self {
            kind: field(user_entry::KIND)?,
            program: field(user_entry::PROGRAM_HANDLE)?,
            memory: field(user_entry::MEMORY_HANDLE)?,
            stack_pointer: field(user_entry::STACK_POINTER)?,
            tls: field(user_entry::TLS)?,
        })
    }
}

/// Runs user code; comes back only with the way in which the task leaves.
async fn run_user(
    vm: &Arc<Vm>,
    own: &mut TaskStore,
    program: &Arc<Program>,
    memory: &ProcessMemory,
    entry: UserEntry,
) -> wasmtime::Result<Cause> {
    let is_new = entry.kind != user_entry::THREAD;
    let kept = own.user.as_ref().filter(|user| !is_new && user.fits(program, memory));
    let result = match kept.map(|user| user.instance) {
        Some(instance) => Ok(instance),
        None => {
            if is_new && program.image.as_ref().is_some_and(|image| !image.place(memory)) {
                let report = "the program's data does not fit into its memory\n".to_owned();
                return Ok(Cause::Kernel(report));
            }
            instantiate(vm, own, program, memory).await
        }
    };
    let (store, kernel) = (&mut own.store, own.kernel);
    let instance = result.as_ref().ok().copied();
    let mut result = match result {
        Ok(instance) => call_user(store, instance, entry).await,
        Err(error) => Err(error),
    };
    // What comes here has unwound the stack. A handler that has returned meets the same fault again.
    let (mut kind, mut address) = (fault::UNREACHABLE, 0);
    store.data_mut().fault_report = "the program's entry has returned\n".to_owned();
    loop {
        if let Err(error) = result {
            match classify(&error, &vm.kernel) {
                Cause::User { kind: what, address: place, report } => {
                    (kind, address) = (what, place);
                    store.data_mut().fault_report = report;
                }
                other => return Ok(other),
            }
        }
        let sp = match instance {
            Some(user) => stack_pointer(store, user),
            None => program.info.stack_top,
        };
        result = fault_user(store, kernel, instance, (kind, address, sp)).await;
    }
}

/// Makes the task's instance of a program.
async fn instantiate(
    vm: &Arc<Vm>,
    own: &mut TaskStore,
    program: &Arc<Program>,
    memory: &ProcessMemory,
) -> wasmtime::Result<Instance> {
    let store = &mut own.store;
    let mut imports = Vec::with_capacity(IMPORTS.len() + 1);
    for (module, name) in IMPORTS {
        let import = if module == HOST_MODULE {
            vm.linker.get(&mut *store, module, name).ok()
        } else {
            own.kernel.get_export(&mut *store, name)
        };
        imports.extend(import);
    }
    imports.push(Extern::SharedMemory(memory.wasm().clone()));
    // wasm-ld's start function, which initializes the memory, is user code too.
    let made = Instance::new_async(&mut *store, &program.module, &imports).await;
    let instance = made.map_err(refused)?;
    if let (Some(traps), Some(fault)) =
        (&program.traps, instance.get_func(&mut *store, FAULT_EXPORT))
    {
        resume::redirect(store, fault, traps, memory.start());
    }
    own.user = Some(UserInstance::new(store, instance, program, memory.handle()));
    Ok(instance)
}

/// A program may ask for more of the host than it gets; that is no fault of the kernel's.
fn refused(error: wasmtime::Error) -> wasmtime::Error {
    if is_known(&error) { error } else { Unwind::Refused(format!("{error:#}")).into() }
}

async fn call_user(
    store: &mut Store<TaskData>,
    user: Instance,
    entry: UserEntry,
) -> wasmtime::Result<()> {
    set_stack_pointer(store, user, entry.stack_pointer);
    if entry.kind == user_entry::THREAD {
        let name = user::CLONE_START;
        let function = user.get_typed_func::<(u32, u32), ()>(&mut *store, name)?;
        function.call_async(store, (entry.stack_pointer, entry.tls)).await
    } else {
        let function = user.get_typed_func::<(u32,), ()>(&mut *store, user::START)?;
        function.call_async(store, (entry.stack_pointer,)).await
    }
}

/// Tells the kernel of a fault that has unwound the stack (`sys::resume` has the others), and runs the
/// handlers that it names. Comes back when none is left: the code that trapped cannot go on.
async fn fault_user(
    store: &mut Store<TaskData>,
    kernel: Instance,
    user: Option<Instance>,
    (kind, address, sp): (u32, u32, u32),
) -> wasmtime::Result<()> {
    let name = kernel_entries::USER_FAULT;
    let fault = kernel.get_typed_func::<(u32, u32, u32), i64>(&mut *store, name)?;
    let mut pending = fault.call_async(&mut *store, (kind, address, sp)).await?;
    let Some(user) = user else { return Ok(()) };
    loop {
        let frame = (pending.cast_unsigned() >> 32) as u32;
        if frame == 0 {
            return Ok(());
        }
        set_stack_pointer(store, user, frame);
        let handler = user.get_typed_func::<(u32,), ()>(&mut *store, user::SIGNAL)?;
        handler.call_async(&mut *store, (frame,)).await?;
        set_stack_pointer(store, user, sp);
        let name = kernel_entries::SIGNAL_RETURN;
        let back = kernel.get_typed_func::<(u32,), i64>(&mut *store, name)?;
        pending = back.call_async(&mut *store, (frame,)).await?;
    }
}

fn stack_pointer(store: &mut Store<TaskData>, user: Instance) -> u32 {
    match user.get_global(&mut *store, user::STACK_POINTER).map(|global| global.get(&mut *store)) {
        Some(Val::I32(value)) => value.cast_unsigned(),
        _ => 0,
    }
}

fn set_stack_pointer(store: &mut Store<TaskData>, user: Instance, value: u32) {
    if let Some(global) = user.get_global(&mut *store, user::STACK_POINTER) {
        // The loader has seen a mutable i32 there.
        let _ = global.set(&mut *store, Val::I32(value.cast_signed()));
    }
}
