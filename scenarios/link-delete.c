/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-delete: an RDMA link is deleted under a process that has registered memory on it. */
#include <stdio.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u

static const struct row {
	const char *backing;
	enum pp_tier tier;
} rows[] = {
	{ "memfd", PP_TIER_QUICK }, { "tmpfs", PP_TIER_FULL },  { "hugetlb", PP_TIER_FULL },
	{ "ext4", PP_TIER_FULL },   { "devdax", PP_TIER_FULL },
};

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].backing);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].backing);
	snprintf(out->pinner, sizeof(out->pinner), "rxe-mr");
	out->tier = rows[index].tier;
	out->data = &rows[index];
	return true;
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence pins-counted >= 3");
	pp_say(t, "evidence objects-counted >= 3");
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects");
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%llu", r->backing,
	       place->words, size);
	pp_lines_control_objects(t);
	pp_say(t, "actor main");
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	pp_lines_control(t, pp_gen(t));
	pp_op(t, "quiet");
	/* The deletion is seen asleep until the registration's owner dies; twice, as what the first
	 * one left might only stop the second. */
	pp_say(t, "step \"deleted\"");
	pp_op(t, "link-delete data 0+%u hazard", SIZE);
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "link-delete data 0+4096 hazard");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	/* Our own link is not touched by it. */
	pp_say(t, "step \"our own link\"");
	pp_op(t, "reg c0");
	pp_op(t, "rdma-write c0 gen=%u", pp_gen(t));
	pp_op(t, "load control");
	pp_op(t, "dereg c0");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"drivers/infiniband/core/uverbs_main.c, ib_uverbs_remove_one(): waits for the last close",
	"drivers/infiniband/sw/rxe/rxe_net.c: no disassociate_ucontext()",
	NULL,
};

const struct pp_scenario pp_scenario_link_delete = {
	.name = "link-delete",
	.title = "rdma link delete while another process has memory registered on the link",
	.purpose =
		"The deletion of a link sleeps until the last process has closed its device file, "
		"and no longer. Memory that was registered on it is then neither pinned nor "
		"charged any more, and another link is as it was.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
