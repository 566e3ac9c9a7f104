/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One reading of every account of the ledger, from files that stay open; see accounts.h. */
#include "sys/accounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/accounts_parse.h"
#include "sys/link_netlink.h"
#include "sys/pins_parse.h"

#define PATH_BYTES 300
#define POOLS      8

/* What each reading reads. Opening took longer than reading. */
enum file { REFRESH, VMSTAT, STATUS, MEMINFO, ZONEINFO, PACKETS, FILES };

/* A pool of huge pages that is not of the default size. */
struct pool {
	int available, reserved;
};

struct pp_accounts {
	char proc[PATH_BYTES / 2];
	int files[FILES]; /* -1: cannot be had */
	struct pool pools[POOLS];
	size_t n_pools;
	bool has_pools;
	DIR *fds;
	bool has_device;
	uint32_t device; /* RDMA index */
	struct nl_sock *netlink;
	char *text; /* of the file at hand */
	size_t cap;
	pthread_mutex_t lock;
};

bool pp_accounts_parse_zoneinfo(const char *text, int64_t *all_pages, int64_t *movable_pages)
{
	static const char free_pages[] = "  pages free ";
	bool movable = false, found = false;
	int64_t pages;
	char zone[32];

	*all_pages = *movable_pages = 0;
	/* hundreds of lines, of which two a zone count: most are known by their first letters */
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == 'N' && sscanf(line, "Node %*d, zone %31s", zone) == 1)
			movable = !strcmp(zone, "Movable");
		if (strncmp(line, free_pages, strlen(free_pages)) != 0)
			continue;
		pages = strtoll(line + strlen(free_pages), NULL, 10);
		found = true;
		*all_pages += pages;
		*movable_pages += movable ? pages : 0;
	}
	return found;
}

/* How the kernel calls them: drivers/infiniband/core/nldev.c, fill_res_info(). */
static const struct {
	const char *name;
	enum pp_account account;
} objects[] = {
	{ "ctx", PP_ACCOUNT_CONTEXTS }, { "pd", PP_ACCOUNT_PDS }, { "mr", PP_ACCOUNT_MRS },
	{ "cq", PP_ACCOUNT_CQS },       { "qp", PP_ACCOUNT_QPS }, { "cm_id", PP_ACCOUNT_CM_IDS },
};

void pp_accounts_take_object(const char *name, uint64_t count, void *value)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (!strcmp(objects[i].name, name))
			((int64_t *)value)[objects[i].account] = (int64_t)count;
}

int pp_accounts_device_possible(uint32_t device, struct pp_err *why)
{
	int64_t value[PP_ACCOUNT_COUNT];
	struct nl_sock *sk = NULL;
	int ret;

	value[PP_ACCOUNT_MRS] = PP_ACCOUNT_UNKNOWN;
	ret = pp_nl_rdma_objects(&sk, device, pp_accounts_take_object, value);
	pp_nl_close(&sk);
	if (!ret && value[PP_ACCOUNT_MRS] == PP_ACCOUNT_UNKNOWN)
		ret = -ENODATA;
	return ret ? pp_err_set(why, ret, "RDMA netlink does not count a device's objects") : 0;
}

/* ---- what stays open ---- */

static int open_file(const char *dir, const char *name, int flags)
{
	char path[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -1;
	return open(path, flags | O_CLOEXEC);
}

static const struct {
	const char *name;
	int flags;
	bool needed;
} proc_files[] = {
	[REFRESH] = { "sys/vm/stat_refresh", O_WRONLY, false },
	[VMSTAT] = { "vmstat", O_RDONLY, true },
	[STATUS] = { "self/status", O_RDONLY, true },
	[MEMINFO] = { "meminfo", O_RDONLY, true },
	[ZONEINFO] = { "zoneinfo", O_RDONLY, false },
};

static int open_proc(struct pp_accounts *a, struct pp_err *err)
{
	for (size_t i = 0; i < sizeof(proc_files) / sizeof(proc_files[0]); i++) {
		a->files[i] = open_file(a->proc, proc_files[i].name, proc_files[i].flags);
		if (a->files[i] < 0 && proc_files[i].needed)
			return pp_err_set(err, -errno, "cannot read %s/%s", a->proc,
					  proc_files[i].name);
	}
	return 0;
}

/* The text of an open file, from its begin; NULL and errno. Good until the next one. */
static const char *text_of(struct pp_accounts *a, int fd)
{
	size_t len = 0;
	ssize_t n;
	char *more;

	if (fd < 0) {
		errno = ENOENT;
		return NULL;
	}
	while ((n = pread(fd, a->text + len, a->cap - len - 1, (off_t)len)) > 0) {
		len += (size_t)n;
		if (a->cap - len > 1)
			continue;
		more = realloc(a->text, a->cap * 2);
		if (!more)
			return NULL;
		a->text = more;
		a->cap *= 2;
	}
	a->text[len] = '\0';
	return n < 0 ? NULL : a->text;
}

/* A number that is all that a file holds, 0 if it cannot be read. */
static int64_t number_of(struct pp_accounts *a, int fd)
{
	const char *text = text_of(a, fd);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* "hugepages-2048kB" of the default size, which meminfo tells. */
static void usual_pool(struct pp_accounts *a, char *out, size_t size)
{
	struct pp_pins pins = { 0 };
	const char *text = text_of(a, a->files[MEMINFO]);

	if (text)
		(void)pp_pins_parse_meminfo(text, &pins);
	snprintf(out, size, "hugepages-%lldkB", (long long)pins.huge_kb);
}

static void open_pools(struct pp_accounts *a, const char *sys)
{
	char dir[PATH_BYTES], one[2 * PATH_BYTES], usual[64];
	const struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/kernel/mm/hugepages", sys);
	usual_pool(a, usual, sizeof(usual));
	d = opendir(dir);
	if (!d)
		return;
	a->has_pools = true;
	while ((e = readdir(d)) && a->n_pools < POOLS) {
		struct pool *p = &a->pools[a->n_pools];

		if (e->d_name[0] == '.' || !strcmp(e->d_name, usual))
			continue;
		snprintf(one, sizeof(one), "%s/%s", dir, e->d_name);
		p->available = open_file(one, "free_hugepages", O_RDONLY);
		p->reserved = open_file(one, "resv_hugepages", O_RDONLY);
		a->n_pools++;
	}
	closedir(d);
}

/* Packets are counted by the driver (rxe), or by the port. */
static void open_device(struct pp_accounts *a, const char *sys, const char *ibdev)
{
	char dir[PATH_BYTES];

	a->has_device = !pp_nl_rdma_index(ibdev, &a->device);
	snprintf(dir, sizeof(dir), "%s/class/infiniband/%s/ports/1", sys, ibdev);
	a->files[PACKETS] = open_file(dir, "hw_counters/rcvd_pkts", O_RDONLY);
	if (a->files[PACKETS] < 0)
		a->files[PACKETS] = open_file(dir, "counters/port_rcv_packets", O_RDONLY);
}

int pp_accounts_open(const struct pp_account_place *where, struct pp_accounts **out,
		     struct pp_err *err)
{
	struct pp_accounts *a = calloc(1, sizeof(*a));
	const char *sys = where->sys ? where->sys : "/sys";
	char path[PATH_BYTES];
	int rc;

	if (!a)
		return pp_err_set(err, -ENOMEM, "the accounts");
	pthread_mutex_init(&a->lock, NULL);
	for (int i = 0; i < FILES; i++)
		a->files[i] = -1;
	snprintf(a->proc, sizeof(a->proc), "%s", where->proc ? where->proc : "/proc");
	a->cap = 16384;
	a->text = malloc(a->cap);
	rc = a->text ? open_proc(a, err) : pp_err_set(err, -ENOMEM, "the accounts");
	if (rc) {
		pp_accounts_close(a);
		return rc;
	}
	open_pools(a, sys);
	if (where->ibdev)
		open_device(a, sys, where->ibdev);
	snprintf(path, sizeof(path), "%s/self/fd", a->proc);
	a->fds = opendir(path);
	*out = a;
	return 0;
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void pp_accounts_close(struct pp_accounts *a)
{
	if (!a)
		return;
	for (int i = 0; i < FILES; i++)
		close_file(a->files[i]);
	for (size_t i = 0; i < a->n_pools; i++) {
		close_file(a->pools[i].available);
		close_file(a->pools[i].reserved);
	}
	if (a->fds)
		closedir(a->fds);
	pp_nl_close(&a->netlink);
	pthread_mutex_destroy(&a->lock);
	free(a->text);
	free(a);
}

/* ---- one reading ---- */

/* Folds the counters of every CPU into the totals (mm/vmstat.c, vmstat_refresh()). */
static int read_vmstat(struct pp_accounts *a, int64_t *value)
{
	bool fresh = a->files[REFRESH] >= 0 && pwrite(a->files[REFRESH], "1", 1, 0) == 1;
	const char *text = text_of(a, a->files[VMSTAT]);
	struct pp_pins pins;
	uint64_t pages;

	if (!text)
		return -errno;
	if (pp_pins_parse_vmstat(text, &pins) && fresh)
		value[PP_ACCOUNT_PINS] = (int64_t)(pins.acquired - pins.released);
	if (pp_pins_number(text, "nr_free_pages ", &pages))
		value[PP_ACCOUNT_FREE_PAGES] = (int64_t)pages;
	return 0;
}

static int read_status(struct pp_accounts *a, int64_t *value)
{
	const char *text = text_of(a, a->files[STATUS]);
	struct pp_pins pins;

	if (!text)
		return -errno;
	if (!pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), &pins))
		return -EPROTO;
	value[PP_ACCOUNT_VMPIN] = pins.vmpin_pages;
	value[PP_ACCOUNT_VMLCK] = pins.vmlck_pages;
	return 0;
}

/* No hugetlb: an empty pool. */
static int read_meminfo(struct pp_accounts *a, int64_t *value)
{
	const char *text = text_of(a, a->files[MEMINFO]);
	struct pp_pins pins;

	if (!text)
		return -errno;
	(void)pp_pins_parse_meminfo(text, &pins);
	value[PP_ACCOUNT_HUGE_TOTAL] = pins.huge_total;
	value[PP_ACCOUNT_HUGE_FREE] = pins.huge_free;
	value[PP_ACCOUNT_HUGE_SPARE] = pins.huge_free - pins.huge_reserved;
	return 0;
}

static void read_zones(struct pp_accounts *a, int64_t *value)
{
	const char *text = text_of(a, a->files[ZONEINFO]);
	int64_t all, movable;

	if (text && pp_accounts_parse_zoneinfo(text, &all, &movable))
		value[PP_ACCOUNT_MOVABLE_PAGES] = movable;
}

static void read_other_pools(struct pp_accounts *a, int64_t *value)
{
	int64_t sum = 0;

	for (size_t i = 0; i < a->n_pools; i++)
		sum += number_of(a, a->pools[i].available) - number_of(a, a->pools[i].reserved);
	if (a->has_pools)
		value[PP_ACCOUNT_HUGE_OTHER] = sum;
}

/* VmPin of another process; a zombie and what is gone have none. */
static int64_t vmpin_of(const struct pp_accounts *a, pid_t pid)
{
	struct pp_pins pins;
	char path[PATH_BYTES], *text;
	bool ok;

	snprintf(path, sizeof(path), "%s/%d/status", a->proc, (int)pid);
	text = pp_pins_slurp(path);
	ok = text && pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), &pins);
	free(text);
	return ok ? pins.vmpin_pages : PP_ACCOUNT_UNKNOWN;
}

static void read_processes(const struct pp_accounts *a, const struct pp_account_pids *of,
			   int64_t *value)
{
	if (of->owner)
		value[PP_ACCOUNT_OWNER_VMPIN] = vmpin_of(a, of->owner);
	if (of->heir)
		value[PP_ACCOUNT_HEIR_VMPIN] = vmpin_of(a, of->heir);
	for (size_t i = 0; i < of->n_children; i++) {
		int64_t pages = vmpin_of(a, of->children[i]);
		int64_t *sum = &value[PP_ACCOUNT_CHILD_VMPIN];

		if (pages != PP_ACCOUNT_UNKNOWN)
			*sum = *sum == PP_ACCOUNT_UNKNOWN ? pages : *sum + pages;
	}
}

/* "." and ".." do not count. What this file keeps open does, at each reading alike. */
static void read_fds(const struct pp_accounts *a, int64_t *value)
{
	int64_t n = -2;

	if (!a->fds)
		return;
	rewinddir(a->fds);
	while (readdir(a->fds))
		n++;
	value[PP_ACCOUNT_FDS] = n;
}

static void read_device(struct pp_accounts *a, int64_t *value)
{
	if (a->has_device)
		(void)pp_nl_rdma_objects(&a->netlink, a->device, pp_accounts_take_object, value);
	if (a->files[PACKETS] >= 0)
		value[PP_ACCOUNT_PACKETS] = number_of(a, a->files[PACKETS]);
}

int pp_accounts_read(struct pp_accounts *a, const struct pp_account_pids *of,
		     int64_t value[PP_ACCOUNT_COUNT], struct pp_err *err)
{
	static const struct {
		int (*read)(struct pp_accounts *a, int64_t *value);
		enum file file;
	} needed[] = {
		{ read_vmstat, VMSTAT },
		{ read_status, STATUS },
		{ read_meminfo, MEMINFO },
	};
	int rc = 0;

	for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
		value[i] = PP_ACCOUNT_UNKNOWN;
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; !rc && i < sizeof(needed) / sizeof(needed[0]); i++) {
		rc = needed[i].read(a, value);
		if (rc == -EPROTO)
			pp_err_set(err, rc, "%s/self/status has no VmPin or VmLck.", a->proc);
		else if (rc)
			pp_err_set(err, rc, "cannot read %s/%s", a->proc,
				   proc_files[needed[i].file].name);
	}
	if (!rc) {
		read_zones(a, value);
		read_other_pools(a, value);
		read_processes(a, of, value);
		read_device(a, value);
		read_fds(a, value);
	}
	pthread_mutex_unlock(&a->lock);
	return rc;
}
