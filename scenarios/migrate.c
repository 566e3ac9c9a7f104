/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate: pinned pages do not move, however memory is moved about. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .word = "movable",
	  .guest = "movable" },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL), .word = "movable",
	  .guest = "movable" },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL), .word = "movable",
	  .guest = "movable" },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL), .word = "movable",
	  .guest = "movable" },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("hugetlb", "shared", "rxe-mr", PP_TIER_FULL), .word = "numa",
	  .guest = "numa" },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("hugetlb", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL), .word = "movable",
	  .guest = "movable" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* Memory of the MOVABLE zone can be set offline: that moves all that is in the block. */
static void moved_before(struct pp_plan_text *t)
{
	pp_say(t, "step \"not pinned yet\"");
	pp_op(t, "offline twin 0+4096 hazard bound=60s");
	pp_op(t, "page-look twin 0+%u", PP_PINNED_BYTES);
	pp_op(t, "load twin");
	pp_op(t, "load data");
}

/*
 * A long-term pin takes its pages out of the MOVABLE zone first, to a block that has other reasons
 * to stay, too; a reference for a short time does not, and the block that they are in cannot be set
 * offline until they are let go.
 */
static void offline(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"offline\"");
	pp_op(t, "offline data 0+4096 hazard bound=6s expect=%s",
	      pp_pinned_short(r) ? "EBUSY" : "any");
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
}

/* To another node, as all that nobody holds, and far from every processor if there is such a one.
 */
static void moved_to_node(struct pp_plan_text *t)
{
	pp_say(t, "step \"not pinned yet\"");
	pp_op(t, "migrate data hazard");
	pp_op(t, "load data");
}

/*
 * The kernel brings home what is used from afar: the twin within a second or two. That comes first:
 * who has failed to move a page looks ever more rarely.
 */
static void balanced(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"balanced\"");
	pp_op(t, "page-mark twin 0+%u", PP_PINNED_BYTES);
	pp_op(t, "numa-balance twin hazard bound=60s");
	pp_op(t, "numa-balance data hazard bound=8s expect=ETIMEDOUT");
	pp_pinned_look(t);
	pp_pinned_use(r, t, 8192);
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
}

/* Facts that a variant needs, looks at pages of which none may have stayed, and whether the kernel
 * is to balance: on a busy machine it does not always come to it, which is no PASS then. */
struct kind {
	const char *needs;
	unsigned moves;
	bool balances;
};

static struct kind kind_of(const struct pp_pinned_row *r)
{
	/* Of shared memory without a policy of its own 6.1 thinks that it lies where it was wanted.
	 */
	bool numa = pp_pinned_has(r, "numa"), balances = numa && !strcmp(r->share, "private");

	if (pp_pinned_has(r, "movable"))
		return (struct kind){ "compact move-pages movable offline", 1, false };
	/* The twin is looked at in two steps, and some of it moves again when it is balanced. */
	if (numa)
		return (struct kind){ balances ? "compact move-pages numa numa-balancing"
					       : "compact move-pages numa",
				      2 * PP_PINNED_PAGES + balances, balances };
	return (struct kind){ "compact move-pages", 0, false };
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	static const char *const hazards[] = { "migrate data hazard", "compact hazard" };
	const struct pp_pinned_row *r = v->data;
	bool movable = pp_pinned_has(r, "movable"), stays = movable && pp_pinned_short(r);
	struct kind kind = kind_of(r);

	(void)seed;
	/* Beside these: the data to another node, and the twin, and the twin brought home. */
	pp_say(t, "evidence hazards-done >= %zu", PP_ARRAY_LEN(hazards) + 3 * kind.balances);
	if (kind.balances)
		pp_say(t, "evidence hazards-refused >= 1");
	pp_say(t, "evidence pages-kept >= %u", (unsigned)PP_ARRAY_LEN(hazards) * PP_PINNED_PAGES);
	if (kind.moves) {
		pp_say(t, "evidence frames-moved >= %u", kind.moves);
		pp_say(t, "evidence %s >= %u", stays ? "hazards-refused" : "frames-replaced",
		       stays ? 1 : PP_PINNED_PAGES);
	}
	pp_pinned_head(r, kind.needs, t);
	pp_pinned_setup(r, t);
	pp_pinned_mark(t);
	if (movable)
		moved_before(t);
	else if (kind.moves)
		moved_to_node(t);
	pp_op(t, "page-mark data 0+%u", PP_PINNED_BYTES);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	for (size_t i = 0; i < PP_ARRAY_LEN(hazards); i++) {
		pp_say(t, "step \"%s\"", i ? "compacted" : "moved");
		pp_op(t, "%s", hazards[i]);
		if (!i && kind.moves)
			pp_op(t, "migrate twin hazard");
		pp_pinned_look(t);
		pp_pinned_use(r, t, 8192);
	}
	if (movable)
		offline(r, t);
	if (kind.balances)
		balanced(r, t);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"commit 9a4e9f3b2d73 (mm: update get_user_pages_longterm to migrate pages allocated from "
	"CMA region)",
	"Documentation/admin-guide/mm/memory-hotplug.rst (ZONE_MOVABLE and long-term pins)",
	"mm/migrate.c, folio_migrate_mapping(): references that nothing accounts for",
	NULL,
};

const struct pp_scenario pp_scenario_migrate = {
	.name = "migrate",
	.title = "move_pages, compaction and memory that goes offline upon pinned pages",
	.purpose =
		"A pinned page keeps its frame whoever wants it elsewhere: move_pages(2), "
		"compaction, a block of memory that is set offline, the balancing of nodes. A "
		"long-term pin of a page that lies where only movable pages may be moves it out "
		"first, so its frame changes at the registration and never after; references for a "
		"short time leave it there, and the block stays until they are gone. What nobody "
		"pins is moved by the same means.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
