/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merges the recorders' pieces into one history, in order of begin. */
#include "core/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One piece while it is merged. */
struct piece {
	const struct pp_event *next, *end;
	size_t n_cells;
	uint32_t first_cell; /* of this piece in the merged history */
	size_t index;        /* breaks ties: the merge is stable */
};

static bool earlier(const struct piece *a, const struct piece *b)
{
	if (a->next->begin_ns != b->next->begin_ns)
		return a->next->begin_ns < b->next->begin_ns;
	return a->index < b->index;
}

/* Restores the heap (earliest piece first) below @i. */
static void sift_down(struct piece *heap, size_t count, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;
		struct piece swap;

		if (left < count && earlier(&heap[left], &heap[least]))
			least = left;
		if (right < count && earlier(&heap[right], &heap[least]))
			least = right;
		if (least == i)
			return;
		swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

/* Takes over what a piece says of the whole; 0 means that it does not say. */
static int agree(struct pp_history *out, const struct pp_history *part, size_t index,
		 struct pp_err *err)
{
	if (!out->run)
		out->run = part->run;
	if (!out->plan_crc)
		out->plan_crc = part->plan_crc;
	if (!out->start_realtime_ns)
		out->start_realtime_ns = part->start_realtime_ns;
	if (part->run && part->run != out->run)
		return pp_err_set(err, -EINVAL, "Piece %zu is of another run.", index);
	if (part->plan_crc && part->plan_crc != out->plan_crc)
		return pp_err_set(err, -EINVAL, "Piece %zu is of another plan.", index);
	return 0;
}

/* Copies the raw cells one piece after the other and lists the pieces that have events. */
static int gather(const struct pp_history *parts, size_t n_parts, struct pp_history *out,
		  struct piece *heap, size_t *n_heap, struct pp_err *err)
{
	for (size_t i = 0; i < n_parts; i++) {
		const struct pp_history *p = &parts[i];
		int ret = agree(out, p, i, err);

		if (ret)
			return ret;
		if (p->n_events)
			heap[(*n_heap)++] = (struct piece){
				.next = p->events,
				.end = p->events + p->n_events,
				.n_cells = p->n_cells,
				.first_cell = (uint32_t)out->n_cells,
				.index = i,
			};
		if (p->n_cells)
			memcpy(out->cells + out->n_cells, p->cells, p->n_cells * PP_CELL_BYTES);
		out->n_cells += p->n_cells;
	}
	for (size_t i = *n_heap / 2; i-- > 0;)
		sift_down(heap, *n_heap, i);
	return 0;
}

/* Takes the next event of @from; its cell index moves with the cells. */
static int take(struct piece *from, struct pp_event *to, struct pp_err *err)
{
	const char *why;

	*to = *from->next++;
	/* Who was killed while it recorded an end leaves half of one. */
	if (to->flags & PP_EVENT_OPEN)
		to->end_ns = UINT64_MAX;
	if (pp_event_fault(to, from->n_cells, NULL, &why))
		return pp_err_set(err, -EINVAL, "An event (op %u) of piece %zu %s.", to->op,
				  from->index, why);
	if (from->next < from->end && from->next->begin_ns < to->begin_ns)
		return pp_err_set(err, -EINVAL, "Piece %zu is not sorted by begin (op %u).",
				  from->index, from->next->op);
	if (pp_event_keeps_cell(to) && to->gen != PP_NO_CELL)
		to->gen += from->first_cell;
	return 0;
}

static int merge_events(struct piece *heap, size_t n_heap, struct pp_history *out,
			struct pp_err *err)
{
	while (n_heap) {
		int ret = take(&heap[0], &out->events[out->n_events], err);

		if (ret)
			return ret;
		out->n_events++;
		if (heap[0].next == heap[0].end)
			heap[0] = heap[--n_heap];
		sift_down(heap, n_heap, 0);
	}
	return 0;
}

int pp_history_merge(const struct pp_history *parts, size_t n_parts, struct pp_history *out,
		     struct pp_err *err)
{
	size_t n_events = 0, n_cells = 0, n_heap = 0;
	struct piece *heap;
	int ret;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n_parts; i++) {
		n_events += parts[i].n_events;
		n_cells += parts[i].n_cells;
	}
	if (n_cells >= PP_NO_CELL)
		return pp_err_set(err, -EOVERFLOW, "%zu raw cells are more than one history holds.",
				  n_cells);
	/* One more than needed, so that an empty history is no special case. */
	heap = calloc(n_parts + 1, sizeof(*heap));
	out->events = calloc(n_events + 1, sizeof(*out->events));
	out->cells = calloc(n_cells + 1, sizeof(*out->cells));
	if (!heap || !out->events || !out->cells)
		ret = pp_err_set(err, -ENOMEM, "No memory to merge %zu events", n_events);
	else
		ret = gather(parts, n_parts, out, heap, &n_heap, err);
	if (!ret)
		ret = merge_events(heap, n_heap, out, err);
	if (ret)
		pp_history_free(out);
	free(heap);
	return ret;
}
