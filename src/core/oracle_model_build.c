/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's model: memory for it, from the sizes and kinds of the plan's regions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

static int alloc_cells(struct pp_cells *c, size_t n_pages)
{
	c->newest = calloc(n_pages * PP_CELLS_PER_PAGE + 1, sizeof(*c->newest));
	c->splits = calloc(n_pages + 1, sizeof(*c->splits));
	c->most = calloc(n_pages + 1, sizeof(*c->most));
	return c->newest && c->splits && c->most ? 0 : -ENOMEM;
}

static int size_spaces(struct pp_model *m)
{
	const struct pp_plan *plan = m->plan;

	m->spaces = calloc(plan->n_regions + 1, sizeof(*m->spaces));
	if (!m->spaces)
		return -ENOMEM;
	for (size_t r = 0; r < plan->n_regions; r++) {
		const uint16_t both[] = { plan->regions[r].space, plan->regions[r].file_space };
		size_t pages = (plan->regions[r].size_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;

		for (size_t k = 0; k < PP_ARRAY_LEN(both); k++)
			if (both[k] != PP_NO_INDEX && pages > m->spaces[both[k]].n_pages)
				m->spaces[both[k]].n_pages = pages;
	}
	return 0;
}

/* Which spaces are moved and cloned, by events or with one that is. */
static void note_upset(struct pp_model *m, uint32_t i)
{
	const struct pp_plan *plan = m->plan;
	const struct pp_event *e = &m->history->events[i];
	uint16_t both[2] = { pp_model_space(plan, e), plan->regions[e->object].space };

	if (m->state[i] & PP_STATE_CLONE) {
		both[1] = plan->regions[pp_plan_op(plan, e->op)->to].file_space;
		for (int k = 0; k < 2; k++)
			if (both[k] != PP_NO_INDEX)
				m->spaces[both[k]].clones = true;
		both[0] = both[1];
	}
	for (int k = 0; k < 2; k++)
		for (uint16_t r = 0; both[k] != PP_NO_INDEX && r < plan->n_regions; r++)
			if (r == both[k] ||
			    (plan->regions[r].space == r && plan->regions[r].file_space == both[k]))
				m->spaces[r].moves = true;
}

#define LOOK_BACK 65536u /* events before an await-bios among which its write is looked for */

/*
 * The write that await-bios @i found queued, PP_NO_EVENT if it proves nothing. Without least= (1)
 * any byte will do: what goes through the same held gate waits there, too.
 */
static uint32_t queued_write(const struct pp_model *m, uint32_t i)
{
	const struct pp_event *events = m->history->events, *e = &events[i];
	const struct pp_op *await = pp_plan_op(m->plan, e->op), *op;

	if (e->result || (e->flags & (PP_EVENT_OPEN | PP_EVENT_SKIPPED)) || !await || !await->of)
		return PP_NO_EVENT;
	op = pp_plan_op(m->plan, await->of);
	if (!op || pp_verbs[op->verb].kind != PP_KIND_DEVICE_WRITE || !pp_verbs[op->verb].via ||
	    (await->least_bytes > 1 && await->least_bytes < op->length_bytes))
		return PP_NO_EVENT;
	/* Mostly it begins while somebody waits for it already. */
	for (uint32_t k = i + 1; k < m->history->n_events && events[k].begin_ns < e->end_ns; k++)
		if (events[k].op == await->of && events[k].verb == op->verb)
			return events[k].end_ns >= e->end_ns ? k : PP_NO_EVENT;
	for (uint32_t k = i; k-- > 0 && i - k <= LOOK_BACK;)
		if (events[k].op == await->of && events[k].verb == op->verb)
			return events[k].end_ns >= e->end_ns ? k : PP_NO_EVENT;
	return PP_NO_EVENT;
}

static int cmp_gated(const void *a, const void *b)
{
	const struct pp_gated *x = a, *y = b;

	return x->event < y->event ? -1 : x->event > y->event;
}

static int find_gated(struct pp_model *m)
{
	const struct pp_history *h = m->history;

	for (size_t n = 0; n < m->notable.n; n++) {
		uint32_t i = m->notable.event[n], write;
		uint64_t begin = PP_TIME_NEVER;
		struct pp_gated *more;

		if (h->events[i].verb != PP_VERB_AWAIT_BIOS)
			continue;
		write = queued_write(m, i);
		for (uint32_t k = i + 1; write != PP_NO_EVENT && k < h->n_events; k++)
			if (h->events[k].verb == PP_VERB_GATE_OPEN &&
			    h->events[k].object == h->events[i].object) {
				begin = h->events[k].begin_ns;
				break;
			}
		/* Without an end, or opened before the proof had ended: nothing is proven. */
		if (begin == PP_TIME_NEVER || begin < h->events[i].end_ns)
			continue;
		more = realloc(m->gated, (m->n_gated + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		m->gated = more;
		m->gated[m->n_gated++] = (struct pp_gated){ write, begin };
	}
	if (m->n_gated)
		qsort(m->gated, m->n_gated, sizeof(*m->gated), cmp_gated);
	return 0;
}

static int alloc_space(struct pp_model *m, uint16_t r)
{
	const struct pp_region_def *region = &m->plan->regions[r];
	struct pp_space *s = &m->spaces[r];
	size_t words = s->n_pages / 64 + 1, cells = s->n_pages * PP_CELLS_PER_PAGE + 1;

	if (!s->n_pages)
		return 0;
	s->contested = calloc(words, sizeof(uint64_t));
	s->doubtful = calloc(words, sizeof(uint64_t));
	if (alloc_cells(&s->now, s->n_pages) || !s->contested || !s->doubtful)
		return -ENOMEM;
	if (m->durable && pp_backings[region->backing].has_disk) {
		s->dirty = calloc(words, sizeof(uint64_t));
		s->same = calloc(words, sizeof(uint64_t));
		s->shared = calloc(words, sizeof(uint64_t));
		if (alloc_cells(&s->disk, s->n_pages) || !s->dirty || !s->same || !s->shared)
			return -ENOMEM;
	}
	if (region->file_space != r && region->file_space != PP_NO_INDEX) {
		s->copy = calloc(cells, sizeof(*s->copy));
		s->copied = calloc(words, sizeof(uint64_t));
		if (!s->copy || !s->copied)
			return -ENOMEM;
		if (region->populate)
			memset(s->copied, 0xff, words * sizeof(uint64_t));
	}
	if (s->moves) {
		s->moved = calloc(cells, sizeof(*s->moved));
		if (!s->moved)
			return -ENOMEM;
	}
	return 0;
}

/* Noted before it was known whether anybody looks at pages. */
static void drop_cuts(struct pp_model *m)
{
	free(m->cuts);
	m->cuts = NULL;
	m->n_cuts = m->cap_cuts = 0;
}

int pp_model_build(struct pp_model *m, const struct pp_plan *plan, const struct pp_history *h,
		   const struct pp_progress *progress, struct pp_err *err)
{
	int ret;

	*m = (struct pp_model){ .plan = plan, .history = h, .least_end_ns = PP_TIME_NEVER };
	ret = h->n_events >= INT32_MAX ? -ENOMEM : size_spaces(m);
	if (!ret)
		ret = pp_model_classify(m, progress);
	if (!m->looks)
		drop_cuts(m);
	if (!ret)
		ret = pp_model_index(m);
	if (!ret && plan->n_gates)
		ret = find_gated(m);
	for (size_t i = 0; !ret && i < m->upsets.n; i++)
		note_upset(m, m->upsets.event[i]);
	if (!ret)
		ret = pp_model_list(m);
	for (uint16_t r = 0; !ret && r < plan->n_regions; r++)
		ret = alloc_space(m, r);
	if (ret)
		return pp_err_set(err, -ENOMEM, "index a history of %zu events", h->n_events);
	return 0;
}

static void free_space(struct pp_space *s)
{
	free(s->now.newest);
	free(s->now.splits);
	free(s->now.most);
	free(s->disk.newest);
	free(s->disk.splits);
	free(s->disk.most);
	free(s->copy);
	free(s->copied);
	free(s->dirty);
	free(s->same);
	free(s->shared);
	free(s->contested);
	free(s->doubtful);
	free(s->marked);
	free(s->list);
	free(s->moved);
	free(s->clone_cells);
	free(s->cloning_cells);
}

void pp_model_free(struct pp_model *m)
{
	struct pp_rare *rare[] = { &m->zeros, &m->lost_zeros, &m->synced, &m->failed, &m->upsets };

	pp_model_free_promises(m);
	pp_model_free_holds(m);
	for (size_t r = 0; m->spaces && r < m->plan->n_regions; r++)
		free_space(&m->spaces[r]);
	for (size_t i = 0; i < PP_ARRAY_LEN(rare); i++) {
		free(rare[i]->event);
		free(rare[i]->max_end);
	}
	for (size_t i = 0; i < PP_ARRAY_LEN(m->ends); i++)
		free(m->ends[i]);
	free(m->touch.start);
	free(m->touch.event);
	free(m->unknown.start);
	free(m->unknown.event);
	free(m->pool.block);
	free(m->copies.cells);
	free(m->pending);
	for (size_t w = 0; m->keys && w < m->n_writers; w++)
		free(m->keys[w].of.event);
	free(m->keys);
	free(m->notable.event);
	free(m->gated);
	free(m->swept);
	free(m->cuts);
	free(m->spaces);
	free(m->state);
	*m = (struct pp_model){ 0 };
}
