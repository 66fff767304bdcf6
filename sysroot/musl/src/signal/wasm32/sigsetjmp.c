/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* sigsetjmp is a macro over setjmp, which the compiler must see: no function. */
