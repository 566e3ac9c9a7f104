/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutants: kernel modules that bring a bug back, and whether the suite noticed. Pure: the
 * declaration is what modinfo(8) says of the module, the rest are results of cases.
 *
 * A mutant is killed by a case in which it fired and whose findings are not those of the same
 * case without it. The rule must be one that the declaration names: what is noticed for another
 * reason is for a person to look at.
 */
#ifndef PP_CORE_MUTANT_H
#define PP_CORE_MUTANT_H

#include <stdio.h>

#include "core/err.h"
#include "core/result.h"

struct pp_mutant {
	char name[64];
	char family[32];
	char bug[256];        /* what it does to the kernel, one sentence without full stop */
	char reference[256];  /* commit, thread or text where the like of it was real */
	char function[128];   /* that it hooks */
	char args[128];       /* parameters that the module is loaded with */
	char widened[256];    /* why a rule that is not the obvious one may tell; "": none */
	char equivalent[256]; /* why nobody can see it; "": somebody can */
	char absent[256];     /* why it does not apply to the kernel; "": it does */
	unsigned rules;       /* PP_RULE_BIT() of those that should catch it */
	bool may_die;         /* a guest that dies of it has noticed it */
	double seconds;       /* from the start of its first guest to the end of its last */
};

enum pp_mutant_outcome {
	PP_MUTANT_KILLED,
	PP_MUTANT_EQUIVALENT,     /* not run: no test can see it, by its declaration */
	PP_MUTANT_NOT_APPLICABLE, /* not run: there is no such thing to break on this kernel */
	PP_MUTANT_DID_NOT_FIRE,   /* in no case: nothing was learnt */
	PP_MUTANT_ANOTHER_RULE,   /* noticed by a rule that the declaration does not name */
	PP_MUTANT_GUEST_DIED,     /* which the declaration does not allow */
	PP_MUTANT_SURVIVED,       /* it fired, and nobody noticed */
	PP_MUTANT_OUTCOME_COUNT
};
extern const struct pp_word pp_mutant_words[PP_MUTANT_OUTCOME_COUNT];

/* What noticed a mutant in one case. */
struct pp_mutant_kill {
	char case_name[PP_CASE_MAX];
	enum pp_rule rule;
	enum pp_class cls;
	char step[PP_NAME_MAX];
	char text[512]; /* of the finding */
	uint64_t fired; /* in this case */
	bool declared;  /* the rule is one of the declaration's */
	bool guest_died;
};

struct pp_mutant_verdict {
	enum pp_mutant_outcome outcome;
	struct pp_mutant_kill kill; /* that decided; of KILLED, ANOTHER_RULE and GUEST_DIED */
	uint64_t fired;             /* in all cases */
	size_t cases;               /* that ran to an end */
	size_t killers;             /* cases that noticed it by a declared rule */
};

/**
 * pp_mutant_parse - declaration from lines "key=value"; unknown keys are passed over
 *
 * Returns 0, or -EINVAL with a sentence that names what is missing or wrong.
 */
int pp_mutant_parse(const char *text, struct pp_mutant *m, struct pp_err *err);

/** pp_mutant_case - did the case @r notice the mutant? @base is the same case without it, NULL if
 *  there is none: then nobody can tell, and it did not. */
bool pp_mutant_case(const struct pp_mutant *m, const struct pp_result *base,
		    const struct pp_result *r, struct pp_mutant_kill *out);

/** pp_mutant_judge - of all its cases, in the order in which they ran. */
void pp_mutant_judge(const struct pp_mutant *m, const struct pp_result *base, size_t n_base,
		     const struct pp_result *results, size_t count, struct pp_mutant_verdict *out);

/** pp_mutant_exit - exit code of mutants of which these are the outcomes: 1 if one survived, was
 *  noticed for the wrong reason or took an undeclared guest with it, 99 if one did not fire or
 *  none applied, else 0. */
int pp_mutant_exit(const struct pp_mutant_verdict *verdicts, size_t count);

/* All mutants of one kernel. */
struct pp_mutants {
	char kernel[128];
	struct pp_mutant *mutants;
	struct pp_mutant_verdict *verdicts;
	size_t count;
};

/** pp_mutants_table - for people; ends with "mutants: N killed, ..." and the median time. */
void pp_mutants_table(FILE *out, const struct pp_mutants *all);
/** pp_mutants_markdown - one table of several kernels, for docs/mutants.md. */
void pp_mutants_markdown(FILE *out, const struct pp_mutants *runs, size_t n_runs);
/** pp_mutants_json - mutants.json (malloc'ed), NULL without memory. */
char *pp_mutants_json(const struct pp_mutants *all);
/** pp_mutants_median - seconds that half of the killed ones took at most, 0 if there are none. */
double pp_mutants_median(const struct pp_mutants *all);

#endif
