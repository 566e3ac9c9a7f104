/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coverage: which functions of the kernel each case entered. The list of functions, the two files
 * that a run writes about them, and the tables that are made of these. docs/coverage.md explains.
 */
#ifndef PP_CORE_COVERAGE_H
#define PP_CORE_COVERAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"

#define PP_FUNCTION_MAX 64

/* A source file of the kernel, and the functions of it that are asked for, between blanks. */
struct pp_coverage_file {
	const char *file;
	const char *functions;
};
extern const struct pp_coverage_file pp_coverage_files[];
extern const size_t pp_n_coverage_files;

/* Whether entering a function can be seen at all. */
enum pp_probe_state {
	PP_PROBE_ARMED,
	PP_PROBE_PARTLY, /* the compiler inlined a part of it: entered for certain, or unknown */
	PP_PROBE_FAILED, /* it is there, but no probe could be armed: why says what happened */
	PP_PROBE_ABSENT, /* inlined everywhere, or this kernel does not have it */
	PP_PROBE_COUNT
};
extern const char *const pp_probe_states[PP_PROBE_COUNT];

struct pp_covered {
	char name[PP_FUNCTION_MAX];
	const char *file; /* of pp_coverage_files */
	enum pp_probe_state state;
	char why[96];
};

/* Hits of one case. */
struct pp_case_coverage {
	char scenario[64];
	uint64_t *hits;  /* one for each function */
	uint64_t missed; /* entries that a busy probe did not count */
};

/* A run. */
struct pp_coverage {
	char kernel[128];
	struct pp_covered *functions; /* in the order of pp_coverage_files */
	size_t n_functions;
	struct pp_case_coverage *cases;
	size_t n_cases, cap_cases;
};

/** pp_coverage_open - every function of the list, ABSENT. 0 or -ENOMEM. */
int pp_coverage_open(struct pp_coverage *c);
void pp_coverage_free(struct pp_coverage *c);
/** pp_coverage_find - index of the function called @name, -1 if it is not in the list. */
long pp_coverage_find(const struct pp_coverage *c, const char *name);
/** pp_coverage_case - room for one more case, hits all 0; NULL without memory. */
struct pp_case_coverage *pp_coverage_case(struct pp_coverage *c, const char *scenario);

/** pp_coverage_print_head, pp_coverage_print_case - the files of a run and of a case (malloc'ed),
 * NULL without memory. Only functions that were entered stand in the latter. */
char *pp_coverage_print_head(const struct pp_coverage *c);
char *pp_coverage_print_case(const struct pp_coverage *c, const struct pp_case_coverage *k);

/**
 * pp_coverage_parse_head, pp_coverage_parse_case - these files back
 *
 * A function that this program's list does not have is passed over. Returns 0; -EPROTO: another
 * version; -EINVAL with "line N" in @err; -ENOMEM. Never crash on any input.
 */
int pp_coverage_parse_head(struct pp_coverage *c, const char *text, size_t len, struct pp_err *err);
int pp_coverage_parse_case(struct pp_coverage *c, const char *scenario, const char *text,
			   size_t len, struct pp_err *err);

/** pp_coverage_table - which scenario entered which function, then what none of them entered, and
 * what could not be seen. */
void pp_coverage_table(const struct pp_coverage *c, FILE *out);
/** pp_coverage_diff - functions that only one of two runs entered, and what only one could see. */
void pp_coverage_diff(const struct pp_coverage *a, const struct pp_coverage *b, FILE *out);

#endif
