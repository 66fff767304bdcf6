/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The window that the running thread is in (vfork_window.c), or 0. A wasm
 * global, which every thread's instance has for itself: no thread-local access,
 * so it is there before the thread pointer is.
 */
	.globaltype	__vfork_current, i32
	.globl		__vfork_current
__vfork_current:
