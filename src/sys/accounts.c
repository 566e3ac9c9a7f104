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
#include <sys/stat.h>
#include <unistd.h>

#include "sys/accounts_parse.h"
#include "sys/link_netlink.h"
#include "sys/pins_parse.h"
#include "sys/rdma_objects.h"

#define PATH_BYTES 300
#define POOLS      8
/* Numbers grow by digits. */
#define VMSTAT_SLACK 128
#define NUMBER_BYTES 32

/* What each reading reads. Opening took longer than reading. */
enum file { REFRESH, VMSTAT, STATUS, BUDDYINFO, PACKETS, FILES };

/* A pool of huge pages, by the files that count them. */
struct pool {
	int total, available, reserved;
	bool usual; /* of the default size */
};

struct pp_accounts {
	char proc[PATH_BYTES / 2];
	int files[FILES];    /* -1: cannot be had */
	size_t vmstat_bytes; /* so much of it has what is wanted; 0: not known yet */
	struct pool pools[POOLS];
	size_t n_pools;
	bool has_pools, no_hugetlb;
	DIR *fds;
	bool fds_by_size; /* the directory's size is how many there are (proc_fd_getattr(), 6.2) */
	bool no_movable;  /* there is no such zone, and nothing adds one while cases run */
	bool has_device;
	uint32_t device; /* RDMA index */
	int netlink;     /* -1: not asked yet */
	char *text;      /* of the file at hand */
	size_t cap;
	pthread_mutex_t lock;
};

/* "  12 3 ...": free blocks of one page, of two, of four and so on. */
static int64_t sum_blocks(const char *at)
{
	int64_t pages = 0, blocks;

	for (unsigned order = 0; order < 32; order++) {
		at += strspn(at, " ");
		if (*at < '0' || *at > '9')
			break;
		for (blocks = 0; *at >= '0' && *at <= '9'; at++)
			blocks = blocks * 10 + (*at - '0');
		pages += blocks << order;
	}
	return pages;
}

bool pp_accounts_parse_buddyinfo(const char *text, int64_t *movable_pages)
{
	static const char zone[] = ", zone ", movable[] = "Movable ";
	bool found = false;
	const char *at;

	*movable_pages = 0;
	for (at = strstr(text, zone); at; at = strstr(at, zone)) {
		found = true;
		at += strlen(zone);
		at += strspn(at, " ");
		if (!strncmp(at, movable, strlen(movable)))
			*movable_pages += sum_blocks(at + strlen(movable));
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

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

int pp_accounts_device_possible(uint32_t device, struct pp_err *why)
{
	int64_t value[PP_ACCOUNT_COUNT];
	int ret, kept = -1;

	value[PP_ACCOUNT_MRS] = PP_ACCOUNT_UNKNOWN;
	ret = pp_rdma_objects(&kept, device, pp_accounts_take_object, value);
	close_file(kept);
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
	[BUDDYINFO] = { "buddyinfo", O_RDONLY, false },
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

/* The first @most bytes of an open file; NULL and errno. Good until the next one. */
static const char *text_upto(struct pp_accounts *a, int fd, size_t most)
{
	size_t len = 0, room;
	ssize_t n = 0;
	char *more;

	if (fd < 0) {
		errno = ENOENT;
		return NULL;
	}
	while (len < most) {
		room = a->cap - len - 1;
		n = pread(fd, a->text + len, room < most - len ? room : most - len, (off_t)len);
		if (n <= 0)
			break;
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

static const char *text_of(struct pp_accounts *a, int fd)
{
	return text_upto(a, fd, SIZE_MAX);
}

/* The same of a file that the kernel prints at once (single_open()): what fills less than the
 * buffer is all of it. */
static const char *text_at_once(struct pp_accounts *a, int fd)
{
	ssize_t n = pread(fd, a->text, a->cap - 1, 0);

	if (n == (ssize_t)a->cap - 1)
		return text_of(a, fd);
	if (n >= 0)
		a->text[n] = '\0';
	return n < 0 ? NULL : a->text;
}

/* A number that is all that a file holds, 0 if it cannot be read. Such a file comes whole. */
static int64_t number_of(int fd)
{
	char text[NUMBER_BYTES];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return 0;
	text[n] = '\0';
	return strtoll(text, NULL, 10);
}

/* "hugepages-2048kB" of the default size, which meminfo tells. */
static int usual_pool(struct pp_accounts *a, char *out, size_t size, struct pp_err *err)
{
	int fd = open_file(a->proc, "meminfo", O_RDONLY), rc = fd < 0 ? -errno : 0;
	const char *text = rc ? NULL : text_of(a, fd);
	struct pp_pins pins;

	if (text) {
		a->no_hugetlb = !pp_pins_parse_meminfo(text, &pins);
		snprintf(out, size, "hugepages-%lldkB", (long long)pins.huge_kb);
	} else if (!rc) {
		rc = -errno;
	}
	if (fd >= 0)
		close(fd);
	return rc ? pp_err_set(err, rc, "cannot read %s/meminfo", a->proc) : 0;
}

static int open_pools(struct pp_accounts *a, const char *sys, struct pp_err *err)
{
	char dir[PATH_BYTES], one[2 * PATH_BYTES], usual[64];
	const struct dirent *e;
	DIR *d;
	int rc = usual_pool(a, usual, sizeof(usual), err);

	if (rc)
		return rc;
	snprintf(dir, sizeof(dir), "%s/kernel/mm/hugepages", sys);
	d = opendir(dir);
	if (!d)
		return 0;
	a->has_pools = true;
	while ((e = readdir(d)) && a->n_pools < POOLS) {
		struct pool *p = &a->pools[a->n_pools];

		if (e->d_name[0] == '.')
			continue;
		snprintf(one, sizeof(one), "%s/%s", dir, e->d_name);
		p->usual = !strcmp(e->d_name, usual);
		p->total = p->usual ? open_file(one, "nr_hugepages", O_RDONLY) : -1;
		p->available = open_file(one, "free_hugepages", O_RDONLY);
		p->reserved = open_file(one, "resv_hugepages", O_RDONLY);
		a->n_pools++;
	}
	closedir(d);
	return 0;
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

/* "." and ".." do not count. */
static int64_t entries_of(DIR *d)
{
	int64_t n = -2;

	rewinddir(d);
	while (readdir(d))
		n++;
	return n;
}

static void open_fds(struct pp_accounts *a)
{
	char path[PATH_BYTES];
	struct stat st;

	snprintf(path, sizeof(path), "%s/self/fd", a->proc);
	a->fds = opendir(path);
	a->fds_by_size = a->fds && !fstat(dirfd(a->fds), &st) && st.st_size == entries_of(a->fds);
}

/* A zone that is made while a case runs is seen by the next one. */
static void look_for_movable(struct pp_accounts *a)
{
	const char *text = text_of(a, a->files[BUDDYINFO]);

	a->no_movable = text && strstr(text, ", zone ") && !strstr(text, " Movable ");
}

int pp_accounts_open(const struct pp_account_place *where, struct pp_accounts **out,
		     struct pp_err *err)
{
	struct pp_accounts *a = calloc(1, sizeof(*a));
	const char *sys = where->sys ? where->sys : "/sys";
	int rc;

	if (!a)
		return pp_err_set(err, -ENOMEM, "the accounts");
	pthread_mutex_init(&a->lock, NULL);
	a->netlink = -1;
	for (int i = 0; i < FILES; i++)
		a->files[i] = -1;
	snprintf(a->proc, sizeof(a->proc), "%s", where->proc ? where->proc : "/proc");
	a->cap = 16384;
	a->text = malloc(a->cap);
	rc = a->text ? open_proc(a, err) : pp_err_set(err, -ENOMEM, "the accounts");
	if (!rc)
		rc = open_pools(a, sys, err);
	if (rc) {
		pp_accounts_close(a);
		return rc;
	}
	if (where->ibdev)
		open_device(a, sys, where->ibdev);
	look_for_movable(a);
	open_fds(a);
	*out = a;
	return 0;
}

void pp_accounts_close(struct pp_accounts *a)
{
	if (!a)
		return;
	for (int i = 0; i < FILES; i++)
		close_file(a->files[i]);
	for (size_t i = 0; i < a->n_pools; i++) {
		close_file(a->pools[i].total);
		close_file(a->pools[i].available);
		close_file(a->pools[i].reserved);
	}
	if (a->fds)
		closedir(a->fds);
	close_file(a->netlink);
	pthread_mutex_destroy(&a->lock);
	free(a->text);
	free(a);
}

/* ---- one reading ---- */

/* The number behind @key; @upto: the end of its line, if it is further. */
static bool vmstat_number(const char *text, const char *key, uint64_t *out, size_t *upto)
{
	const char *at = pp_pins_find(text, key), *end = at ? strchr(at, '\n') : NULL;

	/* a text that ends here may be cut in the number */
	if (!end)
		return false;
	if ((size_t)(end - text) > *upto)
		*upto = (size_t)(end - text);
	return pp_pins_number(text, key, out);
}

static bool take_vmstat(const char *text, bool fresh, int64_t *value, size_t *upto)
{
	uint64_t acquired, released, pages;
	bool pins = vmstat_number(text, "nr_foll_pin_acquired ", &acquired, upto) &&
		    vmstat_number(text, "nr_foll_pin_released ", &released, upto),
	     others = vmstat_number(text, "nr_free_pages ", &pages, upto);

	if (pins && fresh)
		value[PP_ACCOUNT_PINS] = (int64_t)(acquired - released);
	if (others)
		value[PP_ACCOUNT_FREE_PAGES] = (int64_t)pages;
	return pins && others;
}

/* Folds the counters of every CPU into the totals (mm/vmstat.c, vmstat_refresh()). What is wanted
 * stands in the first third of the file, and the kernel prints no more than is asked for. */
static int read_vmstat(struct pp_accounts *a, int64_t *value)
{
	bool fresh = a->files[REFRESH] >= 0 && pwrite(a->files[REFRESH], "1", 1, 0) == 1;
	const char *text;
	size_t upto = 0;

	if (a->vmstat_bytes) {
		text = text_upto(a, a->files[VMSTAT], a->vmstat_bytes);
		if (text && take_vmstat(text, fresh, value, &upto))
			return 0;
	}
	upto = 0;
	text = text_of(a, a->files[VMSTAT]);
	if (!text)
		return -errno;
	a->vmstat_bytes = take_vmstat(text, fresh, value, &upto) ? upto + VMSTAT_SLACK : 0;
	return 0;
}

static int read_status(struct pp_accounts *a, int64_t *value)
{
	const char *text = text_at_once(a, a->files[STATUS]);
	struct pp_pins pins;

	if (!text)
		return -errno;
	if (!pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), &pins))
		return -EPROTO;
	value[PP_ACCOUNT_VMPIN] = pins.vmpin_pages;
	value[PP_ACCOUNT_VMLCK] = pins.vmlck_pages;
	return 0;
}

/* Without such a zone there is nothing in it. */
static void read_zones(struct pp_accounts *a, int64_t *value)
{
	const char *text = a->no_movable ? NULL : text_of(a, a->files[BUDDYINFO]);
	int64_t movable;

	if (a->no_movable)
		value[PP_ACCOUNT_MOVABLE_PAGES] = 0;
	else if (text && pp_accounts_parse_buddyinfo(text, &movable))
		value[PP_ACCOUNT_MOVABLE_PAGES] = movable;
}

/* No hugetlb: empty pools. */
static void read_pools(struct pp_accounts *a, int64_t *value)
{
	if (a->no_hugetlb)
		value[PP_ACCOUNT_HUGE_TOTAL] = value[PP_ACCOUNT_HUGE_FREE] =
			value[PP_ACCOUNT_HUGE_SPARE] = 0;
	if (a->has_pools || a->no_hugetlb)
		value[PP_ACCOUNT_HUGE_OTHER] = 0;
	for (size_t i = 0; i < a->n_pools; i++) {
		const struct pool *p = &a->pools[i];
		int64_t available = number_of(p->available),
			spare = available - number_of(p->reserved);

		if (!p->usual) {
			value[PP_ACCOUNT_HUGE_OTHER] += spare;
			continue;
		}
		value[PP_ACCOUNT_HUGE_TOTAL] = number_of(p->total);
		value[PP_ACCOUNT_HUGE_FREE] = available;
		value[PP_ACCOUNT_HUGE_SPARE] = spare;
	}
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

/* What this file keeps open counts, at each reading alike. */
static void read_fds(const struct pp_accounts *a, int64_t *value)
{
	struct stat st;

	if (a->fds_by_size && !fstat(dirfd(a->fds), &st))
		value[PP_ACCOUNT_FDS] = st.st_size;
	else if (a->fds)
		value[PP_ACCOUNT_FDS] = entries_of(a->fds);
}

static void read_device(struct pp_accounts *a, int64_t *value)
{
	if (a->has_device)
		(void)pp_rdma_objects(&a->netlink, a->device, pp_accounts_take_object, value);
	if (a->files[PACKETS] >= 0)
		value[PP_ACCOUNT_PACKETS] = number_of(a->files[PACKETS]);
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
		read_pools(a, value);
		read_processes(a, of, value);
		read_device(a, value);
		read_fds(a, value);
	}
	pthread_mutex_unlock(&a->lock);
	return rc;
}
