/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hwpoison: the frames of pinned pages are not taken out of use. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("hugetlb", "shared", "rxe-mr", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* A huge page whose frame goes leaves the pool smaller for ever: its twin stays. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool pool = !strcmp(r->backing, "hugetlb");

	(void)seed;
	pp_say(t, "evidence hazards-refused >= 1");
	if (!pool)
		pp_say(t, "evidence frames-moved >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", PP_PINNED_PAGES);
	pp_pinned_head(r, "soft-offline", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"out of use\"");
	pp_op(t, "soft-offline data 0+%u hazard expect=EBUSY", PP_PINNED_BYTES);
	if (!pool)
		pp_op(t, "soft-offline twin 0+%u hazard", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_op(t, "load twin");
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"Documentation/mm/hwpoison.rst; madvise.2 (MADV_SOFT_OFFLINE)",
	"mm/memory-failure.c, soft_offline_in_use_page(): the page is migrated, or stays",
	NULL,
};

const struct pp_scenario pp_scenario_hwpoison = {
	.name = "hwpoison",
	.title = "soft offline of pinned pages",
	.purpose =
		"Memory that fails is taken out of use while it can still be read: the page moves, "
		"and its frame is not given to anybody again. A pinned page cannot move, so it "
		"stays, and who asked is told that it is busy; if it moved nevertheless, the "
		"device "
		"would go on writing to a frame that is nobody's. The pages of the twin, which "
		"nobody pins, move.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
