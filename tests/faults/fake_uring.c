/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An io_uring without a kernel: a request is carried out by pread() or pwrite() when it is
 * submitted. liburing's inline functions work on its queues as on real ones. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fakes.h"
#include "hook.h"

/* Both queues; the kernel's pointers lead in here. */
struct queues {
	unsigned sq_head, sq_tail, cq_head, cq_tail, flags;
	struct io_uring_sqe sqes[256];
	struct io_uring_cqe cqes[512];
	int file; /* the registered one */
};

int fake_io_uring_queue_init_params(unsigned entries, struct io_uring *u, struct io_uring_params *p)
{
	struct queues *q = __real_calloc(1, sizeof(*q));

	(void)entries;
	if (!q)
		return -ENOMEM;
	memset(u, 0, sizeof(*u));
	u->flags = p->flags;
	u->features = IORING_FEAT_EXT_ARG;
	u->sq = (struct io_uring_sq){ .khead = &q->sq_head,
				      .ktail = &q->sq_tail,
				      .kflags = &q->flags,
				      .kdropped = &q->flags,
				      .sqes = q->sqes,
				      .ring_ptr = q,
				      .ring_mask = 255,
				      .ring_entries = 256 };
	u->cq = (struct io_uring_cq){ .khead = &q->cq_head,
				      .ktail = &q->cq_tail,
				      .koverflow = &q->flags,
				      .cqes = q->cqes,
				      .ring_mask = 511,
				      .ring_entries = 512 };
	return 0;
}

void fake_io_uring_queue_exit(struct io_uring *u)
{
	struct queues *q = u->sq.ring_ptr;

	if (q->file)
		hook_count(RINGS, -1);
	__real_free(q);
}

static int carry_out(const struct queues *q, const struct io_uring_sqe *s)
{
	int fd = s->flags & IOSQE_FIXED_FILE ? q->file : s->fd;
	void *mem = (void *)(uintptr_t)s->addr;
	ssize_t n;

	switch (s->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READ_FIXED:
		n = __real_pread(fd, mem, s->len, (off_t)s->off);
		break;
	case IORING_OP_WRITE:
	case IORING_OP_WRITE_FIXED:
		n = __real_pwrite(fd, mem, s->len, (off_t)s->off);
		break;
	default:
		return -ENOENT; /* a cancellation comes too late, always */
	}
	return n < 0 ? -errno : (int)n;
}

int fake_io_uring_submit(struct io_uring *u)
{
	struct queues *q = u->sq.ring_ptr;
	int n = 0;

	for (; q->sq_head != u->sq.sqe_tail; q->sq_head++, n++) {
		const struct io_uring_sqe *s = &q->sqes[q->sq_head & u->sq.ring_mask];

		q->cqes[q->cq_tail & u->cq.ring_mask] =
			(struct io_uring_cqe){ .user_data = s->user_data, .res = carry_out(q, s) };
		q->cq_tail++;
	}
	q->sq_tail = q->sq_head;
	return n;
}

int fake___io_uring_get_cqe(struct io_uring *u, struct io_uring_cqe **cqe, unsigned submit,
			    unsigned wait, sigset_t *mask)
{
	struct queues *q = u->sq.ring_ptr;

	(void)submit;
	(void)wait;
	(void)mask;
	if (q->cq_head == q->cq_tail)
		return -EAGAIN;
	*cqe = &q->cqes[q->cq_head & u->cq.ring_mask];
	return 0;
}

int fake_io_uring_wait_cqe_timeout(struct io_uring *u, struct io_uring_cqe **cqe,
				   struct __kernel_timespec *t)
{
	(void)t;
	return fake___io_uring_get_cqe(u, cqe, 0, 0, NULL) ? -ETIME : 0;
}

int fake_io_uring_register_buffers(struct io_uring *u, const struct iovec *v, unsigned n)
{
	(void)u;
	(void)v;
	(void)n;
	return 0;
}

int fake_io_uring_unregister_buffers(struct io_uring *u)
{
	(void)u;
	return 0;
}

int fake_io_uring_register_files(struct io_uring *u, const int *files, unsigned n)
{
	(void)n;
	((struct queues *)u->sq.ring_ptr)->file = files[0];
	return 0;
}

int fake_io_uring_unregister_files(struct io_uring *u)
{
	((struct queues *)u->sq.ring_ptr)->file = 0;
	return 0;
}
