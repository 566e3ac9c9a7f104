/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp-split: a huge page that is pinned in part is neither split nor made. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon-thp", "private", "vmsplice", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL), .word = "small" },
	{ PP_PINNED_ROW("anon-thp", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

#define HUGE_PAGES 512u

/* The huge page of the twin is split and made anew, on other frames; that of data stays one. */
static void split(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"split\"");
	pp_op(t, "thp-split data hazard");
	pp_op(t, "thp-split twin hazard");
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_say(t, "step \"collapsed\"");
	pp_op(t, "thp-collapse data hazard expect=any");
	pp_op(t, "thp-collapse twin hazard");
}

/* Small pages where a huge one could be: those of the twin are put together. */
static void collapse(struct pp_plan_text *t)
{
	pp_say(t, "step \"collapsed\"");
	pp_op(t, "thp-collapse data hazard expect=EAGAIN");
	pp_op(t, "thp-collapse twin hazard");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool small = pp_pinned_has(r, "small");

	(void)seed;
	pp_say(t, "evidence hazards-done >= 3");
	if (small)
		pp_say(t, "evidence hazards-refused >= 1");
	pp_say(t, "evidence pages-kept >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence frames-moved >= %u", HUGE_PAGES - 1);
	pp_say(t, "evidence pages-huge >= %u", HUGE_PAGES);
	pp_pinned_head(r, "thp-split thp-collapse", t);
	pp_pinned_setup(r, t);
	if (small) {
		pp_say(t, "step \"split\"");
		pp_op(t, "thp-split data hazard");
		pp_op(t, "thp-split twin hazard");
	}
	pp_pinned_pin(r, t);
	pp_op(t, "page-mark data");
	pp_op(t, "page-mark twin");
	pp_pinned_use(r, t, 0);
	if (small)
		collapse(t);
	else
		split(r, t);
	pp_op(t, "page-look data");
	pp_op(t, "page-look twin");
	pp_pinned_use(r, t, 16384);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"mm/huge_memory.c, can_split_folio(): references that nothing accounts for",
	"mm/khugepaged.c, is_refcount_suitable()",
	"madvise.2, MADV_COLLAPSE",
	NULL,
};

const struct pp_scenario pp_scenario_thp_split = {
	.name = "thp-split",
	.title = "splitting and making huge pages upon pages that are pinned",
	.purpose = "While one page of a huge page is pinned the huge page cannot be split, and "
		   "while a small page is pinned khugepaged cannot copy it into a huge one: either "
		   "would leave the device with a page that the process no longer has. The twin is "
		   "split, and put together on other frames.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
