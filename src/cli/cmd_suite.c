/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-commands that work on the suite: list, doctor, judge, plan, history, collect. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "core/storm.h"
#include "run/bundle.h"
#include "run/collect.h"
#include "run/judge.h"
#include "run/rundir.h"
#include "run/select.h"
#include "run/suite.h"

int pp_cmd_list(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	int code = pp_cmd_parse(&cfg, c, argc, argv, PP_AT_LEAST(0));

	return code ? code : pp_suite_list(&cfg);
}

int pp_cmd_doctor(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	int code = pp_cmd_parse(&cfg, c, argc, argv, 0);

	return code ? code : pp_suite_doctor(&cfg);
}

int pp_cmd_judge(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	char dir[PP_PATH_MAX];
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (!pp_bundle_is(cfg.patterns[0]))
		return pp_suite_judge(&cfg, cfg.patterns[0]);
	if (pp_bundle_open(cfg.patterns[0], dir, sizeof(dir), &err))
		return pp_cmd_complain(&err);
	code = pp_suite_judge(&cfg, dir);
	pp_bundle_close(dir);
	return code;
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
	int code = pp_cmd_parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (pp_case_find(cfg.patterns[0], &k)) {
		fprintf(stderr, "pinproof: no case is called '%s': see 'pinproof list'.\n",
			cfg.patterns[0]);
		return PP_EXIT_USAGE;
	}
	if (pp_scenario_plan(k.scenario, &k.variant, pp_case_seed(cfg.seed, k.name), &plan, &err))
		return pp_cmd_complain(&err);
	if (cfg.expand && write_out(&plan, cfg.expand, &err)) {
		pp_plan_free(plan);
		pp_cmd_complain(&err);
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

/* The history of the case directory @dir, which the user called @name. */
static int print_history(const char *dir, const char *name)
{
	struct pp_history h = { 0 };
	struct pp_plan *plan;
	struct pp_err err = { 0 };
	int code = 0;
	char *text;

	if (pp_case_load_plan(dir, &plan, &err))
		return pp_cmd_complain_of(name, &err);
	if (pp_case_load_history(dir, plan, &h, &err)) {
		pp_plan_free(plan);
		return pp_cmd_complain_of(name, &err);
	}
	if (pp_history_check(&h, plan, &err)) {
		pp_err_prefix(&err, "history.bin");
		code = pp_cmd_complain_of(name, &err);
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

int pp_cmd_history(const struct pp_command *c, int argc, char **argv)
{
	char dir[PP_PATH_MAX], case_dir[PP_PATH_MAX];
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (!pp_bundle_is(cfg.patterns[0]))
		return print_history(cfg.patterns[0], cfg.patterns[0]);
	if (pp_bundle_open(cfg.patterns[0], dir, sizeof(dir), &err))
		return pp_cmd_complain(&err);
	if (pp_bundle_case(dir, case_dir, sizeof(case_dir), &err))
		code = pp_cmd_complain_of(cfg.patterns[0], &err);
	else
		code = print_history(case_dir, cfg.patterns[0]);
	pp_bundle_close(dir);
	return code;
}

int pp_cmd_collect(const struct pp_command *c, int argc, char **argv)
{
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, 2);

	if (code)
		return code;
	return pp_collect(cfg.patterns[0], cfg.patterns[1], stdout, &err) ? pp_cmd_complain(&err)
									  : 0;
}
