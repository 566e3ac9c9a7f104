/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model: what syncs promise, and what held pages had to show. A
 * sync promises the state at its begin, from its end on. It takes the pages that
 * were written since another sync took them, and copies of those only what
 * is written again before nobody needs it any more.
 */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

/* A page that a sync found written. */
struct taken {
	uint32_t page;
	int32_t copy; /* of its cells then, AS_NOW: they are still the same */
};

#define AS_NOW (-1)

struct pp_promise {
	struct pp_promise *next;
	uint32_t event;
	uint16_t space;
	bool own;            /* sync_file_range: vouches for nothing but its own copies */
	struct taken *taken; /* in order of pages */
	size_t n, cap;
};

/* ---- copies ---- */

/* AS_NOW: memory has run out, and the verdict does not count. */
static int32_t copy_page(struct pp_model *m, const struct pp_space *s, size_t page)
{
	struct pp_copies *c = &m->copies;
	size_t at;

	if (c->unused) {
		at = (size_t)c->unused - 1;
		c->unused = c->cells[at][0];
	} else {
		if (c->n == c->cap) {
			size_t cap = c->cap ? c->cap * 2 : 64;
			void *more = realloc(c->cells, cap * sizeof(*c->cells));

			if (!more) {
				m->pool.failed = true;
				return AS_NOW;
			}
			c->cells = more;
			c->cap = cap;
		}
		at = c->n++;
	}
	pp_cells_copy(&m->pool, &s->now, page, c->cells[at]);
	return (int32_t)at;
}

static void give_copy(struct pp_model *m, int32_t copy)
{
	pp_cells_give(&m->pool, m->copies.cells[copy]);
	m->copies.cells[copy][0] = m->copies.unused;
	m->copies.unused = copy + 1;
}

static struct taken *find_taken(const struct pp_promise *p, size_t page)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->taken[mid].page == page)
			return &p->taken[mid];
		if (p->taken[mid].page < page)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void keep_page(struct pp_model *m, uint16_t space, size_t page)
{
	struct pp_space *s = &m->spaces[space];
	struct taken *t;

	for (struct pp_promise *p = m->promises; p && pp_bit(s->shared, page); p = p->next) {
		t = p->space == space && !p->own ? find_taken(p, page) : NULL;
		if (!t || t->copy != AS_NOW)
			continue;
		t->copy = copy_page(m, s, page);
		pp_bit_clear(s->shared, page);
	}
	/* What is there now is what was promised before, or newer. */
	if (pp_bit(s->same, page) && (s->set_back || !pp_cells_take_over(&s->disk, &s->now, page)))
		pp_cells_merge(&m->pool, &s->disk, page, s->now.newest + page * PP_CELLS_PER_PAGE);
	pp_bit_clear(s->same, page);
}

void pp_model_set_back(struct pp_model *m, uint16_t space, size_t first, size_t end)
{
	pp_model_keep(m, space, first, end);
	for (const struct pp_promise *p = m->promises; p; p = p->next)
		m->spaces[space].set_back |= p->space == space;
}

void pp_model_keep(struct pp_model *m, uint16_t space, size_t first, size_t end)
{
	struct pp_space *s = &m->spaces[space];

	for (size_t page = first; s->same && page < end && page < s->n_pages; page++)
		if (pp_bit(s->same, page) || pp_bit(s->shared, page))
			keep_page(m, space, page);
}

/* ---- what a sync takes ---- */

static struct taken *take_page(struct pp_model *m, struct pp_promise *p, size_t page)
{
	struct pp_space *s = &m->spaces[p->space];
	struct taken *more, *t;
	bool later = !p->own && !s->moved;

	if (p->n == p->cap) {
		more = realloc(p->taken, (p->cap * 2 + 64) * sizeof(*more));
		if (!more) {
			m->pool.failed = true;
			return NULL;
		}
		p->taken = more;
		p->cap = p->cap * 2 + 64;
	}
	t = &p->taken[p->n++];
	*t = (struct taken){ (uint32_t)page, AS_NOW };
	if (later) {
		pp_bit_set(s->shared, page);
		return t;
	}
	t->copy = copy_page(m, s, page);
	for (size_t i = 0; s->moved && t->copy != AS_NOW && i < PP_CELLS_PER_PAGE; i++)
		if (s->moved[page * PP_CELLS_PER_PAGE + i])
			pp_cells_drop(&m->pool, &m->copies.cells[t->copy][i]);
	return t;
}

/*
 * sync_file_range() writes data to blocks that are there, and tells the filesystem nothing: it
 * promises only what lies in blocks that a whole sync has promised, and that nothing has taken
 * away, shared or replaced since.
 */
static void only_settled(struct pp_model *m, const struct pp_promise *p, const struct taken *t)
{
	const struct pp_space *s = &m->spaces[p->space];
	int32_t *cells = m->copies.cells[t->copy];
	const int32_t *disk =
		pp_space_disk(s, t->page)->newest + (size_t)t->page * PP_CELLS_PER_PAGE;

	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i++)
		if (disk[i] <= 0 || (m->state[disk[i] - 1] & (PP_STATE_ZEROS | PP_STATE_CLONE)) ||
		    m->history->events[disk[i] - 1].begin_ns <= s->altered_ns ||
		    (cells[i] > 0 && (m->state[cells[i] - 1] & PP_STATE_ZEROS)))
			pp_cells_drop(&m->pool, &cells[i]);
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
	struct taken *t;
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
		t = take_page(m, p, page);
		if (!own)
			pp_bit_clear(s->dirty, page);
		else if (t && t->copy != AS_NOW)
			only_settled(m, p, t);
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

static void give_taken(struct pp_model *m, struct pp_promise *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->taken[i].copy != AS_NOW)
			give_copy(m, p->taken[i].copy);
		else
			pp_bit_clear(m->spaces[p->space].shared, p->taken[i].page);
	p->n = 0;
}

static void free_promise(struct pp_model *m, struct pp_promise **at)
{
	struct pp_promise *p = *at;

	give_taken(m, p);
	*at = p->next;
	free(p->taken);
	free(p);
}

static void promise_page(struct pp_model *m, uint16_t space, const struct taken *t)
{
	struct pp_space *s = &m->spaces[space];

	if (t->copy == AS_NOW) {
		pp_bit_set(s->same, t->page);
		return;
	}
	if (pp_bit(s->same, t->page))
		keep_page(m, space, t->page);
	pp_cells_merge(&m->pool, &s->disk, t->page, m->copies.cells[t->copy]);
}

/* The sync has ended. What one that began before it has taken was on its way before it, too. */
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
			uint64_t from = p->taken[i].page * (uint64_t)PP_PAGE_BYTES;

			if (from >= ended->at.from && from < ended->at.to)
				promise_page(m, p->space, &p->taken[i]);
		}
	}
	if (own)
		free_promise(m, own);
}

void pp_model_break_promises(struct pp_model *m, uint16_t space)
{
	for (struct pp_promise *p = m->promises; p; p = p->next)
		if (p->space == space)
			give_taken(m, p);
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
