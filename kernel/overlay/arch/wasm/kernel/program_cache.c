// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that the host holds in compiled form: loading them from files,
 * counting who uses them, and finding them again. Called by binfmt_wasm.c and,
 * as tasks come and go, by process.c. Talks to the host with host_program_*.
 *
 * A program lives while a task runs it or the cache remembers it. The cache
 * finds it by what identifies the file's content without reading it: inode,
 * generation, size, times and, where there is one, the change count. It holds
 * no reference to the inode.
 *
 * Invariants:
 * - The table's xa_lock also guards the list and the counts.
 * - Whoever finds a program in the table under the lock may count a reference.
 * - A file that was written within the grain of its time stamps is not
 *   remembered: a later write might not change them.
 */
#define pr_fmt(fmt) "program: " fmt

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/iversion.h>
#include <linux/list.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <asm/host_abi.h>
#include <asm/program.h>

#define MAX_REMEMBERED	64
#define CHUNK_BYTES	SZ_128K

/* What a file's content depends on. Compared as bytes, so without padding. */
struct file_identity {
	const struct super_block *sb;
	const struct inode *inode;
	u64 ino;
	u64 version;
	u64 size;
	s64 mtime_ns;
	s64 ctime_ns;
	u32 generation;
	u32 dev;
};
static_assert(sizeof(struct file_identity) == 56);

struct program {
	u32 handle;
	unsigned int users;		/* tasks, callers, and 1 if remembered */
	bool remembered;
	struct list_head lru;		/* in remembered_programs, newest first */
	struct file_identity file;
	struct program_info info;
};

static DEFINE_XARRAY_FLAGS(programs, XA_FLAGS_LOCK_IRQ);	/* by handle */
static LIST_HEAD(remembered_programs);
static unsigned int remembered_count;

/* Woken whenever the host has finished loading some program. */
static DECLARE_WAIT_QUEUE_HEAD(program_wait);

static void identify(struct file *file, struct file_identity *id)
{
	struct inode *inode = file_inode(file);
	struct timespec64 mtime, ctime;

	memset(id, 0, sizeof(*id));
	id->sb = inode->i_sb;
	id->inode = inode;
	id->dev = inode->i_sb->s_dev;
	id->ino = inode->i_ino;
	id->generation = inode->i_generation;
	id->size = i_size_read(inode);
	mtime = inode_get_mtime(inode);
	id->mtime_ns = timespec64_to_ns(&mtime);
	ctime = inode_get_ctime(inode);
	id->ctime_ns = timespec64_to_ns(&ctime);
	if (IS_I_VERSION(inode))
		id->version = inode_query_iversion(inode);
}

/* Will every later write give the file other time stamps than these? */
static bool times_are_telling(const struct file_identity *id)
{
	u64 grain = max_t(u64, 2 * TICK_NSEC, id->sb->s_time_gran);
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	return timespec64_to_ns(&now) - max(id->mtime_ns, id->ctime_ns) > (s64)grain;
}

/* Drops one use; true if it was the last and the caller must destroy it. */
static bool drop_locked(struct program *program)
{
	lockdep_assert_held(&programs.xa_lock);
	if (--program->users)
		return false;
	__xa_erase(&programs, program->handle);
	return true;
}

static void destroy(struct program *program)
{
	host_program_destroy(program->handle);
	kfree(program);
}

static struct program *forget_locked(struct program *program)
{
	list_del(&program->lru);
	program->remembered = false;
	remembered_count--;
	return drop_locked(program) ? program : NULL;
}

/* Looks the file up; a program from an earlier content of it is forgotten. */
static struct program *recall(const struct file_identity *id)
{
	struct program *program, *next, *found = NULL;
	LIST_HEAD(dead);
	unsigned long flags;

	xa_lock_irqsave(&programs, flags);
	list_for_each_entry_safe(program, next, &remembered_programs, lru) {
		if (program->file.inode != id->inode ||
		    program->file.sb != id->sb)
			continue;
		if (!memcmp(&program->file, id, sizeof(*id))) {
			found = program;
			found->users++;
			list_move(&found->lru, &remembered_programs);
		} else if (forget_locked(program)) {
			list_add(&program->lru, &dead);
		}
	}
	xa_unlock_irqrestore(&programs, flags);

	list_for_each_entry_safe(program, next, &dead, lru)
		destroy(program);
	return found;
}

static void remember(struct program *program)
{
	struct program *oldest = NULL;
	unsigned long flags;

	xa_lock_irqsave(&programs, flags);
	program->users++;
	program->remembered = true;
	list_add(&program->lru, &remembered_programs);
	if (++remembered_count > MAX_REMEMBERED)
		oldest = forget_locked(list_last_entry(&remembered_programs,
						       struct program, lru));
	xa_unlock_irqrestore(&programs, flags);

	if (oldest)
		destroy(oldest);
}

static int hand_over(u32 handle, struct file *file, loff_t size)
{
	void *chunk = kvmalloc(CHUNK_BYTES, GFP_KERNEL);
	loff_t pos = 0;
	ssize_t count;
	int err = 0;

	if (!chunk)
		return -ENOMEM;
	while (!err && pos < size) {
		count = kernel_read(file, chunk, min_t(loff_t, CHUNK_BYTES, size - pos),
				    &pos);
		if (count < 0)
			err = count;
		else if (!count)	/* became shorter, which nobody may do now */
			err = -EIO;
		else
			err = host_program_write(handle, chunk, count);
		cond_resched();
	}
	kvfree(chunk);
	return err;
}

/* Sleeps until the host has compiled or refused the program. */
static int wait_until_loaded(u32 handle, struct program_info *info)
{
	int state = host_program_load(handle);

	if (state && state != -EINPROGRESS)
		info->message[0] = '\0';
	else if (wait_event_killable(program_wait,
			(state = host_program_info(handle, info)) != -EINPROGRESS))
		return -EINTR;
	return state;
}

static struct program *load(struct file *file, const struct file_identity *id)
{
	struct program *program;
	int handle, err;

	if (!id->size)
		return ERR_PTR(-ENOEXEC);
	if (id->size > U32_MAX)
		return ERR_PTR(-EFBIG);
	program = kzalloc(sizeof(*program), GFP_KERNEL);
	if (!program)
		return ERR_PTR(-ENOMEM);
	handle = host_program_create(id->size);
	if (handle < 0) {
		kfree(program);
		return ERR_PTR(handle);
	}
	program->handle = handle;
	program->users = 1;
	memcpy(&program->file, id, sizeof(*id));
	INIT_LIST_HEAD(&program->lru);

	err = hand_over(handle, file, id->size);
	if (!err)
		err = wait_until_loaded(handle, &program->info);
	if (err == -ENOEXEC) {
		program->info.message[sizeof(program->info.message) - 1] = '\0';
		pr_info_ratelimited("%pD: %s\n", file, program->info.message);
	}
	if (!err)
		err = xa_err(xa_store_irq(&programs, handle, program, GFP_KERNEL));
	if (err) {
		destroy(program);
		return ERR_PTR(err);
	}
	return program;
}

int program_load(struct file *file, struct program_info *info)
{
	struct file_identity id;
	struct program *program;
	bool telling;

	identify(file, &id);
	program = recall(&id);
	if (!program) {
		/* Asked before reading: afterwards a tick may have passed. */
		telling = times_are_telling(&id);
		program = load(file, &id);
		if (IS_ERR(program))
			return PTR_ERR(program);
		if (telling)
			remember(program);
	}
	*info = program->info;
	return program->handle;
}

void program_release(u32 handle)
{
	struct program *program;
	unsigned long flags;
	bool last;

	if (handle == PROGRAM_NONE)
		return;
	xa_lock_irqsave(&programs, flags);
	program = xa_load(&programs, handle);
	last = !WARN_ON_ONCE(!program) && drop_locked(program);
	xa_unlock_irqrestore(&programs, flags);
	if (last)
		destroy(program);
}

void program_get(struct task_struct *task)
{
	u32 handle = task->thread.program;
	struct program *program;
	unsigned long flags;

	if (handle == PROGRAM_NONE)
		return;
	xa_lock_irqsave(&programs, flags);
	program = xa_load(&programs, handle);
	if (!WARN_ON_ONCE(!program))
		program->users++;
	xa_unlock_irqrestore(&programs, flags);
}

void program_put(struct task_struct *task)
{
	u32 handle = task->thread.program;

	task->thread.program = PROGRAM_NONE;
	program_release(handle);
}

void program_set(struct task_struct *task, u32 handle)
{
	u32 old = task->thread.program;

	task->thread.program = handle;
	program_release(old);
}

u32 program_flags(struct task_struct *task)
{
	u32 handle = task->thread.program, result = 0;
	struct program *program;
	unsigned long flags;

	if (handle == PROGRAM_NONE)
		return 0;
	xa_lock_irqsave(&programs, flags);
	program = xa_load(&programs, handle);
	if (program)
		result = program->info.flags;
	xa_unlock_irqrestore(&programs, flags);
	return result;
}

static irqreturn_t program_interrupt(int irq, void *data)
{
	wake_up_all(&program_wait);
	return IRQ_HANDLED;
}

static int __init program_cache_init(void)
{
	return request_irq(HOST_IRQ_PROGRAM, program_interrupt, 0, "program", NULL);
}
core_initcall(program_cache_init);
