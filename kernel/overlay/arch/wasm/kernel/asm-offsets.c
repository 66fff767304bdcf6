// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kbuild wants offsets for assembly; entry.S needs none.
 */
#define COMPILE_OFFSETS
