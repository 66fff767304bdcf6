/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel entries that start a task's life in this instance: they set the two
 * globals that an instance has, the running task and its shadow stack pointer,
 * and go on in C. Called by the host; see the crate abi, kernel_entries.rs.
 *
 * Also the custom section by which the runner knows this kernel's ABI version.
 */
#define __ASSEMBLY__ 1
#include <asm/host_abi.h>

	.globaltype	__stack_pointer, i32
	.functype	wasm_boot () -> ()
	.functype	wasm_vcpu_start () -> ()
	.functype	wasm_task_start () -> (i32)
	.functype	wasm_task_resume () -> (i32)

	.globaltype	__current_task, i32
	.globl		__current_task
__current_task:

	/* kernel_boot() */
	.section	.text.kernel_boot,"",@
	.globl		kernel_boot
	.type		kernel_boot,@function
	.export_name	kernel_boot, kernel_boot
kernel_boot:
	.functype	kernel_boot () -> ()
	i32.const	init_task
	global.set	__current_task
	i32.const	init_stack+16256
	global.set	__stack_pointer
	call		wasm_boot
	end_function

	/* NAME(task, stack_top): sets both and goes on in FUNCTION. */
	.macro		task_entry name, function, result:vararg
	.section	.text.\name,"",@
	.globl		\name
	.type		\name,@function
	.export_name	\name, \name
\name:
	.functype	\name (i32, i32) -> (\result)
	local.get	0
	global.set	__current_task
	local.get	1
	global.set	__stack_pointer
	call		\function
	end_function
	.endm

	task_entry	kernel_vcpu_start, wasm_vcpu_start
	/* These two give the address of a struct user_entry. */
	task_entry	kernel_task_start, wasm_task_start, i32
	task_entry	kernel_task_resume, wasm_task_resume, i32

	.section	.custom_section.ochre.abi,"",@
	.int32		HOST_ABI_VERSION
