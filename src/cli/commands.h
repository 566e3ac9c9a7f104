/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands of `pinproof`. */
#ifndef PP_CLI_COMMANDS_H
#define PP_CLI_COMMANDS_H

#include "core/err.h"
#include "run/config.h"

#define PP_EXIT_USAGE 2

struct pp_command {
	const char *name;
	const char *operands; /* for the usage line */
	const char *title;
	int (*main)(const struct pp_command *c, int argc,
		    char **argv); /* whole command line; exit code */
	const char *options;      /* names from pp_options; NULL: parses its own */
};

int pp_cmd_run(const struct pp_command *c, int argc, char **argv);
int pp_cmd_replay(const struct pp_command *c, int argc, char **argv);
int pp_cmd_shrink(const struct pp_command *c, int argc, char **argv);
int pp_cmd_vm(const struct pp_command *c, int argc, char **argv);
int pp_cmd_list(const struct pp_command *c, int argc, char **argv);
int pp_cmd_plan(const struct pp_command *c, int argc, char **argv);
int pp_cmd_doctor(const struct pp_command *c, int argc, char **argv);
int pp_cmd_judge(const struct pp_command *c, int argc, char **argv);
int pp_cmd_coverage(const struct pp_command *c, int argc, char **argv);
int pp_cmd_timeline(const struct pp_command *c, int argc, char **argv);
int pp_cmd_history(const struct pp_command *c, int argc, char **argv);
int pp_cmd_bundle(const struct pp_command *c, int argc, char **argv);
int pp_cmd_show(const struct pp_command *c, int argc, char **argv);
int pp_cmd_export(const struct pp_command *c, int argc, char **argv);
int pp_cmd_mutate(const struct pp_command *c, int argc, char **argv);
int pp_cmd_reports(const struct pp_command *c, int argc, char **argv);
/** pp_cmd_stage - a command that is a stage of scripts/vm. */
int pp_cmd_stage(const struct pp_command *c, int argc, char **argv);
int pp_cmd_kills(const struct pp_command *c, int argc, char **argv);
int pp_cmd_collect(const struct pp_command *c, int argc, char **argv);

/* What all of them share: cmd.c. */

/** pp_cmd_complain - print the sentence; returns the exit code of bad input. */
int pp_cmd_complain(const struct pp_err *err);
/** pp_cmd_complain_of - the same with the file or directory in front. */
int pp_cmd_complain_of(const char *path, struct pp_err *err);

#define PP_AT_LEAST(n) (-1 - (n))
/** pp_cmd_parse - options, and exactly @operands operands or PP_AT_LEAST() so many; 0 or an exit
 *  code. */
int pp_cmd_parse(struct pp_config *cfg, const struct pp_command *c, int argc, char **argv,
		 int operands);

/** pp_vm_hand_over - become the stage @argv[0] of scripts/vm; returns only if that fails. */
int pp_vm_hand_over(char **argv);

#endif
