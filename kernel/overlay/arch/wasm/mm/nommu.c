// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the rest of the kernel expects of mm/nommu.c apart from process
 * mappings: the vmalloc family, vmap, mapping of kernel pages into processes
 * (refused), access to another process's memory, and a few globals.
 *
 * vmalloc memory is kmalloc memory: KernelMemory is flat.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swapops.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include <asm/process_memory.h>

void *high_memory;
EXPORT_SYMBOL(high_memory);
struct page *mem_map;
EXPORT_SYMBOL(mem_map);
unsigned long max_mapnr;
EXPORT_SYMBOL(max_mapnr);
unsigned long highest_memmap_pfn;
int sysctl_nr_trim_pages = CONFIG_NOMMU_INITIAL_TRIM_EXCESS;
int heap_stack_gap;

/* In mm/memory.c where there is an MMU: log programs that die of a fault. */
int show_unhandled_signals = 1;

/* Shown by /proc; always empty, since mappings have no regions here. */
atomic_long_t mmap_pages_allocated;
struct rb_root nommu_region_tree = RB_ROOT;
DECLARE_RWSEM(nommu_region_sem);

const struct vm_operations_struct generic_file_vm_ops = {
};

/* shmem's get_unmapped_area names it; do_mmap() finds places itself. */
unsigned long mm_get_unmapped_area(struct mm_struct *mm, struct file *file,
				   unsigned long addr, unsigned long len,
				   unsigned long pgoff, unsigned long flags)
{
	return -ENODEV;
}

/* The trace event belongs to mm/memory.c. */
void mm_trace_rss_stat(struct mm_struct *mm, int member)
{
}

/* Bytes that a kernel object takes; for statistics only. */
unsigned int kobjsize(const void *objp)
{
	struct page *page;

	if (!objp || !virt_addr_valid(objp))
		return 0;
	page = virt_to_head_page(objp);
	return PageSlab(page) ? ksize(objp) : page_size(page);
}

void vfree(const void *addr)
{
	kfree(addr);
}
EXPORT_SYMBOL(vfree);

void *__vmalloc_noprof(unsigned long size, gfp_t gfp_mask)
{
	/* The page allocator warns of such a size, which a program can ask for. */
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	return kmalloc_noprof(size, (gfp_mask | __GFP_COMP) & ~__GFP_HIGHMEM);
}
EXPORT_SYMBOL(__vmalloc_noprof);

void *vrealloc_noprof(const void *p, size_t size, gfp_t flags)
{
	return krealloc_noprof(p, size, (flags | __GFP_COMP) & ~__GFP_HIGHMEM);
}

void *__vmalloc_node_range_noprof(unsigned long size, unsigned long align,
				  unsigned long start, unsigned long end,
				  gfp_t gfp_mask, pgprot_t prot,
				  unsigned long vm_flags, int node,
				  const void *caller)
{
	return __vmalloc_noprof(size, gfp_mask);
}

void *__vmalloc_node_noprof(unsigned long size, unsigned long align,
			    gfp_t gfp_mask, int node, const void *caller)
{
	return __vmalloc_noprof(size, gfp_mask);
}

void *vmalloc_noprof(unsigned long size)
{
	return __vmalloc_noprof(size, GFP_KERNEL);
}
EXPORT_SYMBOL(vmalloc_noprof);

void *vmalloc_huge_noprof(unsigned long size, gfp_t gfp_mask)
{
	return __vmalloc_noprof(size, gfp_mask);
}

void *vzalloc_noprof(unsigned long size)
{
	return __vmalloc_noprof(size, GFP_KERNEL | __GFP_ZERO);
}
EXPORT_SYMBOL(vzalloc_noprof);

void *vmalloc_node_noprof(unsigned long size, int node)
{
	return vmalloc_noprof(size);
}
EXPORT_SYMBOL(vmalloc_node_noprof);

void *vzalloc_node_noprof(unsigned long size, int node)
{
	return vzalloc_noprof(size);
}
EXPORT_SYMBOL(vzalloc_node_noprof);

void *vmalloc_user_noprof(unsigned long size)
{
	return vzalloc_noprof(size);
}
EXPORT_SYMBOL(vmalloc_user_noprof);

void *vmalloc_32_noprof(unsigned long size)
{
	return vmalloc_noprof(size);
}
EXPORT_SYMBOL(vmalloc_32_noprof);

void *vmalloc_32_user_noprof(unsigned long size)
{
	return vzalloc_noprof(size);
}
EXPORT_SYMBOL(vmalloc_32_user_noprof);

struct page *vmalloc_to_page(const void *addr)
{
	return virt_to_page(addr);
}
EXPORT_SYMBOL(vmalloc_to_page);

unsigned long vmalloc_to_pfn(const void *addr)
{
	return virt_to_pfn(addr);
}
EXPORT_SYMBOL(vmalloc_to_pfn);

long vread_iter(struct iov_iter *iter, const char *addr, size_t count)
{
	/* Don't allow overflow */
	if ((unsigned long)addr + count < count)
		count = -(unsigned long)addr;
	return copy_to_iter(addr, count, iter);
}

/* Pages that happen to lie side by side can be seen as one; others cannot. */
void *vmap(struct page **pages, unsigned int count, unsigned long flags,
	   pgprot_t prot)
{
	unsigned int i;

	for (i = 1; i < count; i++)
		if (page_to_pfn(pages[i]) != page_to_pfn(pages[0]) + i)
			return NULL;
	return count ? page_address(pages[0]) : NULL;
}
EXPORT_SYMBOL(vmap);

void vunmap(const void *addr)
{
}
EXPORT_SYMBOL(vunmap);

void *vm_map_ram(struct page **pages, unsigned int count, int node)
{
	return vmap(pages, count, 0, PAGE_KERNEL);
}
EXPORT_SYMBOL(vm_map_ram);

void vm_unmap_ram(const void *mem, unsigned int count)
{
}
EXPORT_SYMBOL(vm_unmap_ram);

void vm_unmap_aliases(void)
{
}
EXPORT_SYMBOL_GPL(vm_unmap_aliases);

void free_vm_area(struct vm_struct *area)
{
	BUG();
}
EXPORT_SYMBOL_GPL(free_vm_area);

/* Kernel pages cannot be put into a ProcessMemory. */

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page)
{
	return -EINVAL;
}
EXPORT_SYMBOL(vm_insert_page);

int vm_insert_pages(struct vm_area_struct *vma, unsigned long addr,
		    struct page **pages, unsigned long *num)
{
	return -EINVAL;
}
EXPORT_SYMBOL(vm_insert_pages);

int vm_map_pages(struct vm_area_struct *vma, struct page **pages,
		 unsigned long num)
{
	return -EINVAL;
}
EXPORT_SYMBOL(vm_map_pages);

int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages,
		      unsigned long num)
{
	return -EINVAL;
}
EXPORT_SYMBOL(vm_map_pages_zero);

int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn, unsigned long size, pgprot_t prot)
{
	return -EINVAL;
}
EXPORT_SYMBOL(remap_pfn_range);

int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start,
		    unsigned long len)
{
	return -EINVAL;
}
EXPORT_SYMBOL(vm_iomap_memory);

int remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
			unsigned long pgoff)
{
	return -EINVAL;
}
EXPORT_SYMBOL(remap_vmalloc_range);

vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	BUG();
	return 0;
}
EXPORT_SYMBOL(filemap_fault);

vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff,
			     pgoff_t end_pgoff)
{
	BUG();
	return 0;
}
EXPORT_SYMBOL(filemap_map_pages);

/* Mappings are copies: no truncation can hurt them. */
int nommu_shrink_inode_mappings(struct inode *inode, size_t size,
				size_t newsize)
{
	return 0;
}

struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm,
					    unsigned long addr,
					    struct pt_regs *regs)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (!vma)
		mmap_read_unlock(mm);
	return vma;
}

int expand_stack_locked(struct vm_area_struct *vma, unsigned long addr)
{
	return -ENOMEM;
}

struct vm_area_struct *expand_stack(struct mm_struct *mm, unsigned long addr)
{
	mmap_read_unlock(mm);
	return NULL;
}

/* Bytes in one piece from addr on that mappings cover, at most len. */
static int mapped_bytes(struct mm_struct *mm, unsigned long addr, int len)
{
	struct vm_area_struct *vma;
	unsigned long end = addr;
	VMA_ITERATOR(vmi, mm, addr);

	for_each_vma(vmi, vma) {
		if (vma->vm_start > end)
			break;
		end = vma->vm_end;
		if (end - addr >= len)
			return len;
	}
	return end - addr;
}

/* Returns how many bytes were copied: the mapped ones at the beginning. */
int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf,
		     int len, unsigned int gup_flags)
{
	int left;

	if (len <= 0 || addr + len < addr || mmap_read_lock_killable(mm))
		return 0;
	len = mapped_bytes(mm, addr, len);
	if (gup_flags & FOLL_WRITE)
		left = process_memory_write(mm, addr, buf, len);
	else
		left = process_memory_read(mm, buf, addr, len);
	mmap_read_unlock(mm);
	return len - left;
}

int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf,
		      int len, unsigned int gup_flags)
{
	struct mm_struct *mm = get_task_mm(tsk);

	if (!mm)
		return 0;
	len = access_remote_vm(mm, addr, buf, len, gup_flags);
	mmput(mm);
	return len;
}
EXPORT_SYMBOL_GPL(access_process_vm);

void __init mmap_init(void)
{
	if (percpu_counter_init(&vm_committed_as, 0, GFP_KERNEL))
		panic("no memory for vm_committed_as\n");
}

/* Reserves for overcommit mode 2, as on other machines. */
static int __init init_overcommit_reserves(void)
{
	unsigned long free_kbytes =
		global_zone_page_state(NR_FREE_PAGES) << (PAGE_SHIFT - 10);

	sysctl_user_reserve_kbytes = min(free_kbytes / 32, 1UL << 17);
	sysctl_admin_reserve_kbytes = min(free_kbytes / 32, 1UL << 13);
	return 0;
}
subsys_initcall(init_overcommit_reserves);
