/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code has no addresses: the "address of this instruction" is 0.
 */
#ifndef _ASM_WASM_LINKAGE_H
#define _ASM_WASM_LINKAGE_H

#define _THIS_IP_	(0UL)

#endif /* _ASM_WASM_LINKAGE_H */
