/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs: compiled user modules, known to the host by a handle.
 * Implemented in kernel/program_cache.c.
 *
 * thread.program of a user task is a counted reference; kernel threads have
 * PROGRAM_NONE. Called by process.c as tasks come and go, and by the loader.
 */
#ifndef _ASM_WASM_PROGRAM_H
#define _ASM_WASM_PROGRAM_H

#include <linux/types.h>
#include <asm/host_abi.h>

struct file;
struct task_struct;

#define PROGRAM_NONE	0xffffffffU

/* A new task shares its parent's program: takes a reference for it. */
void program_get(struct task_struct *task);
/* Drops the task's reference; thread.program is PROGRAM_NONE afterwards. */
void program_put(struct task_struct *task);
/* Makes the task run another program, whose reference it takes over. */
void program_set(struct task_struct *task, u32 handle);
/* The PROGRAM_CAN_… bits of what the task runs, 0 for none. */
u32 program_flags(struct task_struct *task);

/*
 * Finds or loads the program in an open file: fills in info and returns the
 * handle (>= 0) with a reference, or a negative errno. Sleeps.
 */
int program_load(struct file *file, struct program_info *info);
/* Drops a reference that is not a task's. */
void program_release(u32 handle);

#endif /* _ASM_WASM_PROGRAM_H */
