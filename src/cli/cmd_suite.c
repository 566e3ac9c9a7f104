/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-commands that work on the suite: run, replay, list, doctor, judge, plan, history, collect. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "core/storm.h"
#include "run/collect.h"
#include "run/judge.h"
#include "run/rundir.h"
#include "run/select.h"
#include "run/suite.h"

#define EXIT_USAGE 2

static int complain(const struct pp_err *err)
{
	fprintf(stderr, "pinproof: %s\n", err->text);
	return EXIT_USAGE;
}

static int complain_of(const char *dir, struct pp_err *err)
{
	pp_err_prefix(err, "%s", dir);
	return complain(err);
}

#define AT_LEAST(n) (-1 - (n))

/* Options, and exactly @operands operands or AT_LEAST() so many. */
static int parse(struct pp_config *cfg, const struct pp_command *c, int argc, char **argv,
		 int operands)
{
	struct pp_err err = { 0 };

	if (pp_config_parse(cfg, argc - 2, argv + 2, c->options, &err))
		return complain(&err);
	if (operands < 0 ? cfg->n_patterns >= (size_t)AT_LEAST(operands)
			 : cfg->n_patterns == (size_t)operands)
		return 0;
	fprintf(stderr, "pinproof: usage: pinproof %s %s\n", c->name, c->operands);
	return EXIT_USAGE;
}

static int run(const struct pp_command *c, int argc, char **argv, bool replay)
{
	/* argv is reordered by the parser; the command file wants it as typed. */
	char **typed = calloc((size_t)argc + 1, sizeof(*typed));
	struct pp_config cfg;
	int code;

	if (!typed)
		return 99;
	memcpy(typed, argv, (size_t)argc * sizeof(*typed));
	code = parse(&cfg, c, argc, argv, AT_LEAST(replay ? 1 : 0));
	cfg.replay = replay;
	if (!code)
		code = replay && cfg.names ? pp_suite_list(&cfg) : pp_suite_run(&cfg, argc, typed);
	free(typed);
	return code;
}

int pp_cmd_run(const struct pp_command *c, int argc, char **argv)
{
	return run(c, argc, argv, false);
}

int pp_cmd_replay(const struct pp_command *c, int argc, char **argv)
{
	return run(c, argc, argv, true);
}

int pp_cmd_list(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	int code = parse(&cfg, c, argc, argv, AT_LEAST(0));

	return code ? code : pp_suite_list(&cfg);
}

int pp_cmd_doctor(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	int code = parse(&cfg, c, argc, argv, 0);

	return code ? code : pp_suite_doctor(&cfg);
}

int pp_cmd_judge(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	int code = parse(&cfg, c, argc, argv, 1);

	return code ? code : pp_suite_judge(&cfg, cfg.patterns[0]);
}

/* The plan with @draws operations of each actor of its storm written out, and what they leave open
 * closed. */
static int write_out(struct pp_plan **plan, unsigned draws, struct pp_err *err)
{
	uint32_t *drawn = calloc(2 * (*plan)->n_actors + 1, sizeof(*drawn));
	struct pp_plan *out;
	uint32_t *closed;
	int rc;

	if (!drawn)
		return pp_err_set(err, -ENOMEM, "storm written out");
	closed = drawn + (*plan)->n_actors;
	for (size_t a = 0; a < (*plan)->n_actors; a++) {
		drawn[a] = draws;
		closed[a] = UINT32_MAX;
	}
	rc = pp_storm_expand(*plan, drawn, closed, &out, err);
	free(drawn);
	if (rc)
		return rc;
	pp_plan_free(*plan);
	*plan = out;
	return 0;
}

int pp_cmd_plan(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	struct pp_case k;
	struct pp_plan *plan;
	struct pp_err err = { 0 };
	char *text;
	int code = parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (pp_case_find(cfg.patterns[0], &k)) {
		fprintf(stderr, "pinproof: no case is called '%s': see 'pinproof list'.\n",
			cfg.patterns[0]);
		return EXIT_USAGE;
	}
	if (pp_scenario_plan(k.scenario, &k.variant, pp_case_seed(cfg.seed, k.name), &plan, &err))
		return complain(&err);
	if (cfg.expand && write_out(&plan, cfg.expand, &err)) {
		pp_plan_free(plan);
		complain(&err);
		return 99;
	}
	text = pp_plan_print(plan);
	pp_plan_free(plan);
	if (!text)
		return 99;
	fputs(text, stdout);
	free(text);
	return 0;
}

int pp_cmd_history(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	struct pp_history h = { 0 };
	struct pp_plan *plan;
	struct pp_err err = { 0 };
	char *text;
	int code = parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (pp_case_load_plan(cfg.patterns[0], &plan, &err))
		return complain_of(cfg.patterns[0], &err);
	if (pp_case_load_history(cfg.patterns[0], plan, &h, &err)) {
		pp_plan_free(plan);
		return complain_of(cfg.patterns[0], &err);
	}
	if (pp_history_check(&h, plan, &err)) {
		pp_err_prefix(&err, "history.bin");
		code = complain_of(cfg.patterns[0], &err);
	}
	text = code ? NULL : pp_history_print(&h, plan);
	if (text)
		fputs(text, stdout);
	else if (!code)
		code = 99;
	free(text);
	pp_plan_free(plan);
	pp_history_free(&h);
	return code;
}

int pp_cmd_collect(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = parse(&cfg, c, argc, argv, 2);

	if (code)
		return code;
	return pp_collect(cfg.patterns[0], cfg.patterns[1], stdout, &err) ? complain(&err) : 0;
}
