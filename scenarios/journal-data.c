/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal-data: device writes into pages of an ext4 that keeps data in its journal. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   65536u
#define PINNED 16384u /* the device's part of it */
#define ROUNDS 2u

struct row {
	const char *name;
	const char *fs;
	const char *pinner;
	enum { HELD, MR, SHORT } how;
	const char *needs;
	enum pp_tier tier;
};

#define FS(block) "type=ext4 slot=disk0 block=" block " mount=\"data=journal\""

/* clang-format off */
static const struct row rows[] = {
	{ "ext4",    FS("4096"), "dio",      HELD,  "disk1 dm tracefs io-uring", PP_TIER_QUICK },
	{ "ext4",    FS("4096"), "rxe-mr",   MR,    "pin-counters",              PP_TIER_QUICK },
	{ "ext4",    FS("4096"), "vm-write", SHORT, "process-vm",                PP_TIER_FULL },
	{ "ext4-1k", FS("1024"), "dio",      HELD,  "disk1 dm tracefs io-uring", PP_TIER_FULL },
	{ "ext4-1k", FS("1024"), "rxe-mr",   MR,    "pin-counters",              PP_TIER_FULL },
	{ "ext4",    FS("4096"), "rxe-odp",  MR,    "pin-counters",              PP_TIER_FULL },
	{ "ext4-1k", FS("1024"), "rxe-odp",  MR,    "pin-counters",              PP_TIER_FULL },
};
/* clang-format on */

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].name);
	snprintf(out->backing, sizeof(out->backing), "ext4");
	snprintf(out->pinner, sizeof(out->pinner), "%s", rows[index].pinner);
	out->tier = rows[index].tier;
	out->data = &rows[index];
	return true;
}

static void object_lines(const struct row *r, struct pp_plan_text *t)
{
	if (r->how == HELD)
		pp_say(t, "gate g0 slot=disk1");
	pp_lines_place_as(t, "ext4", r->fs);
	pp_say(t, "need %s", r->needs);
	pp_say(t, "region data backing=ext4 fs=f0 share=shared prot=rw size=%u", SIZE);
	pp_lines_bystander_objects(t, "ext4");
	if (r->how == MR) {
		pp_lines_control_objects(t);
		pp_lines_mr(t, r->pinner, "m0 region=data range=0+%u", PINNED);
	}
	pp_say(t, "actor main");
	if (r->how == HELD)
		pp_say(t, "actor device");
}

/*
 * fsync commits the data to the journal. To freeze the filesystem writes all of the journal to
 * where it belongs: only then the block device shows it at the file's blocks.
 */
static void checkpoint(struct pp_plan_text *t, const char *mark)
{
	pp_op(t, "freeze f0%s", mark);
	pp_op(t, "thaw f0%s", mark);
}

static void set_up(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, "ext4");
	pp_lines_bystander(t, "ext4");
	pp_op(t, "map data");
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data");
	checkpoint(t, "");
	pp_op(t, "disk-read data");
	if (r->how == MR)
		pp_lines_control(t, pp_gen(t));
	pp_op(t, "quiet");
}

static void promise(struct pp_plan_text *t)
{
	pp_op(t, "load data");
	pp_op(t, "fsync data hazard");
	pp_op(t, "load data");
	checkpoint(t, " hazard");
	pp_op(t, "disk-read data");
	pp_op(t, "pread data");
}

/* The transaction commits, and is written back, while the device has the pages. */
static void held(struct pp_plan_text *t)
{
	uint32_t hold, transfer;

	pp_say(t, "step \"held\"");
	hold = pp_op(t, "gate-hold g0");
	transfer = pp_op_by(t, "device", "dio-read data 0+%u via=g0 mode=async gen=%u after=%u",
			    PINNED, pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=%u bound=5s", transfer, PINNED);
	pp_op(t, "fsync data hazard");
	checkpoint(t, " hazard");
	pp_say(t, "step \"released\"");
	pp_op(t, "gate-open g0");
	pp_op(t, "quiet after=%u", transfer);
	promise(t);
}

static void registered(struct pp_plan_text *t)
{
	pp_say(t, "step \"held\"");
	pp_op(t, "reg m0 expect=era");
	for (unsigned round = 0; round < ROUNDS; round++) {
		pp_op(t, "rdma-write m0 gen=%u", pp_gen(t));
		promise(t);
	}
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	promise(t);
}

static void short_pin(struct pp_plan_text *t)
{
	pp_say(t, "step \"released\"");
	for (unsigned round = 0; round < ROUNDS; round++) {
		pp_op(t, "vm-write data 0+%u gen=%u", PINNED, pp_gen(t));
		promise(t);
	}
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence hazards-done >= 4");
	pp_say(t, "evidence syncs >= 3");
	pp_say(t, "evidence device-writes-seen >= %u if accepted", r->how == HELD ? 1 : ROUNDS);
	pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence durable-advances >= 1 if accepted");
	if (r->how == HELD)
		pp_say(t, "evidence windows-proven >= 1");
	pp_say(t, "evidence bystander-reads >= 4");
	pp_say(t, "evidence fsck-clean >= 1");
	object_lines(r, t);
	set_up(r, t);
	if (r->how == HELD)
		held(t);
	else if (r->how == MR)
		registered(t);
	else
		short_pin(t);
	pp_op(t, "unmap data");
	pp_lines_bystander_look(t, "ext4");
	pp_say(t, "step \"after remount\"");
	pp_op(t, "cold-read data");
	pp_lines_unmounted(t, "ext4");
}

static const char *const references[] = {
	"Documentation/filesystems/ext4/journal.rst",
	"fs/ext4/inode.c, ext4_journalled_dirty_folio() (pages dirtied through a pin)",
	"https://lwn.net/Articles/753027/ (the trouble with get_user_pages())",
	NULL,
};

const struct pp_scenario pp_scenario_journal_data = {
	.name = "journal-data",
	.title = "device writes into pages of an ext4 with data=journal, across commit and "
		 "checkpoint",
	.purpose =
		"With data=journal a page's data are first committed to the journal and later "
		"written to their place. A device that has the page pinned changes it in between. "
		"After fsync and a checkpoint (the filesystem is frozen and thawed) the block "
		"device must show what the device wrote before the fsync, and so must a remount.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
