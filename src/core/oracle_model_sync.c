/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model: what syncs promise, and what held pages had to show. A
 * sync promises the state at its begin, from its end on. Only pages that were
 * written since another sync looked are copied, so syncs cost what writes cost.
 */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

struct page_copy {
	size_t page;
	int32_t cells[PP_CELLS_PER_PAGE];
};

struct pp_promise {
	struct pp_promise *next;
	uint32_t event;
	uint16_t space;
	bool own; /* sync_file_range: vouches for nothing but its own copies */
	struct page_copy *copies;
	size_t n, cap;
};

static void copy_page(struct pp_model *m, struct pp_promise *p, size_t page)
{
	const struct pp_space *s = &m->spaces[p->space];
	struct page_copy *more, *c;

	if (p->n == p->cap) {
		more = realloc(p->copies, (p->cap * 2 + 1) * sizeof(*more));
		if (!more) {
			m->pool.failed = true;
			return;
		}
		p->copies = more;
		p->cap = p->cap * 2 + 1;
	}
	c = &p->copies[p->n++];
	c->page = page;
	pp_cells_copy(&m->pool, &s->now, page, c->cells);
	for (size_t i = 0; s->moved && i < PP_CELLS_PER_PAGE; i++)
		if (s->moved[page * PP_CELLS_PER_PAGE + i])
			pp_cells_drop(&m->pool, &c->cells[i]);
}

/*
 * sync_file_range() writes data to blocks that are there, and tells the filesystem nothing: it
 * promises only what lies in blocks that a whole sync has promised, and that nothing has taken
 * away, shared or replaced since.
 */
static void only_settled(struct pp_model *m, struct pp_promise *p, struct page_copy *c)
{
	const struct pp_space *s = &m->spaces[p->space];

	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i++) {
		int32_t v = s->disk.newest[c->page * PP_CELLS_PER_PAGE + i];

		if (v <= 0 || (m->state[v - 1] & (PP_STATE_ZEROS | PP_STATE_CLONE)) ||
		    m->history->events[v - 1].begin_ns <= s->altered_ns ||
		    (c->cells[i] > 0 && (m->state[c->cells[i] - 1] & PP_STATE_ZEROS)))
			pp_cells_drop(&m->pool, &c->cells[i]);
	}
}

/* In place, without a journal of data: see only_settled(). */
static bool writes_in_place(const struct pp_model *m, uint16_t space)
{
	const struct pp_region_def *region = &m->plan->regions[space];

	return !m->spaces[space].clones && !pp_backings[region->backing].dax &&
	       region->backing != PP_BACKING_BTRFS && region->fs != PP_NO_INDEX &&
	       !strstr(m->plan->fs[region->fs].mount, "data=journal");
}

static void sync_space(struct pp_model *m, uint32_t i, uint16_t space)
{
	const struct pp_event *e = &m->history->events[i];
	struct pp_space *s = &m->spaces[space];
	struct pp_extent x = { space, 0, s->n_pages * PP_PAGE_BYTES };
	struct pp_promise *p;
	bool own = e->verb == PP_VERB_SYNC_RANGE;

	if (!s->disk.newest || (own && !writes_in_place(m, space)))
		return;
	if (pp_verbs[e->verb].ranged) {
		uint64_t end = e->offset_bytes + e->length_bytes;

		x.from = e->offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES;
		x.to = end < x.to ? (end + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES * PP_PAGE_BYTES
				  : x.to;
	}
	/* While content moves nobody knows what was where. */
	if (s->moves && s->loose_ns >= e->begin_ns)
		return;
	p = calloc(1, sizeof(*p));
	if (!p) {
		m->pool.failed = true;
		return;
	}
	*p = (struct pp_promise){ .next = m->promises, .event = i, .space = space, .own = own };
	m->promises = p;
	for (uint64_t page = x.from / PP_PAGE_BYTES; page < x.to / PP_PAGE_BYTES; page++) {
		if (page % 64 == 0 && !s->dirty[page / 64]) {
			page += 63;
			continue;
		}
		if (!pp_bit(s->dirty, page))
			continue;
		copy_page(m, p, page);
		if (own && p->n)
			only_settled(m, p, &p->copies[p->n - 1]);
		else
			pp_bit_clear(s->dirty, page);
	}
	pp_model_wait(m, i, &x, false);
}

void pp_model_take_sync(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];

	/* MS_ASYNC promises nothing; nor does msync of a private mapping, which writes nothing. */
	if (e->result || (e->flags & PP_EVENT_OPEN) || e->verb == PP_VERB_MSYNC_ASYNC ||
	    (e->verb == PP_VERB_MSYNC && m->plan->regions[e->object].share == PP_PRIVATE))
		return;
	if (e->verb != PP_VERB_SYNCFS) {
		uint16_t space = pp_model_space(m->plan, e);

		if (space != PP_NO_INDEX)
			sync_space(m, i, space);
		return;
	}
	for (uint16_t r = 0; r < m->plan->n_regions; r++)
		if (m->plan->regions[r].fs == e->object && m->spaces[r].n_pages)
			sync_space(m, i, r);
}

static void free_promise(struct pp_model *m, struct pp_promise **at)
{
	struct pp_promise *p = *at;

	for (size_t i = 0; i < p->n; i++)
		pp_cells_give(&m->pool, p->copies[i].cells);
	*at = p->next;
	free(p->copies);
	free(p);
}

/* The sync has ended. What one that began before it has copied was on its way before it, too. */
void pp_model_promise(struct pp_model *m, const struct pp_pending *ended)
{
	struct pp_promise **own = NULL, **at;
	bool alone = false;

	for (at = &m->promises; *at; at = &(*at)->next)
		if ((*at)->event == ended->event && (*at)->space == ended->at.space)
			alone = (*at)->own;
	for (at = &m->promises; *at; at = &(*at)->next) {
		struct pp_promise *p = *at;
		bool mine = p->event == ended->event;

		if (p->space != ended->at.space || p->event > ended->event)
			continue;
		if (mine)
			own = at;
		for (size_t i = 0; i < p->n && (mine || (!alone && !p->own)); i++) {
			uint64_t from = p->copies[i].page * (uint64_t)PP_PAGE_BYTES;

			if (from >= ended->at.from && from < ended->at.to)
				pp_cells_merge(&m->pool, &m->spaces[p->space].disk,
					       p->copies[i].page, p->copies[i].cells);
		}
	}
	if (own)
		free_promise(m, own);
}

void pp_model_break_promises(struct pp_model *m, uint16_t space)
{
	for (struct pp_promise *p = m->promises; p; p = p->next) {
		if (p->space != space)
			continue;
		for (size_t i = 0; i < p->n; i++)
			pp_cells_give(&m->pool, p->copies[i].cells);
		p->n = 0;
	}
}

void pp_model_free_promises(struct pp_model *m)
{
	while (m->promises)
		free_promise(m, &m->promises);
}

/* ---- held pages ---- */

struct pp_held {
	struct pp_held *next;
	uint32_t event;
	struct pp_extent at;
	bool drained;
	int32_t *cells;
};

static void free_held(struct pp_held **at)
{
	struct pp_held *h = *at;

	*at = h->next;
	free(h->cells);
	free(h);
}

void pp_model_take_hold(struct pp_model *m, uint32_t i)
{
	const struct pp_event *events = m->history->events, *e = &events[i];
	struct pp_extent x = pp_model_extent(m, i);
	struct pp_held *h, **at = &m->held;

	if (e->verb == PP_VERB_SPLICE_DRAIN) {
		for (h = m->held; h; h = h->next)
			h->drained |= events[h->event].actor == e->actor;
		return;
	}
	if (x.space == PP_NO_INDEX || x.from >= x.to || (e->flags & PP_EVENT_OPEN))
		return;
	/* What was read out of the pipe is no longer held. */
	while (*at)
		if ((*at)->drained && events[(*at)->event].actor == e->actor)
			free_held(at);
		else
			at = &(*at)->next;
	x.from -= x.from % PP_CELL_BYTES;
	h = calloc(1, sizeof(*h));
	if (h)
		h->cells = calloc((x.to - x.from) / PP_CELL_BYTES + 1, sizeof(*h->cells));
	if (!h || !h->cells) {
		free(h);
		m->pool.failed = true;
		return;
	}
	h->event = i;
	h->at = x;
	for (uint64_t c = x.from; c < x.to; c += PP_CELL_BYTES)
		h->cells[(c - x.from) / PP_CELL_BYTES] =
			pp_cells_least(&m->pool, &m->spaces[x.space].now, c / PP_CELL_BYTES);
	h->next = m->held;
	m->held = h;
}

const int32_t *pp_model_held(const struct pp_model *m, uint32_t event, uint64_t *begin_ns)
{
	const struct pp_event *events = m->history->events, *e = &events[event];
	struct pp_extent x = pp_model_extent(m, event);
	const int32_t *found = NULL;

	/* The list begins with the newest; the oldest that fits demands least. */
	for (const struct pp_held *h = m->held; h; h = h->next) {
		if (events[h->event].actor != e->actor || h->at.space != x.space ||
		    h->at.from > x.from || h->at.to < x.to)
			continue;
		found = h->cells + (x.from - h->at.from) / PP_CELL_BYTES;
		*begin_ns = events[h->event].begin_ns;
	}
	return found;
}

void pp_model_free_holds(struct pp_model *m)
{
	while (m->held)
		free_held(&m->held);
}
