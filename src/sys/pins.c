/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the kernel's pin counters, this process's pinned and locked pages, and the huge page pool.
 */
#include "sys/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/pins_parse.h"

const char *pp_pins_find(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	/* a name may end as another does */
	while (at && at != text && at[-1] != '\n')
		at = strstr(at + 1, key);
	return at ? at + strlen(key) : NULL;
}

bool pp_pins_number(const char *text, const char *key, uint64_t *out)
{
	const char *at = pp_pins_find(text, key);
	char *end;

	if (!at)
		return false;
	errno = 0;
	*out = strtoull(at, &end, 10);
	return end != at && !errno;
}

bool pp_pins_parse_vmstat(const char *text, struct pp_pins *out)
{
	return pp_pins_number(text, "nr_foll_pin_acquired ", &out->acquired) &&
	       pp_pins_number(text, "nr_foll_pin_released ", &out->released);
}

bool pp_pins_parse_status(const char *text, unsigned page_bytes, struct pp_pins *out)
{
	uint64_t pinned_kb, locked_kb;

	if (!pp_pins_number(text, "VmPin:", &pinned_kb) ||
	    !pp_pins_number(text, "VmLck:", &locked_kb))
		return false;
	out->vmpin_pages = (int64_t)(pinned_kb * 1024 / page_bytes);
	out->vmlck_pages = (int64_t)(locked_kb * 1024 / page_bytes);
	return true;
}

bool pp_pins_parse_meminfo(const char *text, struct pp_pins *out)
{
	uint64_t total, avail, reserved, size_kb = 0;

	out->huge_total = out->huge_free = out->huge_reserved = out->huge_kb = 0;
	if (!pp_pins_number(text, "HugePages_Total:", &total) ||
	    !pp_pins_number(text, "HugePages_Free:", &avail) ||
	    !pp_pins_number(text, "HugePages_Rsvd:", &reserved))
		return false;
	(void)pp_pins_number(text, "Hugepagesize:", &size_kb);
	out->huge_kb = (int64_t)size_kb;
	out->huge_total = (int64_t)total;
	out->huge_free = (int64_t)avail;
	out->huge_reserved = (int64_t)reserved;
	return true;
}

char *pp_pins_slurp(const char *path)
{
	size_t len = 0, cap = 16384;
	char *text = malloc(cap), *more;
	ssize_t n = -1;
	int fd;

	if (!text)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, text + len, cap - len - 1)) > 0) {
		len += (size_t)n;
		if (cap - len > 1)
			continue;
		more = realloc(text, cap * 2);
		if (!more) {
			n = -1;
			break;
		}
		text = more;
		cap *= 2;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* Folds the counters of every CPU into the totals (mm/vmstat.c, vmstat_refresh()). */
static bool refresh(const char *proc)
{
	char path[300];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/sys/vm/stat_refresh", proc);
	fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	done = write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

/* The text of @name below @proc, malloc'ed. */
static int read_text(const char *proc, const char *name, char **text, struct pp_err *err)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	*text = pp_pins_slurp(path);
	return *text ? 0 : pp_err_set(err, -errno, "cannot read %s", path);
}

int pp_pins_read_at(const char *proc, struct pp_pins *out, struct pp_err *err)
{
	bool fresh = refresh(proc), parsed;
	char *text;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = read_text(proc, "vmstat", &text, err);
	if (rc)
		return rc;
	out->has_counters = pp_pins_parse_vmstat(text, out) && fresh;
	free(text);
	rc = read_text(proc, "self/status", &text, err);
	if (rc)
		return rc;
	parsed = pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), out);
	free(text);
	if (!parsed)
		return pp_err_set(err, -EPROTO, "%s/self/status has no VmPin or VmLck.", proc);
	rc = read_text(proc, "meminfo", &text, err);
	if (rc)
		return rc;
	(void)pp_pins_parse_meminfo(text, out); /* no hugetlb: an empty pool */
	free(text);
	return 0;
}

int pp_pins_read(struct pp_pins *out, struct pp_err *err)
{
	return pp_pins_read_at("/proc", out, err);
}
