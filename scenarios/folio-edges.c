/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio-edges: a hole, or blocks put in, in the midst of a large folio that is held: dirty, or
 * clean
 */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

/*
 * Read in pieces, a file gets larger folios with each time it is read ahead: of 64 KiB and more
 * from AROUND on. Written data get large folios only since 6.6, read data wherever the filesystem
 * has them.
 */
#define SIZE   524288u
#define PIECE  65536u
#define HOLE   "276160+7104" /* AROUND + 14016: begins and ends inside a block of 4096 */
#define BLOCKS "282624+8192" /* AROUND + 20480: whole blocks of the same folio */
#define PINNED "266240+4096" /* AROUND + 4096: in the same folio, and not moved by an insertion */
#define HELD   "270336+4096" /* AROUND + 8192 */
#define AROUND "262144+65536"

/* What holds the folio, and how it is when the hole comes. */
enum shape {
	DIRTY, /* a pipe, and a device that ends just before */
	TAKEN, /* a device that ends behind the hole */
	READER /* an MR that the device may only read from */
};

struct row {
	const char *backing, *verb, *range;
	enum pp_tier tier;
	enum shape shape;
	const char *name, *pinner; /* of the shapes that are not DIRTY */
};

/*
 * ext4 writes nothing back first, so there is no window. insert-range cuts the whole rest of the
 * file out, from the block before it on, and all of that must stay.
 */
/* clang-format off */
static const struct row rows[] = {
	{ "xfs",   "zero-range", HOLE,   PP_TIER_QUICK, DIRTY, NULL, NULL },
	{ "xfs",   "punch",      HOLE,   PP_TIER_FULL,  DIRTY, NULL, NULL },
	{ "xfs",   "insert",     BLOCKS, PP_TIER_QUICK, DIRTY, NULL, NULL },
	{ "btrfs", "zero-range", HOLE,   PP_TIER_FULL,  DIRTY, NULL, NULL },
	{ "btrfs", "punch",      HOLE,   PP_TIER_FULL,  DIRTY, NULL, NULL },
	{ "xfs",   "punch",      BLOCKS, PP_TIER_FULL,  TAKEN,  "xfs-taken",   "dio" },
	{ "ext4",  "punch",      BLOCKS, PP_TIER_FULL,  TAKEN,  "ext4-taken",  "dio" },
	{ "btrfs", "punch",      BLOCKS, PP_TIER_FULL,  TAKEN,  "btrfs-taken", "dio" },
	{ "xfs",   "punch",      BLOCKS, PP_TIER_FULL,  READER, "xfs-taken",   "rxe-mr-read" },
	{ "ext4",  "punch",      BLOCKS, PP_TIER_FULL,  READER, "ext4-taken",  "rxe-mr-read" },
	{ "btrfs", "punch",      BLOCKS, PP_TIER_FULL,  READER, "btrfs-taken", "rxe-mr-read" },
};
/* clang-format on */

static bool variant(size_t index, struct pp_variant *out)
{
	const struct row *r;

	if (index >= PP_ARRAY_LEN(rows))
		return false;
	r = &rows[index];
	snprintf(out->name, sizeof(out->name), "%s-%s", r->backing, r->verb);
	snprintf(out->backing, sizeof(out->backing), "%s", r->name ? r->name : r->backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", r->pinner ? r->pinner : "dio");
	if (r->name)
		snprintf(out->name, sizeof(out->name), "%s", r->name);
	out->tier = r->tier;
	out->data = r;
	return true;
}

static void object_lines(const struct row *r, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);

	if (r->shape == READER)
		pp_say(t, "need root kmsg rxe pin-counters %s", place->needs);
	else
		pp_say(t, "need root kmsg dm tracefs disk1 io-uring vmsplice %s", place->needs);
	if (r->shape == DIRTY)
		pp_say(t, "gate g0 slot=disk0");
	if (r->shape != READER)
		pp_say(t, "gate g1 slot=disk1");
	pp_say(t, "fs f0 type=%s slot=%s", r->backing, r->shape == DIRTY ? "g0" : "disk0");
	pp_say(t, "region data backing=%s fs=f0 size=%u", r->backing, SIZE);
	pp_lines_bystander_objects(t, r->backing);
	if (r->shape == READER) {
		pp_lines_control_objects(t);
		pp_say(t, "mr m0 region=data range=" AROUND " access=rr");
	}
	pp_say(t, "actor main");
	pp_say(t, "actor dev");
	if (r->shape == DIRTY)
		pp_say(t, "actor hole");
}

/*
 * The device has pinned one page of the folio, a pipe holds another. The hole first writes the
 * folio back: behind a held gate, so that the device ends and makes the folio dirty again
 * meanwhile. Then the page cache is cut out: the folio is dirty and cannot be split.
 */
static void window_lines(const struct row *r, struct pp_plan_text *t)
{
	uint32_t held, transfer, hole;

	pp_say(t, "step \"held\"");
	pp_op(t, "splice-hold data " HELD);
	held = pp_op(t, "gate-hold g1");
	transfer = pp_op_by(t, "dev", "dio-read data " PINNED " via=g1 mode=async gen=1 after=%u",
			    held);
	pp_op(t, "await-bios g1 op=%u", transfer);
	held = pp_op(t, "gate-hold g0");
	hole = pp_op_by(t, "hole", "%s data %s hazard after=%u", r->verb, r->range, held);
	pp_op(t, "await-asleep op=%u", hole);
	pp_op(t, "gate-open g1");
	pp_op(t, "await-asleep op=%u after=%u", hole, transfer);
	pp_op(t, "gate-open g0");
	pp_op(t, "splice-drain data " HELD " after=%u", hole);
}

/*
 * The hole writes the folio back and cuts it. That it cannot be split, as one page of it is pinned,
 * must not cost the file what lies beside the hole: the device's data arrive when it is done.
 */
static void taken_lines(const struct row *r, struct pp_plan_text *t)
{
	uint32_t transfer;

	pp_op(t, "fsync data");
	pp_say(t, "step \"held\"");
	transfer = pp_op(t, "gate-hold g1");
	transfer = pp_op_by(t, "dev", "dio-read data " PINNED " via=g1 mode=async gen=1 after=%u",
			    transfer);
	pp_op(t, "await-bios g1 op=%u", transfer);
	pp_op(t, "%s data %s hazard", r->verb, r->range);
	pp_op(t, "gate-open g1");
	pp_op(t, "load data " PINNED " after=%u", transfer);
}

/* Who may read what the file holds must go on seeing what is written beside the hole. */
static void reader_lines(const struct row *r, struct pp_plan_text *t)
{
	pp_lines_control(t, pp_gen(t));
	pp_op(t, "fsync data");
	pp_say(t, "step \"held\"");
	pp_op_by(t, "dev", "reg m0 expect=era after=%u", t->next_op - 1);
	pp_op_by(t, "dev", "rdma-read m0");
	pp_op(t, "%s data %s hazard after=%u", r->verb, r->range, t->next_op - 1);
	pp_op(t, "store data " HELD " gen=%u", pp_gen(t));
	pp_op(t, "pwrite data " PINNED " gen=%u", pp_gen(t));
	pp_op_by(t, "dev", "rdma-read m0 4096+8192 after=%u", t->next_op - 1);
	pp_op_by(t, "dev", "dereg m0");
	pp_op(t, "quiet after=%u", t->next_op - 1);
}

static void evidence(const struct row *r, struct pp_plan_text *t)
{
	if (r->shape != READER)
		pp_say(t, "evidence windows-proven >= 1");
	if (r->shape == DIRTY) {
		pp_say(t, "evidence waits-proven >= 2");
		pp_say(t, "evidence holds >= 1");
	}
	/* of a reader the control's */
	pp_say(t, "evidence device-writes-seen >= 1");
	if (r->shape == READER)
		pp_say(t, "evidence pin-reads >= 3");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence durable-reads >= 1");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	static void (*const lines[])(const struct row *, struct pp_plan_text *) = {
		[DIRTY] = window_lines, [TAKEN] = taken_lines, [READER] = reader_lines
	};
	const struct row *r = v->data;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O5 O6 %sO9 O10 O11 O12", r->shape == READER ? "O7 O8 " : "");
	pp_say(t, "bound 60s");
	evidence(r, t);
	object_lines(r, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data");
	pp_op(t, "fadvise data");
	for (unsigned int at = 0; at < SIZE; at += PIECE)
		pp_op(t, "pread data %u+%u", at, PIECE);
	pp_op(t, "map data");
	pp_op(t, "store data " AROUND " gen=%u", pp_gen(t));
	lines[r->shape](r, t);
	pp_say(t, "step \"after\"");
	pp_op(t, "load data");
	pp_op(t, "pread data");
	pp_op(t, "fsync data");
	pp_op(t, "disk-read data");
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, r->backing);
}

static const char *const references[] = {
	"mm/truncate.c, truncate_inode_partial_folio(): zeroes first, then tries to split",
	"mm/truncate.c, truncate_inode_partial_folio(): drops what is clean and cannot be split",
	"fs/xfs/xfs_bmap_util.c, xfs_flush_unmap_range(): rounds the range outward",
	"fs/xfs/xfs_bmap_util.c, xfs_prepare_shift(): from one block before the range to the end",
	NULL,
};

const struct pp_scenario pp_scenario_folio_edges = {
	.name = "folio-edges",
	.title = "a hole in a large folio that a device has pinned, and what lies beside it",
	.purpose =
		"FALLOC_FL_ZERO_RANGE and FALLOC_FL_PUNCH_HOLE of a range that begins and ends "
		"inside blocks must leave the rest of these blocks alone. xfs writes the folio "
		"back and cuts whole pages out of the page cache; the kernel zeroes them in the "
		"folio before it tries to split it. With a reference on the folio the split "
		"fails, and if an O_DIRECT read has made the folio dirty since the writeback, it "
		"stays: with zeros outside of the range, which then reach the disk. A pin is such "
		"a reference, and so is a store that waits in its page fault until the hole is "
		"done. FALLOC_FL_INSERT_RANGE of whole blocks loses what it should move in the "
		"same way. Here a pipe holds one, and a gate under the filesystem and one under "
		"the "
		"raw disk hold the window open. Found by storm. A folio that cannot be split and "
		"is "
		"clean is dropped as a whole. So what an O_DIRECT read in flight brings into its "
		"pages beside the hole is lost in memory and on the disk, and an MR that was "
		"registered for reading shows for ever what the file held before: the variants "
		"-taken.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
