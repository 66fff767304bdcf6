/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The start code calls __main_argc_argv, which is clang's name for
 * main(int, char **). A program whose main takes no arguments defines "main",
 * which the compiler wraps to take two; this member is linked then.
 */
int __program_main(int, char **) __asm__("main");

int __main_argc_argv(int argc, char **argv)
{
	return __program_main(argc, argv);
}
