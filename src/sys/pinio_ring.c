/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short pins and registered buffers by io_uring; see pinio.h. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/plan.h"
#include "sys/clock.h"
#include "sys/pinio.h"

#define RING_ENTRIES (2 * PP_PINIO_DEPTH) /* the requests and their cancellations */
#define SQPOLL_IDLE  10                   /* ms: the thread burns a processor so long at most */
#define CANCEL_DATA  0                    /* user_data of a cancellation */

enum { RING_PLAIN, RING_SQPOLL, RINGS };

struct ring {
	struct io_uring u;
	bool open;
	unsigned inflight; /* requests that have not completed */
};

struct pp_pinio {
	struct ring rings[RINGS];
	struct ring *buffer_ring; /* where the registered buffer is; NULL: none */
	uint64_t serial;          /* user_data of the last request */
};

/* One transfer on its way. Requests are pieces in file order; what counts is how far they all got.
 */
struct flow {
	struct ring *ring;
	const struct pp_io *io;
	uint64_t base;  /* user_data of the first piece */
	size_t piece;   /* bytes of each but the last */
	size_t next;    /* bytes submitted */
	size_t unended; /* pieces submitted and not completed */
	size_t bad_at;  /* where the first piece that was not full ended; SIZE_MAX: none */
	int bad;        /* its errno, 0 if it was short */
	int cause; /* errno of a piece that failed, and was not only cancelled with its chain */
	size_t good_to; /* end of the last byte that moved */
};

static int try_setup(struct ring *r, unsigned flags)
{
	struct io_uring_params params = { .flags = flags, .sq_thread_idle = SQPOLL_IDLE };

	return io_uring_queue_init_params(RING_ENTRIES, &r->u, &params);
}

/* SUBMIT_ALL (since 5.18): a request that is refused at once must not keep the others back. */
static int ring_open(struct ring *r, unsigned flags, struct pp_err *err)
{
	int rc = try_setup(r, flags | IORING_SETUP_SUBMIT_ALL);

	if (rc == -EINVAL)
		rc = try_setup(r, flags);
	if (rc)
		return pp_err_set(err, rc, "cannot set up an io_uring");
	r->open = true;
	return 0;
}

int pp_pinio_open(struct pp_pinio **out, struct pp_err *err)
{
	struct pp_pinio *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	if (!p)
		return pp_err_set(err, -ENOMEM, "no memory for an io_uring");
	rc = ring_open(&p->rings[RING_PLAIN], 0, err);
	if (rc) {
		free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void pp_pinio_close(struct pp_pinio *p)
{
	if (!p)
		return;
	for (int i = 0; i < RINGS; i++)
		if (p->rings[i].open)
			io_uring_queue_exit(&p->rings[i].u);
	free(p);
}

int pp_pinio_sqpoll(struct pp_pinio *p, struct pp_err *err)
{
	struct pp_err why = { 0 };

	if (p->rings[RING_SQPOLL].open ||
	    !ring_open(&p->rings[RING_SQPOLL], IORING_SETUP_SQPOLL, &why))
		return 0;
	return pp_err_set(err, -EOPNOTSUPP, "no io_uring with a submitting thread: %s", why.text);
}

int pp_pinio_register(struct pp_pinio *p, void *addr, size_t length_bytes, unsigned mode,
		      struct pp_err *err)
{
	struct iovec iov = { .iov_base = addr, .iov_len = length_bytes };
	bool sqpoll = mode & PP_MODE_SQPOLL;
	int rc = sqpoll ? pp_pinio_sqpoll(p, err) : 0;

	if (rc)
		return rc;
	if (p->buffer_ring)
		return pp_err_set(err, -EEXIST, "the ring has a registered buffer already");
	rc = io_uring_register_buffers(&p->rings[sqpoll ? RING_SQPOLL : RING_PLAIN].u, &iov, 1);
	if (rc < 0)
		return pp_err_set(err, rc, "io_uring refused %zu bytes at %p as a buffer",
				  length_bytes, addr);
	p->buffer_ring = &p->rings[sqpoll ? RING_SQPOLL : RING_PLAIN];
	return 0;
}

int pp_pinio_unregister(struct pp_pinio *p, struct pp_err *err)
{
	int rc = p->buffer_ring ? io_uring_unregister_buffers(&p->buffer_ring->u) : -ENXIO;

	if (rc < 0)
		return pp_err_set(err, rc, "io_uring cannot let go of its buffer");
	p->buffer_ring = NULL;
	return 0;
}

int pp_pinio_reopen_direct(int fd, bool write, struct pp_err *err)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, (write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	return again < 0 ? pp_err_set(err, -errno, "cannot open the file with O_DIRECT") : again;
}

static size_t piece_bytes(const struct flow *f, size_t at)
{
	size_t left = f->io->length_bytes - at;

	return left < f->piece ? left : f->piece;
}

/* A completion: of this transfer, of one that was given up, or of a cancellation. */
static void take(struct flow *f, const struct io_uring_cqe *cqe)
{
	size_t at, moved;

	if (cqe->user_data == CANCEL_DATA)
		return;
	f->ring->inflight--;
	if (cqe->user_data < f->base)
		return;
	f->unended--;
	at = (size_t)(cqe->user_data - f->base) * f->piece;
	moved = cqe->res > 0 ? (size_t)cqe->res : 0;
	if (moved && at + moved > f->good_to)
		f->good_to = at + moved;
	if (moved < piece_bytes(f, at) && at + moved < f->bad_at) {
		f->bad_at = at + moved;
		f->bad = cqe->res < 0 ? cqe->res : 0;
	}
	if (cqe->res < 0 && cqe->res != -ECANCELED)
		f->cause = cqe->res;
}

static void take_all(struct flow *f)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&f->ring->u, &cqe)) {
		take(f, cqe);
		io_uring_cqe_seen(&f->ring->u, cqe);
	}
}

/* Wait for one completion and take what is there: 0, -ETIME at the deadline, -EINTR. */
static int wait_some(struct flow *f, uint64_t deadline_ns)
{
	struct io_uring_cqe *cqe;
	uint64_t now = pp_now_ns(), left = now < deadline_ns ? deadline_ns - now : 0;
	struct __kernel_timespec ts = { .tv_sec = (int64_t)(left / 1000000000u),
					.tv_nsec = (long long)(left % 1000000000u) };
	int rc = io_uring_wait_cqe_timeout(&f->ring->u, &cqe, &ts);

	if (rc == -ETIME && left)
		return 0;
	if (!rc)
		take_all(f);
	return rc;
}

static void prepare_piece(struct pp_pinio *p, struct flow *f, struct io_uring_sqe *sqe, size_t at)
{
	const struct pp_io *io = f->io;
	uint8_t *mem = (uint8_t *)io->mem + at;
	bool fixed_file = io->mode & PP_MODE_FIXED_FILE;
	unsigned length = (unsigned)piece_bytes(f, at);
	uint64_t offset = io->offset_bytes + at;
	int fd = fixed_file ? 0 : io->fd;

	if (io->fixed && io->write)
		io_uring_prep_write_fixed(sqe, fd, mem, length, offset, 0);
	else if (io->fixed)
		io_uring_prep_read_fixed(sqe, fd, mem, length, offset, 0);
	else if (io->write)
		io_uring_prep_write(sqe, fd, mem, length, offset);
	else
		io_uring_prep_read(sqe, fd, mem, length, offset);
	sqe->flags |= fixed_file ? IOSQE_FIXED_FILE : 0;
	sqe->flags |= io->mode & PP_MODE_ASYNC ? IOSQE_ASYNC : 0;
	sqe->user_data = ++p->serial;
}

/* Older kernels stop at a request that they refuse; a submitting thread goes on by itself. */
static int submit_all(struct ring *r)
{
	int rc;

	do
		rc = io_uring_submit(&r->u);
	while (rc == -EINTR ||
	       (rc > 0 && !(r->u.flags & IORING_SETUP_SQPOLL) && io_uring_sq_ready(&r->u)));
	return rc < 0 ? rc : 0;
}

/* Submit as much as the depth allows; a chain only once the one before has ended. */
static int submit_some(struct pp_pinio *p, struct flow *f, unsigned depth)
{
	bool linked = f->io->mode & PP_MODE_LINKED;
	struct io_uring_sqe *sqe, *last = NULL;
	unsigned n = 0;

	if (linked && f->unended)
		return 0;
	while (f->next < f->io->length_bytes && f->unended + n < depth) {
		sqe = io_uring_get_sqe(&f->ring->u);
		if (!sqe)
			break;
		prepare_piece(p, f, sqe, f->next);
		f->next += piece_bytes(f, f->next);
		if (linked && last)
			last->flags |= IOSQE_IO_LINK;
		last = sqe;
		n++;
	}
	if (!n)
		return 0;
	f->unended += n;
	f->ring->inflight += n;
	return submit_all(f->ring);
}

/* Cancel what has not ended, and give it a bound more to end. */
static int cancel(struct pp_pinio *p, struct flow *f)
{
	uint64_t deadline = pp_deadline_ns(f->io->bound_ms);
	struct io_uring_sqe *sqe;
	int rc = 0;

	for (uint64_t data = f->base; data <= p->serial; data++) {
		if (p->serial - data >= PP_PINIO_DEPTH)
			continue; /* surely ended */
		sqe = io_uring_get_sqe(&f->ring->u);
		if (!sqe)
			break;
		io_uring_prep_cancel64(sqe, data, 0);
		sqe->user_data = CANCEL_DATA;
	}
	submit_all(f->ring);
	while (f->unended && (!rc || rc == -EINTR) && pp_now_ns() < deadline)
		rc = wait_some(f, deadline);
	return f->unended ? -EBUSY : 0;
}

static const char *name_of(const struct pp_io *io)
{
	static const char *const names[2][2] = {
		{ "io_uring read into memory", "io_uring write from memory" },
		{ "READ_FIXED into the registered buffer",
		  "WRITE_FIXED from the registered buffer" },
	};

	return names[io->fixed][io->write];
}

static int check(struct pp_pinio *p, struct flow *f, struct pp_err *err)
{
	const struct pp_io *io = f->io;
	bool sqpoll = io->mode & PP_MODE_SQPOLL;
	int rc = sqpoll ? pp_pinio_sqpoll(p, err) : 0;

	if (rc)
		return rc;
	f->ring = io->fixed ? p->buffer_ring : &p->rings[sqpoll ? RING_SQPOLL : RING_PLAIN];
	if (!f->ring)
		return pp_err_set(err, -ENXIO, "%s: no buffer is registered", name_of(io));
	if (sqpoll && f->ring != &p->rings[RING_SQPOLL])
		return pp_err_set(err, -EOPNOTSUPP,
				  "%s: the buffer is registered with the ring without a submitting "
				  "thread.",
				  name_of(io));
	if (f->piece > INT_MAX)
		return pp_err_set(err, -EINVAL, "%s of %zu bytes at once", name_of(io), f->piece);
	take_all(f);
	if (f->ring->inflight)
		return pp_err_set(err, -EBUSY, "%s: an earlier transfer has not ended yet",
				  name_of(io));
	if (io->mode & PP_MODE_FIXED_FILE) {
		rc = io_uring_register_files(&f->ring->u, &io->fd, 1);
		if (rc < 0)
			return pp_err_set(err, rc, "%s: the file cannot be registered",
					  name_of(io));
	}
	return 0;
}

/* All pieces ended: what became of the whole. */
static int64_t outcome(const struct flow *f, struct pp_err *err)
{
	const struct pp_io *io = f->io;
	int bad = f->bad == -ECANCELED && f->cause ? f->cause : f->bad;

	if (f->bad_at == SIZE_MAX)
		return (int64_t)io->length_bytes;
	if (f->good_to > f->bad_at && !io->front)
		return pp_err_set(err, bad ? bad : -EIO,
				  "%s at %llu: a part in the middle was not transferred",
				  name_of(io), (unsigned long long)io->offset_bytes);
	if (f->bad_at || !bad)
		return (int64_t)f->bad_at;
	return pp_err_set(err, bad, "%s at %llu", name_of(io),
			  (unsigned long long)io->offset_bytes);
}

int64_t pp_pinio_run(struct pp_pinio *p, const struct pp_io *io, struct pp_err *err)
{
	struct flow f = { .io = io, .base = p->serial + 1, .bad_at = SIZE_MAX };
	unsigned depth = !io->depth ? 1 : io->depth < PP_PINIO_DEPTH ? io->depth : PP_PINIO_DEPTH;
	uint64_t deadline = pp_deadline_ns(io->bound_ms);
	int rc, left;

	f.piece = io->split_bytes && io->split_bytes < io->length_bytes ? io->split_bytes
									: io->length_bytes;
	rc = check(p, &f, err);
	if (rc)
		return rc;
	while (!rc && (f.unended || (f.next < io->length_bytes && f.bad_at == SIZE_MAX))) {
		if (f.bad_at == SIZE_MAX)
			rc = submit_some(p, &f, depth);
		if (!rc)
			rc = wait_some(&f, deadline);
	}
	left = rc ? cancel(p, &f) : 0;
	if (io->mode & PP_MODE_FIXED_FILE)
		io_uring_unregister_files(&f.ring->u);
	if (rc == -ETIME)
		return pp_err_set(err, -ETIMEDOUT, "%s took longer than %u ms%s", name_of(io),
				  io->bound_ms, left ? " and could not be cancelled" : "");
	if (rc)
		return pp_err_set(err, rc, "%s%s", name_of(io),
				  left ? ", which could not be cancelled" : "");
	return outcome(&f, err);
}
