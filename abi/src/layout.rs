// SPDX-License-Identifier: MIT OR Apache-2.0
//! Layouts in KernelMemory that kernel and runner share. All fields are little-endian `u32` unless
//! said otherwise, without padding.
//!
//! ```text
//! KernelMemory
//!   0x00000000 ┌──────────────────────────────┐
//!              │ null page and early stack    │  nothing of use below 0x1000
//!   0x00001000 │ (hole: function numbers)     │  data addresses never equal a table index
//!   0x00010000 │ .rodata .data .bss  … _end   │
//!              │ free memory                  │
//!   initramfs  │ initramfs, page aligned      │  put there by the runner before boot
//!   memory_len └──────────────────────────────┘
//! ```

/// Bytes of a kernel command line with its NUL; longer ones are refused by the runner.
pub const COMMAND_LINE_BYTES: u32 = 2048;

/// Field offsets of `struct boot_info`, filled in by `host_boot_info`.
pub mod boot_info {
    /// Length of KernelMemory in bytes; 0 stands for 4 GiB less one page.
    pub const MEMORY_BYTES: u32 = 0;
    /// Address of the initramfs, or 0.
    pub const INITRAMFS_ADDR: u32 = 4;
    /// Its length in bytes.
    pub const INITRAMFS_BYTES: u32 = 8;
    /// Number of vCPUs that may be started.
    pub const VCPUS: u32 = 12;
    /// Pages of 4 KiB that all user memory together may hold.
    pub const USER_PAGES_LIMIT: u32 = 16;
    /// The command line, NUL-terminated.
    pub const COMMAND_LINE: u32 = 20;
    /// Size of the whole.
    pub const SIZE: u32 = COMMAND_LINE + super::COMMAND_LINE_BYTES;
}

/// Field offsets of `struct user_entry`: how a task enters user code.
pub mod user_entry {
    /// [`PROGRAM`] or [`THREAD`].
    pub const KIND: u32 = 0;
    /// Program handle.
    pub const PROGRAM_HANDLE: u32 = 4;
    /// ProcessMemory handle.
    pub const MEMORY_HANDLE: u32 = 8;
    /// Initial user stack pointer.
    pub const STACK_POINTER: u32 = 12;
    /// Thread pointer of a new thread (CLONE_SETTLS), else 0.
    pub const TLS: u32 = 16;
    /// Size of the whole.
    pub const SIZE: u32 = 20;

    /// Kind: after exec.
    pub const PROGRAM: u32 = 0;
    /// Kind: first run of a clone.
    pub const THREAD: u32 = 1;
}

/// Field offsets of `struct program_info`, filled in by `host_program_info`.
pub mod program_info {
    /// 64 KiB pages that the program's memory must have at its start.
    pub const MEMORY_PAGES: u32 = 0;
    /// Initial value of `__stack_pointer`: the stack is `[0, STACK_TOP)`.
    pub const STACK_TOP: u32 = 4;
    /// First address after the program's data.
    pub const HEAP_BASE: u32 = 8;
    /// Bits below.
    pub const FLAGS: u32 = 12;
    /// Why the program was refused: NUL-terminated text.
    pub const MESSAGE: u32 = 16;
    /// Bytes of the message.
    pub const MESSAGE_BYTES: u32 = 240;
    /// Size of the whole.
    pub const SIZE: u32 = MESSAGE + MESSAGE_BYTES;

    /// Flag: exports `__linux_clone_start`, so clone(CLONE_VM) works.
    pub const CAN_CLONE: u32 = 1;
    /// Flag: exports `__linux_signal`, so signal handlers work.
    pub const CAN_SIGNAL: u32 = 2;
    /// Flag: an instance that a thread has left is like a new one once its mutable globals are as they
    /// were. For the host alone.
    pub const REUSABLE: u32 = 4;
}
