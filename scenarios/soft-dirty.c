/* SPDX-License-Identifier: GPL-2.0-or-later */
/* soft-dirty: a page that a device may write into is always soft-dirty. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr-read", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* Whoever saves the memory of a process bit by bit would else miss what the device wrote. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence pages-clean >= %u", 2 * PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", 3 * PP_PINNED_PAGES);
	if (r->share[0] == 'p')
		pp_say(t, "evidence pages-kept-dirty >= %u", 3 * PP_PINNED_PAGES);
	pp_pinned_head(r, "soft-dirty", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"cleared\"");
	pp_op(t, "soft-clean hazard");
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
	pp_say(t, "step \"cleared again\"");
	pp_op(t, "soft-clean hazard");
	pp_pinned_write(r, t, 16384);
	pp_pinned_look(t);
	pp_pinned_use(r, t, 24576);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"commit 9348b73c2e1b (mm: don't play games with pinned pages in clear_page_refs, 5.11)",
	"Documentation/admin-guide/mm/soft-dirty.rst",
	"fs/proc/task_mmu.c, pte_is_pinned()",
	NULL,
};

const struct pp_scenario pp_scenario_soft_dirty = {
	.name = "soft-dirty",
	.title = "soft-dirty bits of pinned pages",
	.purpose = "Clearing the soft-dirty bits write-protects pages, so that the next store by "
		   "the CPU sets them again. A device does not fault: so the kernel leaves private "
		   "pages that are pinned alone, and they always count as dirty. Documented "
		   "behaviour, and no finding: pages of shared memory (memfd) are cleared whether "
		   "they are pinned or not, and what a device writes then never sets the bit. The "
		   "twin's bits are cleared.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
