// SPDX-License-Identifier: GPL-2.0-only
/*
 * __multi3(): the product of two 128-bit numbers. clang calls it for every such
 * multiplication; wasm has none wider than 64 bits.
 *
 * Invariant: no 128-bit multiplication in here.
 */

#include <linux/limits.h>
#include <linux/types.h>

typedef unsigned __int128 u128_t;

u128_t __multi3(u128_t a, u128_t b);

/* The full product of two 64-bit numbers, from four 32-bit ones. */
static u128_t multiply_words(u64 a, u64 b)
{
	u64 low = (a & U32_MAX) * (b & U32_MAX);
	u64 middle1 = (a >> 32) * (b & U32_MAX) + (low >> 32);
	u64 middle2 = (a & U32_MAX) * (b >> 32) + (middle1 & U32_MAX);
	u64 high = (a >> 32) * (b >> 32) + (middle1 >> 32) + (middle2 >> 32);

	return (u128_t)high << 64 | middle2 << 32 | (low & U32_MAX);
}

u128_t __multi3(u128_t a, u128_t b)
{
	u64 a_low = a, a_high = a >> 64;
	u64 b_low = b, b_high = b >> 64;
	u128_t product = multiply_words(a_low, b_low);

	return product + ((u128_t)(a_low * b_high + a_high * b_low) << 64);
}
