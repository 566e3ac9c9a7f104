/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm-race: what memory management does to pages must not part a device from them. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE  65536u
#define PIECE 8192u

#define PLAIN 1u /* made of ordinary pages: can be paged out */
#define FILES 2u /* has a file that another process can map */

struct row {
	const char *backing;
	const char *share;
	unsigned kind;
	enum pp_tier tier;
};

static const struct row rows[] = {
	{ "anon", "private", PLAIN, PP_TIER_QUICK },
	{ "anon-thp", "private", PLAIN, PP_TIER_FULL },
	{ "memfd", "shared", PLAIN | FILES, PP_TIER_QUICK },
	{ "hugetlb", "shared", FILES, PP_TIER_FULL },
	{ "ext4", "shared", PLAIN | FILES, PP_TIER_FULL },
	{ "devdax", "shared", 0, PP_TIER_FULL },
};

/* One hazard, or a pair of which the second ends what the first began. */
struct hazard {
	const char *name;
	const char *words[2];
	unsigned needs; /* bits of row.kind */
};

static const struct hazard hazards[] = {
	{ "migration", { "migrate data hazard", NULL }, 0 },
	{ "compaction", { "compact hazard", NULL }, 0 },
	{ "drop caches", { "drop-caches hazard", NULL }, 0 },
	{ "page-out", { "pageout data hazard", NULL }, PLAIN },
	{ "reclaim", { "reclaim hazard", NULL }, 0 },
	{ "split", { "thp-split data hazard", NULL }, 0 },
	{ "merge", { "ksm data hazard", NULL }, 0 },
	{ "fork", { "fork hazard", "reap hazard" }, 0 },
	{ "killed child", { "fork hazard", "kill hazard" }, 0 },
	{ "move", { "mremap data hazard", NULL }, 0 },
};

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].backing);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].backing);
	snprintf(out->pinner, sizeof(out->pinner), "rxe-mr");
	out->tier = rows[index].tier;
	out->disturbs = true;
	out->data = &rows[index];
	return true;
}

static bool fits(const struct row *r, const struct hazard *h)
{
	return (r->kind & h->needs) == h->needs;
}

/* The device and the CPU still speak of the same pages: each sees what the other writes. */
static void together(struct pp_plan_text *t, unsigned at)
{
	pp_op(t, "rdma-write m0 %u+%u gen=%u", at, PIECE, pp_gen(t));
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "store data %u+%u gen=%u", at + PIECE, PIECE, pp_gen(t));
	pp_op(t, "rdma-read m0 0+%u", SIZE);
	/* Whoever wrote last: the pages are those that were registered. */
	pp_op(t, "page-look data 0+%u", SIZE);
}

/* A child that took the pages into a pipe, and dies: they show what they were. */
static void held_by_child(struct pp_plan_text *t)
{
	pp_say(t, "step \"pages of a child\"");
	pp_op(t, "child-hold data 0+%u hazard", PIECE);
	together(t, 0);
	pp_op(t, "kill hazard");
	pp_op(t, "splice-drain data 0+%u hazard", PIECE);
	together(t, 0);
}

static void evidence(const struct row *r, struct pp_plan_text *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < PP_ARRAY_LEN(hazards); i++)
		n += fits(r, &hazards[i]);
	pp_say(t, "evidence hazards-done >= %u", n);
	pp_say(t, "evidence device-writes-seen >= %u if accepted", n);
	pp_say(t, "evidence device-writes-seen >= 1 if refused");
	pp_say(t, "evidence stores-seen >= %u if accepted", n);
	pp_say(t, "evidence pins-seen >= %u if accepted", SIZE / 4096);
	pp_say(t, "evidence holds >= 1");
	pp_say(t, "evidence pages-looked >= %u", SIZE / 4096);
	pp_say(t, "evidence pages-kept >= %u if accepted", n * (SIZE / 4096));
	pp_say(t, "evidence frames-held >= %u if accepted", SIZE / 4096);
	if (!strcmp(r->share, "private"))
		pp_say(t, "evidence pages-copied >= %u", 2 * (SIZE / 4096));
}

static void object_lines(const struct row *r, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters vmsplice move-pages compact memcg thp-split ksm page-flags");
	pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing, place->words,
	       r->share, size);
	pp_lines_bystander_objects(t, r->backing);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u access=lw,rw,rr", SIZE);
	pp_say(t, "actor main");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	unsigned at = 0;

	(void)seed;
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O11 O12 O13");
	pp_say(t, "bound 60s");
	evidence(r, t);
	object_lines(r, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"register\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "page-mark data 0+%u", SIZE);
	for (size_t i = 0; i < PP_ARRAY_LEN(hazards); i++) {
		if (!fits(r, &hazards[i]))
			continue;
		pp_say(t, "step \"%s\"", hazards[i].name);
		pp_op(t, "%s", hazards[i].words[0]);
		together(t, at);
		if (hazards[i].words[1]) {
			if (!strcmp(r->share, "private"))
				/* there is no child if the fork was left out */
				pp_op(t, "child-look data 0+%u expect=any", SIZE);
			pp_op(t, "%s", hazards[i].words[1]);
			together(t, at);
		}
		at = (at + PIECE) % (SIZE - PIECE);
	}
	held_by_child(t);
	if (r->kind & FILES) {
		pp_say(t, "step \"link deleted\"");
		pp_op(t, "link-delete data 0+%u hazard", SIZE);
		together(t, 0);
	}
	pp_op(t, "frame-look data 0+%u", SIZE);
	pp_say(t, "step \"after dereg\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, r->backing);
}

static const char *const references[] = {
	"Documentation/core-api/pin_user_pages.rst (what a pin forbids)",
	"commit 70e806e4e645 (mm: Do early cow for pinned pages during fork() for ptes, 5.9)",
	"commit 6c287605fd56 (mm: remember exclusively mapped anonymous pages with "
	"PG_anon_exclusive, "
	"5.19)",
	NULL,
};

const struct pp_scenario pp_scenario_mm_race = {
	.name = "mm-race",
	.title = "migration, compaction, reclaim, splitting, merging, fork and mremap upon pinned "
		 "pages",
	.purpose =
		"A page that is pinned must not be moved, paged out, split, merged or copied "
		"away: after each such attempt the CPU has to see what the device writes, and the "
		"device what the CPU writes, the frames "
		"are the same, and a child of a fork has others. A child that died with pages in a "
		"pipe leaves them as "
		"they were; the deletion of a link waits for the process that has an MR on it, and "
		"no longer.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
