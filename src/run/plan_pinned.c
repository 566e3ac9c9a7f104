/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of scenarios about pinned pages and their unpinned twin; see plan_pinned.h. */
#include "run/plan_pinned.h"

#include <stdio.h>
#include <string.h>

/* How each pinner takes the pages, writes and reads through what it took, and lets go. A transfer
 * that a gate holds writes once, when it lets go. */
struct pinner {
	const char *name;
	const char *needs;
	const char *gate, *object;
	const char *pin, *write, *read, *unpin;
};

/* clang-format off */
static const struct pinner pinners[] = {
	{ "rxe-mr", "", NULL, "mr m0 region=data range=0+65536 access=lw,rw,rr",
	  "reg m0 expect=era", "rdma-write m0", "rdma-read m0 0+65536", "dereg m0" },
	{ "rxe-mr-read", "", NULL, "mr m0 region=data range=0+65536 access=rr",
	  "reg m0 expect=era", NULL, "rdma-read m0 0+65536", "dereg m0" },
	{ "uring-fixed", "disk1 io-uring", NULL, "mr m0 region=data range=0+65536 kind=uring",
	  "reg m0 expect=era", "fixed-read m0 via=disk1", "fixed-write m0 0+65536 via=disk1", "dereg m0" },
	{ "vmsplice", "vmsplice", NULL, NULL,
	  "splice-hold data 0+65536", NULL, NULL, "splice-drain data 0+65536" },
	{ "dio", "disk1 dm tracefs io-uring", "gate g0 slot=disk1", NULL,
	  "dio-read data 0+65536 via=g0 mode=async", NULL, NULL, "gate-open g0" },
};
/* clang-format on */

static const struct pinner *pinner_of(const struct pp_pinned_row *r)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(pinners); i++)
		if (!strcmp(pinners[i].name, r->pinner))
			return &pinners[i];
	return NULL;
}

bool pp_pinned_variant(const struct pp_pinned_row *rows, size_t n, size_t index,
		       struct pp_variant *out)
{
	const struct pp_pinned_row *r = &rows[index];

	if (index >= n)
		return false;
	snprintf(out->name, sizeof(out->name), "%s%s%s", r->backing, r->word ? "-" : "",
		 r->word ? r->word : "");
	snprintf(out->backing, sizeof(out->backing), "%s", out->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", r->pinner);
	out->tier = r->tier;
	out->guest = r->guest;
	out->disturbs = out->destructive = r->destructive;
	out->data = r;
	return true;
}

bool pp_pinned_gated(const struct pp_pinned_row *r)
{
	return pinner_of(r)->gate != NULL;
}

bool pp_pinned_short(const struct pp_pinned_row *r)
{
	return pp_pinned_gated(r) || !strcmp(r->pinner, "vmsplice");
}

bool pp_pinned_has(const struct pp_pinned_row *r, const char *word)
{
	return r->word && !strcmp(r->word, word);
}

void pp_pinned_head(const struct pp_pinned_row *r, const char *needs, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	const struct pinner *p = pinner_of(r);
	unsigned long long size =
		place->page_bytes > PP_PINNED_BYTES ? place->page_bytes : PP_PINNED_BYTES;

	/* Private pages that are let go of need not be dirty: nobody writes them back. While they
	 * are held, their soft-dirty bits are another matter. */
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O11 O12 O13%s",
	       !strcmp(r->share, "shared") || !strcmp(needs, "soft-dirty") ? " O14" : "");
	pp_say(t, "bound 90s");
	pp_say(t, "evidence device-writes-seen >= %u", p->write || p->gate ? 2 : 1);
	if (p->gate)
		pp_say(t, "evidence windows-proven >= 1");
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters page-flags %s %s", p->needs, needs);
	if (p->gate)
		pp_say(t, "%s", p->gate);
	for (int i = 0; i < 2; i++)
		pp_say(t, "region %s backing=%s%s share=%s prot=rw size=%llu%s%s",
		       i ? "twin" : "data", r->backing, place->words, r->share, size,
		       r->touch ? " " : "", r->touch ? r->touch : "");
	pp_lines_bystander_objects(t, r->backing);
	pp_lines_control_objects(t);
	if (p->object)
		pp_say(t, "%s", p->object);
	pp_say(t, "actor main");
	if (p->gate)
		pp_say(t, "actor device");
}

void pp_pinned_setup(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	pp_op(t, "map data");
	pp_op(t, "map twin");
	if (!r->touch) {
		pp_op(t, "store data gen=%u", pp_gen(t));
		pp_op(t, "store twin gen=%u", pp_gen(t));
	}
	pp_lines_control(t, pp_gen(t));
}

/* What waits at the gate has its pages, from the moment that all of it is seen to be queued there.
 * No quiet point comes before it is over: some kernels count such pins, others take references. */
static void pin_at_gate(const struct pinner *p, struct pp_plan_text *t)
{
	uint32_t hold = pp_op(t, "gate-hold g0");

	t->held_op = pp_op_by(t, "device", "%s gen=%u after=%u", p->pin, pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=%u bound=5s", t->held_op, PP_PINNED_BYTES);
}

void pp_pinned_pin(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	const struct pinner *p = pinner_of(r);

	pp_say(t, "step \"pinned\"");
	if (p->gate) {
		pin_at_gate(p, t);
		return;
	}
	pp_op(t, "%s", p->pin);
	pp_op(t, "quiet");
}

void pp_pinned_mark(struct pp_plan_text *t)
{
	pp_op(t, "page-mark data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "page-mark twin 0+%u", PP_PINNED_BYTES);
}

void pp_pinned_look(struct pp_plan_text *t)
{
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "page-look twin 0+%u", PP_PINNED_BYTES);
}

/* "rdma-write m0 8192+8192 gen=7" of "rdma-write m0", and "via=disk1" behind the range. */
static void ranged(const char *words, unsigned at, struct pp_plan_text *t)
{
	size_t head = strcspn(words, " ");

	head += 1 + strcspn(words + head + 1, " ");
	pp_op(t, "%.*s %u+%u%s gen=%u", (int)head, words, at, PP_PINNED_PIECE, words + head,
	      pp_gen(t));
}

void pp_pinned_write(const struct pp_pinned_row *r, struct pp_plan_text *t, unsigned at)
{
	if (pinner_of(r)->write)
		ranged(pinner_of(r)->write, at, t);
}

void pp_pinned_read(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	if (pinner_of(r)->read)
		pp_op(t, "%s", pinner_of(r)->read);
}

void pp_pinned_use(const struct pp_pinned_row *r, struct pp_plan_text *t, unsigned at)
{
	pp_pinned_write(r, t, at);
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_op(t, "store data %u+%u gen=%u", at + PP_PINNED_PIECE, PP_PINNED_PIECE, pp_gen(t));
	pp_pinned_read(r, t);
}

void pp_pinned_let_go(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"released\"");
	pp_op(t, "%s", pinner_of(r)->unpin);
	if (pp_pinned_gated(r))
		pp_op(t, "quiet after=%u", t->held_op);
	else
		pp_op(t, "quiet");
}

void pp_pinned_unpin(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_pinned_let_go(r, t);
	pp_op(t, "page-look data 0+%u", PP_PINNED_BYTES);
}

void pp_pinned_end(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_op(t, "unmap data");
	pp_op(t, "unmap twin");
	pp_lines_bystander_check(t, r->backing);
}
