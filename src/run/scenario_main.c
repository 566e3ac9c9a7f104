/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main() of a scenario's own program: `pinproof run` for the cases of its one-entry table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/suite.h"
#include "sys/crc_choose.h"

#define ALLOWED                                                                                    \
	"tier out seed repeat shuffle strict bisect timeout disk device drop-hazard "              \
	"drop-device-writes trace no-trace coverage "                                              \
	"guest i-may-lose-this-machine no-color names"

int main(int argc, char **argv)
{
	struct pp_err err = { 0 };
	struct pp_config c;
	char **typed;
	int code;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		printf("usage: %s [OPTION...] [CASE...]\n%s\n\n%s\n\n", pp_scenarios[0]->name,
		       pp_scenarios[0]->title, pp_scenarios[0]->purpose);
		pp_config_help(stdout, ALLOWED);
		return 0;
	}
	/* argv is reordered by the parser; the command file wants it as typed. */
	typed = calloc((size_t)argc + 1, sizeof(*typed));
	if (!typed)
		return 99;
	memcpy(typed, argv, (size_t)argc * sizeof(*typed));
	if (pp_config_parse(&c, argc - 1, argv + 1, ALLOWED, &err)) {
		fprintf(stderr, "%s: %s\n", pp_scenarios[0]->name, err.text);
		code = 2;
	} else {
		pp_crc32c_choose();
		code = c.names ? pp_suite_list(&c) : pp_suite_run(&c, argc, typed);
	}
	free(typed);
	return code;
}
