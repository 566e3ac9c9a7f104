/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The field's words as enums, each with one table of names: verdicts, rules,
 * stamp classes. docs/verdicts.md and docs/oracle-rules.md explain them.
 */
#ifndef PP_CORE_WORDS_H
#define PP_CORE_WORDS_H

#include <stdbool.h>

#define PP_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Ordered from best to worst: "worst wins" is a comparison. */
enum pp_verdict {
	PP_VERDICT_SKIP,
	PP_VERDICT_PASS,
	PP_VERDICT_XFAIL,
	PP_VERDICT_XPASS,
	PP_VERDICT_INCONCLUSIVE,
	PP_VERDICT_BROKEN,
	PP_VERDICT_TIMEOUT,
	PP_VERDICT_CRASH,
	PP_VERDICT_FAIL,
	PP_VERDICT_COUNT
};

enum pp_rule {
	PP_RULE_NONE,
	PP_O1_COHERENCE,
	PP_O2_DURABILITY,
	PP_O3_NO_WAY_BACK,
	PP_O4_IDENTITY,
	PP_O5_END_OF_FILE,
	PP_O6_ISOLATION,
	PP_O7_PIN_BALANCE,
	PP_O8_REFUSAL,
	PP_O9_LIVENESS,
	PP_O10_QUIET_KERNEL,
	PP_O11_SOUND_FS,
	PP_O12_EXPLAINED,
	PP_O13_PAGES_STAY,
	PP_O14_DIRTY,
	PP_RULE_COUNT
};
#define PP_RULE_BIT(r) (1u << (r))

/*
 * What a finding says of a cell or of an operation. The first group are stamp
 * classes, the second is for findings without a cell.
 */
enum pp_class {
	PP_CLASS_OK,
	PP_CLASS_ZERO,        /* zeros where the history allows none */
	PP_CLASS_STALE,       /* a whole stamp that a later write must have replaced */
	PP_CLASS_FUTURE,      /* a stamp whose write had not begun, or never happened */
	PP_CLASS_MISPLACED,   /* right run and region, wrong offset */
	PP_CLASS_FOREIGN,     /* another run or region */
	PP_CLASS_TORN,        /* pieces of several stamps */
	PP_CLASS_GARBAGE,     /* no stamp at all */
	PP_CLASS_ACCEPTED,    /* a call that must be refused was accepted */
	PP_CLASS_REFUSED,     /* a call that must work was refused */
	PP_CLASS_ERRNO,       /* refused, but with the wrong errno; or an unexplained errno */
	PP_CLASS_LEAK,        /* something is held that nobody in the plan holds */
	PP_CLASS_OVERRELEASE, /* less is held than the plan holds: released twice */
	PP_CLASS_OVERCHARGE,  /* a process is charged more than it holds */
	PP_CLASS_UNDERCHARGE, /* a process is charged less than it holds */
	PP_CLASS_MISCHARGE,   /* one process is charged what another holds */
	PP_CLASS_SPLAT,       /* a line of damage in the kernel log, or new taint */
	PP_CLASS_STUCK,       /* did not end before its bound */
	PP_CLASS_EARLY,       /* did not wait for what it must wait for */
	PP_CLASS_DAMAGED,     /* a check of the filesystem found damage */
	PP_CLASS_MOVED,       /* a pinned page is in another frame, or in swap */
	PP_CLASS_FREED,       /* a frame that is held is free or another's */
	PP_CLASS_SHARED,      /* a child has a page that it must have a copy of */
	PP_CLASS_CLEAN,       /* a page that a device wrote is not dirty */
	PP_CLASS_COUNT
};

struct pp_word {
	const char *name;  /* stable: used in files, output and tables */
	const char *title; /* a few words for people */
};

extern const struct pp_word pp_verdict_words[PP_VERDICT_COUNT];
extern const struct pp_word pp_rule_words[PP_RULE_COUNT]; /* name "O1" */
extern const struct pp_word pp_class_words[PP_CLASS_COUNT];

/** pp_word_find - index of @name in a table of @count words, -1 if absent. */
int pp_word_find(const struct pp_word *table, int count, const char *name);

#endif
