/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a plan: actors, their order, and everything around them. */
#include "run/exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "run/exec_state.h"
#include "sys/clock.h"

#define BUFFER_ALIGN 4096u

static const struct pp_verb_info *verb_of(const struct pp_op *op)
{
	return &pp_verbs[op->verb];
}

void pp_exec_broken(struct pp_exec *x, const char *where, const struct pp_err *err)
{
	pthread_mutex_lock(&x->lock);
	if (!x->stop) {
		x->stop = true;
		x->outcome->ending = PP_ENDING_BROKEN;
		snprintf(x->outcome->reason, sizeof(x->outcome->reason), "%s%s%s", where,
			 where[0] ? ": " : "", err->text);
	}
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
	/* Who sleeps behind a gate that nobody will open any more could never end. */
	pp_exec_gates_release(x);
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
		if (v->kind == PP_KIND_PIN)
			x->mrs[op->object].absent = true;
		return true;
	}
	if (v->kind == PP_KIND_DEVICE_WRITE && x->setup->drop_device_writes)
		return true;
	return v->target == PP_TARGET_MR && v->kind != PP_KIND_PIN && x->mrs[op->object].absent;
}

/* Acts on the file alone, on pages that a pipe or an MR holds or on frames: where the mapping lies,
 * and whether it is still there, does not matter. */
static bool without_address(const struct pp_op *op)
{
	const struct pp_verb_info *v = verb_of(op);

	return (v->file && v->effect != PP_EFFECT_SELF) || op->verb == PP_VERB_SPLICE_DRAIN ||
	       (v->target == PP_TARGET_MR && v->kind != PP_KIND_PIN) ||
	       op->verb == PP_VERB_FRAME_LOOK;
}

/* Mistakes of a plan that only show at run time; said before anything crashes on them. */
static int op_possible(const struct pp_exec *x, const struct pp_target_ref *t, struct pp_err *err)
{
	const struct pp_op *op = t->op;
	const struct pp_verb_info *v = verb_of(op);

	if (!pp_exec_verb(op->verb))
		return pp_err_set(err, -EOPNOTSUPP, "nothing here can carry out %s.", v->name);
	/* It has a device, mappings and registrations of its own, and answers for itself. */
	if (v->owner)
		return 0;
	if (v->target == PP_TARGET_MR && !x->fabric && x->plan->mrs[op->object].kind == PP_MR_RXE)
		return pp_err_set(err, -ENODEV, "the plan uses an MR but there is no fabric.");
	if (verb_of(op)->target == PP_TARGET_MR && op->verb != PP_VERB_REG &&
	    !pp_exec_mr_held(&x->mrs[op->object]))
		return pp_err_set(err, -EINVAL, "MR %s is not registered at operation %u.",
				  x->plan->mrs[op->object].name, op->id);
	if (op->verb == PP_VERB_REG && pp_exec_mr_held(&x->mrs[op->object]))
		return pp_err_set(err, -EINVAL, "MR %s is registered already at operation %u.",
				  x->plan->mrs[op->object].name, op->id);
	if (t->region == PP_NO_INDEX || without_address(op) || op->verb == PP_VERB_MAP)
		return 0;
	if (!x->regions[t->region].r.addr)
		return pp_err_set(err, -EINVAL, "region %s is not mapped at operation %u.",
				  x->plan->regions[t->region].name, op->id);
	return 0;
}

/* Set-up that should work, and does not, ends the case; the rest is for the oracle to judge. */
static bool breaks_case(const struct pp_op *op, int rc)
{
	return rc < 0 && verb_of(op)->kind == PP_KIND_SETUP && op->expect == PP_EXPECT_OK;
}

/*
 * Keep the mapping where it is while the operation uses its address, or wait until nobody does.
 * What a directed plan does is ordered by the plan: see struct pp_exec_region.
 */
static pthread_rwlock_t *hold_mapping(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_info *v = verb_of(t->op);
	pthread_rwlock_t *moving;

	if (t->region == PP_NO_INDEX)
		return NULL;
	moving = &w->x->regions[t->region].moving;
	if (v->moves || t->op->verb == PP_VERB_MAP || t->op->verb == PP_VERB_UNMAP) {
		pthread_rwlock_wrlock(moving);
		return moving;
	}
	if (!w->in_storm || without_address(t->op))
		return NULL;
	pthread_rwlock_rdlock(moving);
	return moving;
}

static int carry_out(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	pthread_rwlock_t *moving = hold_mapping(w, t);
	int rc = op_possible(w->x, t, &w->err);

	if (!rc) {
		rc = impl->act    ? pp_exec_act(w, t)
		     : impl->put  ? pp_exec_write(w, t)
		     : impl->look ? pp_exec_look(w, t)
				  : pp_exec_observe(w, t);
		if (impl->act && !breaks_case(t->op, rc))
			rc = 0;
	}
	if (moving)
		pthread_rwlock_unlock(moving);
	return rc;
}

int pp_exec_op(struct pp_worker *w, const struct pp_op *op)
{
	struct pp_target_ref t;
	int rc;

	resolve(w->x, op, &t);
	w->err.text[0] = '\0';
	if (op_skipped(w->x, op)) {
		pp_exec_skipped(w, &t);
		return PP_EXEC_SKIPPED;
	}
	atomic_store(&w->working, true);
	rc = carry_out(w, &t);
	if (!rc)
		pp_exec_plant_after(w, &t);
	atomic_store(&w->working, false);
	return rc;
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

/* Operation number @index of the plan, when it is due; < 0: stop. */
static int run_planned(struct pp_worker *w, size_t index)
{
	struct pp_exec *x = w->x;
	const struct pp_op *op = &x->plan->ops[index];
	char where[PP_CASE_MAX];
	bool stop;
	int rc;

	pthread_mutex_lock(&x->lock);
	while (!x->stop && !op_due(x, op))
		pthread_cond_wait(&x->changed, &x->lock);
	stop = x->stop;
	pthread_mutex_unlock(&x->lock);
	if (stop)
		return -ECANCELED;
	/* What a storm has drawn is carried out as there when it is replayed. */
	w->in_storm = op->id >= PP_STORM_FIRST && op->id < PP_STORM_END;
	rc = pp_exec_op(w, op);
	w->in_storm = false;
	if (rc < 0) {
		snprintf(where, sizeof(where), "operation %u (%s)", op->id, verb_of(op)->name);
		pp_exec_broken(x, where, &w->err);
		return -ECANCELED;
	}
	pthread_mutex_lock(&x->lock);
	x->ended[index] = true;
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
	return 0;
}

static void *worker_main(void *arg)
{
	struct pp_worker *w = arg;
	const struct pp_plan *p = w->x->plan;
	size_t i = 0;
	int rc = 0;

	w->tid = gettid();
	if (w->actor < PP_ARRAY_LEN(w->x->outcome->tids))
		w->x->outcome->tids[w->actor] = w->tid;
	/* What a trace, a stack and the kernel's log call this thread; cut to what the kernel
	 * keeps. The first one's name is that of the process, by which people look for it. */
	if (w->actor)
		prctl(PR_SET_NAME, p->actors[w->actor]);
	for (; !rc && i < p->n_ops && i < p->storm_at; i++)
		if (p->ops[i].actor == w->actor)
			rc = run_planned(w, i);
	if (!rc)
		rc = pp_exec_storm(w);
	for (; !rc && i < p->n_ops; i++)
		if (p->ops[i].actor == w->actor)
			rc = run_planned(w, i);
	if (!rc)
		pp_exec_plant_last(w);
	return NULL;
}

struct demands {
	size_t longest; /* transfer, in bytes */
	bool fabric, uring;
};

static void op_demands(const struct pp_plan *p, const struct pp_op *op, uint64_t length,
		       struct demands *d)
{
	const struct pp_verb_info *v = &pp_verbs[op->verb];
	bool mr = v->target == PP_TARGET_MR;

	bool moves = v->kind == PP_KIND_WRITE || v->kind == PP_KIND_DEVICE_WRITE ||
		     v->kind == PP_KIND_OBSERVE;

	if (moves && length > d->longest)
		d->longest = length;
	d->fabric |= mr && !v->owner && p->mrs[op->object].kind == PP_MR_RXE;
	d->uring |= v->via || (mr && !v->owner && p->mrs[op->object].kind == PP_MR_URING);
}

static void plan_demands(const struct pp_plan *p, struct demands *d)
{
	*d = (struct demands){ .longest = PP_CELL_BYTES };
	for (size_t i = 0; i < p->n_ops; i++)
		op_demands(p, &p->ops[i], p->ops[i].length_bytes, d);
	for (size_t i = 0; i < p->n_mixes; i++) {
		const struct pp_mix *m = &p->mixes[i];

		op_demands(p, &m->op, m->max_bytes ? m->max_bytes : m->op.length_bytes, d);
	}
}

static int workers_open(struct pp_exec *x, const struct demands *d, struct pp_err *err)
{
	size_t bytes = (d->longest + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
	int rc;

	for (size_t i = 0; i < x->plan->n_actors; i++) {
		struct pp_worker *w = &x->workers[i];

		w->x = x;
		w->actor = (uint16_t)i;
		w->held_pipe[0] = w->held_pipe[1] = -1;
		w->buf_bytes = bytes;
		w->buf = aligned_alloc(BUFFER_ALIGN, bytes);
		if (!w->buf)
			return pp_err_set(err, -ENOMEM, "buffer of %zu bytes", bytes);
		memset(w->buf, 0, bytes);
		rc = d->uring ? pp_pinio_open(&w->pinio, err) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static void workers_close(struct pp_exec *x)
{
	for (size_t i = 0; i < x->plan->n_actors; i++) {
		struct pp_worker *w = &x->workers[i];

		if (!w->buf) /* not reached by workers_open() */
			continue;
		pp_exec_worker_unhold(w);
		pp_exec_worker_unfork(w);
		if (w->pinio)
			pp_pinio_close(w->pinio);
		pp_exec_worker_device_close(w);
		free(w->buf);
	}
}

static void workers_run(struct pp_exec *x)
{
	struct pp_worker *workers = x->workers;
	size_t started = 1;
	struct pp_err err;

	for (; started < x->plan->n_actors; started++) {
		int rc = pthread_create(&workers[started].thread, NULL, worker_main,
					&workers[started]);

		if (rc) {
			pp_err_set(&err, -rc, "thread of actor %s", x->plan->actors[started]);
			pp_exec_broken(x, "", &err);
			break;
		}
	}
	worker_main(&workers[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
}

static bool uses_fabric(const struct pp_plan *p, const struct pp_op *op, uint16_t actor)
{
	return op->actor == actor && pp_verbs[op->verb].target == PP_TARGET_MR &&
	       !pp_verbs[op->verb].owner && p->mrs[op->object].kind == PP_MR_RXE;
}

/* The device, and a queue pair for each actor that has work for it. */
static int fabric_open(struct pp_exec *x, size_t longest, struct pp_err *err)
{
	const struct pp_plan *p = x->plan;
	int rc = pp_fabric_open(x->setup->link->address, &x->fabric, err);

	for (size_t a = 0; !rc && a < p->n_actors; a++) {
		bool uses = false;

		for (size_t i = 0; i < p->n_ops && !uses; i++)
			uses = uses_fabric(p, &p->ops[i], (uint16_t)a);
		for (size_t i = 0; i < p->n_mixes && !uses; i++)
			uses = uses_fabric(p, &p->mixes[i].op, (uint16_t)a);
		if (uses)
			rc = pp_exec_worker_endpoint(&x->workers[a], longest, err);
	}
	return rc;
}

/* The order matters: gates stand under the filesystems, and what is forked must inherit neither the
 * fabric nor a thread. */
static int exec_open(struct pp_exec *x, struct pp_err *err)
{
	struct demands d;
	int rc;

	plan_demands(x->plan, &d);
	rc = pp_guard_install(err);
	if (!rc)
		rc = pp_exec_gates_open(x, err);
	if (!rc)
		rc = pp_exec_objects_open(x, err);
	if (!rc)
		rc = pp_exec_peer_open(x, err);
	if (!rc)
		rc = workers_open(x, &d, err);
	if (!rc)
		rc = pp_exec_plant_open(x, d.longest, err);
	if (!rc)
		rc = pp_exec_storm_open(x, err);
	if (!rc && d.fabric && x->setup->link)
		rc = fabric_open(x, d.longest, err);
	if (!rc)
		rc = pp_exec_accounts_open(x, err);
	return rc;
}

/* Whatever was opened, and in reverse. What still waits at a gate would make each step hang. */
static void exec_close(struct pp_exec *x)
{
	pp_exec_gates_release(x);
	workers_close(x);
	pp_exec_storm_close(x);
	pp_exec_plant_close(x);
	pp_exec_peer_close(x);
	pp_exec_objects_close(x);
	pp_fabric_close(x->fabric);
	pp_exec_gates_close(x);
	pp_exec_accounts_close(x);
}

void pp_exec_run(const struct pp_exec_setup *setup, struct pp_exec_outcome *outcome)
{
	struct pp_exec x = { .setup = setup, .plan = setup->plan, .outcome = outcome };
	struct pp_watch *watch = NULL;
	struct pp_err err = { 0 };
	int rc;

	pthread_mutex_init(&x.lock, NULL);
	pthread_cond_init(&x.changed, NULL);
	x.workers = calloc(setup->plan->n_actors + 1, sizeof(*x.workers));
	if (!x.workers) {
		rc = pp_err_set(&err, -ENOMEM, "workers");
	} else {
		rc = exec_open(&x, &err);
		if (!rc)
			rc = pp_watch_start(&x, &watch, &err);
		if (rc)
			pp_exec_broken(&x, "set-up", &err);
		else
			workers_run(&x);
		if (!x.stop)
			outcome->ending = PP_ENDING_DONE;
		pp_watch_stop(watch);
		exec_close(&x);
	}
	free(x.workers);
	pthread_cond_destroy(&x.changed);
	pthread_mutex_destroy(&x.lock);
}
