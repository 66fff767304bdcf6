/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Run time of setjmp. The compiler turns a function that calls setjmp into one
 * that catches the exception __c_longjmp, and calls these three (LLVM's
 * WebAssemblyLowerEmscriptenEHSjLj). The exception's value is the address of
 * two words: the jmp_buf and longjmp's value.
 */
#include <setjmp.h>
#include <stdint.h>

/* Number of the tag __c_longjmp for __builtin_wasm_throw. */
#define C_LONGJMP 1

struct jump {
	void *activation;
	uint32_t label;
	struct {
		void *env;
		int value;
	} thrown;
};

_Static_assert(sizeof(struct jump) <= sizeof(__jmp_buf), "jmp_buf is too small");

void __wasm_setjmp(void *env, uint32_t label, void *activation)
{
	struct jump *jump = env;
	jump->activation = activation;
	jump->label = label;
}

/* The label to go on at, or 0 if this activation is not the one that is meant. */
uint32_t __wasm_setjmp_test(void *env, void *activation)
{
	struct jump *jump = env;
	return jump->activation == activation ? jump->label : 0;
}

_Noreturn void __wasm_longjmp(void *env, int value)
{
	struct jump *jump = env;
	jump->thrown.env = env;
	jump->thrown.value = value ? value : 1;
	__builtin_wasm_throw(C_LONGJMP, &jump->thrown);
}
