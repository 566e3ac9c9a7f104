/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule O3 (no way back): along one path of observers a cell never shows what it
 * had ceased to show. Kept only for places where several values were possible.
 */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_rules.h"

#define PENDING 3 /* observations of a cell that have not ended yet: as many paths' observers */

/* What an observation saw of a cell: the write had reached it by @since_ns at the latest. */
struct sight {
	uint32_t write; /* PP_NO_EVENT: initial content */
	uint32_t event; /* that saw it, PP_NO_EVENT: none */
	uint64_t since_ns;
};

/* Of one cell, or of a page whose cells were always seen alike. */
struct cell_order {
	struct sight latest[2]; /* among those that ended: the latest, and the latest of another
				   write */
	struct sight pending[PENDING];
};

struct page_order {
	uint64_t key; /* 1 + path, space and page; 0: free slot */
	struct cell_order whole;
	struct cell_order *cells; /* NULL while the page is uniform */
};

struct pp_order {
	struct page_order *slots;
	size_t n_slots, n_used; /* power of two; at most half is used */
	bool failed;            /* no memory: what follows is not judged */
};

static const struct sight no_sight = { PP_NO_EVENT, PP_NO_EVENT, 0 };

struct pp_order *pp_order_new(void)
{
	return calloc(1, sizeof(struct pp_order));
}

void pp_order_free(struct pp_order *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n_slots; i++)
		free(o->slots[i].cells);
	free(o->slots);
	free(o);
}

/* A direct read of the file may show what is in the page cache or what is on disk, so it is a path
 * of its own. */
enum path { PATH_MEMORY, PATH_PIN, PATH_DISK, PATH_DIRECT };

static enum path path_of(const struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];

	if (verb->durable)
		return PATH_DISK;
	if (e->verb == PP_VERB_DIO_PREAD)
		return PATH_DIRECT;
	return verb->target == PP_TARGET_MR ? PATH_PIN : PATH_MEMORY;
}

static void blank(struct cell_order *c)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(c->latest); i++)
		c->latest[i] = no_sight;
	for (size_t i = 0; i < PENDING; i++)
		c->pending[i] = no_sight;
}

static struct page_order *slot_of(struct page_order *slots, size_t n_slots, uint64_t key)
{
	size_t at = (key * 0x9e3779b97f4a7c15ull >> 20) & (n_slots - 1);

	while (slots[at].key && slots[at].key != key)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static bool grow(struct pp_order *o)
{
	size_t n = o->n_slots ? o->n_slots * 2 : 64;
	struct page_order *slots;

	if (o->n_used * 2 < o->n_slots)
		return true;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < o->n_slots; i++)
		if (o->slots[i].key)
			*slot_of(slots, n, o->slots[i].key) = o->slots[i];
	free(o->slots);
	o->slots = slots;
	o->n_slots = n;
	return true;
}

static struct page_order *page_at(struct pp_order *o, const struct pp_event *e, uint16_t space,
				  uint64_t page)
{
	uint64_t key = 1 + ((page << 18) | ((uint64_t)space << 2) | path_of(e));
	struct page_order *p;

	if (!grow(o))
		return NULL;
	p = slot_of(o->slots, o->n_slots, key);
	if (!p->key) {
		p->key = key;
		blank(&p->whole);
		o->n_used++;
	}
	return p;
}

static bool split(struct page_order *p)
{
	if (p->cells)
		return true;
	p->cells = malloc(PP_CELLS_PER_PAGE * sizeof(*p->cells));
	for (unsigned i = 0; p->cells && i < PP_CELLS_PER_PAGE; i++)
		p->cells[i] = p->whole;
	return p->cells != NULL;
}

/* An observation has ended: later ones are ordered behind it. */
static void settle(struct cell_order *c, struct sight s)
{
	if (c->latest[0].event == PP_NO_EVENT) {
		c->latest[0] = s;
	} else if (c->latest[0].write == s.write) {
		if (s.since_ns > c->latest[0].since_ns)
			c->latest[0] = s;
	} else if (s.since_ns > c->latest[0].since_ns) {
		c->latest[1] = c->latest[0];
		c->latest[0] = s;
	} else if (c->latest[1].event == PP_NO_EVENT || s.since_ns > c->latest[1].since_ns) {
		c->latest[1] = s;
	}
}

static void settle_ended(struct cell_order *c, const struct pp_history *h, uint64_t before_ns)
{
	for (size_t i = 0; i < PENDING; i++)
		if (c->pending[i].event != PP_NO_EVENT &&
		    h->events[c->pending[i].event].end_ns < before_ns) {
			settle(c, c->pending[i]);
			c->pending[i] = no_sight;
		}
}

/* One value seen at a place. */
struct seen {
	struct pp_judge *j;
	uint32_t event;
	uint16_t space;
	uint64_t offset_bytes, length_bytes;
	uint32_t found;
	uint64_t found_end_ns;
};

static void report(const struct seen *x, const struct sight *before)
{
	const struct pp_history *h = x->j->h;
	struct pp_broken b = {
		.rule = PP_O3_NO_WAY_BACK,
		.cls = x->found == PP_NO_EVENT ? PP_CLASS_ZERO : PP_CLASS_STALE,
		.event = x->event,
		.space = x->space,
		.offset_bytes = x->offset_bytes,
		.length_bytes = x->length_bytes,
		.expected = before->write,
		.found = x->found,
		.sync = PP_NO_EVENT,
		.seen_by = before->event + 1,
		.has_stamp = x->found != PP_NO_EVENT,
	};

	if (b.has_stamp)
		b.stamp = (struct pp_stamp){
			.run = h->run,
			.region = x->space,
			.offset_bytes = x->offset_bytes,
			.writer = h->events[x->found].writer,
			.generation = h->events[x->found].gen,
		};
	pp_judge_broken(x->j, &b);
}

/* After a failed sync older content may come back; behind the end of the file, in its last page, it
 * may at any time: writeback clears that. */
static bool excused(const struct seen *x, const struct sight *before)
{
	struct pp_place p;

	if (pp_edges_cut(x->j, x->space, x->offset_bytes + x->length_bytes, before->since_ns,
			 x->j->h->events[x->event].end_ns))
		return true;
	return !pp_model_place(&x->j->model, x->space, x->offset_bytes, &p) ||
	       pp_model_failed(&x->j->model, &p, x->j->h->events[x->event].end_ns) >=
		       before->since_ns;
}

static void see(const struct seen *x, struct cell_order *c)
{
	const struct pp_event *events = x->j->h->events;
	const struct pp_event *e = &events[x->event];
	struct sight now = { x->found, x->event, 0 };

	settle_ended(c, x->j->h, e->begin_ns);
	for (size_t i = 0; i < PP_ARRAY_LEN(c->latest); i++) {
		const struct sight *s = &c->latest[i];

		if (s->event == PP_NO_EVENT || s->write == x->found ||
		    x->found_end_ns >= s->since_ns || excused(x, s))
			continue;
		report(x, s);
		return;
	}
	/*
	 * What memory shows was there at some moment of the observation. A disk gets what is older
	 * by and by: there, only a write that was over before the one that was seen began is older.
	 */
	if (path_of(e) == PATH_MEMORY || path_of(e) == PATH_PIN)
		now.since_ns = e->begin_ns;
	if (x->found != PP_NO_EVENT && events[x->found].begin_ns > now.since_ns)
		now.since_ns = events[x->found].begin_ns;
	for (size_t i = 0; i < PENDING; i++)
		if (c->pending[i].event == PP_NO_EVENT) {
			c->pending[i] = now;
			return;
		}
	/* More observers at once than there is room for: this one orders nothing. */
}

void pp_rule_order(struct pp_judge *j, uint32_t event, uint16_t space, uint64_t offset_bytes,
		   uint64_t length_bytes, uint32_t found, uint64_t found_end_ns)
{
	uint64_t at = offset_bytes, end = offset_bytes + length_bytes;

	if (!(j->rules & (PP_RULE_BIT(PP_O3_NO_WAY_BACK) | PP_RULE_BIT(PP_O6_ISOLATION))))
		return;
	while (at < end && !j->order->failed) {
		uint64_t page = at / PP_PAGE_BYTES, page_end = (page + 1) * PP_PAGE_BYTES;
		uint64_t stop = end < page_end ? end : page_end;
		bool whole = at % PP_PAGE_BYTES == 0 && stop == page_end;
		struct page_order *p = page_at(j->order, &j->h->events[event], space, page);
		struct seen x = { j, event, space, at, stop - at, found, found_end_ns };

		/*
		 * Who takes pages away clears the tables first and tells the other processors
		 * last: until it has ended, one may see the old page and another the new one.
		 */
		if (pp_model_resets(&j->model, space, at, stop, j->h->events[event].begin_ns,
				    j->h->events[event].end_ns)) {
			at = stop;
			continue;
		}
		if (!p || ((p->cells || !whole) && !split(p))) {
			j->order->failed = true;
			return;
		}
		if (whole && !p->cells)
			see(&x, &p->whole);
		x.length_bytes = PP_CELL_BYTES;
		for (; p->cells && x.offset_bytes < stop; x.offset_bytes += PP_CELL_BYTES)
			see(&x, &p->cells[x.offset_bytes % PP_PAGE_BYTES / PP_CELL_BYTES]);
		at = stop;
	}
}
