/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Surgery on plans: copies with fewer operations, fewer actors, fewer objects, all still valid. */
#ifndef PP_CORE_PLAN_CUT_H
#define PP_CORE_PLAN_CUT_H

#include "core/plan.h"

/** pp_plan_copy - the same plan again, to be freed; -ENOMEM, or -EINVAL where @plan is none that
 *  the parser would take: plans that were changed in place are checked this way. */
int pp_plan_copy(const struct pp_plan *plan, struct pp_plan **out, struct pp_err *err);

/**
 * pp_plan_close - leave out what cannot be done without what is left out already
 * @keep: of each operation in plan->ops; only ever cleared here
 *
 * A file needs its filesystem, an address its mapping, a write its registration; what ends
 * something needs its begin. Order is that of the text. Returns how many are kept. Pure.
 */
size_t pp_plan_close(const struct pp_plan *plan, bool *keep);

/**
 * pp_plan_cut - the plan with the kept operations alone
 *
 * Where an operation waits for one that is gone, it waits for the operation before that, of the
 * same actor, that is left: what was ordered stays so. A plan with a storm is -EINVAL.
 */
int pp_plan_cut(const struct pp_plan *plan, const bool *keep, struct pp_plan **out,
		struct pp_err *err);

/**
 * pp_plan_one_actor - the plan as one actor would do it
 * @order: ids of all its operations, in the order in which they are to be done
 *
 * Ids and generations are given out anew, from 1.
 */
int pp_plan_one_actor(const struct pp_plan *plan, const uint32_t *order, size_t n,
		      struct pp_plan **out, struct pp_err *err);

/** pp_plan_bare - the plan without steps, evidence, and objects that no operation uses; with the
 *  rules of @rules alone, and ids and generations from 1. */
int pp_plan_bare(const struct pp_plan *plan, uint32_t rules, struct pp_plan **out,
		 struct pp_err *err);

#endif
