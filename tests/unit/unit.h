/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of every unit test program: a table of cases, one main. Closes
 * CUnit's traps: a case without an assertion fails, a suite that did not start
 * fails, and the exit status comes from the counts taken before clean-up.
 */
#ifndef PP_TESTS_UNIT_H
#define PP_TESTS_UNIT_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct pp_unit_case {
	const char *name;
	void (*fn)(void);
};

/** pp_unit_main - run the cases, print CUnit's summary, return the exit status. */
int pp_unit_main(const char *suite, const struct pp_unit_case *cases, size_t count);

#define PP_UNIT_MAIN(suite, cases)                                                                 \
	int main(void)                                                                             \
	{                                                                                          \
		return pp_unit_main(suite, cases, sizeof(cases) / sizeof((cases)[0]));             \
	}

/* The source tree, for test data: environment variable srcdir, else ".". */
const char *pp_unit_srcdir(void);
/** pp_unit_read - a whole file below the source tree, malloc'ed and NUL-terminated; fails the case
 * if absent. */
char *pp_unit_read(const char *path, size_t *len);

#define PP_ASSERT_STR(actual, expected) CU_ASSERT_STRING_EQUAL(actual, expected)

#endif
