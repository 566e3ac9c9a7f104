/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short pins: O_DIRECT by io_uring, process_vm_*, vmsplice; see pinio.h. */
#include "sys/pinio.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/clock.h"

#define RING_ENTRIES 4 /* one transfer and its cancellation, rounded up */

struct pp_pinio {
	struct io_uring ring;
	uint64_t sent;  /* serial number of the last transfer: its completion's user_data */
	uint64_t ended; /* serial number of the last transfer that completed */
	int result;     /* of that one */
};

int pp_pinio_open(struct pp_pinio **out, struct pp_err *err)
{
	struct pp_pinio *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return pp_err_set(err, -ENOMEM, "no memory for an io_uring");
	rc = io_uring_queue_init(RING_ENTRIES, &p->ring, 0);
	if (rc) {
		free(p);
		return pp_err_set(err, rc, "cannot set up an io_uring");
	}
	*out = p;
	return 0;
}

void pp_pinio_close(struct pp_pinio *p)
{
	if (!p)
		return;
	io_uring_queue_exit(&p->ring);
	free(p);
}

/* Take completions until the last transfer's is there: 0, -ETIME at the deadline, other -errno. */
static int await_transfer(struct pp_pinio *p, uint64_t deadline_ns)
{
	while (p->ended != p->sent) {
		struct io_uring_cqe *cqe;
		uint64_t now = pp_now_ns(), left = now < deadline_ns ? deadline_ns - now : 0;
		struct __kernel_timespec ts = { .tv_sec = (int64_t)(left / 1000000000u),
						.tv_nsec = (long long)(left % 1000000000u) };
		int rc = io_uring_wait_cqe_timeout(&p->ring, &cqe, &ts);

		if (rc == -EINTR || (rc == -ETIME && left))
			continue;
		if (rc)
			return rc;
		if (cqe->user_data == p->sent) {
			p->ended = p->sent;
			p->result = cqe->res;
		}
		io_uring_cqe_seen(&p->ring, cqe);
	}
	return 0;
}

/* user_data 0 is the cancellation itself, whose result says nothing that the transfer's does not.
 */
static int cancel_transfer(struct pp_pinio *p)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);
	int rc;

	if (!sqe)
		return -EBUSY;
	io_uring_prep_cancel64(sqe, p->sent, 0);
	sqe->user_data = 0;
	rc = io_uring_submit(&p->ring);
	return rc < 0 ? rc : 0;
}

static int submit_transfer(struct pp_pinio *p, int fd, int write, void *mem, size_t length_bytes,
			   uint64_t offset_bytes)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);
	int rc;

	if (!sqe)
		return -EBUSY;
	if (write)
		io_uring_prep_write(sqe, fd, mem, (unsigned)length_bytes, offset_bytes);
	else
		io_uring_prep_read(sqe, fd, mem, (unsigned)length_bytes, offset_bytes);
	sqe->user_data = p->sent + 1;
	rc = io_uring_submit(&p->ring);
	if (rc < 0)
		return rc;
	p->sent++;
	return 0;
}

int64_t pp_pinio_direct(struct pp_pinio *p, int fd, int write, void *mem, size_t length_bytes,
			uint64_t offset_bytes, uint32_t bound_ms, struct pp_err *err)
{
	const char *what =
		write ? "O_DIRECT write from the region" : "O_DIRECT read into the region";
	int rc;

	if (length_bytes > INT_MAX)
		return pp_err_set(err, -EINVAL, "%s of %zu bytes at once", what, length_bytes);
	if (await_transfer(p, 0))
		return pp_err_set(err, -EBUSY, "%s: an earlier transfer has not ended yet", what);
	rc = submit_transfer(p, fd, write, mem, length_bytes, offset_bytes);
	if (rc)
		return pp_err_set(err, rc, "cannot submit %s", what);
	rc = await_transfer(p, pp_deadline_ns(bound_ms));
	if (rc == -ETIME) {
		cancel_transfer(p);
		rc = await_transfer(p, pp_deadline_ns(bound_ms));
		return pp_err_set(err, -ETIMEDOUT, "%s took longer than %u ms%s", what, bound_ms,
				  rc ? " and could not be cancelled" : "");
	}
	if (rc)
		return pp_err_set(err, rc, "cannot wait for %s", what);
	if (p->result < 0)
		return pp_err_set(err, p->result, "%s at %llu", what,
				  (unsigned long long)offset_bytes);
	return p->result;
}

int64_t pp_pinio_vm_write(void *mem, const void *from, size_t length_bytes, struct pp_err *err)
{
	struct iovec local = { .iov_base = (void *)from, .iov_len = length_bytes };
	struct iovec remote = { .iov_base = mem, .iov_len = length_bytes };
	ssize_t n = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	return n < 0 ? pp_err_set(err, -errno, "process_vm_writev to the region") : n;
}

int64_t pp_pinio_vm_read(const void *mem, void *to, size_t length_bytes, struct pp_err *err)
{
	struct iovec local = { .iov_base = to, .iov_len = length_bytes };
	struct iovec remote = { .iov_base = (void *)mem, .iov_len = length_bytes };
	ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return n < 0 ? pp_err_set(err, -errno, "process_vm_readv from the region") : n;
}

/* Everything that one vmsplice() left in the pipe is in it already: a short read is the pipe's
 * fault. */
static int drain_pipe(int fd, char *to, size_t length)
{
	while (length) {
		ssize_t n = read(fd, to, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		to += n;
		length -= (size_t)n;
	}
	return 0;
}

int64_t pp_pinio_vmsplice(const void *mem, void *to, size_t length_bytes, struct pp_err *err)
{
	size_t done = 0;
	int fds[2], rc = 0;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return pp_err_set(err, -errno, "cannot make a pipe");
	while (done < length_bytes && !rc) {
		struct iovec iov = { .iov_base = (char *)mem + done,
				     .iov_len = length_bytes - done };
		/* A full pipe ends the piece: the kernel takes as many pages as there are slots. */
		ssize_t n = vmsplice(fds[1], &iov, 1, SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n ? -errno : -EIO;
			break;
		}
		rc = drain_pipe(fds[0], (char *)to + done, (size_t)n);
		if (!rc)
			done += (size_t)n;
	}
	close(fds[0]);
	close(fds[1]);
	if (rc && !done)
		return pp_err_set(err, rc, "vmsplice from the region");
	return (int64_t)done;
}
