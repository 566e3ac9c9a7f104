/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of known defects: what stock kernels do wrong, by signature and
 * kernel range, with the reference that says so and the scenario that shows it.
 */
#ifndef PP_CORE_DEFECT_H
#define PP_CORE_DEFECT_H

#include "core/facts.h"
#include "core/finding.h"
#include "core/words.h"

struct pp_defect {
	const char *name;     /* stable: "mr-write-lost-after-fsync" */
	const char *scenario; /* exact */
	const char *steps;    /* exact step names, separated by '|', or "*" */
	const char *backings; /* space-separated words of plan.backing, or "*" */
	const char *pinners;  /* space-separated, or "*" */
	enum pp_rule rule;
	uint32_t classes;   /* 1 << enum pp_class mask of the finding's class */
	const char *log;    /* POSIX extended regex that the sentence of an O10 finding
			       must match; NULL: the row explains no log line */
	const char *region; /* name of the region whose bytes are wrong; NULL: any */
	const char *lost;   /* verbs, space-separated: one of them is the write that had to show;
			    NULL: any, or none */
	const char *beside; /* verbs, space-separated: one of them ran while that write did and had
			    to do with its pages (pp_finding.beside); NULL: no matter which */
	bool fault;         /* explains only what shows while a write fault fills a hole
			       (pp_finding.fault) */
	bool chance;        /* a race decides whether it shows: its absence is no XPASS */
	struct pp_version since, before; /* upstream range [since, before) */
	const char *reference;           /* commit, report or thread */
	const char *title;
};

/*
 * The table. A program that defines both of these itself has its own rows instead of the library's:
 * so do the self-tests, whose defects no kernel has.
 */
extern const struct pp_defect pp_defects[];
extern const size_t pp_n_defects;

/** pp_defect_index - the place of the row called @name in the table; -1 if there is none, or for
 * NULL. Pure. */
int pp_defect_index(const char *name);

enum pp_range { PP_RANGE_OUT, PP_RANGE_IN, PP_RANGE_POSSIBLE };

/** pp_defect_range - IN or OUT for mainline, stable and Debian; any other kernel is
 * POSSIBLE up to the range's end and OUT behind it. */
enum pp_range pp_defect_range(const struct pp_defect *d, const struct pp_facts *f);

/**
 * pp_defect_match - does row @d explain finding @x of this plan? (range not looked at)
 *
 * Scenario, backing, pinner, rule, class and step must all match, and region, verbs and fault if
 * the row asks for some. A finding of O10 must match the
 * row's log regex as well, whatever the row's rule is: a row may allow the log lines that come with
 * its defect. Pure.
 */
bool pp_defect_match(const struct pp_defect *d, const struct pp_plan *plan,
		     const struct pp_finding *x);

/** pp_defect_predicts - does row @d say that a case of this plan shows a finding? Pure. */
bool pp_defect_predicts(const struct pp_defect *d, const struct pp_plan *plan);

#endif
