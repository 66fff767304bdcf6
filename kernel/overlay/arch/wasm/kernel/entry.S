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

	/* kernel_vcpu_start(task, stack_top) */
	.section	.text.kernel_vcpu_start,"",@
	.globl		kernel_vcpu_start
	.type		kernel_vcpu_start,@function
	.export_name	kernel_vcpu_start, kernel_vcpu_start
kernel_vcpu_start:
	.functype	kernel_vcpu_start (i32, i32) -> ()
	local.get	0
	global.set	__current_task
	local.get	1
	global.set	__stack_pointer
	call		wasm_vcpu_start
	end_function

	/* kernel_task_start(task, stack_top) -> struct user_entry * */
	.section	.text.kernel_task_start,"",@
	.globl		kernel_task_start
	.type		kernel_task_start,@function
	.export_name	kernel_task_start, kernel_task_start
kernel_task_start:
	.functype	kernel_task_start (i32, i32) -> (i32)
	local.get	0
	global.set	__current_task
	local.get	1
	global.set	__stack_pointer
	call		wasm_task_start
	end_function

	/* kernel_task_resume(task, stack_top) -> struct user_entry * */
	.section	.text.kernel_task_resume,"",@
	.globl		kernel_task_resume
	.type		kernel_task_resume,@function
	.export_name	kernel_task_resume, kernel_task_resume
kernel_task_resume:
	.functype	kernel_task_resume (i32, i32) -> (i32)
	local.get	0
	global.set	__current_task
	local.get	1
	global.set	__stack_pointer
	call		wasm_task_resume
	end_function

	.section	.custom_section.ochre.abi,"",@
	.int32		HOST_ABI_VERSION
