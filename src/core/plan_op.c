/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's statement `op`: one operation, checked against its verb's row. */
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

static int set_expect(struct pp_parser *p, const struct pp_span *v, void *field,
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

/* What one kind of object is called, and where the plan keeps it. */
static int take_object(struct pp_parser *p, struct pp_op *op)
{
	const enum pp_target target = pp_verbs[op->verb].target;
	const struct pp_plan *plan = p->plan;
	const struct pp_span *word;
	int rc;

	op->object = PP_NO_INDEX;
	if (target == PP_TARGET_NONE)
		return 0;
	rc = pp_plan_take_word(p, "the name of what the op acts on", &word);
	if (rc)
		return rc;
	if (target == PP_TARGET_FS)
		return pp_plan_set_fs(p, word, &op->object, NULL);
	if (target == PP_TARGET_REGION) {
		rc = pp_plan_set_region(p, word, &op->object, NULL);
		op->length_bytes = rc ? 0 : plan->regions[op->object].size_bytes;
		return rc;
	}
	rc = pp_plan_set_mr(p, word, &op->object, NULL);
	op->length_bytes = rc ? 0 : plan->mrs[op->object].length_bytes;
	return rc;
}

/* A range is the one word without '=' that may follow the object, besides "hazard". */
static int take_range(struct pp_parser *p, struct pp_op *op)
{
	const struct pp_token *token = &p->line.token[p->next];
	struct pp_plan_range range;
	int rc;

	if (!pp_verbs[op->verb].ranged || p->next == p->line.count || token->has_value ||
	    pp_span_is(&token->word, "hazard"))
		return 0;
	pp_plan_take(p);
	rc = pp_plan_read_range(p, &token->word, op->length_bytes, &range);
	if (rc)
		return rc;
	op->offset_bytes = range.offset;
	op->length_bytes = range.length;
	return 0;
}

static int take_head(struct pp_parser *p, struct pp_op *op)
{
	static const char expected[] = "an op id greater than those above";
	const struct pp_plan *plan = p->plan;
	const struct pp_span *word;
	uint64_t id;
	int rc = pp_plan_take_word(p, expected, &word);

	if (rc)
		return rc;
	if (!pp_span_number(word->s, word->len, &id) || id > UINT32_MAX ||
	    id <= (plan->n_ops ? plan->ops[plan->n_ops - 1].id : 0))
		return pp_plan_bad(p, word, expected);
	op->id = (uint32_t)id;
	rc = pp_plan_take_word(p, "the name of an actor defined above", &word);
	if (!rc)
		rc = pp_plan_set_actor(p, word, &op->actor, NULL);
	if (!rc)
		rc = pp_plan_take_word(p, "a verb, such as map, reg, rdma-write or fsync", &word);
	if (rc)
		return rc;
	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++)
		if (pp_span_is(word, pp_verbs[v].name))
			op->verb = (enum pp_verb)v;
	if (op->verb == PP_VERB_NONE)
		return pp_plan_bad(p, word, "a verb, such as map, reg, rdma-write or fsync");
	return 0;
}

static int check_keys(struct pp_parser *p, struct pp_op *op)
{
	const struct pp_verb_info *info = &pp_verbs[op->verb];
	bool writes = info->kind == PP_KIND_WRITE || info->kind == PP_KIND_DEVICE_WRITE;
	bool judged = op->expect == PP_EXPECT_ERA || op->expect == PP_EXPECT_POLICY;

	if (writes && !op->gen)
		return pp_plan_bad(p, pp_plan_place_of(p, "gen"), "gen=");
	if (!writes && op->gen)
		return pp_plan_bad(p, pp_plan_place_of(p, "gen"), "no gen= for this verb");
	if (op->gen && op->gen <= p->last_gen[op->actor])
		return pp_plan_bad(p, pp_plan_place_of(p, "gen"),
				   "a generation above the actor's earlier ones");
	if (op->gen)
		p->last_gen[op->actor] = op->gen;
	if (info->via && !op->via[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "via"), "via=");
	if (!info->via && op->via[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "via"), "no via= for this verb");
	/* The policy table speaks of registrations only. */
	if (judged && info->kind != PP_KIND_PIN)
		return pp_plan_bad(p, pp_plan_place_of(p, "expect"),
				   "era and policy for registrations only");
	return 0;
}

/* Does the region have what the verb looks at? */
static int check_file(struct pp_parser *p, const struct pp_op *op, const struct pp_span *place)
{
	const struct pp_verb_info *info = &pp_verbs[op->verb];
	const struct pp_region_def *r;

	if (!info->file)
		return 0;
	r = &p->plan->regions[op->object];
	if (info->kind == PP_KIND_SYNC && pp_backings[r->backing].has_fd)
		return 0;
	if (!pp_backings[r->backing].has_file)
		return pp_plan_bad(p, place, "a region with a file behind it");
	if (info->durable && !pp_backings[r->backing].has_disk)
		return pp_plan_bad(p, place, "a region whose file has blocks on a disk");
	if (r->file_space == PP_NO_INDEX)
		return pp_plan_bad(p, place,
				   "a region that owns its file's content (a private mapping needs "
				   "of= a shared region)");
	return 0;
}

int pp_plan_parse_op(struct pp_parser *p)
{
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_op, "via", pp_plan_set_name, via),
		PP_KEY(struct pp_op, "gen", pp_plan_set_u32, gen,
		       .arg = "a generation, 1 or greater"),
		PP_KEY(struct pp_op, "after", set_after, after_count),
		{ .name = "expect", .set = set_expect, .at = 0, .size = sizeof(struct pp_op) },
		PP_KEY(struct pp_op, "bound", pp_plan_set_duration, bound_ms),
		PP_KEY(struct pp_op, "hazard", pp_plan_set_flag, hazard, .bare = true),
	};
	struct pp_op op = { .after_first = (uint32_t)p->plan->n_after };
	const struct pp_span *place;
	int rc = take_head(p, &op);

	place = &p->line.token[p->next].word;
	if (!rc)
		rc = take_object(p, &op);
	if (!rc)
		rc = check_file(p, &op, place);
	if (!rc)
		rc = take_range(p, &op);
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &op);
	if (!rc)
		rc = check_keys(p, &op);
	if (rc)
		return rc;
	op.step = (uint16_t)(p->plan->n_steps - 1);
	return pp_plan_append(p, &p->plan->ops, &p->plan->n_ops, &op, sizeof(op));
}
