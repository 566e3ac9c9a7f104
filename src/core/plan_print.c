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
	pp_text_add(t, "\nbound ");
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
	pp_say(t, " share=%s prot=%s fd=%s touch=%s eof=%s",
	       pp_choice_name(pp_share_choices, r->share), pp_choice_name(pp_prot_choices, r->prot),
	       pp_choice_name(pp_fd_choices, r->fd_readonly),
	       pp_choice_name(pp_touch_choices, r->populate),
	       pp_choice_name(pp_eof_choices, r->eof));
}

static void print_mr(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_mr_def *mr)
{
	const char *comma = "";

	pp_text_add(t, "mr %s region=%s range=%" PRIu64 "+%" PRIu64 " access=", mr->name,
		    plan->regions[mr->region].name, mr->offset_bytes, mr->length_bytes);
	if (!mr->access)
		pp_text_add(t, "none");
	for (const struct pp_choice *bit = pp_access_choices; bit->name; bit++)
		if (mr->access & bit->value) {
			pp_text_add(t, "%s%s", comma, bit->name);
			comma = ",";
		}
	pp_text_add(t, "\n");
}

static void print_object(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_op *op)
{
	const struct pp_verb_info *info = &pp_verbs[op->verb];

	if (info->target == PP_TARGET_FS)
		pp_text_add(t, " %s", plan->fs[op->object].name);
	if (info->target == PP_TARGET_REGION)
		pp_text_add(t, " %s", plan->regions[op->object].name);
	if (info->target == PP_TARGET_MR)
		pp_text_add(t, " %s", plan->mrs[op->object].name);
	if (info->ranged)
		pp_text_add(t, " %" PRIu64 "+%" PRIu64, op->offset_bytes, op->length_bytes);
}

static void print_op(struct pp_plan_text *t, const struct pp_plan *plan, const struct pp_op *op)
{
	pp_text_add(t, "op %" PRIu32 " %s %s", op->id, plan->actors[op->actor],
		    pp_verbs[op->verb].name);
	print_object(t, plan, op);
	if (op->via[0])
		pp_text_add(t, " via=%s", op->via);
	if (op->gen)
		pp_text_add(t, " gen=%" PRIu32, op->gen);
	for (uint32_t i = 0; i < op->after_count; i++)
		pp_text_add(t, "%s%" PRIu32, i ? "," : " after=", plan->after[op->after_first + i]);
	if (op->expect == PP_EXPECT_ERRNO)
		pp_text_add(t, " expect=%s", pp_errno_name(op->expect_errno));
	else if (op->expect != PP_EXPECT_OK)
		pp_text_add(t, " expect=%s", pp_choice_name(pp_expect_choices, op->expect));
	if (op->bound_ms) {
		pp_text_add(t, " bound=");
		print_duration(t, op->bound_ms);
	}
	if (op->hazard)
		pp_text_add(t, " hazard");
	pp_text_add(t, "\n");
}

char *pp_plan_print(const struct pp_plan *plan)
{
	struct pp_plan_text t = { 0 };
	size_t step = 0;

	print_head(&t, plan);
	for (size_t i = 0; i < plan->n_fs; i++)
		print_fs(&t, &plan->fs[i]);
	for (size_t i = 0; i < plan->n_regions; i++)
		print_region(&t, plan, &plan->regions[i]);
	for (size_t i = 0; i < plan->n_mrs; i++)
		print_mr(&t, plan, &plan->mrs[i]);
	for (size_t i = 0; i < plan->n_actors; i++)
		pp_say(&t, "actor %s", plan->actors[i]);
	/* One round past the ops, for steps without any. */
	for (size_t i = 0; i <= plan->n_ops; i++) {
		size_t upto = i < plan->n_ops ? plan->ops[i].step : plan->n_steps - 1;

		while (step < upto) {
			pp_text_add(&t, "step ");
			print_quoted(&t, plan->steps[++step]);
			pp_text_add(&t, "\n");
		}
		if (i < plan->n_ops)
			print_op(&t, plan, &plan->ops[i]);
	}
	if (t.failed) {
		free(t.text);
		return NULL;
	}
	return t.text;
}
