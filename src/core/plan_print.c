/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as text, with every default spelled out: printing is the normal form
 * that pp_plan_crc() ties a history to.
 */
#include "core/plan_private.h"

#include <inttypes.h>
#include <stdlib.h>

static void print_quoted(struct pp_plan_text *t, const char *text)
{
	pp_text_add(t, "\"");
	for (; *text; text++)
		pp_text_add(t, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	pp_text_add(t, "\"");
}

static void print_duration(struct pp_plan_text *t, uint32_t ms)
{
	if (ms % 1000 == 0)
		pp_text_add(t, "%" PRIu32 "s", ms / 1000);
	else
		pp_text_add(t, "%" PRIu32 "ms", ms);
}

static void print_strict(struct pp_plan_text *t, unsigned strict)
{
	if (!strict)
		return;
	pp_text_add(t, "strict");
	for (int i = 0; pp_strict_choices[i].name; i++)
		if (strict & pp_strict_choices[i].value)
			pp_text_add(t, " %s", pp_strict_choices[i].name);
	pp_text_add(t, "\n");
}

static void print_head(struct pp_plan_text *t, const struct pp_plan *plan)
{
	pp_say(t, "pinproof-plan %d", PP_PLAN_VERSION);
	pp_say(t, "case %s", plan->case_name);
	pp_say(t, "backing %s", plan->backing);
	pp_say(t, "pinner %s", plan->pinner);
	pp_say(t, "seed 0x%" PRIx64, plan->seed);
	pp_text_add(t, "rules");
	for (int r = PP_RULE_NONE + 1; r < PP_RULE_COUNT; r++)
		if (plan->rules & PP_RULE_BIT(r))
			pp_text_add(t, " %s", pp_rule_words[r].name);
	pp_text_add(t, "\n");
	print_strict(t, plan->strict);
	pp_text_add(t, "bound ");
	print_duration(t, plan->bound_ms);
	pp_text_add(t, "\n");
	for (size_t i = 0; i < plan->n_needs; i++)
		pp_say(t, "need %s", plan->needs[i]);
	for (size_t i = 0; i < plan->n_evidence; i++) {
		const struct pp_need_evidence *e = &plan->evidence[i];

		pp_text_add(t, "evidence %s >= %" PRIu64, e->name, e->least);
		if (e->when != PP_WHEN_ALWAYS)
			pp_text_add(t, " if %s", pp_choice_name(pp_when_choices, e->when));
		pp_text_add(t, "\n");
	}
}

static void print_fs(struct pp_plan_text *t, const struct pp_fs_def *fs)
{
	pp_text_add(t, "fs %s type=%s", fs->name, fs->type);
	if (fs->slot[0])
		pp_text_add(t, " slot=%s", fs->slot);
	if (fs->block_bytes)
		pp_text_add(t, " block=%" PRIu32, fs->block_bytes);
	if (fs->mkfs[0]) {
		pp_text_add(t, " mkfs=");
		print_quoted(t, fs->mkfs);
	}
	if (fs->mount[0]) {
		pp_text_add(t, " mount=");
		print_quoted(t, fs->mount);
	}
	pp_text_add(t, "\n");
}

static void print_region(struct pp_plan_text *t, const struct pp_plan *plan,
			 const struct pp_region_def *r)
{
	pp_text_add(t, "region %s backing=%s", r->name, pp_backings[r->backing].name);
	if (r->fs != PP_NO_INDEX)
		pp_text_add(t, " fs=%s", plan->fs[r->fs].name);
	if (r->slot[0])
		pp_text_add(t, " slot=%s", r->slot);
	pp_text_add(t, " size=%" PRIu64, r->size_bytes);
	if (r->of != PP_NO_INDEX)
		pp_text_add(t, " of=%s", plan->regions[r->of].name);
	pp_text_add(t, " share=%s prot=%s fd=%s touch=%s eof=%s%s",
		    pp_choice_name(pp_share_choices, r->share),
		    pp_choice_name(pp_prot_choices, r->prot),
		    pp_choice_name(pp_fd_choices, r->fd_readonly),
		    pp_choice_name(pp_yes_choices, r->populate),
		    pp_choice_name(pp_eof_choices, r->eof), r->bystander ? " bystander=yes" : "");
	if (r->times > 1)
		pp_text_add(t, " times=%u", r->times);
	pp_text_add(t, "\n");
}

/* Words of the table whose bits are set, joined by commas. */
static void print_bits(struct pp_plan_text *t, const struct pp_choice *table, unsigned bits)
{
	const char *comma = "";

	for (; table->name; table++)
		if (bits & table->value) {
			pp_text_add(t, "%s%s", comma, table->name);
			comma = ",";
		}
}

static void print_mr(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_mr_def *mr)
{
	pp_text_add(t, "mr %s region=%s range=%" PRIu64 "+%" PRIu64, mr->name,
		    plan->regions[mr->region].name, mr->offset_bytes, mr->length_bytes);
	if (mr->kind != PP_MR_RXE) {
		pp_say(t, " kind=%s", pp_choice_name(pp_mr_kind_choices, mr->kind));
		return;
	}
	pp_text_add(t, " access=%s", mr->access ? "" : "none");
	print_bits(t, pp_access_choices, mr->access);
	pp_text_add(t, "\n");
}

static const char *object_name(const struct pp_plan *plan, const struct pp_op *op)
{
	switch (pp_verbs[op->verb].target) {
	case PP_TARGET_FS:
		return plan->fs[op->object].name;
	case PP_TARGET_REGION:
		return plan->regions[op->object].name;
	case PP_TARGET_MR:
		return plan->mrs[op->object].name;
	case PP_TARGET_GATE:
		return plan->gates[op->object].name;
	default:
		return NULL;
	}
}

/* "VERB OBJECT RANGE" of an op or a mix line. */
static void print_action(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_op *op)
{
	const char *object = object_name(plan, op);

	pp_text_add(t, "%s", pp_verbs[op->verb].name);
	if (object)
		pp_text_add(t, " %s", object);
	if (pp_verbs[op->verb].ranged)
		pp_text_add(t, " %" PRIu64 "+%" PRIu64, op->offset_bytes, op->length_bytes);
}

/* How the verb does its work. */
static void print_how(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_op *op)
{
	if (op->via[0])
		pp_text_add(t, " via=%s", op->via);
	if (op->split_bytes)
		pp_text_add(t, " split=%" PRIu32, op->split_bytes);
	if (op->depth)
		pp_text_add(t, " depth=%u", op->depth);
	if (op->sges)
		pp_text_add(t, " sges=%u", op->sges);
	if (op->mode) {
		pp_text_add(t, " mode=");
		print_bits(t, pp_mode_choices, op->mode);
	}
	if (op->to != PP_NO_INDEX)
		pp_text_add(t, " to=%s", plan->regions[op->to].name);
	if (op->of)
		pp_text_add(t, " op=%" PRIu32, op->of);
	if (op->least_bytes)
		pp_text_add(t, " least=%" PRIu64, op->least_bytes);
}

static void print_end(struct pp_plan_text *t, const struct pp_op *op)
{
	if (op->bound_ms) {
		pp_text_add(t, " bound=");
		print_duration(t, op->bound_ms);
	}
	pp_text_add(t, op->hazard ? " hazard\n" : "\n");
}

static const char *expect_name(const struct pp_op *op)
{
	if (op->expect == PP_EXPECT_ERRNO)
		return pp_errno_name(op->expect_errno);
	return pp_choice_name(pp_expect_choices, op->expect);
}

static void print_op(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_op *op)
{
	pp_text_add(t, "op %" PRIu32 " %s ", op->id, plan->actors[op->actor]);
	print_action(t, plan, op);
	print_how(t, plan, op);
	if (op->gen)
		pp_text_add(t, " gen=%" PRIu32, op->gen);
	if (op->limited)
		pp_text_add(t, " memlock=%" PRIu64, op->memlock_bytes);
	if (op->no_caps)
		pp_text_add(t, " caps=none");
	for (uint32_t i = 0; i < op->after_count; i++)
		pp_text_add(t, "%s%" PRIu32, i ? "," : " after=", plan->after[op->after_first + i]);
	if (op->expect != PP_EXPECT_OK)
		pp_text_add(t, " expect=%s", expect_name(op));
	print_end(t, op);
}

static void print_mix(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_mix *mix)
{
	pp_text_add(t, "mix %s ", plan->actors[mix->actor]);
	print_action(t, plan, &mix->op);
	pp_text_add(t, " weight=%" PRIu32, mix->weight);
	if (pp_verbs[mix->op.verb].ranged)
		pp_text_add(t, " length=%" PRIu32 "..%" PRIu32 " align=%" PRIu32, mix->min_bytes,
			    mix->max_bytes, mix->align_bytes);
	print_how(t, plan, &mix->op);
	pp_text_add(t, " expect=%s", expect_name(&mix->op));
	print_end(t, &mix->op);
}

static void print_storm(struct pp_plan_text *t, const struct pp_plan *plan)
{
	pp_text_add(t, "storm");
	if (plan->storm_ms) {
		pp_text_add(t, " for=");
		print_duration(t, plan->storm_ms);
	}
	if (plan->storm_ops)
		pp_text_add(t, " ops=%" PRIu32, plan->storm_ops);
	pp_text_add(t, "\n");
	for (size_t i = 0; i < plan->n_mixes; i++)
		print_mix(t, plan, &plan->mixes[i]);
}

/* The step lines from @step to @upto. */
static size_t print_steps(struct pp_plan_text *t, const struct pp_plan *plan, size_t step,
			  size_t upto)
{
	while (step < upto) {
		pp_text_add(t, "step ");
		print_quoted(t, plan->steps[++step]);
		pp_text_add(t, "\n");
	}
	return step;
}

static void print_body(struct pp_plan_text *t, const struct pp_plan *plan)
{
	size_t step = 0;

	/* One round past the ops, for a storm and steps behind all of them. */
	for (size_t i = 0; i <= plan->n_ops; i++) {
		if (pp_plan_has_storm(plan) && i == plan->storm_at) {
			step = print_steps(t, plan, step, plan->storm_step);
			print_storm(t, plan);
		}
		step = print_steps(t, plan, step,
				   i < plan->n_ops ? plan->ops[i].step : plan->n_steps - 1);
		if (i < plan->n_ops)
			print_op(t, plan, &plan->ops[i]);
	}
}

char *pp_plan_print(const struct pp_plan *plan)
{
	struct pp_plan_text t = { 0 };

	print_head(&t, plan);
	for (size_t i = 0; i < plan->n_gates; i++)
		pp_say(&t, "gate %s slot=%s", plan->gates[i].name, plan->gates[i].slot);
	for (size_t i = 0; i < plan->n_fs; i++)
		print_fs(&t, &plan->fs[i]);
	for (size_t i = 0; i < plan->n_regions; i++)
		print_region(&t, plan, &plan->regions[i]);
	for (size_t i = 0; i < plan->n_mrs; i++)
		print_mr(&t, plan, &plan->mrs[i]);
	for (size_t i = 0; i < plan->n_actors; i++)
		pp_say(&t, "actor %s", plan->actors[i]);
	print_body(&t, plan);
	if (t.failed) {
		free(t.text);
		return NULL;
	}
	return t.text;
}
