/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of page frames; see pages.h. */
#include "sys/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/words.h"
#include "sys/pinio.h"

#define PAGE_BYTES  4096u
#define FRAME_MASK  ((1ull << 55) - 1) /* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT_BIT (1ull << 63)

static const struct {
	unsigned ours;
	unsigned kernels;
} flags[] = {
	{ PP_PAGE_DIRTY, KPF_DIRTY },
	{ PP_PAGE_WRITEBACK, KPF_WRITEBACK },
	{ PP_PAGE_UPTODATE, KPF_UPTODATE },
	{ PP_PAGE_LRU, KPF_LRU },
};

int pp_pages_open(struct pp_pages *p, struct pp_err *err)
{
	p->kpageflags = -1;
	p->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (p->pagemap < 0)
		return pp_err_set(err, -errno, "open /proc/self/pagemap");
	p->kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (p->kpageflags < 0) {
		int rc = pp_err_set(err, -errno, "open /proc/kpageflags");

		pp_pages_close(p);
		return rc;
	}
	return 0;
}

void pp_pages_close(struct pp_pages *p)
{
	if (p->pagemap >= 0)
		close(p->pagemap);
	if (p->kpageflags >= 0)
		close(p->kpageflags);
	p->pagemap = p->kpageflags = -1;
}

static int read_entry(int fd, uint64_t index, uint64_t *value, const char *what, struct pp_err *err)
{
	ssize_t n = pread(fd, value, sizeof(*value), (off_t)(index * sizeof(*value)));

	if (n == (ssize_t)sizeof(*value))
		return 0;
	return pp_err_set(err, n < 0 ? -errno : -EIO, "read %s", what);
}

int pp_pages_frame(const struct pp_pages *p, const void *addr, uint64_t *frame, struct pp_err *err)
{
	uint64_t entry;
	int rc = read_entry(p->pagemap, (uintptr_t)addr / PAGE_BYTES, &entry, "/proc/self/pagemap",
			    err);

	if (!rc)
		*frame = entry & PRESENT_BIT ? entry & FRAME_MASK : 0;
	return rc;
}

static int page_state(const struct pp_pages *p, uintptr_t addr, unsigned *state, struct pp_err *err)
{
	uint64_t frame, bits;
	int rc = pp_pages_frame(p, (const void *)addr, &frame, err);

	*state = 0;
	if (rc || !frame)
		return rc;
	rc = read_entry(p->kpageflags, frame, &bits, "/proc/kpageflags", err);
	if (rc)
		return rc;
	*state = PP_PAGE_PRESENT;
	for (size_t i = 0; i < PP_ARRAY_LEN(flags); i++)
		if (bits & 1ull << flags[i].kernels)
			*state |= flags[i].ours;
	return 0;
}

int pp_pages_state(const struct pp_pages *p, const void *addr, size_t length_bytes, unsigned *all,
		   unsigned *any, struct pp_err *err)
{
	uintptr_t first = (uintptr_t)addr / PAGE_BYTES * PAGE_BYTES;

	*all = ~0u;
	*any = 0;
	for (uintptr_t at = first; at < (uintptr_t)addr + length_bytes; at += PAGE_BYTES) {
		unsigned state;
		int rc = page_state(p, at, &state, err);

		if (rc)
			return rc;
		*all &= state;
		*any |= state;
	}
	return 0;
}

int pp_pages_possible(struct pp_err *err)
{
	volatile char touched[1] = { 1 };
	struct pp_pages p;
	uint64_t frame = 0;
	unsigned all, any;
	int rc = pp_pages_open(&p, err);

	if (rc)
		return rc;
	rc = pp_pages_frame(&p, (const void *)touched, &frame, err);
	/* Without the capability the kernel gives zeros for all frames. */
	if (!rc && !frame)
		rc = pp_err_set(err, -EPERM, "/proc/self/pagemap shows no frame numbers here.");
	if (!rc)
		rc = pp_pages_state(&p, (const void *)touched, 1, &all, &any, err);
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
