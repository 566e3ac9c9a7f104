/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Was a report reproduced? Only its own symptom says so: a case may fail for any other reason.
 */
#ifndef PP_CORE_BUG_JUDGE_H
#define PP_CORE_BUG_JUDGE_H

#include "core/bug.h"
#include "core/result.h"

/* Ordered by what decides: a report is reproduced if any of its cases shows it once. */
enum pp_bug_outcome {
	PP_BUG_NOT_REPRODUCED, /* every case ran to its end, saw enough, and did not show it */
	PP_BUG_CANNOT_TELL,    /* skipped, broken, inconclusive; died or hung in another way */
	PP_BUG_REPRODUCED,
	PP_BUG_OUTCOME_COUNT
};
extern const struct pp_word pp_bug_outcome_words[PP_BUG_OUTCOME_COUNT];

/* Of one report on one kernel. */
struct pp_bug_verdict {
	enum pp_bug_outcome outcome;
	unsigned runs[PP_BUG_OUTCOME_COUNT]; /* how often each */
	enum pp_bug_expect expect;
	char case_name[PP_CASE_MAX]; /* that decided */
	char finding[512]; /* its sentence; why nobody could tell; what was found instead */
	char log[256];     /* the line that matched, or the first of damage; "" if none */
};

/* One execution of one of the report's cases. */
struct pp_bug_run {
	const struct pp_result *result;
	const struct pp_plan *plan; /* what was executed; NULL: unknown, so nobody can tell what a
				       clean result is worth */
	unsigned repeat;            /* K of CASE~K, from 1 */
	const char *log;            /* kernel log of the case; NULL: lost */
	size_t log_len;
};

/**
 * pp_bug_judge - of all executions of its cases on one kernel
 *
 * The cases of one repeat make one run: reproduced if one of them shows a symptom, else nobody can
 * tell if one of them could not, else not reproduced. Pure.
 */
void pp_bug_judge(const struct pp_bug *bug, const struct pp_facts *facts,
		  const struct pp_bug_run *runs, size_t count, struct pp_bug_verdict *out);

/** pp_bug_differs - is the verdict another than the report says of this kernel? A race that did not
 *  show does not differ, and nothing does on a kernel of which nothing is said. */
bool pp_bug_differs(const struct pp_bug_verdict *v);

/** pp_bug_exit - for git bisect run: 1 reproduced, 0 not, 125 cannot tell; of several the first
 *  that holds of any: 1, 125, 0. */
int pp_bug_exit(const struct pp_bug_verdict *verdicts, size_t count);

/** pp_bug_exit_all - against what the reports say: 1 if one differs, 125 if nobody can tell of one,
 *  else 0. */
int pp_bug_exit_all(const struct pp_bug_verdict *verdicts, size_t count);

/* Verdicts of several reports on several kernels. */
struct pp_bug_table {
	struct pp_bug **bugs;
	size_t n_bugs;
	char (*kernels)[128]; /* label, with upstream version once that is known */
	size_t n_kernels;
	struct pp_bug_verdict *verdicts; /* [kernel * n_bugs + bug] */
};

/** pp_bug_table_print - for people: a line for each report, a column for each kernel, then each
 *  finding and log line. @all: with what the reports say, and the differences. */
void pp_bug_table_print(FILE *out, const struct pp_bug_table *t, bool all);

/** pp_bug_table_json - for programs (malloc'ed), NULL without memory. */
char *pp_bug_table_json(const struct pp_bug_table *t);

/** pp_bug_table_markdown - docs/bugs.md: the table, and a section for each report. */
void pp_bug_table_markdown(FILE *out, const struct pp_bug_table *t);

#endif
