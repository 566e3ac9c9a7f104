/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One reading of every account of the ledger; see accounts.h. */
#include "sys/accounts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/accounts_parse.h"
#include "sys/link_netlink.h"
#include "sys/pins_parse.h"

static const char *proc_of(const struct pp_account_source *from)
{
	return from->proc ? from->proc : "/proc";
}

bool pp_accounts_parse_zoneinfo(const char *text, int64_t *all_pages, int64_t *movable_pages)
{
	bool movable = false, found = false;
	long long pages;
	char zone[32];

	*all_pages = *movable_pages = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "Node %*d, zone %31s", zone) == 1)
			movable = !strcmp(zone, "Movable");
		if (sscanf(line, " pages free %lld", &pages) != 1)
			continue;
		found = true;
		*all_pages += pages;
		*movable_pages += movable ? pages : 0;
	}
	return found;
}

static void read_zones(const struct pp_account_source *from, int64_t *value)
{
	char path[300], *text;

	snprintf(path, sizeof(path), "%s/zoneinfo", proc_of(from));
	text = pp_pins_slurp(path);
	if (text && !pp_accounts_parse_zoneinfo(text, &value[PP_ACCOUNT_FREE_PAGES],
						&value[PP_ACCOUNT_MOVABLE_PAGES]))
		value[PP_ACCOUNT_FREE_PAGES] = value[PP_ACCOUNT_MOVABLE_PAGES] = PP_ACCOUNT_UNKNOWN;
	free(text);
}

/* A number of a pool, 0 if it has none. */
static int64_t pool_number(const char *dir, const char *pool, const char *name)
{
	char path[600], *text;
	int64_t n;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, pool, name);
	text = pp_pins_slurp(path);
	n = text ? strtoll(text, NULL, 10) : 0;
	free(text);
	return n;
}

/* Pages that may still be had of all sizes but the default, which meminfo tells. */
static void read_other_pools(const struct pp_account_source *from, const struct pp_pins *pins,
			     int64_t *value)
{
	char path[300], usual[64];
	const struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/kernel/mm/hugepages", from->sys ? from->sys : "/sys");
	snprintf(usual, sizeof(usual), "hugepages-%lldkB", (long long)pins->huge_kb);
	d = opendir(path);
	if (!d)
		return;
	value[PP_ACCOUNT_HUGE_OTHER] = 0;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, usual) != 0 &&
		    pool_number(path, e->d_name, "nr_hugepages"))
			value[PP_ACCOUNT_HUGE_OTHER] +=
				pool_number(path, e->d_name, "free_hugepages") -
				pool_number(path, e->d_name, "resv_hugepages");
	closedir(d);
}

/* VmPin of a process; a zombie and what is gone have none. */
static int64_t vmpin_of(const struct pp_account_source *from, pid_t pid)
{
	struct pp_pins pins;
	char path[300], *text;
	bool ok;

	snprintf(path, sizeof(path), "%s/%d/status", proc_of(from), (int)pid);
	text = pp_pins_slurp(path);
	ok = text && pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), &pins);
	free(text);
	return ok ? pins.vmpin_pages : PP_ACCOUNT_UNKNOWN;
}

static void read_processes(const struct pp_account_source *from, int64_t *value)
{
	if (from->owner)
		value[PP_ACCOUNT_OWNER_VMPIN] = vmpin_of(from, from->owner);
	if (from->heir)
		value[PP_ACCOUNT_HEIR_VMPIN] = vmpin_of(from, from->heir);
	for (size_t i = 0; i < from->n_children; i++) {
		int64_t pages = vmpin_of(from, from->children[i]);
		int64_t *sum = &value[PP_ACCOUNT_CHILD_VMPIN];

		if (pages != PP_ACCOUNT_UNKNOWN)
			*sum = *sum == PP_ACCOUNT_UNKNOWN ? pages : *sum + pages;
	}
}

/* "." and "..", and the directory that is open meanwhile, do not count. */
static void read_fds(const struct pp_account_source *from, int64_t *value)
{
	char path[300];
	int64_t n = -3;
	DIR *d;

	snprintf(path, sizeof(path), "%s/self/fd", proc_of(from));
	d = opendir(path);
	if (!d)
		return;
	while (readdir(d))
		n++;
	closedir(d);
	value[PP_ACCOUNT_FDS] = n;
}

/* How the kernel calls them: drivers/infiniband/core/nldev.c, fill_res_info(). */
static const struct {
	const char *name;
	enum pp_account account;
} objects[] = {
	{ "ctx", PP_ACCOUNT_CONTEXTS }, { "pd", PP_ACCOUNT_PDS }, { "mr", PP_ACCOUNT_MRS },
	{ "cq", PP_ACCOUNT_CQS },       { "qp", PP_ACCOUNT_QPS }, { "cm_id", PP_ACCOUNT_CM_IDS },
};

static void on_object(const char *name, uint64_t count, void *arg)
{
	int64_t *value = arg;

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (!strcmp(objects[i].name, name))
			value[objects[i].account] = (int64_t)count;
}

int pp_accounts_device_possible(uint32_t device, struct pp_err *why)
{
	int64_t value[PP_ACCOUNT_COUNT];
	int ret;

	value[PP_ACCOUNT_MRS] = PP_ACCOUNT_UNKNOWN;
	ret = pp_nl_rdma_objects(device, on_object, value);
	if (!ret && value[PP_ACCOUNT_MRS] == PP_ACCOUNT_UNKNOWN)
		ret = -ENODATA;
	return ret ? pp_err_set(why, ret, "RDMA netlink does not count a device's objects") : 0;
}

int pp_accounts_read(const struct pp_account_source *from, int64_t value[PP_ACCOUNT_COUNT],
		     struct pp_err *err)
{
	struct pp_pins pins;
	int ret = pp_pins_read_at(proc_of(from), &pins, err);

	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		value[a] = PP_ACCOUNT_UNKNOWN;
	if (ret)
		return ret;
	if (pins.has_counters)
		value[PP_ACCOUNT_PINS] = (int64_t)(pins.acquired - pins.released);
	value[PP_ACCOUNT_VMPIN] = pins.vmpin_pages;
	value[PP_ACCOUNT_VMLCK] = pins.vmlck_pages;
	value[PP_ACCOUNT_HUGE_TOTAL] = pins.huge_total;
	value[PP_ACCOUNT_HUGE_FREE] = pins.huge_free;
	value[PP_ACCOUNT_HUGE_SPARE] = pins.huge_free - pins.huge_reserved;
	read_other_pools(from, &pins, value);
	read_processes(from, value);
	read_fds(from, value);
	read_zones(from, value);
	if (from->has_device)
		(void)pp_nl_rdma_objects(from->device, on_object, value);
	return 0;
}
