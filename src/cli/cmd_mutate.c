/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof mutate` hands over to its stage of scripts/vm; `pinproof kills` judges what that left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "run/mutants.h"

int pp_cmd_mutate(const struct pp_command *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	return pp_vm_hand_over(argv + 1);
}

static int kills_usage(const struct pp_command *c, FILE *out)
{
	fprintf(out, "usage: pinproof %s %s\n", c->name, c->operands);
	return out == stdout ? 0 : 2;
}

static int complain(const char *dir, const struct pp_err *err)
{
	fprintf(stderr, "pinproof: %s: %s\n", dir, err->text);
	return 2;
}

/* One table of several runs, as docs/mutants.md has it. */
static int kills_markdown(char **dirs, size_t count)
{
	struct pp_mutants *runs = calloc(count + 1, sizeof(*runs));
	struct pp_err err = { 0 };
	int code = runs ? 0 : 99;
	size_t n = 0;

	while (!code && n < count) {
		if (pp_mutants_load(dirs[n], NULL, &runs[n], &err))
			code = complain(dirs[n], &err);
		else
			n++;
	}
	if (!code)
		pp_mutants_markdown(stdout, runs, n);
	while (n--)
		pp_mutants_free(&runs[n]);
	free(runs);
	return code;
}

/* "OUTCOME CASE RULE" of one mutant, for the stage that decides whether to go on. */
static int kills_one(const char *dir, const char *name)
{
	struct pp_err err = { 0 };
	struct pp_mutants all;

	if (pp_mutants_load(dir, name, &all, &err))
		return complain(dir, &err);
	printf("%s\t%s\t%s\n", pp_mutant_words[all.verdicts[0].outcome].name,
	       all.verdicts[0].kill.case_name, pp_rule_words[all.verdicts[0].kill.rule].name);
	pp_mutants_free(&all);
	return 0;
}

static int kills_all(const char *dir)
{
	struct pp_err err = { 0 };
	struct pp_mutants all;
	int code;

	if (pp_mutants_load(dir, NULL, &all, &err))
		return complain(dir, &err);
	pp_mutants_table(stdout, &all);
	code = pp_mutant_exit(all.verdicts, all.count);
	if (pp_mutants_save(dir, &all, &err))
		code = complain(dir, &err);
	pp_mutants_free(&all);
	return code;
}

int pp_cmd_kills(const struct pp_command *c, int argc, char **argv)
{
	if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")))
		return kills_usage(c, stdout);
	if (argc > 3 && !strcmp(argv[2], "--markdown"))
		return kills_markdown(argv + 3, (size_t)argc - 3);
	if (argc == 4 && argv[2][0] != '-')
		return kills_one(argv[2], argv[3]);
	if (argc == 3 && argv[2][0] != '-')
		return kills_all(argv[2]);
	return kills_usage(c, stderr);
}
