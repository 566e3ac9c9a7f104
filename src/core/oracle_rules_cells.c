/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O1 (coherence), O2 (durability) and O4 (identity): what each observed cell may show. */
#include <string.h>

#include "core/oracle_rules.h"

/* One observed cell, or one page whose cells the history cannot tell apart. */
struct look {
	struct pp_judge *j;
	const struct pp_event *e;
	uint32_t event;
	bool durable;         /* sees a durable image: O2, not O1 */
	bool private_mapping; /* of a file: shows the file's data until its pages are copied */
	struct pp_place at;
	uint64_t length_bytes;
};

/* What the place has to show at least, and who says so. */
struct demand {
	uint32_t write; /* newest that had to show, PP_NO_EVENT: nothing had to */
	uint32_t sync;  /* O2: the sync that promised it */
};

/* Newest write that ended before the time, unless a failed sync made it unknown. */
static uint32_t newest_known(const struct look *l, const struct pp_place *p, uint64_t before_ns)
{
	const struct pp_model *m = &l->j->model;
	uint32_t write = pp_model_newest(m, p, before_ns);

	if (write == PP_NO_EVENT ||
	    l->j->h->events[write].begin_ns <= pp_model_failed(m, p, l->e->end_ns))
		return PP_NO_EVENT;
	return write;
}

static struct demand demand_of(const struct look *l)
{
	const struct pp_region_def *space = &l->j->plan->regions[l->at.space];
	struct demand d = { PP_NO_EVENT, PP_NO_EVENT };

	/* The MR kept the old pages: they share nothing with the region any more. */
	if (l->j->model.state[l->event] & PP_STATE_DETACHED)
		return d;
	if (!l->durable) {
		d.write = newest_known(l, &l->at, l->e->begin_ns);
		return d;
	}
	if (!pp_backings[space->backing].has_disk)
		return d;
	d.sync = pp_model_sync(&l->j->model, &l->at, l->e->begin_ns);
	if (d.sync != PP_NO_EVENT)
		d.write = newest_known(l, &l->at, l->j->h->events[d.sync].begin_ns);
	return d;
}

static void broken(const struct look *l, enum pp_rule rule, enum pp_class cls, struct demand d,
		   uint32_t found, const struct pp_stamp *stamp)
{
	struct pp_broken b = {
		.rule = rule,
		.cls = cls,
		.event = l->event,
		.space = l->at.space,
		.offset_bytes = l->at.offset_bytes,
		.length_bytes = l->length_bytes,
		.expected = d.write,
		.found = found,
		.sync = d.write == PP_NO_EVENT ? PP_NO_EVENT : d.sync,
		.has_stamp = stamp != NULL,
	};

	if (stamp)
		b.stamp = *stamp;
	pp_judge_broken(l->j, &b);
}

static enum pp_rule rule_of_age(const struct look *l)
{
	return l->durable ? PP_O2_DURABILITY : PP_O1_COHERENCE;
}

static const struct demand no_demand = { PP_NO_EVENT, PP_NO_EVENT };

/* A whole stamp of the space of @p: does its write exist, had it begun, was it replaced? */
static void judge_stamp(const struct look *l, const struct pp_place *p, struct demand d,
			uint32_t writer, uint32_t gen)
{
	const struct pp_model *m = &l->j->model;
	const struct pp_event *events = l->j->h->events;
	const struct pp_stamp stamp = {
		.run = l->j->h->run,
		.region = p->space,
		.offset_bytes = p->offset_bytes,
		.writer = writer,
		.generation = gen,
	};
	uint32_t found;

	/* What had to show shows: nearly always so, and it saves the search. */
	if (d.write != PP_NO_EVENT && !(m->state[d.write] & PP_STATE_RESET) &&
	    events[d.write].writer == writer && events[d.write].gen == gen)
		return;
	found = pp_model_find(m, p, writer, gen);
	if (found == PP_NO_EVENT || events[found].begin_ns >= l->e->end_ns)
		broken(l, PP_O4_IDENTITY, PP_CLASS_FUTURE, no_demand, found, &stamp);
	else if (d.write != PP_NO_EVENT && events[d.write].begin_ns > pp_model_end(m, found))
		broken(l, rule_of_age(l), PP_CLASS_STALE, d, found, &stamp);
}

/*
 * A private mapping shows its file's data until the page is copied; a copy keeps what the file
 * held then. So a write to the file has to show only if it ended before the first thing that may
 * have made the copy.
 */
static struct demand file_demand(const struct look *l, struct pp_place *file)
{
	const struct pp_region_def *region = &l->j->plan->regions[l->at.space];
	uint64_t time = pp_model_first(&l->j->model, &l->at);
	struct demand d = no_demand;

	if (!pp_model_place(&l->j->model, region->file_space, l->at.offset_bytes, file)) {
		*file = l->at;
		return d;
	}
	if (l->j->cow_ns[l->at.space] < time)
		time = l->j->cow_ns[l->at.space];
	if (l->e->begin_ns < time)
		time = l->e->begin_ns;
	d.write = newest_known(l, file, time);
	return d;
}

static void judge_zero(const struct look *l, struct demand d)
{
	const struct pp_model *m = &l->j->model;
	struct pp_place file;

	if (!pp_model_initial(m, &l->at, d.write, l->e->end_ns)) {
		broken(l, rule_of_age(l), PP_CLASS_ZERO, d, PP_NO_EVENT, NULL);
		return;
	}
	if (!l->private_mapping)
		return;
	d = file_demand(l, &file);
	if (!pp_model_initial(m, &file, d.write, l->e->end_ns))
		broken(l, rule_of_age(l), PP_CLASS_ZERO, d, PP_NO_EVENT, NULL);
}

/* A stamp of the file behind a private mapping. */
static void judge_file_stamp(const struct look *l, struct demand own, const struct pp_stamp *s)
{
	struct pp_place file;
	struct demand d = file_demand(l, &file);

	if (!pp_model_initial(&l->j->model, &l->at, own.write, l->e->end_ns))
		broken(l, rule_of_age(l), PP_CLASS_STALE, own,
		       pp_model_find(&l->j->model, &file, s->writer, s->generation), s);
	else
		judge_stamp(l, &file, d, s->writer, s->generation);
}

/* ---- cells that are no stamp of this place ---- */

#define MIX_WRITES_MAX                                                                             \
	4096 /* writes tried to explain one mix; what is older counts as explained                 \
	      */

/* Which of a raw cell's bytes some write explains. */
struct mix {
	const uint8_t *raw;
	uint64_t explained; /* one bit for each byte */
	bool overlap;       /* one of the writes overlaps the time asked about */
	size_t tried;
};

static void mix_bytes(struct mix *x, const uint8_t *cell)
{
	for (unsigned i = 0; i < PP_CELL_BYTES; i++)
		if (x->raw[i] == cell[i])
			x->explained |= 1ull << i;
}

static void mix_write(const struct look *l, const struct pp_place *p, struct mix *x, uint32_t event)
{
	const struct pp_event *w = &l->j->h->events[event];
	uint8_t cell[PP_CELL_BYTES] = { 0 };
	const struct pp_stamp s = {
		.run = l->j->h->run,
		.region = p->space,
		.offset_bytes = p->offset_bytes,
		.writer = w->writer,
		.generation = w->gen,
	};

	if (!(l->j->model.state[event] & PP_STATE_RESET))
		pp_stamp_put(cell, &s);
	mix_bytes(x, cell);
}

/* Add the slot's writes that began before the observation ended and did not end before @since_ns.
 */
static void mix_slot(const struct look *l, const struct pp_place *p, struct mix *x,
		     const struct pp_lists *lists, size_t slot, uint64_t since_ns,
		     uint64_t overlap_ns)
{
	size_t i = pp_lists_before(lists, l->j->h, slot, l->e->end_ns);

	while (i-- > 0) {
		size_t at = lists->start[slot] + i;
		/* A cell that a short write reached in part counts as written for ever. */
		uint64_t end = lists == &l->j->model.unknown
				       ? PP_TIME_NEVER
				       : pp_model_end(&l->j->model, lists->event[at]);

		if (lists->max_end[at] < since_ns && lists != &l->j->model.unknown)
			return;
		if (end < since_ns)
			continue;
		if (++x->tried > MIX_WRITES_MAX) {
			x->explained = UINT64_MAX;
			return;
		}
		if (end >= overlap_ns)
			x->overlap = true;
		mix_write(l, p, x, lists->event[at]);
	}
}

static void mix_place(const struct look *l, const struct pp_place *p, struct mix *x,
		      uint64_t since_ns, uint64_t overlap_ns)
{
	const struct pp_model *m = &l->j->model;

	mix_slot(l, p, x, &m->writes, p->page, since_ns, overlap_ns);
	mix_slot(l, p, x, &m->unknown, p->page, since_ns, overlap_ns);
	if (!p->cell)
		return;
	mix_slot(l, p, x, &m->writes, p->cell, since_ns, overlap_ns);
	mix_slot(l, p, x, &m->unknown, p->cell, since_ns, overlap_ns);
}

/* Is the cell made of the writes that are possible for an observation that @newest had to precede?
 * PP_NO_EVENT allows every write that had begun. */
static bool mixed(const struct look *l, const uint8_t *raw, uint32_t newest, uint64_t overlap_ns,
		  bool *overlap)
{
	static const uint8_t zeros[PP_CELL_BYTES];
	uint64_t since = newest == PP_NO_EVENT ? 0 : l->j->h->events[newest].begin_ns;
	struct mix x = { .raw = raw };

	mix_place(l, &l->at, &x, since, overlap_ns);
	if (pp_model_initial(&l->j->model, &l->at, newest, l->e->end_ns)) {
		struct pp_place file;

		mix_bytes(&x, zeros);
		if (l->private_mapping) {
			(void)file_demand(l, &file);
			mix_place(l, &file, &x, 0, overlap_ns);
		}
	}
	*overlap = x.overlap;
	return x.explained == UINT64_MAX;
}

/* A durable mix breaks O2 only if the sync had a still cell before it and nothing came after. */
static void judge_durable_mix(const struct look *l, struct demand d, bool busy_since_sync)
{
	if (d.write != PP_NO_EVENT && !busy_since_sync)
		broken(l, PP_O2_DURABILITY, PP_CLASS_TORN, d, PP_NO_EVENT, NULL);
}

static void judge_bytes(const struct look *l, struct demand d, const uint8_t *raw)
{
	bool detached = l->j->model.state[l->event] & PP_STATE_DETACHED;
	uint64_t since = l->durable && d.sync != PP_NO_EVENT ? l->j->h->events[d.sync].begin_ns
							     : l->e->begin_ns;
	bool overlap;

	if (!l->durable && mixed(l, raw, d.write, since, &overlap) && (overlap || detached))
		return;
	if (!mixed(l, raw, PP_NO_EVENT, since, &overlap))
		broken(l, PP_O4_IDENTITY, PP_CLASS_GARBAGE, no_demand, PP_NO_EVENT, NULL);
	else if (l->durable)
		judge_durable_mix(l, d, overlap);
	else
		broken(l, PP_O4_IDENTITY, PP_CLASS_TORN, d, PP_NO_EVENT, NULL);
}

/* The recorder had no room for the cell's bytes: only a mix that nothing could make is a finding.
 */
static void judge_lost_bytes(const struct look *l, struct demand d)
{
	static const uint8_t zeros[PP_CELL_BYTES];
	bool overlap;

	if (l->durable || (l->j->model.state[l->event] & PP_STATE_DETACHED))
		return;
	(void)mixed(l, zeros, d.write, l->e->begin_ns, &overlap);
	if (!overlap)
		broken(l, PP_O4_IDENTITY, PP_CLASS_GARBAGE, no_demand, PP_NO_EVENT, NULL);
}

static void judge_other(const struct look *l, struct demand d)
{
	const struct pp_history *h = l->j->h;
	struct pp_stamp s;
	const uint8_t *raw;

	if (l->e->gen == PP_NO_CELL || l->e->gen >= h->n_cells) {
		judge_lost_bytes(l, d);
		return;
	}
	raw = h->cells[l->e->gen];
	if (!pp_stamp_get(raw, &s))
		judge_bytes(l, d, raw);
	else if (s.run != h->run)
		broken(l, PP_O4_IDENTITY, PP_CLASS_FOREIGN, no_demand, PP_NO_EVENT, &s);
	else if (s.region == l->at.space && s.offset_bytes == l->at.offset_bytes)
		judge_stamp(l, &l->at, d, s.writer, s.generation);
	else if (s.region == l->at.space)
		broken(l, PP_O4_IDENTITY, PP_CLASS_MISPLACED, no_demand, PP_NO_EVENT, &s);
	else if (l->private_mapping && s.offset_bytes == l->at.offset_bytes &&
		 s.region == l->j->plan->regions[l->at.space].file_space)
		judge_file_stamp(l, d, &s);
	else
		broken(l, PP_O4_IDENTITY, PP_CLASS_FOREIGN, no_demand, PP_NO_EVENT, &s);
}

static void judge_place(const struct look *l)
{
	struct demand d = demand_of(l);

	if (l->e->seen == PP_SEEN_STAMP)
		judge_stamp(l, &l->at, d, l->e->writer, l->e->gen);
	else if (l->e->seen == PP_SEEN_ZERO)
		judge_zero(l, d);
	else
		judge_other(l, d);
}

void pp_rule_cells(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	uint16_t space = pp_model_space(j->plan, e);
	uint64_t at = e->offset_bytes, end = at + e->length_bytes;
	struct look l = {
		.j = j,
		.e = e,
		.event = event,
		.durable = pp_verbs[e->verb].durable,
	};

	/* Nothing was seen: O12 asks why. */
	if (e->result || (e->flags & PP_EVENT_OPEN) || e->seen == PP_SEEN_FAULT ||
	    space == PP_NO_INDEX)
		return;
	l.private_mapping = j->plan->regions[space].file_space != space &&
			    j->plan->regions[space].file_space != PP_NO_INDEX;
	while (at < end && pp_model_place(&j->model, space, at, &l.at)) {
		uint64_t step = PP_CELL_BYTES;

		/* Without writes to parts of it, all cells of a page have one answer. A private
		 * page's cells have not: its file's may differ. */
		if (!l.at.cell && e->seen != PP_SEEN_OTHER && !l.private_mapping)
			step = PP_PAGE_BYTES - at % PP_PAGE_BYTES;
		l.length_bytes = step < end - at ? step : end - at;
		judge_place(&l);
		at += step;
	}
}
