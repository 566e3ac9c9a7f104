/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all sub-commands share: operands, complaints. */
#include <stdio.h>

#include "cli/commands.h"

int pp_cmd_complain(const struct pp_err *err)
{
	fprintf(stderr, "pinproof: %s\n", err->text);
	return PP_EXIT_USAGE;
}

int pp_cmd_complain_of(const char *path, struct pp_err *err)
{
	pp_err_prefix(err, "%s", path);
	return pp_cmd_complain(err);
}

int pp_cmd_parse(struct pp_config *cfg, const struct pp_command *c, int argc, char **argv,
		 int operands)
{
	struct pp_err err = { 0 };

	if (pp_config_parse(cfg, argc - 2, argv + 2, c->options, &err))
		return pp_cmd_complain(&err);
	if (operands < 0 ? cfg->n_patterns >= (size_t)PP_AT_LEAST(operands)
			 : cfg->n_patterns == (size_t)operands)
		return 0;
	fprintf(stderr, "pinproof: usage: pinproof %s %s\n", c->name, c->operands);
	return PP_EXIT_USAGE;
}
