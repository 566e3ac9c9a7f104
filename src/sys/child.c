/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that only exists; see child.h. */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything but the two that it needs (one may be -1). 0 or -errno: what stays open would keep
 * pins, the link, and our own end. */
static int close_others(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if ((low > 0 && close_range(0, (unsigned)low - 1, 0)) ||
	    (low >= 0 && low + 1 < high && close_range((unsigned)low + 1, (unsigned)high - 1, 0)) ||
	    (low < 0 && high > 0 && close_range(0, (unsigned)high - 1, 0)) ||
	    close_range((unsigned)high + 1, ~0U, 0))
		return -errno;
	return 0;
}

static int splice_all(int pipe, const void *mem, size_t length)
{
	while (length) {
		struct iovec iov = { .iov_base = (void *)mem, .iov_len = length };
		ssize_t n = vmsplice(pipe, &iov, 1, SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n && errno != EAGAIN ? -errno : -ENOSPC;
		mem = (const char *)mem + n;
		length -= (size_t)n;
	}
	return 0;
}

/* Other threads of the parent may have held any lock at the fork: system calls only. */
__attribute__((noreturn)) static void child_main(int fd, int pipe, const void *mem, size_t length,
						 pid_t parent)
{
	sigset_t none;
	char byte;
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	rc = close_others(fd, pipe);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!rc && pipe >= 0)
		rc = splice_all(pipe, mem, length);
	if (write(fd, &rc, sizeof(rc)) != (ssize_t)sizeof(rc) || rc)
		_exit(1);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int pp_child_start(struct pp_child *c, int pipe, const void *mem, size_t length_bytes,
		   struct pp_err *err)
{
	pid_t parent = getpid();
	int fds[2], result = 0, rc;
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return pp_err_set(err, -errno, "no socket for a child");
	c->pid = fork();
	if (c->pid < 0) {
		rc = pp_err_set(err, -errno, "fork");
		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (!c->pid)
		child_main(fds[1], pipe, mem, length_bytes, parent);
	close(fds[1]);
	c->fd = fds[0];
	n = read(c->fd, &result, sizeof(result));
	if (n == (ssize_t)sizeof(result) && !result)
		return 0;
	rc = n < 0 ? -errno : n ? result : -ECHILD;
	while (pp_child_end(c, 1, NULL) == -EINTR)
		;
	return pp_err_set(err, rc, "%s",
			  n > 0 ? "vmsplice by a child, or its closing of files"
				: "waiting for a child");
}

int pp_child_end(struct pp_child *c, int by_signal, struct pp_err *err)
{
	if (by_signal)
		kill(c->pid, SIGKILL);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (waitpid(c->pid, NULL, 0) < 0)
		return pp_err_set(err, -errno, "cannot wait for a child");
	c->pid = 0;
	return 0;
}
