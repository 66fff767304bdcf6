// SPDX-License-Identifier: MIT OR Apache-2.0
//! Renders the contract as the C header `asm/host_abi.h` of the kernel.

use crate::host_calls::{HOST_CALLS, HostCall, Kind};
use crate::{ABI_VERSION, HOST_MODULE, access, fault, fence, irq, layout, stop, stream, user};
use core::fmt::{Result, Write};

/// Writes the whole header to `out`.
///
/// # Errors
/// Only those of `out`.
pub fn write_c_header(out: &mut impl Write) -> Result {
    out.write_str(
        "/* SPDX-License-Identifier: GPL-2.0-only */\n\
         /*\n * Generated from the abi crate by `cargo xtask generate`; do not edit.\n\
         \x20* Host calls, layouts and numbers shared by kernel and runner.\n */\n\
         #ifndef _ASM_WASM_HOST_ABI_H\n#define _ASM_WASM_HOST_ABI_H\n\n",
    )?;
    writeln!(out, "#define HOST_ABI_VERSION {ABI_VERSION}")?;
    for (prefix, table) in [
        ("HOST_IRQ", irq::TABLE),
        ("HOST_STOP", stop::TABLE),
        ("HOST_STREAM", stream::TABLE),
        ("HOST_FENCE", fence::TABLE),
        ("USER_FAULT", fault::TABLE),
        ("USER_ACCESS", access::TABLE),
    ] {
        out.write_char('\n')?;
        for (name, value) in table {
            writeln!(out, "#define {prefix}_{name} {value}")?;
        }
    }
    writeln!(out, "\n#define HOST_COMMAND_LINE_BYTES {}", layout::COMMAND_LINE_BYTES)?;
    writeln!(out, "#define USER_NULL_PAGE_BYTES {}", user::NULL_PAGE_BYTES)?;
    writeln!(out, "#define USER_PREEMPT_FLAG_ADDR {}", user::PREEMPT_FLAG_ADDR)?;
    writeln!(out, "#define USER_ENTRY_PROGRAM {}", layout::user_entry::PROGRAM)?;
    writeln!(out, "#define USER_ENTRY_THREAD {}", layout::user_entry::THREAD)?;
    writeln!(out, "#define PROGRAM_CAN_CLONE {}", layout::program_info::CAN_CLONE)?;
    writeln!(out, "#define PROGRAM_CAN_SIGNAL {}", layout::program_info::CAN_SIGNAL)?;
    out.write_str("\n#ifndef __ASSEMBLY__\n\n#include <linux/types.h>\n")?;
    write!(
        out,
        "\nstruct boot_info {{\n\tu32 memory_bytes;\n\tu32 initramfs_addr;\n\tu32 initramfs_bytes;\n\
         \tu32 vcpus;\n\tu32 user_pages_limit;\n\tchar command_line[HOST_COMMAND_LINE_BYTES];\n}};\n\
         _Static_assert(sizeof(struct boot_info) == {}, \"struct boot_info\");\n",
        layout::boot_info::SIZE
    )?;
    write!(
        out,
        "\nstruct user_entry {{\n\tu32 kind;\n\tu32 program;\n\tu32 memory;\n\tu32 stack_pointer;\n\
         \tu32 tls;\n}};\n_Static_assert(sizeof(struct user_entry) == {}, \"struct user_entry\");\n",
        layout::user_entry::SIZE
    )?;
    write!(
        out,
        "\nstruct program_info {{\n\tu32 memory_pages;\n\tu32 stack_top;\n\tu32 heap_base;\n\
         \tu32 flags;\n\tchar message[{}];\n}};\n\
         _Static_assert(sizeof(struct program_info) == {}, \"struct program_info\");\n",
        layout::program_info::MESSAGE_BYTES,
        layout::program_info::SIZE
    )?;
    for call in HOST_CALLS {
        write_prototype(out, call)?;
    }
    out.write_str("\n#endif /* __ASSEMBLY__ */\n#endif /* _ASM_WASM_HOST_ABI_H */\n")
}

fn write_prototype(out: &mut impl Write, call: &HostCall) -> Result {
    out.write_str("\n/*")?;
    for line in call.doc {
        write!(out, "{}{}", if *line == call.doc[0] { "" } else { "\n *" }, line)?;
    }
    if call.suspends {
        out.write_str("\n * Suspends: other tasks may run before it returns.")?;
    }
    out.write_str(" */\n")?;
    writeln!(
        out,
        "__attribute__((import_module(\"{HOST_MODULE}\"), import_name(\"{}\"){}))",
        call.name,
        if call.result == Kind::Never { ", noreturn" } else { "" }
    )?;
    write!(out, "{}{}(", c_type(call.result), call.name)?;
    if call.params.is_empty() {
        out.write_str("void")?;
    }
    for (index, (name, kind)) in call.params.iter().enumerate() {
        write!(out, "{}{}{name}", if index == 0 { "" } else { ", " }, c_param_type(*kind))?;
    }
    out.write_str(");\n")
}

fn c_type(kind: Kind) -> &'static str {
    match kind {
        Kind::KernelAddr => "void *",
        Kind::UserAddr | Kind::U32 => "u32 ",
        Kind::I32 => "s32 ",
        Kind::U64 => "u64 ",
        Kind::Unit | Kind::Never => "void ",
    }
}

fn c_param_type(kind: Kind) -> &'static str {
    match kind {
        Kind::KernelAddr => "const void *",
        other => c_type(other),
    }
}
