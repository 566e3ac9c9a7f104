/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: the pure function from plan and history to findings.
 * docs/oracle-rules.md has a page for each rule.
 */
#ifndef PP_CORE_ORACLE_H
#define PP_CORE_ORACLE_H

#include "core/facts.h"
#include "core/finding.h"
#include "core/history.h"
#include "core/plan.h"
#include "core/progress.h"

/* How long one operation may take where its plan line does not say bound= (O9). */
#define PP_OP_BOUND_MS 20000u

struct pp_oracle_options {
	uint32_t disabled; /* PP_RULE_BIT mask left out on purpose: tests prove that this turns them
			      red */
	enum pp_era era;   /* for expect=era and expect=policy */
	bool provider_odp; /* the provider has on-demand paging: its answer to such an MR is not
			      judged */
	const struct pp_progress *progress; /* NULL: nobody wants to know */
};

/**
 * pp_oracle_run - apply the plan's rules (less the disabled) to the history
 * @plan, @h: must satisfy pp_history_check()
 * @out: zeroed by the caller; findings are appended in order of time, to be freed by the caller
 *
 * Returns 0; -EOPNOTSUPP: the plan asks for a rule that no judge here knows (nothing was judged);
 * -ENOMEM: findings may be missing. Pure and thread-safe. O10 is not judged here (a plan may ask
 * for it): see core/logscan.h.
 */
int pp_oracle_run(const struct pp_plan *plan, const struct pp_history *h,
		  const struct pp_oracle_options *opt, struct pp_findings *out, struct pp_err *err);

#endif
