/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's model: content that moves inside a file, or is shared with another. */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

static uint64_t end_of(const struct pp_event *e)
{
	return e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;
}

static size_t cells_of(const struct pp_space *s)
{
	return s->n_pages * PP_CELLS_PER_PAGE;
}

/* Nothing is known of the cells until each is written again. */
static void loosen(struct pp_model *m, uint16_t space, size_t first, size_t last)
{
	struct pp_space *s = &m->spaces[space];

	last = last < cells_of(s) ? last : cells_of(s);
	if (first >= last)
		return;
	pp_model_set_back(m, space, first / PP_CELLS_PER_PAGE, last / PP_CELLS_PER_PAGE + 1);
	pp_cells_set(&m->pool, &s->now, first, last - first, 0);
	if (s->disk.newest)
		pp_cells_set(&m->pool, &s->disk, first, last - first, 0);
	for (size_t c = first; c < last; c++)
		s->moved[c] = PP_MOVED_LOOSE;
}

/* Mappings that may show the file's content, each by private pages of its own. */
static void loosen_copies(struct pp_model *m, uint16_t space)
{
	for (uint16_t r = 0; r < m->plan->n_regions; r++)
		if (r != space && m->plan->regions[r].space == r &&
		    m->plan->regions[r].file_space == space)
			loosen(m, r, 0, SIZE_MAX);
}

/* ---- shifts ---- */

static void disk_moves(struct pp_model *m, uint16_t space, size_t first)
{
	struct pp_space *s = &m->spaces[space];

	pp_model_break_promises(m, space);
	pp_model_set_back(m, space, first / PP_CELLS_PER_PAGE, s->n_pages);
	if (s->disk.newest && first < cells_of(s))
		pp_cells_set(&m->pool, &s->disk, first, cells_of(s) - first, 0);
}

static void move_by(struct pp_space *s, size_t to, size_t from, size_t n)
{
	int32_t by = (int32_t)from - (int32_t)to;

	pp_cells_move(&s->now, to, from, n);
	memmove(s->moved + to, s->moved + from, n * sizeof(*s->moved));
	for (size_t c = to; c < to + n; c++)
		if (s->moved[c] != PP_MOVED_LOOSE)
			s->moved[c] += by;
}

/* What was written while @n cells were taken out at @first, or put in: at its old place or at its
 * new one, whole or in part. */
static void loosen_swept(struct pp_model *m, uint32_t i, size_t first, size_t n)
{
	bool out = m->history->events[i].verb == PP_VERB_COLLAPSE;

	for (size_t k = 0; k < m->n_swept; k++) {
		const struct pp_extent *x = &m->swept[k].at;
		size_t from = x->from / PP_CELL_BYTES;
		size_t to = (x->to + PP_CELL_BYTES - 1) / PP_CELL_BYTES;

		if (m->swept[k].shift != i)
			continue;
		from = from < first ? first : from;
		if (out)
			from = from - first > n ? from - n : first;
		else
			to += n;
		loosen(m, x->space, from, to);
	}
}

static void shift(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint16_t space = pp_model_space(m->plan, e);
	struct pp_space *s = &m->spaces[space];
	size_t all = cells_of(s), first = e->offset_bytes / PP_CELL_BYTES;
	size_t n = e->length_bytes / PP_CELL_BYTES, page = first / PP_CELLS_PER_PAGE;

	if (first >= all)
		return;
	n = n < all - first ? n : all - first;
	disk_moves(m, space, first);
	loosen_copies(m, space);
	for (size_t p = page; p < s->n_pages; p++) {
		pp_bit_set(s->contested, p);
		if (s->dirty)
			pp_bit_set(s->dirty, p);
	}
	if ((m->state[i] & PP_STATE_UNKNOWN) ||
	    (e->offset_bytes | e->length_bytes) % PP_CELL_BYTES) {
		loosen(m, space, first, all);
		return;
	}
	if (e->verb == PP_VERB_COLLAPSE) {
		pp_cells_set(&m->pool, &s->now, first, n, 0);
		move_by(s, first, first + n, all - first - n);
		pp_cells_recount(&s->now, page, s->n_pages);
		/* The file's tail: what an insert once pushed behind the end may come back. */
		loosen(m, space, all - n, all);
	} else {
		pp_cells_set(&m->pool, &s->now, all - n, n, 0);
		move_by(s, first + n, first, all - first - n);
		pp_cells_recount(&s->now, page, s->n_pages);
		for (size_t c = first; c < first + n; c++)
			s->moved[c] = 0;
		pp_cells_set(&m->pool, &s->now, first, n, (int32_t)(i + 1));
	}
	loosen_swept(m, i, first, n);
}

/* ---- clones ---- */

static uint16_t target_of(const struct pp_model *m, const struct pp_event *e)
{
	return m->plan->regions[pp_plan_op(m->plan, e->op)->to].file_space;
}

/* Where the file of @space may have ended while @e ran, at the least: the last extend that had
 * ended before undoes what was cut before it. */
static uint64_t least_end(const struct pp_model *m, uint16_t space, const struct pp_event *e)
{
	uint64_t end = m->spaces[space].n_pages * PP_PAGE_BYTES, extended_ns = 0;

	for (size_t k = m->notable.n; k-- > 0;) {
		const struct pp_event *x = &m->history->events[m->notable.event[k]];
		bool cuts = x->verb == PP_VERB_TRUNCATE || x->verb == PP_VERB_COLLAPSE;

		if ((!cuts && x->verb != PP_VERB_EXTEND) || x->begin_ns >= end_of(e) ||
		    pp_model_space(m->plan, x) != space)
			continue;
		if (cuts && (x->result || end_of(x) > extended_ns) && x->offset_bytes < end)
			end = x->offset_bytes;
		if (!cuts && !extended_ns && !x->result && end_of(x) < e->begin_ns)
			extended_ns = x->begin_ns;
	}
	return end;
}

/* FICLONE leaves what its target has behind the end of the source: nobody knows how old that is. */
static void keep_tail(struct pp_model *m, const struct pp_event *e, uint16_t from, uint16_t to)
{
	size_t first = least_end(m, from, e) / PP_CELL_BYTES;
	struct pp_space *s = &m->spaces[to];

	loosen(m, to, first, cells_of(s));
	for (size_t c = first; s->clone_cells && c < cells_of(s); c++)
		s->clone_cells[c] = 0;
}

static void take_clone(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint16_t from = pp_model_source(m, i), to = target_of(m, e);
	const struct pp_space *source;
	struct pp_space *s = &m->spaces[to];
	bool known;

	if (from == PP_NO_INDEX)
		return;
	source = &m->spaces[from];
	/* Of a source that is itself a clone, or has moved, only that it is ours is asked. */
	known = !s->cloning && from != to && !source->clone && !source->cloning && !source->moves &&
		!(m->state[i] & PP_STATE_UNKNOWN);
	if (end_of(e) > s->altered_ns)
		s->altered_ns = end_of(e);
	free(s->cloning_cells);
	s->cloning_cells = NULL;
	s->cloning = i + 1;
	for (size_t p = 0; p < s->n_pages; p++)
		pp_bit_set(s->doubtful, p);
	if (!known)
		return;
	s->cloning_cells = calloc(cells_of(s) + 1, sizeof(*s->cloning_cells));
	if (!s->cloning_cells) {
		m->pool.failed = true;
		return;
	}
	for (size_t c = 0; c < cells_of(s) && c < cells_of(source); c++)
		s->cloning_cells[c] = pp_cells_least(&m->pool, &source->now, c);
}

static void clone(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint16_t from = pp_model_source(m, i), to = target_of(m, e);
	struct pp_space *s = &m->spaces[to];

	if (from == PP_NO_INDEX)
		return;
	loosen_copies(m, to);
	if ((m->state[i] & PP_STATE_UNKNOWN) || s->cloning != i + 1) {
		loosen(m, to, 0, cells_of(s));
		if (s->cloning == i + 1)
			s->cloning = 0;
		return;
	}
	free(s->clone_cells);
	s->clone_cells = s->cloning_cells;
	s->cloning_cells = NULL;
	s->cloning = 0;
	s->clone = i + 1;
	for (size_t c = 0; c < cells_of(s); c++)
		s->moved[c] = 0;
	pp_model_keep(m, to, 0, s->n_pages);
	pp_cells_raise(&m->pool, &s->now, 0, s->n_pages * PP_PAGE_BYTES, (int32_t)(i + 1));
	keep_tail(m, e, from, to);
	for (size_t p = 0; s->dirty && p < s->n_pages; p++)
		pp_bit_set(s->dirty, p);
}

/* ---- the stream ---- */

/* A range in which a private mapping and its file were mixed by direct I/O. */
static void loosen_both(struct pp_model *m, const struct pp_event *e)
{
	const struct pp_region_def *region = &m->plan->regions[e->object];
	size_t first = e->offset_bytes / PP_CELL_BYTES;
	size_t last = (e->offset_bytes + e->length_bytes + PP_CELL_BYTES - 1) / PP_CELL_BYTES;

	loosen(m, region->space, first, last);
	if (region->file_space != PP_NO_INDEX)
		loosen(m, region->file_space, first, last);
}

void pp_model_take_upset(struct pp_model *m, uint32_t i)
{
	const struct pp_event *e = &m->history->events[i];
	uint16_t space = pp_model_space(m->plan, e);
	struct pp_extent x = { space, 0, 0 };
	struct pp_space *s;

	if (m->state[i] & PP_STATE_CLONE) {
		x.space = target_of(m, e);
		take_clone(m, i);
	} else if (m->state[i] & PP_STATE_LOOSE) {
		loosen_both(m, e);
	} else {
		s = &m->spaces[space];
		s->loose_ns = end_of(e) > s->loose_ns ? end_of(e) : s->loose_ns;
		s->altered_ns = end_of(e) > s->altered_ns ? end_of(e) : s->altered_ns;
		disk_moves(m, space, e->offset_bytes / PP_CELL_BYTES);
	}
	pp_model_wait(m, i, &x, false);
}

void pp_model_upset_ended(struct pp_model *m, const struct pp_pending *p)
{
	const struct pp_event *e = &m->history->events[p->event];

	if (m->state[p->event] & PP_STATE_CLONE)
		clone(m, p->event);
	else if (m->state[p->event] & PP_STATE_LOOSE)
		loosen_both(m, e);
	else if (m->state[p->event] & PP_STATE_SHIFT)
		shift(m, p->event);
}
