/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known defects of pinning, and of what memory management does: rows of defect_table.c. */
/* clang-format off */
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
