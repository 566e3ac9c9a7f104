/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands of `pinproof`. */
#ifndef PP_CLI_COMMANDS_H
#define PP_CLI_COMMANDS_H

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
int pp_cmd_vm(const struct pp_command *c, int argc, char **argv);
int pp_cmd_list(const struct pp_command *c, int argc, char **argv);
int pp_cmd_plan(const struct pp_command *c, int argc, char **argv);
int pp_cmd_doctor(const struct pp_command *c, int argc, char **argv);
int pp_cmd_judge(const struct pp_command *c, int argc, char **argv);
int pp_cmd_history(const struct pp_command *c, int argc, char **argv);
int pp_cmd_collect(const struct pp_command *c, int argc, char **argv);

#endif
