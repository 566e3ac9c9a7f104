/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each actor of a storm does next; see storm.h. */
#include "core/storm.h"

#include <string.h>

/* What a verb opens, and what closes it again. A verb may open two things. */
static const struct pair {
	enum pp_verb open, close;
	enum pp_storm_slot slot;
} pairs[] = {
	{ PP_VERB_SPLICE_HOLD, PP_VERB_SPLICE_DRAIN, PP_STORM_HOLD },
	{ PP_VERB_CHILD_HOLD, PP_VERB_SPLICE_DRAIN, PP_STORM_HOLD },
	{ PP_VERB_CHILD_HOLD, PP_VERB_REAP, PP_STORM_CHILD },
	{ PP_VERB_FORK, PP_VERB_REAP, PP_STORM_CHILD },
	{ PP_VERB_FREEZE, PP_VERB_THAW, PP_STORM_FROZEN },
	{ PP_VERB_GATE_HOLD, PP_VERB_GATE_OPEN, PP_STORM_GATE },
	{ PP_VERB_TRUNCATE, PP_VERB_EXTEND, PP_STORM_CUT },
};

bool pp_storm_may_draw(enum pp_verb verb)
{
	if (pp_verbs[verb].owner)
		return false;
	switch (pp_verbs[verb].kind) {
	case PP_KIND_PIN:
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
	case PP_KIND_SYNC:
	case PP_KIND_HOLD:
		return true;
	case PP_KIND_OBSERVE: /* a cold read unmounts what others work on */
		return verb != PP_VERB_COLD_READ && verb != PP_VERB_SPLICE_DRAIN;
	case PP_KIND_HAZARD:
		return verb != PP_VERB_EXTEND && verb != PP_VERB_REAP && verb != PP_VERB_THAW &&
		       verb != PP_VERB_POOL_DRAIN && verb != PP_VERB_POOL_REFILL;
	default:
		return verb == PP_VERB_GATE_HOLD;
	}
}

uint32_t pp_storm_id(const struct pp_plan *plan, uint16_t actor, uint32_t n)
{
	return PP_STORM_FIRST + n * (uint32_t)plan->n_actors + actor;
}

void pp_storm_count(const struct pp_plan *plan, uint32_t id, uint32_t *drawn, uint32_t *closed)
{
	uint32_t n, actor;

	if (!pp_plan_has_storm(plan) || id < PP_STORM_FIRST || id >= PP_STORM_END)
		return;
	n = (id - PP_STORM_FIRST) / (uint32_t)plan->n_actors;
	actor = (id - PP_STORM_FIRST) % (uint32_t)plan->n_actors;
	if (n < PP_STORM_OPS_MAX && n >= drawn[actor])
		drawn[actor] = n + 1;
	if (n >= PP_STORM_OPS_MAX && n - PP_STORM_OPS_MAX >= closed[actor])
		closed[actor] = n - PP_STORM_OPS_MAX + 1;
}

bool pp_storm_start(struct pp_storm *s, const struct pp_plan *plan, uint16_t actor)
{
	memset(s, 0, sizeof(*s));
	s->plan = plan;
	s->actor = actor;
	pp_prng_seed(&s->prng, pp_prng_child(plan->seed, actor));
	for (size_t i = 0; i < plan->n_mixes; i++) {
		const struct pp_mix *mix = &plan->mixes[i];

		if (mix->actor != actor)
			continue;
		s->weight += mix->weight;
		if (mix->op.verb == PP_VERB_REG)
			s->owned |= 1ull << mix->op.object;
	}
	for (size_t i = 0; i < plan->storm_at; i++)
		if (plan->ops[i].actor == actor && plan->ops[i].gen > s->gen)
			s->gen = plan->ops[i].gen;
	return s->weight != 0;
}

static bool is_mr_there(const struct pp_storm *s, uint16_t mr)
{
	return !(s->owned >> mr & 1) || s->registered >> mr & 1;
}

static bool is_possible(const struct pp_storm *s, const struct pp_mix *mix)
{
	if (mix->actor != s->actor)
		return false;
	if (mix->op.verb == PP_VERB_KILL)
		return s->open[PP_STORM_CHILD].verb != PP_VERB_NONE;
	if (mix->op.verb == PP_VERB_REG || pp_verbs[mix->op.verb].target != PP_TARGET_MR)
		return true;
	return is_mr_there(s, mix->op.object);
}

/* A line by weight; where that one cannot be, the next that can. NULL: none. */
static const struct pp_mix *draw_line(struct pp_storm *s)
{
	const struct pp_plan *plan = s->plan;
	uint64_t at = pp_prng_below(&s->prng, s->weight);
	size_t i = 0;

	for (;; i++) {
		if (plan->mixes[i].actor != s->actor)
			continue;
		if (at < plan->mixes[i].weight)
			break;
		at -= plan->mixes[i].weight;
	}
	for (size_t n = 0; n < plan->n_mixes; n++, i++) {
		const struct pp_mix *mix = &plan->mixes[i % plan->n_mixes];

		if (is_possible(s, mix))
			return mix;
	}
	return NULL;
}

static void draw_range(struct pp_storm *s, const struct pp_mix *mix, struct pp_op *op)
{
	const uint64_t align = mix->align_bytes, from = mix->op.offset_bytes;
	const uint64_t whole = mix->op.length_bytes;
	const uint64_t lengths = (mix->max_bytes - mix->min_bytes) / align + 1;
	uint64_t length = mix->min_bytes + align * pp_prng_below(&s->prng, lengths);

	op->length_bytes = length;
	if (op->verb == PP_VERB_TRUNCATE)
		op->offset_bytes = from + whole - length;
	else
		op->offset_bytes =
			from + align * pp_prng_below(&s->prng, (whole - length) / align + 1);
}

/*
 * The closing operation is expected to succeed where the opening one surely did. A hold may have
 * met pages that somebody else had just cut off; then there is nothing to drain.
 */
static void set_close(const struct pp_storm *s, struct pp_op *close, const struct pp_op *op,
		      enum pp_verb verb)
{
	const bool sure = op->expect != PP_EXPECT_ANY && op->expect != PP_EXPECT_ERRNO &&
			  verb != PP_VERB_SPLICE_DRAIN;

	*close = (struct pp_op){ .actor = op->actor,
				 .step = op->step,
				 .verb = verb,
				 .object = op->object,
				 .to = PP_NO_INDEX,
				 .hazard = op->hazard,
				 .expect = sure ? PP_EXPECT_OK : PP_EXPECT_ANY,
				 .bound_ms = op->bound_ms };
	/* Like an op of a text without a range: the whole object. */
	if (pp_verbs[verb].target == PP_TARGET_NONE)
		close->object = PP_NO_INDEX;
	else if (pp_verbs[verb].target == PP_TARGET_MR)
		close->length_bytes = s->plan->mrs[op->object].length_bytes;
	else if (pp_verbs[verb].target == PP_TARGET_REGION)
		close->length_bytes = s->plan->regions[op->object].size_bytes;
	if (pp_verbs[verb].ranged) {
		close->offset_bytes = op->offset_bytes;
		close->length_bytes = op->length_bytes;
	}
}

static bool take_open(struct pp_storm *s, enum pp_storm_slot slot, struct pp_op *op)
{
	if (s->open[slot].verb == PP_VERB_NONE)
		return false;
	*op = s->open[slot];
	s->open[slot].verb = PP_VERB_NONE;
	return true;
}

/* What of an open pair must come before the line that was drawn: its own end, or what the actor
 * would otherwise keep waiting for itself. */
static bool close_first(struct pp_storm *s, const struct pp_mix *mix, struct pp_op *op)
{
	const enum pp_verb verb = mix->op.verb;
	const struct pp_op *held = &s->open[PP_STORM_HOLD];
	const bool looks = verb == PP_VERB_LOAD || verb == PP_VERB_VM_READ;

	if (held->verb != PP_VERB_NONE && !looks &&
	    pp_backings[s->plan->regions[held->object].backing].dax)
		return take_open(s, PP_STORM_HOLD, op);
	for (size_t i = 0; i < PP_ARRAY_LEN(pairs); i++)
		if (pairs[i].open == verb && take_open(s, pairs[i].slot, op))
			return true;
	if (verb == PP_VERB_REG && s->registered >> mix->op.object & 1) {
		set_close(s, op, &mix->op, PP_VERB_DEREG);
		s->registered &= ~(1ull << mix->op.object);
		return true;
	}
	return false;
}

/* Remember what the operation opens or ends. */
static void note(struct pp_storm *s, const struct pp_op *op)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(pairs); i++)
		if (pairs[i].open == op->verb)
			set_close(s, &s->open[pairs[i].slot], op, pairs[i].close);
	if (op->verb == PP_VERB_KILL)
		s->open[PP_STORM_CHILD].verb = PP_VERB_NONE;
	if (op->verb == PP_VERB_REG)
		s->registered |= 1ull << op->object;
}

bool pp_storm_next(struct pp_storm *s, struct pp_op *op)
{
	const uint32_t limit = s->plan->storm_ops ? s->plan->storm_ops : PP_STORM_OPS_MAX;
	const struct pp_mix *mix;

	if (s->drawn >= limit || !s->weight)
		return false;
	if (!take_open(s, PP_STORM_FROZEN, op) && !take_open(s, PP_STORM_GATE, op)) {
		mix = draw_line(s);
		if (!mix)
			return false;
		if (!close_first(s, mix, op)) {
			*op = mix->op;
			if (pp_verbs[op->verb].ranged)
				draw_range(s, mix, op);
			if (pp_verbs[op->verb].kind == PP_KIND_WRITE ||
			    pp_verbs[op->verb].kind == PP_KIND_DEVICE_WRITE)
				op->gen = ++s->gen;
			note(s, op);
		}
	}
	op->id = pp_storm_id(s->plan, s->actor, s->drawn++);
	return true;
}

/* The reg line of the lowest MR that is registered. */
static const struct pp_op *registered_line(const struct pp_storm *s)
{
	for (size_t i = 0; i < s->plan->n_mixes; i++) {
		const struct pp_op *op = &s->plan->mixes[i].op;

		if (op->actor == s->actor && op->verb == PP_VERB_REG &&
		    s->registered >> op->object & 1)
			return op;
	}
	return NULL;
}

bool pp_storm_last(struct pp_storm *s, struct pp_op *op)
{
	/* What others may be waiting for comes first. */
	static const enum pp_storm_slot order[] = { PP_STORM_FROZEN, PP_STORM_GATE, PP_STORM_HOLD,
						    PP_STORM_CHILD, PP_STORM_CUT };
	const struct pp_op *reg;
	size_t i = 0;

	while (i < PP_ARRAY_LEN(order) && !take_open(s, order[i], op))
		i++;
	if (i == PP_ARRAY_LEN(order)) {
		reg = registered_line(s);
		if (!reg)
			return false;
		set_close(s, op, reg, PP_VERB_DEREG);
		s->registered &= ~(1ull << reg->object);
	}
	op->id = pp_storm_id(s->plan, s->actor, PP_STORM_OPS_MAX + s->closed++);
	return true;
}
