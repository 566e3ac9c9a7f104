/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a plan: actors, order, and what each operation leaves in the history. */
#include "run/exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/exec_state.h"
#include "sys/clock.h"

#define FABRIC_BOUND_MS 10000u
#define BUFFER_ALIGN    4096u

static const struct pp_verb_info *verb_of(const struct pp_op *op)
{
	return &pp_verbs[op->verb];
}

/* The first reason stands; everybody stops. */
static void exec_broken(struct pp_exec *x, const char *fmt_op, const struct pp_err *err)
{
	pthread_mutex_lock(&x->lock);
	if (!x->stop) {
		x->stop = true;
		x->outcome->ending = PP_ENDING_BROKEN;
		snprintf(x->outcome->reason, sizeof(x->outcome->reason), "%s%s%s", fmt_op,
			 fmt_op[0] ? ": " : "", err->text);
	}
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
}

static uint64_t history_now(const struct pp_exec *x)
{
	return pp_now_ns() - x->setup->recorder->start_ns;
}

static void resolve(const struct pp_exec *x, const struct pp_op *op, struct pp_target_ref *t)
{
	t->op = op;
	t->region = pp_plan_op_region(x->plan, op);
	t->offset_bytes = pp_plan_op_offset(x->plan, op);
	t->length_bytes = op->length_bytes;
	t->bound_ms = op->bound_ms ? op->bound_ms : PP_OP_BOUND_MS;
}

/* Why an operation is not executed: a --drop switch, or its MR was refused. */
static bool op_skipped(struct pp_exec *x, const struct pp_op *op)
{
	const struct pp_verb_info *v = verb_of(op);

	if (op->hazard && x->setup->drop_hazard) {
		if (op->verb == PP_VERB_REG)
			x->mrs[op->object].absent = true;
		return true;
	}
	if (v->kind == PP_KIND_DEVICE_WRITE && x->setup->drop_device_writes)
		return true;
	return v->target == PP_TARGET_MR && op->verb != PP_VERB_REG && x->mrs[op->object].absent;
}

/* Mistakes of a plan that only show at run time; said before anything crashes on them. */
static int op_possible(const struct pp_exec *x, const struct pp_target_ref *t, struct pp_err *err)
{
	const struct pp_op *op = t->op;
	const struct pp_verb_info *v = verb_of(op);
	bool by_file = v->file && v->effect != PP_EFFECT_SELF;

	if (!pp_exec_verb(op->verb))
		return pp_err_set(err, -EOPNOTSUPP, "nothing here can carry out %s.", v->name);
	if (verb_of(op)->target == PP_TARGET_MR && !x->fabric)
		return pp_err_set(err, -ENODEV, "the plan uses an MR but there is no fabric.");
	if (verb_of(op)->target == PP_TARGET_MR && op->verb != PP_VERB_REG &&
	    !x->mrs[op->object].handle)
		return pp_err_set(err, -EINVAL, "MR %s is not registered at operation %u.",
				  x->plan->mrs[op->object].name, op->id);
	if (op->verb == PP_VERB_REG && x->mrs[op->object].handle)
		return pp_err_set(err, -EINVAL, "MR %s is registered already at operation %u.",
				  x->plan->mrs[op->object].name, op->id);
	if (t->region == PP_NO_INDEX || by_file || op->verb == PP_VERB_MAP)
		return 0;
	if (!x->regions[t->region].r.addr)
		return pp_err_set(err, -EINVAL, "region %s is not mapped at operation %u.",
				  x->plan->regions[t->region].name, op->id);
	return 0;
}

static void event_template(const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_verb_info *v = verb_of(t->op);

	memset(e, 0, sizeof(*e));
	e->op = t->op->id;
	e->verb = (uint8_t)t->op->verb;
	e->actor = (uint8_t)t->op->actor;
	e->object = t->op->object;
	if (t->op->verb == PP_VERB_REG || t->op->verb == PP_VERB_DEREG)
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

static struct pp_event *record(struct pp_worker *w, const struct pp_event *e)
{
	struct pp_event *at = pp_record_begin(w->x->setup->recorder, w->actor, e);
	struct pp_err full;

	if (!at) {
		pp_err_set(&full, -ENOSPC, "the history is full");
		exec_broken(w->x, "", &full);
	}
	return at;
}

static void run_skipped(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_event e, *at;

	event_template(t, &e);
	e.flags |= PP_EVENT_SKIPPED;
	e.begin_ns = history_now(w->x);
	at = record(w, &e);
	if (at)
		pp_record_end(at, e.begin_ns, 0);
}

static int run_act(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_event e, *at;
	int rc;

	event_template(t, &e);
	e.begin_ns = history_now(w->x);
	at = record(w, &e);
	if (!at)
		return -ENOSPC;
	rc = pp_exec_verb(t->op->verb)->act(w, t, at);
	pp_record_end(at, history_now(w->x), rc);
	return rc;
}

/* The stamps this write leaves, with a planted fault where a self-test asked for one. */
static void stamp_buffer(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_region_def *def = &w->x->plan->regions[t->region];
	struct pp_stamp s = {
		.run = w->x->setup->recorder->run,
		.offset_bytes = t->offset_bytes,
		.region = verb_of(t->op)->file ? def->file_space : def->space,
		.writer = w->actor,
		.generation = t->op->gen,
	};

	if (w->x->setup->plant == PP_PLANT_SHIFT)
		s.offset_bytes += PP_CELL_BYTES;
	pp_stamp_fill(w->buf, t->length_bytes, &s);
	if (w->x->setup->plant == PP_PLANT_TEAR)
		memset(w->buf + t->length_bytes - PP_CELL_BYTES / 2, 0, PP_CELL_BYTES / 2);
}

/* Prepare, then publish the operation as begun: from here on it may have taken effect. */
static int begin(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event **at)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	struct pp_event e;
	int rc = impl->prepare ? impl->prepare(w, t) : 0;

	if (rc)
		return rc;
	event_template(t, &e);
	e.begin_ns = history_now(w->x);
	*at = record(w, &e);
	return *at ? 0 : -ENOSPC;
}

static int run_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	struct pp_event *at;
	int64_t n = 0;
	int rc;

	stamp_buffer(w, t);
	rc = begin(w, t, &at);
	if (rc)
		return rc;
	n = w->x->setup->plant == PP_PLANT_DROP ? (int64_t)t->length_bytes : impl->put(w, t);
	if (n >= 0 && (size_t)n < t->length_bytes) {
		at->flags |= PP_EVENT_PARTIAL;
		at->length_bytes = (uint32_t)n / PP_CELL_BYTES * PP_CELL_BYTES;
	}
	/* A call that moved nothing and says nothing is wrong: O12 asks why. */
	if (n == 0)
		n = -ENODATA;
	pp_record_end(at, history_now(w->x), n < 0 ? (int)n : 0);
	return 0;
}

static bool same_run(const struct pp_event *a, const struct pp_event *b)
{
	return a->seen == b->seen && a->writer == b->writer && a->gen == b->gen &&
	       (a->seen != PP_SEEN_OTHER || a->gen == PP_NO_CELL);
}

/* What one cell shows, as the event that would record it alone. */
static void see_cell(struct pp_worker *w, const struct pp_event *whole, uint32_t at,
		     const struct pp_stamp *place, struct pp_event *e)
{
	struct pp_stamp here = *place, got;

	here.offset_bytes = whole->offset_bytes + at;
	*e = *whole;
	e->offset_bytes = here.offset_bytes;
	e->length_bytes = PP_CELL_BYTES;
	e->seen = (uint8_t)pp_stamp_seen(w->buf + at, &here, &got);
	if (e->seen == PP_SEEN_STAMP) {
		e->writer = (uint16_t)got.writer;
		e->gen = got.generation;
	} else if (e->seen == PP_SEEN_OTHER) {
		e->gen = pp_record_cell(w->x->setup->recorder, w->actor, w->buf + at);
	}
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
	struct pp_event whole = *at, next, cell;
	struct pp_event *current = at;

	see_cell(w, &whole, 0, &place, &next);
	for (uint32_t pos = PP_CELL_BYTES; pos < length; pos += PP_CELL_BYTES) {
		see_cell(w, &whole, pos, &place, &cell);
		if (same_run(&next, &cell)) {
			next.length_bytes += PP_CELL_BYTES;
			continue;
		}
		*current = next;
		pp_record_end(current, end_ns, 0);
		current = record(w, &whole);
		if (!current)
			return;
		next = cell;
	}
	*current = next;
	pp_record_end(current, end_ns, 0);
}

static void planted_end(const struct pp_worker *w)
{
	if (w->x->setup->plant == PP_PLANT_CRASH)
		abort();
	while (w->x->setup->plant == PP_PLANT_HANG)
		pp_pause_ms(1000);
}

static int run_observation(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	struct pp_event *at;
	uint64_t end_ns;
	int64_t n;
	int rc;

	rc = begin(w, t, &at);
	if (rc)
		return rc;
	planted_end(w);
	n = impl->fetch(w, t);
	end_ns = history_now(w->x);
	if (n >= 0 && impl->finish) {
		rc = impl->finish(w, t);
		if (rc)
			return rc;
	}
	if (n < PP_CELL_BYTES) {
		at->seen = PP_SEEN_FAULT;
		pp_record_end(at, end_ns, n < 0 ? (int)n : 0);
		return 0;
	}
	if ((size_t)n < t->length_bytes)
		at->flags |= PP_EVENT_PARTIAL;
	record_runs(w, t, at, (uint32_t)n / PP_CELL_BYTES * PP_CELL_BYTES, end_ns);
	return 0;
}

/* Set-up that should work, and does not, ends the case; the rest is for the oracle to judge. */
static bool breaks_case(const struct pp_op *op, int rc)
{
	return rc < 0 && verb_of(op)->kind == PP_KIND_SETUP && op->expect == PP_EXPECT_OK;
}

static int run_op(struct pp_worker *w, const struct pp_op *op)
{
	const struct pp_verb_impl *impl = pp_exec_verb(op->verb);
	struct pp_target_ref t;
	int rc;

	resolve(w->x, op, &t);
	w->err.text[0] = '\0';
	if (op_skipped(w->x, op)) {
		run_skipped(w, &t);
		return 0;
	}
	rc = op_possible(w->x, &t, &w->err);
	if (rc)
		return rc;
	if (impl->act) {
		rc = run_act(w, &t);
		return breaks_case(op, rc) ? rc : 0;
	}
	return impl->put ? run_write(w, &t) : run_observation(w, &t);
}

static bool op_due(const struct pp_exec *x, const struct pp_op *op)
{
	for (uint32_t i = 0; i < op->after_count; i++) {
		const struct pp_op *before =
			pp_plan_op(x->plan, x->plan->after[op->after_first + i]);

		if (before && !x->ended[before - x->plan->ops])
			return false;
	}
	return true;
}

static void *worker_main(void *arg)
{
	struct pp_worker *w = arg;
	struct pp_exec *x = w->x;
	char where[PP_CASE_MAX];

	for (size_t i = 0; i < x->plan->n_ops; i++) {
		const struct pp_op *op = &x->plan->ops[i];
		bool stop;

		if (op->actor != w->actor)
			continue;
		pthread_mutex_lock(&x->lock);
		while (!x->stop && !op_due(x, op))
			pthread_cond_wait(&x->changed, &x->lock);
		stop = x->stop;
		pthread_mutex_unlock(&x->lock);
		if (stop)
			break;
		if (run_op(w, op) < 0) {
			snprintf(where, sizeof(where), "operation %u (%s)", op->id,
				 verb_of(op)->name);
			exec_broken(x, where, &w->err);
			break;
		}
		pthread_mutex_lock(&x->lock);
		x->ended[i] = true;
		pthread_cond_broadcast(&x->changed);
		pthread_mutex_unlock(&x->lock);
	}
	return NULL;
}

/* Longest transfer of the plan, and whether it needs the fabric and io_uring. */
static void plan_demands(const struct pp_plan *p, size_t *longest, bool *fabric, bool *uring)
{
	*longest = PP_CELL_BYTES;
	*fabric = *uring = false;
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct pp_verb_info *v = &pp_verbs[p->ops[i].verb];

		if (v->kind != PP_KIND_SETUP && v->kind != PP_KIND_PIN &&
		    p->ops[i].length_bytes > *longest)
			*longest = p->ops[i].length_bytes;
		*fabric |= v->target == PP_TARGET_MR;
		*uring |= v->via;
	}
}

static int workers_open(struct pp_exec *x, struct pp_worker *workers, size_t longest, bool uring,
			struct pp_err *err)
{
	size_t bytes = (longest + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
	int rc;

	for (size_t i = 0; i < x->plan->n_actors; i++) {
		workers[i].x = x;
		workers[i].actor = (uint16_t)i;
		workers[i].buf_bytes = bytes;
		workers[i].buf = aligned_alloc(BUFFER_ALIGN, bytes);
		if (!workers[i].buf)
			return pp_err_set(err, -ENOMEM, "buffer of %zu bytes", bytes);
		memset(workers[i].buf, 0, bytes);
		rc = uring ? pp_pinio_open(&workers[i].pinio, err) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static void workers_close(struct pp_exec *x, struct pp_worker *workers)
{
	for (size_t i = 0; i < x->plan->n_actors; i++) {
		if (workers[i].pinio)
			pp_pinio_close(workers[i].pinio);
		free(workers[i].buf);
	}
}

static void workers_run(struct pp_exec *x, struct pp_worker *workers)
{
	size_t started = 1;
	struct pp_err err;

	for (; started < x->plan->n_actors; started++) {
		int rc = pthread_create(&workers[started].thread, NULL, worker_main,
					&workers[started]);

		if (rc) {
			pp_err_set(&err, -rc, "thread of actor %s", x->plan->actors[started]);
			exec_broken(x, "", &err);
			break;
		}
	}
	worker_main(&workers[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
}

static int exec_open(struct pp_exec *x, struct pp_worker *workers, struct pp_err *err)
{
	bool fabric, uring;
	size_t longest;
	int rc;

	plan_demands(x->plan, &longest, &fabric, &uring);
	rc = pp_guard_install(err);
	if (!rc)
		rc = pp_exec_objects_open(x, err);
	if (!rc)
		rc = workers_open(x, workers, longest, uring, err);
	if (!rc && fabric && x->setup->link)
		rc = pp_fabric_open(x->setup->link->address, longest, FABRIC_BOUND_MS, &x->fabric,
				    err);
	if (!rc)
		rc = pp_exec_pins_baseline(x, err);
	return rc;
}

void pp_exec_run(const struct pp_exec_setup *setup, struct pp_exec_outcome *outcome)
{
	struct pp_exec x = { .setup = setup, .plan = setup->plan, .outcome = outcome };
	struct pp_worker *workers = calloc(setup->plan->n_actors, sizeof(*workers));
	struct pp_err err = { 0 };
	int rc;

	pthread_mutex_init(&x.lock, NULL);
	pthread_mutex_init(&x.fabric_lock, NULL);
	pthread_cond_init(&x.changed, NULL);
	rc = workers ? exec_open(&x, workers, &err) : pp_err_set(&err, -ENOMEM, "workers");
	if (rc)
		exec_broken(&x, "set-up", &err);
	else
		workers_run(&x, workers);
	if (!x.stop)
		outcome->ending = PP_ENDING_DONE;
	if (workers)
		workers_close(&x, workers);
	pp_exec_objects_close(&x);
	pp_fabric_close(x.fabric);
	free(workers);
	pthread_cond_destroy(&x.changed);
	pthread_mutex_destroy(&x.fabric_lock);
	pthread_mutex_destroy(&x.lock);
}
