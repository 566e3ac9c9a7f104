/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inherited-fd: pins stay as long as anybody has the descriptor that they hang on. */
#include "run/plan_owner.h"

static const struct pp_owner_row rows[] = {
	{ "anon", "private", "rxe-mr", PP_TIER_QUICK },
	{ "anon", "private", "uring-fixed", PP_TIER_FULL },
	{ "memfd", "shared", "rxe-mr", PP_TIER_FULL },
	{ "memfd", "shared", "uring-fixed", PP_TIER_FULL },
	{ "hugetlb", "shared", "rxe-mr", PP_TIER_FULL },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_owner_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* @first and @second: the order in which owner and heir let go. */
static void life(struct pp_plan_text *t, const char *first, const char *second)
{
	pp_say(t, "step \"%s, then %s\"", first, second);
	pp_op(t, "own-start hazard");
	pp_op(t, "own-reg m0 expect=era hazard");
	pp_op(t, "own-fork hazard");
	pp_op(t, "quiet");
	pp_op(t, "%s hazard", first);
	pp_op(t, "quiet");
	pp_op(t, "%s hazard", second);
	pp_op(t, "quiet");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	(void)seed;
	pp_say(t, "evidence hazards-done >= 16");
	pp_say(t, "evidence pins-counted >= 10");
	pp_say(t, "evidence pins-seen >= 1");
	pp_say(t, "evidence objects-counted >= 10");
	pp_owner_head(v->data, t);
	pp_say(t, "step \"set-up\"");
	pp_op(t, "map data");
	pp_lines_control(t, pp_gen(t));
	life(t, "own-kill", "heir-end");
	life(t, "own-exit", "heir-end");
	life(t, "heir-end", "own-kill");
	life(t, "own-exec", "heir-end");
	pp_op(t, "own-kill hazard");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"drivers/infiniband/core/uverbs_main.c, ib_uverbs_close(): the last close takes all down",
	"drivers/infiniband/core/umem.c, ib_umem_get(): mmgrab() of the mm that is charged",
	NULL,
};

const struct pp_scenario pp_scenario_inherited_fd = {
	.name = "inherited-fd",
	.title = "a child has inherited the device's file, and its owner dies",
	.purpose =
		"Registrations hang on the open file, not on the process that made them: while a "
		"child has it, memory of a dead owner stays pinned, and the child is charged "
		"nothing. When the last one closes it, everything goes.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
