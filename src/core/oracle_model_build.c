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
	return c->newest && c->splits ? 0 : -ENOMEM;
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
		if (alloc_cells(&s->disk, s->n_pages) || !s->dirty)
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

int pp_model_build(struct pp_model *m, const struct pp_plan *plan, const struct pp_history *h,
		   struct pp_err *err)
{
	int ret;

	*m = (struct pp_model){ .plan = plan, .history = h, .least_end_ns = PP_TIME_NEVER };
	ret = h->n_events >= INT32_MAX ? -ENOMEM : size_spaces(m);
	if (!ret)
		ret = pp_model_classify(m);
	if (!ret)
		ret = pp_model_index(m);
	for (size_t i = 0; !ret && i < m->upsets.n; i++)
		note_upset(m, m->upsets.event[i]);
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
	free(s->disk.newest);
	free(s->disk.splits);
	free(s->copy);
	free(s->copied);
	free(s->dirty);
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
	free(m->pending);
	free(m->key_start);
	free(m->keys);
	free(m->first_gen);
	free(m->spaces);
	free(m->state);
	*m = (struct pp_model){ 0 };
}
