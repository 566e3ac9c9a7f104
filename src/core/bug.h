/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report: what somebody found in a kernel, as text and as data. It has a head for people and
 * programs (symptom, mechanism, range, references) and either plans of its own or the names of
 * cases that show it. docs/reports.md is the grammar and a tutorial.
 */
#ifndef PP_CORE_BUG_H
#define PP_CORE_BUG_H

#include "core/defect.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/words.h"

#define PP_BUG_VERSION  1
#define PP_BUG_SCENARIO "report" /* first part of the case names of a report's own plans */

/* Upstream versions [since, before); before is {1000,0,0} where nobody has fixed it. */
struct pp_bug_range {
	struct pp_version since, before;
};

/* What must show for the report to be reproduced: a finding, and a line of the log if it says so.
 */
struct pp_bug_symptom {
	enum pp_rule rule;
	enum pp_class cls;
	char step[PP_NAME_MAX]; /* "": in any step */
	char log[PP_TEXT_MAX];  /* POSIX extended regex that a line of the kernel log (of O10: the
				   finding) must match; "" if none */
	bool chance;            /* a race decides whether it shows */
	struct pp_bug_range on; /* where it is expected; all of the report's ranges if not said */
	bool has_on;
};

/* One plan of its own. */
struct pp_bug_plan {
	struct pp_plan *plan;
	size_t at, length; /* of its text in the report's */
	unsigned line;     /* that it begins in */
};

struct pp_bug {
	char name[PP_NAME_MAX];
	char title[PP_TEXT_MAX];
	char *about, *why, *does, *limits; /* sentences; never NULL once parsed */
	char **references;                 /* n_references */
	size_t n_references;
	char *fixed;                 /* what fixed it, or that nothing has */
	struct pp_bug_range *ranges; /* none: no release was affected in what the report does */
	size_t n_ranges;
	struct pp_bug_symptom *symptoms;
	size_t n_symptoms;
	char (*allows)[PP_TEXT_MAX]; /* log lines that come with it */
	size_t n_allows;
	char (*cases)[PP_CASE_MAX]; /* of "run": case names, complete */
	size_t n_cases;
	struct pp_bug_plan *plans; /* or its own */
	size_t n_plans;
	char guest[PP_NAME_MAX]; /* profile that the own plans need, "" for plain */
	bool alone;              /* they leave no sound machine behind */
};

/**
 * pp_bug_parse - the first report of a text
 * @text: @len bytes; need not be NUL-terminated
 * @used: bytes up to the next line "pinproof-report", or to the end; NULL: the text must hold
 *        nothing else
 * @out: freed by pp_bug_free()
 *
 * Everything is checked before anything runs, the plans too: names, ranges, regular expressions,
 * steps that the symptoms name, rules that the plans apply. Returns 0, -EINVAL with "line L column
 * C: expected ..., found ...", -EPROTO for another version, or -ENOMEM. Pure, thread-safe.
 */
int pp_bug_parse(const char *text, size_t len, size_t *used, struct pp_bug **out,
		 struct pp_err *err);

/** pp_bug_parse_from - the same of a text that begins behind @line lines of another. */
int pp_bug_parse_from(const char *text, size_t len, unsigned line, size_t *used,
		      struct pp_bug **out, struct pp_err *err);
void pp_bug_free(struct pp_bug *bug);

/** pp_bug_case - name of its @index-th case, of own plans or named ones; NULL past the last. */
const char *pp_bug_case(const struct pp_bug *bug, size_t index);

/** pp_bug_print - for people: the whole head in paragraphs. */
void pp_bug_print(FILE *out, const struct pp_bug *bug);

/** pp_bug_say_ranges - "5.6 to 6.5, 6.12.97 on". */
void pp_bug_say_ranges(FILE *out, const struct pp_bug *bug);

/** pp_bug_rows - for src/core/defect_rows_report.h: a known-defect row for each symptom of its own
 *  plans and each range; prints nothing for a report that names cases. */
void pp_bug_rows(FILE *out, const struct pp_bug *bug);

/** pp_bug_row_name - of its @index-th row. */
void pp_bug_row_name(const struct pp_bug *bug, size_t index, char *out, size_t size);

/** pp_bug_row_log - the row's expression for log lines: its own and those it allows; "" if none. */
void pp_bug_row_log(const struct pp_bug *bug, const struct pp_bug_symptom *s, char *out,
		    size_t size);

enum pp_bug_expect {
	PP_BUG_ABSENT,  /* the kernel is in none of the ranges */
	PP_BUG_PRESENT, /* it must show */
	PP_BUG_CHANCE,  /* it may show: a race decides */
	PP_BUG_UNSURE   /* a kernel whose version says nothing about its patches */
};

/** pp_bug_expected - what the report says of this kernel. Pure. */
enum pp_bug_expect pp_bug_expected(const struct pp_bug *bug, const struct pp_facts *facts);

/** pp_bug_pattern_good - a POSIX extended regular expression that is cheap enough to be compiled?
 */
bool pp_bug_pattern_good(const char *pattern);

#endif
