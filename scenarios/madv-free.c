/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madv-free: pages that may be freed are not while a device has them. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 4");
	pp_say(t, "evidence pages-gone >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	pp_pinned_head(r, "memcg", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"free to go\"");
	pp_op(t, "madv-free data 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "madv-free twin 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "pageout data hazard");
	pp_op(t, "pageout twin hazard");
	pp_op(t, "reclaim hazard");
	pp_pinned_look(t);
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "load twin");
	pp_pinned_use(r, t, 8192);
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data 0+%u", 3 * PP_PINNED_PIECE);
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"madvise.2, MADV_FREE",
	"mm/rmap.c, try_to_unmap_one(): ref_count == 1 + map_count",
	NULL,
};

const struct pp_scenario pp_scenario_madv_free = {
	.name = "madv-free",
	.title = "MADV_FREE and reclaim upon pinned pages",
	.purpose = "MADV_FREE lets the kernel take pages until they are written again. What a "
		   "device writes is no store that the kernel sees, so a page that is pinned must "
		   "not be taken at all: reclaim finds references that nothing accounts for and "
		   "keeps it, with its content. The twin's pages are freed.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
