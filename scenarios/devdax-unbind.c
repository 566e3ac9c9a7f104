/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devdax-unbind: a device DAX loses its driver while its pages are pinned. */
#include <stdio.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE (2u << 20)

static const char *const pinners[] = { "rxe-mr" };

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(pinners))
		return false;
	snprintf(out->name, sizeof(out->name), "devdax");
	snprintf(out->backing, sizeof(out->backing), "devdax");
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[index]);
	out->tier = PP_TIER_FULL;
	out->disturbs = true;
	out->destructive = true;
	return true;
}

/* What is behind the driver's end crashes kernels that have the defect: it comes last. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	(void)seed;
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O12");
	pp_say(t, "bound 25s");
	pp_say(t, "evidence device-writes-seen >= 2");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence pins-seen >= 512");
	pp_lines_place(t, v->backing);
	pp_say(t, "need pin-counters");
	pp_say(t, "region data backing=devdax slot=devdax0 share=shared prot=rw size=%u", SIZE);
	pp_lines_bystander_objects(t, v->backing);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data access=lw,rw,rr");
	pp_say(t, "actor main");
	pp_say(t, "step \"set-up\"");
	pp_lines_bystander(t, v->backing);
	pp_op(t, "map data");
	pp_op(t, "store data gen=%u", pp_gen(t));
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"pinned\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "quiet");
	pp_op(t, "rdma-write m0 0+8192 gen=%u", pp_gen(t));
	pp_op(t, "load data 0+65536");
	pp_lines_bystander_look(t, v->backing);
	pp_say(t, "step \"unbound\"");
	pp_op(t, "dax-unbind data hazard bound=10s");
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg m0 bound=10s");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"drivers/dax/bus.c, mm/memremap.c: memunmap_pages() waits for pgmap->ref, which GUP does "
	"not hold",
	"Documentation/core-api/pin_user_pages.rst",
	NULL,
};

const struct pp_scenario pp_scenario_devdax_unbind = {
	.name = "devdax-unbind",
	.title = "a device DAX loses its driver under a memory region",
	.purpose =
		"Taking the driver from a device DAX removes the struct pages of its memory. It "
		"has to wait for those that are pinned, or to refuse. Kernels with the defect do "
		"neither: the deregistration then touches pages that are no more, and oopses. So "
		"the case has a guest of its own, and what comes last in it may kill the kernel.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
