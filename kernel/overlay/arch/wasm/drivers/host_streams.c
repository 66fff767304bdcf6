// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/host/{stdin,stdout,stderr,status}: byte streams of the host, by which
 * `ochre exec` connects a command with its own standard streams.
 *
 * Talks to the host through host_stream_{read,write,poll}(), which never block;
 * the STREAM interrupt tells that some stream has become ready or was closed.
 * Bytes pass through unchanged.
 *
 * Invariants:
 * - Nobody sleeps with a stream's mutex held: a blocked reader does not get in
 *   the way of an O_NONBLOCK one.
 * - Input that the host has given but no reader has yet taken (a short read, a
 *   bad user address) stays in the buffer for the next read.
 * - Output is handed over before write() returns; the kernel keeps none back.
 */

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include <asm/host_abi.h>

#define BUFFER_BYTES	(64 * 1024)

struct host_stream {
	u32 number;			/* HOST_STREAM_* */
	wait_queue_head_t wait;
	struct miscdevice device;

	struct mutex lock;
	/* protected by lock: */
	u8 *buffer;			/* allocated by the first open */
	u32 start, end;			/* input not yet read: [start, end) */
};

static struct host_stream host_streams[HOST_STREAM_COUNT];

static struct host_stream *stream_of(struct file *file)
{
	return container_of(file->private_data, struct host_stream, device);
}

static bool stream_is(struct host_stream *stream, u32 bit)
{
	if (bit == HOST_STREAM_READABLE &&
	    READ_ONCE(stream->start) != READ_ONCE(stream->end))
		return true;
	return host_stream_poll(stream->number) & bit;
}

/* Waits until a transfer is worth trying again: 0 or an errno. */
static int wait_for(struct host_stream *stream, struct kiocb *iocb, u32 bit)
{
	if ((iocb->ki_filp->f_flags & O_NONBLOCK) ||
	    (iocb->ki_flags & IOCB_NOWAIT))
		return -EAGAIN;
	return wait_event_interruptible(stream->wait, stream_is(stream, bit));
}

/* Moves buffered input to a reader, after a refill if there is none. */
static ssize_t read_some(struct host_stream *stream, struct iov_iter *to)
{
	size_t copied;

	lockdep_assert_held(&stream->lock);
	if (stream->start == stream->end) {
		s32 count = host_stream_read(stream->number, stream->buffer,
					     BUFFER_BYTES);

		if (count <= 0)
			return count;
		stream->start = 0;
		stream->end = min_t(u32, count, BUFFER_BYTES);
	}
	copied = copy_to_iter(stream->buffer + stream->start,
			      stream->end - stream->start, to);
	stream->start += copied;
	return copied ?: -EFAULT;
}

static ssize_t host_stream_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct host_stream *stream = stream_of(iocb->ki_filp);
	ssize_t count;
	int error;

	if (!iov_iter_count(to))
		return 0;
	for (;;) {
		if (mutex_lock_interruptible(&stream->lock))
			return -ERESTARTSYS;
		count = read_some(stream, to);
		mutex_unlock(&stream->lock);
		if (count != -EAGAIN)
			return count;

		error = wait_for(stream, iocb, HOST_STREAM_READABLE);
		if (error)
			return error;
	}
}

/* Hands one buffer of output over; what the host did not take goes back. */
static ssize_t write_some(struct host_stream *stream, struct iov_iter *from)
{
	size_t count = min_t(size_t, iov_iter_count(from), BUFFER_BYTES);
	s32 taken;

	lockdep_assert_held(&stream->lock);
	count = copy_from_iter(stream->buffer, count, from);
	if (!count)
		return -EFAULT;
	taken = host_stream_write(stream->number, stream->buffer, count);
	iov_iter_revert(from, count - clamp_t(s32, taken, 0, count));
	return taken ?: -EAGAIN;
}

static ssize_t host_stream_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct host_stream *stream = stream_of(iocb->ki_filp);
	ssize_t count, written = 0;

	while (iov_iter_count(from)) {
		if (mutex_lock_interruptible(&stream->lock)) {
			count = -ERESTARTSYS;
			goto fail;
		}
		count = write_some(stream, from);
		mutex_unlock(&stream->lock);
		if (count > 0) {
			written += count;
			continue;
		}
		if (count == -EAGAIN)
			count = wait_for(stream, iocb, HOST_STREAM_WRITABLE);
		if (count)
			goto fail;
	}
	return written;

fail:
	if (written)
		return written;
	if (count == -EPIPE && !(iocb->ki_flags & IOCB_NOWAIT))
		send_sig(SIGPIPE, current, 0);
	return count;
}

static __poll_t host_stream_poll_file(struct file *file, poll_table *table)
{
	struct host_stream *stream = stream_of(file);
	__poll_t events = 0;

	poll_wait(file, &stream->wait, table);
	if ((file->f_mode & FMODE_CAN_READ) &&
	    stream_is(stream, HOST_STREAM_READABLE))
		events |= EPOLLIN | EPOLLRDNORM;
	if ((file->f_mode & FMODE_CAN_WRITE) &&
	    stream_is(stream, HOST_STREAM_WRITABLE))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static int host_stream_open(struct inode *inode, struct file *file)
{
	struct host_stream *stream = stream_of(file);
	int error = 0;

	mutex_lock(&stream->lock);
	if (!stream->buffer)
		stream->buffer = kmalloc(BUFFER_BYTES, GFP_KERNEL);
	if (!stream->buffer)
		error = -ENOMEM;
	mutex_unlock(&stream->lock);
	return error ?: stream_open(inode, file);
}

static const struct file_operations input_operations = {
	.owner		= THIS_MODULE,
	.open		= host_stream_open,
	.read_iter	= host_stream_read_iter,
	.splice_read	= copy_splice_read,
	.poll		= host_stream_poll_file,
};

static const struct file_operations output_operations = {
	.owner		= THIS_MODULE,
	.open		= host_stream_open,
	.write_iter	= host_stream_write_iter,
	.splice_write	= iter_file_splice_write,
	.poll		= host_stream_poll_file,
};

/* A stream does not say that it was the one: look at all of them. */
static irqreturn_t host_stream_interrupt(int irq, void *data)
{
	u32 number;

	for (number = 0; number < HOST_STREAM_COUNT; number++)
		wake_up_interruptible_all(&host_streams[number].wait);
	return IRQ_HANDLED;
}

static const struct {
	const char *name, *path;
	const struct file_operations *operations;
	umode_t mode;
} host_stream_kinds[HOST_STREAM_COUNT] = {
	[HOST_STREAM_STDIN] = {
		"host_stdin", "host/stdin", &input_operations, 0666,
	},
	[HOST_STREAM_STDOUT] = {
		"host_stdout", "host/stdout", &output_operations, 0666,
	},
	[HOST_STREAM_STDERR] = {
		"host_stderr", "host/stderr", &output_operations, 0666,
	},
	[HOST_STREAM_STATUS] = {
		"host_status", "host/status", &output_operations, 0600,
	},
};

static int __init host_streams_init(void)
{
	u32 number;
	int error;

	for (number = 0; number < HOST_STREAM_COUNT; number++) {
		struct host_stream *stream = &host_streams[number];

		stream->number = number;
		init_waitqueue_head(&stream->wait);
		mutex_init(&stream->lock);
		stream->device.minor = MISC_DYNAMIC_MINOR;
		stream->device.name = host_stream_kinds[number].name;
		stream->device.nodename = host_stream_kinds[number].path;
		stream->device.fops = host_stream_kinds[number].operations;
		stream->device.mode = host_stream_kinds[number].mode;
	}
	error = request_irq(HOST_IRQ_STREAM, host_stream_interrupt, 0,
			    "streams", host_streams);
	if (error)
		return error;
	for (number = 0; number < HOST_STREAM_COUNT; number++) {
		error = misc_register(&host_streams[number].device);
		if (error)
			goto fail;
	}
	return 0;

fail:
	while (number--)
		misc_deregister(&host_streams[number].device);
	free_irq(HOST_IRQ_STREAM, host_streams);
	return error;
}
device_initcall(host_streams_init);
