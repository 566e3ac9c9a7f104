/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model: lists that a few questions need. Writes by writer and
 * generation; rare events; and, for pages whose cells were seen or written in
 * part only, all writes that touch them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

static int list_add(struct pp_event_list *l, uint32_t event)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		uint32_t *more = realloc(l->event, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->event = more;
		l->cap = cap;
	}
	l->event[l->n++] = event;
	return 0;
}

static int rare_add(struct pp_rare *r, const struct pp_model *m, uint32_t event)
{
	const struct pp_event *e = &m->history->events[event];
	uint64_t end = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;

	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		uint32_t *events = realloc(r->event, cap * sizeof(*events));
		uint64_t *ends;

		if (!events)
			return -ENOMEM;
		r->event = events;
		ends = realloc(r->max_end, cap * sizeof(*ends));
		if (!ends)
			return -ENOMEM;
		r->max_end = ends;
		r->cap = cap;
	}
	r->event[r->n] = event;
	r->max_end[r->n] = r->n && r->max_end[r->n - 1] > end ? r->max_end[r->n - 1] : end;
	r->n++;
	return 0;
}

static int add_sync(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];

	/* Whether it failed is unknown, so it neither promises nor excuses. MS_ASYNC promises
	 * nothing, and msync of a private mapping writes nothing. */
	if ((e->flags & PP_EVENT_OPEN) || e->verb == PP_VERB_MSYNC_ASYNC)
		return 0;
	if (e->verb == PP_VERB_MSYNC && m->plan->regions[e->object].share == PP_PRIVATE)
		return 0;
	return rare_add(e->result ? &m->failed : &m->synced, m, i);
}

static int add_rare(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint8_t state = m->state[i];
	int ret = 0;

	if (pp_verbs[e->verb].kind == PP_KIND_SYNC)
		ret = add_sync(m, i);
	if (!ret && (state & PP_STATE_ZEROS))
		ret = rare_add(state & PP_STATE_UNKNOWN ? &m->lost_zeros : &m->zeros, m, i);
	if (!ret && (state & (PP_STATE_SHIFT | PP_STATE_CLONE | PP_STATE_LOOSE)))
		ret = rare_add(&m->upsets, m, i);
	return ret;
}

/* ---- which pages need lists ---- */

static int mark(struct pp_model *m, uint16_t space, uint64_t at)
{
	struct pp_space *s = &m->spaces[space];

	if (at / PP_PAGE_BYTES >= s->n_pages)
		return 0;
	if (!s->marked)
		s->marked = calloc(s->n_pages / 64 + 1, sizeof(*s->marked));
	if (!s->marked)
		return -ENOMEM;
	pp_bit_set(s->marked, at / PP_PAGE_BYTES);
	return 0;
}

static int mark_ends(struct pp_model *m, const struct pp_extent *x)
{
	int ret = 0;

	if (x->from % PP_CELL_BYTES)
		ret = mark(m, x->space, x->from);
	if (!ret && x->to % PP_CELL_BYTES && x->to)
		ret = mark(m, x->space, x->to - 1);
	return ret;
}

static void mark_zero(void *arg, const struct pp_extent *x)
{
	(void)mark_ends(arg, x);
}

static int mark_seen(struct pp_model *m, const struct pp_event *e)
{
	uint16_t space = pp_model_space(m->plan, e);
	uint16_t file;
	int ret = 0;

	if (space == PP_NO_INDEX)
		return 0;
	file = m->plan->regions[space].file_space;
	for (uint64_t at = e->offset_bytes; !ret && at < e->offset_bytes + e->length_bytes;
	     at += PP_CELL_BYTES) {
		ret = mark(m, space, at);
		if (!ret && file != PP_NO_INDEX && file != space)
			ret = mark(m, file, at);
	}
	return ret;
}

static int mark_write(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	struct pp_extent x = { pp_model_space(m->plan, e), e->offset_bytes,
			       e->offset_bytes + e->length_bytes };

	return x.space == PP_NO_INDEX ? 0 : mark_ends(m, &x);
}

/* A clone shows what its sources' writes made: a page that has lists has them in all of these. */
static int share_marks(struct pp_model *m)
{
	const size_t n = m->plan->n_regions;
	int ret = 0;

	for (size_t from = 0; from < n; from++) {
		const struct pp_space *s = &m->spaces[from];

		for (size_t to = 0; to < n && s->clones && s->marked; to++)
			for (size_t p = 0;
			     m->spaces[to].clones && to != from && !ret && p < s->n_pages; p++)
				if (pp_bit(s->marked, p))
					ret = mark(m, (uint16_t)to, p * PP_PAGE_BYTES);
	}
	return ret;
}

static int number_lists(struct pp_model *m)
{
	for (size_t r = 0; r < m->plan->n_regions; r++) {
		struct pp_space *s = &m->spaces[r];

		if (!s->marked)
			continue;
		s->list = calloc(s->n_pages, sizeof(*s->list));
		if (!s->list)
			return -ENOMEM;
		for (size_t p = 0; p < s->n_pages; p++)
			if (pp_bit(s->marked, p))
				s->list[p] = (uint32_t)m->n_lists++;
	}
	return 0;
}

/*
 * Two passes over the same walk: the first counts what each list gets, the second files it.
 * Counts lie two places up, so that after summing start[list + 1] is where the list begins, and
 * after filing where it ends: where the next one begins.
 */
static void put(struct pp_lists *l, size_t list, uint32_t event)
{
	if (l->event)
		l->event[l->start[list + 1]++] = event;
	else
		l->start[list + 2]++;
}

static void put_range(struct pp_model *m, struct pp_lists *l, struct pp_extent x, uint32_t event)
{
	const struct pp_space *s = &m->spaces[x.space];

	for (uint64_t p = x.from / PP_PAGE_BYTES; p < s->n_pages && p * PP_PAGE_BYTES < x.to; p++)
		if (pp_bit(s->marked, p))
			put(l, s->list[p], event);
}

static void put_write(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	struct pp_extent x = pp_model_extent(m, i);
	uint64_t end = e->offset_bytes + e->length_bytes;

	if (x.space == PP_NO_INDEX || !m->spaces[x.space].marked)
		return;
	put_range(m, m->state[i] & PP_STATE_UNKNOWN ? &m->unknown : &m->touch, x, i);
	/* What a short write left in its last cell is unknown. */
	if (x.to < end && !(m->state[i] & PP_STATE_UNKNOWN))
		put_range(m, &m->unknown, (struct pp_extent){ x.space, x.to, end }, i);
}

static int sum_lists(struct pp_lists *l, size_t n)
{
	for (size_t i = 2; i < n + 2; i++)
		l->start[i] += l->start[i - 1];
	l->event = calloc(l->start[n + 1] + 1, sizeof(*l->event));
	return l->event ? 0 : -ENOMEM;
}

static int build_lists(struct pp_model *m)
{
	const struct pp_history *h = m->history;

	m->touch.start = calloc(m->n_lists + 2, sizeof(*m->touch.start));
	m->unknown.start = calloc(m->n_lists + 2, sizeof(*m->unknown.start));
	if (!m->touch.start || !m->unknown.start)
		return -ENOMEM;
	for (int pass = 0; m->n_lists && pass < 2; pass++) {
		for (uint32_t i = 0; i < h->n_events; i++)
			if (pp_model_writes(&h->events[i]) &&
			    !(h->events[i].flags & PP_EVENT_SKIPPED))
				put_write(m, i);
		if (!pass &&
		    (sum_lists(&m->touch, m->n_lists) || sum_lists(&m->unknown, m->n_lists)))
			return -ENOMEM;
	}
	return 0;
}

/* ---- writes by writer and generation ---- */

static int cmp_gen(const void *a, const void *b, void *arg)
{
	const struct pp_event *events = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (events[x].gen != events[y].gen)
		return events[x].gen < events[y].gen ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* The keys of one writer in order of generation. */
static void sort_keys(const struct pp_model *m, struct pp_keys *k)
{
	if (k->mixed)
		qsort_r(k->of.event, k->of.n, sizeof(*k->of.event), cmp_gen, m->history->events);
	else if (k->of.n && !k->gaps)
		k->first_gen = m->history->events[k->of.event[0]].gen;
}

/* An actor's generations ascend, as long as it does one thing after another. */
static int add_key(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	struct pp_keys *k = &m->keys[e->writer];

	if (k->of.n) {
		k->gaps |= e->gen != k->last_gen + 1;
		k->mixed |= e->gen < k->last_gen;
	}
	k->last_gen = e->gen;
	return list_add(&k->of, i);
}

/* ---- the survey ---- */

int pp_model_note(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	enum pp_kind kind = pp_verbs[e->verb].kind;
	bool writes = pp_model_writes(e);
	int ret = 0;

	if (writes && e->writer < m->n_writers && pp_model_space(m->plan, e) != PP_NO_INDEX)
		ret = add_key(m, i);
	if (!ret && writes)
		ret = mark_write(m, i);
	if (!ret && kind == PP_KIND_OBSERVE && e->seen == PP_SEEN_OTHER)
		ret = mark_seen(m, e);
	if (!ret &&
	    (e->result || e->verb == PP_VERB_SPLICE_DRAIN || (!writes && kind != PP_KIND_OBSERVE)))
		ret = list_add(&m->notable, i);
	return ret;
}

int pp_model_index(struct pp_model *m)
{
	int ret = 0;

	for (size_t k = 0; !ret && k < m->notable.n; k++) {
		uint32_t i = m->notable.event[k];

		ret = add_rare(m, i);
		if (m->state[i] & PP_STATE_ZEROS)
			pp_model_each_zero(m, i, mark_zero, m);
	}
	for (size_t w = 0; w < m->n_writers; w++)
		sort_keys(m, &m->keys[w]);
	return ret;
}

int pp_model_list(struct pp_model *m)
{
	int ret = share_marks(m);

	if (!ret)
		ret = number_lists(m);
	return ret ? ret : build_lists(m);
}
