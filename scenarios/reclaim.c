/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reclaim: pinned pages are not swapped out, whoever asks for it. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL), .guest = "swap" },
	{ PP_PINNED_ROW("memfd", "shared", "dio", PP_TIER_FULL), .guest = "swap" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/*
 * Memory of a file leaves the page tables, as do pages with references that are no pins: they are
 * loaded again before anybody looks. Private pages that are pinned must not even do that.
 */
static void pressed(const struct pp_pinned_row *r, const char *words, struct pp_plan_text *t)
{
	pp_op(t, "%s", words);
	if (r->share[0] == 's' || pp_pinned_short(r))
		pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_pinned_look(t);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 4");
	pp_say(t, "evidence pages-kept >= %u", 3 * PP_PINNED_PAGES);
	/* A page table of shared memory has no swap entries. */
	pp_say(t, "evidence %s >= %u", r->share[0] == 's' ? "pages-gone" : "pages-swapped",
	       PP_PINNED_PAGES);
	pp_pinned_head(r, "swap memcg", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"paged out\"");
	pp_op(t, "pageout twin hazard");
	pressed(r, "pageout data hazard", t);
	pp_pinned_use(r, t, 8192);
	pp_say(t, "step \"reclaimed\"");
	pressed(r, "reclaim hazard", t);
	pp_pinned_use(r, t, 16384);
	pressed(r, "reclaim hazard", t);
	pp_pinned_use(r, t, 24576);
	pp_pinned_unpin(r, t);
	pp_say(t, "step \"swapped at last\"");
	pp_op(t, "pageout data hazard");
	pp_op(t, "reclaim hazard");
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"commit feb889fb40fa (mm: don't put pinned pages into the swap cache, 5.11)",
	"commit 088b8aa537c2 (mm: fix PageAnonExclusive clearing racing with concurrent RCU "
	"GUP-fast, 6.1)",
	"mm/vmscan.c, shrink_folio_list(): folio_maybe_dma_pinned()",
	NULL,
};

const struct pp_scenario pp_scenario_reclaim = {
	.name = "reclaim",
	.title = "page-out and reclaim under a limit, with a swap device, upon pinned memory",
	.purpose = "Memory is paged out on request and by a cgroup that gives back all it can. A "
		   "pinned page must stay: if it were swapped out, the device would go on with a "
		   "page that is nobody's, and the process would get another one. Anonymous pages "
		   "stay mapped on their frames; those of a memfd leave the page tables and come "
		   "back on the same frames. References without a pin (vmsplice) may have their "
		   "page go through the swap cache, and find it there again. The twin is swapped "
		   "out. At the end the pages are let go, swapped out and read back: what the "
		   "device wrote was made dirty.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
