/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * System call numbers of the user ABI: generated from scripts/syscall.tbl with
 * the choice of kernel/Makefile.syscalls.
 */
#ifndef _UAPI_ASM_WASM_UNISTD_H
#define _UAPI_ASM_WASM_UNISTD_H

#include <asm/unistd_32.h>

#endif /* _UAPI_ASM_WASM_UNISTD_H */
