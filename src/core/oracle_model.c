/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's index of a history: the questions that the rules ask of it. */
#include "core/oracle_model.h"

uint64_t pp_model_end(const struct pp_model *m, uint32_t event)
{
	return m->state[event] & PP_STATE_UNKNOWN ? PP_TIME_NEVER
						  : m->history->events[event].end_ns;
}

bool pp_model_place(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
		    struct pp_place *place)
{
	const struct pp_space *s = &m->spaces[space];
	uint64_t page = offset_bytes / PP_PAGE_BYTES;
	uint32_t group;

	if (page >= s->n_pages)
		return false;
	place->space = space;
	place->offset_bytes = offset_bytes;
	place->page = s->first_page + page;
	group = m->group[place->page];
	place->cell = group ? m->n_pages + (size_t)(group - 1) * PP_CELLS_PER_PAGE +
				      offset_bytes % PP_PAGE_BYTES / PP_CELL_BYTES
			    : 0;
	return true;
}

size_t pp_lists_before(const struct pp_lists *l, const struct pp_history *h, size_t slot,
		       uint64_t before_ns)
{
	size_t low = l->start[slot], high = l->start[slot + 1];

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->events[l->event[mid]].begin_ns < before_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low - l->start[slot];
}

/*
 * Latest begin among the slot's events that ended before the time. Those in the way began before
 * the time and end after it: no more than there are actors.
 */
static uint32_t slot_newest(const struct pp_lists *l, const struct pp_history *h, size_t slot,
			    uint64_t before_ns)
{
	size_t i = pp_lists_before(l, h, slot, before_ns);

	while (i-- > 0) {
		uint32_t event = l->event[l->start[slot] + i];

		if (h->events[event].end_ns < before_ns)
			return event;
	}
	return PP_NO_EVENT;
}

/* Of two events the one that begins later; events are sorted by begin. */
static uint32_t later(uint32_t a, uint32_t b)
{
	return b == PP_NO_EVENT || (a != PP_NO_EVENT && a > b) ? a : b;
}

uint32_t pp_model_newest(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns)
{
	uint32_t event = slot_newest(&m->writes, m->history, p->page, before_ns);

	if (p->cell)
		event = later(event, slot_newest(&m->writes, m->history, p->cell, before_ns));
	return event;
}

uint32_t pp_model_sync(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns)
{
	return later(slot_newest(&m->synced_pages, m->history, p->page, before_ns),
		     slot_newest(&m->synced_spaces, m->history, p->space, before_ns));
}

static uint64_t slot_last_end(const struct pp_lists *l, const struct pp_history *h, size_t slot,
			      uint64_t before_ns)
{
	size_t n = pp_lists_before(l, h, slot, before_ns);

	return n ? l->max_end[l->start[slot] + n - 1] : 0;
}

uint64_t pp_model_failed(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns)
{
	uint64_t pages = slot_last_end(&m->failed_pages, m->history, p->page, before_ns);
	uint64_t spaces = slot_last_end(&m->failed_spaces, m->history, p->space, before_ns);

	return pages > spaces ? pages : spaces;
}

static uint64_t earlier(uint64_t first_ns, const struct pp_lists *l, const struct pp_history *h,
			size_t slot)
{
	uint32_t event =
		l->start[slot] < l->start[slot + 1] ? l->event[l->start[slot]] : PP_NO_EVENT;

	return event != PP_NO_EVENT && h->events[event].begin_ns < first_ns
		       ? h->events[event].begin_ns
		       : first_ns;
}

uint64_t pp_model_first(const struct pp_model *m, const struct pp_place *p)
{
	uint64_t first_ns = PP_TIME_NEVER;
	size_t cells = m->group[p->page] ? PP_CELLS_PER_PAGE : 0;
	size_t base = cells ? m->n_pages + (size_t)(m->group[p->page] - 1) * cells : 0;

	for (size_t i = 0; i <= cells; i++) {
		size_t slot = i < cells ? base + i : p->page;

		first_ns = earlier(first_ns, &m->writes, m->history, slot);
		first_ns = earlier(first_ns, &m->unknown, m->history, slot);
	}
	return first_ns;
}

bool pp_model_initial(const struct pp_model *m, const struct pp_place *p, uint32_t newest,
		      uint64_t end_ns)
{
	const struct pp_lists *l = &m->resets;
	size_t n;

	if (newest == PP_NO_EVENT || (m->state[newest] & PP_STATE_RESET))
		return true;
	n = pp_lists_before(l, m->history, p->space, end_ns);
	for (size_t i = 0; i < n; i++)
		if (pp_model_end(m, l->event[l->start[p->space] + i]) >=
		    m->history->events[newest].begin_ns)
			return true;
	return false;
}

int pp_model_key_cmp(const struct pp_model *m, uint32_t event, uint16_t space, uint32_t writer,
		     uint32_t gen)
{
	const struct pp_event *e = &m->history->events[event];
	uint16_t s = pp_model_space(m->plan, e);

	if (s != space)
		return s < space ? -1 : 1;
	if (e->writer != writer)
		return e->writer < writer ? -1 : 1;
	return e->gen < gen ? -1 : e->gen > gen;
}

uint32_t pp_model_find(const struct pp_model *m, const struct pp_place *p, uint32_t writer,
		       uint32_t gen)
{
	size_t low = 0, high = m->n_keys;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (pp_model_key_cmp(m, m->keys[mid], p->space, writer, gen) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < m->n_keys && !pp_model_key_cmp(m, m->keys[low], p->space, writer, gen);
	     low++) {
		const struct pp_event *e = &m->history->events[m->keys[low]];

		/* A cell that the write reached only in part is its cell too. */
		if (e->offset_bytes <= p->offset_bytes &&
		    p->offset_bytes - e->offset_bytes < e->length_bytes)
			return m->keys[low];
	}
	return PP_NO_EVENT;
}
