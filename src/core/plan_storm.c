/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's statements `storm` and `mix`: what actors draw their operations from. */
#include "core/plan_private.h"
#include "core/stamp.h"
#include "core/storm.h"

#include <string.h>

int pp_plan_parse_storm(struct pp_parser *p)
{
	static const struct pp_limit ops_limit = {
		PP_STORM_OPS_MAX, "a number of operations of each actor from 1 to 3000000", false
	};
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_plan, "for", pp_plan_set_duration, storm_ms),
		PP_KEY(struct pp_plan, "ops", pp_plan_set_number, storm_ops, .arg = &ops_limit),
	};
	struct pp_plan *plan = p->plan;
	const struct pp_span *place = &p->line.token[0].word;
	int rc;

	if (plan->n_ops && plan->ops[plan->n_ops - 1].id >= PP_STORM_FIRST)
		return pp_plan_bad(p, place, "a storm below ops with ids under 1000000 only");
	if (plan->n_mrs > PP_STORM_MRS_MAX)
		return pp_plan_bad(p, place, "at most 64 mrs in a plan with a storm");
	rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), plan);
	if (rc)
		return rc;
	if (!pp_plan_has_storm(plan))
		return pp_plan_bad(p, &p->line.token[p->line.count].word, "for= or ops=");
	p->has_storm = true;
	plan->storm_at = plan->n_ops;
	plan->storm_step = (uint16_t)(plan->n_steps - 1);
	return 0;
}

/* MIN..MAX, as two numbers of bytes; whether they fit is said once the range is known. */
static int set_length(struct pp_parser *p, const struct pp_span *v, void *field,
		      const struct pp_key *k)
{
	static const char expected[] = "lengths MIN..MAX in bytes, such as 64..16K";
	struct pp_mix *mix = field;
	uint64_t min, max;
	size_t dots = 0;

	(void)k;
	while (dots + 1 < v->len && memcmp(v->s + dots, "..", 2))
		dots++;
	if (v->quoted || dots + 1 >= v->len || !pp_span_bytes(v->s, dots, &min) ||
	    !pp_span_bytes(v->s + dots + 2, v->len - dots - 2, &max) || !min || min > max ||
	    max > UINT32_MAX)
		return pp_plan_bad(p, v, expected);
	mix->min_bytes = (uint32_t)min;
	mix->max_bytes = (uint32_t)max;
	return 0;
}

/* The example of a mix line has its weight before the verb: move it behind all. */
static void move_weight_back(struct pp_parser *p)
{
	struct pp_token *token = p->line.token, weight = token[p->next];
	const size_t last = p->line.count - 1;

	if (p->next > last || !weight.has_value || !pp_span_is(&weight.word, "weight"))
		return;
	memmove(&token[p->next], &token[p->next + 1], (last - p->next) * sizeof(weight));
	token[last] = weight;
}

/* Is the MR registered when the storm begins? */
static bool is_registered(const struct pp_plan *plan, uint16_t mr)
{
	for (size_t i = plan->storm_at; i-- > 0;) {
		const struct pp_op *op = &plan->ops[i];

		if (op->object == mr && (op->verb == PP_VERB_REG || op->verb == PP_VERB_DEREG))
			return op->verb == PP_VERB_REG;
	}
	return false;
}

/* An MR belongs to the actor that registers it in the storm, or to all and stays. */
static int check_mr(struct pp_parser *p, const struct pp_mix *mix, const struct pp_span *place)
{
	const struct pp_plan *plan = p->plan;
	const struct pp_mix *owner = NULL;

	if (pp_verbs[mix->op.verb].target != PP_TARGET_MR)
		return 0;
	for (size_t i = 0; i < plan->n_mixes && !owner; i++)
		if (plan->mixes[i].op.verb == PP_VERB_REG &&
		    plan->mixes[i].op.object == mix->op.object)
			owner = &plan->mixes[i];
	if (mix->op.verb == PP_VERB_REG) {
		if (owner)
			return pp_plan_bad(p, place, "one reg line for an mr");
		if (is_registered(plan, mix->op.object))
			return pp_plan_bad(p, place, "an mr that no op above has registered");
		return 0;
	}
	if (owner ? owner->actor != mix->actor : !is_registered(plan, mix->op.object))
		return pp_plan_bad(p, place,
				   "an mr that an op above, or a reg line of this actor above, "
				   "registers");
	return 0;
}

/* Killing needs a child, and nobody but the actor makes it one. */
static int check_child(struct pp_parser *p, const struct pp_mix *mix, const struct pp_span *place)
{
	if (mix->op.verb != PP_VERB_KILL)
		return 0;
	for (size_t i = 0; i < p->plan->n_mixes; i++) {
		const struct pp_mix *other = &p->plan->mixes[i];

		if (other->actor == mix->actor &&
		    (other->op.verb == PP_VERB_FORK || other->op.verb == PP_VERB_CHILD_HOLD))
			return 0;
	}
	return pp_plan_bad(p, place, "kill below a fork or child-hold line of this actor");
}

/* Defaults of length= and align=, and whether what is drawn lies in the range. */
static int check_lengths(struct pp_parser *p, struct pp_mix *mix)
{
	const uint32_t unit = pp_plan_unit(mix->op.verb);
	const uint64_t from = mix->op.offset_bytes, length = mix->op.length_bytes;
	const struct pp_span *align = pp_plan_place_of(p, "align");
	char expected[48];

	if (!pp_verbs[mix->op.verb].ranged) {
		if (pp_plan_has_key(p, "length"))
			return pp_plan_bad(p, pp_plan_place_of(p, "length"),
					   "no length= for this verb");
		if (pp_plan_has_key(p, "align"))
			return pp_plan_bad(p, align, "no align= for this verb");
		return 0;
	}
	if (!mix->align_bytes)
		mix->align_bytes = unit == 1 ? PP_CELL_BYTES : unit;
	snprintf(expected, sizeof(expected), "a multiple of %u bytes", unit);
	if (mix->align_bytes % unit)
		return pp_plan_bad(p, align, expected);
	if (from % mix->align_bytes || length < mix->align_bytes)
		return pp_plan_bad(
			p, align,
			"an align= that divides where the range begins, and is no longer");
	if (mix->op.verb == PP_VERB_TRUNCATE && (from + length) % mix->align_bytes)
		return pp_plan_bad(p, align, "an align= that divides where the region ends");
	if (unit == 8) /* atomics */
		mix->max_bytes = mix->max_bytes ? mix->max_bytes : unit;
	if (!mix->max_bytes)
		mix->max_bytes = (uint32_t)(length - length % mix->align_bytes);
	if (!mix->min_bytes)
		mix->min_bytes =
			mix->align_bytes < mix->max_bytes ? mix->align_bytes : mix->max_bytes;
	if (unit == 8 ? mix->min_bytes != unit || mix->max_bytes != unit
		      : mix->min_bytes % mix->align_bytes || mix->max_bytes % mix->align_bytes)
		return pp_plan_bad(p, pp_plan_place_of(p, "length"),
				   unit == 8 ? "8..8 for an atomic" : "multiples of align=");
	if (mix->max_bytes > length)
		return pp_plan_bad(p, pp_plan_place_of(p, "length"),
				   "lengths up to that of the range");
	return 0;
}

static int take_head(struct pp_parser *p, struct pp_mix *mix)
{
	const struct pp_plan *plan = p->plan;
	const struct pp_span *word;
	int rc;

	if (!p->has_storm || plan->n_ops != plan->storm_at ||
	    plan->n_steps != plan->storm_step + 1u)
		return pp_plan_bad(p, &p->line.token[0].word,
				   "mix lines below the storm line, before other steps and ops");
	rc = pp_plan_take_word(p, "the name of an actor defined above", &word);
	if (!rc)
		rc = pp_plan_set_actor(p, word, &mix->actor, NULL);
	if (!rc && p->last_gen[mix->actor] >= PP_STORM_FIRST &&
	    p->last_gen[mix->actor] != PP_STORM_END - 1)
		rc = pp_plan_bad(p, word, "an actor whose generations above are under 1000000");
	mix->op.actor = mix->actor;
	return rc;
}

int pp_plan_parse_mix(struct pp_parser *p)
{
	static const struct pp_limit weight_limit = { 1000000, "a weight from 1 to 1000000",
						      false },
				     align_limit = { 1u << 30,
						     "a size in bytes, such as 4096 or 4K",
						     .bytes = true };
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_mix, "weight", pp_plan_set_number, weight, .arg = &weight_limit,
		       .required = true),
		{ .name = "length", .set = set_length, .at = 0, .size = sizeof(struct pp_mix) },
		PP_KEY(struct pp_mix, "align", pp_plan_set_number, align_bytes,
		       .arg = &align_limit),
		PP_OP_KEYS(struct pp_mix, op.),
	};
	struct pp_mix mix = { .op = { .to = PP_NO_INDEX } };
	const struct pp_span *verb;
	int rc = take_head(p, &mix);

	if (rc)
		return rc;
	move_weight_back(p);
	verb = &p->line.token[p->next].word;
	rc = pp_plan_take_action(p, &mix.op, true);
	if (!rc && !pp_storm_may_draw(mix.op.verb))
		rc = pp_plan_bad(p, verb,
				 "a verb that can be drawn (the second of a pair comes by itself)");
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &mix);
	if (!rc)
		rc = pp_plan_check_keys(p, &mix.op, true);
	if (!rc)
		rc = check_mr(p, &mix, &p->line.token[3].word);
	if (!rc)
		rc = check_child(p, &mix, verb);
	if (!rc)
		rc = check_lengths(p, &mix);
	if (rc)
		return rc;
	if (!pp_plan_has_key(p, "expect") && pp_verbs[mix.op.verb].kind == PP_KIND_HAZARD)
		mix.op.expect = PP_EXPECT_ANY;
	mix.op.step = p->plan->storm_step;
	p->last_gen[mix.actor] = PP_STORM_END - 1;
	return pp_plan_append(p, &p->plan->mixes, &p->plan->n_mixes, &mix, sizeof(mix));
}

int pp_plan_end_storm(struct pp_parser *p)
{
	if (p->has_storm && !p->plan->n_mixes)
		return pp_plan_bad(p, &p->line.token[0].word, "a mix line below the storm");
	return 0;
}
