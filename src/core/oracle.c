/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's frame: which rules are built, one walk over the history, findings with their words.
 */
#include "core/oracle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hole_fault.h"
#include "core/oracle_rules.h"
#include "core/page_track.h"

/* Which events each judge wants: bits of enum pp_kind. */
static const struct {
	uint32_t kinds;
	void (*judge)(struct pp_judge *j, uint32_t event);
} judges[] = {
	{ UINT32_MAX, pp_rule_live },
	{ UINT32_MAX, pp_rule_results },
	{ 1u << PP_KIND_CHECK, pp_rule_fs },
	{ 1u << PP_KIND_PIN, pp_rule_registration },
	{ 1u << PP_KIND_OBSERVE, pp_rule_cells },
	{ 1u << PP_KIND_PIN | 1u << PP_KIND_LEDGER, pp_rule_pins },
	{ 1u << PP_KIND_LOOK | 1u << PP_KIND_DEVICE_WRITE | 1u << PP_KIND_UNPIN |
		  1u << PP_KIND_HOLD | 1u << PP_KIND_HAZARD,
	  pp_rule_pages },
};

/* In time, and with the result that the plan wants of every operation. */
static bool just_worked(const struct pp_judge *j, const struct pp_event *e)
{
	return !(e->result | e->flags) && e->seen != PP_SEEN_FAULT && j->all_succeed &&
	       e->end_ns - e->begin_ns <= j->bound_ns;
}

static void judge_event(struct pp_judge *j, uint32_t i)
{
	const struct pp_event *e = &j->h->events[i];
	enum pp_kind kind = pp_verbs[e->verb].kind;

	if (just_worked(j, e) && pp_model_writes(e)) {
		if (j->model.looks)
			pp_rule_pages(j, i);
		return;
	}
	for (size_t k = 0; k < PP_ARRAY_LEN(judges); k++)
		if (judges[k].kinds & (1u << kind))
			judges[k].judge(j, i);
}

#define AHEAD 32 /* events that memory is given time for: 1.5 KiB */

static void judge_all(struct pp_judge *j)
{
	for (uint32_t i = 0; i < j->h->n_events; i++) {
		const struct pp_event *e = &j->h->events[i];

		pp_progress_step(j->opt->progress, "judged", i, j->h->n_events);
		__builtin_prefetch(e + AHEAD);
		if (e->flags & PP_EVENT_SKIPPED)
			continue;
		/* Nearly all events: of a look that just worked only what it shows is judged. */
		if (pp_verbs[e->verb].kind == PP_KIND_OBSERVE && just_worked(j, e))
			pp_rule_cells(j, i);
		else
			judge_event(j, i);
		if (pp_verbs[e->verb].kind == PP_KIND_OBSERVE && e->verb != PP_VERB_SPLICE_DRAIN)
			continue;
		pp_model_take(&j->model, i);
		pp_hole_faults_take(j->hole_faults, i);
	}
	pp_judge_flush(j);
}

/* Which rules this oracle knows: every one. O10 is judged from the kernel log (core/logscan.h), so
 * a plan may name it here. */
static int check_rules(const struct pp_plan *plan, struct pp_err *err)
{
	const uint32_t known = PP_RULE_BIT(PP_RULE_COUNT) - PP_RULE_BIT(PP_O1_COHERENCE);

	if (plan->rules & ~known)
		return pp_err_set(
			err, -EOPNOTSUPP,
			"the plan asks for rules (mask %#x) that this oracle does not judge.",
			plan->rules & ~known);
	return 0;
}

int pp_oracle_run(const struct pp_plan *plan, const struct pp_history *h,
		  const struct pp_oracle_options *opt, struct pp_findings *out, struct pp_err *err)
{
	struct pp_judge j = {
		.plan = plan,
		.h = h,
		.opt = opt,
		.rules = plan->rules & ~opt->disabled,
		.out = out,
	};
	int ret = check_rules(plan, err);

	if (ret)
		return ret;
	ret = pp_model_build(&j.model, plan, h, opt->progress, err);
	if (ret)
		goto out_model;
	j.ledger = pp_pin_ledger_new(&j.model, opt->era);
	j.order = pp_order_new(&j);
	j.live = pp_live_new(&j.model);
	j.edges = pp_edges_new(&j.model);
	j.pages = pp_page_track_new(&j.model);
	if (pp_hole_faults_new(plan, h, &j.hole_faults) || !j.ledger || !j.order || !j.live ||
	    !j.edges || !j.pages) {
		ret = pp_err_set(err, -ENOMEM, "judge a history of %zu events", h->n_events);
		goto out_ledger;
	}
	j.model.written = pp_order_written;
	j.model.written_arg = j.order;
	j.all_succeed = !pp_edges_refusals(j.edges);
	j.bound_ns = pp_live_bound_ns(j.live);
	judge_all(&j);
	if (j.model.pool.failed)
		ret = pp_err_set(err, -ENOMEM, "judge a history of %zu events", h->n_events);
out_ledger:
	pp_hole_faults_free(j.hole_faults);
	pp_page_track_free(j.pages);
	pp_edges_free(j.edges);
	pp_live_free(j.live);
	pp_order_free(j.order);
	pp_pin_ledger_free(j.ledger);
out_model:
	pp_model_free(&j.model);
	return ret;
}
