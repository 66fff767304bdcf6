/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The tag of longjmp's exception; its value is an address (setjmp.c). */
	.globl	__c_longjmp
	.tagtype __c_longjmp i32
__c_longjmp:
