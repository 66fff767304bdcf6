/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* No ptrace register set: a wasm frame's locals are out of the kernel's reach. */
#include <signal.h>

#define ELF_NGREG 16
typedef unsigned long elf_greg_t, elf_gregset_t[ELF_NGREG];
typedef unsigned long elf_fpregset_t;
