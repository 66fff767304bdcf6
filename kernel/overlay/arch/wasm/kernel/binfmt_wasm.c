// SPDX-License-Identifier: GPL-2.0-only
/*
 * Program loader for wasm modules. Called by fs/exec.c; gets the program from
 * program_cache.c and a memory from mm/process_memory.c, puts the arguments on
 * the stack and lets process.c enter the program.
 *
 * The host places the module's data when it instantiates it; until then the
 * memory is zero but for the top of the stack:
 *
 *   stack_top   strings: execfn, envp, argv (as fs/exec.c has laid them out)
 *               platform, random bytes
 *               auxv, envp, argv, argc
 *   sp          -> argc, 16-byte aligned
 *
 * All that can fail for lack of something is done before the point of no
 * return, so that execve returns the error.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/times.h>
#include <linux/uaccess.h>

#include <asm/process_memory.h>
#include <asm/processor.h>
#include <asm/program.h>

static const char wasm_magic[4] = { '\0', 'a', 's', 'm' };
static const char platform[] = "wasm32";

#define RANDOM_BYTES	16

static int load_wasm_binary(struct linux_binprm *bprm);

static struct linux_binfmt wasm_format = {
	.load_binary	= load_wasm_binary,
};

/* Upper bound of what lies below the strings, apart from argv and envp. */
#define FIXED_STACK_BYTES \
	(sizeof(platform) + RANDOM_BYTES + sizeof_field(struct mm_struct, saved_auxv) + 64)

/* Will the arguments leave a quarter of the stack to the program? */
static bool arguments_fit(struct linux_binprm *bprm, const struct program_info *info)
{
	unsigned long stack = info->stack_top - USER_NULL_PAGE_BYTES;
	unsigned long strings = MAX_ARG_PAGES * PAGE_SIZE - bprm->p;
	unsigned long pointers = (bprm->argc + bprm->envc + 3) * sizeof(u32);

	return strings + pointers + FIXED_STACK_BYTES <= stack - stack / 4;
}

static bool layout_makes_sense(const struct program_info *info)
{
	u64 end = (u64)info->memory_pages << WASM_PAGE_SHIFT;

	return info->stack_top > USER_NULL_PAGE_BYTES && info->stack_top <= end &&
	       info->heap_base >= info->stack_top && info->heap_base <= TASK_SIZE;
}

/* Gives the new mm its memory, with stack and data entered as mappings. */
static int prepare_memory(struct mm_struct *mm, const struct program_info *info)
{
	unsigned long stack_end = PAGE_ALIGN(info->stack_top);
	int err;

	err = process_memory_create(mm, info->memory_pages);
	if (err)
		return err;
	mmap_write_lock(mm);
	err = process_memory_map_image(mm, USER_NULL_PAGE_BYTES, stack_end, VM_STACK);
	if (!err)
		err = process_memory_map_image(mm, stack_end,
					       PAGE_ALIGN(info->heap_base), 0);
	process_memory_set_heap(mm, info->heap_base);
	mm->start_data = info->stack_top;
	mm->end_data = info->heap_base;
	mmap_write_unlock(mm);
	return err;
}

/* Copies to the stack, which grows down; 0 if that is impossible. */
static unsigned long push(unsigned long sp, const void *bytes, size_t len)
{
	sp -= len;
	return copy_to_user((void __user *)sp, bytes, len) ? 0 : sp;
}

/* Fills in mm->saved_auxv; returns its length in words with the AT_NULL. */
static unsigned int make_auxv(struct linux_binprm *bprm, struct mm_struct *mm,
			      unsigned long platform_addr, unsigned long random_addr)
{
	const struct cred *cred = current_cred();
	unsigned long *v = mm->saved_auxv;
	unsigned long flags = 0;

	if (bprm->interp_flags & BINPRM_FLAGS_PRESERVE_ARGV0)
		flags |= AT_FLAGS_PRESERVE_ARGV0;

	memset(mm->saved_auxv, 0, sizeof(mm->saved_auxv));
#define ENTRY(id, value) do { *v++ = (id); *v++ = (unsigned long)(value); } while (0)
	ENTRY(AT_HWCAP, ELF_HWCAP);
	ENTRY(AT_PAGESZ, PAGE_SIZE);
	ENTRY(AT_CLKTCK, USER_HZ);
	ENTRY(AT_BASE, 0);
	ENTRY(AT_FLAGS, flags);
	ENTRY(AT_ENTRY, 0);
	ENTRY(AT_UID, from_kuid_munged(cred->user_ns, cred->uid));
	ENTRY(AT_EUID, from_kuid_munged(cred->user_ns, cred->euid));
	ENTRY(AT_GID, from_kgid_munged(cred->user_ns, cred->gid));
	ENTRY(AT_EGID, from_kgid_munged(cred->user_ns, cred->egid));
	ENTRY(AT_SECURE, bprm->secureexec);
	ENTRY(AT_RANDOM, random_addr);
	ENTRY(AT_EXECFN, bprm->exec);
	ENTRY(AT_PLATFORM, platform_addr);
	if (bprm->have_execfd)
		ENTRY(AT_EXECFD, bprm->execfd);
#undef ENTRY
	return v + 2 - mm->saved_auxv;
}

/* Writes pointers to count strings from *string on, and a null pointer. */
static int put_pointers(u32 __user **slot, unsigned long *string, int count)
{
	long len;

	while (count-- > 0) {
		if (put_user((u32)*string, (*slot)++))
			return -EFAULT;
		len = strnlen_user((const char __user *)*string, MAX_ARG_STRLEN);
		if (!len || len > MAX_ARG_STRLEN)
			return -EINVAL;
		*string += len;
	}
	return put_user(0, (*slot)++) ? -EFAULT : 0;
}

/* Lays out the initial stack; the stack pointer goes to mm->start_stack. */
static int make_stack(struct linux_binprm *bprm, struct mm_struct *mm,
		      unsigned long stack_top)
{
	unsigned long sp = stack_top, platform_addr, random_addr, string;
	u8 random[RANDOM_BYTES];
	unsigned int auxv_words;
	u32 __user *slot;
	int err;

	err = transfer_args_to_stack(bprm, &sp);
	if (err)
		return err;
	string = sp;

	get_random_bytes(random, sizeof(random));
	platform_addr = push(sp, platform, sizeof(platform));
	random_addr = push(ALIGN_DOWN(platform_addr, 16), random, sizeof(random));
	if (!platform_addr || !random_addr)
		return -EFAULT;

	auxv_words = make_auxv(bprm, mm, platform_addr, random_addr);
	sp = random_addr - (1 + bprm->argc + 1 + bprm->envc + 1 + auxv_words) * sizeof(u32);
	sp = ALIGN_DOWN(sp, 16);
	mm->start_stack = sp;

	slot = (u32 __user *)sp;
	if (put_user((u32)bprm->argc, slot++))
		return -EFAULT;
	mm->arg_start = string;
	err = put_pointers(&slot, &string, bprm->argc);
	mm->arg_end = string;
	mm->env_start = string;
	if (!err)
		err = put_pointers(&slot, &string, bprm->envc);
	mm->env_end = string;
	if (!err && copy_to_user(slot, mm->saved_auxv, auxv_words * sizeof(u32)))
		err = -EFAULT;
	return err;
}

static int start(struct linux_binprm *bprm, u32 handle, const struct program_info *info)
{
	int err;

	err = begin_new_exec(bprm);
	if (err)
		goto release;
	set_personality(PER_LINUX);
	setup_new_exec(bprm);

	program_set(current, handle);
	err = make_stack(bprm, current->mm, info->stack_top);
	if (err)
		return err;
	set_binfmt(&wasm_format);
	finalize_exec(bprm);
	start_thread(current_pt_regs(), handle, current->mm->start_stack);
	return 0;

release:
	program_release(handle);
	return err;
}

static int load_wasm_binary(struct linux_binprm *bprm)
{
	struct program_info info;
	int handle, err;

	if (memcmp(bprm->buf, wasm_magic, sizeof(wasm_magic)))
		return -ENOEXEC;
	handle = program_load(bprm->file, &info);
	if (handle < 0)
		return handle;

	err = -ENOEXEC;
	if (!layout_makes_sense(&info))
		goto release;
	err = -E2BIG;
	if (!arguments_fit(bprm, &info))
		goto release;
	err = prepare_memory(bprm->mm, &info);
	if (err)
		goto release;
	return start(bprm, handle, &info);

release:
	program_release(handle);
	return err;
}

static int __init init_wasm_binfmt(void)
{
	register_binfmt(&wasm_format);
	return 0;
}
core_initcall(init_wasm_binfmt);
