/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known defects where blocks of a file are shared, cut out or moved: rows of defect_table.c. */
/* clang-format off */
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
		.name = "clone-breaks-checksum",
		.scenario = "reflink-race",
		.steps = "released|clone written|after remount",
		.backings = "btrfs-under",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "^BTRFS (warning|error) [^:]*: (csum failed|bdev .* errs:)",
		.chance = true, /* 16 of 22 runs on 6.1.192 */
		.since = { 5, 6, 0 },
		.before = { 6, 12, 97 },
		.reference = "lwn.net/Articles/442355 (stable pages); "
			     "Documentation/core-api/pin_user_pages.rst",
		.title = "an O_DIRECT read writes into pages that a clone has under writeback, and "
			 "the clone keeps blocks that do not fit their checksums",
	},
	{
		.name = "clone-of-unannounced-dirt-refused",
		.scenario = "reflink-race",
		.steps = "under writeback|released|after remount",
		.backings = "btrfs-under",
		.pinners = "dio",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "is marked dirty without notifying the fs|failed to submit blocks|csum "
		       "failed|bdev .* errs:",
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "FICLONE and fsync give EUCLEAN, and the file cannot be read after a "
			 "remount: its blocks do not fit their checksums",
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
		.name = "hole-takes-pinned-pages-beside-it",
		.scenario = "folio-edges",
		.steps = "held|after",
		.backings = "xfs-taken",
		.pinners = "dio",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 18, 0 },
		.before = EVER,
		.reference = FOLIO_TAKEN,
		.title = "what an O_DIRECT read brings beside a hole is lost: its large folio was "
			 "pinned, so it could not be split, and was dropped",
	},
	{
		.name = "hole-takes-pinned-pages-beside-it-on-disk",
		.scenario = "folio-edges",
		.steps = "after",
		.backings = "xfs-taken",
		.pinners = "dio",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 18, 0 },
		.before = EVER,
		.reference = FOLIO_TAKEN,
		.title = "and no sync brings it to the disk",
	},
	{
		.name = "hole-parts-mr-beside-it",
		.scenario = "folio-edges",
		.steps = "held",
		.backings = "xfs-taken",
		.pinners = "rxe-mr-read",
		.rule = PP_O1_COHERENCE,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 18, 0 },
		.before = EVER,
		.reference = FOLIO_TAKEN,
		.title = "an MR that was registered for reading is left with pages that are no "
			 "longer the file's by a hole beside them",
	},
