/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kbuild insists on a linker script; wasm-ld has none and kernel/tools/wasm-ld
 * drops it. The layout is set by head.c (order of sections) and by the flags in
 * kernel/tools/wasm-ld (addresses).
 */
