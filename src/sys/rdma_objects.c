/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message to RDMA netlink and one back; see rdma_objects.h. libnl reads its attributes. */
#include "sys/rdma_objects.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <rdma/rdma_netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SECONDS 10
#define ANSWER_BYTES   8192 /* NLMSG_DEFAULT_SIZE of the kernel, on pages of any size */

struct request {
	struct nlmsghdr head;
	struct nlattr attr;
	uint32_t index;
};

static int open_socket(int *out)
{
	struct timeval tv = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA), rc = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		rc = -errno;
	if (rc)
		close(fd);
	else
		*out = fd;
	return rc;
}

static int ask(int fd, uint32_t index)
{
	const struct request r = {
		.head = { .nlmsg_len = sizeof(r),
			  .nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_RES_GET),
			  .nlmsg_flags = NLM_F_REQUEST },
		.attr = { .nla_len = sizeof(r.attr) + sizeof(r.index),
			  .nla_type = RDMA_NLDEV_ATTR_DEV_INDEX },
		.index = index,
	};

	return send(fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r) ? 0 : -errno;
}

/* Bytes of the answer, or -errno. */
static ssize_t hear(int fd, char *answer)
{
	ssize_t n;

	do
		n = recv(fd, answer, ANSWER_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

static void tell(struct nlattr *table, void (*each)(const char *name, uint64_t count, void *arg),
		 void *arg)
{
	struct nlattr *entry;
	int rest;

	nla_for_each_nested(entry, table, rest)
	{
		struct nlattr *name = nla_find(nla_data(entry), nla_len(entry),
					       RDMA_NLDEV_ATTR_RES_SUMMARY_ENTRY_NAME);
		struct nlattr *count = nla_find(nla_data(entry), nla_len(entry),
						RDMA_NLDEV_ATTR_RES_SUMMARY_ENTRY_CURR);

		if (name && count)
			each(nla_get_string(name), nla_get_u64(count), arg);
	}
}

int pp_rdma_objects(int *kept, uint32_t index,
		    void (*each)(const char *name, uint64_t count, void *arg), void *arg)
{
	char answer[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *head = (struct nlmsghdr *)answer;
	struct nlattr *table;
	ssize_t n = 0;
	int rc = *kept < 0 ? open_socket(kept) : 0;

	if (rc)
		return rc;
	rc = ask(*kept, index);
	if (!rc) {
		n = hear(*kept, answer);
		rc = n < 0 ? (int)n : nlmsg_ok(head, (int)n) ? 0 : -EPROTO;
	}
	/* What the kernel refuses it answers by an error alone. */
	if (!rc && head->nlmsg_type == NLMSG_ERROR)
		rc = nlmsg_datalen(head) < (int)sizeof(int) ? 0 : *(int *)nlmsg_data(head);
	if (!rc && head->nlmsg_type == NLMSG_ERROR)
		rc = -EPROTO;
	table = rc ? NULL : nlmsg_find_attr(head, 0, RDMA_NLDEV_ATTR_RES_SUMMARY);
	if (table)
		tell(table, each, arg);
	/* What came late must not be taken for the next answer. */
	if (rc) {
		close(*kept);
		*kept = -1;
	}
	return rc;
}
