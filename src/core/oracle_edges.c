/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a file was shorter than its region, punched, or its filesystem full: what explains faults.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/oracle_rules.h"

/* A hazard that may have cut the file of a space short, or punched it; or the extend behind it. */
struct cut {
	uint64_t begin_ns, end_ns; /* PP_TIME_NEVER: its outcome is unknown */
	uint64_t max_end_ns;       /* latest end up to this one */
	uint64_t offset_bytes;     /* from where nothing is left; of a punch: its range */
	uint64_t length_bytes;
	bool stays; /* the file is shorter until it is extended */
};

struct cuts {
	struct cut *cut;  /* in order of begin */
	uint32_t *extend; /* extends that succeeded: events, in order of begin */
	size_t n_cuts, n_extends;
};

struct pp_edges {
	size_t n_spaces;
	struct cuts *of;    /* of each space */
	uint64_t *no_space; /* of each fs: when ENOSPC was first heard of it */
	size_t n_fs;
	bool refusals; /* some operation has to fail */
};

static bool cuts(const struct pp_event *e)
{
	enum pp_effect effect = pp_verbs[e->verb].effect;

	return pp_verbs[e->verb].kind == PP_KIND_HAZARD &&
	       (effect == PP_EFFECT_HOLE || effect == PP_EFFECT_SHIFT);
}

static void add_cut(struct cuts *c, const struct pp_event *e)
{
	bool unknown = e->result || (e->flags & PP_EVENT_OPEN);
	uint64_t end = unknown ? PP_TIME_NEVER : e->end_ns;
	uint64_t max = c->n_cuts ? c->cut[c->n_cuts - 1].max_end_ns : 0;

	c->cut[c->n_cuts++] = (struct cut){
		.begin_ns = e->begin_ns,
		.end_ns = end,
		.max_end_ns = end > max ? end : max,
		/* Behind a shift everything has moved, and the end of the file with it. */
		.offset_bytes = e->offset_bytes,
		.length_bytes = e->verb == PP_VERB_PUNCH || e->verb == PP_VERB_ZERO_RANGE
					? e->length_bytes
					: PP_TIME_NEVER - e->offset_bytes,
		.stays = e->verb != PP_VERB_PUNCH && e->verb != PP_VERB_ZERO_RANGE &&
			 e->verb != PP_VERB_INSERT,
	};
}

/* First pass: how many of each space; second: file them. */
static void walk_edges(struct pp_edges *x, const struct pp_model *m, bool filing)
{
	const struct pp_plan *plan = m->plan;

	for (size_t k = 0; k < m->notable.n; k++) {
		uint32_t i = m->notable.event[k];
		const struct pp_event *e = &m->history->events[i];
		uint16_t space = pp_model_space(plan, e);

		if (space >= x->n_spaces)
			continue;
		if (e->result == -ENOSPC && plan->regions[space].fs < x->n_fs &&
		    e->begin_ns < x->no_space[plan->regions[space].fs])
			x->no_space[plan->regions[space].fs] = e->begin_ns;
		if (cuts(e)) {
			if (filing)
				add_cut(&x->of[space], e);
			else
				x->of[space].n_cuts++;
		} else if (e->verb == PP_VERB_EXTEND && !e->result && !(e->flags & PP_EVENT_OPEN)) {
			if (filing)
				x->of[space].extend[x->of[space].n_extends] = i;
			x->of[space].n_extends++;
		}
	}
}

struct pp_edges *pp_edges_new(const struct pp_model *m)
{
	const struct pp_plan *plan = m->plan;
	struct pp_edges *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->n_spaces = plan->n_regions;
	x->n_fs = plan->n_fs;
	for (size_t i = 0; i < plan->n_ops; i++)
		x->refusals |= plan->ops[i].expect == PP_EXPECT_ERRNO;
	x->of = calloc(plan->n_regions + 1, sizeof(*x->of));
	x->no_space = malloc((plan->n_fs + 1) * sizeof(*x->no_space));
	if (!x->of || !x->no_space)
		goto fail;
	for (size_t i = 0; i <= plan->n_fs; i++)
		x->no_space[i] = PP_TIME_NEVER;
	walk_edges(x, m, false);
	for (size_t r = 0; r < x->n_spaces; r++) {
		x->of[r].cut = calloc(x->of[r].n_cuts + 1, sizeof(*x->of[r].cut));
		x->of[r].extend = calloc(x->of[r].n_extends + 1, sizeof(*x->of[r].extend));
		if (!x->of[r].cut || !x->of[r].extend)
			goto fail;
		x->of[r].n_cuts = x->of[r].n_extends = 0;
	}
	walk_edges(x, m, true);
	return x;
fail:
	pp_edges_free(x);
	return NULL;
}

void pp_edges_free(struct pp_edges *x)
{
	if (!x)
		return;
	for (size_t r = 0; x->of && r < x->n_spaces; r++) {
		free(x->of[r].cut);
		free(x->of[r].extend);
	}
	free(x->of);
	free(x->no_space);
	free(x);
}

/* Begin of the last extend that had ended when the operation began, 0 if there is none. */
static uint64_t extended_ns(const struct cuts *c, const struct pp_history *h, uint64_t before_ns)
{
	for (size_t i = c->n_extends; i-- > 0;)
		if (h->events[c->extend[i]].end_ns < before_ns)
			return h->events[c->extend[i]].begin_ns;
	return 0;
}

struct pp_edge pp_edge_of(const struct pp_judge *j, const struct pp_event *e,
			  const struct pp_op *op)
{
	uint16_t region = pp_plan_op_region(j->plan, op), space;
	const struct pp_region_def *def;
	struct pp_edge edge = { 0 };
	const struct cuts *c;
	uint64_t from, until, extended;

	if (region == PP_NO_INDEX)
		return edge;
	def = &j->plan->regions[region];
	/* A private mapping ends where its file ends. */
	space = def->file_space != PP_NO_INDEX ? def->file_space : def->space;
	edge.full = def->fs < j->edges->n_fs && j->edges->no_space[def->fs] < e->end_ns;
	c = &j->edges->of[space];
	from = pp_verbs[e->verb].ranged ? pp_plan_op_offset(j->plan, op) : 0;
	until = pp_verbs[e->verb].ranged ? from + op->length_bytes : PP_TIME_NEVER;
	extended = extended_ns(c, j->h, e->begin_ns);
	for (size_t i = c->n_cuts; i-- > 0;) {
		const struct cut *cut = &c->cut[i];

		if (cut->max_end_ns < extended && cut->max_end_ns < e->begin_ns)
			break;
		if (cut->begin_ns >= e->end_ns || cut->offset_bytes >= until ||
		    from >= cut->offset_bytes + cut->length_bytes)
			continue;
		edge.holes |= cut->end_ns >= e->begin_ns;
		edge.cut |= cut->stays && cut->end_ns >= extended;
	}
	return edge;
}

bool pp_edges_cut(const struct pp_judge *j, uint16_t space, uint64_t end_bytes, uint64_t from_ns,
		  uint64_t until_ns)
{
	const struct cuts *c = &j->edges->of[space];
	uint64_t extended = extended_ns(c, j->h, from_ns);

	for (size_t i = c->n_cuts; i-- > 0 && c->cut[i].max_end_ns >= extended;)
		if (c->cut[i].stays && c->cut[i].begin_ns < until_ns &&
		    c->cut[i].end_ns >= extended && c->cut[i].offset_bytes < end_bytes)
			return true;
	return false;
}

bool pp_edges_refusals(const struct pp_edges *x)
{
	return x->refusals;
}
