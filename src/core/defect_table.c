/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The known defects of stock kernels. Alone in its file, so that a program that defines a table
 * of its own (tests/selftest) keeps this one out of its link.
 */
#include "core/defect.h"

#define CLASS(c) (1u << (c))

#define DISALLOW_COMMITS                                                                           \
	"fixed by 8ac268436e6d and a6e79df92e4a (6.5, \"mm/gup: disallow FOLL_LONGTERM GUP "       \
	"writing to file-backed mappings\")"

const struct pp_defect pp_defects[] = {
	{
		.name = "mr-writable-file-pin-accepted",
		.scenario = "mr-policy",
		.steps = "*",
		.backings = "ext4-shared-rw xfs-shared-rw btrfs-shared-rw vfat-shared-rw "
			    "blockdev-shared-rw",
		.pinners = "rxe-mr",
		.rule = PP_O8_REFUSAL,
		.classes = CLASS(PP_CLASS_ACCEPTED),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = DISALLOW_COMMITS,
		.title = "a writable long-term pin of a shared filesystem mapping is accepted",
	},
	{
		.name = "mr-write-lost-after-fsync",
		.scenario = "mr-fsync",
		.steps = "before dereg",
		.backings = "ext4 xfs btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "fsync skips what an MR wrote since the fsync before it, until dereg",
	},
	{
		.name = "btrfs-fixup-defers-writeback",
		.scenario = "mr-fsync",
		.steps = "after dereg",
		.backings = "btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "linux-btrfs 20220624122334.80603-1-hch@lst.de (remove "
			     "btrfs_writepage_cow_fixup); MR refused since 6.5",
		.title = "fsync leaves pages that dereg dirtied to the fixup worker, and returns 0",
	},
};
const size_t pp_n_defects = PP_ARRAY_LEN(pp_defects);
