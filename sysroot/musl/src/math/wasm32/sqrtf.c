/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One wasm instruction. */
#include <math.h>

float sqrtf(float x)
{
	return __builtin_sqrtf(x);
}
