/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's page, not wasm's 64 KiB page. */
#define PAGESIZE 4096
