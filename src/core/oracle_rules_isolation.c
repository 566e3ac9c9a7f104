/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O6 (isolation: bystanders keep their bytes) and O11 (sound filesystem). */
#include <errno.h>

#include "core/oracle_rules.h"

static bool bystander(const struct pp_plan *plan, uint32_t space)
{
	return space < plan->n_regions && plan->regions[space].bystander;
}

/* Whatever a bystander shows wrongly was done to it by others, by what rule ever it shows. */
enum pp_rule pp_rule_isolation(const struct pp_judge *j, const struct pp_broken *b)
{
	const struct pp_plan *plan = j->plan;
	bool of_cells = b->rule >= PP_O1_COHERENCE && b->rule <= PP_O5_END_OF_FILE;
	bool unread = b->rule == PP_O12_EXPLAINED &&
		      pp_verbs[j->h->events[b->event].verb].kind == PP_KIND_OBSERVE;

	if (!(plan->rules & PP_RULE_BIT(PP_O6_ISOLATION)))
		return b->rule;
	if ((of_cells || unread) && bystander(plan, b->space))
		return PP_O6_ISOLATION;
	if (of_cells && b->cls == PP_CLASS_FOREIGN && b->has_stamp && b->stamp.run == j->h->run &&
	    bystander(plan, b->stamp.region))
		return PP_O6_ISOLATION;
	return b->rule;
}

void pp_rule_fs(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	const struct pp_op *op = pp_plan_op(j->plan, e->op);

	/* Any other errno says that the check could not be made: O12's. */
	if (!op || op->expect == PP_EXPECT_ANY || (e->flags & PP_EVENT_OPEN) ||
	    e->result != -EUCLEAN)
		return;
	pp_judge_op(j, PP_O11_SOUND_FS, PP_CLASS_DAMAGED, event, PP_NO_EVENT,
		    "op %u %s of %s (%s) found damage in the unmounted filesystem", e->op,
		    pp_verbs[e->verb].name, j->plan->fs[e->object].name,
		    j->plan->fs[e->object].type);
}
