/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of the page frames behind a mapping: /proc/self/pagemap and
 * /proc/kpageflags. */
#ifndef PP_SYS_PAGES_H
#define PP_SYS_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Bits of a page's state; source: include/uapi/linux/kernel-page-flags.h. */
#define PP_PAGE_PRESENT   (1u << 0) /* mapped: pagemap */
#define PP_PAGE_DIRTY     (1u << 1)
#define PP_PAGE_WRITEBACK (1u << 2)
#define PP_PAGE_UPTODATE  (1u << 3)
#define PP_PAGE_LRU       (1u << 4)

struct pp_pages {
	int pagemap, kpageflags; /* file descriptors, -1 if not open */
};

/** pp_pages_open - 0, or -errno and why. Frame numbers need CAP_SYS_ADMIN. */
int pp_pages_open(struct pp_pages *p, struct pp_err *err);
void pp_pages_close(struct pp_pages *p);

/**
 * pp_pages_state - what holds for every page, and for some page, that overlaps [@addr, +@length)
 * @all, @any: masks of PP_PAGE_*
 *
 * A page that is not mapped has no bit at all. Thread-safe; changes nothing.
 */
int pp_pages_state(const struct pp_pages *p, const void *addr, size_t length_bytes, unsigned *all,
		   unsigned *any, struct pp_err *err);

/** pp_pages_frame - frame number of the page at @addr; 0 if none is mapped there. */
int pp_pages_frame(const struct pp_pages *p, const void *addr, uint64_t *frame, struct pp_err *err);

/**
 * pp_pages_faults - page faults that it takes to touch [@addr, +@length) once nothing maps it
 *
 * Drops the mappings first: for shared mappings only, whose pages stay (madvise(2),
 * MADV_DONTNEED). With mappings of huge pages each 2 MiB takes one fault, else each page one. Reads
 * only. Returns 0 and @faults, or -errno; -EFAULT if some page cannot be had. Needs
 * pp_guard_install(); counts the calling thread's faults (getrusage(2), RUSAGE_THREAD).
 */
int pp_pages_faults(void *addr, size_t length_bytes, uint64_t *faults, struct pp_err *err);

/** pp_pages_possible - are frames and flags readable here? 0 or -errno and why. */
int pp_pages_possible(struct pp_err *err);

#endif
