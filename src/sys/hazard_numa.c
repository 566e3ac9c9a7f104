/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards of memory that has nodes: pages move from one to another; see hazard.h. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/hazard.h"

#define MIGRATE_MAX     512 /* pages of one call */
#define HAS_MEMORY      "/sys/devices/system/node/has_memory"
#define BALANCE_TOUCHES 256 /* rounds over the range between two looks at where it is */

int pp_numa_node_after(const char *nodes, int node)
{
	int first = -1;

	for (const char *at = nodes; *at >= '0' && *at <= '9';) {
		char *end;
		int low = (int)strtol(at, &end, 10), high = low;

		if (*end == '-')
			high = (int)strtol(end + 1, &end, 10);
		if (first < 0)
			first = low;
		if (high > node)
			return low > node ? low : node + 1;
		at = *end == ',' ? end + 1 : end;
	}
	return first;
}

int pp_numa_nodes(char *nodes, size_t size, struct pp_err *err)
{
	int rc = pp_control_read(HAS_MEMORY, nodes, size, err), first;

	if (rc)
		return rc;
	first = pp_numa_node_after(nodes, -1);
	if (first < 0)
		return pp_err_set(err, -ENODATA, "%s says '%s'", HAS_MEMORY, nodes);
	return pp_numa_node_after(nodes, first) != first;
}

/* move_pages(2): without @nodes nothing moves, and @status tells where each page is. */
static int move(unsigned long n, void **pages, const int *nodes, int *status, struct pp_err *err)
{
	if (syscall(SYS_move_pages, 0, n, pages, nodes, status, MPOL_MF_MOVE) < 0)
		return pp_err_set(err, -errno, "move_pages of %lu pages", n);
	return 0;
}

int pp_hazard_migrate(void *addr, size_t length_bytes, struct pp_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)addr & ~((uintptr_t)page - 1);
	uintptr_t end = (uintptr_t)addr + length_bytes;
	int nodes[MIGRATE_MAX], status[MIGRATE_MAX];
	void *pages[MIGRATE_MAX];
	char list[256] = "";
	int rc = pp_numa_nodes(list, sizeof(list), err);

	while (rc >= 0 && at < end) {
		unsigned long n = 0;

		for (; n < MIGRATE_MAX && at < end; n++, at += page) {
			pages[n] = (void *)at;
			/* What does not move leaves its entry as it was. */
			status[n] = -EBUSY;
		}
		rc = move(n, pages, NULL, status, err);
		for (unsigned long i = 0; i < n; i++)
			nodes[i] = pp_numa_node_after(list, status[i] < 0 ? -1 : status[i]);
		if (rc >= 0)
			rc = move(n, pages, nodes, status, err);
	}
	return rc < 0 ? rc : 0;
}

int pp_numa_balancing(struct pp_err *err)
{
	char text[32];
	int rc = pp_control_read("/proc/sys/kernel/numa_balancing", text, sizeof(text), err);

	if (!rc && !(strtoul(text, NULL, 10) & 1))
		rc = pp_err_set(err, -ENOENT,
				"the kernel does not balance nodes: numa_balancing is %s.", text);
	return rc;
}

/* Run this thread where the memory of @node is far. */
static int go_away_from(int node, const cpu_set_t *may, struct pp_err *err)
{
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		unsigned is;
		cpu_set_t one;

		if (!CPU_ISSET(cpu, may))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) || getcpu(NULL, &is))
			return pp_err_set(err, -errno, "cannot go to processor %zu", cpu);
		if (is != (unsigned)node)
			return 0;
	}
	return pp_err_set(err, -ENODEV, "no processor is of another node than %d", node);
}

/* Is each page of the range on another node than @node? A few at its start speak for a long one. */
static int all_left(uint8_t *at, size_t length, int node, bool *left, struct pp_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;
	int status[MIGRATE_MAX], rc;
	void *pages[MIGRATE_MAX];

	for (; n < MIGRATE_MAX && n * page < length; n++)
		pages[n] = at + n * page;
	rc = move(n, pages, NULL, status, err);
	*left = !rc;
	/* Less than 0: the kernel waits for the next touch of the page, and tells nothing then. */
	for (size_t i = 0; !rc && i < n; i++)
		*left = *left && status[i] >= 0 && status[i] != node;
	return rc;
}

static void touch(const volatile uint8_t *at, size_t length, size_t page)
{
	for (unsigned round = 0; round < BALANCE_TOUCHES; round++)
		for (size_t i = 0; i < length; i += page)
			(void)at[i];
}

/* The range is read again and again: the kernel takes note of who touches a page after it passed.
 */
static int use(uint8_t *at, size_t length, int node, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(bound_ms);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	bool left;
	int rc;

	do {
		touch(at, length, page);
		rc = all_left(at, length, node, &left, err);
		if (rc || left)
			return rc;
	} while (pp_now_ns() < deadline);
	return pp_err_set(err, -ETIMEDOUT, "pages are on node %d yet, after %u ms", node, bound_ms);
}

/* Where the first page is. A page that the kernel waits to see touched is on no node. */
static int node_of(uint8_t *addr, int *node, struct pp_err *err)
{
	void *page = addr;
	int rc;

	touch(addr, 1, 1);
	rc = move(1, &page, NULL, node, err);
	if (!rc && *node < 0)
		rc = pp_err_set(err, *node, "no page is mapped there");
	return rc;
}

int pp_hazard_numa_balance(void *addr, size_t length_bytes, uint32_t bound_ms, struct pp_err *err)
{
	cpu_set_t may;
	int node = -1;
	int rc = node_of(addr, &node, err);

	if (!rc && sched_getaffinity(0, sizeof(may), &may))
		rc = pp_err_set(err, -errno, "cannot tell where this thread may run");
	if (rc)
		return rc;
	rc = go_away_from(node, &may, err);
	if (!rc)
		rc = use(addr, length_bytes, node, bound_ms, err);
	if (sched_setaffinity(0, sizeof(may), &may) && !rc)
		rc = pp_err_set(err, -errno, "this thread may not run where it could before");
	return rc;
}
