/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of netlink: network devices that come and go, and RDMA devices, of which
 * src/sys sees the files in sysfs. Requests are read and answered by libnl's own functions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <rdma/rdma_netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fakes.h"
#include "hook.h"
#include "world.h"

#define LINKS 8

/* What the last request asked for, and where the answer goes. */
void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset);

static struct {
	uint16_t type;
	uint32_t index;
	nl_recvmsg_msg_cb_t each, done;
	void *each_arg, *done_arg;
	int fd;
} line;

/* What every process sees. */
static struct {
	struct in_addr address;
	char links[LINKS][64]; /* names of the RDMA devices; the index is one more */
	pid_t holder;
	char netdevs[LINKS][16];
} * kernel;
#define links kernel->links

void fake_link_init(void)
{
	kernel = __real_mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kernel == MAP_FAILED)
		abort();
}

void fake_link_hold(void)
{
	kernel->holder = getpid();
}

const char *fake_link_name(void)
{
	int i = LINKS;

	while (i-- > 1 && !links[i][0])
		;
	return links[i < 0 ? 0 : i];
}

static const char *class_file(const char *link, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "/sys/class/infiniband/%s%s", link, file);
	return path;
}

void fake_link_add(const char *name)
{
	const uint8_t *a = (const uint8_t *)&kernel->address;
	char gid[64];
	int i = 0;

	while (i < LINKS && links[i][0])
		i++;
	if (i == LINKS)
		abort();
	snprintf(links[i], sizeof(links[i]), "%s", name);
	snprintf(gid, sizeof(gid), "0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x\n", a[0], a[1],
		 a[2], a[3]);
	world_file(class_file(name, "/ports/1/gids/0"), gid);
	world_file(class_file(name, "/ports/1/gid_attrs/types/0"), "RoCE v2\n");
	world_file(class_file(name, "/ports/1/gid_attrs/ndevs/0"), "pp0d\n");
	world_file(class_file(name, "/ports/1/state"), "4: ACTIVE\n");
	world_file(class_file(name, "/ports/1/hw_counters/rcvd_pkts"), "7\n");
}

static void link_delete(uint32_t index)
{
	char stat[64];

	if (index < 1 || index > LINKS || !links[index - 1][0])
		return;
	/* As the kernel: asleep, seen in /proc, until the last user has gone. */
	snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)getpid());
	if (kernel->holder)
		world_file(stat, "1 (pinproof) D 1\n");
	while (kernel->holder && !kill(kernel->holder, 0))
		usleep(500); /* poll: it is no child of ours */
	kernel->holder = 0;
	world_remove_tree(world_path(class_file(links[index - 1], "")));
	links[index - 1][0] = '\0';
}

unsigned fake_links(void)
{
	unsigned n = 0;

	for (int i = 0; i < LINKS; i++)
		n += (links[i][0] != '\0') + (kernel->netdevs[i][0] != '\0');
	return n;
}

void fake_links_forget(void)
{
	memset(kernel->netdevs, 0, sizeof(kernel->netdevs));
	for (uint32_t i = 1; i <= LINKS; i++)
		link_delete(i);
}

int fake_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)protocol;
	return __real_socket(AF_UNIX, type & SOCK_CLOEXEC ? SOCK_DGRAM | SOCK_CLOEXEC : SOCK_DGRAM,
			     0);
}

int fake_bind(int fd, const struct sockaddr *a, socklen_t size)
{
	(void)fd;
	(void)a;
	(void)size;
	return 0;
}

/* Sockets of ours are in pairs that keep order; netlink's are as fake_socket() makes them. */
static bool to_kernel(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_DGRAM;
}

/* The one request that src/sys writes by itself: how many objects a device has. */
ssize_t fake_send(int fd, const void *b, size_t n, int f)
{
	struct nlattr *attr;

	if (!to_kernel(fd))
		return __real_send(fd, b, n, f);
	attr = nlmsg_find_attr((struct nlmsghdr *)b, 0, RDMA_NLDEV_ATTR_DEV_INDEX);
	line.index = attr ? nla_get_u32(attr) : 0;
	return (ssize_t)n;
}

static void put_summary(struct nl_msg *m)
{
	struct nlattr *table = nla_nest_start(m, RDMA_NLDEV_ATTR_RES_SUMMARY), *entry;

	entry = nla_nest_start(m, RDMA_NLDEV_ATTR_RES_SUMMARY_ENTRY);
	nla_put(m, RDMA_NLDEV_ATTR_RES_SUMMARY_ENTRY_NAME, 3, "mr");
	nla_put_u64(m, RDMA_NLDEV_ATTR_RES_SUMMARY_ENTRY_CURR, 5);
	nla_nest_end(m, entry);
	nla_nest_end(m, table);
}

ssize_t fake_recv(int fd, void *b, size_t n, int f)
{
	bool known = line.index >= 1 && line.index <= LINKS && links[line.index - 1][0];
	struct nlmsgerr refused = { .error = -EINVAL };
	struct nl_msg *m;
	size_t len;

	if (!to_kernel(fd))
		return __real_recv(fd, b, n, f);
	m = __real_nlmsg_alloc_simple(known ? 0 : NLMSG_ERROR, 0);
	if (known)
		put_summary(m);
	else
		nlmsg_append(m, &refused, sizeof(refused), NLMSG_ALIGNTO);
	len = nlmsg_hdr(m)->nlmsg_len;
	memcpy(b, nlmsg_hdr(m), len < n ? len : n);
	__real_nlmsg_free(m);
	return (ssize_t)(len < n ? len : n);
}

int fake_nl_socket_set_fd(struct nl_sock *s, int protocol, int fd)
{
	(void)s;
	(void)protocol;
	line.fd = fd;
	return 0;
}

void fake_nl_socket_free(struct nl_sock *s)
{
	if (line.fd > 0)
		__real_close(line.fd);
	line.fd = 0;
	__real_nl_socket_free(s);
}

int fake_nl_cb_set(struct nl_cb *cb, enum nl_cb_type type, enum nl_cb_kind kind,
		   nl_recvmsg_msg_cb_t fn, void *arg)
{
	(void)cb;
	(void)kind;
	if (type == NL_CB_VALID) {
		line.each = fn;
		line.each_arg = arg;
	} else {
		line.done = fn;
		line.done_arg = arg;
	}
	return 0;
}

int fake_nl_cb_err(struct nl_cb *cb, enum nl_cb_kind kind, nl_recvmsg_err_cb_t fn, void *arg)
{
	(void)cb;
	(void)kind;
	(void)fn;
	(void)arg;
	return 0;
}

int fake_nla_put_string(struct nl_msg *msg, int type, const char *text)
{
	return nla_put(msg, type, (int)strlen(text) + 1, text);
}

/* There is one of that name, or none. */
static void netdev(const char *name, bool there)
{
	int i = 0;

	while (i < LINKS && strcmp(kernel->netdevs[i], there ? "" : name))
		i++;
	if (i < LINKS)
		snprintf(kernel->netdevs[i], sizeof(kernel->netdevs[i]), "%s", there ? name : "");
}

void fake_netdev_add(const char *name)
{
	netdev(name, true);
}

int fake_nl_send_auto(struct nl_sock *s, struct nl_msg *msg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *attr;

	(void)s;
	line.each = NULL;
	line.type = h->nlmsg_type;
	if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
		netdev(nla_data(nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME)),
		       h->nlmsg_type == RTM_NEWLINK);
	if (h->nlmsg_type == RTM_NEWADDR) {
		attr = nlmsg_find_attr(h, sizeof(struct ifaddrmsg), IFA_LOCAL);
		if (attr)
			memcpy(&kernel->address, nla_data(attr), sizeof(kernel->address));
		return 0;
	}
	attr = nlmsg_find_attr(h, 0, RDMA_NLDEV_ATTR_DEV_INDEX);
	line.index = attr ? nla_get_u32(attr) : 0;
	if (h->nlmsg_type == RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_NEWLINK))
		fake_link_add(nla_data(nlmsg_find_attr(h, 0, RDMA_NLDEV_ATTR_DEV_NAME)));
	if (h->nlmsg_type == RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_DELLINK))
		link_delete(line.index);
	return 0;
}

static void answer_link(int i)
{
	struct nl_msg *m = __real_nlmsg_alloc_simple(0, 0);

	nla_put(m, RDMA_NLDEV_ATTR_DEV_NAME, (int)strlen(links[i]) + 1, links[i]);
	__real_nla_put_u32(m, RDMA_NLDEV_ATTR_DEV_INDEX, (uint32_t)i + 1);
	line.each(m, line.each_arg);
	__real_nlmsg_free(m);
}

static void answer_users(void)
{
	struct nl_msg *m = __real_nlmsg_alloc_simple(0, 0);
	struct nlattr *table = nla_nest_start(m, RDMA_NLDEV_ATTR_RES_CTX);
	struct nlattr *entry;

	if (world.users) {
		world.users--;
		entry = nla_nest_start(m, RDMA_NLDEV_ATTR_RES_CTX_ENTRY);
		__real_nla_put_u32(m, RDMA_NLDEV_ATTR_RES_PID, 1);
		nla_nest_end(m, entry);
	}
	nla_nest_end(m, table);
	line.each(m, line.each_arg);
	__real_nlmsg_free(m);
}

int fake_nl_recvmsgs(struct nl_sock *s, struct nl_cb *cb)
{
	(void)s;
	(void)cb;
	if (line.type == RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET))
		for (int i = 0; i < LINKS; i++)
			if (links[i][0])
				answer_link(i);
	if (line.type == RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_RES_CTX_GET))
		answer_users();
	line.done(NULL, line.done_arg);
	return 0;
}

/* ---- lists of devices and addresses ---- */

static struct sockaddr_in loopback = { .sin_family = AF_INET }, other = { .sin_family = AF_INET };
static struct ifaddrs list[2] = {
	{ .ifa_next = &list[1], .ifa_name = (char *)"lo", .ifa_addr = (void *)&loopback },
	{ .ifa_name = (char *)"pp0d", .ifa_addr = (void *)&other },
};

int fake_getifaddrs(struct ifaddrs **out)
{
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	other.sin_addr.s_addr = htonl(0xc6120001u);
	*out = list;
	return 0;
}

void fake_freeifaddrs(struct ifaddrs *a)
{
	(void)a;
}

static struct if_nameindex names[LINKS + 2] = { { 1, (char *)"lo" } };

struct if_nameindex *fake_if_nameindex(void)
{
	unsigned n = 1;

	for (int i = 0; i < LINKS; i++)
		if (kernel->netdevs[i][0]) {
			names[n] = (struct if_nameindex){ n + 1, kernel->netdevs[i] };
			n++;
		}
	names[n] = (struct if_nameindex){ 0, NULL };
	return names;
}

void fake_if_freenameindex(struct if_nameindex *i)
{
	(void)i;
}

unsigned fake_if_nametoindex(const char *name)
{
	(void)name;
	return 7;
}
