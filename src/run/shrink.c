/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries smaller plans; see shrink.h. */
#include "run/shrink.h"

#include <errno.h>
#include <string.h>

#include "core/shrink.h"
#include "run/judge.h"
#include "sys/clock.h"

/* What has to show again. */
struct target {
	enum pp_rule rule; /* PP_RULE_NONE: whatever shows first */
	char log[512];     /* O10: the same line; "" for other rules */
};

struct trial {
	const struct pp_shrink_job *job;
	struct target target;
	uint64_t begin_ns;
	unsigned runs;  /* executions so far */
	unsigned shown; /* of the last plan: how many broke the rule */
};

static void target_of(struct target *t, const struct pp_finding *x)
{
	t->rule = x->rule;
	t->log[0] = '\0';
	if (x->rule == PP_O10_QUIET_KERNEL)
		snprintf(t->log, sizeof(t->log), "%s", x->text);
}

/* The finding that is meant: one that no known defect explains is worth more. */
static const struct pp_finding *find(const struct target *t, const struct pp_findings *f)
{
	const struct pp_finding *known = NULL;

	for (size_t i = 0; i < f->count; i++) {
		const struct pp_finding *x = &f->items[i];

		if (t->rule != PP_RULE_NONE &&
		    (x->rule != t->rule || (t->log[0] && strcmp(t->log, x->text))))
			continue;
		if (x->defect < 0)
			return x;
		known = known ? known : x;
	}
	return known;
}

/* One execution: 1 and the finding if the rule broke, 0 if not, or -errno. @r is to be freed. */
static int once(struct trial *t, const struct pp_plan *plan, struct pp_attempt_result *r,
		struct pp_finding *x, struct pp_err *err)
{
	const struct pp_finding *found;
	struct pp_result judged;
	int rc = t->job->once(t->job->arg, plan, r, err);

	if (rc) {
		pp_attempt_free(r); /* of one that was interrupted there is a log */
		return rc;
	}
	t->runs++;
	pp_judge(r->executed ? r->executed : plan, &r->history, &r->ending, r->log, r->log_len,
		 t->job->facts, pp_heartbeat_judging(t->job->heartbeat), &judged);
	found = find(&t->target, &judged.findings);
	/* What broke its own set-up has shown nothing, whatever it found on the way. */
	if (found && r->ending.ending != PP_ENDING_BROKEN) {
		*x = *found;
		rc = 1;
	}
	pp_result_free(&judged);
	return rc;
}

/* Up to --runs executions, until --need of them broke the rule: 1 with the last of these in @r, 0,
 * or -errno. */
static int try(struct trial *t, const struct pp_plan *plan, struct pp_attempt_result *r,
	       struct pp_finding *x, struct pp_err *err)
{
	const unsigned runs = t->job->c->runs ? t->job->c->runs : 1;
	const unsigned need = t->job->c->need ? t->job->c->need : 1;

	t->shown = 0;
	for (unsigned n = 0; n < runs && t->shown + (runs - n) >= need; n++) {
		int rc = once(t, plan, r, x, err);

		if (rc < 0)
			return rc;
		t->shown += (unsigned)rc;
		if (rc && t->shown == need)
			return 1;
		pp_attempt_free(r);
	}
	return 0;
}

static bool time_is_up(const struct trial *t)
{
	const uint64_t budget_ns = (uint64_t)t->job->c->budget_s * 1000000000u;

	return budget_ns && pp_now_ns() - t->begin_ns >= budget_ns;
}

static void say(const struct trial *t, const struct pp_shrink *s, size_t first)
{
	if (!t->job->progress)
		return;
	fprintf(t->job->progress,
		"# shrink: %zu of %zu operations after %u runs in %llu s; next: %s\n",
		pp_shrink_best(s)->n_ops, first, t->runs,
		(unsigned long long)((pp_now_ns() - t->begin_ns) / 1000000000u),
		pp_shrink_doing(s));
	fflush(t->job->progress);
}

static int go_on(struct trial *t, struct pp_shrink *s, struct pp_err *err)
{
	const size_t first = pp_shrink_best(s)->n_ops;
	const struct pp_plan *plan;
	struct pp_attempt_result r;
	struct pp_finding x;
	int rc = 0;

	while (!time_is_up(t) && (rc = pp_shrink_next(s, &plan, err)) > 0) {
		rc = try(t, plan, &r, &x, err);
		if (rc > 0)
			rc = t->job->keep(t->job->arg, plan, &r, err) ? -EIO : 1;
		if (rc > 0 || rc == -EIO)
			pp_attempt_free(&r);
		if (rc < 0)
			return rc;
		pp_shrink_tell(s, rc > 0);
		if (rc > 0)
			say(t, s, first);
	}
	return time_is_up(t) ? 0 : rc;
}

static enum pp_rule rule_of(const struct pp_config *c)
{
	int rule = c->rule ? pp_word_find(pp_rule_words, PP_RULE_COUNT, c->rule) : PP_RULE_NONE;

	return rule < 0 ? PP_RULE_NONE : (enum pp_rule)rule;
}

/* What the plan itself does comes first: without it there is nothing to make smaller. */
static int begin(struct trial *t, const struct pp_plan *plan, struct pp_shrink **out,
		 struct pp_err *err)
{
	struct pp_attempt_result r;
	struct pp_finding x;
	int rc = try(t, plan, &r, &x, err);

	if (rc <= 0)
		return rc;
	target_of(&t->target, &x);
	rc = t->job->keep(t->job->arg, plan, &r, err);
	if (!rc)
		rc = pp_shrink_new(r.executed ? r.executed : plan, &r.history, &x, out, err);
	pp_attempt_free(&r);
	return rc ? rc : 1;
}

int pp_shrink_run(const struct pp_shrink_job *job, const struct pp_plan *plan, bool *shrunk,
		  struct pp_err *err)
{
	struct trial t = { .job = job, .target.rule = rule_of(job->c), .begin_ns = pp_now_ns() };
	struct pp_shrink *s = NULL;
	int rc = begin(&t, plan, &s, err);

	*shrunk = rc > 0;
	if (rc > 0) {
		say(&t, s, pp_shrink_best(s)->n_ops);
		rc = go_on(&t, s, err);
	} else if (!rc && job->progress) {
		fprintf(job->progress,
			"# shrink: %s was broken in %u of %u runs: nothing to shrink\n",
			t.target.rule ? pp_rule_words[t.target.rule].name : "no rule", t.shown,
			t.runs);
	}
	pp_shrink_free(s);
	/* Interrupted: what was kept stays. */
	return rc == -EINTR && *shrunk ? 0 : rc;
}
