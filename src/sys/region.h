/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions: one table that knows, for each backing of a plan, how to make the
 * memory or file behind a mapping, map it, and take it away again.
 */
#ifndef PP_SYS_REGION_H
#define PP_SYS_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/plan.h"

/* Where a region may live. */
struct pp_place {
	const char *dir;            /* mounted filesystem of the region's fs; NULL without fs */
	const char *dev;            /* block or devdax device of its slot; NULL without slot */
	const struct pp_region *of; /* the region whose file this one maps too; NULL if its own */
};

struct pp_region {
	const struct pp_region_def *def; /* borrowed from the plan */
	void *addr;     /* NULL while not mapped; for special backings the address to register */
	size_t length;  /* bytes to use: size_bytes of the plan (vvar, vdso: at most what there is)
			 */
	int fd;         /* -1 if nothing stands behind it */
	char path[256]; /* of its file, "" if it has none */
	void *reserve;  /* address space taken: the mapping, alignment, an inaccessible page on
			   either side; NULL for addresses that are found, not mapped */
	size_t reserve_length;
	void *copies; /* the mappings before the one that is used (times=), one behind the other */
	size_t copies_length;
};

/** pp_region_create - open or create what stands behind the region (a file is created with its
 * final size as the eof attribute says: inside = size, straddle = half, beyond = one page; memfd,
 * secretmem, hugetlb: memfd-like). No mapping yet. A second mapping of a file (place->of) opens the
 * same file again, read-only if def->fd_readonly. */
int pp_region_create(struct pp_region *r, const struct pp_region_def *def,
		     const struct pp_place *place, struct pp_err *err);

/** pp_region_map - map it with the share and prot of the plan (anon-thp: aligned 2 MiB,
 * MADV_HUGEPAGE; hugetlb: huge page aligned; devdax: device aligned; beyond: file offset past the
 * end; populate touches each page; special backings find their address). With times= the file is
 * mapped so often, and what is used is mapped last: whoever walks all mappings of a page, as the
 * kernel's reverse mapping does in the order in which they were made, comes to it last. Returns
 * -errno of mmap. */
int pp_region_map(struct pp_region *r, struct pp_err *err);

int pp_region_unmap(struct pp_region *r,
		    struct pp_err *err); /* address space only; file stays open */

/** pp_region_move - mremap(2) to another address in new reserved address space: r->addr changes,
 * content and pages stay. What was there becomes inaccessible. Not for special backings
 * (-EOPNOTSUPP). */
int pp_region_move(struct pp_region *r, struct pp_err *err);
void pp_region_destroy(struct pp_region *r); /* unmap, close, unlink its file */

/** pp_region_reopen - close and open the file again by path (after a remount). */
int pp_region_reopen(struct pp_region *r, struct pp_err *err);
/** pp_region_close_file - close a file in a filesystem (before an unmount); pp_region_reopen()
 * brings it back. What lives in no filesystem (memfd, devices) stays open. */
void pp_region_close_file(struct pp_region *r);

/** pp_region_supported - can this backing be made here? 0 or -errno and why (tries it at one page).
 * Only for backings that need neither fs nor slot. */
int pp_region_supported(enum pp_backing backing, struct pp_err *err);

#endif
