/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wb-window: a device writes into pages that are under writeback. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE        65536u
#define WAIT_MS     2000u  /* for a window to open */
#define BOUND_MS    10000u /* of what waits for a gate: it opens long before */
#define TORN_WRITES 32u    /* that begin before the gate opens and go on until behind the sync */

/* Who writes into the pages, and when its pins are taken. */
enum pinner_kind {
	BY_MR,   /* registered before the pages became dirty */
	BY_DIO,  /* a read from another disk, whose bios wait at a gate of their own */
	BY_CALL, /* pins and writes while the pages are under writeback */
};

struct pinner {
	const char *name;
	enum pinner_kind kind;
	const char *write; /* into all of the file */
	const char *needs;
	const char *mix; /* in a storm */
};

static const struct pinner pinners[] = {
	{ "rxe-mr", BY_MR, "rdma-write m0", "", "rdma-write m0 0+64K weight=20 length=64..16K" },
	{ "rxe-odp", BY_MR, "rdma-write m0", "", "rdma-write m0 0+64K weight=20 length=64..16K" },
	{ "dio", BY_DIO, "dio-read data via=g1 mode=async", "disk1 io-uring",
	  "dio-read data 0+64K weight=20 length=4K..16K align=4K via=disk1" },
	{ "vm-write", BY_CALL, "vm-write data", "process-vm",
	  "vm-write data 0+64K weight=20 length=64..16K" },
};

enum course {
	WINDOW, /* one write in a proven window */
	TORN,   /* writes while the disk takes the pages */
	GUARDS, /* a storm over a disk that checks what was computed of the pages */
};

struct backing {
	const char *name;  /* of the variant; known-defect rows match it */
	const char *place; /* of the region */
	const char *fs;
	enum course course;
	bool stable; /* a write fault waits for the end of writeback */
	bool fixed;  /* blocks stay where they are, so that the disk can be read beside a held gate
		      */
};

static const struct backing backings[] = {
	{ "ext4", "ext4", "type=ext4 slot=g0 block=4096", WINDOW, false, true },
	{ "xfs", "xfs", "type=xfs slot=g0 block=4096", WINDOW, false, true },
	{ "btrfs", "btrfs", "type=btrfs slot=g0", WINDOW, true, false },
	{ "ext4-torn", "ext4", "type=ext4 slot=g0 block=4096", TORN, false, true },
	{ "xfs-torn", "xfs", "type=xfs slot=g0 block=4096", TORN, false, true },
	{ "ext4-pi", "ext4", "type=ext4 slot=pi0 block=4096", GUARDS, true, true },
	{ "xfs-pi", "xfs", "type=xfs slot=pi0 block=4096", GUARDS, true, true },
};

static const struct pinner *pinner_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, v->pinner))
		i++;
	return &pinners[i];
}

/* Only an MR can go on writing into pages that it pinned long ago; one on demand faults them in at
 * each write, and where that waits for writeback, it comes behind the window. */
static bool fits(const struct backing *b, const struct pinner *p)
{
	if (pp_pinner_on_demand(p->name) && b->course == WINDOW && b->stable)
		return false;
	return b->course != TORN || p->kind == BY_MR;
}

static bool variant(size_t index, struct pp_variant *out)
{
	const size_t all = PP_ARRAY_LEN(backings) * PP_ARRAY_LEN(pinners);
	const struct backing *b = backings;
	const struct pinner *p = pinners;
	size_t i = 0;

	for (; i < all; i++) {
		b = &backings[i / PP_ARRAY_LEN(pinners)];
		p = &pinners[i % PP_ARRAY_LEN(pinners)];
		if (fits(b, p) && index-- == 0)
			break;
	}
	if (i == all)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", b->name);
	snprintf(out->backing, sizeof(out->backing), "%s", b->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	/* Where each of the two kernel generations fails. */
	out->tier = b->course == WINDOW && b->stable && p->kind != BY_CALL ? PP_TIER_QUICK
									   : PP_TIER_FULL;
	out->data = b;
	return true;
}

/* sync_file_range promises nothing where blocks move with each write. What an MR wrote when the
 * pages were clean already is not on the disk on some kernels, as the step before has shown. */
static bool ranges(const struct backing *b, const struct pinner *p)
{
	return b->course == WINDOW && b->fixed && p->kind != BY_MR;
}

static void evidence_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	const char *when = p->kind == BY_MR ? " if accepted" : "";

	pp_say(t, "evidence windows-proven >= %u",
	       (p->kind == BY_DIO ? 3 : 2) + (ranges(b, p) ? 2 : 0));
	if ((p->kind == BY_CALL && b->stable) || ranges(b, p))
		pp_say(t, "evidence waits-proven >= 1");
	if (p->kind != BY_CALL || !b->stable)
		pp_say(t, "evidence writes-in-window >= 1%s", when);
	/* Of the many of the course TORN only the last has to show. */
	pp_say(t, "evidence device-writes-seen >= %u%s",
	       p->kind == BY_MR && b->course != TORN ? 3 : 2, when);
	if (p->kind == BY_MR)
		pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence durable-reads >= 5");
	pp_say(t, "evidence fsck-clean >= 1");
}

static void object_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	pp_say(t, "need root kmsg %s%s", p->needs, p->kind == BY_MR ? " rxe" : "");
	if (b->course == GUARDS) {
		pp_say(t, "need pi-disk fs-%s", b->place);
	} else {
		pp_say(t, "need dm tracefs page-flags %s", pp_place_of(b->place)->needs);
		pp_say(t, "gate g0 slot=disk0");
		if (p->kind == BY_DIO)
			pp_say(t, "gate g1 slot=disk1");
	}
	pp_say(t, "fs f0 %s", b->fs);
	pp_say(t, "region data backing=%s fs=f0 size=%u", b->place, SIZE);
	pp_say(t, "region canary backing=%s fs=f0 size=%u bystander=yes", b->place, SIZE);
	if (p->kind == BY_MR) {
		pp_lines_control_objects(t);
		pp_lines_mr(t, p->name, "m0 region=data");
	}
	pp_say(t, "actor main");
	pp_say(t, "actor dev");
	pp_say(t, "actor %s", b->course == GUARDS ? "cpu" : "sync");
}

static void setup_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, b->place);
	pp_op(t, "pwrite canary gen=1");
	pp_op(t, "pwrite data gen=2");
	pp_op(t, "map data");
	pp_op(t, "syncfs f0");
	pp_op(t, "quiet");
	if (p->kind != BY_MR)
		return;
	pp_lines_control(t, 3);
	pp_op(t, "reg m0 expect=era");
}

/* The pages are under writeback, and the device's bytes come: returns what has to end before the
 * window closes, 0 if it ends only behind. */
static uint32_t window_lines(const struct backing *b, const struct pinner *p,
			     struct pp_plan_text *t, uint32_t *write)
{
	uint32_t before, sync, held;

	before = pp_op(t, "store data gen=4");
	if (p->kind == BY_DIO) {
		before = pp_op(t, "gate-hold g1");
		*write = pp_op_by(t, "dev", "%s gen=5 after=%u bound=%ums", p->write, before,
				  BOUND_MS);
		pp_op(t, "await-bios g1 op=%u least=%u bound=%ums", *write, SIZE, WAIT_MS);
	}
	before = pp_op(t, "gate-hold g0");
	sync = pp_op_by(t, "sync", "fsync data hazard after=%u bound=%ums", before, BOUND_MS);
	pp_op(t, "await-bios g0 op=%u least=%u bound=%ums", sync, SIZE, WAIT_MS);
	held = pp_op(t, "await-writeback data bound=%ums", WAIT_MS);
	/* The disk has none of it yet: a sync that has ended by now lied. */
	if (b->fixed)
		held = pp_op(t, "disk-read data");
	switch (p->kind) {
	case BY_MR:
		*write = pp_op_by(t, "dev", "%s gen=5 after=%u", p->write, held);
		break;
	case BY_DIO:
		pp_op(t, "gate-open g1");
		break;
	case BY_CALL:
		*write = pp_op_by(t, "dev", "%s gen=5 after=%u bound=%ums", p->write, held,
				  BOUND_MS);
		if (b->stable)
			pp_op(t, "await-asleep op=%u bound=%ums", *write, WAIT_MS);
		break;
	}
	if (p->kind == BY_CALL && b->stable)
		pp_op(t, "gate-open g0");
	else
		pp_op(t, "gate-open g0 after=%u", *write);
	return sync;
}

/* The bytes are on the disk, and what the filesystem knows of them fits. */
static void synced_lines(struct pp_plan_text *t)
{
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data");
	/* It writes dirty pages back before it reads: a sync of its own. */
	pp_op(t, "dio-pread data hazard");
	pp_op(t, "load data");
}

/* sync_file_range() waits for what it submitted: seen asleep, and the disk beside the gate has none
 * of it. */
static void range_lines(struct pp_plan_text *t)
{
	uint32_t held, sync;

	pp_say(t, "step \"a range in the window\"");
	pp_op(t, "store data gen=7");
	held = pp_op(t, "gate-hold g0");
	sync = pp_op_by(t, "sync", "sync-range data hazard after=%u bound=%ums", held, BOUND_MS);
	pp_op(t, "await-bios g0 least=%u bound=%ums", SIZE, WAIT_MS);
	pp_op(t, "await-writeback data bound=%ums", WAIT_MS);
	pp_op(t, "await-asleep op=%u bound=%ums", sync, WAIT_MS);
	pp_op(t, "disk-read data");
	pp_op(t, "gate-open g0");
	pp_op(t, "disk-read data after=%u", sync);
}

/* One write in the window, and one when writeback has cleaned the pages. */
static void window_course(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	uint32_t sync, write = 0;

	evidence_lines(b, p, t);
	object_lines(b, p, t);
	setup_lines(b, p, t);
	pp_say(t, "step \"in the window\"");
	sync = window_lines(b, p, t, &write);
	pp_op(t, "load data after=%u,%u", sync, write);
	pp_op(t, "disk-read data");
	pp_say(t, "step \"synced again\"");
	synced_lines(t);
	/* The writeback has cleaned the pages; who holds them pinned was not asked. */
	pp_say(t, "step \"written again\"");
	pp_op_by(t, "dev", "%s gen=6 after=%u", p->write, t->next_op - 1);
	pp_op(t, "load data after=%u", t->next_op - 1);
	synced_lines(t);
	if (ranges(b, p))
		range_lines(t);
	if (p->kind == BY_MR)
		pp_op(t, "dereg m0");
}

/*
 * Writes go on while the gate opens and the disk takes the pages, so that a page on disk may mix
 * several of them. That is no finding while they overlap the sync; when they have ended, and a sync
 * began after that, whatever is older is one.
 */
static void torn_course(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	uint32_t sync, write = 0;

	evidence_lines(b, p, t);
	object_lines(b, p, t);
	setup_lines(b, p, t);
	pp_say(t, "step \"in the window\"");
	sync = window_lines(b, p, t, &write);
	for (uint32_t i = 0; i < TORN_WRITES; i++)
		write = pp_op_by(t, "dev", "%s gen=%u split=4K depth=8", p->write, 6 + i);
	pp_op(t, "disk-read data after=%u", sync);
	pp_op(t, "load data after=%u,%u", sync, write);
	pp_say(t, "step \"at rest\"");
	pp_op(t, "fsync data");
	pp_op(t, "disk-read data");
	pp_op(t, "load data");
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	synced_lines(t);
}

/* The disk compares each sector with the guard that was computed when it was submitted. */
static void guards_course(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	pp_say(t, "evidence storm-ops >= 50");
	pp_say(t, "evidence device-writes-seen >= %u%s", p->kind == BY_MR ? 3 : 2,
	       p->kind == BY_MR ? " if accepted" : "");
	if (p->kind == BY_MR)
		pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence durable-reads >= 3");
	pp_say(t, "evidence fsck-clean >= 1");
	object_lines(b, p, t);
	setup_lines(b, p, t);
	pp_say(t, "step \"under guards\"");
	pp_storm_line(t, "for=2s");
	pp_mix(t, "dev", "%s", p->mix);
	pp_mix(t, "cpu", "store data 0+64K weight=10 length=64..16K");
	pp_mix(t, "main", "fsync data weight=1 hazard");
	pp_say(t, "step \"at rest\"");
	pp_op(t, "quiet");
	if (p->kind == BY_MR)
		pp_op(t, "dereg m0");
	synced_lines(t);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	static void (*const courses[])(const struct backing *, const struct pinner *,
				       struct pp_plan_text *) = {
		[WINDOW] = window_course,
		[TORN] = torn_course,
		[GUARDS] = guards_course,
	};
	const struct backing *b = v->data;

	(void)seed; /* draws of the storm come from it */
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	courses[b->course](b, pinner_of(v), t);
	pp_say(t, "step \"cold\"");
	pp_op(t, "quiet");
	pp_op(t, "unmap data");
	pp_op(t, "cold-read data");
	pp_op(t, "pread canary");
	pp_op(t, "cold-read canary");
	pp_op(t, "umount f0");
	pp_op(t, "fsck f0");
}

static const char *const references[] = {
	"lwn.net/Articles/442355 (stable pages)",
	"linux-btrfs 20220624122334.80603-1-hch@lst.de (remove btrfs_writepage_cow_fixup)",
	"Documentation/core-api/pin_user_pages.rst",
	NULL,
};

const struct pp_scenario pp_scenario_wb_window = {
	.name = "wb-window",
	.title = "a device writes into pages that are under writeback",
	.purpose =
		"A gate under the filesystem holds the bios of an fsync, so that all pages of a "
		"file are under writeback for as long as the plan wants. Meanwhile a device "
		"writes into them: an MR, an O_DIRECT read that pinned them before, or "
		"process_vm_writev. The next fsync must bring those bytes to the disk, and what "
		"the filesystem computed of the pages meanwhile, such as checksums, must still "
		"be right when the file is read again after a remount. While the gate is closed "
		"the "
		"disk beside it shows that nothing has arrived: neither that fsync nor a "
		"sync_file_range may have ended by then. The variants -torn go on "
		"writing while the disk takes the pages: a page on disk that mixes messages is "
		"allowed then and cannot be judged, but once writing has ended, a sync must "
		"bring the newest. A gate lies above the place where T10 guards are computed, so "
		"-pi opens no window: a storm of a bounded time runs over a disk of scsi_debug "
		"that takes one command at a time and checks guards. That disk shows neither "
		"what a controller does by itself nor guards made by an application.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
