// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory at boot: tells memblock and the page allocator what there is.
 * setup_arch() calls wasm_memory_init() once boot_info is filled in.
 *
 * One zone, one flat mem_map from address 0 to the end of KernelMemory. What
 * lies below _end (null page, early stack, hole, image) is reserved, as is the
 * initramfs, which init/initramfs.c gives back after unpacking it: to the page
 * allocator, and to the host until somebody allocates it.
 */
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/pfn.h>

#include <asm/host_abi.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/stacktrace.h>

/* Zeroes that nobody writes to. */
unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)] __page_aligned_bss;
EXPORT_SYMBOL(empty_zero_page);

static void __init reserve_initramfs(unsigned long memory_end)
{
#ifdef CONFIG_BLK_DEV_INITRD
	unsigned long start = boot_info.initramfs_addr;
	unsigned long size = boot_info.initramfs_bytes;

	if (!start || !size)
		return;
	if (!PAGE_ALIGNED(start) || start < __pa(_end) ||
	    size > memory_end || start > memory_end - size) {
		pr_err("initramfs at 0x%lx, %lu bytes, is not in free memory; ignored\n",
		       start, size);
		return;
	}
	memblock_reserve(start, PAGE_ALIGN(size));
	initrd_start = start;
	initrd_end = start + size;
	initrd_below_start_ok = 1;
#endif
}

/*
 * The weak one fills the pages with poison, which touches all of them again;
 * nobody has a use for them before they are allocated.
 */
void __init free_initrd_mem(unsigned long start, unsigned long end)
{
	unsigned long first = PAGE_ALIGN(start);
	unsigned long last = PAGE_ALIGN(end);

	host_page_discard((void *)first, last - first);
	free_reserved_area((void *)start, (void *)end, -1, "initrd");
}

void __init wasm_memory_init(void)
{
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { 0, };
	unsigned long end = boot_info.memory_bytes & PAGE_MASK;

	/* The last addresses stand for functions, and no end of a range wraps to 0. */
	if (!end || end > TRACE_BASE)
		end = TRACE_BASE;
	if (end <= PAGE_ALIGN(__pa(_end)))
		panic("%lu KiB of memory cannot hold the kernel", end >> 10);

	memblock_add(0, end);
	memblock_reserve(0, PAGE_ALIGN(__pa(_end)));
	reserve_initramfs(end);

	min_low_pfn = 0;
	max_low_pfn = PFN_DOWN(end);
	max_pfn = max_low_pfn;
	high_memory = __va(end);
	set_max_mapnr(max_pfn);

	max_zone_pfn[ZONE_NORMAL] = max_low_pfn;
	free_area_init(max_zone_pfn);
}

void __init mem_init(void)
{
	memblock_free_all();
}
