// SPDX-License-Identifier: GPL-2.0-only
/*
 * ProcessMemory of an mm: creation, growth, destruction, copies by handle, and
 * the machine-wide limit. Talks to the host; called by fork.c through
 * asm/mmu_context.h, by mmap, and by the program loader.
 *
 * Invariants:
 * - A handle belongs to one mm and dies with it.
 * - user_pages is the sum of mm->context.charged over all mms and never exceeds
 *   boot_info.user_pages_limit. The machine's statistics count the same pages.
 * - Memory that no mapping covers is zero, except for what the process itself
 *   has written to it against the rules.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include <asm/host_abi.h>
#include <asm/mmu_context.h>
#include <asm/process_memory.h>
#include <asm/processor.h>
#include <asm/setup.h>

/* Growing costs a host call; do it rarely. */
#define GROW_STEP	SZ_1M

/* The last 64 KiB of the 4 GiB stay out, so that no length becomes 0. */
#define MAX_WASM_PAGES	((unsigned int)(TASK_SIZE >> WASM_PAGE_SHIFT))

static atomic_long_t user_pages = ATOMIC_LONG_INIT(0);

/* Memory that the page allocator does not know of; see mm/show_mem.c. */
unsigned long arch_user_pages(void);

unsigned long arch_user_pages(void)
{
	return atomic_long_read(&user_pages);
}

/* For /proc/meminfo and its kin: AnonPages, Committed_AS. */
static void count_machine_wide(long pages)
{
	mod_node_page_state(NODE_DATA(0), NR_ANON_MAPPED, pages);
	vm_acct_memory(pages);
}

int init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	mm->context = (mm_context_t) { .memory = PROCESS_MEMORY_NONE };
	return 0;
}

void process_memory_release(struct mm_struct *mm)
{
	int memory = mm->context.memory;

	if (mm->context.charged)
		process_memory_uncharge(mm, mm->context.charged);
	mm->context.memory = PROCESS_MEMORY_NONE;
	mm->context.wasm_pages = 0;
	if (memory >= 0)
		host_memory_destroy(memory);
}

void destroy_context(struct mm_struct *mm)
{
	process_memory_release(mm);
}

int process_memory_create(struct mm_struct *mm, u32 wasm_pages)
{
	int memory;

	if (WARN_ON_ONCE(mm->context.memory >= 0))
		return -EBUSY;
	if (wasm_pages > MAX_WASM_PAGES)
		return -ENOMEM;
	memory = host_memory_create(wasm_pages);
	if (memory < 0)
		return memory;
	mm->context.memory = memory;
	mm->context.wasm_pages = wasm_pages;
	return 0;
}

int process_memory_reach(struct mm_struct *mm, unsigned long end)
{
	unsigned int need = ((end - 1) >> WASM_PAGE_SHIFT) + 1;	/* end may be near 4 GiB */
	unsigned int want = ALIGN(need, GROW_STEP >> WASM_PAGE_SHIFT);
	int err;

	mmap_assert_write_locked(mm);
	if (need <= mm->context.wasm_pages)
		return 0;
	if (need > MAX_WASM_PAGES)
		return -ENOMEM;

	want = min(want, MAX_WASM_PAGES);
	err = host_memory_grow(mm->context.memory, want);
	if (err && want != need) {
		want = need;
		err = host_memory_grow(mm->context.memory, want);
	}
	if (!err)
		mm->context.wasm_pages = want;
	return err;
}

bool process_memory_charge(struct mm_struct *mm, unsigned long pages)
{
	long limit = min_t(unsigned long, boot_info.user_pages_limit, LONG_MAX);

	if (atomic_long_add_return(pages, &user_pages) > limit) {
		atomic_long_sub(pages, &user_pages);
		return false;
	}
	mm->context.charged += pages;
	/* For what wants a number without asking the host: stat, the OOM killer. */
	add_mm_counter(mm, MM_ANONPAGES, pages);
	mm->hiwater_rss = max(mm->hiwater_rss, mm->context.charged);
	count_machine_wide(pages);
	return true;
}

void process_memory_uncharge(struct mm_struct *mm, unsigned long pages)
{
	atomic_long_sub(pages, &user_pages);
	mm->context.charged -= pages;
	add_mm_counter(mm, MM_ANONPAGES, -(long)pages);
	count_machine_wide(-(long)pages);
}

unsigned long process_memory_read(struct mm_struct *mm, void *to,
				  unsigned long from, unsigned long len)
{
	if (mm->context.memory < 0)
		return len;
	return host_memory_read(mm->context.memory, to, from, len);
}

unsigned long process_memory_write(struct mm_struct *mm, unsigned long to,
				   const void *from, unsigned long len)
{
	if (mm->context.memory < 0)
		return len;
	return host_memory_write(mm->context.memory, to, from, len);
}
