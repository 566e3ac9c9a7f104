/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reflink-race: a file is cloned while a device has pages of it, and writes them afterwards. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   32768u /* small: each cell of a clone is recorded by its bytes */
#define PINNED 8192u  /* the device's part of it */
#define OWN    16384u /* where the clone is written itself */

static const char *const backings[] = { "xfs", "btrfs" };

struct pinner {
	const char *name;
	enum {
		HELD,  /* pinned while the clone is made */
		MR,    /* registered before and after */
		SHORT, /* pins and writes before and after */
		UNDER  /* writes into pages that the clone has under writeback */
	} how;
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "dio", HELD, "disk1 dm tracefs io-uring" },
	{ "rxe-mr", MR, "pin-counters" },
	{ "vm-write", SHORT, "process-vm" },
	{ "dio", UNDER, "disk1 dm tracefs io-uring page-flags" },
	{ "rxe-odp", MR, "pin-counters" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	const char *backing = backings[index % PP_ARRAY_LEN(backings)];
	const struct pinner *p;

	if (index >= PP_ARRAY_LEN(backings) * PP_ARRAY_LEN(pinners))
		return false;
	p = &pinners[index / PP_ARRAY_LEN(backings)];
	snprintf(out->name, sizeof(out->name), "%s%s", backing, p->how == UNDER ? "-under" : "");
	snprintf(out->backing, sizeof(out->backing), "%s", out->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	/* Where the kernels fail. */
	out->tier = p->how == SHORT || p->how == UNDER || strcmp(backing, "xfs") ||
				    pp_pinner_on_demand(p->name)
			    ? PP_TIER_FULL
			    : PP_TIER_QUICK;
	out->data = p;
	return true;
}

/* The filesystem, without the word that tells the windows apart. */
static const char *place_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strncmp(v->backing, backings[i], strlen(backings[i])) != 0)
		i++;
	return backings[i];
}

static void object_lines(const struct pp_variant *v, const struct pinner *p, struct pp_plan_text *t)
{
	const char *words = pp_place_of(place_of(v))->words;

	char fs[64];

	if (p->how == HELD || p->how == UNDER)
		pp_say(t, "gate g0 slot=disk1");
	if (p->how == UNDER)
		pp_say(t, "gate g1 slot=disk0");
	snprintf(fs, sizeof(fs), "type=%s slot=g1", place_of(v));
	pp_lines_place_as(t, place_of(v), p->how == UNDER ? fs : NULL);
	pp_say(t, "need %s", p->needs);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", place_of(v), words,
	       SIZE);
	pp_say(t, "region clone backing=%s%s share=shared prot=rw size=%u", place_of(v), words,
	       SIZE);
	pp_lines_bystander_objects(t, place_of(v));
	if (p->how == MR) {
		pp_lines_control_objects(t);
		pp_lines_mr(t, p->name, "m0 region=data range=0+%u", PINNED);
	}
	pp_say(t, "actor main");
	if (p->how == HELD || p->how == UNDER)
		pp_say(t, "actor device");
	if (p->how == UNDER)
		pp_say(t, "actor cloner");
}

static void set_up(const struct pp_variant *v, const struct pinner *p, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, place_of(v));
	pp_lines_bystander(t, place_of(v));
	pp_op(t, "map data");
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data");
	if (p->how == MR)
		pp_lines_control(t, pp_gen(t));
	pp_op(t, "quiet");
}

/* The clone, as it is and as it is on the disk. */
static void look_at_clone(struct pp_plan_text *t)
{
	pp_op(t, "pread clone");
	pp_op(t, "disk-read clone");
}

/* The pages are the device's while the file is cloned. Its data arrive when the gate opens. */
static void held(struct pp_plan_text *t)
{
	uint32_t hold, transfer;

	pp_say(t, "step \"held\"");
	hold = pp_op(t, "gate-hold g0");
	transfer = pp_op_by(t, "device", "dio-read data 0+%u via=g0 mode=async gen=%u after=%u",
			    PINNED, pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=%u bound=5s", transfer, PINNED);
	pp_op(t, "reflink data to=clone hazard");
	look_at_clone(t);
	pp_say(t, "step \"released\"");
	pp_op(t, "gate-open g0");
	pp_op(t, "quiet after=%u", transfer);
}

/*
 * The clone waits for the writeback of the pages that it will share, and the gate under the
 * filesystem holds that until the device's data have come into them. What was computed of the
 * pages when they were submitted must still fit.
 */
static void under_writeback(struct pp_plan_text *t)
{
	uint32_t hold, transfer, clone;

	pp_say(t, "step \"under writeback\"");
	pp_op(t, "store data gen=%u", pp_gen(t));
	hold = pp_op(t, "gate-hold g0");
	transfer = pp_op_by(t, "device", "dio-read data 0+%u via=g0 mode=async gen=%u after=%u",
			    PINNED, pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=%u bound=5s", transfer, PINNED);
	hold = pp_op(t, "gate-hold g1");
	clone = pp_op_by(t, "cloner", "reflink data to=clone hazard after=%u", hold);
	pp_op(t, "await-bios g1 op=%u least=%u bound=5s", clone, PINNED);
	pp_op(t, "await-writeback data 0+%u bound=5s", PINNED);
	pp_op(t, "gate-open g0");
	pp_op(t, "gate-open g1 after=%u", transfer);
	pp_say(t, "step \"released\"");
	pp_op(t, "quiet after=%u", clone);
}

/* The same, but the MR lets the device write before and after. */
static void registered(struct pp_plan_text *t)
{
	pp_say(t, "step \"held\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "rdma-write m0 gen=%u", pp_gen(t));
	pp_op(t, "load data");
	pp_op(t, "fsync data hazard");
	pp_op(t, "reflink data to=clone hazard");
	look_at_clone(t);
	pp_op(t, "rdma-write m0 gen=%u", pp_gen(t));
	pp_op(t, "load data");
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
}

/* A pin that begins after the clone was made has to part the file from it. */
static void short_pin(struct pp_plan_text *t)
{
	pp_say(t, "step \"held\"");
	pp_op(t, "vm-write data 0+%u gen=%u", PINNED, pp_gen(t));
	pp_op(t, "load data");
	pp_op(t, "reflink data to=clone hazard");
	look_at_clone(t);
	pp_say(t, "step \"released\"");
	pp_op(t, "vm-write data 0+%u gen=%u", PINNED, pp_gen(t));
	pp_op(t, "quiet");
}

/* What the device wrote belongs to the file alone, what the clone gets to the clone. */
static void promise(struct pp_plan_text *t)
{
	pp_op(t, "load data");
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data");
	look_at_clone(t);
	pp_say(t, "step \"clone written\"");
	pp_op(t, "pwrite clone %u+%u gen=%u", OWN, PINNED, pp_gen(t));
	pp_op(t, "fsync clone hazard");
	look_at_clone(t);
	pp_op(t, "load data");
	pp_op(t, "disk-read data");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence device-writes-seen >= %u if accepted",
	       p->how == HELD || p->how == UNDER ? 1 : 2);
	pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence durable-reads >= %u", p->how == UNDER ? 6 : 8);
	if (p->how == HELD || p->how == UNDER)
		pp_say(t, "evidence windows-proven >= %u", p->how == UNDER ? 3 : 1);
	pp_say(t, "evidence bystander-reads >= 4");
	pp_say(t, "evidence fsck-clean >= 1");
	object_lines(v, p, t);
	set_up(v, p, t);
	if (p->how == HELD)
		held(t);
	else if (p->how == UNDER)
		under_writeback(t);
	else if (p->how == MR)
		registered(t);
	else
		short_pin(t);
	promise(t);
	pp_op(t, "unmap data");
	pp_lines_bystander_look(t, place_of(v));
	pp_say(t, "step \"after remount\"");
	pp_op(t, "cold-read clone");
	pp_op(t, "cold-read data");
	pp_lines_unmounted(t, place_of(v));
}

static const char *const references[] = {
	"ioctl_ficlone(2)",
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems)",
	NULL,
};

const struct pp_scenario pp_scenario_reflink_race = {
	.name = "reflink-race",
	.title = "a clone is made while a device has pages of the file, and writes them later",
	.purpose =
		"FICLONE flushes a file's dirty pages and shares its blocks with the clone; the "
		"next write through the page cache gets blocks of its own. A page that a device "
		"has pinned, and makes dirty when it lets go, passes by that door: its data may "
		"reach the shared block, and change the clone (O6). The clone has to stay as it "
		"was, and the file has to have what the device wrote, in the page cache, on the "
		"block device and after a remount. In the variants -under a gate holds the "
		"writeback that the clone waits for until an O_DIRECT read has written into the "
		"same pages: the blocks that both share must still fit their checksums. Found by "
		"a storm.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
