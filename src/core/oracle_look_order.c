/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the things seen rule O3 hears of: only where more than one value was possible can a cell
 * go back. */
#include "core/oracle_look.h"

static bool in_flight(const struct pp_look *l, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < l->m->n_pending; i++) {
		const struct pp_pending *p = &l->m->pending[i];

		if (p->writes && p->at.space == l->space && p->at.from < to && from < p->at.to)
			return true;
	}
	return false;
}

static bool all_are(const struct pp_cells *cells, uint64_t from, uint64_t to, int32_t v)
{
	int32_t least, most;

	if (!cells->newest || cells->splits[from / PP_PAGE_BYTES])
		return false;
	pp_cells_range(cells->newest + from / PP_CELL_BYTES, (to - from) / PP_CELL_BYTES, &least,
		       &most);
	return least == most && least == v;
}

/* Is what shows all that a durable image can show: promised, and nothing newer was written? */
static bool settled(const struct pp_look *l, uint64_t from, uint64_t to, uint32_t found)
{
	const struct pp_space *s = &l->m->spaces[l->space];

	return all_are(&s->disk, from, to, (int32_t)(found + 1)) &&
	       all_are(&s->now, from, to, (int32_t)(found + 1));
}

/* A hole may have made zeros of a part of them only, and later than of the rest. */
static void tell_zeros(const struct pp_look *l, uint64_t from, uint64_t to)
{
	uint64_t at = from, end = pp_model_zeroed(l->m, l->space, from, l->end_ns), next;

	for (from += PP_CELL_BYTES; from <= to; from += PP_CELL_BYTES) {
		next = from < to ? pp_model_zeroed(l->m, l->space, from, l->end_ns) : end;
		if (next == end && from < to)
			continue;
		pp_rule_order(l->j, l->event, l->space, at, from - at, PP_NO_EVENT, end);
		at = from;
		end = next;
	}
}

void pp_look_order(const struct pp_look *l, uint64_t from, uint64_t to, uint32_t found)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	size_t page = from / PP_PAGE_BYTES;
	uint64_t end;

	if (!l->ordered || s->moves)
		return;
	if (!pp_bit(s->contested, page) && !pp_bit(s->doubtful, page) &&
	    (!l->durable || settled(l, from, to, found)) && !in_flight(l, from, to) &&
	    !pp_model_soon(l->m, l->event, l->space, from, to))
		return;
	if (found == PP_NO_EVENT) {
		tell_zeros(l, from, to);
		return;
	}
	end = l->m->state[found] & (PP_STATE_UNKNOWN | PP_STATE_WEAK)
		      ? PP_TIME_NEVER
		      : l->j->h->events[found].end_ns;
	pp_rule_order(l->j, l->event, l->space, from, to - from, found, end);
}
