/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plan's owner does: a process with registrations of its own. */
#include <errno.h>

#include "run/exec_aside.h"

#define ACT(name)                                                                                  \
	static int act_##name(struct pp_worker *w, const struct pp_target_ref *t,                  \
			      struct pp_event *e)

/* One request at a time; afterwards quiet points know whom to look at. */
static struct pp_owner *take(struct pp_worker *w)
{
	pthread_mutex_lock(&w->x->peer->lock);
	return &w->x->peer->owner;
}

static int done(struct pp_worker *w, int rc)
{
	const struct pp_owner *o = &w->x->peer->owner;

	atomic_store(&w->x->owner_pid, o->pid);
	atomic_store(&w->x->heir_pid, o->heir);
	pthread_mutex_unlock(&w->x->peer->lock);
	return rc;
}

ACT(own_start)
{
	struct pp_owner_limits limits = { .limited = t->op->limited,
					  .memlock_bytes = t->op->memlock_bytes,
					  .no_caps = t->op->no_caps };

	(void)e;
	return done(w, pp_owner_start(take(w), &limits, &w->err));
}

/* What stands behind the region, for the owner to map it too. */
static int object_of(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_backings[w->x->plan->regions[t->region].backing].has_fd ? pp_exec_file_ready(w, t)
									  : 0;
}

ACT(own_reg)
{
	struct pp_exec_mr *mr = &w->x->mrs[t->op->object];
	const struct pp_region *r = pp_exec_region_of(w, t);
	int rc = object_of(w, t);

	(void)e;
	if (!rc)
		rc = done(w, pp_owner_reg(take(w), t->op->object, r->fd, r->path, &w->err));
	mr->absent = rc != 0;
	return rc;
}

ACT(own_dereg)
{
	(void)e;
	return done(w, pp_owner_dereg(take(w), t->op->object, &w->err));
}

ACT(own_unmap)
{
	const struct pp_region *r = pp_exec_region_of(w, t);
	int rc = object_of(w, t);

	(void)e;
	return rc ? rc
		  : done(w, pp_owner_unmap(take(w), t->region, t->offset_bytes, t->length_bytes,
					   r->fd, r->path, &w->err));
}

ACT(own_fork)
{
	(void)t;
	(void)e;
	return done(w, pp_owner_fork(take(w), &w->err));
}

ACT(own_exec)
{
	(void)t;
	(void)e;
	return done(w, pp_owner_end(take(w), PP_OWNER_EXEC, &w->err));
}

ACT(own_exit)
{
	(void)t;
	(void)e;
	return done(w, pp_owner_end(take(w), PP_OWNER_EXIT, &w->err));
}

ACT(own_kill)
{
	(void)t;
	(void)e;
	return done(w, pp_owner_end(take(w), PP_OWNER_KILL, &w->err));
}

ACT(heir_end)
{
	(void)t;
	(void)e;
	return done(w, pp_owner_heir_end(take(w), &w->err));
}

const struct pp_verb_impl pp_exec_owner_verbs[] = {
	{ .verb = PP_VERB_OWN_START, .act = act_own_start },
	{ .verb = PP_VERB_OWN_REG, .act = act_own_reg },
	{ .verb = PP_VERB_OWN_DEREG, .act = act_own_dereg },
	{ .verb = PP_VERB_OWN_UNMAP, .act = act_own_unmap },
	{ .verb = PP_VERB_OWN_FORK, .act = act_own_fork },
	{ .verb = PP_VERB_OWN_EXEC, .act = act_own_exec },
	{ .verb = PP_VERB_OWN_EXIT, .act = act_own_exit },
	{ .verb = PP_VERB_OWN_KILL, .act = act_own_kill },
	{ .verb = PP_VERB_HEIR_END, .act = act_heir_end },
	{ .verb = PP_VERB_NONE },
};
