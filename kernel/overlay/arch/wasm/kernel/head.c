// SPDX-License-Identifier: GPL-2.0-only
/*
 * The linker script, as a C file.
 *
 * wasm-ld has no scripts. It puts out .rodata* and .data*, then segments of
 * other names in the order in which it first meets them, then .bss*. Chunks of
 * one name follow each other in link order. This file is linked first
 * (scripts/head-object-list.txt), so an empty array here, in a section of a
 * given name, marks that section's start, and an empty array in a section of
 * its own after it marks the end.
 *
 * C-identifier section names need no markers: wasm-ld gives __start_ and
 * __stop_ symbols for them.
 */
#include <linux/linkage.h>
#include <linux/sched/task.h>
#include <linux/sched.h>

/* The C name differs: generic headers declare the symbol with other types. */
#define MARKER(name, where)						\
	char marker_##name[0] __asm__(#name) __used			\
		__attribute__((section(where), aligned(1)))

/* Bounds of the merged sections: only their starts can be marked here. */
MARKER(__start_rodata, ".rodata");
MARKER(_sdata, ".data");
MARKER(_data, ".data");
/* .bss comes last, behind segments that this file does not name. */
MARKER(_edata, ".bss");
MARKER(__bss_start, ".bss");

/* Code has no place in memory: these ranges of "text" are empty. */
MARKER(_sinittext, ".rodata");
MARKER(_einittext, ".rodata");
MARKER(__irqentry_text_start, ".rodata");
MARKER(__irqentry_text_end, ".rodata");
MARKER(__softirqentry_text_start, ".rodata");
MARKER(__softirqentry_text_end, ".rodata");
MARKER(__sched_text_start, ".rodata");
MARKER(__sched_text_end, ".rodata");
MARKER(__lock_text_start, ".rodata");
MARKER(__lock_text_end, ".rodata");
MARKER(__cpuidle_text_start, ".rodata");
MARKER(__cpuidle_text_end, ".rodata");
MARKER(__kprobes_text_start, ".rodata");
MARKER(__kprobes_text_end, ".rodata");
MARKER(__entry_text_start, ".rodata");
MARKER(__entry_text_end, ".rodata");
MARKER(__noinstr_text_start, ".rodata");
MARKER(__noinstr_text_end, ".rodata");

/* Merged into .data, so no bounds: nothing is made read-only. */
MARKER(__start_ro_after_init, ".data");
MARKER(__end_ro_after_init, ".data");
MARKER(__start_once, ".data");
MARKER(__end_once, ".data");

/* Scheduling classes, in order of priority: compared by address. */
MARKER(__sched_class_highest, "__stop_sched_class");
MARKER(__sched_class_order_dl, "__dl_sched_class");
MARKER(__sched_class_order_rt, "__rt_sched_class");
MARKER(__sched_class_order_fair, "__fair_sched_class");
MARKER(__sched_class_order_ext, "__ext_sched_class");
MARKER(__sched_class_order_idle, "__idle_sched_class");
MARKER(__sched_class_lowest, "__sched_class_end");

/* No user access faults in kernel code, no bug table, no ELF notes: empty. */
MARKER(__start___ex_table, "empty_tables");
MARKER(__stop___ex_table, "empty_tables");
MARKER(__start___bug_table, "empty_tables");
MARKER(__stop___bug_table, "empty_tables");
MARKER(__start_notes, "empty_tables");
MARKER(__stop_notes, "empty_tables");

MARKER(__end_rodata, "__end_rodata_section");

/* Init data is not freed: sections of other kinds stand between. */
MARKER(__init_begin, "__init_markers");
MARKER(__init_end, "__init_markers");

MARKER(__setup_start, ".init.setup");
MARKER(__setup_end, ".init.setup_end");

#define INITCALL_LEVEL(level)						\
	MARKER(__initcall##level##_start, ".initcall" #level ".init");	\
	MARKER(__initcall##level##s_start, ".initcall" #level "s.init")

MARKER(__initcall_start, ".initcallearly.init");
INITCALL_LEVEL(0);
INITCALL_LEVEL(1);
INITCALL_LEVEL(2);
INITCALL_LEVEL(3);
INITCALL_LEVEL(4);
INITCALL_LEVEL(5);
MARKER(__initcallrootfs_start, ".initcallrootfs.init");
INITCALL_LEVEL(6);
INITCALL_LEVEL(7);
MARKER(__initcall_end, ".initcall_end");

/* Tables of the tracer, whose bounds have other names than their sections. */
MARKER(__start_ftrace_events, "_ftrace_events");
MARKER(__stop_ftrace_events, "_ftrace_events_end");
MARKER(__start_ftrace_eval_maps, "_ftrace_eval_map");
MARKER(__stop_ftrace_eval_maps, "_ftrace_eval_map_end");
MARKER(__start___trace_bprintk_fmt, "__trace_printk_fmt");
MARKER(__stop___trace_bprintk_fmt, "__trace_printk_fmt_end");

MARKER(__con_initcall_start, ".con_initcall.init");
MARKER(__con_initcall_end, ".con_initcall_end");

MARKER(__start_lsm_info, ".lsm_info.init");
MARKER(__end_lsm_info, ".lsm_info_end");
MARKER(__start_early_lsm_info, ".early_lsm_info.init");
MARKER(__end_early_lsm_info, ".early_lsm_info_end");

MARKER(__kunit_suites_start, ".kunit_test_suites");
MARKER(__kunit_suites_end, ".kunit_test_suites_end");
MARKER(__kunit_init_suites_start, ".kunit_init_test_suites");
MARKER(__kunit_init_suites_end, ".kunit_init_test_suites_end");

/* Tables of device tree matches: the entry that ends each has a section of its own. */
#define OF_TABLE_MARKERS(name)						\
	MARKER(__##name##_of_table, "__" #name "_of_table");		\
	MARKER(__##name##_of_table_stop, "__" #name "_of_table_end")

OF_TABLE_MARKERS(clk);
OF_TABLE_MARKERS(irqchip);
OF_TABLE_MARKERS(reservedmem);

MARKER(__start_builtin_fw, ".builtin_fw");
MARKER(__end_builtin_fw, ".builtin_fw_end");

MARKER(__initramfs_start, ".init.ramfs");
MARKER(__initramfs_info, ".init.ramfs.info");

/* Per-CPU data, copied for each CPU; the page and line alignments inside hold. */
char marker___per_cpu_load[0] __asm__("__per_cpu_load") __used
	__attribute__((section("percpu..first"), aligned(4096)));
MARKER(__per_cpu_start, "percpu..first");
MARKER(__per_cpu_order_pages, "percpu..page_aligned");
MARKER(__per_cpu_order_read_mostly, "percpu..read_mostly");
MARKER(__per_cpu_order, "percpu");
MARKER(__per_cpu_order_shared, "percpu..shared_aligned");
MARKER(__per_cpu_end, "percpu_end");

/* The boot CPU's kernel stack. */
unsigned long init_stack[THREAD_SIZE / sizeof(unsigned long)] __aligned(16);
