/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which patterns for lines of a kernel log a report may have; see bug.h. */
#include <regex.h>

#include "core/bug.h"

#define REPETITIONS_MAX 8u

/*
 * The C library's compiler copies what a repetition repeats, so that repetitions of repetitions,
 * and intervals, take memory without end: a line of a log needs few of the one and none of the
 * other.
 */
static bool affordable(const char *pattern)
{
	unsigned repetitions = 0;

	for (const char *c = pattern; *c; c++) {
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '{')
			return false;
		else
			repetitions += *c == '*' || *c == '+' || *c == '?';
	}
	return repetitions <= REPETITIONS_MAX;
}

bool pp_bug_pattern_good(const char *pattern)
{
	regex_t regex;

	if (!pattern[0] || !affordable(pattern) ||
	    regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&regex);
	return true;
}
