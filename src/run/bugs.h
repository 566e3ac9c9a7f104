/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports where they are kept: the catalogue that is built in (scenarios/bugs/), files, and the
 * runs that `pinproof repro` leaves.
 */
#ifndef PP_RUN_BUGS_H
#define PP_RUN_BUGS_H

#include "core/bug_judge.h"

/* The catalogue, made by build-aux/report-table. */
struct pp_bug_text {
	const char *name, *text;
};
extern const struct pp_bug_text pp_bug_texts[];
extern const size_t pp_n_bug_texts;

/* A plan in it, so that its case has a name without reading all reports: a unit test compares these
 * with what the parser finds. */
struct pp_bug_place {
	size_t bug; /* index in pp_bug_texts */
	const char *variant, *backing, *pinner, *guest;
	bool alone;
	size_t at, length; /* of the plan in the report's text */
};
extern const struct pp_bug_place pp_bug_places[];
extern const size_t pp_n_bug_places;

struct pp_bugs {
	struct pp_bug **items;
	char **texts; /* of each, malloc'ed and NUL-terminated */
	size_t count;
};

/** pp_bugs_add - the report called @what, or those of the file @what
 *
 * A word without '/' that names a report of the catalogue is that one. -EINVAL with file, line and
 * column for a bad text; a report that is there already is not added again.
 */
int pp_bugs_add(struct pp_bugs *bugs, const char *what, struct pp_err *err);

/** pp_bugs_add_all - the whole catalogue. */
int pp_bugs_add_all(struct pp_bugs *bugs, struct pp_err *err);

/** pp_bugs_add_text - all reports of a text; @from names it in complaints. */
int pp_bugs_add_text(struct pp_bugs *bugs, const char *text, size_t len, const char *from,
		     struct pp_err *err);
void pp_bugs_free(struct pp_bugs *bugs);

/**
 * pp_bugs_judge - what `pinproof repro` left in @dir
 *
 * @dir/reports is the text of all reports, @dir/kernels a line for each kernel: the name of its run
 * directory in @dir, and what to call it. A run directory without results is one of which nobody
 * can tell anything. @table is freed by pp_bugs_table_free(), @bugs by pp_bugs_free() behind it.
 */
int pp_bugs_judge(const char *dir, struct pp_bugs *bugs, struct pp_bug_table *table,
		  struct pp_err *err);
void pp_bugs_table_free(struct pp_bug_table *table);

#endif
