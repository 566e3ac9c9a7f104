/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clean-page: what a device writes into a page that nobody has dirtied outlives reclaim. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u

/* Who pins the page and writes into it; all of them must say that it is dirty when they let go.
 * That is the first hazard: without it a look finds the page still held. */
struct pinner {
	const char *name;
	const char *object; /* the line of what is registered, NULL: nothing */
	const char *reg, *write, *dereg;
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "uring-fixed", "mr b0 region=data kind=uring", "reg b0", "fixed-read b0 via=disk1",
	  "dereg b0 hazard", "disk1 io-uring" },
	{ "rxe-mr", "mr m0 region=data access=lw,rw,rr", "reg m0", "rdma-write m0",
	  "dereg m0 hazard", "" },
	{ "rxe-odp", "mr m0 region=data access=lw,rw,rr,od", "reg m0", "rdma-write m0",
	  "dereg m0 hazard", "rxe-odp" },
	{ "dio", NULL, NULL, "dio-read data via=disk1", NULL, "disk1 io-uring" },
	{ "vm-write", NULL, NULL, "vm-write data", NULL, "process-vm" },
};

static const char *const backings[] = { "memfd", "tmpfs" };

#define N_PINNERS PP_ARRAY_LEN(pinners)

static bool variant(size_t index, struct pp_variant *out)
{
	const char *backing = backings[index / N_PINNERS % PP_ARRAY_LEN(backings)];

	if (index >= N_PINNERS * PP_ARRAY_LEN(backings))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", backing);
	snprintf(out->backing, sizeof(out->backing), "%s", backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[index % N_PINNERS].name);
	out->tier = index < N_PINNERS && !pp_pinner_on_demand(out->pinner) ? PP_TIER_QUICK
									   : PP_TIER_FULL;
	out->data = &pinners[index % N_PINNERS];
	return true;
}

static void objects(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;

	pp_say(t, "need pin-counters page-flags %s", p->needs);
	pp_lines_place(t, v->backing);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", v->backing,
	       pp_place_of(v->backing)->words, SIZE);
	pp_lines_bystander_objects(t, v->backing);
	if (p->object)
		pp_say(t, "%s", p->object);
	pp_say(t, "actor main");
}

/* Read faults make pages that are there, and clean; the pin finds them so. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;

	(void)seed;
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O12 O14");
	pp_say(t, "bound 30s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence hazards-done >= 2");
	objects(v, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, v->backing);
	pp_lines_bystander(t, v->backing);
	pp_op(t, "map data");
	pp_op(t, "load data");
	pp_say(t, "step \"held\"");
	if (p->reg)
		pp_op(t, "%s", p->reg);
	pp_op(t, "%s gen=%u", p->write, pp_gen(t));
	pp_op(t, "load data");
	if (p->dereg)
		pp_op(t, "%s", p->dereg);
	pp_op(t, "quiet");
	pp_say(t, "step \"let go\"");
	pp_op(t, "page-look data");
	pp_say(t, "step \"reclaimed\"");
	pp_op(t, "pageout data hazard");
	pp_op(t, "load data");
	pp_op(t, "dontneed data hazard");
	pp_op(t, "pageout data hazard");
	pp_op(t, "load data");
	pp_op(t, "pread data");
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, v->backing);
}

static const char *const references[] = {
	"io_uring/rsrc.c: registered buffers are unpinned without being made dirty",
	"block/fops.c: pages of a bvec iterator are not made dirty (user_backed_iter())",
	"Documentation/core-api/pin_user_pages.rst: who must call set_page_dirty_lock()",
	NULL,
};

const struct pp_scenario pp_scenario_clean_page = {
	.name = "clean-page",
	.title = "what a device writes into a clean page of memory outlives reclaim",
	.purpose =
		"Pages of a memfd or a tmpfs file that were only read are present and clean. A "
		"device pins them, writes into them and lets go; it must have made them dirty, or "
		"reclaim takes them for zeros that can be made again and drops the data. There is "
		"no filesystem and no sync in it: the page is the only copy.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
