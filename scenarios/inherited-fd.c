/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inherited-fd: pins stay as long as anybody has the descriptor that they hang on. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u

static const struct row {
	const char *backing, *share, *pinner;
	enum pp_tier tier;
} rows[] = {
	{ "anon", "private", "rxe-mr", PP_TIER_QUICK },
	{ "anon", "private", "uring-fixed", PP_TIER_FULL },
	{ "memfd", "shared", "rxe-mr", PP_TIER_FULL },
	{ "memfd", "shared", "uring-fixed", PP_TIER_FULL },
	{ "hugetlb", "shared", "rxe-mr", PP_TIER_FULL },
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
	const struct row *r = v->data;
	const struct pp_place_lines *place = pp_place_of(r->backing);
	bool uring = !strcmp(r->pinner, "uring-fixed");
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence hazards-done >= 16");
	pp_say(t, "evidence pins-counted >= 10");
	pp_say(t, "evidence pins-seen >= 1");
	pp_say(t, "evidence objects-counted >= 10");
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects%s", uring ? " io-uring" : "");
	pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing, place->words,
	       r->share, size);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u %s", SIZE,
	       uring ? "kind=uring" : "access=lw,rw,rr");
	pp_say(t, "actor main");
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
