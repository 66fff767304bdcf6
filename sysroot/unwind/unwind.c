/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libunwind.a: what Rust's std asks of an unwinder in a program that aborts on
 * panic. A wasm program cannot walk its own stack: a backtrace is empty (the
 * kernel log has one for a trap).
 */
struct _Unwind_Context;
struct _Unwind_Exception;

enum { URC_END_OF_STACK = 5 };

int _Unwind_Backtrace(int (*visit)(struct _Unwind_Context *, void *), void *arg)
{
	return URC_END_OF_STACK;
}

unsigned long _Unwind_GetIP(struct _Unwind_Context *context)
{
	return 0;
}

unsigned long _Unwind_GetIPInfo(struct _Unwind_Context *context, int *before)
{
	*before = 0;
	return 0;
}

unsigned long _Unwind_GetCFA(struct _Unwind_Context *context)
{
	return 0;
}

void *_Unwind_FindEnclosingFunction(void *pc)
{
	return 0;
}

unsigned long _Unwind_GetTextRelBase(struct _Unwind_Context *context)
{
	return 0;
}

unsigned long _Unwind_GetDataRelBase(struct _Unwind_Context *context)
{
	return 0;
}

int _Unwind_RaiseException(struct _Unwind_Exception *exception)
{
	return URC_END_OF_STACK;
}

void _Unwind_DeleteException(struct _Unwind_Exception *exception)
{
}
