/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The storm: each actor draws what it does next until the time or the count is over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/storm.h"
#include "run/exec_state.h"
#include "sys/clock.h"

#define SKIP_PAUSE_MS 1u
#define BURST         0.02 /* of its events an actor may be ahead of the time */

struct pp_exec_storm {
	unsigned arrived, left; /* actors; under x->lock */
	uint64_t begin_ns, end_ns;
	uint64_t room; /* events that each actor may record in the storm */
};

int pp_exec_storm_open(struct pp_exec *x, struct pp_err *err)
{
	if (!pp_plan_has_storm(x->plan))
		return 0;
	x->storm = calloc(1, sizeof(*x->storm));
	if (!x->storm)
		return pp_err_set(err, -ENOMEM, "storm");
	x->storm->room = pp_recorder_storm_events(x->plan);
	return 0;
}

void pp_exec_storm_close(struct pp_exec *x)
{
	free(x->storm);
	x->storm = NULL;
}

/* Wait until every actor got here. The last one may say when that was. */
static int meet(struct pp_exec *x, unsigned *count)
{
	int rc;

	pthread_mutex_lock(&x->lock);
	if (++*count == x->plan->n_actors) {
		if (count == &x->storm->arrived) {
			x->storm->begin_ns = pp_now_ns();
			x->storm->end_ns =
				x->plan->storm_ms ? pp_deadline_ns(x->plan->storm_ms) : UINT64_MAX;
		}
		pthread_cond_broadcast(&x->changed);
	}
	while (!x->stop && *count < x->plan->n_actors)
		pthread_cond_wait(&x->changed, &x->lock);
	rc = x->stop ? -ECANCELED : 0;
	pthread_mutex_unlock(&x->lock);
	return rc;
}

static bool stopped(struct pp_exec *x)
{
	bool stop;

	pthread_mutex_lock(&x->lock);
	stop = x->stop;
	pthread_mutex_unlock(&x->lock);
	return stop;
}

/*
 * Events are spread over the time: an actor that only looks would fill its part of the history in
 * the first second. false: there is no room for more.
 */
static bool paced(const struct pp_worker *w, uint64_t used)
{
	const struct pp_exec_storm *storm = w->x->storm;
	double share = (double)used / (double)storm->room;
	double span = (double)(storm->end_ns - storm->begin_ns);
	uint64_t now;

	if (used >= storm->room)
		return false;
	if (storm->end_ns == UINT64_MAX)
		return true;
	for (now = pp_now_ns(); now < storm->end_ns; now = pp_now_ns()) {
		if (share <= (double)(now - storm->begin_ns) / span + BURST)
			break;
		pp_pause_ms(1);
	}
	return true;
}

static int one(struct pp_worker *w, const struct pp_op *op, bool closing)
{
	pp_record_drawn(w->x->setup->recorder, w->actor, closing);
	return pp_exec_op(w, op);
}

static int draw(struct pp_worker *w, struct pp_storm *s)
{
	const struct pp_recorder *r = w->x->setup->recorder;
	struct pp_exec_storm *storm = w->x->storm;
	uint32_t before = pp_record_count(r, w->actor);
	struct pp_op op;
	int rc = 0, last = 0;

	while (!rc && paced(w, pp_record_count(r, w->actor) - before) &&
	       pp_now_ns() < storm->end_ns && !stopped(w->x) && pp_storm_next(s, &op)) {
		rc = one(w, &op, false);
		if (rc == PP_EXEC_SKIPPED) {
			pp_pause_ms(SKIP_PAUSE_MS);
			rc = 0;
		}
	}
	/* Also when something broke: a filesystem that stays frozen would hang who comes next. */
	while (last >= 0 && pp_storm_last(s, &op))
		last = one(w, &op, true);
	return rc < 0 ? rc : last < 0 ? last : 0;
}

int pp_exec_storm(struct pp_worker *w)
{
	struct pp_exec *x = w->x;
	struct pp_storm s;
	int rc;

	if (!x->storm)
		return 0;
	rc = meet(x, &x->storm->arrived);
	if (rc)
		return rc;
	w->in_storm = true;
	if (pp_storm_start(&s, x->plan, w->actor))
		rc = draw(w, &s);
	w->in_storm = false;
	if (rc) {
		pp_exec_broken(x, "storm", &w->err);
		return rc;
	}
	return meet(x, &x->storm->left);
}
