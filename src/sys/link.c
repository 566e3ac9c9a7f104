/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of the soft-RoCE device: make, wait until usable, remove, sweep what dead processes
 * left. */
#include "sys/link.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/command.h"
#include "sys/link_netlink.h"

#define IBCLASS        "/sys/class/infiniband"
#define NETDEV_MTU     9000 /* rxe takes 80 bytes of headers off: gives the largest path MTU, 4096 */
#define ACTIVE_MS      10000
#define RELEASE_MS     10000 /* for processes that still have the device open */
#define MODPROBE_MS    20000
#define POLL_MS        2
#define ADDRESS_BASE   0xc6120000u /* 198.18.0.0/15 */
#define ADDRESS_COUNT  0x20000u
#define ADDRESS_TRIALS 64

/*
 * The kernel itself requests only rdma_rxe and dummy on netlink's behalf, and not what lies below
 * NETLINK_RDMA. rxe's checksum is a crypto algorithm, which is a module of its own before 6.16.
 */
static const struct module {
	const char *name;
	const char *option;
} modules[] = {
	{ "dummy", "numdummies=0" }, /* or a dummy0 would come along and stay */
	{ "crc32_generic", NULL },   { "rdma_rxe", NULL },
	{ "ib_uverbs", NULL },       { "rdma_ucm", NULL },
};

static void load_modules(void)
{
	char path[64];

	if (geteuid())
		return;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		const char *const argv[] = { "modprobe", "-q", modules[i].name, modules[i].option,
					     NULL };

		snprintf(path, sizeof(path), "/sys/module/%s", modules[i].name);
		if (access(path, F_OK))
			(void)pp_command(argv, MODPROBE_MS, NULL, 0, NULL);
	}
}

/* Reads the first line of a sysfs attribute; "" if unreadable. */
static void read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	out[0] = '\0';
	if (!f)
		return;
	if (fgets(out, (int)size, f))
		out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

/* The address must be nobody else's on this machine, or rdma_cm would resolve it to another device.
 */
static bool address_taken(const struct ifaddrs *all, struct in_addr address)
{
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;

		if (in && in->sin_family == AF_INET && in->sin_addr.s_addr == address.s_addr)
			return true;
	}
	return false;
}

static int choose_address(struct in_addr *out)
{
	/* A prime step keeps neighbouring pids apart; .0.0 and the last address are avoided. */
	uint32_t at = (uint32_t)getpid() * 37;
	struct ifaddrs *all;
	int rc = -EADDRINUSE;

	if (getifaddrs(&all))
		return -errno;
	for (int i = 0; i < ADDRESS_TRIALS && rc; i++, at++) {
		out->s_addr = htonl(ADDRESS_BASE + 1 + at % (ADDRESS_COUNT - 2));
		if (!address_taken(all, *out))
			rc = 0;
	}
	freeifaddrs(all);
	return rc;
}

/* Turns what the kernel answered into what the reader can do about it. */
struct cause {
	int code;
	int becomes;
	const char *why;
};

static int explain(struct pp_err *err, const char *what, int code, const struct cause *causes)
{
	for (; causes->code; causes++)
		if (causes->code == code)
			return pp_err_set(err, causes->becomes, "%s: %s.", what, causes->why);
	return pp_err_set(err, code, "%s", what);
}

#define CAUSE_ROOT                                                                                 \
	{                                                                                          \
		-EPERM, -EPERM, "this needs the capability CAP_NET_ADMIN (be root)"                \
	}

static const struct cause netdev_causes[] = {
	CAUSE_ROOT,
	{ -EOPNOTSUPP, -ENODEV,
	  "the kernel has no network device of this kind; module dummy is missing" },
	{ 0, 0, NULL },
};

static const struct cause present_causes[] = {
	CAUSE_ROOT,
	{ -EPROTONOSUPPORT, -ENODEV,
	  "this kernel has no RDMA netlink: boot one with the modules ib_core and "
	  "rdma_rxe, or use 'pinproof vm run'" },
	{ 0, 0, NULL },
};

static const struct cause rxe_causes[] = {
	CAUSE_ROOT,
	{ -EINVAL, -ENODEV, "the kernel has no links of type rxe; module rdma_rxe is missing" },
	{ -ENOENT, -ENODEV,
	  "rxe found no crc32 algorithm; modules crc32_generic and crc32-pclmul are missing" },
	{ 0, 0, NULL },
};

/* Does port 1 have @address as a RoCE v2 GID? The table is filled by a work queue after the address
 * came. */
static bool has_gid(const struct pp_link *link)
{
	const uint8_t *a = (const uint8_t *)&link->address;
	char path[160], line[64], want[40];

	snprintf(want, sizeof(want), "0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x", a[0], a[1],
		 a[2], a[3]);
	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), IBCLASS "/%s/ports/1/gids/%d", link->ibdev, i);
		read_line(path, line, sizeof(line));
		if (strcmp(line, want))
			continue;
		snprintf(path, sizeof(path), IBCLASS "/%s/ports/1/gid_attrs/types/%d", link->ibdev,
			 i);
		read_line(path, line, sizeof(line));
		if (!strcmp(line, "RoCE v2"))
			return true;
	}
	return false;
}

static int wait_usable(const struct pp_link *link, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(ACTIVE_MS);
	char path[128], state[64];
	bool gid;

	snprintf(path, sizeof(path), IBCLASS "/%s/ports/1/state", link->ibdev);
	for (;;) {
		read_line(path, state, sizeof(state));
		gid = has_gid(link);
		if (gid && strstr(state, "ACTIVE"))
			return 0;
		if (pp_now_ns() > deadline)
			return pp_err_set(
				err, -ETIMEDOUT,
				"%s did not become usable within %d ms: port state \"%s\", %s.",
				link->ibdev, ACTIVE_MS, state,
				gid ? "GID present" : "no RoCE v2 GID of its address");
		pp_pause_ms(POLL_MS);
	}
}

static int make_parts(struct pp_link *link, struct pp_err *err)
{
	int ret;

	/* An answer may be lost when the work is done: only one of that name tells that it is not
	 * ours, and to remove what was never made is no error. */
	ret = pp_nl_dummy_add(link->netdev, NETDEV_MTU);
	link->made_netdev = ret != -EEXIST;
	if (ret)
		return explain(err, "cannot make a dummy network device", ret, netdev_causes);
	ret = pp_nl_address_add(link->netdev, link->address);
	if (ret)
		return explain(err, "cannot give the network device its address", ret,
			       netdev_causes);
	ret = pp_nl_rxe_add(link->ibdev, link->netdev);
	link->made_ibdev = ret != -EEXIST;
	if (ret)
		return explain(err, "cannot make the rxe link", ret, rxe_causes);
	return wait_usable(link, err);
}

int pp_link_make(struct pp_link *out, struct pp_err *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	snprintf(out->netdev, sizeof(out->netdev), "pp%dd", (int)getpid());
	snprintf(out->ibdev, sizeof(out->ibdev), "pp%dr", (int)getpid());
	load_modules();
	ret = pp_nl_rdma_present(); /* first, so that a machine without RDMA sees no netdev come and
				       go */
	if (ret)
		return explain(err, "cannot make an rxe link", ret, present_causes);
	ret = choose_address(&out->address);
	if (ret)
		return pp_err_set(err, ret, "cannot find a free address in 198.18.0.0/15");
	ret = make_parts(out, err);
	if (ret)
		(void)pp_link_remove(out, NULL);
	return ret;
}

/*
 * rxe cannot be taken from an open verbs file: DELLINK would sleep uninterruptibly until the file
 * is closed. So ask first who has it open, with a bound.
 */
static int wait_unused(const char *ibdev, uint32_t index, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(RELEASE_MS);
	unsigned count;
	uint32_t pid;
	int ret;

	for (;;) {
		ret = pp_nl_rdma_users(index, &count, &pid);
		if (ret || !count)
			break;
		if (pp_now_ns() > deadline)
			return pp_err_set(err, -EBUSY,
					  "%s stays, as it is still open %u times after %d ms, by "
					  "process %u (0: one that inherited the file).",
					  ibdev, count, RELEASE_MS, pid);
		pp_pause_ms(POLL_MS);
	}
	return ret ? pp_err_set(err, ret, "cannot ask who uses %s", ibdev) : 0;
}

static int remove_ibdev(const char *ibdev, struct pp_err *err)
{
	uint32_t index;
	int ret;

	ret = pp_nl_rdma_index(ibdev, &index);
	if (ret == -ENODEV || ret == -EPROTONOSUPPORT)
		return 0;
	if (ret)
		return pp_err_set(err, ret, "cannot look up RDMA device %s", ibdev);
	ret = wait_unused(ibdev, index, err);
	if (ret)
		return ret;
	ret = pp_nl_rdma_del(index);
	if (ret && ret != -ENODEV)
		return pp_err_set(err, ret, "cannot remove RDMA device %s", ibdev);
	return 0;
}

static int remove_netdev(const char *netdev, struct pp_err *err)
{
	int ret = pp_nl_netdev_del(netdev);

	if (ret && ret != -ENODEV)
		return pp_err_set(err, ret, "cannot remove network device %s", netdev);
	return 0;
}

int pp_link_remove(struct pp_link *link, struct pp_err *err)
{
	int ret;

	if (link->made_ibdev) {
		ret = remove_ibdev(link->ibdev, err);
		if (ret)
			return ret; /* its netdev must stay: removing that would wait for the rxe */
		link->made_ibdev = 0;
	}
	if (link->made_netdev) {
		ret = remove_netdev(link->netdev, err);
		if (ret)
			return ret;
		link->made_netdev = 0;
	}
	return 0;
}

/* Is @name "pp<pid><kind>" of a process that is gone? */
static bool left_over(const char *name, char kind)
{
	char want[IF_NAMESIZE + 8];
	int pid;

	if (strncmp(name, "pp", 2) || sscanf(name + 2, "%d", &pid) != 1 || pid <= 0)
		return false;
	snprintf(want, sizeof(want), "pp%d%c", pid, kind);
	return !strcmp(name, want) && kill(pid, 0) && errno == ESRCH;
}

static bool is_dummy(const char *netdev)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq req = { .ifr_data = (void *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return false;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", netdev);
	yes = !ioctl(fd, SIOCETHTOOL, &req) && !strcmp(info.driver, "dummy");
	close(fd);
	return yes;
}

/* A link counts once: with its RDMA device goes its netdev. */
static int sweep_ibdevs(struct pp_err *err)
{
	DIR *dir = opendir(IBCLASS);
	char netdev[IF_NAMESIZE];
	struct dirent *e;
	int removed = 0, ret = 0;

	if (!dir)
		return 0;
	while (!ret && (e = readdir(dir))) {
		if (!left_over(e->d_name, 'r'))
			continue;
		ret = remove_ibdev(e->d_name, err);
		snprintf(netdev, sizeof(netdev), "%.*sd", (int)strlen(e->d_name) - 1, e->d_name);
		if (!ret && is_dummy(netdev))
			ret = remove_netdev(netdev, err);
		removed += !ret;
	}
	closedir(dir);
	return ret ? ret : removed;
}

int pp_link_sweep(struct pp_err *err)
{
	struct if_nameindex *all, *i;
	int removed, ret = 0;

	removed = sweep_ibdevs(err);
	if (removed < 0)
		return removed;
	all = if_nameindex();
	if (!all)
		return removed;
	for (i = all; !ret && i->if_index; i++) {
		if (!left_over(i->if_name, 'd') || !is_dummy(i->if_name))
			continue;
		ret = remove_netdev(i->if_name, err);
		removed += !ret;
	}
	if_freenameindex(all);
	return ret ? ret : removed;
}
