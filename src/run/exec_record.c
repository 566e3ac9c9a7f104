/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operation leaves in the history: stamps that are written, runs of cells that are seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/exec_state.h"
#include "sys/clock.h"

static const struct pp_verb_info *verb_of(const struct pp_op *op)
{
	return &pp_verbs[op->verb];
}

uint64_t pp_exec_now(const struct pp_exec *x)
{
	return pp_now_ns() - x->setup->recorder->start_ns;
}

static void event_template(const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_verb_info *v = verb_of(t->op);

	memset(e, 0, sizeof(*e));
	e->op = t->op->id;
	e->verb = (uint8_t)t->op->verb;
	e->actor = (uint8_t)t->op->actor;
	e->object = t->op->object;
	if (v->kind == PP_KIND_PIN || v->kind == PP_KIND_UNPIN)
		return;
	if (t->region != PP_NO_INDEX && v->target != PP_TARGET_FS) {
		e->object = t->region;
		e->offset_bytes = t->offset_bytes;
		e->length_bytes = (uint32_t)t->length_bytes;
	}
	if (v->kind == PP_KIND_WRITE || v->kind == PP_KIND_DEVICE_WRITE) {
		e->writer = t->op->actor;
		e->gen = t->op->gen;
	}
}

struct pp_event *pp_exec_record(struct pp_worker *w, const struct pp_event *e)
{
	struct pp_event *at = pp_record_begin(w->x->setup->recorder, w->actor, e);
	struct pp_err full;

	if (!at) {
		pp_err_set(&full, -ENOSPC, "the history is full");
		pp_exec_broken(w->x, "", &full);
	}
	return at;
}

/* Publish the operation as begun: from here on it may have taken effect. */
static struct pp_event *publish(struct pp_worker *w, const struct pp_target_ref *t, uint8_t flags)
{
	struct pp_event e;

	event_template(t, &e);
	e.flags |= flags;
	w->began_ns = pp_exec_now(w->x);
	e.begin_ns = w->began_ns;
	return pp_exec_record(w, &e);
}

struct pp_event *pp_exec_publish(struct pp_worker *w, const struct pp_target_ref *t)
{
	return publish(w, t, 0);
}

/* The operation has ended: its event is complete, and the ledger knows of it. */
static void ended(struct pp_worker *w, struct pp_event *at, uint64_t end_ns, int result)
{
	struct pp_event e = *at;

	e.flags &= (uint8_t)~PP_EVENT_OPEN;
	e.result = result;
	pp_exec_accounts_note(w->x, &e);
	pp_record_end(at, end_ns, result);
}

void pp_exec_skipped(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_event *at = publish(w, t, PP_EVENT_SKIPPED);

	if (at)
		pp_record_end(at, at->begin_ns, 0);
}

/* What a quiet point saw beside what its first event holds: an event for each account. */
static void record_accounts(struct pp_worker *w, const struct pp_event *first)
{
	for (int a = PP_ACCOUNT_FIRST_ALONE; a < PP_ACCOUNT_COUNT; a++) {
		struct pp_event e = *first, *at;

		/* An account of a process that there is not says nothing. */
		if (w->accounts[a] == PP_ACCOUNT_UNKNOWN &&
		    pp_accounts[a].scope == PP_SCOPE_PROCESS)
			continue;
		pp_event_account_put(&e, (enum pp_account)a, w->accounts[a]);
		at = pp_exec_record(w, &e);
		if (!at)
			return;
		at->flags = first->flags;
		pp_record_end(at, first->end_ns, 0);
	}
}

int pp_exec_act(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_event *at = pp_exec_publish(w, t);
	uint64_t end_ns;
	int rc;

	if (!at)
		return -ENOSPC;
	pp_watch_op_begins(w, t->op->id, t->bound_ms);
	rc = pp_exec_verb(t->op->verb)->act(w, t, at);
	pp_watch_op_ended(w);
	end_ns = pp_exec_now(w->x);
	ended(w, at, end_ns, rc);
	if (!rc && verb_of(t->op)->kind == PP_KIND_LEDGER)
		record_accounts(w, at);
	return rc;
}

/*
 * The bytes [offset, offset + length) of the stamps of the cells that they lie in. Whole cells are
 * stamped in place; a cell that the range only touches is stamped aside.
 */
static void stamp_buffer(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_region_def *def = &w->x->plan->regions[t->region];
	struct pp_stamp s = {
		.run = w->x->setup->recorder->run,
		.region = verb_of(t->op)->file ? def->file_space : def->space,
		.writer = w->actor,
		.generation = t->op->gen,
	};
	size_t skip = t->offset_bytes % PP_CELL_BYTES, done = 0, whole;
	uint8_t cell[PP_CELL_BYTES];

	s.offset_bytes = t->offset_bytes - skip;
	if (skip) {
		done = PP_CELL_BYTES - skip;
		if (done > t->length_bytes)
			done = t->length_bytes;
		pp_stamp_put(cell, &s);
		memcpy(w->buf, cell + skip, done);
		s.offset_bytes += PP_CELL_BYTES;
	}
	whole = (t->length_bytes - done) / PP_CELL_BYTES * PP_CELL_BYTES;
	pp_stamp_fill(w->buf + done, whole, &s);
	done += whole;
	if (done < t->length_bytes) {
		s.offset_bytes += whole;
		pp_stamp_put(cell, &s);
		memcpy(w->buf + done, cell, t->length_bytes - done);
	}
}

/* What a write that moved only @n bytes may claim: verbs of whole cells say no more than that. */
static uint32_t partial_length(const struct pp_target_ref *t, int64_t n)
{
	return verb_of(t->op)->bytes ? (uint32_t)n : (uint32_t)n / PP_CELL_BYTES * PP_CELL_BYTES;
}

/* What has to be done before the operation begins: it is no part of what is recorded. */
static int prepare(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);

	return impl->prepare ? impl->prepare(w, t) : 0;
}

int pp_exec_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_event *at;
	int64_t n;
	int rc;

	stamp_buffer(w, t);
	rc = prepare(w, t);
	if (rc)
		return rc;
	at = pp_exec_publish(w, t);
	if (!at)
		return -ENOSPC;
	pp_watch_op_begins(w, t->op->id, t->bound_ms);
	n = pp_exec_plant_put(w, t);
	pp_watch_op_ended(w);
	if (n >= 0 && (size_t)n < t->length_bytes) {
		at->flags |= PP_EVENT_PARTIAL;
		at->length_bytes = partial_length(t, n);
	}
	/* A call that moved nothing and says nothing is wrong: O12 asks why. */
	if (n == 0)
		n = -ENODATA;
	ended(w, at, pp_exec_now(w->x), n < 0 ? (int)n : 0);
	return 0;
}

/* What the next run of cells at @pos shows, as the event that records it; its length. */
static uint32_t see_run(struct pp_worker *w, const struct pp_event *whole, uint32_t pos,
			uint32_t length, const struct pp_stamp *place, struct pp_event *e)
{
	struct pp_stamp here = *place, got;
	enum pp_seen seen;

	here.offset_bytes = whole->offset_bytes + pos;
	*e = *whole;
	e->offset_bytes = here.offset_bytes;
	e->length_bytes = (uint32_t)pp_stamp_run(w->buf + pos, length - pos, &here, &seen, &got);
	e->seen = (uint8_t)seen;
	if (seen == PP_SEEN_STAMP) {
		e->writer = (uint16_t)got.writer;
		e->gen = got.generation;
	} else if (seen == PP_SEEN_OTHER) {
		e->gen = pp_record_cell(w->x->setup->recorder, w->actor, w->buf + pos);
	}
	return e->length_bytes;
}

/* A cell of which nothing is known but that it is wrong: neighbours need no event of their own. */
static bool unkept(const struct pp_event *e)
{
	return e->seen == PP_SEEN_OTHER && e->gen == PP_NO_CELL;
}

/* Turn the bytes in w->buf into runs of neighbouring cells; the open event @at becomes the first.
 */
static void record_runs(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *at,
			uint32_t length, uint64_t end_ns)
{
	const struct pp_region_def *def = &w->x->plan->regions[t->region];
	struct pp_stamp place = {
		.run = w->x->setup->recorder->run,
		.region = verb_of(t->op)->file ? def->file_space : def->space,
	};
	struct pp_event whole = *at, run;

	whole.flags &= (uint8_t)~PP_EVENT_OPEN;
	pp_exec_accounts_note(w->x, &whole);
	whole = *at;

	for (uint32_t pos = 0; pos < length;) {
		bool first = !pos;

		pos += see_run(w, &whole, pos, length, &place, &run);
		if (!first && unkept(&run) && unkept(at)) {
			at->length_bytes += run.length_bytes;
			continue;
		}
		if (!first)
			at = pp_exec_record(w, &whole);
		if (!at)
			return;
		*at = run;
		pp_record_end(at, end_ns, 0);
	}
}

/* Faults of a self-test that need no provider. */
static void planted_end(const struct pp_worker *w)
{
	if (w->x->setup->plant.kind == PP_PLANT_CRASH)
		abort();
	while (w->x->setup->plant.kind == PP_PLANT_HANG)
		pp_pause_ms(1000);
}

int pp_exec_observe(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	struct pp_event *at;
	uint64_t end_ns;
	int64_t n;
	int rc = prepare(w, t);

	if (rc)
		return rc;
	at = pp_exec_publish(w, t);
	if (!at)
		return -ENOSPC;
	pp_watch_op_begins(w, t->op->id, t->bound_ms);
	planted_end(w);
	n = impl->fetch(w, t);
	pp_watch_op_ended(w);
	end_ns = pp_exec_now(w->x);
	if (n >= 0 && impl->finish) {
		rc = impl->finish(w, t);
		if (rc)
			return rc;
	}
	if (n < PP_CELL_BYTES) {
		at->seen = PP_SEEN_FAULT;
		ended(w, at, end_ns, n < 0 ? (int)n : 0);
		return 0;
	}
	if ((size_t)n < t->length_bytes)
		at->flags |= PP_EVENT_PARTIAL;
	record_runs(w, t, at, (uint32_t)n / PP_CELL_BYTES * PP_CELL_BYTES, end_ns);
	return 0;
}
