// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory figures of a task for /proc/PID/status, stat, statm, smaps and
 * smaps_rollup, in the words that machines with an MMU use. Replaces the weak
 * functions of fs/proc/task_nommu.c; the host knows what is resident. All of it
 * is the process's own: no two share a page.
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
void task_show_smap(struct seq_file *m, struct vm_area_struct *vma);
void task_show_smaps_rollup(struct seq_file *m, struct mm_struct *mm);

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

static void show_kib(struct seq_file *m, const char *name, unsigned long kib)
{
	seq_put_decimal_ull_width(m, name, kib, 8);
	seq_puts(m, " kB\n");
}

/* As __show_smap() of fs/proc/task_mmu.c. */
static void show_resident(struct seq_file *m, unsigned long kib, bool rollup)
{
	show_kib(m, "Rss:            ", kib);
	show_kib(m, "Pss:            ", kib);
	show_kib(m, "Pss_Dirty:      ", kib);
	if (rollup) {
		show_kib(m, "Pss_Anon:       ", kib);
		show_kib(m, "Pss_File:       ", 0);
		show_kib(m, "Pss_Shmem:      ", 0);
	}
	show_kib(m, "Shared_Clean:   ", 0);
	show_kib(m, "Shared_Dirty:   ", 0);
	show_kib(m, "Private_Clean:  ", 0);
	show_kib(m, "Private_Dirty:  ", kib);
	show_kib(m, "Referenced:     ", kib);
	show_kib(m, "Anonymous:      ", kib);
	show_kib(m, "Swap:           ", 0);
	show_kib(m, "SwapPss:        ", 0);
	show_kib(m, "Locked:         ", 0);
}

static void show_flags(struct seq_file *m, unsigned long flags)
{
	/* proc_pid_smaps(5), those that a mapping can have here. */
	static const struct {
		unsigned long flag;
		char name[4];
	} names[] = {
		{ VM_READ, "rd " },	{ VM_WRITE, "wr " },
		{ VM_EXEC, "ex " },	{ VM_SHARED, "sh " },
		{ VM_MAYREAD, "mr " },	{ VM_MAYWRITE, "mw " },
		{ VM_MAYEXEC, "me " },	{ VM_MAYSHARE, "ms " },
	};
	unsigned int i;

	seq_puts(m, "VmFlags: ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seq_puts(m, names[i].name);
	seq_putc(m, '\n');
}

void task_show_smap(struct seq_file *m, struct vm_area_struct *vma)
{
	show_kib(m, "Size:           ", (vma->vm_end - vma->vm_start) >> 10);
	show_kib(m, "KernelPageSize: ", PAGE_SIZE >> 10);
	show_kib(m, "MMUPageSize:    ", PAGE_SIZE >> 10);
	show_resident(m, resident_kib(vma->vm_mm, vma->vm_start, vma->vm_end),
		      false);
	show_flags(m, vma->vm_flags);
}

void task_show_smaps_rollup(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long kib = 0, start = 0, end = 0;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma) {
		if (!end)
			start = vma->vm_start;
		end = vma->vm_end;
		kib += resident_kib(mm, vma->vm_start, end);
	}
	seq_setwidth(m, 25 + sizeof(void *) * 6 - 1);
	seq_printf(m, "%08lx-%08lx ---p 00000000 00:00 0 ", start, end);
	seq_pad(m, ' ');
	seq_puts(m, "[rollup]\n");
	show_resident(m, kib, true);
}
