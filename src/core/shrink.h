/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shrinking: from a plan that breaks a rule to a smaller one that still does. This part proposes
 * plans, one after another, and is told of each whether it breaks the rule; run/shrink.h tries
 * them. Delta debugging over operations (Zeller and Hildebrandt, 2002), with the finding's own
 * story tried first.
 */
#ifndef PP_CORE_SHRINK_H
#define PP_CORE_SHRINK_H

#include "core/finding.h"
#include "core/history.h"
#include "core/plan.h"

struct pp_shrink;

/**
 * pp_shrink_new - begin with @plan, without a storm, which @finding broke in history @h
 *
 * All three may go away afterwards. Returns 0, -EINVAL, -ENOMEM.
 */
int pp_shrink_new(const struct pp_plan *plan, const struct pp_history *h,
		  const struct pp_finding *finding, struct pp_shrink **out, struct pp_err *err);
void pp_shrink_free(struct pp_shrink *s);

/**
 * pp_shrink_next - the next plan to try
 *
 * Returns 1 and the plan, owned by @s until pp_shrink_tell(); 0: nothing is left to try; -ENOMEM.
 * What cannot break the rule by its very form (no observation, say) is not proposed.
 */
int pp_shrink_next(struct pp_shrink *s, const struct pp_plan **plan, struct pp_err *err);

/** pp_shrink_tell - did the plan of pp_shrink_next() break the rule? Then it is the best. */
void pp_shrink_tell(struct pp_shrink *s, bool breaks);

/** pp_shrink_best - the smallest plan so far that is known to break the rule. */
const struct pp_plan *pp_shrink_best(const struct pp_shrink *s);

/** pp_shrink_doing - a few words for a progress line: what is being left out now. */
const char *pp_shrink_doing(const struct pp_shrink *s);

#endif
