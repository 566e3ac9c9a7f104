/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hwpoison: frames of pinned pages that are taken out of use, or turn bad. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon-thp", "private", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("hugetlb", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .word = "hard",
	  .destructive = true },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL), .word = "hard",
	  .destructive = true },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL), .word = "hard",
	  .destructive = true },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL), .word = "hard",
	  .destructive = true },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

#define HALF (PP_PINNED_BYTES / 2)

/* Only half of the pages turn bad: those beside them go on as before. */
static void turn_bad(struct pp_plan_text *t)
{
	pp_say(t, "step \"bad\"");
	pp_op(t, "poison data 0+%u hazard expect=any", HALF);
	pp_op(t, "poison twin 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "load data 0+4096 hazard expect=EFAULT");
	pp_op(t, "store data %u+4096 gen=%u hazard expect=EFAULT", HALF - 4096, pp_gen(t));
	pp_op(t, "load twin 0+4096 hazard expect=EFAULT");
	pp_op(t, "page-look twin 0+%u", PP_PINNED_BYTES);
	pp_op(t, "frame-look twin 0+%u", PP_PINNED_BYTES);
}

/* What the device has it keeps, and goes on with; what is not bad is still the process's, too. */
static void go_on(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_pinned_write(r, t, 8192);
	pp_pinned_write(r, t, HALF + 8192);
	pp_pinned_read(r, t);
	pp_op(t, "load data %u+%u", HALF, HALF);
	pp_op(t, "page-look data %u+%u", HALF, HALF);
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
}

/* Private memory that is dropped is made anew, elsewhere. That of a file stays bad. */
static void drop(struct pp_plan_text *t)
{
	pp_say(t, "step \"dropped\"");
	pp_op(t, "dontneed data 0+%u hazard", HALF);
	pp_op(t, "load data 0+%u", HALF);
	pp_op(t, "store data 0+%u gen=%u", PP_PINNED_PIECE, pp_gen(t));
	pp_op(t, "load data 0+%u", HALF);
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
}

/* The memory fails at once: nothing can be moved any more. */
static void hard(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence access-faults >= 3");
	pp_say(t, "evidence pages-gone >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence frames-bad >= %u", PP_PINNED_PAGES + PP_PINNED_PAGES / 2);
	pp_say(t, "evidence frames-held >= %u", PP_PINNED_PAGES);
	pp_say(t, "evidence pages-kept >= %u", PP_PINNED_PAGES / 2);
	pp_pinned_head(r, "hwpoison", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	turn_bad(t);
	go_on(r, t);
	if (r->share[0] == 'p')
		drop(t);
	pp_pinned_let_go(r, t);
	pp_op(t, "load data %u+%u", HALF, HALF);
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
	pp_pinned_end(r, t);
}

/* A huge page whose frame goes leaves the pool smaller for ever: its twin stays. */
static void soft(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	bool pool = !strcmp(r->backing, "hugetlb");

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

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	if (pp_pinned_has(r, "hard"))
		hard(r, t);
	else
		soft(r, t);
}

static const char *const references[] = {
	"Documentation/mm/hwpoison.rst; madvise.2 (MADV_SOFT_OFFLINE, MADV_HWPOISON)",
	"mm/memory-failure.c, soft_offline_in_use_page(): the page is migrated, or stays",
	"mm/memory-failure.c, memory_failure(): the page is unmapped, whoever else has it",
	NULL,
};

const struct pp_scenario pp_scenario_hwpoison = {
	.name = "hwpoison",
	.title = "soft offline of pinned pages, and pinned pages whose memory fails",
	.purpose =
		"Memory that fails is taken out of use while it can still be read: the page moves, "
		"and its frame is not given to anybody again. A pinned page cannot move, so it "
		"stays, and who asked is told that it is busy; if it moved nevertheless, the "
		"device "
		"would go on writing to a frame that is nobody's. The pages of the twin, which "
		"nobody pins, move. Memory that has failed (variants -hard) cannot be read any "
		"more: documented behaviour, and no finding, is that the process loses its pages, "
		"and gets SIGBUS where they were, and that nobody tells the device. Its frames "
		"must "
		"stay its own until it lets go, the pages beside them must not be touched, and the "
		"pins must come back. The guest has lost memory then: these cases have one of "
		"their "
		"own.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
