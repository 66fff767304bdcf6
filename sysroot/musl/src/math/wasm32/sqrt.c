/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One wasm instruction. */
#include <math.h>

double sqrt(double x)
{
	return __builtin_sqrt(x);
}
