/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of the optional system calls the generic code shall build.
 */
#ifndef _ASM_WASM_UNISTD_H
#define _ASM_WASM_UNISTD_H

#include <uapi/asm/unistd.h>

#define __ARCH_WANT_SYS_CLONE

#define NR_syscalls	(__NR_syscalls)

#endif /* _ASM_WASM_UNISTD_H */
