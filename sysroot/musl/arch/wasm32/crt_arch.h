/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Program entry. The kernel calls _start(sp); sp addresses argc, argv, envp,
 * auxv. Constructors are not in an array that libc walks: wasm-ld gathers them
 * in __wasm_call_ctors.
 */
#define _start_c _start

void __wasm_call_ctors(void);

void __libc_start_init(void)
{
	__wasm_call_ctors();
}

/* clang's name for main(int, char **); libc.a has one for main(void). */
int __main_argc_argv(int, char **);

static int call_main(int argc, char **argv, char **envp)
{
	return __main_argc_argv(argc, argv);
}

#define main call_main
