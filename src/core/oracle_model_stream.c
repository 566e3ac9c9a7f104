/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model: the stream. Events come in order of begin; each counts
 * once its end has passed, so that the arrays of the spaces always say what an
 * observation that begins now has to show.
 */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

static uint64_t size_of(const struct pp_model *m, uint16_t space)
{
	return m->spaces[space].n_pages * PP_PAGE_BYTES;
}

/* ---- what waits for its end ---- */

static void set_bits(uint64_t *bits, const struct pp_space *s, uint64_t from, uint64_t to)
{
	for (uint64_t p = from / PP_PAGE_BYTES; p < s->n_pages && p * PP_PAGE_BYTES < to; p++)
		pp_bit_set(bits, p);
}

void pp_model_wait(struct pp_model *m, uint32_t event, const struct pp_extent *x, bool writes)
{
	const struct pp_event *e = &m->history->events[event];
	struct pp_pending *p;
	bool alone = true;

	if (m->n_pending == m->cap_pending) {
		size_t cap = m->cap_pending ? m->cap_pending * 2 : 32;
		struct pp_pending *more = realloc(m->pending, cap * sizeof(*more));

		if (!more) {
			m->pool.failed = true;
			return;
		}
		m->pending = more;
		m->cap_pending = cap;
	}
	for (size_t i = 0; writes && i < m->n_pending; i++) {
		p = &m->pending[i];
		if (!p->writes || !pp_extents_overlap(&p->at, x))
			continue;
		alone = p->alone = false;
		set_bits(m->spaces[x->space].contested, &m->spaces[x->space],
			 x->from > p->at.from ? x->from : p->at.from,
			 x->to < p->at.to ? x->to : p->at.to);
	}
	p = &m->pending[m->n_pending++];
	*p = (struct pp_pending){ e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns, *x, event,
				  alone, writes };
	if (p->end_ns < m->least_end_ns)
		m->least_end_ns = p->end_ns;
}

/* ---- writes ---- */

static void settle(struct pp_model *m, const struct pp_pending *p)
{
	struct pp_space *s = &m->spaces[p->at.space];
	uint64_t from = p->at.from, to = p->at.to;

	if (s->dirty) {
		pp_model_keep(m, p->at.space, from / PP_PAGE_BYTES,
			      (to + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES);
		set_bits(s->dirty, s, from, to);
	}
	pp_cells_raise(&m->pool, &s->now, from, to, (int32_t)(p->event + 1));
	for (uint64_t c = from / PP_CELL_BYTES; s->moved && c * PP_CELL_BYTES < to; c++) {
		bool whole = c * PP_CELL_BYTES >= from && (c + 1) * PP_CELL_BYTES <= to;

		if (s->moved[c])
			s->moved[c] = whole ? 0 : PP_MOVED_LOOSE;
	}
	if (!p->alone)
		return;
	for (uint64_t page = (from + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;
	     (page + 1) * PP_PAGE_BYTES <= to; page++)
		pp_bit_clear(s->contested, page);
}

/* The file as it is now, for pages of a private mapping that may be copied from it now. */
static void copy_pages(struct pp_model *m, uint16_t space, uint64_t from, uint64_t to)
{
	struct pp_space *s = &m->spaces[space];
	uint16_t file = m->plan->regions[space].file_space;
	const struct pp_space *f;

	if (!s->copy || file == PP_NO_INDEX)
		return;
	f = &m->spaces[file];
	for (uint64_t p = from / PP_PAGE_BYTES; p < s->n_pages && p * PP_PAGE_BYTES < to; p++) {
		if (pp_bit(s->copied, p))
			continue;
		pp_bit_set(s->copied, p);
		for (size_t c = p * PP_CELLS_PER_PAGE;
		     p < f->n_pages && c < (p + 1) * PP_CELLS_PER_PAGE; c++)
			s->copy[c] = pp_cells_least(&m->pool, &f->now, c);
	}
}

static void take_write(struct pp_model *m, uint32_t i)
{
	struct pp_extent x = pp_model_extent(m, i);
	const struct pp_event *e = &m->history->events[i];
	uint8_t doubt = m->state[i] & (PP_STATE_UNKNOWN | PP_STATE_WEAK);
	struct pp_space *s;

	if (x.space == PP_NO_INDEX)
		return;
	if (m->written)
		m->written(m->written_arg, i, &x);
	s = &m->spaces[x.space];
	copy_pages(m, x.space, x.from, e->offset_bytes + e->length_bytes);
	if (doubt || (e->flags & PP_EVENT_PARTIAL))
		set_bits(s->doubtful, s, x.from, e->offset_bytes + e->length_bytes);
	if (!doubt && x.from < x.to)
		pp_model_wait(m, i, &x, true);
}

/* ---- zeros ---- */

struct zero {
	struct pp_model *m;
	uint32_t event;
};

static void take_zero_extent(void *arg, const struct pp_extent *x)
{
	struct zero *z = arg;
	struct pp_space *s = &z->m->spaces[x->space];
	const struct pp_event *e = &z->m->history->events[z->event];
	uint64_t end = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;

	if (end > s->altered_ns)
		s->altered_ns = end;
	if (z->m->state[z->event] & (PP_STATE_UNKNOWN | PP_STATE_WEAK))
		set_bits(s->doubtful, s, x->from, x->to);
	else
		pp_model_wait(z->m, z->event, x, true);
}

/* Nothing has to show there any more. */
static void forget(struct pp_model *m, uint16_t space, uint64_t from, uint64_t to)
{
	struct pp_space *s = &m->spaces[space];
	size_t first = from / PP_CELL_BYTES;

	to = to < size_of(m, space) ? to : size_of(m, space);
	if (from >= to)
		return;
	pp_model_set_back(m, space, from / PP_PAGE_BYTES, (to + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES);
	pp_cells_set(&m->pool, &s->now, first, (to + PP_CELL_BYTES - 1) / PP_CELL_BYTES - first, 0);
	if (s->disk.newest)
		pp_cells_set(&m->pool, &s->disk, first,
			     (to + PP_CELL_BYTES - 1) / PP_CELL_BYTES - first, 0);
}

/*
 * Beyond the hazard's own bytes: truncate takes private copies of whole pages behind the new end,
 * and madvise() may take all of a huge page that it touches.
 */
static void zero_fringe(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint16_t space = pp_model_space(m->plan, e);

	if (pp_verbs[e->verb].kind != PP_KIND_HAZARD || space == PP_NO_INDEX)
		return;
	if (pp_verbs[e->verb].effect == PP_EFFECT_DROP &&
	    m->plan->regions[e->object].backing == PP_BACKING_HUGETLB)
		forget(m, space, 0, size_of(m, space));
	for (uint16_t r = 0; e->verb == PP_VERB_TRUNCATE && r < m->plan->n_regions; r++)
		if (m->plan->regions[r].space == r && r != space &&
		    m->plan->regions[r].file_space == space)
			forget(m, r, e->offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES,
			       size_of(m, r));
}

static void take_zeros(struct pp_model *m, uint32_t i)
{
	struct zero z = { m, i };

	pp_model_each_zero(m, i, take_zero_extent, &z);
	zero_fringe(m, i);
}

/* ---- the stream ---- */

static void take_pin(struct pp_model *m, const struct pp_event *e)
{
	uint16_t r = m->plan->mrs[e->object].region;
	uint16_t space = m->plan->regions[r].space;

	/* A refused one may have copied the pages before the bad one. */
	copy_pages(m, space, 0, size_of(m, space));
}

void pp_model_take(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	enum pp_kind kind = pp_verbs[e->verb].kind;

	if (kind == PP_KIND_OBSERVE && e->verb != PP_VERB_SPLICE_DRAIN)
		return;
	pp_model_now(m, e->begin_ns);
	if (pp_model_writes(e))
		take_write(m, i);
	else if (m->state[i] & PP_STATE_ZEROS)
		take_zeros(m, i);
	else if (kind == PP_KIND_PIN && !pp_verbs[e->verb].owner)
		take_pin(m, e);
	else if (kind == PP_KIND_SYNC)
		pp_model_take_sync(m, i);
	else if (kind == PP_KIND_HOLD || e->verb == PP_VERB_SPLICE_DRAIN)
		pp_model_take_hold(m, i);
	else if (m->state[i] & (PP_STATE_SHIFT | PP_STATE_CLONE | PP_STATE_LOOSE))
		pp_model_take_upset(m, i);
}

static void count(struct pp_model *m, const struct pp_pending *p)
{
	const struct pp_event *e = &m->history->events[p->event];

	if (p->writes)
		settle(m, p);
	else if (pp_verbs[e->verb].kind == PP_KIND_SYNC)
		pp_model_promise(m, p);
	else
		pp_model_upset_ended(m, p);
	if (m->state[p->event] & PP_STATE_ZEROS)
		zero_fringe(m, p->event);
}

/* All that has ended by the time counts from now on. */
void pp_model_pass(struct pp_model *m, uint64_t now_ns)
{
	size_t n = 0;

	m->least_end_ns = PP_TIME_NEVER;
	for (size_t i = 0; i < m->n_pending; i++) {
		struct pp_pending p = m->pending[i];

		if (p.end_ns < now_ns) {
			count(m, &p);
			continue;
		}
		if (p.end_ns < m->least_end_ns)
			m->least_end_ns = p.end_ns;
		m->pending[n++] = p;
	}
	m->n_pending = n;
}

bool pp_model_in_flight(const struct pp_model *m, uint16_t space, uint64_t from, uint64_t to)
{
	const struct pp_extent x = { space, from, to };

	for (size_t i = 0; i < m->n_pending; i++)
		if (m->pending[i].writes && pp_extents_overlap(&m->pending[i].at, &x))
			return true;
	return false;
}
