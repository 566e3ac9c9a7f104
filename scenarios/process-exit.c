/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process-exit: what a process had pinned is given back when it is gone, however it went. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u

static const struct row {
	const char *backing, *share, *pinner;
	enum pp_tier tier;
} rows[] = {
	{ "memfd", "shared", "rxe-mr", PP_TIER_QUICK },
	{ "memfd", "shared", "uring-fixed", PP_TIER_FULL },
	{ "anon", "private", "rxe-mr", PP_TIER_FULL },
	{ "anon", "private", "uring-fixed", PP_TIER_FULL },
	{ "hugetlb", "shared", "rxe-mr", PP_TIER_FULL },
	{ "ext4", "shared", "rxe-mr", PP_TIER_FULL },
	{ "devdax", "shared", "rxe-mr", PP_TIER_FULL },
};

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].backing);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", rows[index].pinner);
	out->tier = rows[index].tier;
	out->data = &rows[index];
	return true;
}

/* The owner pins what the case has mapped too, or memory of its own, and ends by @how. */
static void life(struct pp_plan_text *t, const char *how)
{
	pp_say(t, "step \"%s\"", how);
	pp_op(t, "own-start hazard");
	pp_op(t, "own-reg m0 expect=era hazard");
	pp_op(t, "quiet");
	pp_op(t, "own-%s hazard", how);
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	const struct pp_place_lines *place = pp_place_of(r->backing);
	bool uring = !strcmp(r->pinner, "uring-fixed");
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence hazards-done >= 6");
	pp_say(t, "evidence pins-counted >= 6");
	pp_say(t, "evidence objects-counted >= 6");
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects%s", uring ? " io-uring" : "");
	pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing, place->words,
	       r->share, size);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u %s", SIZE,
	       uring ? "kind=uring" : "access=lw,rw,rr");
	pp_say(t, "actor main");
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	pp_lines_control(t, pp_gen(t));
	life(t, "exit");
	life(t, "kill");
	life(t, "exec");
	pp_op(t, "own-exit hazard");
	pp_say(t, "step \"end\"");
	pp_op(t, "unmap data");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"kernel/exit.c, do_exit(): exit_mm() comes before exit_files()",
	"drivers/infiniband/core/uverbs_main.c, ib_uverbs_close(): the last close takes all down",
	NULL,
};

const struct pp_scenario pp_scenario_process_exit = {
	.name = "process-exit",
	.title = "a process that has pinned memory exits, is killed, or executes another program",
	.purpose =
		"A process is gone before its descriptors are closed: pages outlive its mappings, "
		"and are given back when the device's file, or the ring, is closed for the last "
		"time. Pins, objects and charge must then be gone, and what the memory holds must "
		"be what it held.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
