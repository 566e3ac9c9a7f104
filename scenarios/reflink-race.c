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
	enum { HELD, MR, SHORT } how;
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "dio", HELD, "disk1 dm tracefs io-uring" },
	{ "rxe-mr", MR, "pin-counters" },
	{ "vm-write", SHORT, "process-vm" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	const char *backing = backings[index % PP_ARRAY_LEN(backings)];
	const struct pinner *p;

	if (index >= PP_ARRAY_LEN(backings) * PP_ARRAY_LEN(pinners))
		return false;
	p = &pinners[index / PP_ARRAY_LEN(backings)];
	snprintf(out->name, sizeof(out->name), "%s", backing);
	snprintf(out->backing, sizeof(out->backing), "%s", backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	/* Where the kernels fail. */
	out->tier = p->how == SHORT || strcmp(backing, "xfs") ? PP_TIER_FULL : PP_TIER_QUICK;
	out->data = p;
	return true;
}

static void object_lines(const struct pp_variant *v, const struct pinner *p, struct pp_plan_text *t)
{
	const char *words = pp_place_of(v->backing)->words;

	if (p->how == HELD)
		pp_say(t, "gate g0 slot=disk1");
	pp_lines_place(t, v->backing);
	pp_say(t, "need %s", p->needs);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", v->backing, words, SIZE);
	pp_say(t, "region clone backing=%s%s share=shared prot=rw size=%u", v->backing, words,
	       SIZE);
	pp_lines_bystander_objects(t, v->backing);
	if (p->how == MR) {
		pp_lines_control_objects(t);
		pp_say(t, "mr m0 region=data range=0+%u access=lw,rw,rr", PINNED);
	}
	pp_say(t, "actor main");
	if (p->how == HELD)
		pp_say(t, "actor device");
}

static void set_up(const struct pp_variant *v, const struct pinner *p, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, v->backing);
	pp_lines_bystander(t, v->backing);
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
	pp_say(t, "evidence device-writes-seen >= %u if accepted", p->how == HELD ? 1 : 2);
	pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence durable-reads >= 8");
	if (p->how == HELD)
		pp_say(t, "evidence windows-proven >= 1");
	pp_say(t, "evidence bystander-reads >= 4");
	pp_say(t, "evidence fsck-clean >= 1");
	object_lines(v, p, t);
	set_up(v, p, t);
	if (p->how == HELD)
		held(t);
	else if (p->how == MR)
		registered(t);
	else
		short_pin(t);
	promise(t);
	pp_op(t, "unmap data");
	pp_lines_bystander_look(t, v->backing);
	pp_say(t, "step \"after remount\"");
	pp_op(t, "cold-read clone");
	pp_op(t, "cold-read data");
	pp_lines_unmounted(t, v->backing);
}

static const char *const references[] = {
	"ioctl_ficlone(2)",
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems)",
	NULL,
};

const struct pp_scenario pp_scenario_reflink_race = {
	.name = "reflink-race",
	.title = "a clone is made while a device has pages of the file, and writes them later",
	.purpose = "FICLONE flushes a file's dirty pages and shares its blocks with the clone; the "
		   "next write through the page cache gets blocks of its own. A page that a device "
		   "has pinned, and makes dirty when it lets go, passes by that door: its data may "
		   "reach the shared block, and change the clone (O6). The clone has to stay as it "
		   "was, and the file has to have what the device wrote, in the page cache, on the "
		   "block device and after a remount.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
