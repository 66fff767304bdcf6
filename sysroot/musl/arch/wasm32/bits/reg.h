/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Word size, for <sys/reg.h>. */
#undef __WORDSIZE
#define __WORDSIZE 32
