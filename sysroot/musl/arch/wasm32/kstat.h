/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Empty: the kernel has statx only. */
