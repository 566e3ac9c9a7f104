/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's frame: which rules are built, one walk over the history, findings with their words.
 */
#include "core/oracle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_rules.h"

/* O10 is judged from the kernel log (core/logscan.h), so a plan may name it here. */
#define RULES_BUILT                                                                                \
	(PP_RULE_BIT(PP_O1_COHERENCE) | PP_RULE_BIT(PP_O2_DURABILITY) |                            \
	 PP_RULE_BIT(PP_O4_IDENTITY) | PP_RULE_BIT(PP_O7_PIN_BALANCE) |                            \
	 PP_RULE_BIT(PP_O8_REFUSAL) | PP_RULE_BIT(PP_O10_QUIET_KERNEL) |                           \
	 PP_RULE_BIT(PP_O12_EXPLAINED))

/* Which events each judge wants: bits of enum pp_kind. */
static const struct {
	uint32_t kinds;
	void (*judge)(struct pp_judge *j, uint32_t event);
} judges[] = {
	{ UINT32_MAX, pp_rule_results },
	{ 1u << PP_KIND_PIN, pp_rule_registration },
	{ 1u << PP_KIND_OBSERVE, pp_rule_cells },
	{ 1u << PP_KIND_PIN | 1u << PP_KIND_LEDGER, pp_rule_pins },
};

uint16_t pp_model_space(const struct pp_plan *plan, const struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	const struct pp_region_def *region;

	if (verb->target != PP_TARGET_REGION && verb->target != PP_TARGET_MR)
		return PP_NO_INDEX;
	if (verb->kind == PP_KIND_PIN || verb->kind == PP_KIND_UNPIN)
		return PP_NO_INDEX; /* their object is an MR */
	if (e->object >= plan->n_regions)
		return PP_NO_INDEX;
	region = &plan->regions[e->object];
	return verb->file ? region->file_space : region->space;
}

/* "main:3 (op 7 rdma-write)" */
static void say_write(const struct pp_judge *j, uint32_t event, char *out, size_t size)
{
	const struct pp_event *e = &j->h->events[event];

	if (j->model.state[event] & PP_STATE_RESET)
		snprintf(out, size, "initial content (op %u %s)", e->op, pp_verbs[e->verb].name);
	else
		snprintf(out, size, "%s:%u (op %u %s)",
			 e->writer < j->plan->n_actors ? j->plan->actors[e->writer] : "nobody",
			 e->gen, e->op, pp_verbs[e->verb].name);
}

static const char *name_of(const struct pp_judge *j, uint32_t writer)
{
	return writer < j->plan->n_actors ? j->plan->actors[writer] : "an unknown writer";
}

static void say_found(const struct pp_judge *j, const struct pp_broken *b, char *out, size_t size)
{
	const struct pp_stamp *s = &b->stamp;

	if (b->cls == PP_CLASS_ZERO)
		snprintf(out, size, "zeros");
	else if (b->cls == PP_CLASS_TORN)
		snprintf(out, size, "pieces of several writes");
	else if (b->cls == PP_CLASS_GARBAGE)
		snprintf(out, size, "bytes that no write explains");
	else if (b->cls == PP_CLASS_FOREIGN && s->run != j->h->run)
		snprintf(out, size, "a stamp of another run");
	else if (b->cls == PP_CLASS_FOREIGN)
		snprintf(out, size, "a stamp of region %s (%s:%u)",
			 s->region < j->plan->n_regions ? j->plan->regions[s->region].name : "?",
			 name_of(j, s->writer), s->generation);
	else if (b->cls == PP_CLASS_MISPLACED)
		snprintf(out, size, "the stamp of offset %llu (%s:%u)",
			 (unsigned long long)s->offset_bytes, name_of(j, s->writer), s->generation);
	else if (b->found == PP_NO_EVENT)
		snprintf(out, size, "%s:%u, which nobody wrote there", name_of(j, s->writer),
			 s->generation);
	else
		say_write(j, b->found, out, size);
}

static void say_cells(const struct pp_judge *j, const struct pp_broken *b, char *out, size_t size)
{
	const struct pp_event *e = &j->h->events[b->event];
	char found[160], expected[160], sync[160] = "";

	say_found(j, b, found, sizeof(found));
	if (b->sync != PP_NO_EVENT)
		snprintf(sync, sizeof(sync), ", as it ended before op %u %s began",
			 j->h->events[b->sync].op, pp_verbs[j->h->events[b->sync].verb].name);
	if (b->expected != PP_NO_EVENT)
		say_write(j, b->expected, expected, sizeof(expected));
	else if (b->cls == PP_CLASS_FUTURE)
		snprintf(expected, sizeof(expected), "a write that had begun by then");
	else
		snprintf(expected, sizeof(expected), "whole stamps that belong there");
	snprintf(out, size, "op %u %s of %s %llu+%llu shows %s where %s had to show%s", e->op,
		 pp_verbs[e->verb].name, j->plan->regions[e->object].name,
		 (unsigned long long)b->offset_bytes, (unsigned long long)b->length_bytes, found,
		 expected, sync);
}

static int cmp_event(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The newest few writes to the place that had begun before the observation ended. */
static size_t add_slot(const struct pp_judge *j, const struct pp_lists *l, size_t slot,
		       uint64_t before_ns, size_t least, uint32_t *ev, size_t n)
{
	size_t i = pp_lists_before(l, j->h, slot, before_ns);

	while (i-- > 0 && least-- > 0)
		ev[n++] = l->event[l->start[slot] + i];
	return n;
}

/* The mkfs that everything begins with tells a reader nothing; one that came in between does. */
static bool helps(const struct pp_judge *j, const struct pp_broken *b, uint32_t first)
{
	return !(j->model.state[first] & PP_STATE_RESET) || first == b->event;
}

/* Operations that a reader must look at, in order of time, each once. */
static void add_ops(const struct pp_judge *j, const struct pp_broken *b, struct pp_finding *f)
{
	const uint32_t known[] = { b->expected, b->found, b->sync, b->event };
	uint32_t ev[24];
	size_t n = 0, must, first = 0;
	struct pp_place p;

	for (size_t i = 0; i < PP_ARRAY_LEN(known); i++)
		if (known[i] != PP_NO_EVENT)
			ev[n++] = known[i];
	must = n;
	if (b->space != PP_NO_INDEX && pp_model_place(&j->model, b->space, b->offset_bytes, &p)) {
		uint64_t end = j->h->events[b->event].end_ns;

		n = add_slot(j, &j->model.writes, p.page, end, 2, ev, n);
		n = add_slot(j, &j->model.unknown, p.page, end, 1, ev, n);
		if (p.cell) {
			n = add_slot(j, &j->model.writes, p.cell, end, 2, ev, n);
			n = add_slot(j, &j->model.unknown, p.cell, end, 1, ev, n);
		}
	}
	/* Neighbours may fall off, the four that make the finding may not. */
	if (n > PP_FINDING_OPS)
		n = must > PP_FINDING_OPS ? must : PP_FINDING_OPS;
	qsort(ev, n, sizeof(*ev), cmp_event);
	while (first < n && !helps(j, b, ev[first]))
		first++;
	for (size_t i = first; i < n; i++)
		if (!f->n_ops || f->ops[f->n_ops - 1] != j->h->events[ev[i]].op)
			f->ops[f->n_ops++] = j->h->events[ev[i]].op;
}

static struct pp_stamp stamp_of(const struct pp_judge *j, const struct pp_broken *b, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];

	return (struct pp_stamp){
		.run = j->h->run,
		.region = pp_model_space(j->plan, e),
		.offset_bytes = b->offset_bytes,
		.writer = e->writer,
		.generation = e->gen,
	};
}

/* Turn what is pending into a finding. */
static void flush(struct pp_judge *j)
{
	struct pp_broken *b = &j->pending;
	const struct pp_event *e = &j->h->events[b->event];
	const struct pp_op *op;
	struct pp_finding *f;
	char text[512];

	if (b->rule == PP_RULE_NONE)
		return;
	if (b->text[0])
		snprintf(text, sizeof(text), "%s", b->text);
	else
		say_cells(j, b, text, sizeof(text));
	f = pp_finding_add(j->out, b->rule, b->cls, "%s", text);
	b->rule = PP_RULE_NONE;
	if (!f)
		return;
	op = pp_plan_op(j->plan, e->op);
	if (op)
		snprintf(f->step, sizeof(f->step), "%s", j->plan->steps[op->step]);
	f->op = e->op;
	f->region = op ? pp_plan_op_region(j->plan, op) : PP_NO_INDEX;
	f->offset_bytes = b->offset_bytes;
	f->length_bytes = b->length_bytes;
	if (b->expected != PP_NO_EVENT && !(j->model.state[b->expected] & PP_STATE_RESET)) {
		f->has_expected = true;
		f->expected = stamp_of(j, b, b->expected);
	}
	f->has_found = b->has_stamp;
	f->found = b->stamp;
	add_ops(j, b, f);
}

/* Does @b continue what is pending? Neighbouring cells of one operation, wrong in the same way. */
static bool continues(const struct pp_judge *j, const struct pp_broken *b)
{
	const struct pp_broken *a = &j->pending;

	if (a->rule != b->rule || a->cls != b->cls ||
	    j->h->events[a->event].op != j->h->events[b->event].op)
		return false;
	if (b->text[0])
		return b->rule == PP_O12_EXPLAINED && !strcmp(a->text, b->text);
	if (a->offset_bytes + a->length_bytes != b->offset_bytes || a->expected != b->expected ||
	    a->sync != b->sync || a->has_stamp != b->has_stamp)
		return false;
	return !a->has_stamp ||
	       (a->stamp.run == b->stamp.run && a->stamp.region == b->stamp.region &&
		a->stamp.writer == b->stamp.writer && a->stamp.generation == b->stamp.generation &&
		b->stamp.offset_bytes - a->stamp.offset_bytes == b->offset_bytes - a->offset_bytes);
}

void pp_judge_broken(struct pp_judge *j, const struct pp_broken *b)
{
	if (!(j->rules & PP_RULE_BIT(b->rule)))
		return;
	if (continues(j, b)) {
		j->pending.length_bytes =
			b->offset_bytes + b->length_bytes - j->pending.offset_bytes;
		return;
	}
	flush(j);
	j->pending = *b;
}

void pp_judge_op(struct pp_judge *j, enum pp_rule rule, enum pp_class cls, uint32_t event,
		 uint32_t with, const char *fmt, ...)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_broken b = {
		.rule = rule,
		.cls = cls,
		.event = event,
		.space = PP_NO_INDEX,
		.expected = PP_NO_EVENT,
		.found = with,
		.sync = PP_NO_EVENT,
	};
	va_list ap;

	/* The range is the plan's: what a failed operation was asked to touch. */
	if (pp_verbs[e->verb].kind != PP_KIND_LEDGER) {
		const struct pp_op *op = pp_plan_op(j->plan, e->op);

		b.offset_bytes =
			op && pp_verbs[e->verb].ranged ? pp_plan_op_offset(j->plan, op) : 0;
		b.length_bytes = op && pp_verbs[e->verb].ranged ? op->length_bytes : 0;
	}
	va_start(ap, fmt);
	vsnprintf(b.text, sizeof(b.text), fmt, ap);
	va_end(ap);
	pp_judge_broken(j, &b);
}

/* From when a page of a private mapping may be a copy of its own, whoever wrote to it. */
static int private_copies(struct pp_judge *j)
{
	j->cow_ns = malloc((j->plan->n_regions + 1) * sizeof(*j->cow_ns));
	if (!j->cow_ns)
		return -ENOMEM;
	for (size_t r = 0; r < j->plan->n_regions; r++)
		j->cow_ns[r] = j->plan->regions[r].populate ? 0 : PP_TIME_NEVER;
	for (size_t i = 0; i < j->h->n_events; i++) {
		const struct pp_event *e = &j->h->events[i];
		uint16_t r;

		/* A refused registration may have broken copy-on-write of the pages before the bad
		 * one. */
		if (e->verb != PP_VERB_REG || (e->flags & PP_EVENT_SKIPPED))
			continue;
		r = j->plan->mrs[e->object].region;
		if (e->begin_ns < j->cow_ns[r])
			j->cow_ns[r] = e->begin_ns;
	}
	return 0;
}

static int check_rules(const struct pp_plan *plan, struct pp_err *err)
{
	for (int r = PP_RULE_NONE + 1; r < PP_RULE_COUNT; r++)
		if (plan->rules & ~RULES_BUILT & PP_RULE_BIT(r))
			return pp_err_set(err, -EOPNOTSUPP,
					  "the plan asks for rule %s (%s), which this oracle does "
					  "not judge.",
					  pp_rule_words[r].name, pp_rule_words[r].title);
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
	ret = pp_model_build(&j.model, plan, h, err);
	if (ret)
		goto out_model;
	j.ledger = pp_pin_ledger_new(plan, h);
	if (!j.ledger || private_copies(&j)) {
		ret = pp_err_set(err, -ENOMEM, "judge a history of %zu events", h->n_events);
		goto out_ledger;
	}
	for (uint32_t i = 0; i < h->n_events; i++)
		for (size_t k = 0; k < PP_ARRAY_LEN(judges); k++)
			if (!(h->events[i].flags & PP_EVENT_SKIPPED) &&
			    (judges[k].kinds & (1u << pp_verbs[h->events[i].verb].kind)))
				judges[k].judge(&j, i);
	flush(&j);
	free(j.cow_ns);
out_ledger:
	pp_pin_ledger_free(j.ledger);
out_model:
	pp_model_free(&j.model);
	return ret;
}
