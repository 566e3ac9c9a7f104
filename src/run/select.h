/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cases a run executes, and in which order. */
#ifndef PP_RUN_SELECT_H
#define PP_RUN_SELECT_H

#include "run/bugs.h"
#include "run/config.h"
#include "run/scenario.h"

#define PP_CASE_LABEL_MAX (PP_CASE_MAX + 12)

struct pp_case {
	const struct pp_scenario *scenario;
	struct pp_variant variant;
	char name[PP_CASE_MAX];        /* scenario/variant/pinner */
	char label[PP_CASE_LABEL_MAX]; /* name, with "~K" for the K-th repeat */
	const struct pp_plan *plan;    /* of a replay or a report, owned by the selection; NULL:
					     the scenario writes it */
};

struct pp_selection {
	struct pp_bugs bugs; /* the reports of --reports */
	struct pp_case *cases;
	size_t count;
	struct pp_plan *replay; /* the plan of a replay */
};

/**
 * pp_select - the cases that the configuration names
 *
 * Operands and lines of --cases-from are case names (with or without ~K), scenario names, leading
 * parts
 * ("mr-fsync/ext4") or shell patterns. Whole case names are taken whatever their tier; others are
 * bounded by it. Plans of --reports are cases, in front of all others, and stand for one that is
 * called the same. Nothing named: all cases of the tier. A name that selects nothing, or an empty
 * selection, is -EINVAL: "all passed" must never mean "nothing ran".
 */
int pp_select(const struct pp_config *c, struct pp_selection *out, struct pp_err *err);

/**
 * pp_select_replay - the one case that a plan file, or the file plan of a case directory, describes
 *
 * The first operand is the path. The case is called what the plan says, and repeated as --repeat
 * says; further operands name those of the repeats that are meant. -EINVAL with file, line and
 * column for a bad plan or one of another version, or for a name that is none of them; else what
 * reading the file gave.
 */
int pp_select_replay(const struct pp_config *c, struct pp_selection *out, struct pp_err *err);
void pp_selection_free(struct pp_selection *s);

/** pp_case_find - the case called @name (no ~K); 0 or -ENOENT. */
int pp_case_find(const char *name, struct pp_case *out);

/** pp_case_plan - the plan of a case under the run's seed, which says nothing to a replay; to be
 *  freed by the caller. */
int pp_case_plan(const struct pp_case *k, uint64_t run_seed, struct pp_plan **out,
		 struct pp_err *err);

/** pp_selection_needs - does the plan of any case need @fact? A plan that cannot be written says so
 *  when its turn comes. */
bool pp_selection_needs(const struct pp_selection *s, uint64_t run_seed, const char *fact);

/** pp_case_seed - the case's own seed: from the run's seed and its name, not from its place. */
uint64_t pp_case_seed(uint64_t run_seed, const char *name);

#endif
