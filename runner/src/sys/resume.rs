// SPDX-License-Identifier: MIT OR Apache-2.0
//! Traps of programs as calls: an instruction that traps calls the glue's `__fault` as it were, above
//! whose frame the kernel's and the handlers' run. So a handler may jump out to the trapping function's
//! callers, or return, after which the instruction runs again (`docs/decisions/0007`).
//!
//! wasmtime asks a Store's handler first when one of its threads gets a signal. Ours changes what the
//! thread goes on with: the entry of `__fault`, with a frame as a call would leave it, so that wasmtime can
//! walk the stack. `__fault` ends with a trap of its own, at which the registers are restored:
//!
//! ```text
//!     | frame of the code that trapped |
//!     ├────────────────────────────────┤  its stack pointer less RED_ZONE_BYTES
//!     | state of the processor         |
//!     | struct Saved                   |  aligned to 64
//!   S ├────────────────────────────────┤
//!     | return address: within the instruction, so that no call's exception handler matches
//!     | frame pointer of the code that trapped   <- frame pointer of __fault
//!     | frame of __fault               |
//! ```
//!
//! A `Saved` is told from whatever else may lie there by a number that guests cannot know. Where the
//! stack has no room, the code is not the program's own, or wasmtime's structures are not as expected,
//! the handler declines, and the trap unwinds the stack (`crate::task`).

use super::random;
use super::stacks::{ENTRY_ROOM_BYTES, STACK_BYTES};
use crate::fault::fault_kind;
use object::{Object, ObjectSection};
use ochre_abi::fault;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use wasmtime::unix::StoreExt;
use wasmtime::{Func, Module, Store, Trap};
use wasmtime_environ::{CompiledTrap, lookup_trap_code, obj::ELF_WASMTIME_TRAPS};

/// What compiled code may use below its stack pointer.
const RED_ZONE_BYTES: usize = 128;
/// Room that is left above [`ENTRY_ROOM_BYTES`] for what is saved and for `__fault` itself.
const SAVED_ROOM_BYTES: usize = 64 << 10;
/// `__fault` is shorter than that.
const MAX_ENTRY_BYTES: usize = 4096;
/// Bytes of a processor's state without extensions.
const LEGACY_STATE_BYTES: usize = 512;
/// Where the kernel tells the size of extended state, and the number before it (arch/x86's `sigcontext.h`).
const STATE_SIZE_OFFSET: usize = 464;
const STATE_SIZE_MAGIC: u32 = 0x4650_5853;
/// The number after extended state.
const STATE_END_BYTES: usize = 4;
/// Registers that code can see: all of `libc::gregset_t` up to the flags, but the segments.
const REGISTERS: usize = 18;

/// Where the code of a program may trap, and how.
#[derive(Debug)]
pub struct TrapTable {
    module: Module,
    /// Within the module's image.
    section: Range<usize>,
}

impl TrapTable {
    /// That of a module; `None` when wasmtime keeps it in another way than expected.
    pub fn of(module: &Module) -> Option<Self> {
        let image = image(module);
        let file = object::File::parse(image).ok()?;
        let (start, len) = file.section_by_name(ELF_WASMTIME_TRAPS)?.file_range()?;
        let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
        let section = start..start.checked_add(len)?;
        image.get(section.clone())?;
        Some(Self { module: module.clone(), section })
    }

    fn trap_at(&self, pc: usize) -> Option<Trap> {
        let offset = pc.checked_sub(self.module.text().as_ptr().addr())?;
        let section = image(&self.module).get(self.section.clone())?;
        match lookup_trap_code(section, offset)? {
            CompiledTrap::Normal(trap) => Some(trap),
            CompiledTrap::InternalAssert | CompiledTrap::GcHeapCorrupt => None,
        }
    }
}

fn image(module: &Module) -> &[u8] {
    let range = module.image_range();
    // SAFETY: the module's own image, mapped read-only while the module lives.
    unsafe { std::slice::from_raw_parts(range.start, range.end.addr() - range.start.addr()) }
}

/// How a running instance reports its traps.
struct Redirection {
    table: Arc<TrapTable>,
    text: Range<usize>,
    /// `__fault` and what it gets as its instance.
    entry: usize,
    instance: u64,
    /// First byte of the program's memory.
    memory: usize,
    secret: u64,
}

/// What a frame of `__fault` has above it. State of `state_bytes` follows.
#[repr(C, align(64))]
struct Saved {
    secret: u64,
    /// Its own address: a copy elsewhere is none.
    place: u64,
    registers: [i64; REGISTERS],
    state_bytes: u64,
}

/// Lets the traps of `store`'s program call its export `__fault`; `memory` is the first byte of its
/// memory. Without the number that guests cannot know, they unwind the stack as before.
pub fn redirect<T>(store: &mut Store<T>, fault: Func, table: &Arc<TrapTable>, memory: usize) {
    let Some(secret) = secret() else { return };
    let raw = fault.to_raw(&mut *store).cast::<[u64; 4]>();
    // SAFETY: wasmtime's VMFuncRef, four words that live as long as the Store: entry for the host's
    // calls, entry for wasm's, type, instance (`wasmtime-environ`, vmtypes.rs; the version is pinned).
    let [_, entry, _, instance] = unsafe { raw.read() };
    let text = table.module.text();
    let start = text.as_ptr().addr();
    let text = start..start + text.len();
    let entry = entry as usize;
    if !text.contains(&entry) || instance == 0 {
        return;
    }
    let redirection =
        Redirection { table: Arc::clone(table), text, entry, instance, memory, secret };
    // SAFETY: the handler reads what it owns and the interrupted context; it neither allocates nor
    // waits.
    unsafe {
        store.set_signal_handler(move |_, info, context| {
            redirection.handle(info, context.cast_mut().cast::<libc::ucontext_t>())
        });
    }
}

/// The same for the whole life of the runner, whose guests never see it.
fn secret() -> Option<u64> {
    static SECRET: OnceLock<Option<u64>> = OnceLock::new();
    *SECRET.get_or_init(|| {
        let mut bytes = [0; 8];
        random::fill(&mut bytes).ok()?;
        Some(u64::from_ne_bytes(bytes))
    })
}

impl Redirection {
    /// Called in a signal handler.
    fn handle(&self, info: *const libc::siginfo_t, context: *mut libc::ucontext_t) -> bool {
        // SAFETY: the kernel's, and nobody else has it.
        let context = unsafe { &mut *context };
        let pc = context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
        if !self.text.contains(&pc) {
            return false;
        }
        match self.table.trap_at(pc) {
            // It is asked for in a function's first instructions, before there is a frame.
            None | Some(Trap::StackOverflow) => false,
            Some(Trap::UnreachableCodeReached)
                if (self.entry..self.entry + MAX_ENTRY_BYTES).contains(&pc)
                    && self.resume(context) =>
            {
                true
            }
            Some(trap) => {
                // SAFETY: the kernel's; an address is there for the signals of memory, and is not used
                // for others.
                let address = unsafe { (*info).si_addr() }.addr();
                self.call(context, pc, trap, address)
            }
        }
    }

    /// Makes the code at `pc` call `__fault`.
    fn call(&self, context: &mut libc::ucontext_t, pc: usize, trap: Trap, address: usize) -> bool {
        let kind = fault_kind(trap);
        // A trap of memory may also be an instruction that is there to trap: then nobody knows.
        let address = match address.checked_sub(self.memory).map(u32::try_from) {
            Some(Ok(offset)) if kind == fault::MEMORY && address != pc => offset,
            _ => 0,
        };
        let registers = &mut context.uc_mcontext.gregs;
        let sp = registers[libc::REG_RSP as usize] as usize;
        if sp % STACK_BYTES < ENTRY_ROOM_BYTES + SAVED_ROOM_BYTES {
            return false;
        }
        let state = context.uc_mcontext.fpregs.cast::<u8>();
        let state_bytes = state_bytes(state);
        let place = sp - RED_ZONE_BYTES - size_of::<Saved>() - state_bytes;
        let place = place - place % align_of::<Saved>();
        if sp - place > SAVED_ROOM_BYTES {
            return false;
        }
        let mut saved = Saved {
            secret: self.secret,
            place: place as u64,
            registers: [0; REGISTERS],
            state_bytes: state_bytes as u64,
        };
        saved.registers.copy_from_slice(&registers[..REGISTERS]);
        let at = std::ptr::with_exposed_provenance_mut::<Saved>(place);
        // SAFETY: between the interrupted stack pointer, less what code may use below it, and the stack's
        // end, which is far; the thread's own stack, on which nothing runs now.
        unsafe {
            at.write(saved);
            std::ptr::copy_nonoverlapping(state, at.add(1).cast(), state_bytes);
            at.cast::<usize>().sub(1).write(pc + 1);
        }
        registers[libc::REG_RIP as usize] = self.entry as i64;
        registers[libc::REG_RSP as usize] = (place - size_of::<usize>()) as i64;
        // As compiled code calls: instance of the callee and of the caller, then the arguments.
        registers[libc::REG_RDI as usize] = self.instance as i64;
        registers[libc::REG_RSI as usize] = self.instance as i64;
        registers[libc::REG_RDX as usize] = i64::from(kind);
        registers[libc::REG_RCX as usize] = i64::from(address);
        true
    }

    /// Goes on with the instruction for which this `__fault` was called.
    fn resume(&self, context: &mut libc::ucontext_t) -> bool {
        let registers = &mut context.uc_mcontext.gregs;
        let fp = registers[libc::REG_RBP as usize] as usize;
        let place = fp.wrapping_add(2 * size_of::<usize>());
        let sp = registers[libc::REG_RSP as usize] as usize;
        let state = context.uc_mcontext.fpregs.cast::<u8>();
        let state_bytes = state_bytes(state);
        let end = (sp | (STACK_BYTES - 1)) - size_of::<Saved>() - state_bytes;
        if !place.is_multiple_of(align_of::<Saved>()) || !(sp..end).contains(&place) {
            return false;
        }
        let at = std::ptr::with_exposed_provenance::<Saved>(place);
        // SAFETY: aligned, and between the stack pointer and the stack's end.
        let saved = unsafe { at.read() };
        if saved.secret != self.secret
            || saved.place != place as u64
            || saved.state_bytes != state_bytes as u64
        {
            return false;
        }
        registers[..REGISTERS].copy_from_slice(&saved.registers);
        // SAFETY: written by `call`, with as many bytes as the kernel's frame has on every thread.
        unsafe { std::ptr::copy_nonoverlapping(at.add(1).cast(), state, state_bytes) };
        true
    }
}

/// Bytes of the processor's state in a signal's frame.
fn state_bytes(state: *const u8) -> usize {
    if state.is_null() {
        return 0;
    }
    // SAFETY: within the state's first 512 bytes, which are always there.
    let [magic, total] =
        unsafe { state.add(STATE_SIZE_OFFSET).cast::<[u32; 2]>().read_unaligned() };
    let total = total as usize;
    if magic == STATE_SIZE_MAGIC && total >= LEGACY_STATE_BYTES + STATE_END_BYTES {
        total
    } else {
        LEGACY_STATE_BYTES
    }
}
