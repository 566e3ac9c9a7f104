/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules O1, O2, O4 and O5 for cells that are judged byte by byte: mixes of
 * stamps, and cells that some write covered in part.
 */
#include <string.h>

#include "core/oracle_look.h"

/* Writes to one cell that are tried to explain it; what is older counts as explained. */
#define WRITES_MAX 4096

/* Which bytes of a cell some possible write explains. */
struct mix {
	const struct pp_look *l;
	const uint8_t *raw;
	uint16_t space;              /* whose writes are tried */
	int32_t need[PP_CELL_BYTES]; /* what rules older writes out */
	uint64_t explained;          /* one bit for each byte */
	size_t tried, possible;      /* writes; those possible for some byte */
	uint32_t first;              /* event that explains byte @watch */
	unsigned watch;
	bool count; /* only how many are possible: @raw, zeros, is not what was seen */
};

static void explain(struct mix *x, unsigned i, uint32_t event)
{
	if (x->count)
		return;
	x->explained |= 1ull << i;
	if (i == x->watch && x->first == PP_NO_EVENT)
		x->first = event;
}

/* One write; false: it is not of this cell. @for_ever: of unknown outcome here, so nothing rules it
 * out. */
static bool try_write(struct mix *x, uint32_t event, bool for_ever)
{
	const struct pp_look *l = x->l;
	const struct pp_event *events = l->j->h->events, *w = &events[event];
	uint64_t from = w->offset_bytes, to = from + w->length_bytes;
	uint8_t cell[PP_CELL_BYTES];
	bool any = false, wild;

	if (from >= l->at + PP_CELL_BYTES || to <= l->at)
		return false;
	/* A short write may have reached the rest of its last cell. */
	if (w->flags & PP_EVENT_PARTIAL)
		to = (to + PP_CELL_BYTES - 1) / PP_CELL_BYTES * PP_CELL_BYTES;
	/* What an addition that went wrong left is the sum of two stamps' words. */
	wild = for_ever && w->verb == PP_VERB_ATOMIC_ADD;
	pp_stamp_put(cell, &(struct pp_stamp){ .run = l->j->h->run,
					       .region = x->space,
					       .offset_bytes = l->at,
					       .writer = w->writer,
					       .generation = w->gen });
	for (unsigned i = 0; i < PP_CELL_BYTES; i++) {
		int32_t need = x->need[i];

		if (l->at + i < from || l->at + i >= to)
			continue;
		if (!for_ever && need > 0 && event + 1 < (uint32_t)need &&
		    w->end_ns < events[need - 1].begin_ns)
			continue;
		any = true;
		if (wild || x->raw[i] == cell[i])
			explain(x, i, event);
	}
	x->possible += any;
	return true;
}

/* Where in a list, which begins at @first and ends at @end, the events from @before on begin. */
static size_t list_end(const struct pp_lists *lists, size_t first, size_t end, uint32_t before)
{
	while (first < end) {
		size_t mid = first + (end - first) / 2;

		if (lists->event[mid] < before)
			first = mid + 1;
		else
			end = mid;
	}
	return first;
}

static void try_list(struct mix *x, const struct pp_lists *lists, int32_t least, bool for_ever)
{
	const struct pp_look *l = x->l;
	const struct pp_space *s = &l->m->spaces[x->space];
	size_t page = l->at / PP_PAGE_BYTES, first, i;

	if (!s->marked || page >= s->n_pages || !pp_bit(s->marked, page))
		return;
	first = lists->start[s->list[page]];
	i = list_end(lists, first, lists->start[s->list[page] + 1],
		     pp_model_before(l->j->h, l->end_ns));
	while (i-- > first && (int32_t)lists->event[i] + 1 >= least && x->explained != UINT64_MAX)
		if (try_write(x, lists->event[i], for_ever) && ++x->tried > WRITES_MAX)
			x->explained = UINT64_MAX;
}

static bool try_flight(void *arg, uint32_t event)
{
	struct mix *x = arg;
	const struct pp_event *w = &x->l->j->h->events[event];

	if (pp_model_writes(w) && pp_model_space(x->l->j->plan, w) == x->space)
		(void)try_write(x, event, false);
	return x->explained != UINT64_MAX;
}

static void try_zeros(struct mix *x)
{
	const struct pp_look *l = x->l;

	for (unsigned i = 0; i < PP_CELL_BYTES; i++) {
		int32_t need = x->need[i];

		if (x->raw[i] || (x->explained >> i & 1) ||
		    !pp_model_zero(l->m, x->space, l->at + i, l->at + i + 1, need, l->end_ns))
			continue;
		if (x->count) {
			x->possible++;
			return;
		}
		explain(x, i, need > 0 ? (uint32_t)need - 1 : PP_NO_EVENT);
	}
}

/* Which bytes of @raw any write to @space explains that began before the clone of it had ended. */
static uint64_t source_bytes(const struct mix *x, uint16_t space, uint32_t clone)
{
	const struct pp_space *s = &x->l->m->spaces[space];
	size_t page = x->l->at / PP_PAGE_BYTES;
	struct pp_look then = *x->l;
	struct mix source = { .l = &then, .raw = x->raw, .space = space, .first = PP_NO_EVENT };

	/* What others gave to the source, or what moved in it, may be anything. */
	if (s->clone || s->cloning || s->moves || page >= s->n_pages || !s->marked ||
	    !pp_bit(s->marked, page))
		return UINT64_MAX;
	then.end_ns = x->l->j->h->events[clone].end_ns;
	source.watch = PP_CELL_BYTES;
	try_list(&source, &x->l->m->touch, 0, false);
	if (source.explained != UINT64_MAX)
		try_list(&source, &x->l->m->unknown, 0, true);
	for (unsigned i = 0; i < PP_CELL_BYTES; i++)
		if (!x->raw[i])
			explain(&source, i, clone);
	return source.explained;
}

/*
 * Bytes of a file that is a clone, where nothing that began behind the clone had to show. A failed
 * sync may have brought back those of an earlier clone, so each source is asked.
 */
static void try_clone(struct mix *x)
{
	const struct pp_look *l = x->l;
	const struct pp_event *events = l->j->h->events;
	uint64_t bytes = 0;
	uint16_t source;
	uint32_t clone = pp_model_clone_of(l->m, x->space, &source);

	if (clone == PP_NO_EVENT)
		return;
	for (uint16_t r = 0; r < l->j->plan->n_regions && bytes != UINT64_MAX; r++)
		if (r != x->space && l->m->spaces[r].clones && l->m->spaces[r].n_pages)
			bytes |= source_bytes(x, r, clone);
	for (unsigned i = 0; i < PP_CELL_BYTES; i++)
		if ((bytes >> i & 1) &&
		    (x->need[i] <= 0 || events[x->need[i] - 1].begin_ns <= events[clone].end_ns))
			explain(x, i, clone);
}

/* All that is possible in one space beside what x->need has to show. */
static void try_space(struct mix *x)
{
	const struct pp_look *l = x->l;
	int32_t least = x->need[0];

	for (unsigned i = 1; i < PP_CELL_BYTES; i++)
		least = x->need[i] < least ? x->need[i] : least;
	try_list(x, &l->m->touch, least, false);
	if (x->explained != UINT64_MAX)
		try_list(x, &l->m->unknown, 0, true);
	try_zeros(x);
	try_clone(x);
	/* Older than what has to show, but not ended when that began. */
	for (unsigned i = 0; i < PP_CELL_BYTES && x->explained != UINT64_MAX; i++)
		if (x->need[i] > 0 && (!i || x->need[i] != x->need[i - 1]))
			pp_model_flight(l->m, (uint32_t)x->need[i] - 1,
					l->j->h->events[x->need[i] - 1].begin_ns, try_flight, x);
}

static struct mix mix_of(const struct pp_look *l, const uint8_t *raw)
{
	struct mix x = {
		.l = l,
		.raw = raw,
		.space = l->space,
		.first = PP_NO_EVENT,
		.watch = PP_CELL_BYTES,
	};

	memcpy(x.need, l->need, sizeof(x.need));
	return x;
}

/* Bytes that the file behind a private mapping may show through. */
static void try_file(struct mix *x)
{
	const struct pp_look *l = x->l;
	struct mix file = mix_of(l, x->raw);

	if (l->file == PP_NO_INDEX || x->explained == UINT64_MAX)
		return;
	file.space = l->file;
	memset(file.need, 0, sizeof(file.need));
	/* What is explained already is not looked for: that may be far back, or nowhere. */
	file.explained = x->explained;
	try_space(&file);
	for (unsigned i = 0; i < PP_CELL_BYTES; i++)
		if ((file.explained & ~x->explained) >> i & 1 &&
		    pp_model_zero(l->m, l->space, l->at + i, l->at + i + 1, x->need[i], l->end_ns))
			explain(x, i, PP_NO_EVENT);
}

static struct mix possible(const struct pp_look *l, const uint8_t *raw)
{
	struct mix x = mix_of(l, raw);

	try_space(&x);
	try_file(&x);
	return x;
}

/* Everything that was ever begun. @watch: a byte whose write is of interest. */
static struct mix ever(const struct pp_look *l, const uint8_t *raw, unsigned watch)
{
	struct mix x = mix_of(l, raw);

	memset(x.need, 0, sizeof(x.need));
	x.watch = watch;
	try_space(&x);
	try_file(&x);
	return x;
}

/* Has any write to the cell that began before the observation ended not ended before the time? */
static bool busy(const struct pp_look *l, uint64_t since_ns)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	size_t page = l->at / PP_PAGE_BYTES;
	const struct pp_lists *both[] = { &l->m->touch, &l->m->unknown };
	uint32_t before = pp_model_before(l->j->h, l->end_ns);

	if (!s->marked || !pp_bit(s->marked, page))
		return false;
	for (int k = 0; k < 2; k++) {
		size_t first = both[k]->start[s->list[page]];
		size_t i = list_end(both[k], first, both[k]->start[s->list[page] + 1], before);

		while (i-- > first) {
			const struct pp_event *w = &l->j->h->events[both[k]->event[i]];

			if ((k || w->end_ns >= since_ns) &&
			    w->offset_bytes < l->at + PP_CELL_BYTES &&
			    w->offset_bytes + w->length_bytes > l->at)
				return true;
		}
	}
	return false;
}

/* The write that shows in some bytes and had to show in others as well: one that was torn. */
static bool torn(const struct pp_look *l, const uint8_t *raw, int32_t need, uint64_t bad)
{
	const struct pp_event *w = &l->j->h->events[need - 1];
	uint8_t cell[PP_CELL_BYTES] = { 0 };
	unsigned same = 0;

	if (!(l->m->state[need - 1] & PP_STATE_BLANK))
		pp_stamp_put(cell, &(struct pp_stamp){ .run = l->j->h->run,
						       .region = l->space,
						       .offset_bytes = l->at,
						       .writer = w->writer,
						       .generation = w->gen });
	/* Only words that no two stamps share tell anything: see stamp.h. */
	for (unsigned i = 32; i + 8 <= PP_CELL_BYTES; i += 8)
		same += !(bad >> i & 0xff) && l->need[i] == need && l->need[i + 7] == need &&
			!memcmp(raw + i, cell + i, 8);
	return same > 0;
}

static void judge_old_bytes(const struct pp_look *l, const uint8_t *raw, uint64_t bad,
			    uint32_t found)
{
	unsigned first = (unsigned)__builtin_ctzll(bad);
	int32_t need = l->need[first];
	struct pp_stamp s;

	if (found != PP_NO_EVENT && pp_stamp_get(raw, &s)) {
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_STALE, need, found, &s);
		return;
	}
	/* Zeros come from a hole that was there, not from the one byte of an older stamp that is
	 * zero, too. */
	if (l->e->seen == PP_SEEN_ZERO) {
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_ZERO, need, PP_NO_EVENT, NULL);
		return;
	}
	if (l->whole || torn(l, raw, need, bad)) {
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_TORN, need, PP_NO_EVENT, NULL);
		return;
	}
	pp_look_broken(l, pp_look_age(l, need), PP_CLASS_STALE, need, ever(l, raw, first).first,
		       NULL);
}

void pp_look_bytes(const struct pp_look *l, const uint8_t *raw, uint32_t found)
{
	struct mix x = possible(l, raw), all;
	uint64_t bad = ~x.explained;
	unsigned first;

	if (!bad)
		return;
	first = (unsigned)__builtin_ctzll(bad);
	all = ever(l, raw, first);
	if (all.explained != UINT64_MAX) {
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_GARBAGE, 0, PP_NO_EVENT, NULL);
		return;
	}
	if (!l->durable) {
		judge_old_bytes(l, raw, bad, found);
		return;
	}
	if (l->sync == PP_NO_EVENT || l->need[first] <= 0)
		return;
	if (!busy(l, l->j->h->events[l->sync].begin_ns)) {
		if (l->whole)
			pp_look_broken(l, PP_O2_DURABILITY, PP_CLASS_TORN, l->need[first],
				       PP_NO_EVENT, NULL);
		else
			judge_old_bytes(l, raw, bad, found);
	}
}

void pp_look_lost(const struct pp_look *l)
{
	static const uint8_t nothing[PP_CELL_BYTES];
	const struct pp_space *s = &l->m->spaces[l->space];
	struct mix x = mix_of(l, nothing);

	if (l->durable || l->detached || !l->whole)
		return;
	/* Held pages may have been split when they were taken; stamps of another place or file
	 * need their bytes kept, too. */
	if (l->held || l->file != PP_NO_INDEX || s->moves || s->clones)
		return;
	/* What one write alone made is whole; two may have been mixed, or one with zeros. */
	x.count = true;
	try_space(&x);
	if (x.possible <= 1 && x.explained != UINT64_MAX && !busy(l, l->begin_ns))
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_GARBAGE, 0, PP_NO_EVENT, NULL);
}
