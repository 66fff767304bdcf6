/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Gives the calling thread's variables their first values again. */
#include "pthread_impl.h"

hidden void __wasm_init_tls(void *);

void __reset_tls()
{
	__wasm_init_tls((void *)__get_tp());
}
