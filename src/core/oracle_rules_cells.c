/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules O1 (coherence), O2 (durability), O4 (identity) and O5 (end of file):
 * what one observed cell may show.
 */
#include <string.h>

#include "core/hole_fault.h"
#include "core/oracle_look.h"

/*
 * What a disk's block holds behind the end of the file is nobody's: btrfs leaves it as it was when
 * it truncates (btrfs_truncate()), and zeroes it when the file gets longer (btrfs_cont_expand()).
 * Had the last sync that promises zeros there seen a longer file?
 */
static bool behind_the_end(const struct pp_look *l, int32_t need)
{
	const struct pp_event *e;
	uint64_t sync_ns;

	if (!l->durable || need <= 0 || l->sync == PP_NO_EVENT)
		return false;
	e = &l->j->h->events[need - 1];
	sync_ns = l->j->h->events[l->sync].begin_ns;
	return e->verb == PP_VERB_TRUNCATE && e->offset_bytes % PP_PAGE_BYTES &&
	       l->at / PP_PAGE_BYTES == e->offset_bytes / PP_PAGE_BYTES &&
	       pp_edges_cut(l->j, l->space, l->at + PP_CELL_BYTES, sync_ns, sync_ns);
}

/*
 * On DAX a file write that finds a block in place leaves the mappings alone. Zeros in one of them
 * are the zero page of a hole that somebody's write fault is about to fill: it has the block, and
 * the page is not unmapped yet. 1 + that write, 0 if it was not so.
 */
static uint32_t hole_fault(const struct pp_look *l, enum pp_class cls, int32_t need)
{
	const struct pp_event *events = l->j->h->events;
	bool mapped = !pp_verbs[l->e->verb].file || l->e->verb == PP_VERB_PEER_LOAD;
	uint32_t by;

	if (cls != PP_CLASS_ZERO || l->durable || !mapped || need <= 0 ||
	    pp_verbs[events[need - 1].verb].kind != PP_KIND_WRITE ||
	    !pp_verbs[events[need - 1].verb].file)
		return 0;
	by = pp_hole_faults_at(l->j->hole_faults, l->space, l->at, l->begin_ns);
	return by != PP_NO_EVENT && events[by].begin_ns < events[need - 1].end_ns ? by + 1 : 0;
}

void pp_look_broken(const struct pp_look *l, enum pp_rule rule, enum pp_class cls, int32_t need,
		    uint32_t found, const struct pp_stamp *stamp)
{
	struct pp_broken b = {
		.rule = rule,
		.cls = cls,
		.event = l->event,
		.space = l->space,
		.offset_bytes = l->at,
		.length_bytes = PP_CELL_BYTES,
		.expected = need > 0 ? (uint32_t)need - 1 : PP_NO_EVENT,
		.found = found,
		.sync = need > 0 ? l->sync : PP_NO_EVENT,
		.fault = hole_fault(l, cls, need),
		.has_stamp = stamp != NULL,
	};
	uint64_t end = l->e->offset_bytes + l->e->length_bytes;

	if (behind_the_end(l, need))
		return;
	if (l->at + b.length_bytes > end)
		b.length_bytes = end - l->at;
	if (stamp)
		b.stamp = *stamp;
	pp_judge_broken(l->j, &b);
}

enum pp_rule pp_look_age(const struct pp_look *l, int32_t need)
{
	if (need > 0 && (l->m->state[need - 1] & PP_STATE_HOLE))
		return PP_O5_END_OF_FILE;
	return l->durable ? PP_O2_DURABILITY : PP_O1_COHERENCE;
}

static struct pp_place place_of(const struct pp_look *l)
{
	return (struct pp_place){ l->space, l->at };
}

/* ---- what has to show ---- */

/* After a failed sync nobody knows what became of the writes before it. */
static int32_t known(const struct pp_look *l, const struct pp_place *p, int32_t need)
{
	uint64_t failed;

	if (need <= 0 || !l->m->failed.n)
		return need;
	failed = pp_model_failed(l->m, p, l->end_ns);
	return failed && l->j->h->events[need - 1].begin_ns <= failed ? 0 : need;
}

int32_t pp_look_source_need(const struct pp_look *l, uint32_t clone)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	const struct pp_place from = { pp_model_source(l->m, clone), l->at };
	const struct pp_place to = { l->space, l->at };

	if (s->clone != clone + 1 || !s->clone_cells)
		return 0;
	return known(l, &to, known(l, &from, s->clone_cells[l->at / PP_CELL_BYTES]));
}

static void need_of(struct pp_look *l)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	const struct pp_cells *cells =
		l->durable ? pp_space_disk(s, l->at / PP_PAGE_BYTES) : &s->now;
	struct pp_place p = place_of(l);
	int32_t first;

	l->whole = true;
	l->sync = PP_NO_EVENT;
	if (l->detached || l->held) {
		first = l->held ? l->held[(l->at - l->e->offset_bytes) / PP_CELL_BYTES] : 0;
		first = known(l, &p, first);
		for (size_t i = 0; i < PP_CELL_BYTES; i++)
			l->need[i] = first;
		return;
	}
	(void)pp_cells_bytes(&l->m->pool, cells, l->at / PP_CELL_BYTES, l->need);
	for (size_t i = 0; i < PP_CELL_BYTES; i++) {
		l->need[i] =
			i && l->need[i] == l->need[i - 1] ? l->need[i] : known(l, &p, l->need[i]);
		l->whole &= l->need[i] == l->need[0];
	}
	if (l->durable)
		l->sync = pp_model_sync(l->m, &p, l->begin_ns);
}

int32_t pp_look_file_need(const struct pp_look *l)
{
	const struct pp_space *s = &l->m->spaces[l->space];
	const struct pp_space *file = &l->m->spaces[l->file];
	struct pp_place p = { l->file, l->at };
	size_t c = l->at / PP_CELL_BYTES;
	int32_t bytes[PP_CELL_BYTES], need;

	if (l->at / PP_PAGE_BYTES >= file->n_pages)
		return 0;
	if (pp_bit(s->copied, l->at / PP_PAGE_BYTES))
		return known(l, &p, s->copy[c]);
	(void)pp_cells_bytes(&l->m->pool, &file->now, c, bytes);
	need = bytes[0];
	for (size_t i = 1; i < PP_CELL_BYTES; i++)
		need = bytes[i] < need ? bytes[i] : need;
	return known(l, &p, need);
}

/* ---- stamps and zeros ---- */

/* O3 wants to hear of what is no finding. */
static void tell_order(struct pp_look *l, uint32_t found)
{
	uint64_t end = l->at + PP_CELL_BYTES;

	if (l->ordered)
		pp_rule_order(l->j, l->event, l->space, l->at, end, found,
			      pp_look_open(l, l->at, end, found));
}

static bool covers(const struct pp_event *w, uint64_t at)
{
	return w->offset_bytes <= at && w->offset_bytes + w->length_bytes >= at + PP_CELL_BYTES;
}

/* End of a write as seen at one cell: what a short one left in its last cell is unknown. */
static uint64_t end_at(const struct pp_look *l, uint32_t write, uint64_t at)
{
	const struct pp_event *w = &l->j->h->events[write];

	return (w->flags & PP_EVENT_PARTIAL) && !covers(w, at) ? PP_TIME_NEVER
							       : pp_model_end(l->m, write);
}

static struct pp_stamp stamp_at(const struct pp_look *l, uint16_t space, uint64_t at,
				uint32_t writer, uint32_t gen)
{
	return (struct pp_stamp){
		.run = l->j->h->run,
		.region = space,
		.offset_bytes = at,
		.writer = writer,
		.generation = gen,
	};
}

/* A whole stamp of @space: does its write exist, had it begun, was it replaced by @need? */
static uint32_t judge_age(const struct pp_look *l, uint16_t space, uint64_t at, int32_t need,
			  uint32_t writer, uint32_t gen)
{
	const struct pp_stamp stamp = stamp_at(l, space, at, writer, gen);
	const struct pp_place p = { space, at };
	const struct pp_event *events = l->j->h->events;
	uint32_t found = pp_model_find(l->m, &p, writer, gen);

	if (found == PP_NO_EVENT || pp_model_begin(l->m, found) >= l->end_ns) {
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_FUTURE, 0, found, &stamp);
		return PP_NO_EVENT;
	}
	if (need > 0 && events[need - 1].begin_ns > end_at(l, found, at)) {
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_STALE, need, found, &stamp);
		return PP_NO_EVENT;
	}
	return found;
}

static void judge_stamp(struct pp_look *l, uint32_t writer, uint32_t gen)
{
	const struct pp_stamp stamp = stamp_at(l, l->space, l->at, writer, gen);
	const struct pp_place p = place_of(l);
	uint8_t raw[PP_CELL_BYTES];
	uint32_t found = pp_model_find(l->m, &p, writer, gen);
	const struct pp_event *w;

	if (found != PP_NO_EVENT) {
		w = &l->j->h->events[found];
		if (pp_model_begin(l->m, found) < l->end_ns &&
		    (!l->whole || (!covers(w, l->at) && !(w->flags & PP_EVENT_PARTIAL)))) {
			pp_stamp_put(raw, &stamp);
			pp_look_bytes(l, raw, found);
			return;
		}
	}
	found = judge_age(l, l->space, l->at, l->need[0], writer, gen);
	if (found != PP_NO_EVENT)
		tell_order(l, found);
}

static void judge_zero(struct pp_look *l)
{
	static const uint8_t zeros[PP_CELL_BYTES];
	uint16_t source;
	int32_t need = l->need[0];

	if (!l->whole) {
		pp_look_bytes(l, zeros, PP_NO_EVENT);
		return;
	}
	if (need > 0 && (l->m->state[need - 1] & PP_STATE_CLONE)) {
		source = pp_model_source(l->m, (uint32_t)need - 1);
		if (pp_model_zero(l->m, source, l->at, l->at + PP_CELL_BYTES,
				  pp_look_source_need(l, (uint32_t)need - 1),
				  l->j->h->events[need - 1].end_ns))
			return;
	}
	if (!pp_model_zero(l->m, l->space, l->at, l->at + PP_CELL_BYTES, need, l->end_ns)) {
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_ZERO, need, PP_NO_EVENT, NULL);
		return;
	}
	if (l->file == PP_NO_INDEX) {
		tell_order(l, PP_NO_EVENT);
		return;
	}
	need = pp_look_file_need(l);
	if (!pp_model_zero(l->m, l->file, l->at, l->at + PP_CELL_BYTES, need, l->end_ns))
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_ZERO, need, PP_NO_EVENT, NULL);
}

/* A stamp of the file behind a private mapping. */
static void judge_file_stamp(const struct pp_look *l, const struct pp_stamp *s)
{
	struct pp_place file = { l->file, l->at };
	int32_t need = l->need[0];

	for (size_t i = 1; i < PP_CELL_BYTES; i++)
		need = l->need[i] < need ? l->need[i] : need;
	if (!pp_model_zero(l->m, l->space, l->at, l->at + PP_CELL_BYTES, need, l->end_ns))
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_STALE, need,
			       pp_model_find(l->m, &file, s->writer, s->generation), s);
	else
		(void)judge_age(l, l->file, l->at, pp_look_file_need(l), s->writer, s->generation);
}

/* ---- files that are clones, content that has moved ---- */

/* A stamp of the file that this one was cloned from: one that was there at the time. */
static bool judge_clone_stamp(const struct pp_look *l, const struct pp_stamp *s)
{
	const struct pp_event *events = l->j->h->events;
	struct pp_place p = { (uint16_t)s->region, s->offset_bytes };
	uint16_t source = PP_NO_INDEX;
	uint32_t clone = pp_model_clone_of(l->m, l->space, &source), found;
	int32_t need, own = l->need[0];

	for (size_t i = 1; i < PP_CELL_BYTES; i++)
		own = l->need[i] < own ? l->need[i] : own;
	if (clone == PP_NO_EVENT || s->region != source || s->offset_bytes != l->at)
		return false;
	found = pp_model_find(l->m, &p, s->writer, s->generation);
	if (found == PP_NO_EVENT || pp_model_begin(l->m, found) >= events[clone].end_ns) {
		pp_look_broken(l, PP_O6_ISOLATION, PP_CLASS_FUTURE, 0, found, s);
		return true;
	}
	/* Written itself since then: only zeros of that file, never its stamps. */
	if (own > 0 && events[own - 1].begin_ns > events[clone].end_ns) {
		pp_look_broken(l, pp_look_age(l, own), PP_CLASS_STALE, own, found, s);
		return true;
	}
	need = pp_look_source_need(l, clone);
	if (need > 0 && events[need - 1].begin_ns > end_at(l, found, l->at))
		pp_look_broken(l, pp_look_age(l, need), PP_CLASS_STALE, need, found, s);
	return true;
}

/* The file's blocks are looked up, and then read from the device: what a hazard frees in between
 * may have become another place's. */
static bool reused(const struct pp_look *l)
{
	const struct pp_op *op = l->durable ? pp_plan_op(l->j->plan, l->e->op) : NULL;

	return op && l->e->verb == PP_VERB_DISK_READ && pp_edge_of(l->j, l->e, op).holes;
}

/* A stamp of this space, of another place: content that was moved here, or went astray. */
static void judge_moved_stamp(const struct pp_look *l, const struct pp_stamp *s)
{
	const struct pp_space *sp = &l->m->spaces[l->space];
	int64_t by = ((int64_t)s->offset_bytes - (int64_t)l->at) / PP_CELL_BYTES;

	/* On disk nothing is asked of what no sync has promised since. */
	if ((l->durable && sp->moves && sp->loose_ns && l->need[0] <= 0) || reused(l))
		return;
	if (sp->moved && sp->moved[l->at / PP_CELL_BYTES] == by && by && !l->durable)
		(void)judge_age(l, l->space, s->offset_bytes, l->need[0], s->writer, s->generation);
	else
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_MISPLACED, 0, PP_NO_EVENT, s);
}

/* A stamp of this very place, though what was here is known to have moved away. */
static bool judge_left_behind(struct pp_look *l, uint32_t writer, uint32_t gen)
{
	const struct pp_stamp stamp = stamp_at(l, l->space, l->at, writer, gen);
	const struct pp_place p = place_of(l);
	const struct pp_space *s = &l->m->spaces[l->space];
	uint32_t found = pp_model_find(l->m, &p, writer, gen);

	if (l->durable || !s->moved || !s->moved[l->at / PP_CELL_BYTES] || found == PP_NO_EVENT ||
	    l->j->h->events[found].begin_ns >= l->end_ns)
		return false;
	if (pp_model_end(l->m, found) < l->begin_ns)
		pp_look_broken(l, pp_look_age(l, l->need[0]), PP_CLASS_STALE,
			       l->need[0] == (int32_t)found + 1 ? 0 : l->need[0], found, &stamp);
	return true;
}

/* ---- one cell ---- */

static void judge_other(struct pp_look *l)
{
	const struct pp_history *h = l->j->h;
	struct pp_stamp s;
	const uint8_t *raw;

	if (l->e->gen == PP_NO_CELL || l->e->gen >= h->n_cells) {
		pp_look_lost(l);
		return;
	}
	raw = h->cells[l->e->gen];
	if (!pp_stamp_get(raw, &s))
		pp_look_bytes(l, raw, PP_NO_EVENT);
	else if (s.run != h->run)
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_FOREIGN, 0, PP_NO_EVENT, &s);
	else if (s.region == l->space && s.offset_bytes == l->at)
		judge_stamp(l, s.writer, s.generation);
	else if (s.region == l->space)
		judge_moved_stamp(l, &s);
	else if (l->file != PP_NO_INDEX && s.region == l->file && s.offset_bytes == l->at)
		judge_file_stamp(l, &s);
	else if (!judge_clone_stamp(l, &s))
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_FOREIGN, 0, PP_NO_EVENT, &s);
}

/* Where nothing is known but that it must be ours. */
static void judge_loose(const struct pp_look *l)
{
	const struct pp_history *h = l->j->h;
	struct pp_stamp s;

	if (l->e->seen != PP_SEEN_OTHER || l->e->gen == PP_NO_CELL || l->e->gen >= h->n_cells)
		return;
	if (pp_stamp_get(h->cells[l->e->gen], &s) && s.run != h->run)
		pp_look_broken(l, PP_O4_IDENTITY, PP_CLASS_FOREIGN, 0, PP_NO_EVENT, &s);
}

static bool loose(const struct pp_look *l)
{
	const struct pp_space *s = &l->m->spaces[l->space];

	return l->loose || (s->moved && s->moved[l->at / PP_CELL_BYTES] == PP_MOVED_LOOSE);
}

void pp_look_cell(struct pp_look *l)
{
	need_of(l);
	if (loose(l))
		judge_loose(l);
	else if (l->e->seen == PP_SEEN_ZERO)
		judge_zero(l);
	else if (l->e->seen == PP_SEEN_OTHER)
		judge_other(l);
	else if (!judge_left_behind(l, l->e->writer, l->e->gen))
		judge_stamp(l, l->e->writer, l->e->gen);
}
