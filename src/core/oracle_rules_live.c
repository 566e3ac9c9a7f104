/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule O9 (liveness): what must wait for pinned pages waits, and everything ends before its bound.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/oracle_rules.h"

#define NS_PER_MS 1000000ull

/* A reference to pages that was proven to be held over [from, until). */
struct hold {
	uint64_t from_ns, until_ns;
	uint64_t offset_bytes, end_bytes;
	uint32_t event; /* of the operation that holds them */
	uint16_t space;
};

struct pp_live {
	struct hold *holds; /* in order of the event that begins or proves them */
	size_t n_holds, n_begun, n_active;
	uint64_t least_bound_ns; /* of all operations: what took less needs no look */
};

/* ---- bounds ---- */

uint32_t pp_judge_bound_ms(const struct pp_op *op)
{
	/* These run programs: how long they take says nothing of the kernel. */
	if (!op->bound_ms && (op->verb == PP_VERB_MKFS || op->verb == PP_VERB_FSCK))
		return 0;
	return op->bound_ms ? op->bound_ms : PP_OP_BOUND_MS;
}

uint64_t pp_live_bound_ns(const struct pp_live *l)
{
	return l->least_bound_ns;
}

bool pp_judge_stuck(const struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op = pp_plan_op(j->plan, e->op);
	uint64_t bound_ns = op ? pp_judge_bound_ms(op) * NS_PER_MS : 0;
	uint64_t end_ns = e->flags & PP_EVENT_OPEN ? j->model.last_ns : e->end_ns;

	/* A proof that was waited for in vain is no promise of the kernel's: evidence is missing.
	 */
	if (!bound_ns || (pp_verbs[e->verb].kind == PP_KIND_WINDOW && e->result == -ETIMEDOUT))
		return false;
	return end_ns > e->begin_ns && end_ns - e->begin_ns > bound_ns;
}

static void judge_bound(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op;

	if (e->end_ns - e->begin_ns <= j->live->least_bound_ns || !pp_judge_stuck(j, event))
		return;
	op = pp_plan_op(j->plan, e->op);
	if (e->flags & PP_EVENT_OPEN)
		pp_judge_op(j, PP_O9_LIVENESS, PP_CLASS_STUCK, event, PP_NO_EVENT,
			    "op %u %s had not ended %llu ms after it began, its bound is %u ms",
			    e->op, pp_verbs[e->verb].name,
			    (unsigned long long)((j->model.last_ns - e->begin_ns) / NS_PER_MS),
			    pp_judge_bound_ms(op));
	else
		pp_judge_op(j, PP_O9_LIVENESS, PP_CLASS_STUCK, event, PP_NO_EVENT,
			    "op %u %s took %llu ms, its bound is %u ms", e->op,
			    pp_verbs[e->verb].name,
			    (unsigned long long)((e->end_ns - e->begin_ns) / NS_PER_MS),
			    pp_judge_bound_ms(op));
}

/* ---- holds ---- */

/* The next moment at which something lets go, for one walk from the end of the history. */
struct releases {
	uint64_t *of_actor; /* splice-drain; reap and kill let the child go */
	uint64_t *of_child;
	uint64_t *of_gate;
};

static bool shows_storage(const struct pp_plan *plan, uint16_t region)
{
	const struct pp_region_def *r = &plan->regions[region];

	return pp_backings[r->backing].dax && r->share == PP_SHARED;
}

static void add_hold(struct pp_live *l, const struct pp_plan *plan, const struct pp_event *e,
		     uint32_t event, uint64_t from_ns, uint64_t until_ns)
{
	if (from_ns >= until_ns || e->object >= plan->n_regions || !shows_storage(plan, e->object))
		return;
	l->holds[l->n_holds++] = (struct hold){
		.from_ns = from_ns,
		.until_ns = until_ns,
		.offset_bytes = e->offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES,
		.end_bytes = (e->offset_bytes + e->length_bytes + PP_PAGE_BYTES - 1) /
			     PP_PAGE_BYTES * PP_PAGE_BYTES,
		.event = event,
		.space = plan->regions[e->object].space,
	};
}

/* The event of the operation @id that await @event speaks of. It is in flight, so the search is
 * short; it may have begun when the await was waiting already. */
static uint32_t event_of(const struct pp_history *h, uint32_t id, uint32_t event)
{
	uint32_t at = event;

	while (at < h->n_events && h->events[at].begin_ns < h->events[event].end_ns)
		at++;
	while (at-- > 0)
		if (h->events[at].op == id)
			return at;
	return PP_NO_EVENT;
}

/* await-bios op=ID saw that operation's I/O queued at the gate: its pages stay pinned meanwhile. */
static void hold_by_bios(struct pp_live *l, const struct pp_plan *plan, const struct pp_history *h,
			 uint32_t event, const struct releases *r)
{
	const struct pp_event *e = &h->events[event], *io;
	const struct pp_op *op = pp_plan_op(plan, e->op);
	uint32_t of = op && op->of ? event_of(h, op->of, event) : PP_NO_EVENT;
	uint64_t until;

	if (of == PP_NO_EVENT || e->object >= plan->n_gates)
		return;
	io = &h->events[of];
	if (!pp_verbs[io->verb].via || (io->flags & PP_EVENT_SKIPPED))
		return;
	until = r->of_gate[e->object];
	/* One that gave up held nothing any more. */
	if (io->end_ns < until)
		until = io->end_ns;
	add_hold(l, plan, io, of, e->end_ns, until);
}

static void find_hold(struct pp_live *l, const struct pp_plan *plan, const struct pp_history *h,
		      uint32_t event, struct releases *r)
{
	const struct pp_event *e = &h->events[event];
	uint64_t until = r->of_actor[e->actor];

	switch ((enum pp_verb)e->verb) {
	case PP_VERB_SPLICE_DRAIN:
		r->of_actor[e->actor] = e->begin_ns;
		break;
	case PP_VERB_REAP:
	case PP_VERB_KILL:
		r->of_child[e->actor] = e->begin_ns;
		break;
	case PP_VERB_GATE_OPEN:
		if (e->object < plan->n_gates)
			r->of_gate[e->object] = e->begin_ns;
		break;
	case PP_VERB_SPLICE_HOLD:
	case PP_VERB_CHILD_HOLD:
		if (e->verb == PP_VERB_CHILD_HOLD && r->of_child[e->actor] < until)
			until = r->of_child[e->actor];
		if (!e->result)
			add_hold(l, plan, e, event, e->end_ns, until);
		break;
	case PP_VERB_AWAIT_BIOS:
		if (!e->result)
			hold_by_bios(l, plan, h, event, r);
		break;
	default:
		break;
	}
}

static int cmp_hold(const void *a, const void *b)
{
	const struct hold *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static uint64_t *nevers(size_t n)
{
	uint64_t *out = malloc((n + 1) * sizeof(*out));

	for (size_t i = 0; out && i <= n; i++)
		out[i] = PP_TIME_NEVER;
	return out;
}

static bool find_holds(struct pp_live *l, const struct pp_model *m)
{
	const struct pp_plan *plan = m->plan;
	const struct pp_history *h = m->history;
	struct releases r = {
		.of_actor = nevers(plan->n_actors),
		.of_child = nevers(plan->n_actors),
		.of_gate = nevers(plan->n_gates),
	};
	bool ok = r.of_actor && r.of_child && r.of_gate;

	for (size_t i = m->notable.n; ok && i-- > 0;)
		if (!(h->events[m->notable.event[i]].flags & PP_EVENT_OPEN))
			find_hold(l, plan, h, m->notable.event[i], &r);
	qsort(l->holds, l->n_holds, sizeof(*l->holds), cmp_hold);
	free(r.of_actor);
	free(r.of_child);
	free(r.of_gate);
	return ok;
}

struct pp_live *pp_live_new(const struct pp_model *m)
{
	const struct pp_plan *plan = m->plan;
	struct pp_live *l = calloc(1, sizeof(*l));
	size_t n = 0;

	if (!l)
		return NULL;
	l->least_bound_ns = PP_OP_BOUND_MS * NS_PER_MS;
	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].bound_ms && plan->ops[i].bound_ms * NS_PER_MS < l->least_bound_ns)
			l->least_bound_ns = plan->ops[i].bound_ms * NS_PER_MS;
	for (size_t i = 0; i < m->notable.n; i++) {
		const struct pp_event *e = &m->history->events[m->notable.event[i]];

		n += pp_verbs[e->verb].kind == PP_KIND_HOLD || e->verb == PP_VERB_AWAIT_BIOS;
	}
	l->holds = calloc(n + 1, sizeof(*l->holds));
	if (!l->holds || !find_holds(l, m)) {
		pp_live_free(l);
		return NULL;
	}
	return l;
}

void pp_live_free(struct pp_live *l)
{
	if (l)
		free(l->holds);
	free(l);
}

/* The walk is in order of begin, so holds come and go once: those in force are kept in front. */
static size_t holds_at(struct pp_live *l, uint64_t time_ns)
{
	size_t n = 0;

	while (l->n_begun < l->n_holds && l->holds[l->n_begun].from_ns < time_ns)
		l->holds[l->n_active++] = l->holds[l->n_begun++];
	for (size_t i = 0; i < l->n_active; i++)
		if (l->holds[i].until_ns > time_ns)
			l->holds[n++] = l->holds[i];
	l->n_active = n;
	return n;
}

/* A hazard that takes blocks away from under held pages must not end before they are let go. */
static void judge_wait(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	uint16_t space = pp_model_space(j->plan, e);
	size_t n;

	if ((verb->effect != PP_EFFECT_HOLE && verb->effect != PP_EFFECT_SHIFT) ||
	    space == PP_NO_INDEX || e->result || (e->flags & PP_EVENT_OPEN))
		return;
	n = holds_at(j->live, e->begin_ns);
	for (size_t i = 0; i < n; i++) {
		const struct hold *hold = &j->live->holds[i];
		const struct pp_event *by = &j->h->events[hold->event];
		/* Behind a shift everything moves. */
		bool meets = (verb->effect == PP_EFFECT_SHIFT ||
			      hold->offset_bytes < e->offset_bytes + e->length_bytes) &&
			     e->offset_bytes < hold->end_bytes;

		if (hold->space != space || !meets || e->end_ns >= hold->until_ns)
			continue;
		pp_judge_op(j, PP_O9_LIVENESS, PP_CLASS_EARLY, event, hold->event,
			    "op %u %s of %s ended while op %u %s held pages of its range, and did "
			    "not wait for them",
			    e->op, verb->name, j->plan->regions[e->object].name, by->op,
			    pp_verbs[by->verb].name);
		return;
	}
}

void pp_rule_live(struct pp_judge *j, uint32_t event)
{
	judge_bound(j, event);
	if (pp_verbs[j->h->events[event].verb].kind == PP_KIND_HAZARD)
		judge_wait(j, event);
}
