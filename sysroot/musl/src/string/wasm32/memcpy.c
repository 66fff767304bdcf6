/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One wasm instruction, which the engine does faster than a loop from 40 bytes on. */
#include <string.h>

void *memcpy(void *restrict dest, const void *restrict src, size_t n)
{
	return __builtin_memcpy(dest, src, n);
}
