/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook by which the kernel's watchdogs ask whether it was the host that
 * stood still. Generic code calls it KVM's; see kernel/time.c.
 */
#ifndef _ASM_WASM_KVM_PARA_H
#define _ASM_WASM_KVM_PARA_H

#include <asm-generic/kvm_para.h>

bool host_was_away(void);
#define kvm_check_and_clear_guest_paused	host_was_away

#endif /* _ASM_WASM_KVM_PARA_H */
