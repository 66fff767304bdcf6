/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs are wasm modules; these are for generic code that wants the types.
 */
#ifndef _ASM_WASM_ELF_H
#define _ASM_WASM_ELF_H

#define ELF_CLASS	ELFCLASS32
#define ELF_DATA	ELFDATA2LSB
#define ELF_ARCH	EM_NONE

#define ELF_NGREG	1
typedef unsigned long elf_greg_t;
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct { } elf_fpregset_t;

#define elf_check_arch(hdr)	0
#define ELF_EXEC_PAGESIZE	4096
#define ELF_HWCAP		0
#define ELF_PLATFORM		NULL

#endif /* _ASM_WASM_ELF_H */
