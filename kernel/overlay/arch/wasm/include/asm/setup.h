/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host told at boot, and who is called when. See kernel/setup.c.
 */
#ifndef _ASM_WASM_SETUP_H
#define _ASM_WASM_SETUP_H

#include <asm-generic/setup.h>

#ifndef __ASSEMBLY__

#include <linux/init.h>
#include <asm/host_abi.h>

/* Filled in by the first lines of setup_arch(), constant afterwards. */
extern struct boot_info boot_info;

void __init early_console_register(void);
void __init wasm_memory_init(void);
void __init smp_setup_vcpus(void);

#endif /* __ASSEMBLY__ */
#endif /* _ASM_WASM_SETUP_H */
