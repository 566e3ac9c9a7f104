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
	       region != PP_NO_INDEX && j->plan->regions[region].eof == PP_EOF_INSIDE &&
	       !pp_edge_of(j, e, op).cut;
}

/* Does it reach memory through a mapping, so that the file's end is a fault (SIGBUS, EFAULT)? */
static bool through_mapping(const struct pp_verb_info *verb)
{
	return !verb->file && (verb->target == PP_TARGET_REGION || verb->target == PP_TARGET_MR);
}

#define SCAN_EVENTS 4096 /* how far back another's write is looked for */

/*
 * An atomic is made of what its actor read after its operation before: did anybody write to its
 * bytes since?
 */
static bool contended(const struct pp_judge *j, const struct pp_event *e)
{
	size_t at = (size_t)(e - j->h->events), first = at > SCAN_EVENTS ? at - SCAN_EVENTS : 0;
	uint16_t space = pp_model_space(j->plan, e);
	uint64_t since = 0;

	for (size_t i = at; i-- > first && !since;)
		if (j->h->events[i].actor == e->actor && j->h->events[i].end_ns <= e->begin_ns)
			since = j->h->events[i].end_ns;
	while (at < j->h->n_events && j->h->events[at].begin_ns <= e->end_ns)
		at++;
	for (size_t i = at; i-- > first;) {
		const struct pp_event *w = &j->h->events[i];
		const struct pp_verb_info *verb = &pp_verbs[w->verb];
		bool changes = verb->kind == PP_KIND_WRITE || verb->kind == PP_KIND_DEVICE_WRITE ||
			       verb->effect != PP_EFFECT_NONE;

		if (w->actor != e->actor && changes && !(w->flags & PP_EVENT_SKIPPED) &&
		    w->end_ns >= since && pp_model_space(j->plan, w) == space &&
		    (!verb->ranged || (w->offset_bytes < e->offset_bytes + e->length_bytes &&
				       e->offset_bytes < w->offset_bytes + w->length_bytes)))
			return true;
	}
	return false;
}

/* What is dirty is a folio, and XFS makes them as large as this: 2 MiB, in their natural places. */
#define FOLIO_BYTES ((uint64_t)2 << 20)

/* Is the O_DIRECT write @d in the way of another actor's write to the same folios? */
static bool collides(const struct pp_judge *j, const struct pp_event *d, uint16_t space)
{
	size_t at = (size_t)(d - j->h->events), first = at > SCAN_EVENTS ? at - SCAN_EVENTS : 0;
	uint64_t from = d->offset_bytes / FOLIO_BYTES * FOLIO_BYTES;
	uint64_t to =
		(d->offset_bytes + d->length_bytes + FOLIO_BYTES - 1) / FOLIO_BYTES * FOLIO_BYTES;

	while (at < j->h->n_events && j->h->events[at].begin_ns <= d->end_ns)
		at++;
	for (size_t i = at; i-- > first;) {
		const struct pp_event *w = &j->h->events[i];
		enum pp_kind kind = pp_verbs[w->verb].kind;

		if ((kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE) &&
		    w->actor != d->actor && !(w->flags & PP_EVENT_SKIPPED) &&
		    w->end_ns >= d->begin_ns && pp_model_space(j->plan, w) == space &&
		    w->offset_bytes < to && from < w->offset_bytes + w->length_bytes)
			return true;
	}
	return false;
}

/*
 * An O_DIRECT write that cannot throw away the cached pages, as somebody dirtied them meanwhile,
 * leaves EIO for the next sync (dio_warn_stale_pagecache() in fs/direct-io.c, mm/filemap.c): is
 * there one that no sync has reported yet?
 */
static bool collided(const struct pp_judge *j, const struct pp_event *e)
{
	size_t at = (size_t)(e - j->h->events), first = at > SCAN_EVENTS ? at - SCAN_EVENTS : 0;
	uint16_t space = pp_model_space(j->plan, e);
	uint64_t reported_ns = 0; /* an earlier sync had the errors of what ended before this */

	/* syncfs answers for errors of writeback only. */
	if (space == PP_NO_INDEX)
		return false;
	while (at < j->h->n_events && j->h->events[at].begin_ns <= e->end_ns)
		at++;
	for (size_t i = at; i-- > first;) {
		const struct pp_event *d = &j->h->events[i];

		if ((d->flags & PP_EVENT_SKIPPED) || pp_model_space(j->plan, d) != space)
			continue;
		if ((d->verb == PP_VERB_FSYNC || d->verb == PP_VERB_FDATASYNC) &&
		    d->end_ns < e->begin_ns && d->begin_ns > reported_ns)
			reported_ns = d->begin_ns;
		if ((d->verb == PP_VERB_DIO_PWRITE || d->verb == PP_VERB_SELF_WRITE) &&
		    d->end_ns >= reported_ns && collides(j, d, space))
			return true;
	}
	return false;
}

/* A page that an MR on demand cannot have ends the transfer, as a fault would. */
static bool on_demand(const struct pp_judge *j, const struct pp_op *op)
{
	return pp_verbs[op->verb].target == PP_TARGET_MR && op->object < j->plan->n_mrs &&
	       j->plan->mrs[op->object].access & PP_ACCESS_OD;
}

/* Does the history explain an error that the plan did not speak of? */
static bool explained(const struct pp_judge *j, const struct pp_event *e, const struct pp_op *op,
		      int got)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	struct pp_edge edge;

	if (got == EAGAIN && (e->verb == PP_VERB_ATOMIC_ADD || e->verb == PP_VERB_ATOMIC_SWAP))
		return contended(j, e);
	/* Polling by the kernel is asked for where it can be had. */
	if (got == EOPNOTSUPP && (op->mode & PP_MODE_SQPOLL))
		return true;
	if (got == EIO && verb->kind == PP_KIND_SYNC)
		return collided(j, e);
	/* O_DIRECT whose later pages cannot be had says EIO (__blkdev_direct_IO(), block/fops.c).
	 */
	if (got == EIO && ((verb->via && verb->target == PP_TARGET_REGION) || on_demand(j, op)))
		got = EFAULT;
	if (got != EFAULT && got != ENODATA && got != ENXIO)
		return false;
	edge = pp_edge_of(j, e, op);
	if (got == EFAULT && through_mapping(verb))
		return edge.cut || edge.holes ||
		       (edge.full &&
			(verb->kind == PP_KIND_WRITE || verb->kind == PP_KIND_DEVICE_WRITE));
	/* A read at or behind the end of a file that was cut has no bytes to give. */
	return verb->file && verb->kind == PP_KIND_OBSERVE && edge.cut;
}

/* What no plan and no hazard makes right on a healthy device. */
static bool damage(int got)
{
	return got == EIO || got == EUCLEAN;
}

/* Errors that another rule, or the evidence, answers for. */
static bool answered_elsewhere(const struct pp_judge *j, uint32_t event, int got)
{
	const struct pp_event *e = &j->h->events[event];
	enum pp_kind kind = pp_verbs[e->verb].kind;

	if (kind == PP_KIND_CHECK && got == EUCLEAN)
		return j->plan->rules & PP_RULE_BIT(PP_O11_SOUND_FS);
	/* The kernel shows no pages here: nothing was seen, so that there is no PASS. */
	if (kind == PP_KIND_LOOK && (got == EPERM || got == EACCES || got == ENOENT))
		return true;
	/* The window was not proven: without evidence there is no PASS. */
	if (kind == PP_KIND_WINDOW && got == ETIMEDOUT)
		return true;
	/* Nor is there where the kernel did not come to balance, or could not be made to: it does
	 * so when it has time, and for a processor that is far from the pages. */
	if (e->verb == PP_VERB_NUMA_BALANCE && (got == ETIMEDOUT || got == ENODEV))
		return true;
	return (got == EINTR || got == ETIMEDOUT) &&
	       (j->plan->rules & PP_RULE_BIT(PP_O9_LIVENESS)) && pp_judge_stuck(j, event);
}

static bool judged(const struct pp_judge *j, uint32_t event, const struct pp_op *op, int got)
{
	const struct pp_event *e = &j->h->events[event];

	if ((e->flags & PP_EVENT_OPEN) || judged_by_policy(op))
		return false;
	/* A hazard may do as it likes, but it must not damage anything. */
	if (op->expect == PP_EXPECT_ANY)
		return pp_verbs[e->verb].kind == PP_KIND_HAZARD && damage(got);
	return !answered_elsewhere(j, event, got);
}

static void say_answer(struct pp_judge *j, uint32_t event, const struct pp_op *op, int got,
		       int want, enum pp_class cls)
{
	const struct pp_event *e = &j->h->events[event];
	uint16_t region = pp_plan_op_region(j->plan, op);
	bool fault = pp_verbs[e->verb].kind == PP_KIND_OBSERVE && e->seen == PP_SEEN_FAULT;

	pp_judge_op(j, PP_O12_EXPLAINED, cls, event, PP_NO_EVENT,
		    "op %u %s%s%s gave %s%s, the plan allows %s", e->op, pp_verbs[e->verb].name,
		    region == PP_NO_INDEX ? "" : " of ",
		    region == PP_NO_INDEX ? "" : j->plan->regions[region].name, pp_errno_name(got),
		    fault ? " by a fault" : "",
		    op->expect == PP_EXPECT_ANY ? "errors, but no sign of damage"
						: pp_errno_name(want));
}

void pp_rule_results(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op;
	int want, got = answer_of(e);
	enum pp_class cls = PP_CLASS_ERRNO;

	/* Nearly all events end here. */
	if (!got && !(e->flags & PP_EVENT_PARTIAL) && !pp_edges_refusals(j->edges))
		return;
	op = pp_plan_op(j->plan, e->op);
	if (!op || !judged(j, event, op, got))
		return;
	want = op->expect == PP_EXPECT_ERRNO ? op->expect_errno : 0;
	if (got == want && !got && cut_short(j, e, op))
		pp_judge_op(j, PP_O12_EXPLAINED, PP_CLASS_ERRNO, event, PP_NO_EVENT,
			    "op %u %s of %s returned fewer than the %llu bytes it was asked for",
			    e->op, pp_verbs[e->verb].name,
			    j->plan->regions[pp_plan_op_region(j->plan, op)].name,
			    (unsigned long long)op->length_bytes);
	if (got == want || (!want && explained(j, e, op, got)))
		return;
	if (!got)
		cls = PP_CLASS_ACCEPTED;
	else if (!want && pp_verbs[e->verb].kind == PP_KIND_PIN)
		cls = PP_CLASS_REFUSED;
	say_answer(j, event, op, got, want, cls);
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
		       : pp_policy_expect_mr(region, mr, era);
	if (want >= 0 && got != want) {
		if (!got)
			cls = PP_CLASS_ACCEPTED;
		else if (!want)
			cls = PP_CLASS_REFUSED;
		say_eras(row, pp_policy_mr_column(mr), got, era, eras, sizeof(eras));
		pp_judge_op(j, PP_O8_REFUSAL, cls, event, PP_NO_EVENT,
			    "op %u reg %s gave %s, era %s expects %s; the answer %s", e->op,
			    mr->name, pp_errno_name(got), pp_era_names[era], pp_errno_name(want),
			    eras);
		return;
	}
	if (op->expect == PP_EXPECT_POLICY && mr->kind == PP_MR_RXE && !got && row &&
	    row->defect_if_written && (mr->access & (PP_ACCESS_LW | PP_ACCESS_RW | PP_ACCESS_RA)))
		pp_judge_op(j, PP_O8_REFUSAL, PP_CLASS_ACCEPTED, event, PP_NO_EVENT,
			    "op %u reg %s was accepted: a writable long-term pin of a shared "
			    "filesystem mapping (%s) must be refused",
			    e->op, mr->name, row->name);
}
