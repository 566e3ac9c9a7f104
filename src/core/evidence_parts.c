/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which writes that cover a cell in part were seen in it; see evidence_parts.h. */
#include "core/evidence_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TELLING   36u /* from here on a stamp's bytes follow from all of its fields: the filler */
#define LEAST     4u  /* of these bytes tell one write from all others */
#define TRIED_MAX 64u /* writes to one cell, the newest first */

struct pp_part {
	uint64_t cell;
	uint32_t event;
	uint16_t space;
	uint8_t from, to; /* bytes of the cell */
};

static int compare(const void *a, const void *b)
{
	const struct pp_part *x = a, *y = b;

	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	return x->event < y->event ? -1 : x->event > y->event;
}

/* The part of one cell that a write covers, if it can tell. */
static void add(struct pp_parts *p, const struct pp_event *w, uint32_t event, uint16_t space,
		uint64_t cell)
{
	uint64_t at = cell * PP_CELL_BYTES, end = w->offset_bytes + w->length_bytes;
	uint64_t from = w->offset_bytes > at ? w->offset_bytes - at : 0;
	uint64_t to = end < at + PP_CELL_BYTES ? end - at : PP_CELL_BYTES;

	if (to - from == PP_CELL_BYTES || to < (from > TELLING ? from : TELLING) + LEAST)
		return;
	p->items[p->n++] = (struct pp_part){ cell, event, space, (uint8_t)from, (uint8_t)to };
}

static bool takes_part(const struct pp_event *e)
{
	bool whole = !(e->offset_bytes % PP_CELL_BYTES) && !(e->length_bytes % PP_CELL_BYTES);

	return pp_model_writes(e) && !whole && e->length_bytes &&
	       !(e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN | PP_EVENT_PARTIAL));
}

int pp_parts_build(struct pp_parts *p, const struct pp_plan *plan, const struct pp_history *h)
{
	size_t most = 0;

	*p = (struct pp_parts){ 0 };
	for (size_t i = 0; i < h->n_events; i++)
		most += takes_part(&h->events[i]) ? 2 : 0;
	p->items = malloc((most + 1) * sizeof(*p->items));
	if (!p->items)
		return -ENOMEM;
	for (size_t i = 0; most && i < h->n_events; i++) {
		const struct pp_event *w = &h->events[i];
		uint64_t first = w->offset_bytes / PP_CELL_BYTES, last;
		uint16_t space;

		if (!takes_part(w))
			continue;
		space = pp_model_space(plan, w);
		last = (w->offset_bytes + w->length_bytes - 1) / PP_CELL_BYTES;
		if (space == PP_NO_INDEX)
			continue;
		add(p, w, (uint32_t)i, space, first);
		if (last != first)
			add(p, w, (uint32_t)i, space, last);
	}
	qsort(p->items, p->n, sizeof(*p->items), compare);
	return 0;
}

void pp_parts_free(struct pp_parts *p)
{
	free(p->items);
	*p = (struct pp_parts){ 0 };
}

/* How many parts come before those of the cell behind this one. */
static size_t end_of(const struct pp_parts *p, uint16_t space, uint64_t cell)
{
	const struct pp_part key = { .space = space, .cell = cell, .event = UINT32_MAX };
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(&p->items[mid], &key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool holds(const uint8_t *raw, const struct pp_history *h, const struct pp_part *x)
{
	const struct pp_event *w = &h->events[x->event];
	uint8_t cell[PP_CELL_BYTES];

	pp_stamp_put(cell, &(struct pp_stamp){ .run = h->run,
					       .region = x->space,
					       .offset_bytes = x->cell * PP_CELL_BYTES,
					       .writer = w->writer,
					       .generation = w->gen });
	return !memcmp(raw + x->from, cell + x->from, x->to - x->from);
}

void pp_parts_found(const struct pp_parts *p, const struct pp_history *h, const struct pp_event *e,
		    uint16_t space, uint8_t *seen, uint8_t flags)
{
	uint64_t cell = e->offset_bytes / PP_CELL_BYTES;
	size_t i = end_of(p, space, cell);

	if (e->gen >= h->n_cells || e->length_bytes != PP_CELL_BYTES ||
	    e->offset_bytes % PP_CELL_BYTES)
		return;
	for (unsigned tried = 0; i-- > 0 && tried < TRIED_MAX; tried++) {
		const struct pp_part *x = &p->items[i];

		if (x->space != space || x->cell != cell)
			break;
		if (h->events[x->event].begin_ns < e->end_ns && holds(h->cells[e->gen], h, x))
			seen[x->event] |= flags;
	}
}
