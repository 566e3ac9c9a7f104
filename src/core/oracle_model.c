/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's model: the questions that the rules ask of it. */
#include "core/oracle_model_private.h"

#include <stdlib.h>

uint64_t pp_model_end(const struct pp_model *m, uint32_t event)
{
	return m->state[event] & PP_STATE_UNKNOWN ? PP_TIME_NEVER
						  : m->history->events[event].end_ns;
}

uint64_t pp_model_begin(const struct pp_model *m, uint32_t event)
{
	size_t low = 0, high = m->n_gated;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->gated[mid].event == event)
			return m->gated[mid].begin_ns;
		if (m->gated[mid].event < event)
			low = mid + 1;
		else
			high = mid;
	}
	return m->history->events[event].begin_ns;
}

bool pp_model_place(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
		    struct pp_place *place)
{
	if (offset_bytes / PP_PAGE_BYTES >= m->spaces[space].n_pages)
		return false;
	place->space = space;
	place->offset_bytes = offset_bytes;
	return true;
}

struct pp_extent pp_model_extent(const struct pp_model *m, uint32_t event)
{
	const struct pp_event *e = &m->history->events[event];
	struct pp_extent x = { pp_model_space(m->plan, e), e->offset_bytes,
			       e->offset_bytes + e->length_bytes };
	uint64_t end;

	if (x.space == PP_NO_INDEX)
		return x;
	end = m->spaces[x.space].n_pages * PP_PAGE_BYTES;
	x.to = x.to < end ? x.to : end;
	if ((e->flags & PP_EVENT_PARTIAL) && !(m->state[event] & PP_STATE_UNKNOWN))
		x.to -= x.to % PP_CELL_BYTES;
	x.to = x.to < x.from ? x.from : x.to;
	return x;
}

void pp_model_each_zero(const struct pp_model *m, uint32_t event,
			void (*fn)(void *arg, const struct pp_extent *x), void *arg)
{
	const struct pp_event *e = &m->history->events[event];
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	bool fs = verb->target == PP_TARGET_FS;

	if (verb->kind == PP_KIND_HAZARD) {
		struct pp_extent x = pp_model_extent(m, event);

		if (x.space == PP_NO_INDEX)
			return;
		if (e->verb == PP_VERB_TRUNCATE)
			x.to = m->spaces[x.space].n_pages * PP_PAGE_BYTES;
		/* madvise() rounds the length up to pages. */
		if (verb->effect == PP_EFFECT_DROP)
			x.to = (x.to + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES * PP_PAGE_BYTES;
		if (x.from < x.to)
			fn(arg, &x);
		return;
	}
	for (uint16_t r = 0; r < m->plan->n_regions; r++) {
		const struct pp_region_def *region = &m->plan->regions[r];
		struct pp_extent x = { r, 0, m->spaces[r].n_pages * PP_PAGE_BYTES };

		if (region->space == r && (fs ? region->fs == e->object : r == e->object))
			fn(arg, &x);
	}
}

uint32_t pp_model_before(const struct pp_history *h, uint64_t before_ns)
{
	size_t low = 0, high = h->n_events;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->events[mid].begin_ns < before_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint32_t)low;
}

/* How many events of a rare kind began before the time. */
static size_t rare_before(const struct pp_rare *r, const struct pp_history *h, uint64_t before_ns)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->events[r->event[mid]].begin_ns < before_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* ---- syncs ---- */

/* Does the sync answer for the file? */
static bool answers(const struct pp_model *m, uint32_t event, const struct pp_place *p)
{
	const struct pp_event *e = &m->history->events[event];

	if (e->verb == PP_VERB_SYNCFS)
		return m->plan->regions[p->space].fs == e->object;
	return pp_model_space(m->plan, e) == p->space;
}

/* Does the sync look after the place? */
static bool syncs(const struct pp_model *m, uint32_t event, const struct pp_place *p)
{
	const struct pp_event *e = &m->history->events[event];
	uint64_t from = e->offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES;

	if (!answers(m, event, p))
		return false;
	if (!pp_verbs[e->verb].ranged)
		return true;
	return p->offset_bytes >= from &&
	       p->offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES < e->offset_bytes + e->length_bytes;
}

/* A file's error of writeback is told once, to whichever sync comes first, also to one of another
 * range (file_check_and_advance_wb_err()). */
uint64_t pp_model_failed(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns)
{
	size_t i = m->failed.n ? rare_before(&m->failed, m->history, before_ns) : 0;
	uint64_t latest = 0;

	while (i-- > 0 && m->failed.max_end[i] > latest) {
		uint64_t end = m->history->events[m->failed.event[i]].end_ns;

		if (end > latest && answers(m, m->failed.event[i], p))
			latest = end;
	}
	return latest;
}

uint32_t pp_model_sync(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns)
{
	size_t i = rare_before(&m->synced, m->history, before_ns);

	while (i-- > 0) {
		uint32_t event = m->synced.event[i];

		if (m->history->events[event].end_ns < before_ns && syncs(m, event, p))
			return event;
	}
	return PP_NO_EVENT;
}

/* ---- writes ---- */

static size_t first_key(const struct pp_model *m, const struct pp_keys *k, uint32_t gen)
{
	const struct pp_event *events = m->history->events;
	const uint32_t *keys = k->of.event;
	size_t low = 0, high = k->of.n, guess;

	/* Generations mostly count from one, without gaps. */
	if (low < high && gen >= events[keys[0]].gen) {
		guess = gen - events[keys[0]].gen;
		if (guess < high && events[keys[guess]].gen == gen &&
		    (guess == 0 || events[keys[guess - 1]].gen != gen))
			return guess;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (events[keys[mid]].gen < gen)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t pp_model_find(const struct pp_model *m, const struct pp_place *p, uint32_t writer,
		       uint32_t gen)
{
	const struct pp_event *events = m->history->events;
	const struct pp_event_list *keys;

	if (writer >= m->n_writers)
		return PP_NO_EVENT;
	keys = &m->keys[writer].of;
	for (size_t i = first_key(m, &m->keys[writer], gen);
	     i < keys->n && events[keys->event[i]].gen == gen; i++) {
		const struct pp_event *e = &events[keys->event[i]];

		/* A cell that the write reached only in part is its cell too. */
		if (e->offset_bytes < p->offset_bytes + PP_CELL_BYTES &&
		    p->offset_bytes < e->offset_bytes + e->length_bytes &&
		    pp_model_space(m->plan, e) == p->space)
			return keys->event[i];
	}
	return PP_NO_EVENT;
}

/* Where the write's key is if its writer's generations have no gaps; NULL: they have. */
static const uint32_t *key_at(const struct pp_model *m, uint32_t writer, uint32_t gen)
{
	const struct pp_keys *k;
	size_t at;

	if (writer >= m->n_writers)
		return NULL;
	k = &m->keys[writer];
	if (!k->first_gen || gen < k->first_gen)
		return NULL;
	at = gen - k->first_gen;
	return at < k->of.n ? k->of.event + at : NULL;
}

bool pp_model_is(const struct pp_model *m, uint32_t event, uint32_t writer, uint32_t gen)
{
	const uint32_t *key = key_at(m, writer, gen);
	const struct pp_event *e = &m->history->events[event];

	if (key)
		return *key == event;
	return pp_model_writes(e) && e->writer == writer && e->gen == gen;
}

void pp_model_fetch(const struct pp_model *m, uint32_t writer, uint32_t gen)
{
	const uint32_t *key = key_at(m, writer, gen);

	if (key)
		__builtin_prefetch(key);
}

/* ---- what was in flight ---- */

static bool ends_certain(const struct pp_model *m, uint32_t i)
{
	return (pp_model_writes(&m->history->events[i]) || (m->state[i] & PP_STATE_ZEROS)) &&
	       !(m->state[i] & PP_STATE_UNKNOWN) &&
	       !(m->history->events[i].flags & PP_EVENT_SKIPPED);
}

/* The tree of latest ends; without memory for it, all events are walked. */
static void build_ends(struct pp_model *m)
{
	size_t n = m->history->n_events;

	for (int level = 0; level < (int)PP_ARRAY_LEN(m->ends) && n > 64; level++) {
		size_t below = n;

		n = (n + 63) / 64;
		m->ends[level] = calloc(n, sizeof(uint64_t));
		if (!m->ends[level])
			return;
		for (size_t i = 0; i < below; i++) {
			uint64_t end = level                          ? m->ends[level - 1][i]
				       : ends_certain(m, (uint32_t)i) ? m->history->events[i].end_ns
								      : 0;

			if (end > m->ends[level][i / 64])
				m->ends[level][i / 64] = end;
		}
		m->n_ends[level] = n;
		m->levels = level + 1;
	}
}

void pp_model_flight(struct pp_model *m, uint32_t limit, uint64_t at_ns,
		     bool (*fn)(void *arg, uint32_t event), void *arg)
{
	size_t i = limit;

	if (!m->levels)
		build_ends(m);
	while (i > 0) {
		bool skipped = false;

		for (int level = m->levels - 1; level >= 0 && !skipped && i % 64 == 0; level--) {
			size_t span = (size_t)64 << 6 * level;

			if (i % span || m->ends[level][i / span - 1] >= at_ns)
				continue;
			i -= span;
			skipped = true;
		}
		if (skipped)
			continue;
		i--;
		if (m->history->events[i].end_ns >= at_ns && ends_certain(m, (uint32_t)i) &&
		    !fn(arg, (uint32_t)i))
			return;
	}
}

/* ---- zeros ---- */

struct zero_query {
	const struct pp_model *m;
	uint16_t space;
	uint64_t from, to;
	bool covered;
};

static void zero_covers(void *arg, const struct pp_extent *x)
{
	struct zero_query *q = arg;

	q->covered |= x->space == q->space && x->from <= q->from && x->to >= q->to;
}

static bool zero_in_flight(void *arg, uint32_t event)
{
	struct zero_query *q = arg;

	if (q->m->state[event] & PP_STATE_ZEROS)
		pp_model_each_zero(q->m, event, zero_covers, q);
	return !q->covered;
}

/* A hole that was over when the write began that has to show, though nobody knows how far it went.
 * What truncate leaves behind the end of the file may become zeros later, and so may what a failed
 * hole left. */
static bool long_over(const struct pp_model *m, uint32_t hole, const struct pp_event *write)
{
	const struct pp_event *e = &m->history->events[hole];

	return (m->state[hole] & PP_STATE_HOLE) && e->verb != PP_VERB_TRUNCATE && !e->result &&
	       !(e->flags & PP_EVENT_OPEN) && e->end_ns < write->begin_ns;
}

bool pp_model_zero(struct pp_model *m, uint16_t space, uint64_t from, uint64_t to, int32_t need,
		   uint64_t end_ns)
{
	struct zero_query q = { m, space, from, to, false };
	size_t i;

	if (need <= 0 || (m->state[need - 1] & PP_STATE_BLANK))
		return true;
	/* Whatever began later, up to the end of the observation. */
	i = rare_before(&m->zeros, m->history, end_ns);
	while (i-- > 0 && !q.covered && m->zeros.event[i] >= (uint32_t)need)
		pp_model_each_zero(m, m->zeros.event[i], zero_covers, &q);
	i = rare_before(&m->lost_zeros, m->history, end_ns);
	while (i-- > 0 && !q.covered)
		if (!long_over(m, m->lost_zeros.event[i], &m->history->events[need - 1]))
			pp_model_each_zero(m, m->lost_zeros.event[i], zero_covers, &q);
	if (!q.covered && m->zeros.n)
		pp_model_flight(m, (uint32_t)need - 1, m->history->events[need - 1].begin_ns,
				zero_in_flight, &q);
	return q.covered;
}

#define ZEROED_MAX 64 /* zeroing events looked back at */

uint64_t pp_model_zeroed(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
			 uint64_t end_ns)
{
	struct zero_query q = { m, space, offset_bytes, offset_bytes + PP_CELL_BYTES, false };
	size_t i = rare_before(&m->zeros, m->history, end_ns), tried = 0;
	uint64_t latest = 0;

	if (rare_before(&m->lost_zeros, m->history, end_ns))
		return PP_TIME_NEVER;
	while (i-- > 0 && m->zeros.max_end[i] > latest) {
		uint64_t end = m->history->events[m->zeros.event[i]].end_ns;

		if (++tried > ZEROED_MAX)
			return PP_TIME_NEVER;
		q.covered = false;
		pp_model_each_zero(m, m->zeros.event[i], zero_covers, &q);
		/* Behind the end of a file writeback makes zeros again and again. */
		if (q.covered && m->history->events[m->zeros.event[i]].verb == PP_VERB_TRUNCATE)
			return PP_TIME_NEVER;
		if (q.covered && end > latest)
			latest = end;
	}
	return latest;
}

struct overlap {
	struct pp_extent at;
	bool found;
};

static void zero_touches(void *arg, const struct pp_extent *x)
{
	struct overlap *o = arg;

	o->found |= x->space == o->at.space && x->from < o->at.to && o->at.from < x->to;
}

bool pp_model_resets(const struct pp_model *m, uint16_t space, uint64_t from, uint64_t to,
		     uint64_t begin_ns, uint64_t end_ns)
{
	const struct pp_rare *both[] = { &m->zeros, &m->lost_zeros };
	struct overlap o = { { space, from, to }, false };

	for (size_t k = 0; k < PP_ARRAY_LEN(both); k++) {
		const struct pp_rare *r = both[k];
		size_t i = r->n ? rare_before(r, m->history, end_ns + 1) : 0;

		while (i-- > 0 && r->max_end[i] >= begin_ns && !o.found) {
			const struct pp_event *e = &m->history->events[r->event[i]];

			if ((m->state[r->event[i]] & PP_STATE_RESET) &&
			    (e->end_ns >= begin_ns || (e->flags & PP_EVENT_OPEN)))
				pp_model_each_zero(m, r->event[i], zero_touches, &o);
		}
	}
	return o.found;
}

/* ---- shifts and clones ---- */

uint16_t pp_model_source(const struct pp_model *m, uint32_t event)
{
	if (!(m->state[event] & PP_STATE_CLONE))
		return PP_NO_INDEX;
	return m->plan->regions[m->history->events[event].object].file_space;
}

uint32_t pp_model_clone_of(const struct pp_model *m, uint16_t space, uint16_t *source)
{
	uint32_t clone = m->spaces[space].clone;

	if (!clone)
		return PP_NO_EVENT;
	*source = pp_model_source(m, clone - 1);
	return clone - 1;
}

static bool upsets(const struct pp_model *m, uint32_t event, uint16_t space)
{
	const struct pp_event *e = &m->history->events[event];
	const struct pp_op *op;

	if (m->state[event] & PP_STATE_CLONE) {
		op = pp_plan_op(m->plan, e->op);
		return m->plan->regions[op->to].file_space == space;
	}
	return pp_model_space(m->plan, e) == space ||
	       (e->object < m->plan->n_regions && m->plan->regions[e->object].space == space);
}

bool pp_model_upset(const struct pp_model *m, uint16_t space, uint64_t begin_ns, uint64_t end_ns)
{
	size_t i = m->upsets.n ? rare_before(&m->upsets, m->history, end_ns) : 0;

	while (i-- > 0 && m->upsets.max_end[i] >= begin_ns) {
		uint32_t event = m->upsets.event[i];

		if ((m->history->events[event].end_ns >= begin_ns) && upsets(m, event, space))
			return true;
	}
	return false;
}

bool pp_model_held_whole(const struct pp_model *m, const bool *held, uint16_t region,
			 struct pp_extent x)
{
	for (size_t i = 0; i < m->plan->n_mrs; i++) {
		const struct pp_mr_def *mr = &m->plan->mrs[i];
		struct pp_extent own = pp_extent_pages((struct pp_extent){
			x.space, mr->offset_bytes, mr->offset_bytes + mr->length_bytes });

		if (held[i] && mr->region == region && own.from <= x.from && own.to >= x.to)
			return true;
	}
	return false;
}
