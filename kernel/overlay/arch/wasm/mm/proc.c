// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory figures of a task for /proc/PID/status, stat and statm, in the words
 * that machines with an MMU use. Replaces the weak functions of
 * fs/proc/task_nommu.c; the host knows what is resident.
 */
#include <linux/mm.h>
#include <linux/seq_file.h>

#include <asm/host_abi.h>
#include <asm/processor.h>

unsigned long task_vsize(struct mm_struct *mm);
unsigned long task_statm(struct mm_struct *mm, unsigned long *shared,
			 unsigned long *text, unsigned long *data,
			 unsigned long *resident);
void task_mem(struct seq_file *m, struct mm_struct *mm);

static unsigned long resident_kib(struct mm_struct *mm, unsigned long start,
				  unsigned long end)
{
	int memory = mm->context.memory;

	return memory < 0 ? 0 : host_memory_resident(memory, start, end - start);
}

static unsigned long resident_pages(struct mm_struct *mm)
{
	return resident_kib(mm, 0, TASK_SIZE) >> (PAGE_SHIFT - 10);
}

unsigned long task_vsize(struct mm_struct *mm)
{
	return mm->total_vm << PAGE_SHIFT;
}

unsigned long task_statm(struct mm_struct *mm, unsigned long *shared,
			 unsigned long *text, unsigned long *data,
			 unsigned long *resident)
{
	*shared = 0;
	*text = 0;		/* code is the host's */
	*data = mm->data_vm + mm->stack_vm;
	*resident = resident_pages(mm);
	return mm->total_vm;
}

static void show_pages(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_put_decimal_ull_width(m, name, pages << (PAGE_SHIFT - 10), 8);
	seq_puts(m, " kB\n");
}

void task_mem(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long resident = resident_pages(mm);

	show_pages(m, "VmPeak:\t", max(mm->hiwater_vm, mm->total_vm));
	show_pages(m, "VmSize:\t", mm->total_vm);
	show_pages(m, "VmLck:\t", 0);
	show_pages(m, "VmHWM:\t", max(mm->hiwater_rss, resident));
	show_pages(m, "VmRSS:\t", resident);
	show_pages(m, "RssAnon:\t", resident);
	show_pages(m, "RssFile:\t", 0);
	show_pages(m, "RssShmem:\t", 0);
	show_pages(m, "VmData:\t", mm->data_vm);
	show_pages(m, "VmStk:\t", mm->stack_vm);
	show_pages(m, "VmExe:\t", 0);
	show_pages(m, "VmLib:\t", 0);
	show_pages(m, "VmSwap:\t", 0);
}
