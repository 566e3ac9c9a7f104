/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asked for: the immutable configuration of a run, and the option table that fills
 * it. */
#ifndef PP_RUN_CONFIG_H
#define PP_RUN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"
#include "run/plant.h"
#include "run/scenario.h"

#define PP_MAX_DISKS 8

struct pp_config {
	const char *out;        /* --out: directory of the run, NULL: made under the current one */
	const char *stream;     /* --stream: file or port that gets the results as a tar stream */
	const char *ktap;       /* --ktap: file or port for KTAP instead of standard output */
	const char *cases_from; /* --cases-from: file with case names */
	const char *counter;    /* --counter: file with a number, read before and after each case */
	const char *device;     /* --device: existing RDMA device, NULL: an rxe link of our own */
	const char *repeat_with; /* --repeat-with: how a reader repeats a case: "pinproof vm run
				    --kernel K" */
	const char *kernel;      /* --kernel: in a guest with this kernel; NULL: here */
	enum pp_tier tier;
	bool tier_given, seed_given;
	uint64_t seed;
	unsigned repeat;
	unsigned timeout_s;         /* --timeout: bound of one case, 0: the plan's */
	unsigned storm_s;           /* --storm-time: of each storm, 0: the plan's */
	struct pp_plant_spec plant; /* --plant */
	bool shuffle, strict, bisect, guest, drop_hazard, drop_device_writes, names, guests,
		lose_machine;
	bool no_color;
	bool coverage;        /* count which functions of the kernel each case enters */
	bool trace, no_trace; /* the trace witness: on in a guest unless --no-trace, elsewhere with
				 --trace */
	const char *reports;  /* a file of reports, of which the plans are cases too */
	bool replay;          /* the operand is a plan, or the directory of a case */
	bool shrink;          /* a replay that makes the plan smaller: run/shrink.h */
	const char *rule;     /* --rule: that has to break again; NULL: the first that does */
	unsigned runs, need;  /* --runs, --need: executions of a plan, and how many must break it */
	unsigned budget_s;    /* --budget: 0: none */
	bool as_c, as_mail;   /* --c, --mail of export */
	unsigned expand; /* --expand: operations of each actor that a storm is written out with, 0:
			    not */
	const char *disks[PP_MAX_DISKS];
	size_t n_disks;
	const char *const *patterns; /* the operands */
	size_t n_patterns;
};

enum pp_option_kind {
	PP_OPT_FLAG,
	PP_OPT_TEXT,
	PP_OPT_NUMBER,
	PP_OPT_SEED,
	PP_OPT_TIER,
	PP_OPT_DISK,
	PP_OPT_TIME, /* seconds: "90", "60s", "10m" */
	PP_OPT_PLANT,
	PP_OPT_RULE /* O1, O2, ... */
};

struct pp_option {
	const char *name;
	enum pp_option_kind kind;
	size_t offset;        /* of the member in struct pp_config */
	const char *argument; /* word in the help, NULL for a flag */
	const char *help;
};
extern const struct pp_option pp_options[]; /* one table: parser, help, completion */
extern const size_t pp_n_options;

/**
 * pp_config_parse - options and operands of one sub-command
 * @allowed: space-separated names of the options it takes, "*" for all
 *
 * Returns 0 or -EINVAL with a sentence that says what to do. Strings are borrowed from @argv.
 */
int pp_config_parse(struct pp_config *c, int argc, char **argv, const char *allowed,
		    struct pp_err *err);

/** pp_config_help - the lines of the allowed options. */
void pp_config_help(FILE *out, const char *allowed);

#endif
