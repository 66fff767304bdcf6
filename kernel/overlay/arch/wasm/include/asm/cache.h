/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache lines are the host's: 64 bytes on the machines we run on. Only padding
 * against false sharing depends on it.
 */
#ifndef _ASM_WASM_CACHE_H
#define _ASM_WASM_CACHE_H

#define L1_CACHE_SHIFT	6
#define L1_CACHE_BYTES	(1 << L1_CACHE_SHIFT)

#endif /* _ASM_WASM_CACHE_H */
