/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink requests of link.c. libnl builds and parses the messages; the
 * exchange itself is done here, because libnl's own error numbers lose errno.
 */
#include "sys/link_netlink.h"

#include <errno.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <rdma/rdma_netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SECONDS 10

struct answer {
	bool done;
	int error; /* of the kernel, negative */
};

static int on_done(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	(void)msg;
	a->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct answer *a = arg;

	(void)from;
	a->done = true;
	a->error = e->error;
	return NL_STOP;
}

static int open_socket(int protocol, struct nl_sock **out)
{
	struct timeval tv = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	struct nl_sock *sk;
	int fd, ret;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv))) {
		ret = -errno;
		goto close_fd;
	}
	sk = nl_socket_alloc();
	if (!sk) {
		ret = -ENOMEM;
		goto close_fd;
	}
	if (nl_socket_set_fd(sk, protocol, fd) < 0) {
		nl_socket_free(sk);
		ret = -EPROTO;
		goto close_fd;
	}
	*out = sk;
	return 0;
close_fd:
	close(fd);
	return ret;
}

static int receive_all(struct nl_sock *sk, nl_recvmsg_msg_cb_t each, void *arg)
{
	struct answer a = { false, 0 };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, &a);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, &a);
	if (each)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, each, arg);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &a);
	while (!a.done && ret >= 0) {
		errno = 0;
		ret = nl_recvmsgs(sk, cb);
	}
	if (!a.done)
		a.error = ret == -NLE_AGAIN ? -ETIMEDOUT : errno ? -errno : -EPROTO;
	nl_cb_put(cb);
	return a.error;
}

/* Sends @msg and takes the whole answer; frees @msg, which may be NULL (no memory). */
static int transact(int protocol, struct nl_msg *msg, nl_recvmsg_msg_cb_t each, void *arg)
{
	struct nl_sock *sk;
	int ret;

	if (!msg)
		return -ENOMEM;
	ret = open_socket(protocol, &sk);
	if (ret)
		goto free_msg;
	errno = 0;
	if (nl_send_auto(sk, msg) < 0)
		ret = errno ? -errno : -EPROTO;
	else
		ret = receive_all(sk, each, arg);
	nl_socket_free(sk);
free_msg:
	nlmsg_free(msg);
	return ret;
}

int pp_nl_dummy_add(const char *name, unsigned mtu_bytes)
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *msg = NULL;

	if (!link)
		return -ENOMEM;
	rtnl_link_set_name(link, name);
	rtnl_link_set_mtu(link, mtu_bytes);
	rtnl_link_set_flags(link, IFF_UP);
	if (rtnl_link_set_type(link, "dummy") < 0 ||
	    rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
		msg = NULL;
	rtnl_link_put(link);
	return transact(NETLINK_ROUTE, msg, NULL, NULL);
}

int pp_nl_address_add(const char *name, struct in_addr address)
{
	unsigned index = if_nametoindex(name);
	struct nl_addr *local;
	struct rtnl_addr *addr;
	struct nl_msg *msg = NULL;

	if (!index)
		return -errno;
	local = nl_addr_build(AF_INET, &address, sizeof(address));
	addr = rtnl_addr_alloc();
	if (local && addr) {
		rtnl_addr_set_ifindex(addr, (int)index);
		if (rtnl_addr_set_local(addr, local) < 0 ||
		    rtnl_addr_build_add_request(addr, NLM_F_CREATE | NLM_F_EXCL, &msg) < 0)
			msg = NULL;
	}
	if (addr)
		rtnl_addr_put(addr);
	if (local)
		nl_addr_put(local);
	return transact(NETLINK_ROUTE, msg, NULL, NULL);
}

int pp_nl_netdev_del(const char *name)
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *msg = NULL;
	int ret;

	if (!link)
		return -ENOMEM;
	rtnl_link_set_name(link, name);
	ret = rtnl_link_build_delete_request(link, &msg);
	rtnl_link_put(link);
	return transact(NETLINK_ROUTE, ret < 0 ? NULL : msg, NULL, NULL);
}

static struct nl_msg *rdma_message(int command, int flags)
{
	return nlmsg_alloc_simple(RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command), flags);
}

int pp_nl_rdma_present(void)
{
	struct nl_sock *sk;
	int ret = open_socket(NETLINK_RDMA, &sk);

	if (!ret)
		nl_socket_free(sk);
	return ret;
}

int pp_nl_rxe_add(const char *ibdev, const char *netdev)
{
	struct nl_msg *msg = rdma_message(RDMA_NLDEV_CMD_NEWLINK, NLM_F_REQUEST);

	if (msg && (nla_put_string(msg, RDMA_NLDEV_ATTR_DEV_NAME, ibdev) ||
		    nla_put_string(msg, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe") ||
		    nla_put_string(msg, RDMA_NLDEV_ATTR_NDEV_NAME, netdev))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return transact(NETLINK_RDMA, msg, NULL, NULL);
}

struct lookup {
	const char *name;
	bool found;
	uint32_t index;
};

static int on_device(struct nl_msg *msg, void *arg)
{
	struct lookup *l = arg;
	struct nlattr *name = nlmsg_find_attr(nlmsg_hdr(msg), 0, RDMA_NLDEV_ATTR_DEV_NAME);
	struct nlattr *index = nlmsg_find_attr(nlmsg_hdr(msg), 0, RDMA_NLDEV_ATTR_DEV_INDEX);

	if (name && index && !nla_strcmp(name, l->name)) {
		l->found = true;
		l->index = nla_get_u32(index);
	}
	return NL_OK;
}

int pp_nl_rdma_index(const char *name, uint32_t *index)
{
	struct lookup l = { .name = name };
	int ret;

	ret = transact(NETLINK_RDMA, rdma_message(RDMA_NLDEV_CMD_GET, NLM_F_REQUEST | NLM_F_DUMP),
		       on_device, &l);
	if (ret)
		return ret;
	*index = l.index;
	return l.found ? 0 : -ENODEV;
}

int pp_nl_rdma_del(uint32_t index)
{
	struct nl_msg *msg = rdma_message(RDMA_NLDEV_CMD_DELLINK, NLM_F_REQUEST);

	if (msg && nla_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, index)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return transact(NETLINK_RDMA, msg, NULL, NULL);
}

struct users {
	unsigned count;
	uint32_t pid;
};

static int on_context(struct nl_msg *msg, void *arg)
{
	struct nlattr *table, *entry, *pid;
	struct users *users = arg;
	int rest;

	table = nlmsg_find_attr(nlmsg_hdr(msg), 0, RDMA_NLDEV_ATTR_RES_CTX);
	if (!table)
		return NL_OK;
	nla_for_each_nested(entry, table, rest)
	{
		users->count++;
		pid = nla_find(nla_data(entry), nla_len(entry), RDMA_NLDEV_ATTR_RES_PID);
		if (pid)
			users->pid = nla_get_u32(pid);
	}
	return NL_OK;
}

int pp_nl_rdma_users(uint32_t index, unsigned *count, uint32_t *pid)
{
	struct nl_msg *msg = rdma_message(RDMA_NLDEV_CMD_RES_CTX_GET, NLM_F_REQUEST | NLM_F_DUMP);
	struct users users = { 0, 0 };
	int ret;

	if (msg && nla_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, index)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	ret = transact(NETLINK_RDMA, msg, on_context, &users);
	*count = users.count;
	*pid = users.pid;
	return ret == -EINVAL || ret == -EOPNOTSUPP ? 0 : ret;
}
