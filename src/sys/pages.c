/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of page frames; see pages.h. */
#include "sys/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/pinio.h"

#define PAGE_BYTES PP_PAGE_LOOK_BYTES
#define FRAME_MASK ((1ull << 55) - 1) /* Documentation/admin-guide/mm/pagemap.rst */
#define BATCH      512u               /* entries that one read takes */

/* clang-format off */
static const struct {
	unsigned ours;
	unsigned kernels; /* number of the bit */
} map_bits[] = {
	{ PP_PAGE_PRESENT,   63 },
	{ PP_PAGE_SWAPPED,   62 },
	{ PP_PAGE_FILE,      61 },
	{ PP_PAGE_UFFD_WP,   57 },
	{ PP_PAGE_EXCLUSIVE, 56 },
	{ PP_PAGE_SOFTDIRTY, 55 },
}, frame_bits[] = {
	{ PP_PAGE_DIRTY,       KPF_DIRTY },
	{ PP_PAGE_WRITEBACK,   KPF_WRITEBACK },
	{ PP_PAGE_UPTODATE,    KPF_UPTODATE },
	{ PP_PAGE_LRU,         KPF_LRU },
	{ PP_PAGE_BUDDY,       KPF_BUDDY },
	{ PP_PAGE_HEAD,        KPF_COMPOUND_HEAD },
	{ PP_PAGE_TAIL,        KPF_COMPOUND_TAIL },
	{ PP_PAGE_HUGE,        KPF_HUGE },
	{ PP_PAGE_THP,         KPF_THP },
	{ PP_PAGE_KSM,         KPF_KSM },
	{ PP_PAGE_ANON,        KPF_ANON },
	{ PP_PAGE_SWAPBACKED,  KPF_SWAPBACKED },
	{ PP_PAGE_SWAPCACHE,   KPF_SWAPCACHE },
	{ PP_PAGE_ZERO,        KPF_ZERO_PAGE },
	{ PP_PAGE_UNEVICTABLE, KPF_UNEVICTABLE },
	{ PP_PAGE_MMAP,        KPF_MMAP },
	{ PP_PAGE_SLAB,        KPF_SLAB },
	{ PP_PAGE_PGTABLE,     KPF_PGTABLE },
	{ PP_PAGE_NOPAGE,      KPF_NOPAGE },
	{ PP_PAGE_OFFLINE,     KPF_OFFLINE },
	{ PP_PAGE_HWPOISON,    KPF_HWPOISON },
};
/* clang-format on */

int pp_pages_open(struct pp_pages *p, pid_t pid, struct pp_err *err)
{
	char map[64] = "/proc/self/pagemap";
	const struct {
		int *fd;
		const char *path;
	} files[] = {
		{ &p->pagemap, map },
		{ &p->kpageflags, "/proc/kpageflags" },
		{ &p->kpagecount, "/proc/kpagecount" },
	};
	int rc = 0;

	p->pagemap = p->kpageflags = p->kpagecount = -1;
	if (pid)
		snprintf(map, sizeof(map), "/proc/%d/pagemap", (int)pid);
	for (size_t i = 0; !rc && i < PP_ARRAY_LEN(files); i++) {
		*files[i].fd = open(files[i].path, O_RDONLY | O_CLOEXEC);
		if (*files[i].fd < 0)
			rc = pp_err_set(err, -errno, "open %s", files[i].path);
	}
	if (rc)
		pp_pages_close(p);
	return rc;
}

void pp_pages_close(struct pp_pages *p)
{
	int *const fds[] = { &p->pagemap, &p->kpageflags, &p->kpagecount };

	for (size_t i = 0; i < PP_ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* Entries of 8 bytes. A table of frames ends with memory: what lies behind reads as none. */
static int read_entries(int fd, uint64_t first, uint64_t *out, size_t n, const char *what,
			struct pp_err *err)
{
	ssize_t got = pread(fd, out, n * sizeof(*out), (off_t)(first * sizeof(*out)));

	if (got < 0)
		return pp_err_set(err, -errno, "read %s", what);
	memset((char *)out + got, 0, n * sizeof(*out) - (size_t)got);
	return 0;
}

/* @n frames one behind the other, at most BATCH. */
static int look_at_frames(const struct pp_pages *p, struct pp_page_info *io, size_t n,
			  struct pp_err *err)
{
	uint64_t bits[BATCH], counts[BATCH];
	int rc = read_entries(p->kpageflags, io->frame, bits, n, "/proc/kpageflags", err);

	if (!rc)
		rc = read_entries(p->kpagecount, io->frame, counts, n, "/proc/kpagecount", err);
	for (size_t i = 0; !rc && i < n; i++) {
		for (size_t k = 0; k < PP_ARRAY_LEN(frame_bits); k++)
			if (bits[i] & 1ull << frame_bits[k].kernels)
				io[i].state |= frame_bits[k].ours;
		io[i].count = counts[i] > UINT32_MAX ? UINT32_MAX : (uint32_t)counts[i];
	}
	return rc;
}

int pp_pages_frames(const struct pp_pages *p, struct pp_page_info *io, size_t n, struct pp_err *err)
{
	int rc = 0;

	for (size_t i = 0, run; !rc && i < n; i += run) {
		run = 1;
		if (!io[i].frame)
			continue;
		while (i + run < n && run < BATCH && io[i + run].frame == io[i].frame + run)
			run++;
		rc = look_at_frames(p, io + i, run, err);
	}
	return rc;
}

static int look_at_map(const struct pp_pages *p, uint64_t first, struct pp_page_info *out, size_t n,
		       struct pp_err *err)
{
	uint64_t entries[BATCH];
	int rc = read_entries(p->pagemap, first, entries, n, "pagemap", err);

	for (size_t i = 0; !rc && i < n; i++) {
		out[i] = (struct pp_page_info){ 0 };
		for (size_t k = 0; k < PP_ARRAY_LEN(map_bits); k++)
			if (entries[i] & 1ull << map_bits[k].kernels)
				out[i].state |= map_bits[k].ours;
		if (!(out[i].state & PP_PAGE_PRESENT))
			continue;
		out[i].frame = entries[i] & FRAME_MASK;
		/* Without the capability the kernel gives zeros for all frames. */
		if (!out[i].frame)
			return pp_err_set(err, -EPERM, "pagemap shows no frame numbers here.");
	}
	return rc;
}

int pp_pages_look(const struct pp_pages *p, const void *addr, size_t n, struct pp_page_info *out,
		  struct pp_err *err)
{
	const uint64_t first = (uintptr_t)addr / PAGE_BYTES;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i += BATCH) {
		size_t some = n - i < BATCH ? n - i : BATCH;

		rc = look_at_map(p, first + i, out + i, some, err);
		if (!rc)
			rc = pp_pages_frames(p, out + i, some, err);
	}
	return rc;
}

int pp_pages_state(const struct pp_pages *p, const void *addr, size_t length_bytes, unsigned *all,
		   unsigned *any, struct pp_err *err)
{
	uintptr_t first = (uintptr_t)addr / PAGE_BYTES * PAGE_BYTES;

	*all = ~0u;
	*any = 0;
	for (uintptr_t at = first; at < (uintptr_t)addr + length_bytes; at += PAGE_BYTES) {
		struct pp_page_info page;
		int rc = pp_pages_look(p, (const void *)at, 1, &page, err);

		if (rc)
			return rc;
		if (!page.frame)
			page.state = 0;
		*all &= page.state;
		*any |= page.state;
	}
	return 0;
}

int pp_pages_try(const struct pp_pages *p, const void *anon, struct pp_err *err)
{
	struct pp_page_info page;
	int rc = pp_pages_look(p, anon, 1, &page, err);

	if (rc)
		return rc;
	if (!(page.state & PP_PAGE_PRESENT))
		return pp_err_set(err, -ENODATA, "pagemap shows no page where one is.");
	if (!(page.state & PP_PAGE_ANON))
		return pp_err_set(err, -ENODATA,
				  "/proc/kpageflags says nothing of a page of the stack.");
	if (!page.count)
		return pp_err_set(err, -ENODATA,
				  "/proc/kpagecount says that a page of the stack is not mapped.");
	return 0;
}

int pp_pages_possible(struct pp_err *err)
{
	volatile char touched[1] = { 1 };
	struct pp_pages p;
	int rc = pp_pages_open(&p, 0, err);

	if (rc)
		return rc;
	rc = pp_pages_try(&p, (const void *)touched, err);
	pp_pages_close(&p);
	return rc;
}

static uint64_t faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

int pp_pages_faults(void *addr, size_t length_bytes, uint64_t *faults, struct pp_err *err)
{
	uint8_t *at = addr, byte = 0;
	uint64_t before;

	if (madvise(addr, length_bytes, MADV_DONTNEED))
		return pp_err_set(err, -errno, "madvise(MADV_DONTNEED)");
	before = faults_so_far();
	for (size_t i = 0; i < length_bytes; i += PAGE_BYTES)
		if (pp_guarded_copy(&byte, at + i, 1))
			return pp_err_set(err, -EFAULT, "the page at %zu cannot be touched", i);
	*faults = faults_so_far() - before;
	return 0;
}
