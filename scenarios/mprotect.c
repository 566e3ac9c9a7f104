/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mprotect: what a process may no longer touch a device still may. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("hugetlb", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool gated = pp_pinned_gated(r); /* it writes while nobody may touch the pages */

	(void)seed;
	pp_say(t, "evidence hazards-done >= 3");
	pp_say(t, "evidence access-faults >= 2");
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_say(t, "step \"read only\"");
	pp_op(t, "protect-r data hazard");
	pp_op(t, "store data %u+64 gen=%u hazard expect=EFAULT", PP_PINNED_BYTES - 64, pp_gen(t));
	pp_pinned_write(r, t, 8192);
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_say(t, "step \"no access\"");
	pp_op(t, "protect-none data hazard");
	pp_op(t, "load data 0+4096 hazard expect=EFAULT");
	pp_pinned_write(r, t, 16384);
	if (gated) {
		pp_pinned_look(t);
		pp_pinned_let_go(r, t);
	}
	pp_say(t, "step \"access again\"");
	pp_op(t, "protect-rw data hazard");
	pp_pinned_use(r, t, 24576);
	pp_pinned_look(t);
	if (!gated)
		pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"mprotect.2",
	"Documentation/core-api/pin_user_pages.rst: a pin is of pages, not of page tables",
	NULL,
};

const struct pp_scenario pp_scenario_mprotect = {
	.name = "mprotect",
	.title = "mprotect upon pinned pages",
	.purpose = "Documented behaviour, and no finding: protection is a matter of page tables. A "
		   "device that has pinned pages writes into them although the process may only "
		   "read them, or may not touch them at all, and the data are there when it may "
		   "again. What must not happen is that device and process part: the pages stay on "
		   "their frames, and stores afterwards reach what the device reads.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
