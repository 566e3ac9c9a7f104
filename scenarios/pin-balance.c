/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pin-balance: whoever pins, what is taken is given back, once, and by the right account. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u
#define HALF 32768u

#define ENDS  1u /* its file has an end that a registration can straddle */
#define DISKY 2u /* direct I/O of its own file */

struct row {
	const char *backing, *share;
	unsigned kind;
	enum pp_tier quick; /* of the MR's variant; the others are in the tier full */
};

static const struct row rows[] = {
	{ "anon", "private", 0, PP_TIER_QUICK },
	{ "anon-thp", "private", 0, PP_TIER_FULL },
	{ "hugetlb", "shared", 0, PP_TIER_FULL },
	{ "memfd", "shared", ENDS, PP_TIER_FULL },
	{ "tmpfs", "shared", ENDS, PP_TIER_FULL },
	{ "ext4", "shared", ENDS | DISKY, PP_TIER_FULL },
	{ "xfs", "shared", ENDS | DISKY, PP_TIER_FULL },
	{ "btrfs", "shared", ENDS | DISKY, PP_TIER_FULL },
	{ "vfat", "shared", ENDS | DISKY, PP_TIER_FULL },
	{ "devdax", "shared", 0, PP_TIER_FULL },
};

static const struct pinner {
	const char *name;
	const char *mr;    /* words of an mr line: NULL: its pins end with the call */
	const char *needs; /* facts */
	unsigned kind;     /* bits of row.kind that it needs */
} pinners[] = {
	{ "rxe-mr", "access=lw,rw,rr", "", 0 },
	{ "uring-fixed", "kind=uring", "io-uring", 0 },
	{ "dio", NULL, "io-uring", DISKY },
};

#define N_PINNERS PP_ARRAY_LEN(pinners)

/* The index-th combination that there is. */
static bool pick(size_t index, const struct row **r, const struct pinner **p)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(rows) * N_PINNERS; i++) {
		*r = &rows[i / N_PINNERS];
		*p = &pinners[i % N_PINNERS];
		if (((*r)->kind & (*p)->kind) == (*p)->kind && !index--)
			return true;
	}
	return false;
}

static bool variant(size_t index, struct pp_variant *out)
{
	const struct pinner *p;
	const struct row *r;

	if (!pick(index, &r, &p))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", r->backing);
	snprintf(out->backing, sizeof(out->backing), "%s", r->backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	out->tier = p == pinners ? r->quick : PP_TIER_FULL;
	out->data = r;
	return true;
}

static const struct pinner *pinner_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, v->pinner))
		i++;
	return &pinners[i];
}

static void object_lines(const struct row *r, const struct pinner *p, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects %s", p->needs);
	pp_say(t, "region data backing=%s%s share=%s prot=rw touch=yes size=%llu", r->backing,
	       place->words, r->share, size);
	if (p->mr && r->kind & ENDS)
		pp_say(t, "region tail backing=%s%s share=shared prot=rw eof=straddle size=%u",
		       r->backing, place->words, SIZE);
	if (p->mr)
		pp_say(t, "region gap backing=anon share=private size=%u", SIZE);
	pp_lines_control_objects(t);
	if (!p->mr)
		return;
	pp_say(t, "mr m0 region=data range=0+%u %s", SIZE, p->mr);
	pp_say(t, "mr m1 region=data range=0+%u %s", HALF, p->mr);
	pp_say(t, "mr m2 region=data range=%u+%u %s", HALF / 2 + 960, HALF, p->mr);
	if (r->kind & ENDS)
		pp_say(t, "mr t0 region=tail %s", p->mr);
	pp_say(t, "mr g0 region=gap %s", p->mr);
}

/* Each is charged in full; they go in another order than they came. */
static void overlapping(struct pp_plan_text *t)
{
	pp_say(t, "step \"overlapping\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "reg m1 expect=era");
	pp_op(t, "reg m2 expect=era");
	pp_op(t, "quiet");
	pp_op(t, "dereg m1");
	pp_op(t, "quiet");
	pp_op(t, "dereg m0");
	pp_op(t, "dereg m2");
	pp_op(t, "quiet");
}

/* What was pinned before the first bad page is let go of. */
static void partial(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"partial failure\"");
	if (r->kind & ENDS) {
		pp_op(t, "map tail");
		pp_op(t, "reg t0 expect=EFAULT");
		pp_op(t, "quiet");
	}
	pp_op(t, "own-start hazard");
	pp_op(t, "own-unmap gap %u+%u hazard", HALF, SIZE - HALF);
	pp_op(t, "own-reg g0 expect=EFAULT hazard");
	pp_op(t, "quiet");
	pp_op(t, "own-exit hazard");
	pp_op(t, "quiet");
}

static void forked(struct pp_plan_text *t)
{
	pp_say(t, "step \"fork\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "fork hazard");
	pp_op(t, "quiet");
	pp_op(t, "kill hazard");
	pp_op(t, "quiet");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
}

/* An owner registers and ends by @how; an heir, if there is one, ends after it. */
static void owner_ends(struct pp_plan_text *t, const char *how, bool heir)
{
	pp_say(t, "step \"owner: %s%s\"", how, heir ? ", with an heir" : "");
	pp_op(t, "own-start hazard");
	pp_op(t, "own-reg m0 expect=era hazard");
	pp_op(t, "own-reg m1 expect=era hazard");
	if (heir)
		pp_op(t, "own-fork hazard");
	pp_op(t, "quiet");
	pp_op(t, "own-%s hazard", how);
	pp_op(t, "quiet");
	if (heir) {
		pp_op(t, "heir-end hazard");
		pp_op(t, "quiet");
	}
	if (!strcmp(how, "exec")) {
		pp_op(t, "own-kill hazard");
		pp_op(t, "quiet");
	}
}

static void direct(struct pp_plan_text *t)
{
	pp_say(t, "step \"direct I/O\"");
	pp_op(t, "dio-pwrite data 0+%u gen=%u hazard", SIZE, pp_gen(t));
	pp_op(t, "quiet");
	pp_op(t, "dio-pread data %u+%u hazard", HALF, HALF);
	pp_op(t, "quiet");
	pp_op(t, "dio-pread data 0+4096 hazard");
	pp_op(t, "dio-pread data 4096+12288 hazard");
	pp_op(t, "quiet");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pinner *p = pinner_of(v);
	const struct row *r = v->data;

	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 90s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence pins-counted >= 6");
	pp_say(t, "evidence objects-counted >= 6");
	if (p->mr) {
		pp_say(t, "evidence hazards-done >= 10");
		pp_say(t, "evidence pins-seen >= %u if accepted",
		       !strcmp(p->name, "rxe-mr") ? SIZE / 4096 : 1);
	} else {
		pp_say(t, "evidence hazards-done >= 4");
	}
	object_lines(r, p, t);
	pp_say(t, "actor main");
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_op(t, "map data");
	pp_lines_control(t, pp_gen(t));
	if (!p->mr) {
		direct(t);
	} else {
		pp_say(t, "step \"single\"");
		pp_op(t, "reg m0 expect=era");
		pp_op(t, "quiet");
		pp_op(t, "dereg m0");
		pp_op(t, "quiet");
		overlapping(t);
		partial(r, t);
		forked(t);
		owner_ends(t, "exit", false);
		owner_ends(t, "kill", false);
		owner_ends(t, "exec", false);
		owner_ends(t, "kill", true);
	}
	pp_say(t, "step \"end\"");
	pp_op(t, "unmap data");
	pp_op(t, "quiet");
}

static const char *const references[] = {
	"Documentation/core-api/pin_user_pages.rst",
	"mm/gup.c, folio_add_pin(): pins that are counted when they are released only",
	"drivers/infiniband/core/umem.c, __ib_umem_release(): who is charged, and until when",
	NULL,
};

const struct pp_scenario pp_scenario_pin_balance = {
	.name = "pin-balance",
	.title = "single, overlapping and failing registrations, fork, exec, exit, SIGKILL, heirs",
	.purpose =
		"Pins, charges and objects of the device are what the registrations that hold "
		"explain, at every moment at which nothing is under way: with registrations that "
		"overlap, that fail half-way, with children, and with owners that exit, are killed "
		"or execute another program, alone and with an heir of their descriptors. Where "
		"the kernel counts otherwise than page by page, a table says so.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
