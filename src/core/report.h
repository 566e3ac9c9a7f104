/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Report writers: KTAP, results.json and the table for people, all from one list of results. */
#ifndef PP_CORE_REPORT_H
#define PP_CORE_REPORT_H

#include <stdio.h>

#include "core/result.h"

/* What a report says about the run as a whole. */
struct pp_run_info {
	char kernel[128];      /* release and upstream version, as printed */
	char command[1024];    /* the command line that repeats the run */
	uint64_t seed;
	size_t planned;        /* number of cases: results must be as many */
	bool strict;
	bool interrupted;
	uint64_t duration_ms;
};

void pp_ktap_begin(FILE *out, size_t planned);
/** pp_ktap_case - the line of result @number (1-based) and its diagnostic lines: for FAIL the rule,
 *  the first finding and @repeat, the command that repeats it. Line-buffered: flushed before return. */
void pp_ktap_case(FILE *out, size_t number, const struct pp_result *r, const struct pp_plan *plan,
		  const char *repeat, bool strict);
/** pp_ktap_end - the totals line "# Totals: pass:.. fail:.. xfail:.. xpass:.. skip:.. error:.." */
void pp_ktap_end(FILE *out, const struct pp_result *results, size_t count);

/** pp_report_json - results.json (malloc'ed). */
char *pp_report_json(const struct pp_run_info *info, const struct pp_facts *facts,
		     const struct pp_result *results, size_t count);
int pp_report_parse(const char *json, size_t len, struct pp_run_info *info,
		    struct pp_result **results, size_t *count, struct pp_err *err);

/** pp_report_table - verdict counts, then one line a case (FAIL first), for people.
 *  @color: escape codes; only for terminals. */
void pp_report_table(FILE *out, const struct pp_run_info *info, const struct pp_result *results,
		     size_t count, bool color);

/** pp_report_closing - "N passed, N failed, N skipped": alone on a line, for test runners. */
void pp_report_closing(FILE *out, const struct pp_result *results, size_t count, bool strict);

/** pp_report_finding - a finding over several indented lines: rule, place, expected, found, operations. */
void pp_report_finding(FILE *out, const struct pp_finding *x, const struct pp_plan *plan,
		       const char *indent);

#endif
