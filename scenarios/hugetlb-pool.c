/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb-pool: a fork copies pinned huge pages, and fails where there is none left to copy to. */
#include <stdio.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define HUGE (2u << 20)

static bool variant(size_t index, struct pp_variant *out)
{
	if (index)
		return false;
	snprintf(out->name, sizeof(out->name), "hugetlb");
	snprintf(out->backing, sizeof(out->backing), "hugetlb");
	snprintf(out->pinner, sizeof(out->pinner), "rxe-mr");
	out->tier = PP_TIER_QUICK;
	out->disturbs = true;
	return true;
}

/* The device and the CPU of the parent still speak of the same page. */
static void together(struct pp_plan_text *t)
{
	pp_op(t, "rdma-write m0 0+4096 gen=%u", pp_gen(t));
	pp_op(t, "load data 0+8192");
	pp_op(t, "store data 4096+4096 gen=%u", pp_gen(t));
	pp_op(t, "rdma-read m0 0+8192");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	(void)v;
	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 4");
	pp_say(t, "evidence stores-seen >= 3");
	pp_say(t, "evidence hazards-done >= 8");
	pp_say(t, "evidence pools-counted >= 6");
	pp_say(t, "evidence pins-seen >= %u", HUGE / 4096);
	pp_lines_place(t, "hugetlb");
	pp_say(t, "need pin-counters rdma-objects guest");
	pp_say(t, "region data backing=hugetlb share=private prot=rw size=%u", HUGE);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data access=lw,rw,rr");
	pp_say(t, "actor main");
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"room for a copy\"");
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", HUGE, pp_gen(t));
	pp_op(t, "quiet");
	pp_op(t, "reg m0");
	pp_op(t, "quiet");
	pp_op(t, "fork hazard");
	pp_op(t, "quiet");
	together(t);
	pp_op(t, "reap hazard");
	pp_op(t, "quiet");
	together(t);
	pp_say(t, "step \"no room\"");
	pp_op(t, "pool-drain hazard");
	pp_op(t, "fork expect=ENOMEM hazard");
	together(t);
	pp_op(t, "pool-refill hazard");
	pp_op(t, "quiet");
	pp_op(t, "fork hazard");
	pp_op(t, "quiet");
	pp_op(t, "kill hazard");
	pp_op(t, "quiet");
	/* What is not pinned is shared until somebody writes: nothing needs to be copied. */
	pp_say(t, "step \"not pinned, no room\"");
	pp_op(t, "dereg m0");
	pp_op(t, "pool-drain hazard");
	pp_op(t, "fork hazard");
	pp_op(t, "load data 0+8192");
	pp_op(t, "reap hazard");
	pp_op(t, "pool-refill hazard");
	pp_op(t, "quiet");
	pp_say(t, "step \"end\"");
	pp_op(t, "unmap data");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"mm/hugetlb.c, copy_hugetlb_page_range(): a pinned page is copied for the child at once",
	"commit 4eae4efa2c29 (hugetlb: do early cow when page pinned on src mm, 5.12)",
	NULL,
};

const struct pp_scenario pp_scenario_hugetlb_pool = {
	.name = "hugetlb-pool",
	.title = "fork with a pinned private huge page, with room in the pool and without",
	.purpose =
		"A fork copies a pinned private huge page for the child, so that the parent keeps "
		"the page that the device writes. Where the pool has none left the fork fails with "
		"ENOMEM, and nothing else may happen: not a copy for the parent, not a page lost.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
