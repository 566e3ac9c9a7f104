/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of the page frames behind a mapping: /proc/PID/pagemap, /proc/kpageflags and
 * /proc/kpagecount. */
#ifndef PP_SYS_PAGES_H
#define PP_SYS_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/page_run.h" /* PP_PAGE_*: the bits of a state */

struct pp_pages {
	int pagemap, kpageflags, kpagecount; /* file descriptors, -1 if not open */
};

/* One page, or one frame. */
struct pp_page_info {
	uint64_t frame; /* 0: none */
	uint32_t state; /* PP_PAGE_* */
	uint32_t count; /* how often the frame is mapped */
};

/** pp_pages_open - the pages of process @pid, 0: of this one. 0, or -errno and why. Frame numbers
 *  need CAP_SYS_ADMIN. Source: Documentation/admin-guide/mm/pagemap.rst. */
int pp_pages_open(struct pp_pages *p, pid_t pid, struct pp_err *err);
void pp_pages_close(struct pp_pages *p);

/**
 * pp_pages_look - what stands behind the @n pages from @addr on, which need not be mapped
 *
 * Reads some hundred pages with each call, so that a look at many is cheap. A page of which the
 * mapping changes meanwhile may be said to be what it was. Thread-safe; changes nothing. -EPERM:
 * the kernel gives no frame numbers here.
 */
int pp_pages_look(const struct pp_pages *p, const void *addr, size_t n, struct pp_page_info *out,
		  struct pp_err *err);

/** pp_pages_frames - state and count of the @n frames that @io names, whatever they are used for by
 *  now; 0 is none and stays nothing. */
int pp_pages_frames(const struct pp_pages *p, struct pp_page_info *io, size_t n,
		    struct pp_err *err);

/**
 * pp_pages_state - what holds for every page, and for some page, that overlaps [@addr, +@length)
 * @all, @any: masks of PP_PAGE_*
 *
 * A page that is not mapped has no bit at all. Thread-safe; changes nothing.
 */
int pp_pages_state(const struct pp_pages *p, const void *addr, size_t length_bytes, unsigned *all,
		   unsigned *any, struct pp_err *err);

/**
 * pp_pages_faults - page faults that it takes to touch [@addr, +@length) once nothing maps it
 *
 * Drops the mappings first: for shared mappings only, whose pages stay (madvise(2),
 * MADV_DONTNEED). With mappings of huge pages each 2 MiB takes one fault, else each page one. Reads
 * only. Returns 0 and @faults, or -errno; -EFAULT if some page cannot be had. Needs
 * pp_guard_install(); counts the calling thread's faults (getrusage(2), RUSAGE_THREAD).
 */
int pp_pages_faults(void *addr, size_t length_bytes, uint64_t *faults, struct pp_err *err);

/** pp_pages_try - does @p, of this process, see what the page of @anon must be, a byte of the stack
 * that was written? 0; -EPERM: the kernel hides the frame numbers; -ENODATA: a file shows nothing;
 * or -errno of reading; with a sentence. */
int pp_pages_try(const struct pp_pages *p, const void *anon, struct pp_err *err);
/** pp_pages_possible - are frames, flags and counts readable here? 0 or -errno and why. */
int pp_pages_possible(struct pp_err *err);

#endif
