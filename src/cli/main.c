/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command `pinproof`: one table of sub-commands. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "core/words.h"
#include "run/config.h"
#include "sys/crc_choose.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static const struct pp_command commands[] = {
	{ "run", "[OPTION...] [CASE...]", "run cases on this machine", pp_cmd_run,
	  "tier out seed repeat shuffle strict bisect timeout disk device cases-from reports "
	  "counter "
	  "drop-hazard "
	  "drop-device-writes plant storm-time trace no-trace coverage guest "
	  "i-may-lose-this-machine stream ktap "
	  "repeat-with no-color" },
	{ "vm", "run|shell|again|kernel ...", "boot a kernel in QEMU and run cases there",
	  pp_cmd_vm, NULL },
	{ "mutate", "[OPTION...]", "break the kernel on purpose, see who notices", pp_cmd_mutate,
	  NULL },
	{ "repro", "[OPTION...] REPORT...", "is a reported defect in these kernels?", pp_cmd_stage,
	  NULL },
	{ "bisect", "[OPTION...] REPORT KERNEL...",
	  "where between kernels did a defect come or go?", pp_cmd_stage, NULL },
	{ "reports", "[REPORT...]", "the catalogue of reported defects", pp_cmd_reports, NULL },
	{ "list", "[OPTION...] [CASE...]", "list scenarios and cases", pp_cmd_list,
	  "tier names guests seed repeat shuffle cases-from reports" },
	{ "plan", "[--seed N] [--expand N] CASE", "print the plan of a case", pp_cmd_plan,
	  "seed expand" },
	{ "replay", "[OPTION...] PLAN|CASEDIR|BUNDLE [CASE...]", "execute a plan again",
	  pp_cmd_replay,
	  "kernel out seed repeat strict bisect timeout disk device counter drop-hazard "
	  "drop-device-writes "
	  "plant "
	  "storm-time trace no-trace coverage guest i-may-lose-this-machine stream ktap "
	  "repeat-with names guests no-color" },
	{ "shrink", "[OPTION...] PLAN|CASEDIR|BUNDLE",
	  "make a plan smaller that still breaks the same rule", pp_cmd_shrink,
	  "rule runs need budget kernel out timeout disk device plant storm-time trace no-trace "
	  "guest "
	  "i-may-lose-this-machine stream ktap repeat-with seed no-color" },
	{ "doctor", "[--disk DEV] [--device NAME] [--guest]",
	  "probe this machine and say what can run", pp_cmd_doctor, "disk device guest" },
	{ "judge", "[OPTION...] DIR|BUNDLE", "repeat the verdicts of a run from its files",
	  pp_cmd_judge, "strict bisect seed ktap repeat-with no-color" },
	{ "history", "DIR|BUNDLE", "print the history of a case directory", pp_cmd_history, "" },
	{ "bundle", "DIR [CASE...]", "pack failures of a run, each into one file", pp_cmd_bundle,
	  "repeat-with" },
	{ "show", "BUNDLE [FILE]", "print what a bundle is, or one of its files", pp_cmd_show, "" },
	{ "timeline", "DIR|BUNDLE", "print a case as a timeline for Perfetto", pp_cmd_timeline,
	  "" },
	{ "coverage", "RUNDIR [RUNDIR]",
	  "which functions of the kernel a run entered; or what two differ in", pp_cmd_coverage,
	  "" },
	{ "export", "--c|--mail BUNDLE", "a failure as a C program, or as a mail", pp_cmd_export,
	  "c mail" },
	{ "kills", "[--markdown] DIR...|DIR MUTANT", "who noticed which mutant (used by mutate)",
	  pp_cmd_kills, NULL },
	{ "collect", "RUNDIR GUEST", "unpack what a guest left (used by vm run)", pp_cmd_collect,
	  "" },
};

static void usage(FILE *out)
{
	fprintf(out, "usage: pinproof COMMAND ...\n\n"
		     "Does pinned memory keep its promises when a filesystem owns it too?\n\n");
	for (size_t i = 0; i < PP_ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %-24s %s\n", commands[i].name, commands[i].operands,
			commands[i].title);
	fprintf(out,
		"\n'pinproof COMMAND --help' shows its options. Exit codes: 0 passed, 1 failed, "
		"2 usage,\n77 all skipped, 99 could not tell; docs/verdicts.md has the list.\n");
}

static void command_help(const struct pp_command *c)
{
	printf("usage: pinproof %s %s\n%s\n", c->name, c->operands, c->title);
	if (c->options && c->options[0]) {
		printf("\n");
		pp_config_help(stdout, c->options);
	}
}

static int dispatch(const struct pp_command *c, int argc, char **argv)
{
	if (c->options && argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))) {
		command_help(c);
		return 0;
	}
	pp_crc32c_choose();
	return c->main(c, argc, argv);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		printf("pinproof %s\n", PACKAGE_VERSION);
		return 0;
	}
	for (size_t i = 0; i < PP_ARRAY_LEN(commands); i++)
		if (!strcmp(name, commands[i].name))
			return dispatch(&commands[i], argc, argv);
	if (!name[0])
		usage(stderr);
	else
		fprintf(stderr, "pinproof: there is no command '%s': see 'pinproof --help'.\n",
			name);
	return 2;
}
