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

#include "sys/clock.h"
#include "sys/pins_parse.h"

#define POLL_MS 2

/* The number after @key, which stands at the start of a line and ends with the separator given in
 * it. */
static bool number_after(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);
	const char *line = text;
	char *end;

	while (line && *line) {
		if (!strncmp(line, key, len)) {
			errno = 0;
			*out = strtoull(line + len, &end, 10);
			return end != line + len && !errno;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

bool pp_pins_parse_vmstat(const char *text, struct pp_pins *out)
{
	return number_after(text, "nr_foll_pin_acquired ", &out->acquired) &&
	       number_after(text, "nr_foll_pin_released ", &out->released);
}

bool pp_pins_parse_status(const char *text, unsigned page_bytes, struct pp_pins *out)
{
	uint64_t pinned_kb, locked_kb;

	if (!number_after(text, "VmPin:", &pinned_kb) || !number_after(text, "VmLck:", &locked_kb))
		return false;
	out->vmpin_pages = (int64_t)(pinned_kb * 1024 / page_bytes);
	out->vmlck_pages = (int64_t)(locked_kb * 1024 / page_bytes);
	return true;
}

bool pp_pins_parse_meminfo(const char *text, struct pp_pins *out)
{
	uint64_t total, avail, reserved;

	out->huge_total = out->huge_free = out->huge_reserved = 0;
	if (!number_after(text, "HugePages_Total:", &total) ||
	    !number_after(text, "HugePages_Free:", &avail) ||
	    !number_after(text, "HugePages_Rsvd:", &reserved))
		return false;
	out->huge_total = (int64_t)total;
	out->huge_free = (int64_t)avail;
	out->huge_reserved = (int64_t)reserved;
	return true;
}

/* A whole file of /proc in one go; NULL and errno if it cannot be read. */
static char *slurp(const char *path)
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
static bool refresh(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

int pp_pins_read(struct pp_pins *out, struct pp_err *err)
{
	bool fresh = refresh(), parsed;
	char *text;

	memset(out, 0, sizeof(*out));
	text = slurp("/proc/vmstat");
	if (!text)
		return pp_err_set(err, -errno, "cannot read /proc/vmstat");
	out->has_counters = pp_pins_parse_vmstat(text, out) && fresh;
	free(text);
	text = slurp("/proc/self/status");
	if (!text)
		return pp_err_set(err, -errno, "cannot read /proc/self/status");
	parsed = pp_pins_parse_status(text, (unsigned)sysconf(_SC_PAGESIZE), out);
	free(text);
	if (!parsed)
		return pp_err_set(err, -EPROTO, "/proc/self/status has no VmPin or VmLck.");
	text = slurp("/proc/meminfo");
	if (!text)
		return pp_err_set(err, -errno, "cannot read /proc/meminfo");
	(void)pp_pins_parse_meminfo(text, out); /* no hugetlb: an empty pool */
	free(text);
	return 0;
}

int pp_pins_settle(struct pp_pins *out, int64_t baseline, int64_t expected, uint32_t bound_ms,
		   struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(bound_ms);
	int ret;

	for (;;) {
		ret = pp_pins_read(out, err);
		if (ret || !out->has_counters)
			return ret;
		if ((int64_t)(out->acquired - out->released) - baseline == expected)
			return 0;
		if (pp_now_ns() >= deadline)
			return 0;
		pp_pause_ms(POLL_MS);
	}
}
