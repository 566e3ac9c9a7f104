/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msync-race: every call that promises data are on the disk, while the device writes next to them.
 */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   65536u
#define HALF   (SIZE / 2)
#define ROUNDS 12u

/* Who writes; how it is told to. */
struct pinner {
	const char *name;
	const char *write; /* verb */
	const char *via;
	const char *needs;
	const char *quick; /* backing that it has in the quick tier */
};

static const struct pinner pinners[] = {
	{ "rxe-mr", "rdma-write", "", "", "ext4" },
	{ "dio", "dio-read", " via=disk1", " disk1 io-uring", "" },
	{ "vm-write", "vm-write", "", " process-vm", "fsdax-ext4" },
	{ "rxe-odp", "rdma-write", "", "", "" },
};

static const char *const backings[] = { "ext4", "xfs", "btrfs", "fsdax-ext4", "fsdax-xfs" };

#define N_BACKINGS PP_ARRAY_LEN(backings)

static bool variant(size_t index, struct pp_variant *out)
{
	const struct pinner *p = &pinners[index / N_BACKINGS % PP_ARRAY_LEN(pinners)];
	size_t backing = index % N_BACKINGS;

	if (index >= N_BACKINGS * PP_ARRAY_LEN(pinners))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", backings[backing]);
	snprintf(out->backing, sizeof(out->backing), "%s", backings[backing]);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	/* What writes on its own, and what is told to. Not on btrfs, where a known defect shows by
	 * chance and takes 30 s. */
	out->tier = !strcmp(out->backing, p->quick) ? PP_TIER_QUICK : PP_TIER_FULL;
	out->data = p;
	return true;
}

static bool registers(const struct pinner *p)
{
	return strcmp(p->write, "rdma-write") == 0;
}

/* Half @half of the region gets a new generation. */
static uint32_t write_half(const struct pinner *p, struct pp_plan_text *t, unsigned half,
			   uint32_t after)
{
	char order[32] = "";

	if (after)
		snprintf(order, sizeof(order), " after=%u", after);
	if (registers(p))
		return pp_op_by(t, "device", "rdma-write m0 %u+%u gen=%u%s", half * HALF, HALF,
				pp_gen(t), order);
	return pp_op_by(t, "device", "%s data %u+%u%s gen=%u%s", p->write, half * HALF, HALF,
			p->via, pp_gen(t), order);
}

/* The calls take turns; each promises at least half @half. */
static uint32_t sync_half(const struct pp_variant *v, struct pp_plan_text *t, unsigned turn,
			  unsigned half, uint32_t after)
{
	static const char *const whole[] = { "fsync data", "fdatasync data", "syncfs f0" };
	static const char *const part[] = { "msync", "sync-range" };

	/* sync_file_range promises nothing where blocks move with each write. */
	if (turn % 5 < 3)
		return pp_op_by(t, "syncer", "%s hazard after=%u", whole[turn % 5], after);
	return pp_op_by(t, "syncer", "%s data %u+%u hazard after=%u",
			strcmp(v->backing, "btrfs") ? part[turn % 5 - 3] : "msync", half * HALF,
			HALF, after);
}

/*
 * One round: a half is written, then promised while the device is busy in the other one, then
 * looked up on the block device while the device goes on.
 */
static uint32_t race(const struct pp_variant *v, struct pp_plan_text *t, unsigned round,
		     uint32_t before)
{
	unsigned half = round % 2;
	uint32_t write = write_half(v->data, t, half, before);
	uint32_t sync = sync_half(v, t, round, half, write);

	write_half(v->data, t, 1 - half, 0);
	pp_op_by(t, "syncer", "msync-async data hazard");
	return pp_op(t, "disk-read data %u+%u after=%u", half * HALF, HALF, sync);
}

static void objects(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;

	pp_say(t, "need pin-counters%s", p->needs);
	pp_lines_place(t, v->backing);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", v->backing,
	       pp_place_of(v->backing)->words, SIZE);
	pp_lines_bystander_objects(t, v->backing);
	pp_lines_control_objects(t);
	if (registers(p))
		pp_lines_mr(t, p->name, "m0 region=data");
	pp_say(t, "actor main");
	pp_say(t, "actor device");
	pp_say(t, "actor syncer");
}

static void evidence(const struct pinner *p, struct pp_plan_text *t)
{
	const char *when = registers(p) ? " if accepted" : "";

	pp_say(t, "evidence syncs >= %u", ROUNDS);
	pp_say(t, "evidence device-writes-seen >= %u%s", ROUNDS, when);
	pp_say(t, "evidence durable-advances >= %u%s", ROUNDS / 2, when);
	if (registers(p)) {
		pp_say(t, "evidence refusals >= 1 if refused");
		pp_say(t, "evidence device-writes-seen >= 1 if refused");
	}
	pp_say(t, "evidence fsck-clean >= 1");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;
	uint32_t last = 0;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	evidence(p, t);
	objects(v, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, v->backing);
	pp_lines_bystander(t, v->backing);
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data");
	pp_op(t, "map data");
	pp_op(t, "load data");
	pp_lines_control(t, pp_gen(t));
	if (registers(p))
		last = pp_op(t, "reg m0 expect=era");
	else
		last = pp_op(t, "quiet");
	pp_say(t, "step \"race\"");
	for (unsigned round = 0; round < ROUNDS; round++)
		last = race(v, t, round, last);
	last = pp_op_by(t, "device", "load data");
	pp_say(t, "step \"after\"");
	pp_op(t, "load data after=%u", last);
	if (registers(p))
		pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data");
	pp_lines_bystander_look(t, v->backing);
	pp_say(t, "step \"after remount\"");
	pp_op(t, "unmap data");
	pp_op(t, "cold-read data");
	pp_lines_unmounted(t, v->backing);
}

static const char *const references[] = {
	"msync(2), fsync(2), syncfs(2), sync_file_range(2)",
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems)",
	NULL,
};

const struct pp_scenario pp_scenario_msync_race = {
	.name = "msync-race",
	.title = "msync, fsync, syncfs and sync_file_range while the device writes next door",
	.purpose =
		"The device writes one half of a shared file mapping; a second thread then asks "
		"for that half to be on the disk, by each call that promises so in turn, while the "
		"device is already busy in the other half, in the same file and the same "
		"writeback. "
		"The block device is read at once after each promise. msync promises its range "
		"only, MS_ASYNC nothing; what overlaps may be on the disk or not, what ended "
		"before the call began must be.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
