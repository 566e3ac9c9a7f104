/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O12 (explained results) and O8 (the right answer to a registration). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/oracle_rules.h"
#include "core/policy.h"

static bool judged_by_policy(const struct pp_op *op)
{
	return pp_verbs[op->verb].kind == PP_KIND_PIN &&
	       (op->expect == PP_EXPECT_ERA || op->expect == PP_EXPECT_POLICY);
}

/* Positive errno of what happened, 0 for success. */
static int answer_of(const struct pp_event *e)
{
	/* A fault that left no errno came by signal: the access as a system call would say EFAULT.
	 */
	if (!e->result && pp_verbs[e->verb].kind == PP_KIND_OBSERVE && e->seen == PP_SEEN_FAULT)
		return EFAULT;
	return e->result < 0 ? -e->result : e->result;
}

/*
 * Did an observation end before the range that it was asked for, though nothing in the plan ends
 * there? A file that lost its tail must not pass because what is left of it is right.
 */
static bool cut_short(const struct pp_judge *j, const struct pp_event *e, const struct pp_op *op)
{
	uint16_t region = pp_plan_op_region(j->plan, op);

	return pp_verbs[e->verb].kind == PP_KIND_OBSERVE && (e->flags & PP_EVENT_PARTIAL) &&
	       region != PP_NO_INDEX && j->plan->regions[region].eof == PP_EOF_INSIDE;
}

void pp_rule_results(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op = pp_plan_op(j->plan, e->op);
	int want, got = answer_of(e);
	enum pp_class cls = PP_CLASS_ERRNO;

	if (!op || (e->flags & PP_EVENT_OPEN) || op->expect == PP_EXPECT_ANY ||
	    judged_by_policy(op))
		return;
	want = op->expect == PP_EXPECT_ERRNO ? op->expect_errno : 0;
	if (got == want && !got && cut_short(j, e, op))
		pp_judge_op(j, PP_O12_EXPLAINED, PP_CLASS_ERRNO, event, PP_NO_EVENT,
			    "op %u %s of %s returned fewer than the %llu bytes it was asked for",
			    e->op, pp_verbs[e->verb].name,
			    j->plan->regions[pp_plan_op_region(j->plan, op)].name,
			    (unsigned long long)op->length_bytes);
	if (got == want)
		return;
	if (!got)
		cls = PP_CLASS_ACCEPTED;
	else if (!want && pp_verbs[e->verb].kind == PP_KIND_PIN)
		cls = PP_CLASS_REFUSED;
	pp_judge_op(j, PP_O12_EXPLAINED, cls, event, PP_NO_EVENT,
		    "op %u %s%s%s gave %s%s, the plan allows %s", e->op, pp_verbs[e->verb].name,
		    pp_plan_op_region(j->plan, op) == PP_NO_INDEX ? "" : " of ",
		    pp_plan_op_region(j->plan, op) == PP_NO_INDEX
			    ? ""
			    : j->plan->regions[pp_plan_op_region(j->plan, op)].name,
		    pp_errno_name(got),
		    pp_verbs[e->verb].kind == PP_KIND_OBSERVE && e->seen == PP_SEEN_FAULT
			    ? " by a fault"
			    : "",
		    pp_errno_name(want));
}

/* "fits era 6.2-6.4: eras are mixed" or "fits no era" */
static void say_eras(const struct pp_policy_row *row, int column, int got, enum pp_era era,
		     char *out, size_t size)
{
	unsigned eras = row && column >= 0 ? pp_policy_eras(row, column, got) : 0;
	size_t len = 0;

	if (era < PP_ERA_COUNT)
		eras &= ~(1u << era);
	if (!eras) {
		snprintf(out, size, "fits no other era");
		return;
	}
	len = (size_t)snprintf(out, size, "fits era");
	for (int i = 0; i < PP_ERA_COUNT; i++)
		if ((eras & (1u << i)) && len < size)
			len += (size_t)snprintf(out + len, size - len, " %s", pp_era_names[i]);
	if (len < size)
		snprintf(out + len, size - len, ": eras are mixed");
}

void pp_rule_registration(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op = pp_plan_op(j->plan, e->op);
	const struct pp_mr_def *mr = &j->plan->mrs[e->object];
	const struct pp_region_def *region = &j->plan->regions[mr->region];
	const struct pp_policy_row *row = pp_policy_find(region);
	enum pp_era era = j->opt->era;
	int got = answer_of(e), want;
	enum pp_class cls = PP_CLASS_ERRNO;
	char eras[128];

	if (!op || (e->flags & PP_EVENT_OPEN) || !judged_by_policy(op))
		return;
	want = j->opt->provider_odp && (mr->access & PP_ACCESS_OD)
		       ? PP_POLICY_NOT_JUDGED
		       : pp_policy_expect(region, mr->access, era);
	if (want >= 0 && got != want) {
		if (!got)
			cls = PP_CLASS_ACCEPTED;
		else if (!want)
			cls = PP_CLASS_REFUSED;
		say_eras(row, pp_policy_column(mr->access), got, era, eras, sizeof(eras));
		pp_judge_op(j, PP_O8_REFUSAL, cls, event, PP_NO_EVENT,
			    "op %u reg %s gave %s, era %s expects %s; the answer %s", e->op,
			    mr->name, pp_errno_name(got), pp_era_names[era], pp_errno_name(want),
			    eras);
		return;
	}
	if (op->expect == PP_EXPECT_POLICY && !got && row && row->defect_if_written &&
	    (mr->access & (PP_ACCESS_LW | PP_ACCESS_RW | PP_ACCESS_RA)))
		pp_judge_op(j, PP_O8_REFUSAL, PP_CLASS_ACCEPTED, event, PP_NO_EVENT,
			    "op %u reg %s was accepted: a writable long-term pin of a shared "
			    "filesystem mapping (%s) must be refused",
			    e->op, mr->name, row->name);
}
