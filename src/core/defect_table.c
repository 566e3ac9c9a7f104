/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The known defects of stock kernels. Alone in its file, so that a program that defines a table
 * of its own (tests/selftest) keeps this one out of its link.
 */
#include "core/defect.h"

#define CLASS(c) (1u << (c))

/* Not fixed in any kernel that was looked at. */
#define EVER                                                                                       \
	{                                                                                          \
		1000, 0, 0                                                                         \
	}

#define DISALLOW_COMMITS                                                                           \
	"fixed by 8ac268436e6d and a6e79df92e4a (6.5, \"mm/gup: disallow FOLL_LONGTERM GUP "       \
	"writing to file-backed mappings\")"

#define DAX_UNMAPPED                                                                               \
	"fixed by \"fs/dax: return unmapped busy pages from dax_layout_busy_page_range()\" (6.15)"

/*
 * xfs reads ahead in large folios since 5.18; buffered writes use them since 6.6 only. Seen on
 * 6.1.192 and 6.12.117, and by no report we know: lore.kernel.org
 * 20260928120833.3440834-1-yi.zhang@huaweicloud.com is about other losses of the same function.
 */
#define FOLIO_EDGES                                                                                \
	"mm/truncate.c, truncate_inode_partial_folio(): zeroes before it tries to split; "         \
	"fs/xfs/xfs_bmap_util.c, xfs_flush_unmap_range(): cuts out more than the hole"

/* Of a disk that finds a wrong guard, and of ext4 above it. */
#define GUARD_LOG                                                                                  \
	"^scsi_debug:dif_verify: GUARD check failed on sector|"                                    \
	"^protection error, dev sd[a-z]+, sector N op [^ ]*:\\(WRITE\\)|"                          \
	"^EXT4-fs warning \\(device sd[a-z]+\\): ext4_end_bio:N: I/O error|"                       \
	"^Buffer I/O error on device sd[a-z]+, logical block N"

/* Seen on 6.1.192 and 6.12.117, and by no report we know; registered buffers came with 5.1. */
#define FIXED_READ                                                                                 \
	"block/fops.c: the pages of registered buffers are no user_backed_iter(), so not made "    \
	"dirty; io_uring/rsrc.c unpins them as they are"

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
	{
		.name = "dax-truncate-never-woken",
		.scenario = "dax-truncate",
		.steps = "mapping kept",
		.backings = "fsdax-ext4-mapped fsdax-xfs-mapped",
		.pinners = "dio-read dio-write",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_STUCK),
		.since = { 6, 1, 84 },
		.before = { 6, 2, 0 },
		.reference = "6.1.84's backport of 38b43539d64b drops the pages of a bio by "
			     "folio_put_refs(), which wakes nobody; see f4f451a16dd1 (\"mm: fix "
			     "missing wake-up event for FSDAX pages\")",
		.title = "truncate, punch and collapse sleep for ever behind an O_DIRECT transfer "
			 "that has ended",
	},
	{
		.name = "dax-unmapped-pages-not-waited-for",
		.scenario = "dax-truncate",
		.steps = "unmapped first",
		.backings = "fsdax-ext4-unmapped fsdax-xfs-unmapped",
		.pinners = "dio-read dio-write vmsplice",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_EARLY),
		.log = "^WARNING: .* at fs/dax\\.c:.* dax_disassociate_entry",
		.since = { 4, 18, 0 },
		.before = { 6, 15, 0 },
		.reference = DAX_UNMAPPED,
		.title = "blocks are freed under pages that are pinned, but mapped no more",
	},
	{
		.name = "dax-pinned-blocks-given-away",
		.scenario = "dax-truncate",
		.steps = "unmapped first",
		.backings = "fsdax-xfs-unmapped",
		.pinners = "dio-read dio-write vmsplice",
		.rule = PP_O6_ISOLATION,
		.classes = CLASS(PP_CLASS_FOREIGN),
		.since = { 4, 18, 0 },
		.before = { 6, 15, 0 },
		.reference = DAX_UNMAPPED,
		.title = "the transfer reaches another file's bytes, or the pipe shows them",
	},
	{
		.name = "redirty-mr-write-lost-after-fsync",
		.scenario = "redirty",
		.steps = "held",
		.backings = "ext4 ext4-pageout ext4-fadvise xfs xfs-pageout xfs-fadvise btrfs "
			    "btrfs-pageout btrfs-fadvise",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "fsync skips what an MR wrote since the fsync before it, until dereg",
	},
	{
		.name = "redirty-btrfs-fixup-defers-writeback",
		.scenario = "redirty",
		.steps = "released",
		.backings = "btrfs btrfs-pageout btrfs-fadvise",
		.pinners = "rxe-mr dio",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.chance = true,
		.since = { 5, 6, 0 },
		.before = { 6, 12, 97 },
		.reference =
			"linux-btrfs 20220624122334.80603-1-hch@lst.de; fixup worker removed in "
			"6.12.97",
		.title = "fsync leaves pages that a release dirtied to the fixup worker, and "
			 "returns 0",
	},
	{
		.name = "redirty-ext4-lost-buffers",
		.scenario = "redirty",
		.steps = "released|after remount",
		.backings = "ext4-pageout",
		.pinners = "dio",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.log = "page N does not have buffers attached|WARNING: .* ext4_dirty_folio",
		.since = { 5, 17, 0 },
		.before = { 6, 5, 0 },
		.reference =
			"lore.kernel.org 20180103100430.GE4911@quack2.suse.cz; O_DIRECT pins its "
			"pages since 6.5",
		.title = "reclaim takes the buffers of a page that O_DIRECT holds; its data never "
			 "reach the disk",
	},
	{
		.name = "redirty-btrfs-refuses-unannounced-dirt",
		.scenario = "redirty",
		.steps = "released",
		.backings = "btrfs btrfs-pageout btrfs-fadvise",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "is marked dirty without notifying the fs|failed to submit blocks",
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "fsync gives EUCLEAN and drops what O_DIRECT read into a clean page",
	},
	{
		.name = "msync-race-mr-write-lost-after-sync",
		.scenario = "msync-race",
		.steps = "race",
		.backings = "ext4 xfs btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "syncs skip what an MR wrote since the sync before, until dereg",
	},
	{
		.name = "msync-race-btrfs-fixup-defers-writeback",
		.scenario = "msync-race",
		.steps = "race|after",
		.backings = "btrfs",
		.pinners = "rxe-mr dio vm-write",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.chance = true,
		.since = { 5, 6, 0 },
		.before = { 6, 12, 97 },
		.reference =
			"linux-btrfs 20220624122334.80603-1-hch@lst.de; fixup worker removed in "
			"6.12.97",
		.title =
			"syncs leave pages that a release dirtied to the fixup worker, and succeed",
	},
	{
		.name = "msync-race-btrfs-refuses-unannounced-dirt",
		.scenario = "msync-race",
		.steps = "race|after",
		.backings = "btrfs",
		.pinners = "dio vm-write",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "is marked dirty without notifying the fs|failed to submit blocks",
		.chance = true,
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "syncs give EUCLEAN, then EIO, and drop what a short pin wrote into a "
			 "clean page",
	},
	{
		.name = "msync-race-btrfs-fault-waits-for-commit",
		.scenario = "msync-race",
		.steps = "race|after",
		.backings = "btrfs",
		.pinners = "dio vm-write",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_STUCK),
		.log = "is marked dirty without notifying the fs|failed to submit blocks",
		.chance = true,
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "a fault waits for an extent of which the first pages were refused, until "
			 "the commit 30 s later tries the rest",
	},
	{
		.name = "mr-write-lost-after-writeback",
		.scenario = "wb-window",
		.steps = "written again",
		.backings = "ext4 xfs btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "fsync skips what an MR wrote since the writeback before it",
	},
	{
		.name = "mr-write-hidden-from-direct-read",
		.scenario = "wb-window",
		.steps = "written again",
		.backings = "ext4 xfs",
		.pinners = "rxe-mr",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "an O_DIRECT read of the file does not write such pages back first",
	},
	{
		.name = "mr-write-breaks-checksum",
		.scenario = "wb-window",
		.steps = "synced again|written again",
		.backings = "btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "^BTRFS (warning|error) [^:]*: (csum failed|bdev .* errs:)",
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/442355 (stable pages); " DISALLOW_COMMITS,
		.title = "what an MR writes under writeback is not what the checksum was made of",
	},
	{
		.name = "mr-write-torn-by-writeback",
		.scenario = "wb-window",
		.steps = "at rest",
		.backings = "ext4-torn xfs-torn",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE) | CLASS(PP_CLASS_TORN),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "the disk keeps what it took while an MR was writing: fsync skips the "
			 "pages",
	},
	{
		.name = "mr-write-breaks-guard",
		.scenario = "wb-window",
		.steps = "under guards",
		.backings = "ext4-pi",
		.pinners = "rxe-mr",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = GUARD_LOG,
		.chance = true,
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/442355 (stable pages); " DISALLOW_COMMITS,
		.title = "what an MR writes under writeback is not what the T10 guard was made of: "
			 "fsync gives EIO",
	},
	{
		.name = "o-direct-breaks-guard",
		.scenario = "wb-window",
		.steps = "under guards",
		.backings = "ext4-pi",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = GUARD_LOG,
		.chance = true,
		.since = { 3, 0, 0 },
		.before = EVER,
		.reference = "lwn.net/Articles/442355 (stable pages)",
		.title = "an O_DIRECT read that pinned pages before writeback arrives under it: "
			 "fsync gives EILSEQ",
	},
	{
		.name = "btrfs-pin-dirty-refused",
		.scenario = "wb-window",
		.steps = "*",
		.backings = "btrfs",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "^BTRFS (warning|error) [^:]*: (root .* is marked dirty without notifying "
		       "the fs|failed to submit blocks|csum failed|bdev .* errs:)",
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "\"btrfs: remove the COW fixup mechanism\" (stable 6.12.97)",
		.title = "pages that an O_DIRECT transfer dirtied after writeback are given up: "
			 "fsync "
			 "fails with EUCLEAN, the data is lost",
	},
	{
		.name = "dio-fork-copies-the-page-away",
		.scenario = "dio-mmap",
		.steps = "direct",
		.backings = "anon anon-thp",
		.pinners = "dio",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 2, 6, 12 },
		.before = { 6, 5, 0 },
		.reference = "open.2, NOTES; O_DIRECT pins its pages since 6.5",
		.title = "O_DIRECT read, fork, store next to it: the data arrive in the child's "
			 "page",
	},
	{
		.name = "dax-race-hole-never-ends",
		.scenario = "dax-race",
		.steps = "race",
		.backings = "fsdax-ext4 fsdax-xfs",
		.pinners = "dio",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_STUCK),
		.chance = true,
		.since = { 6, 1, 84 },
		.before = { 6, 2, 0 },
		.reference =
			"6.1.84 backport of 38b43539d64b drops DAX pages without waking who waits",
		.title = "a hole that had to wait for an O_DIRECT reference is never woken",
	},
	{
		.name = "clone-changes-under-mr",
		.scenario = "reflink-race",
		.steps = "released|clone written|after remount",
		.backings = "xfs",
		.pinners = "rxe-mr",
		.rule = PP_O6_ISOLATION,
		.classes = CLASS(PP_CLASS_FUTURE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/784574; " DISALLOW_COMMITS,
		.title = "a page that dereg dirtied is written into the block it shares with a "
			 "clone",
	},
	{
		.name = "clone-changes-under-o-direct",
		.scenario = "reflink-race",
		.steps = "released|clone written|after remount",
		.backings = "xfs",
		.pinners = "dio",
		.rule = PP_O6_ISOLATION,
		.classes = CLASS(PP_CLASS_FUTURE),
		.since = { 5, 6, 0 },
		.before = EVER,
		.reference =
			"lwn.net/Articles/784574 (nobody asks the filesystem before a pinned page "
			"is dirtied); fs/xfs/xfs_aops.c, xfs_map_blocks()",
		.title =
			"what O_DIRECT read into a page is written into the block it shares with a "
			"clone",
	},
	{
		.name = "reflink-race-btrfs-fixup-defers-writeback",
		.scenario = "reflink-race",
		.steps = "released|clone written",
		.backings = "btrfs",
		.pinners = "rxe-mr dio",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.chance = true,
		.since = { 5, 6, 0 },
		.before = { 6, 12, 97 },
		.reference =
			"linux-btrfs 20220624122334.80603-1-hch@lst.de; fixup worker removed in "
			"6.12.97",
		.title = "fsync leaves pages that a release dirtied to the fixup worker, and "
			 "returns 0",
	},
	{
		.name = "reflink-race-btrfs-refuses-unannounced-dirt",
		.scenario = "reflink-race",
		.steps = "released",
		.backings = "btrfs",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "is marked dirty without notifying the fs|failed to submit blocks",
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "fsync gives EUCLEAN and drops what O_DIRECT read into a clean page",
	},
	{
		.name = "journalled-mr-write-lost-after-fsync",
		.scenario = "journal-data",
		.steps = "held",
		.backings = "ext4",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "fsync journals nothing of what an MR wrote since the fsync before it",
	},
	{
		.name = "hole-zeroes-beside-itself",
		.scenario = "folio-edges",
		.steps = "after",
		.backings = "xfs",
		.pinners = "dio",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_ZERO),
		.since = { 5, 18, 0 },
		.before = EVER,
		.reference = FOLIO_EDGES,
		.title = "data beside a hole, or behind an insertion, are zeroed in a large folio "
			 "that is pinned and dirty, "
			 "and reach the disk as zeros",
	},
	{
		.name = "hole-zeroes-beside-itself-on-disk",
		.scenario = "folio-edges",
		.steps = "after",
		.backings = "xfs",
		.pinners = "dio",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_ZERO),
		.since = { 5, 18, 0 },
		.before = EVER,
		.reference = FOLIO_EDGES,
		.title = "data beside a hole, or behind an insertion, are zeroed in a large folio "
			 "that is pinned and dirty, "
			 "and reach the disk as zeros",
	},
	{
		.name = "storm-btrfs-refuses-unannounced-dirt",
		.scenario = "storm",
		.steps = "storm|after",
		.backings = "btrfs",
		.pinners = "dio vm-write mixed",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "is marked dirty without notifying the fs|failed to submit blocks|csum "
		       "failed|bdev .* errs:",
		.chance = true,
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "syncs give EUCLEAN, then EIO, and drop what a short pin wrote into a "
			 "clean page",
	},
	{
		.name = "fixed-read-leaves-pages-clean",
		.scenario = "clean-page",
		.steps = "reclaimed",
		.backings = "memfd tmpfs",
		.pinners = "uring-fixed",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_ZERO),
		.since = { 5, 1, 0 },
		.before = EVER,
		.reference = FIXED_READ,
		.title = "what READ_FIXED put into a clean page of a memfd is dropped by reclaim",
	},
	{
		.name = "storm-fixed-read-leaves-pages-clean",
		.scenario = "storm",
		.steps = "storm|after",
		.backings = "memfd tmpfs",
		.pinners = "uring-fixed mixed",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_ZERO),
		.chance = true,
		.since = { 5, 1, 0 },
		.before = EVER,
		.reference = FIXED_READ,
		.title = "what READ_FIXED put into a clean page of a memfd is dropped by reclaim",
	},
	{
		.name = "storm-dax-hole-never-ends",
		.scenario = "storm",
		.steps = "storm",
		.backings = "fsdax-ext4 fsdax-xfs",
		.pinners = "dio mixed",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_STUCK),
		.chance = true,
		.since = { 6, 1, 84 },
		.before = { 6, 2, 0 },
		.reference =
			"6.1.84 backport of 38b43539d64b drops DAX pages without waking who waits",
		.title = "a hole that had to wait for an O_DIRECT reference is never woken, and "
			 "others "
			 "wait behind it",
	},
};
const size_t pp_n_defects = PP_ARRAY_LEN(pp_defects);
