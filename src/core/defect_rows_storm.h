/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known defects that storms show: rows of defect_table.c. */
/* clang-format off */
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
		.name = "storm-btrfs-waits-for-commit",
		.scenario = "storm",
		.steps = "storm|after",
		.backings = "btrfs",
		.pinners = "dio vm-write mixed",
		.rule = PP_O9_LIVENESS,
		.classes = CLASS(PP_CLASS_STUCK),
		.log = "is marked dirty without notifying the fs|failed to submit blocks",
		.chance = true,
		.since = { 6, 12, 97 },
		.before = { 6, 13, 0 },
		.reference = "stable 6.12.97 \"btrfs: remove the COW fixup mechanism\"",
		.title = "whoever meets an extent of which the first pages were refused waits for "
			 "it until the commit 30 s later tries the rest",
	},
	{
		.name = "storm-btrfs-clone-breaks-checksum",
		.scenario = "storm",
		.steps = "storm|after",
		.backings = "btrfs",
		.pinners = "dio vm-write mixed",
		.rule = PP_O12_EXPLAINED,
		.classes = CLASS(PP_CLASS_ERRNO),
		.log = "^BTRFS (warning|error) [^:]*: (csum failed|bdev .* errs:)",
		.chance = true,
		.since = { 5, 6, 0 },
		.before = { 6, 12, 97 },
		.reference = "lwn.net/Articles/442355 (stable pages); "
			     "Documentation/core-api/pin_user_pages.rst",
		.title = "a short pin writes into pages that a clone has under writeback, and the "
			 "clone keeps blocks that do not fit their checksums",
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
