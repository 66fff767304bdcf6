/* SPDX-License-Identifier: GPL-2.0-only */
/* The boot console over host_early_print(); see drivers/early_console.c. */
#ifndef _ASM_WASM_EARLY_CONSOLE_H
#define _ASM_WASM_EARLY_CONSOLE_H

#include <linux/init.h>

void __init early_console_register(void);

#endif /* _ASM_WASM_EARLY_CONSOLE_H */
