/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Report writers: KTAP, results.json and the table for people, all from one list of results. */
#ifndef PP_CORE_REPORT_H
#define PP_CORE_REPORT_H

#include <stdio.h>

#include "core/result.h"

/* What a report says about the run as a whole. */
struct pp_run_info {
	char kernel[128]; /* release and upstream version, as printed */
	char device[64]; /* RDMA device that was there before the run, "" if the run made its own */
	char command[1024]; /* the command line that repeats the run */
	char trace[256];  /* what the trace witness cannot see on this machine; "" for nothing, and
			     where no trace was asked for */
	char blind[2048]; /* other witnesses that see nothing on this machine: lines of what they
			     watch and why; "" for none */
	uint64_t seed;
	size_t planned; /* number of cases: results must be as many */
	bool strict;
	bool interrupted;
	uint64_t duration_ms; /* sum over the cases */
};

/* Results by verdict, and the three numbers that test runners know. */
struct pp_counts {
	size_t by[PP_VERDICT_COUNT];
	size_t passed;  /* PASS, XFAIL; XPASS unless strict */
	size_t failed;  /* FAIL, CRASH, TIMEOUT, BROKEN, INCONCLUSIVE; XPASS if strict */
	size_t skipped; /* SKIP */
};
void pp_report_count(const struct pp_result *results, size_t count, bool strict,
		     struct pp_counts *out);

/** pp_report_text - @text on one line: control characters become blanks, '\\' goes before each
 *  character of @escape. Log lines come from outside and must not steer a terminal or a parser. */
void pp_report_text(FILE *out, const char *text, const char *escape);

/** pp_ktap_begin - "KTAP version 1" and the plan line. */
void pp_ktap_begin(FILE *out, size_t planned);
/** pp_ktap_case - the line of result @number (1-based) and, unless it is "ok", its diagnostic
 * lines: the reason, the findings that no row explains (at most 8), the seed, and @repeat, the
 * command that repeats it (NULL: none). @plan may be NULL. Flushed before return. */
void pp_ktap_case(FILE *out, size_t number, const struct pp_result *r, const struct pp_plan *plan,
		  const char *repeat, bool strict);
/** pp_ktap_note - one more diagnostic line of the result before, "# WORD: TEXT". */
void pp_ktap_note(FILE *out, const char *word, const char *text);
/** pp_ktap_end - the totals line "# Totals: pass:.. fail:.. xfail:.. xpass:.. skip:.. error:.." */
void pp_ktap_end(FILE *out, const struct pp_result *results, size_t count);

/** pp_report_json - results.json (docs/results.schema.json, malloc'ed), NULL without memory.
 *  @facts may be NULL. */
char *pp_report_json(const struct pp_run_info *info, const struct pp_facts *facts,
		     const struct pp_result *results, size_t count);
/** pp_report_parse - results.json back; each result is to be freed with pp_result_free(), the array
 *  with free(). Returns 0, -ENOMEM, or -EINVAL naming what is wrong. */
int pp_report_parse(const char *json, size_t len, struct pp_run_info *info,
		    struct pp_result **results, size_t *count, struct pp_err *err);

/** pp_report_table - for people: the run and its verdict counts, then what needs a look (worst
 * first) with its reason, XFAIL by reference, SKIP by reason, and the names of what passed.
 *  @color: escape codes; only for terminals. */
void pp_report_table(FILE *out, const struct pp_run_info *info, const struct pp_result *results,
		     size_t count, bool color);

/** pp_report_closing - "pinproof: N passed, N failed, N skipped": alone on a line, for test
 * runners. */
void pp_report_closing(FILE *out, const struct pp_result *results, size_t count, bool strict);

/** pp_report_finding - a finding over several indented lines: rule, place, expected, found,
 * operations.
 *  @plan gives names and may be NULL. */
void pp_report_finding(FILE *out, const struct pp_finding *x, const struct pp_plan *plan,
		       const char *indent);

#endif
