/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap: a mapping that moves takes its pinned pages with it. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("ext4", "shared", "rxe-mr-read", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 3");
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	for (int i = 0; i < 2; i++) {
		pp_say(t, "step \"moved%s\"", i ? " again" : "");
		pp_op(t, "mremap data hazard");
		pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
		pp_pinned_look(t);
		pp_pinned_use(r, t, 8192);
	}
	pp_op(t, "mremap twin hazard");
	pp_op(t, "load twin");
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"mremap.2",
	"mm/mremap.c, move_page_tables()",
	NULL,
};

const struct pp_scenario pp_scenario_mremap = {
	.name = "mremap",
	.title = "mremap upon pinned pages",
	.purpose = "mremap moves page tables, not pages: the frames stay, and the device, which "
		   "knows the pages by the address that they had at registration, and the process, "
		   "which knows them by the new one, go on seeing each other's writes.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
