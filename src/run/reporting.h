/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of a run as it goes: KTAP line by line, a progress line, results.json and the table at
 * the end. */
#ifndef PP_RUN_REPORTING_H
#define PP_RUN_REPORTING_H

#include "core/report.h"
#include "run/config.h"
#include "run/select.h"

struct pp_reporting {
	const struct pp_config *c;
	const char *out; /* run directory */
	const struct pp_facts *facts;
	FILE *ktap;
	struct pp_run_info info;
	struct pp_result *results;
	size_t count, cap;
	bool progress; /* standard error is a terminal */
	bool replay;   /* of a plan, which seed and name do not repeat */
};

/** pp_reporting_head - files command, seed, status (running) and cases (labels in order). */
int pp_reporting_head(const char *out, int argc, char **argv, uint64_t seed,
		      const struct pp_selection *s, struct pp_err *err);

int pp_reporting_open(struct pp_reporting *r, const struct pp_config *c, const char *out,
		      const struct pp_facts *facts, size_t planned, struct pp_err *err);

/** pp_reporting_progress - which case runs now; only on a terminal. */
void pp_reporting_progress(struct pp_reporting *r, const char *label);

/** pp_reporting_add - takes over @result and writes its KTAP lines. @plan may be NULL. */
int pp_reporting_add(struct pp_reporting *r, struct pp_result *result, const struct pp_plan *plan,
		     struct pp_err *err);

/** pp_reporting_close - totals, results.json, status, table; frees all. Returns the exit code:
 * results fewer than planned are 99. */
int pp_reporting_close(struct pp_reporting *r, bool interrupted, struct pp_err *err);

#endif
