/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* longjmp and its other name, as functions: for callers through a pointer. */
#include <setjmp.h>
#include <features.h>

_Noreturn void __wasm_longjmp(void *, int);

_Noreturn void __longjmp(jmp_buf buf, int value)
{
	__wasm_longjmp(buf, value);
}

weak_alias(__longjmp, longjmp);
weak_alias(__longjmp, _longjmp);
