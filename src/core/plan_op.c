/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's statement `op`: one operation. */
#include "core/plan_private.h"

#include <errno.h>
#include <string.h>

static int set_after(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	const char *at = v->s, *end = v->s + v->len, *comma;
	uint32_t count = 0, id;
	uint64_t value;
	int rc;

	(void)k;
	for (;; at = comma + 1) {
		struct pp_span one = { .s = at, .quoted = v->quoted };

		comma = v->len ? memchr(at, ',', (size_t)(end - at)) : NULL;
		one.len = (size_t)((comma ? comma : end) - at);
		one.column = v->column + (unsigned)(at - v->s);
		if (one.quoted || !pp_span_number(one.s, one.len, &value) || value > UINT32_MAX ||
		    !pp_plan_op(p->plan, (uint32_t)value))
			return pp_plan_bad(p, &one, "the id of an op above");
		id = (uint32_t)value;
		for (uint32_t i = 1; i <= count; i++)
			if (p->plan->after[p->plan->n_after - i] == id)
				return pp_plan_bad(p, &one, "each id once");
		rc = pp_plan_append(p, &p->plan->after, &p->plan->n_after, &id, sizeof(id));
		if (rc)
			return rc;
		count++;
		if (!comma)
			break;
	}
	memcpy(field, &count, sizeof(count));
	return 0;
}

int pp_plan_set_expect(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	struct pp_op *op = field;
	char name[PP_NAME_MAX];
	unsigned value;
	int code;

	(void)k;
	if (pp_plan_find_choice(pp_expect_choices, v, &value)) {
		op->expect = (enum pp_expect)value;
		return 0;
	}
	if (v->quoted || !v->len || v->len >= sizeof(name))
		return pp_plan_bad(p, v, "ok, any, era, policy or the name of an errno");
	memcpy(name, v->s, v->len);
	name[v->len] = '\0';
	code = pp_errno_value(name);
	if (code <= 0)
		return pp_plan_bad(p, v, "ok, any, era, policy or the name of an errno");
	op->expect = PP_EXPECT_ERRNO;
	op->expect_errno = code;
	return 0;
}

/* The id of an operation above; whether it is a fitting one is said once the actor is known. */
static int set_op_id(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	uint64_t value;
	uint32_t id;

	(void)k;
	if (v->quoted || !pp_span_number(v->s, v->len, &value) || value > UINT32_MAX ||
	    !pp_plan_op(p->plan, (uint32_t)value))
		return pp_plan_bad(p, v, "the id of an op above");
	id = (uint32_t)value;
	memcpy(field, &id, sizeof(id));
	return 0;
}

/* RLIMIT_MEMLOCK: a number of bytes that may be 0. */
static int set_memlock(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	struct pp_op *op = field;

	(void)k;
	if (v->quoted || !pp_span_bytes(v->s, v->len, &op->memlock_bytes))
		return pp_plan_bad(p, v, "a number of bytes, such as 0 or 64K");
	op->limited = true;
	return 0;
}

static int set_caps(struct pp_parser *p, const struct pp_span *v, void *field,
		    const struct pp_key *k)
{
	struct pp_op *op = field;

	(void)k;
	if (!pp_span_is(v, "none"))
		return pp_plan_bad(p, v, "none");
	op->no_caps = true;
	return 0;
}

static int take_head(struct pp_parser *p, struct pp_op *op)
{
	const char *expected = p->has_storm
				       ? "an op id greater than those above, from 1000000000 on "
					 "below a storm"
				       : "an op id greater than those above";
	const struct pp_plan *plan = p->plan;
	const struct pp_span *word;
	uint64_t id;
	int rc = pp_plan_take_word(p, expected, &word);

	if (rc)
		return rc;
	if (!pp_span_number(word->s, word->len, &id) || id > UINT32_MAX ||
	    id <= (plan->n_ops ? plan->ops[plan->n_ops - 1].id : 0) ||
	    (p->has_storm && id < PP_STORM_END))
		return pp_plan_bad(p, word, expected);
	op->id = (uint32_t)id;
	rc = pp_plan_take_word(p, "the name of an actor defined above", &word);
	return rc ? rc : pp_plan_set_actor(p, word, &op->actor, NULL);
}

static int check_gen(struct pp_parser *p, const struct pp_op *op)
{
	if (!op->gen)
		return 0;
	if (op->gen <= p->last_gen[op->actor])
		return pp_plan_bad(p, pp_plan_place_of(p, "gen"),
				   p->last_gen[op->actor] == PP_STORM_END - 1
					   ? "a generation from 1000000000 on below a storm"
					   : "a generation above the actor's earlier ones");
	p->last_gen[op->actor] = op->gen;
	return 0;
}

int pp_plan_parse_op(struct pp_parser *p)
{
	static const struct pp_limit gen_limit = { UINT32_MAX, "a generation, 1 or greater",
						   .bytes = true },
				     least_limit = { UINT64_MAX,
						     "a number of bytes, such as 65536 or 64K",
						     .bytes = true };
	static const struct pp_key keys[] = {
		PP_OP_KEYS(struct pp_op, ),
		PP_KEY(struct pp_op, "gen", pp_plan_set_number, gen, .arg = &gen_limit),
		PP_KEY(struct pp_op, "after", set_after, after_count),
		PP_KEY(struct pp_op, "op", set_op_id, of),
		PP_KEY(struct pp_op, "least", pp_plan_set_number, least_bytes, .arg = &least_limit),
		PP_KEY(struct pp_op, "memlock", set_memlock, id),
		PP_KEY(struct pp_op, "caps", set_caps, id),
	};
	struct pp_op op = { .after_first = (uint32_t)p->plan->n_after, .to = PP_NO_INDEX };
	int rc = take_head(p, &op);

	if (!rc)
		rc = pp_plan_take_action(p, &op, false);
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &op);
	if (!rc)
		rc = pp_plan_check_keys(p, &op, false);
	if (!rc)
		rc = check_gen(p, &op);
	if (rc)
		return rc;
	if (op.verb == PP_VERB_REG)
		p->registrar[op.object] = op.actor;
	op.step = (uint16_t)(p->plan->n_steps - 1);
	return pp_plan_append(p, &p->plan->ops, &p->plan->n_ops, &op, sizeof(op));
}
