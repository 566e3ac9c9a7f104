/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's index of a history: how it is built. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model.h"

static bool writes(const struct pp_event *e)
{
	return pp_verbs[e->verb].kind == PP_KIND_WRITE ||
	       pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE;
}

/* Two passes over the same walk: the first counts what each slot gets, the second files it. */
struct build {
	struct pp_model *m;
	bool filing;
};

static void put(struct build *b, struct pp_lists *l, size_t slot, uint32_t event)
{
	/*
	 * Counts lie two places up, so that after summing start[slot + 1] is where the slot
	 * begins, and after filing where it ends: where the next one begins.
	 */
	if (b->filing)
		l->event[l->start[slot + 1]++] = event;
	else
		l->start[slot + 2]++;
}

/* File [begin, end) of a space; the caller has seen to it that pages in part have cell slots. */
static void put_range(struct build *b, struct pp_lists *l, uint16_t space, uint64_t begin,
		      uint64_t end, uint32_t event)
{
	const struct pp_space *s = &b->m->spaces[space];

	while (begin < end && begin / PP_PAGE_BYTES < s->n_pages) {
		size_t page = s->first_page + begin / PP_PAGE_BYTES;
		uint64_t page_end = (begin / PP_PAGE_BYTES + 1) * PP_PAGE_BYTES;
		uint64_t stop = end < page_end ? end : page_end;

		if (begin % PP_PAGE_BYTES == 0 && stop == page_end) {
			put(b, l, page, event);
		} else {
			size_t base =
				b->m->n_pages + (size_t)(b->m->group[page] - 1) * PP_CELLS_PER_PAGE;

			for (uint64_t at = begin; at < stop; at += PP_CELL_BYTES)
				put(b, l, base + at % PP_PAGE_BYTES / PP_CELL_BYTES, event);
		}
		begin = stop;
	}
}

static void put_write(struct build *b, uint16_t space, uint32_t i)
{
	const struct pp_event *e = &b->m->history->events[i];
	struct pp_model *m = b->m;
	uint64_t begin = e->offset_bytes, end = begin + e->length_bytes;
	uint64_t whole = begin + e->length_bytes / PP_CELL_BYTES * PP_CELL_BYTES;

	if (m->state[i] & PP_STATE_UNKNOWN) {
		put_range(b, &m->unknown, space, begin, end, i);
		return;
	}
	/* A short write may stop inside a cell: what that cell holds is unknown. */
	put_range(b, &m->writes, space, begin, whole, i);
	put_range(b, &m->unknown, space, whole, end, i);
}

static void put_sync(struct build *b, uint16_t space, uint32_t i)
{
	const struct pp_event *e = &b->m->history->events[i];
	const struct pp_region_def *region = &b->m->plan->regions[e->object];
	const struct pp_space *s = &b->m->spaces[space];
	struct pp_model *m = b->m;

	/* Whether it failed is unknown, so it neither promises nor excuses. */
	if (e->flags & PP_EVENT_OPEN)
		return;
	if (pp_verbs[e->verb].file) {
		put(b, e->result ? &m->failed_spaces : &m->synced_spaces, space, i);
		return;
	}
	/* msync of a private mapping writes nothing; MS_ASYNC promises nothing. */
	if (e->verb != PP_VERB_MSYNC || region->share == PP_PRIVATE)
		return;
	for (uint64_t page = e->offset_bytes / PP_PAGE_BYTES;
	     page < s->n_pages && page * PP_PAGE_BYTES < e->offset_bytes + e->length_bytes; page++)
		put(b, e->result ? &m->failed_pages : &m->synced_pages, s->first_page + page, i);
}

/* Spaces that @i brings back to their initial content. */
static void put_resets(struct build *b, uint32_t i)
{
	struct pp_model *m = b->m;
	const struct pp_event *e = &m->history->events[i];
	bool fs = pp_verbs[e->verb].target == PP_TARGET_FS;

	for (uint16_t r = 0; r < m->plan->n_regions; r++) {
		const struct pp_region_def *region = &m->plan->regions[r];

		if (region->space != r || (fs ? region->fs != e->object : r != e->object))
			continue;
		put(b, &m->resets, r, i);
		put_range(b, m->state[i] & PP_STATE_UNKNOWN ? &m->unknown : &m->writes, r, 0,
			  m->spaces[r].n_pages * PP_PAGE_BYTES, i);
	}
}

static void walk(struct build *b)
{
	const struct pp_history *h = b->m->history;

	for (uint32_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];
		uint16_t space = pp_model_space(b->m->plan, e);

		if (e->flags & PP_EVENT_SKIPPED)
			continue;
		if (b->m->state[i] & PP_STATE_RESET)
			put_resets(b, i);
		else if (space == PP_NO_INDEX)
			continue;
		else if (writes(e))
			put_write(b, space, i);
		else if (pp_verbs[e->verb].kind == PP_KIND_SYNC)
			put_sync(b, space, i);
	}
}

static int lists_alloc(struct pp_lists *l, size_t n_slots)
{
	l->n_slots = n_slots;
	l->start = calloc(n_slots + 2, sizeof(*l->start));
	return l->start ? 0 : -ENOMEM;
}

/* From counts to begins, and room for the entries. */
static int lists_sum(struct pp_lists *l)
{
	size_t n;

	for (size_t i = 2; i < l->n_slots + 2; i++)
		l->start[i] += l->start[i - 1];
	n = l->start[l->n_slots + 1];
	l->event = calloc(n + 1, sizeof(*l->event));
	l->max_end = calloc(n + 1, sizeof(*l->max_end));
	return l->event && l->max_end ? 0 : -ENOMEM;
}

static void lists_max(struct pp_lists *l, const struct pp_model *m)
{
	for (size_t slot = 0; slot < l->n_slots; slot++) {
		uint64_t max = 0;

		for (size_t i = l->start[slot]; i < l->start[slot + 1]; i++) {
			uint64_t end = pp_model_end(m, l->event[i]);

			max = end > max ? end : max;
			l->max_end[i] = max;
		}
	}
}

static void lists_free(struct pp_lists *l)
{
	free(l->start);
	free(l->event);
	free(l->max_end);
	*l = (struct pp_lists){ 0 };
}

/* Mappings and MRs as the walk in order of begin finds them. */
struct tracker {
	struct pp_model *m;
	bool *unmapped;   /* of each region */
	uint64_t *cut_ns; /* of each MR: when its pages left the region, PP_TIME_NEVER */
};

/* Data that goes with the mapping: anonymous memory and private copies. */
static bool volatile_space(const struct pp_region_def *region)
{
	return region->share == PP_PRIVATE || !pp_backings[region->backing].remaps;
}

/* What MRs pinned before is no longer what regions show: @region's, or all of its filesystem. */
static void cut(struct tracker *t, const struct pp_event *e, uint16_t region, uint16_t fs)
{
	const struct pp_plan *plan = t->m->plan;

	for (size_t i = 0; i < plan->n_mrs; i++) {
		const struct pp_region_def *of = &plan->regions[plan->mrs[i].region];

		if (fs == PP_NO_INDEX ? plan->mrs[i].region != region : of->fs != fs)
			continue;
		if (t->cut_ns[i] == PP_TIME_NEVER)
			t->cut_ns[i] = e->begin_ns;
	}
}

static void track_setup(struct tracker *t, uint32_t i)
{
	const struct pp_event *e = &t->m->history->events[i];
	const struct pp_region_def *region =
		e->object < t->m->plan->n_regions ? &t->m->plan->regions[e->object] : NULL;
	uint8_t lost = e->result || (e->flags & PP_EVENT_OPEN) ? PP_STATE_UNKNOWN : 0;

	/* What could not be unmapped or unmounted stays as it was. */
	if (e->result && (e->verb == PP_VERB_UNMAP || e->verb == PP_VERB_UMOUNT))
		return;
	switch ((int)e->verb) {
	case PP_VERB_UNMAP:
		t->unmapped[e->object] = true;
		if (volatile_space(region))
			cut(t, e, e->object, PP_NO_INDEX);
		break;
	case PP_VERB_MAP:
		if (t->unmapped[e->object] && volatile_space(region) && region->space == e->object)
			t->m->state[i] |= PP_STATE_RESET | lost;
		break;
	case PP_VERB_COLD_READ:
		if (region->fs != PP_NO_INDEX)
			cut(t, e, e->object, region->fs);
		break;
	case PP_VERB_MKFS:
		t->m->state[i] |= PP_STATE_RESET | lost;
		cut(t, e, PP_NO_INDEX, e->object);
		break;
	case PP_VERB_UMOUNT:
		if (!strcmp(t->m->plan->fs[e->object].type, "tmpfs"))
			t->m->state[i] |= PP_STATE_RESET | lost;
		cut(t, e, PP_NO_INDEX, e->object);
		break;
	}
}

/* The state of each event: one pass in order of begin. */
static void track(struct tracker *t)
{
	const struct pp_history *h = t->m->history;

	for (uint32_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];
		const struct pp_verb_info *verb = &pp_verbs[e->verb];
		const struct pp_op *op = pp_plan_op(t->m->plan, e->op);
		bool failed = e->result || (e->flags & PP_EVENT_OPEN);

		if (e->flags & PP_EVENT_SKIPPED)
			continue;
		track_setup(t, i);
		if (verb->kind == PP_KIND_PIN && !failed)
			t->cut_ns[e->object] = PP_TIME_NEVER;
		if (verb->kind != PP_KIND_PIN && verb->kind != PP_KIND_UNPIN &&
		    verb->target == PP_TARGET_MR && op && op->object < t->m->plan->n_mrs &&
		    t->cut_ns[op->object] != PP_TIME_NEVER &&
		    (t->cut_ns[op->object] <= e->end_ns || (e->flags & PP_EVENT_OPEN)))
			t->m->state[i] |= PP_STATE_DETACHED;
		if (writes(e) && (failed || (t->m->state[i] & PP_STATE_DETACHED)))
			t->m->state[i] |= PP_STATE_UNKNOWN;
	}
}

static int build_state(struct pp_model *m)
{
	struct tracker t = { .m = m };
	int ret = -ENOMEM;

	t.unmapped = calloc(m->plan->n_regions + 1, sizeof(*t.unmapped));
	t.cut_ns = malloc((m->plan->n_mrs + 1) * sizeof(*t.cut_ns));
	m->state = calloc(m->history->n_events + 1, sizeof(*m->state));
	if (t.unmapped && t.cut_ns && m->state) {
		for (size_t i = 0; i < m->plan->n_mrs; i++)
			t.cut_ns[i] = PP_TIME_NEVER;
		track(&t);
		ret = 0;
	}
	free(t.cut_ns);
	free(t.unmapped);
	return ret;
}

/* Slots: one for each page of each space, then 64 for each page that some write covers in part. */
static int build_slots(struct pp_model *m)
{
	const struct pp_plan *plan = m->plan;
	const struct pp_history *h = m->history;

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
	for (size_t r = 0; r < plan->n_regions; r++) {
		m->spaces[r].first_page = m->n_pages;
		m->n_pages += m->spaces[r].n_pages;
	}
	m->group = calloc(m->n_pages + 1, sizeof(*m->group));
	if (!m->group)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];
		uint64_t ends[2] = { e->offset_bytes, e->offset_bytes + e->length_bytes };
		uint16_t space = pp_model_space(plan, e);

		if (!writes(e) || space == PP_NO_INDEX)
			continue;
		m->n_keys++;
		for (int k = 0; k < 2; k++) {
			uint64_t page = ends[k] / PP_PAGE_BYTES;

			if (ends[k] % PP_PAGE_BYTES == 0 || page >= m->spaces[space].n_pages)
				continue;
			page += m->spaces[space].first_page;
			if (!m->group[page])
				m->group[page] = (uint32_t)++m->n_groups;
		}
	}
	return 0;
}

static int cmp_keys(const void *a, const void *b, void *arg)
{
	const struct pp_model *m = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct pp_event *e = &m->history->events[y];
	int order = pp_model_key_cmp(m, x, pp_model_space(m->plan, e), e->writer, e->gen);

	return order ? order : x < y ? -1 : x > y;
}

static int build_keys(struct pp_model *m)
{
	const struct pp_history *h = m->history;

	m->keys = calloc(m->n_keys + 1, sizeof(*m->keys));
	if (!m->keys)
		return -ENOMEM;
	m->n_keys = 0;
	for (uint32_t i = 0; i < h->n_events; i++) {
		if (writes(&h->events[i]) && !(h->events[i].flags & PP_EVENT_SKIPPED) &&
		    pp_model_space(m->plan, &h->events[i]) != PP_NO_INDEX)
			m->keys[m->n_keys++] = i;
	}
	qsort_r(m->keys, m->n_keys, sizeof(*m->keys), cmp_keys, m);
	return 0;
}

static int build_lists(struct pp_model *m)
{
	size_t cells = m->n_pages + m->n_groups * PP_CELLS_PER_PAGE;
	size_t regions = m->plan->n_regions;
	const struct {
		struct pp_lists *l;
		size_t n_slots;
	} all[] = {
		{ &m->writes, cells },
		{ &m->unknown, cells },
		{ &m->synced_pages, m->n_pages },
		{ &m->failed_pages, m->n_pages },
		{ &m->synced_spaces, regions },
		{ &m->failed_spaces, regions },
		{ &m->resets, regions },
	};
	struct build b = { .m = m };

	for (size_t i = 0; i < PP_ARRAY_LEN(all); i++)
		if (lists_alloc(all[i].l, all[i].n_slots))
			return -ENOMEM;
	walk(&b);
	for (size_t i = 0; i < PP_ARRAY_LEN(all); i++)
		if (lists_sum(all[i].l))
			return -ENOMEM;
	b.filing = true;
	walk(&b);
	for (size_t i = 0; i < PP_ARRAY_LEN(all); i++)
		lists_max(all[i].l, m);
	return 0;
}

int pp_model_build(struct pp_model *m, const struct pp_plan *plan, const struct pp_history *h,
		   struct pp_err *err)
{
	*m = (struct pp_model){ .plan = plan, .history = h };
	if (h->n_events >= PP_NO_EVENT || build_state(m) || build_slots(m) || build_keys(m) ||
	    build_lists(m))
		return pp_err_set(err, -ENOMEM, "index a history of %zu events", h->n_events);
	return 0;
}

void pp_model_free(struct pp_model *m)
{
	lists_free(&m->writes);
	lists_free(&m->unknown);
	lists_free(&m->synced_pages);
	lists_free(&m->synced_spaces);
	lists_free(&m->failed_pages);
	lists_free(&m->failed_spaces);
	lists_free(&m->resets);
	free(m->keys);
	free(m->group);
	free(m->spaces);
	free(m->state);
	*m = (struct pp_model){ 0 };
}
