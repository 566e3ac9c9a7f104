/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposes smaller plans; see shrink.h. */
#include "core/shrink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_cut.h"

#define PAGE 4096u

/* In this order; from ACTOR on again as long as something made the plan smaller. */
enum pass {
	ACTOR,   /* one actor instead of many, in the order of what happened */
	STORY,   /* only the operations of the finding's story, and what they need */
	CUT,     /* nothing that began after the finding was seen */
	DROP,    /* operations, in pieces of half, a quarter, ... one */
	PLACES,  /* every range in the first page; regions of a page */
	LENGTHS, /* the same, range by range */
	WORDS,   /* how an operation is done: pieces, depth, modes, order, expectations */
	WORD,    /* the same, operation by operation */
	BARE,    /* objects, steps and evidence that nothing needs */
	PASSES
};

static const char *const doing[PASSES + 1] = {
	[ACTOR] = "all actors but one",        [STORY] = "all but the finding's story",
	[CUT] = "what came after the finding", [DROP] = "operations",
	[PLACES] = "all pages but one",        [LENGTHS] = "length of ranges",
	[WORDS] = "how operations are done",   [WORD] = "how an operation is done",
	[BARE] = "objects and steps",          [PASSES] = "nothing more",
};

struct pp_shrink {
	struct pp_plan *best, *proposed;
	enum pp_rule rule;
	enum pass pass;
	size_t index, piece; /* DROP: which piece, of how many operations; else: which operation */
	bool smaller;        /* since DROP began */
	uint32_t *story;     /* ids of the finding's story */
	size_t n_story;
	uint32_t *order;     /* ids in order of begin */
	size_t n_order, cut; /* the first @cut of them began before the finding was seen */
};

static const struct pp_event *event_of(const struct pp_history *h, uint32_t op)
{
	for (size_t i = 0; i < h->n_events; i++)
		if (h->events[i].op == op)
			return &h->events[i];
	return NULL;
}

/* Ids in order of begin, each once; behind them those that no event has, in order of the text. */
static int take_order(struct pp_shrink *s, const struct pp_plan *plan, const struct pp_history *h,
		      uint64_t seen_ns)
{
	bool *taken = calloc(plan->n_ops + 1, sizeof(*taken));

	s->order = calloc(plan->n_ops + 1, sizeof(*s->order));
	if (!taken || !s->order) {
		free(taken);
		return -ENOMEM;
	}
	for (size_t i = 0; i < h->n_events; i++) {
		const struct pp_op *op = pp_plan_op(plan, h->events[i].op);

		if (!op || taken[op - plan->ops])
			continue;
		taken[op - plan->ops] = true;
		s->order[s->n_order++] = op->id;
		if (h->events[i].begin_ns <= seen_ns)
			s->cut = s->n_order;
	}
	for (size_t i = 0; i < plan->n_ops; i++)
		if (!taken[i])
			s->order[s->n_order++] = plan->ops[i].id;
	free(taken);
	return 0;
}

int pp_shrink_new(const struct pp_plan *plan, const struct pp_history *h,
		  const struct pp_finding *finding, struct pp_shrink **out, struct pp_err *err)
{
	const struct pp_event *seen = event_of(h, finding->op);
	struct pp_shrink *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return pp_err_set(err, -ENOMEM, "shrink");
	s->rule = finding->rule;
	rc = pp_plan_copy(plan, &s->best, err);
	if (!rc && pp_plan_has_storm(plan))
		rc = pp_err_set(err, -EINVAL, "a storm is shrunk once it is written out.");
	if (!rc && take_order(s, plan, h, seen ? seen->end_ns : UINT64_MAX))
		rc = pp_err_set(err, -ENOMEM, "shrink");
	if (!rc) {
		s->story = calloc(finding->n_ops + 1, sizeof(*s->story));
		s->n_story = s->story ? finding->n_ops : 0;
		if (s->n_story)
			memcpy(s->story, finding->ops, s->n_story * sizeof(*s->story));
	}
	if (rc) {
		pp_shrink_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void pp_shrink_free(struct pp_shrink *s)
{
	if (!s)
		return;
	pp_plan_free(s->best);
	pp_plan_free(s->proposed);
	free(s->story);
	free(s->order);
	free(s);
}

const struct pp_plan *pp_shrink_best(const struct pp_shrink *s)
{
	return s->best;
}

const char *pp_shrink_doing(const struct pp_shrink *s)
{
	return doing[s->pass];
}

/* Without somebody who looks there is no finding of these rules, whatever the kernel does. */
static bool can_break(const struct pp_plan *p, enum pp_rule rule)
{
	bool looks = false, syncs = false, durable = false;

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct pp_verb_info *v = &pp_verbs[p->ops[i].verb];

		looks |= v->kind == PP_KIND_OBSERVE;
		durable |= v->durable;
		syncs |= v->kind == PP_KIND_SYNC;
	}
	switch (rule) {
	case PP_O1_COHERENCE:
	case PP_O3_NO_WAY_BACK:
	case PP_O4_IDENTITY:
	case PP_O5_END_OF_FILE:
	case PP_O6_ISOLATION:
		return looks;
	case PP_O2_DURABILITY:
		return durable && syncs;
	default:
		return p->n_ops > 0;
	}
}

static int cut(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	size_t kept = pp_plan_close(s->best, keep);

	if (!kept || kept == s->best->n_ops)
		return 0;
	return pp_plan_cut(s->best, keep, out, err);
}

static void keep_op(const struct pp_plan *p, bool *keep, uint32_t id)
{
	const struct pp_op *op = pp_plan_op(p, id);

	if (op)
		keep[op - p->ops] = true;
}

/* What sets up, registers and holds stays beside the story: pp_plan_close() does not add. */
static void keep_base(const struct pp_plan *p, bool *keep)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		enum pp_kind kind = pp_verbs[p->ops[i].verb].kind;

		if (kind == PP_KIND_SETUP || kind == PP_KIND_PIN || kind == PP_KIND_WINDOW ||
		    kind == PP_KIND_HOLD)
			keep[i] = true;
	}
}

static int propose_story(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	if (s->index++)
		return 0;
	keep_base(s->best, keep);
	for (size_t i = 0; i < s->n_story; i++)
		keep_op(s->best, keep, s->story[i]);
	return cut(s, keep, out, err);
}

static int propose_cut(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	if (s->index++)
		return 0;
	for (size_t i = 0; i < s->cut; i++)
		keep_op(s->best, keep, s->order[i]);
	return cut(s, keep, out, err);
}

static int propose_actor(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	uint32_t *order;
	size_t n = 0;
	int rc;

	(void)keep;
	if (s->index++ || s->best->n_actors < 2)
		return 0;
	order = calloc(s->best->n_ops + 1, sizeof(*order));
	if (!order)
		return pp_err_set(err, -ENOMEM, "shrink");
	for (size_t i = 0; i < s->n_order; i++)
		if (pp_plan_op(s->best, s->order[i]))
			order[n++] = s->order[i];
	rc = pp_plan_one_actor(s->best, order, n, out, err);
	free(order);
	return rc;
}

/* Pieces from the end: what comes last is needed least, and what it needed goes with it later. */
static int propose_drop(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	const size_t n = s->best->n_ops;

	if (!s->piece)
		s->piece = n / 2 ? n / 2 : 1;
	for (;;) {
		size_t begin = s->index * s->piece, end = begin + s->piece;
		int rc;

		if (begin >= n) {
			if (s->piece == 1)
				return 0;
			s->piece = s->piece / 2 < n ? s->piece / 2 : n;
			s->piece = s->piece ? s->piece : 1;
			s->index = 0;
			continue;
		}
		s->index++;
		for (size_t i = 0; i < n; i++)
			keep[n - 1 - i] = i < begin || i >= end;
		rc = cut(s, keep, out, err);
		if (rc || (*out && can_break(*out, s->rule)))
			return rc;
		pp_plan_free(*out);
		*out = NULL;
	}
}

/* Copy, change in place, and have the parser look at it; what it refuses is no proposal. */
static int changed(struct pp_shrink *s, struct pp_plan *copy, bool any, struct pp_plan **out)
{
	struct pp_err ignored = { 0 };
	int rc = any ? pp_plan_copy(copy, out, &ignored) : 0;

	(void)s;
	pp_plan_free(copy);
	return rc == -ENOMEM ? rc : 0;
}

static uint64_t in_page(uint64_t length)
{
	return length < PAGE ? length : PAGE;
}

static bool place_op(struct pp_op *op)
{
	const uint64_t length = in_page(op->length_bytes);
	bool any = op->offset_bytes || op->length_bytes != length;

	if (!pp_verbs[op->verb].ranged)
		return false;
	op->offset_bytes = 0;
	op->length_bytes = length;
	return any;
}

static int propose_places(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	struct pp_plan *copy;
	bool any = false;
	int rc;

	(void)keep;
	/* First the operations, then what they are done to. */
	if (s->index > 1)
		return 0;
	rc = pp_plan_copy(s->best, &copy, err);
	if (rc)
		return rc;
	if (s->index == 0)
		for (size_t i = 0; i < copy->n_ops; i++)
			any |= place_op(&copy->ops[i]);
	for (size_t i = 0; s->index && i < copy->n_regions; i++)
		if (copy->regions[i].size_bytes > PAGE) {
			copy->regions[i].size_bytes = PAGE;
			any = true;
		}
	for (size_t i = 0; s->index && i < copy->n_mrs; i++) {
		copy->mrs[i].offset_bytes = 0;
		copy->mrs[i].length_bytes = in_page(copy->mrs[i].length_bytes);
	}
	s->index++;
	rc = changed(s, copy, any, out);
	if (!rc && !*out && s->index < 2)
		return propose_places(s, keep, out, err);
	return rc;
}

/* The next operation that @change makes plainer, alone. */
static int propose_next_op(struct pp_shrink *s, bool (*change)(struct pp_op *op),
			   struct pp_plan **out, struct pp_err *err)
{
	while (s->index < s->best->n_ops) {
		size_t i = s->index++;
		struct pp_plan *copy;
		int rc = pp_plan_copy(s->best, &copy, err);

		if (!rc)
			rc = changed(s, copy, change(&copy->ops[i]), out);
		if (rc || *out)
			return rc;
	}
	return 0;
}

static int propose_lengths(struct pp_shrink *s, bool *keep, struct pp_plan **out,
			   struct pp_err *err)
{
	(void)keep;
	return propose_next_op(s, place_op, out, err);
}

static bool plain_op(struct pp_op *op)
{
	const struct pp_op was = *op;

	op->split_bytes = 0;
	op->depth = op->sges = 0;
	op->mode = 0;
	op->bound_ms = 0;
	op->hazard = false;
	if (op->verb == PP_VERB_RDMA_WRITE_IMM)
		op->verb = PP_VERB_RDMA_WRITE;
	if (op->verb == PP_VERB_FDATASYNC)
		op->verb = PP_VERB_FSYNC;
	return was.split_bytes || was.depth || was.sges || was.mode || was.bound_ms || was.hazard ||
	       was.verb != op->verb;
}

static int propose_words(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	struct pp_plan *copy;
	bool any = false;
	int rc;

	(void)keep;
	if (s->index++)
		return 0;
	rc = pp_plan_copy(s->best, &copy, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < copy->n_ops; i++)
		any |= plain_op(&copy->ops[i]);
	return changed(s, copy, any, out);
}

static int propose_word(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	(void)keep;
	return propose_next_op(s, plain_op, out, err);
}

static int propose_bare(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err)
{
	int rc;

	(void)keep;
	if (s->index++)
		return 0;
	rc = pp_plan_bare(s->best, PP_RULE_BIT(s->rule), out, err);
	if (!rc && pp_plan_crc(*out) == pp_plan_crc(s->best)) {
		pp_plan_free(*out);
		*out = NULL;
	}
	return rc;
}

typedef int propose_fn(struct pp_shrink *s, bool *keep, struct pp_plan **out, struct pp_err *err);

static propose_fn *const propose[PASSES] = {
	[ACTOR] = propose_actor, [STORY] = propose_story,   [CUT] = propose_cut,
	[DROP] = propose_drop,   [PLACES] = propose_places, [LENGTHS] = propose_lengths,
	[WORDS] = propose_words, [WORD] = propose_word,     [BARE] = propose_bare,
};

static void next_pass(struct pp_shrink *s)
{
	s->index = s->piece = 0;
	s->pass++;
	if (s->pass == PASSES && s->smaller) {
		s->pass = ACTOR;
		s->smaller = false;
	}
}

int pp_shrink_next(struct pp_shrink *s, const struct pp_plan **plan, struct pp_err *err)
{
	int rc = 0;

	pp_plan_free(s->proposed);
	s->proposed = NULL;
	while (!rc && s->pass < PASSES) {
		bool *keep = calloc(s->best->n_ops + 1, sizeof(*keep));

		if (!keep)
			return pp_err_set(err, -ENOMEM, "shrink");
		rc = propose[s->pass](s, keep, &s->proposed, err);
		free(keep);
		/* A plan that cannot be had in this form is no error: another form comes. */
		if (rc == -EINVAL)
			rc = 0;
		if (s->proposed && can_break(s->proposed, s->rule))
			break;
		if (!s->proposed && !rc)
			next_pass(s);
		pp_plan_free(s->proposed);
		s->proposed = NULL;
	}
	*plan = s->proposed;
	return rc ? rc : s->proposed != NULL;
}

/* With one actor ids are new: number i of the order is i + 1 now. */
static void renumber(struct pp_shrink *s)
{
	const size_t before = s->cut;
	size_t n = 0;

	/* Those that were left out before have no place in the new order. */
	for (size_t i = 0; i < s->n_order; i++) {
		uint32_t id = s->order[i];

		if (!pp_plan_op(s->best, id)) {
			s->cut -= i < before;
			continue;
		}
		n++;
		for (size_t k = 0; k < s->n_story; k++)
			if (s->story[k] == id)
				s->story[k] = PP_STORM_END + (uint32_t)n; /* not an id of old */
	}
	for (size_t i = 0; i < n; i++)
		s->order[i] = (uint32_t)i + 1;
	s->n_order = n;
	for (size_t k = 0; k < s->n_story; k++)
		s->story[k] = s->story[k] > PP_STORM_END ? s->story[k] - PP_STORM_END : 0;
}

void pp_shrink_tell(struct pp_shrink *s, bool breaks)
{
	if (breaks && s->proposed) {
		/* The piece that followed the one that is gone stands in its place now. */
		if (s->pass == DROP)
			s->index = s->index ? s->index - 1 : 0;
		else if (s->pass > DROP)
			s->smaller |= s->pass != BARE;
		if (s->pass == ACTOR)
			renumber(s);
		if (s->pass == DROP && s->piece == 1)
			s->smaller |= s->proposed->n_ops < s->best->n_ops;
		pp_plan_free(s->best);
		s->best = s->proposed;
	} else {
		pp_plan_free(s->proposed);
	}
	s->proposed = NULL;
}
