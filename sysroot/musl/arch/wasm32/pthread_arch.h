/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The thread pointer is wasm's own __tls_base global, which every instance
 * (every thread) has for itself:
 *
 *     struct pthread | thread-local variables
 *                    ^ __tls_base
 */
static inline uintptr_t __get_tp(void)
{
	return (uintptr_t)__builtin_wasm_tls_base();
}

#define TLS_ABOVE_TP
#define GAP_ABOVE_TP 0
