/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm: pinned pages are not merged with their equals. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK), .touch = "touch=yes" },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL), .touch = "touch=yes" },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL), .touch = "touch=yes" },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL), .touch = "touch=yes" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* Pages of zeros that were written are equal: ksmd makes one of those that nobody holds. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence pages-merged >= %u", PP_PINNED_PAGES - 2);
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	pp_pinned_head(r, "ksm", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_say(t, "step \"merged\"");
	pp_op(t, "ksm data 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "ksm twin 0+%u hazard", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_pinned_use(r, t, 0);
	pp_op(t, "load twin");
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"mm/ksm.c, write_protect_page(): references that nothing accounts for",
	"include/linux/rmap.h, page_try_share_anon_rmap(): folio_maybe_dma_pinned()",
	NULL,
};

const struct pp_scenario pp_scenario_ksm = {
	.name = "ksm",
	.title = "ksmd upon pinned pages",
	.purpose = "ksmd replaces equal private pages by one that is write-protected. If it took a "
		   "pinned page, the device would go on writing into a page that the process no "
		   "longer has, or, worse, into one that others share. The pages are equal "
		   "(zeros), pinned and declared mergeable; those of the twin are merged.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
