// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system call table, from scripts/syscall.tbl. Every entry has one type;
 * see asm/syscall_wrapper.h.
 */
#include <linux/syscalls.h>
#include <asm/syscall.h>

#define __SYSCALL_WITH_COMPAT(nr, native, compat) __SYSCALL(nr, native)

long __wasm_sys_ni_syscall(long a0, long a1, long a2, long a3, long a4, long a5);
long __wasm_sys_ni_syscall(long a0, long a1, long a2, long a3, long a4, long a5)
{
	return -ENOSYS;
}

#define __SYSCALL(nr, call) long __wasm_##call(long, long, long, long, long, long);
#include <asm/syscall_table_32.h>
#undef __SYSCALL

#define __SYSCALL(nr, call) [nr] = __wasm_##call,
const syscall_fn_t sys_call_table[__NR_syscalls] = {
	[0 ... __NR_syscalls - 1] = __wasm_sys_ni_syscall,
#include <asm/syscall_table_32.h>
};
