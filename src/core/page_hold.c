/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds who holds pages when; see page_hold.h. */
#include "core/page_hold.h"

#include <stdlib.h>

#include "core/oracle_model_private.h"

bool pp_event_done(const struct pp_event *e)
{
	return !e->result && !(e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN));
}

bool pp_hold_pins(const struct pp_hold *h)
{
	return h->mr != PP_NO_INDEX || h->gate != PP_NO_INDEX;
}

static struct pp_hold *add_hold(struct pp_holds *holds, const struct pp_model *m, uint32_t event,
				uint16_t region, uint64_t offset, uint64_t length)
{
	const struct pp_event *e = &m->history->events[event];
	struct pp_hold *h = &holds->items[holds->n++];

	*h = (struct pp_hold){
		.begin_ns = e->begin_ns,
		.from_ns = e->end_ns,
		.until_ns = PP_TIME_NEVER,
		.event = event,
		.region = region,
		.mr = PP_NO_INDEX,
		.gate = PP_NO_INDEX,
		.actor = e->actor,
		.first = (size_t)(offset / PP_PAGE_BYTES),
		.end = (size_t)((offset + length + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES),
	};
	return h;
}

/* Does @e let go of it? */
static bool ends(const struct pp_hold *h, const struct pp_event *e)
{
	switch ((int)e->verb) {
	case PP_VERB_DEREG:
		return h->mr == e->object;
	case PP_VERB_GATE_OPEN:
		return h->gate == e->object;
	case PP_VERB_SPLICE_DRAIN:
		return !pp_hold_pins(h) && h->actor == e->actor;
	default:
		return h->child && h->actor == e->actor;
	}
}

static void let_go(struct pp_holds *holds, const struct pp_event *e)
{
	for (size_t i = holds->n; i-- > 0;)
		if (holds->items[i].until_ns > e->begin_ns && ends(&holds->items[i], e))
			holds->items[i].until_ns = e->begin_ns;
}

/* Of the operation @id, which was on its way when the one at @event ended. */
static const struct pp_event *in_flight(const struct pp_history *h, uint32_t id, uint32_t event)
{
	uint32_t at = event;

	while (at < h->n_events && h->events[at].begin_ns < h->events[event].end_ns)
		at++;
	while (at-- > 0)
		if (h->events[at].op == id)
			return &h->events[at];
	return NULL;
}

/*
 * All of a direct transfer was seen to be queued at a gate, so its pages are taken, and stay so for
 * as long as the gate is held. What goes by way of an MR is pinned anyhow.
 */
static void find_at_gate(struct pp_holds *holds, const struct pp_model *m, uint32_t event)
{
	const struct pp_event *e = &m->history->events[event], *io;
	const struct pp_op *op = pp_plan_op(m->plan, e->op);
	struct pp_hold *h;

	io = op && op->of ? in_flight(m->history, op->of, event) : NULL;
	if (!io || !pp_verbs[io->verb].via || pp_verbs[io->verb].target != PP_TARGET_REGION ||
	    io->flags & PP_EVENT_SKIPPED || op->least_bytes < io->length_bytes)
		return;
	h = add_hold(holds, m, event, io->object, io->offset_bytes, io->length_bytes);
	h->gate = e->object;
	/* One that gave up holds nothing any more. */
	h->until_ns = io->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : io->end_ns;
}

static void find_hold(struct pp_holds *holds, const struct pp_model *m, uint32_t event)
{
	const struct pp_plan *plan = m->plan;
	const struct pp_event *e = &m->history->events[event];
	const struct pp_mr_def *mr;
	struct pp_hold *h;

	switch ((int)e->verb) {
	case PP_VERB_REG:
		mr = &plan->mrs[e->object];
		/* Paged on demand, nothing is pinned. */
		if (!pp_event_done(e) || mr->access & PP_ACCESS_OD)
			break;
		h = add_hold(holds, m, event, mr->region, mr->offset_bytes, mr->length_bytes);
		h->mr = e->object;
		break;
	case PP_VERB_SPLICE_HOLD:
	case PP_VERB_CHILD_HOLD:
		if (!pp_event_done(e))
			break;
		h = add_hold(holds, m, event, e->object, e->offset_bytes, e->length_bytes);
		h->child = e->verb == PP_VERB_CHILD_HOLD;
		h->weak = plan->regions[e->object].share == PP_PRIVATE;
		break;
	case PP_VERB_AWAIT_BIOS:
		if (pp_event_done(e))
			find_at_gate(holds, m, event);
		break;
	case PP_VERB_DEREG:
	case PP_VERB_SPLICE_DRAIN:
	case PP_VERB_GATE_OPEN:
	case PP_VERB_REAP:
	case PP_VERB_KILL:
		if (!(e->flags & PP_EVENT_SKIPPED))
			let_go(holds, e);
		break;
	}
}

static bool takes_hold(const struct pp_event *e)
{
	enum pp_kind kind = pp_verbs[e->verb].kind;

	return kind == PP_KIND_PIN || kind == PP_KIND_HOLD || e->verb == PP_VERB_AWAIT_BIOS;
}

bool pp_holds_find(struct pp_holds *out, const struct pp_model *m)
{
	const struct pp_history *h = m->history;
	size_t n = 0;

	for (size_t i = 0; i < h->n_events; i++)
		n += takes_hold(&h->events[i]);
	*out = (struct pp_holds){
		.items = calloc(n + 1, sizeof(*out->items)),
		.active = calloc(n + 1, sizeof(*out->active)),
	};
	if (!out->items || !out->active)
		return false;
	for (uint32_t i = 0; i < h->n_events; i++)
		find_hold(out, m, i);
	return true;
}

void pp_holds_free(struct pp_holds *holds)
{
	for (size_t i = 0; i < holds->n; i++)
		free(holds->items[i].pages);
	free(holds->items);
	free(holds->active);
}

void pp_holds_advance(struct pp_holds *holds, uint64_t until_ns)
{
	size_t n = 0;

	while (holds->n_begun < holds->n && holds->items[holds->n_begun].begin_ns <= until_ns)
		holds->active[holds->n_active++] = holds->n_begun++;
	for (size_t i = 0; i < holds->n_active; i++) {
		struct pp_hold *h = &holds->items[holds->active[i]];

		if (h->until_ns >= until_ns) {
			holds->active[n++] = holds->active[i];
			continue;
		}
		/* Looks come in order of begin: a longer one before may end later. Rare, and then
		 * only a fact is missed. */
		free(h->pages);
		h->pages = NULL;
	}
	holds->n_active = n;
}

struct pp_held *pp_held_at(struct pp_hold *h, size_t page)
{
	if (!h->pages)
		h->pages = calloc(h->end - h->first + 1, sizeof(*h->pages));
	return h->pages ? &h->pages[page - h->first] : NULL;
}
