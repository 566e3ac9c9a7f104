/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short pins by system calls: process_vm_*, vmsplice; see pinio.h. Those by io_uring: pinio_ring.c.
 */
#include "sys/pinio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

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
