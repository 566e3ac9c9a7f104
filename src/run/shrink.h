/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof shrink`: tries the plans that core/shrink.h proposes, until none is left or time is up.
 */
#ifndef PP_RUN_SHRINK_H
#define PP_RUN_SHRINK_H

#include <stdio.h>

#include "core/facts.h"
#include "run/config.h"
#include "run/heartbeat.h"
#include "run/supervisor.h"

/* What shrinking needs of whoever executes. */
struct pp_shrink_job {
	const struct pp_config *c;    /* rule, runs, need, budget_s */
	const struct pp_facts *facts; /* for judging */
	FILE *progress;               /* a line for each step, "# shrink: ..."; NULL: none */
	struct pp_heartbeat *heartbeat;
	void *arg;
	/* Execute @plan once: as pp_attempt_run(); -EINTR: the user wants to stop. */
	int (*once)(void *arg, const struct pp_plan *plan, struct pp_attempt_result *r,
		    struct pp_err *err);
	/* Keep these files as the best so far: @r is what executing @plan gave. */
	int (*keep)(void *arg, const struct pp_plan *plan, const struct pp_attempt_result *r,
		    struct pp_err *err);
};

/**
 * pp_shrink_run - shrink @plan, keeping each smaller one as it is found
 * @shrunk: does the last plan that was kept break the rule?
 *
 * A plan breaks the rule if it does so in job->c->need of at most job->c->runs executions. The
 * first question is whether @plan does; without --rule, whatever it breaks first is the rule.
 * Interrupted or out of time, what was kept stays. Returns 0 or -errno.
 */
int pp_shrink_run(const struct pp_shrink_job *job, const struct pp_plan *plan, bool *shrunk,
		  struct pp_err *err);

#endif
