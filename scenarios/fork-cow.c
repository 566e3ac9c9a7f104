/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork-cow: a child gets copies of pinned pages, and the parent keeps them. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("hugetlb", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .word = "killed" },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr-read", PP_TIER_FULL), .word = "before" },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/*
 * The pages are shared with a child already when they are pinned, for reading only: the pin makes
 * them the parent's own, still write-protected, and the store after it must not get a copy.
 */
static void forked_before(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "evidence pages-kept >= %u", 3 * PP_PINNED_PAGES);
	pp_say(t, "evidence frames-moved >= %u", PP_PINNED_PAGES);
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_op(t, "page-mark twin 0+%u", PP_PINNED_BYTES);
	pp_say(t, "step \"forked\"");
	pp_op(t, "fork hazard");
	pp_pinned_pin(r, t);
	pp_op(t, "page-mark data 0+%u", PP_PINNED_BYTES);
	pp_pinned_use(r, t, 0);
	pp_pinned_look(t);
	pp_op(t, "store data 0+%u gen=%u", PP_PINNED_BYTES, pp_gen(t));
	pp_op(t, "store twin 0+%u gen=%u", PP_PINNED_BYTES, pp_gen(t));
	pp_pinned_look(t);
	pp_pinned_use(r, t, 16384);
	pp_say(t, "step \"child gone\"");
	pp_op(t, "reap hazard");
	pp_pinned_use(r, t, 24576);
	pp_pinned_look(t);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

/* The parent writes next: a page that is shared with the child is copied then, for the parent. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	if (pp_pinned_has(r, "before")) {
		forked_before(r, t);
		return;
	}
	pp_say(t, "evidence pages-copied >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence frames-shared >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", 3 * PP_PINNED_PAGES);
	pp_say(t, "evidence frames-moved >= %u", PP_PINNED_PAGES);
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"forked\"");
	pp_op(t, "fork hazard");
	pp_op(t, "child-look data 0+%u expect=any", PP_PINNED_BYTES);
	pp_op(t, "child-look twin 0+%u expect=any", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_op(t, "store data 0+%u gen=%u", PP_PINNED_BYTES, pp_gen(t));
	pp_op(t, "store twin 0+%u gen=%u", PP_PINNED_BYTES, pp_gen(t));
	pp_pinned_look(t);
	pp_pinned_use(r, t, 16384);
	pp_say(t, "step \"child gone\"");
	pp_op(t, "%s hazard", pp_pinned_has(r, "killed") ? "kill" : "reap");
	pp_pinned_use(r, t, 24576);
	pp_pinned_look(t);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"commit 70e806e4e645 (mm: Do early cow for pinned pages during fork() for ptes, 5.9)",
	"commit 4eae4efa2c29 (hugetlb: do early cow when page pinned on src mm, 5.12)",
	"commit 84209e87c696 (mm/gup: reliable R/O long-term pinning in COW mappings, 6.2)",
	"commit 6c287605fd56 (mm: remember exclusively mapped anonymous pages with "
	"PG_anon_exclusive, 5.19)",
	NULL,
};

const struct pp_scenario pp_scenario_fork_cow = {
	.name = "fork-cow",
	.title = "fork with pinned private pages: the copies are the child's",
	.purpose =
		"A private page that is pinned must not become one that parent and child share: "
		"the parent's next store would copy it, and the device would go on with the "
		"page that only the child has. So fork copies pinned pages for the child at "
		"once. Seen by frame: the parent's pages stay where they were, before and after "
		"the fork and after its own stores, and the child's are others. The twin, which "
		"nobody pins, is shared by the fork and copied by the store. The variant -before "
		"forks "
		"first: a region for reading pins pages that the child shares, and has to see what "
		"the parent stores next.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
