/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scenario is: one const struct that says which variants there are and
 * writes the plan of each. The library owns main(), options, skipping, deadline,
 * clean-up, judging and reporting.
 */
#ifndef PP_RUN_SCENARIO_H
#define PP_RUN_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan.h"

enum pp_tier { PP_TIER_QUICK, PP_TIER_FULL, PP_TIER_SOAK, PP_TIER_COUNT };
extern const char *const pp_tier_names[PP_TIER_COUNT];

/*
 * Faults that the executor can plant: a variant's own, for self-tests (then they hit every write,
 * of device and CPU, or every look), or one that --plant asks for (run/plant.h: one device write,
 * or one look at pages).
 */
enum pp_plant {
	PP_PLANT_NONE,
	PP_PLANT_DROP,   /* a write reports success but writes nothing */
	PP_PLANT_SHIFT,  /* it lands one cell further */
	PP_PLANT_TEAR,   /* only the first half of its last cell is written */
	PP_PLANT_DELAY,  /* it reports success, and is carried out after somebody looked */
	PP_PLANT_REPEAT, /* it is carried out again after something newer was written there */
	PP_PLANT_MOVE,   /* before a page-look, a page really gets another frame */
	PP_PLANT_CLEAN,  /* before a page-look, a page is really made clean: written back, or
			    replaced by one of zeros where there is no disk */
	PP_PLANT_REFUSE, /* mapping fails: set-up that should work does not */
	PP_PLANT_HANG,   /* the first observation never returns */
	PP_PLANT_CRASH,  /* the first observation kills the child */
	PP_PLANT_COUNT
};

struct pp_variant {
	char name[PP_NAME_MAX];    /* middle of the case name: "ext4"; unique in the scenario with
				      pinner */
	char backing[PP_NAME_MAX]; /* plan.backing: the word that known-defect rows match */
	char pinner[PP_NAME_MAX];  /* last part of the case name, and plan.pinner */
	enum pp_tier tier;         /* the smallest tier that includes it */
	bool disturbs;             /* disturbs the whole machine: only in a throw-away guest */
	bool destructive;          /* leaves no sound machine behind: only in a guest of its own */
	const char *guest; /* profile of the guest (scripts/vm/profiles.table); NULL: plain */
	enum pp_plant plant;
	const void *data; /* the scenario's own: a row of its table */
};

struct pp_scenario {
	const char *name;              /* first part of the case name */
	const char *title;             /* a few words */
	const char *purpose;           /* what a reader must know, in sentences */
	const char *const *references; /* NULL-terminated: reports, commits, threads */

	/** variant - fill variant @index; false past the last. Pure. */
	bool (*variant)(size_t index, struct pp_variant *out);

	/**
	 * plan - write the plan's lines behind the header (case, backing, pinner and seed are there
	 * already): rules, bound, needs, evidence, objects, operations. Pure: the same variant and
	 * seed give the same text on every machine. Memory errors are kept in @t.
	 */
	void (*plan)(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t);
};

/* The scenarios of this program: generated from the build list, NULL-terminated. */
extern const struct pp_scenario *const pp_scenarios[];

/** pp_scenario_plan - the parsed plan of one variant; -EINVAL if the scenario wrote a bad one. */
int pp_scenario_plan(const struct pp_scenario *s, const struct pp_variant *v, uint64_t seed,
		     struct pp_plan **out, struct pp_err *err);

#endif
