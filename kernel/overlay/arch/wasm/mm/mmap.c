// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap and munmap. Called through mm/util.c (vm_mmap_pgoff) and the system
 * calls; builds on vma.c.
 *
 * A mapping is always a private copy in the ProcessMemory:
 *
 *   anonymous, private or shared    zero pages (threads share them anyway)
 *   MAP_PRIVATE of a file           read in at once
 *   MAP_SHARED of a file, PROT_READ read in at once; later writes to the file
 *                                   do not show
 *   MAP_SHARED of a file, writable  refused with ENODEV, as documented in
 *                                   Documentation/admin-guide/mm/nommu-mmap.rst
 *                                   for what cannot be mapped directly
 *
 * The host enforces what the protection forbids: see vma_protect(). Execution it
 * cannot forbid, since code is not in memory.
 */
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/security.h>
#include <linux/syscalls.h>

#include <asm/processor.h>
#include "internal.h"

/* In mm/util.c; declared in mm/internal.h, which is not for architectures. */
unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr,
			    unsigned long len, unsigned long prot,
			    unsigned long flag, unsigned long pgoff);

#define MEM_MINOR_ZERO	5

static bool is_dev_zero(struct file *file)
{
	dev_t dev = file_inode(file)->i_rdev;

	return S_ISCHR(file_inode(file)->i_mode) &&
	       dev == MKDEV(MEM_MAJOR, MEM_MINOR_ZERO);
}

/* Can the file's contents be copied at all? */
static bool can_read_in(struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;

	if (!S_ISREG(mode) && !S_ISBLK(mode))
		return false;
	if (file->f_op->mmap_capabilities &&
	    !(file->f_op->mmap_capabilities(file) & NOMMU_MAP_COPY))
		return false;
	return file->f_mode & FMODE_CAN_READ;
}

/*
 * Files that are made up as they are read, under locks that come before the
 * mmap lock, cannot be read in; other architectures do not map them either.
 */
static int check_filesystem(struct file *file)
{
	switch (file_inode(file)->i_sb->s_magic) {
	case PROC_SUPER_MAGIC:
		return -EIO;
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return -ENODEV;
	default:
		return 0;
	}
}

/*
 * Checks a mapping of a file and adjusts the flags, in the order of tests that
 * other architectures have.
 */
static int check_file(struct file *file, unsigned long prot,
		      unsigned long flags, vm_flags_t *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~(unsigned long)LEGACY_MAP_MASK)
			return -EOPNOTSUPP;
		fallthrough;
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		if (IS_APPEND(file_inode(file)) && (file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_MAYSHARE;
		*vm_flags &= ~VM_MAYWRITE;
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}

	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (path_noexec(&file->f_path)) {
		if (*vm_flags & VM_EXEC)
			return -EPERM;
		*vm_flags &= ~VM_MAYEXEC;
	}
	if (!file->f_op->mmap || !can_read_in(file))
		return -ENODEV;
	if ((*vm_flags & VM_MAYSHARE) && (prot & PROT_WRITE))
		return -ENODEV;
	return check_filesystem(file);
}

static int check_anonymous(unsigned long flags, vm_flags_t *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		return 0;
	default:
		return -EINVAL;
	}
}

/* Finds the place of a mapping, or makes room for it at a fixed one. */
static unsigned long find_place(struct mm_struct *mm, unsigned long addr,
				unsigned long len, unsigned long flags)
{
	unsigned long reach = (unsigned long)mm->context.wasm_pages << WASM_PAGE_SHIFT;
	int err;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (offset_in_page(addr))
			return -EINVAL;
		if (len > TASK_SIZE || addr > TASK_SIZE - len)
			return -ENOMEM;
		if (addr < FIRST_USER_ADDRESS)
			return -EPERM;
		err = security_mmap_addr(addr);
		if (err)
			return err;
		if (!find_vma_intersection(mm, addr, addr + len))
			return addr;
		if (flags & MAP_FIXED_NOREPLACE)
			return -EEXIST;
		err = do_munmap(mm, addr, len, NULL);
		return err ? err : addr;
	}

	/* A hint is taken where that does not stretch the memory. */
	addr = PAGE_ALIGN(addr);
	if (addr >= mm->context.mmap_base && len <= reach && addr <= reach - len &&
	    !find_vma_intersection(mm, addr, addr + len))
		return addr;

	addr = vma_find_room(mm, mm->context.mmap_base, len);
	if (IS_ERR_VALUE(addr))	/* below there may be room that brk has not used */
		addr = vma_find_room(mm, FIRST_USER_ADDRESS, len);
	return addr;
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len,
		      unsigned long prot, unsigned long flags,
		      vm_flags_t vm_flags, unsigned long pgoff,
		      unsigned long *populate, struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err;

	*populate = 0;

	if (!len)
		return -EINVAL;
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->context.memory < 0)
		return -ENOMEM;

	if (file && is_dev_zero(file))
		file = NULL;
	if ((prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC) &&
	    !(file && path_noexec(&file->f_path)))
		prot |= PROT_EXEC;

	vm_flags |= calc_vm_prot_bits(prot, 0) | calc_vm_flag_bits(file, flags) |
		    mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	/* Stacks do not grow: they are ordinary memory here. */
	vm_flags &= ~(VM_GROWSDOWN | VM_GROWSUP);

	/* Before anything that is there gets unmapped. */
	if (file) {
		err = check_file(file, prot, flags, &vm_flags);
	} else {
		err = check_anonymous(flags, &vm_flags);
		pgoff = 0;
	}
	if (err)
		return err;

	addr = find_place(mm, addr, len, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (!vma_within_limits(mm, vm_flags, len >> PAGE_SHIFT))
		return -ENOMEM;

	if (file || !vma_join(mm, addr, addr + len, vm_flags)) {
		vma = vma_enter(mm, file, addr, addr + len, vm_flags, pgoff);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
	}
	err = file ? vma_read_file(vma, addr) :
		     vma_protect(mm, addr, addr + len, VM_ACCESS_BITS, vm_flags);
	if (err) {
		do_munmap(mm, addr, len, NULL);
		return err;
	}
	return addr;
}

unsigned long ksys_mmap_pgoff(unsigned long addr, unsigned long len,
			      unsigned long prot, unsigned long flags,
			      unsigned long fd, unsigned long pgoff)
{
	struct file *file = NULL;
	unsigned long ret;

	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
	}
	ret = vm_mmap_pgoff(file, addr, len, prot, flags, pgoff);
	if (file)
		fput(file);
	return ret;
}

SYSCALL_DEFINE6(mmap_pgoff, unsigned long, addr, unsigned long, len,
		unsigned long, prot, unsigned long, flags,
		unsigned long, fd, unsigned long, pgoff)
{
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, pgoff);
}

int vm_munmap(unsigned long addr, size_t len)
{
	struct mm_struct *mm = current->mm;
	int err;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = do_munmap(mm, addr, len, NULL);
	mmap_write_unlock(mm);
	return err;
}
EXPORT_SYMBOL(vm_munmap);

SYSCALL_DEFINE2(munmap, unsigned long, addr, size_t, len)
{
	return vm_munmap(addr, len);
}
