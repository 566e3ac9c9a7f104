/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules O1 to O5 for what an observation saw: a run of cells with the same
 * stamp is compared with the newest writes page by page; what does not pass at
 * once is judged cell by cell.
 */
#include "core/oracle_look.h"

/* ---- what O3 wants to hear of ---- */

/* Is anything of the observation's range being written right now? */
static bool in_flight(struct pp_look *l, uint64_t from, uint64_t to)
{
	uint64_t end = l->e->offset_bytes + l->e->length_bytes;

	/* Mostly not, which is asked once for the whole of it. */
	if (!l->flight)
		l->flight = 1 + pp_model_in_flight(l->m, l->space, l->e->offset_bytes, end);
	return l->flight > 1 && pp_model_in_flight(l->m, l->space, from, to);
}

static bool all_are(const struct pp_cells *cells, uint64_t from, uint64_t to, int32_t v)
{
	return cells->newest && !cells->splits[from / PP_PAGE_BYTES] &&
	       pp_cells_are(cells->newest + from / PP_CELL_BYTES, (to - from) / PP_CELL_BYTES, v);
}

/* Is what shows all that a durable image can show: promised, and nothing newer was written? */
static bool settled(const struct pp_look *l, uint64_t from, uint64_t to, uint32_t found)
{
	const struct pp_space *s = &l->m->spaces[l->space];

	return all_are(pp_space_disk(s, from / PP_PAGE_BYTES), from, to, (int32_t)(found + 1)) &&
	       all_are(&s->now, from, to, (int32_t)(found + 1));
}

/* Only where more than one value was possible can a cell go back. */
bool pp_look_open(struct pp_look *l, uint64_t from, uint64_t to, uint32_t found)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	size_t page = from / PP_PAGE_BYTES;

	return pp_bit(s->contested, page) || pp_bit(s->doubtful, page) ||
	       (l->durable && !settled(l, from, to, found)) || in_flight(l, from, to);
}

/* ---- runs of cells ---- */

/*
 * The greatest newest write (1 + event) beside which the run's stamp is no finding: one that began
 * before the stamp's write had ended. 0: the run is not that simple.
 */
static int32_t limit_of(const struct pp_look *l, uint32_t found)
{
	const struct pp_history *h = l->j->h;
	const struct pp_event *w;
	size_t low, step = 1;
	uint64_t end;

	if (found == PP_NO_EVENT)
		return 0;
	w = &h->events[found];
	if (pp_model_begin(l->m, found) >= l->end_ns || w->offset_bytes > l->e->offset_bytes ||
	    w->offset_bytes + w->length_bytes < l->e->offset_bytes + l->e->length_bytes)
		return 0;
	end = pp_model_end(l->m, found);
	if (end == PP_TIME_NEVER)
		return INT32_MAX;
	/* Operations are short: look near by first. */
	for (low = found; low + step < h->n_events && h->events[low + step].begin_ns <= end;
	     step *= 2)
		low += step;
	for (; step; step /= 2)
		if (low + step < h->n_events && h->events[low + step].begin_ns <= end)
			low += step;
	return (int32_t)low + 1;
}

/* What a run of cells shows, looked up when the first of its pages needs it. */
struct run {
	uint32_t found;
	int32_t limit; /* see limit_of(); 0: judge each cell */
	bool looked_up;
	int32_t newest; /* 1 + the event that is known to be what shows; 0: none yet */
	/* what O3 is to remember of it: neighbouring pages are told of together */
	uint64_t told_from, told_to;
	uint32_t told;
};

static void tell(struct pp_look *l, struct run *r)
{
	if (r->told_from < r->told_to)
		pp_rule_order(l->j, l->event, l->space, r->told_from, r->told_to, r->told, false);
	r->told_from = r->told_to;
}

static void passed(struct pp_look *l, struct run *r, uint64_t from, uint64_t to, uint32_t found)
{
	if (!l->ordered)
		return;
	if (pp_look_open(l, from, to, found)) {
		pp_rule_order(l->j, l->event, l->space, from, to, found, true);
		return;
	}
	if (r->told_to != from || r->told != found) {
		tell(l, r);
		r->told_from = from;
		r->told = found;
	}
	r->told_to = to;
}

/* Does the run show what cells that all have to show @v at least hold now? Nearly always it does.
 */
static bool shows(const struct pp_look *l, struct run *r, int32_t v)
{
	if (l->e->seen == PP_SEEN_ZERO)
		return v == 0 || (l->m->state[v - 1] & PP_STATE_ZEROS);
	if (v == 0 ||
	    (v != r->newest && !pp_model_is(l->m, (uint32_t)v - 1, l->e->writer, l->e->gen)))
		return false;
	r->newest = v;
	return true;
}

/* Does nothing that cells have to show which is at most @most rule out what the run shows? */
static bool allows(const struct pp_look *l, struct run *r, int32_t most)
{
	const struct pp_place p = { l->space, l->e->offset_bytes };

	if (l->e->seen != PP_SEEN_STAMP)
		return false;
	if (!r->looked_up) {
		r->found = pp_model_find(l->m, &p, l->e->writer, l->e->gen);
		r->limit = limit_of(l, r->found);
		r->looked_up = true;
	}
	return r->limit && most <= r->limit;
}

/* Is a run in one page no finding at a glance? No cell of the page has more than one newest write.
 */
static bool passes(struct pp_look *l, struct run *r, uint64_t from, uint64_t to, const int32_t *at)
{
	int32_t least = *at, most = *at;

	if (!pp_cells_are(at, (to - from) / PP_CELL_BYTES, most))
		pp_cells_range(at, (to - from) / PP_CELL_BYTES, &least, &most);
	if (least == most && shows(l, r, most))
		passed(l, r, from, to,
		       l->e->seen == PP_SEEN_ZERO ? PP_NO_EVENT : (uint32_t)most - 1);
	else if (allows(l, r, most))
		passed(l, r, from, to, r->found);
	else
		return false;
	return true;
}

/* One cell that different writes may be the newest of. */
static bool passes_split(struct pp_look *l, struct run *r, int32_t v)
{
	int32_t least, most;

	pp_cells_range(l->m->pool.block[-1 - v], PP_CELL_BYTES, &least, &most);
	if (!allows(l, r, most))
		return false;
	passed(l, r, l->at, l->at + PP_CELL_BYTES, r->found);
	return true;
}

/* What a run shows in one page. */
static void judge_page(struct pp_look *l, struct run *r, uint64_t from, uint64_t to)
{
	static const int32_t nothing[PP_CELLS_PER_PAGE];
	const struct pp_space *s = &l->m->spaces[l->space];
	size_t page = from / PP_PAGE_BYTES;
	const struct pp_cells *cells = l->durable ? pp_space_disk(s, page) : &s->now;
	bool asks = !l->detached && cells->newest;
	const int32_t *at = asks ? cells->newest + from / PP_CELL_BYTES : nothing;

	if ((!asks || !cells->splits[page]) && passes(l, r, from, to, at))
		return;
	for (l->at = from; l->at < to; l->at += PP_CELL_BYTES, at++)
		if (*at < 0 ? !passes_split(l, r, *at)
			    : !passes(l, r, l->at, l->at + PP_CELL_BYTES, at))
			pp_look_cell(l);
}

/* May any of the pages show something else, too? */
static bool open_pages(const struct pp_space *s, size_t first, size_t end)
{
	bool any = false;

	for (size_t p = first; p < end; p++)
		any |= pp_bit(s->contested, p) || pp_bit(s->doubtful, p);
	return any;
}

/* A run over several pages of memory that shows what all of its cells hold (none is split: no two
 * split ones have the same name), and could show nothing else. False: judge it page by page. */
static bool passes_whole(struct pp_look *l, struct run *r, uint64_t from, uint64_t to)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	const int32_t *at = s->now.newest + from / PP_CELL_BYTES;

	if (l->durable || l->detached ||
	    open_pages(s, from / PP_PAGE_BYTES, (to + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES) ||
	    !pp_cells_are(at, (to - from) / PP_CELL_BYTES, *at) || !shows(l, r, *at) ||
	    in_flight(l, from, to))
		return false;
	if (l->ordered)
		pp_rule_order(l->j, l->event, l->space, from, to,
			      l->e->seen == PP_SEEN_ZERO ? PP_NO_EVENT : (uint32_t)*at - 1, false);
	return true;
}

/* Simple: a stamp or zeros of a space that nothing moves, clones or copies. */
static bool simple(const struct pp_look *l)
{
	return l->file == PP_NO_INDEX && !l->held && !l->m->spaces[l->space].moves &&
	       !(l->e->offset_bytes % PP_CELL_BYTES) && !(l->e->length_bytes % PP_CELL_BYTES) &&
	       (l->e->seen == PP_SEEN_STAMP || l->e->seen == PP_SEEN_ZERO);
}

#define AHEAD 6 /* events that memory is given time for */

/* What later events will look at: fetched now, it is there when they come. */
static void fetch_ahead(const struct pp_look *l)
{
	const struct pp_history *h = l->j->h;
	const struct pp_event *e;
	const struct pp_space *s;
	uint16_t space;

	if (l->event + AHEAD >= h->n_events)
		return;
	e = &h->events[l->event + AHEAD];
	space = pp_model_space(l->j->plan, e);
	if (space == PP_NO_INDEX)
		return;
	s = &l->m->spaces[space];
	if (e->offset_bytes / PP_PAGE_BYTES < s->n_pages)
		__builtin_prefetch(s->now.newest + e->offset_bytes / PP_CELL_BYTES, 1);
	if (pp_verbs[e->verb].kind == PP_KIND_OBSERVE && e->seen == PP_SEEN_STAMP)
		pp_model_fetch(l->m, e->writer, e->gen);
}

static void judge_run(struct pp_look *l)
{
	/* cppcheck-suppress ctuuninitvar ; what a cell needs is set when one is looked at */
	uint64_t size = l->m->spaces[l->space].n_pages * PP_PAGE_BYTES;
	uint64_t at = l->e->offset_bytes;
	uint64_t end = at + l->e->length_bytes < size ? at + l->e->length_bytes : size;
	struct run r = { .found = PP_NO_EVENT };
	bool fast = simple(l);

	fetch_ahead(l);
	if (fast && at / PP_PAGE_BYTES + 1 < (end + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES &&
	    passes_whole(l, &r, at, end))
		return;
	while (at < end) {
		uint64_t page_end = (at / PP_PAGE_BYTES + 1) * PP_PAGE_BYTES;
		uint64_t stop = end < page_end ? end : page_end;

		if (fast)
			judge_page(l, &r, at, stop);
		for (l->at = at - at % PP_CELL_BYTES; !fast && l->at < stop; l->at += PP_CELL_BYTES)
			pp_look_cell(l);
		at = stop;
	}
	tell(l, &r);
}

void pp_rule_cells(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_model *m = &j->model;
	uint16_t space = pp_model_space(j->plan, e);
	struct pp_look l;

	/* Nothing was seen: O12 asks why. */
	if (e->result || (e->flags & PP_EVENT_OPEN) || e->seen == PP_SEEN_FAULT ||
	    space == PP_NO_INDEX)
		return;
	pp_model_now(m, e->begin_ns);
	/* What a cell needs is found out when one is looked at. */
	l.j = j;
	l.m = m;
	l.e = e;
	l.event = event;
	l.space = space;
	l.file = j->plan->regions[space].file_space;
	if (l.file == space)
		l.file = PP_NO_INDEX;
	l.durable = pp_verbs[e->verb].durable;
	l.detached = m->state[event] & PP_STATE_DETACHED;
	l.begin_ns = e->begin_ns;
	l.end_ns = e->end_ns;
	l.held = NULL;
	l.flight = 0;
	if (e->verb == PP_VERB_SPLICE_DRAIN) {
		l.held = pp_model_held(m, event, &l.begin_ns);
		l.detached = !l.held;
	}
	l.loose = m->upsets.n && pp_model_upset(m, space, l.begin_ns, l.end_ns);
	l.ordered = (j->rules & PP_RULE_BIT(PP_O3_NO_WAY_BACK)) && !l.detached && !l.held &&
		    l.file == PP_NO_INDEX && !m->spaces[space].moves;
	judge_run(&l);
}
