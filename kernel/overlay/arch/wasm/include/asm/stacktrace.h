/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses in stack traces; see kernel/stacktrace.c.
 */
#ifndef _ASM_WASM_STACKTRACE_H
#define _ASM_WASM_STACKTRACE_H

/* Entry of a stack trace = TRACE_BASE + number of the wasm function. */
#define TRACE_BASE	0xff000000UL

#endif /* _ASM_WASM_STACKTRACE_H */
