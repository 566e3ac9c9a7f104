/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards of memory: what moves, drops, splits or merges pages; see hazard.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/hazard.h"
#include "sys/pinio.h"
#include "sys/pins.h"

#define KSM_DIR     "/sys/kernel/mm/ksm/"
#define KSM_PASSES  2
#define KSM_POLL_MS 5
#define THP_SPLIT   "/sys/kernel/debug/split_huge_pages"
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101 /* source: include/uapi/asm-generic/mman-common.h */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* since 6.1; source: include/uapi/asm-generic/mman-common.h */
#endif

int pp_control_read(const char *path, char *out, size_t size, struct pp_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	out[0] = '\0';
	if (fd < 0)
		return pp_err_set(err, -errno, "cannot open %s", path);
	n = read(fd, out, size - 1);
	if (n < 0) {
		n = -errno;
		close(fd);
		return pp_err_set(err, (int)n, "cannot read %s", path);
	}
	close(fd);
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

int pp_control_write(const char *path, const char *text, struct pp_err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return pp_err_set(err, -errno, "cannot open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		rc = pp_err_set(err, -errno, "cannot write '%s' to %s", text, path);
	close(fd);
	return rc;
}

int pp_hazard_advise(void *addr, size_t length_bytes, int advice, struct pp_err *err)
{
	if (madvise(addr, length_bytes, advice))
		return pp_err_set(err, -errno, "madvise(%d) of %zu bytes", advice, length_bytes);
	return 0;
}

int pp_hazard_protect(void *addr, size_t length_bytes, int prot, struct pp_err *err)
{
	if (mprotect(addr, length_bytes, prot))
		return pp_err_set(err, -errno, "mprotect(%d) of %zu bytes", prot, length_bytes);
	return 0;
}

int pp_hazard_soft_clean(struct pp_err *err)
{
	return pp_control_write("/proc/self/clear_refs", "4", err);
}

int pp_hazard_collapse(void *addr, size_t length_bytes, struct pp_err *err)
{
	return pp_hazard_advise(addr, length_bytes, MADV_COLLAPSE, err);
}

/* Whole pages around a range that need not begin or end at one. */
static uintptr_t page_start(const void *addr)
{
	return (uintptr_t)addr & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

/* What fails for one page is done to the others nevertheless. */
static int advise_each(void *addr, size_t length_bytes, int advice, const char *name,
		       struct pp_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = (uintptr_t)addr + length_bytes;
	int rc = 0;

	for (uintptr_t at = page_start(addr); at < end; at += page)
		if (madvise((void *)at, page, advice) && !rc)
			rc = pp_err_set(err, -errno, "madvise(%s) of a page", name);
	return rc;
}

int pp_hazard_soft_offline(void *addr, size_t length_bytes, struct pp_err *err)
{
	return advise_each(addr, length_bytes, MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE", err);
}

int pp_hazard_poison(void *addr, size_t length_bytes, struct pp_err *err)
{
	int rc;

	pp_guard_told(true);
	rc = advise_each(addr, length_bytes, MADV_HWPOISON, "MADV_HWPOISON", err);
	pp_guard_told(false);
	return rc;
}

int pp_hazard_compact(struct pp_err *err)
{
	return pp_control_write("/proc/sys/vm/compact_memory", "1", err);
}

int pp_hazard_drop_caches(struct pp_err *err)
{
	return pp_control_write("/proc/sys/vm/drop_caches", "3", err);
}

int pp_hazard_thp_split(void *addr, size_t length_bytes, struct pp_err *err)
{
	char text[96];

	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", (int)getpid(),
		 (unsigned long)page_start(addr), (unsigned long)((uintptr_t)addr + length_bytes));
	return pp_control_write(THP_SPLIT, text, err);
}

static int ksm_passes(unsigned long *out, struct pp_err *err)
{
	char text[32];
	int rc = pp_control_read(KSM_DIR "full_scans", text, sizeof(text), err);

	*out = strtoul(text, NULL, 10);
	return rc;
}

/* One pass may have begun before our pages were there: what counts are whole ones behind it. */
static int ksm_wait(unsigned long from, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(bound_ms);
	unsigned long now;
	int rc;

	while (!(rc = ksm_passes(&now, err)) && now - from <= KSM_PASSES) {
		if (pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -ETIMEDOUT, "ksmd made %lu passes within %u ms",
					  now - from, bound_ms);
		pp_pause_ms(KSM_POLL_MS);
	}
	return rc;
}

/*
 * ksmd makes passes only while there is something that it could merge, and a shared mapping is
 * nothing of that kind: two pages of our own keep it going.
 */
static void *ksm_bait(size_t *length, struct pp_err *err)
{
	void *bait;

	*length = 2 * (size_t)sysconf(_SC_PAGESIZE);
	bait = mmap(NULL, *length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bait == MAP_FAILED) {
		pp_err_set(err, -errno, "no memory to keep ksmd going");
		return NULL;
	}
	memset(bait, 0x5a, *length);
	if (pp_hazard_advise(bait, *length, MADV_MERGEABLE, err)) {
		munmap(bait, *length);
		return NULL;
	}
	return bait;
}

/* ksmd's switch on, whole passes, and the switch as it was. */
static int ksm_run(uint32_t bound_ms, struct pp_err *err)
{
	char before[32];
	unsigned long from = 0;
	int rc, restored;

	rc = pp_control_read(PP_KSM_RUN, before, sizeof(before), err);
	if (!rc)
		rc = ksm_passes(&from, err);
	if (rc)
		return rc;
	rc = pp_control_write(PP_KSM_RUN, "1", err);
	if (!rc)
		rc = ksm_wait(from, bound_ms, err);
	restored = pp_control_write(PP_KSM_RUN, before, rc ? NULL : err);
	return rc ? rc : restored;
}

int pp_hazard_ksm(void *addr, size_t length_bytes, uint32_t bound_ms, struct pp_err *err)
{
	uintptr_t start = page_start(addr);
	size_t bait_length;
	void *bait;
	int rc;

	rc = pp_hazard_advise((void *)start, (uintptr_t)addr + length_bytes - start, MADV_MERGEABLE,
			      err);
	if (rc)
		return rc;
	bait = ksm_bait(&bait_length, err);
	if (!bait)
		return -ENOMEM;
	rc = ksm_run(bound_ms, err);
	munmap(bait, bait_length);
	return rc;
}

static int set_pool(long long pages, struct pp_pins *after, struct pp_err *err)
{
	char text[32];
	int rc;

	snprintf(text, sizeof(text), "%lld", pages);
	rc = pp_control_write(PP_POOL_SIZE, text, err);
	return rc ? rc : pp_pins_read(after, err);
}

int pp_hazard_pool_drain(struct pp_err *err)
{
	struct pp_pins pins;
	int rc = pp_pins_read(&pins, err);

	if (!rc)
		rc = set_pool(pins.huge_total - (pins.huge_free - pins.huge_reserved), &pins, err);
	if (!rc && pins.huge_free != pins.huge_reserved)
		rc = pp_err_set(err, -EBUSY, "the pool keeps spare huge pages");
	return rc;
}

int pp_hazard_pool_refill(const char *size, struct pp_err *err)
{
	long long pages = strtoll(size, NULL, 10);
	struct pp_pins pins;
	int rc = set_pool(pages, &pins, err);

	if (!rc && pins.huge_total != pages)
		rc = pp_err_set(err, -ENOMEM, "the pool has %lld huge pages instead of %lld",
				(long long)pins.huge_total, pages);
	return rc;
}
