/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process-exit: what a process had pinned is given back when it is gone, however it went. */
#include "run/plan_owner.h"

static const struct pp_owner_row rows[] = {
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
	return pp_owner_variant(rows, PP_ARRAY_LEN(rows), index, out);
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
	pp_op(t, "load data 0+%u", PP_OWNER_BYTES);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_owner_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 6");
	pp_say(t, "evidence pins-counted >= 6");
	pp_say(t, "evidence objects-counted >= 6");
	pp_owner_head(r, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", PP_OWNER_BYTES, pp_gen(t));
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
