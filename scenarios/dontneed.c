/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dontneed: pages that a process drops go on being the device's. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/*
 * The process gets new pages, the device keeps the old ones: they must not be given to anybody
 * else while they are pinned, and what is written into them arrives nowhere.
 */
static void parted(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
	pp_pinned_write(r, t, 8192);
	pp_op(t, "store data %u+%u gen=%u", 16384, PP_PINNED_PIECE, pp_gen(t));
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
	if (!pp_pinned_gated(r))
		pp_op(t, "quiet");
}

/* Shared memory stays where it is; only the page tables lose it. */
static void together(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool shared = r->share[0] == 's';

	(void)seed;
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence pages-gone >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", PP_PINNED_PAGES);
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
	pp_say(t, "step \"dropped\"");
	/* Of what a gate holds half is kept, so that somebody sees what comes. */
	if (pp_pinned_gated(r))
		pp_op(t, "dontneed data 0+%u hazard", PP_PINNED_BYTES / 2);
	else
		pp_op(t, "dontneed data hazard");
	pp_op(t, "dontneed twin hazard");
	pp_op(t, "page-look twin 0+%u", PP_PINNED_BYTES);
	if (shared)
		together(r, t);
	else
		parted(r, t);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"madvise.2, MADV_DONTNEED",
	"Documentation/core-api/pin_user_pages.rst",
	NULL,
};

const struct pp_scenario pp_scenario_dontneed = {
	.name = "dontneed",
	.title = "MADV_DONTNEED upon pinned pages",
	.purpose = "Documented behaviour, and no finding: MADV_DONTNEED takes private pages away "
		   "from the process although a device has them pinned. The process finds zeros on "
		   "new pages, the device goes on with the old ones, and the registration is "
		   "silently detached. The old pages stay allocated until they are released, and "
		   "the count of pins does not change. Shared memory (memfd) only leaves the page "
		   "tables: it comes back on the same frames, with what the device wrote.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
