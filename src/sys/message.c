/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that may carry a file descriptor; see message.h. */
#include "sys/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union rights {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int pp_message_send(int socket, const void *message, size_t size, int fd)
{
	struct iovec iov = { .iov_base = (void *)message, .iov_len = size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union rights rights;

	if (fd >= 0) {
		struct cmsghdr *c;

		memset(&rights, 0, sizeof(rights));
		h.msg_control = rights.bytes;
		h.msg_controllen = sizeof(rights.bytes);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int pp_message_receive(int socket, void *message, size_t size, int *fd)
{
	struct iovec iov = { .iov_base = message, .iov_len = size };
	union rights rights;
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = rights.bytes,
			    .msg_controllen = sizeof(rights.bytes) };
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n == (ssize_t)size ? 0 : -EPIPE;
}
