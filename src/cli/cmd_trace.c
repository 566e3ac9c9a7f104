/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-commands that show what the kernel did: timeline, coverage. */
#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "run/bundle.h"
#include "run/coverage.h"
#include "run/rundir.h"
#include "run/timeline.h"

static int print_timeline(const char *dir)
{
	struct pp_err err = { 0 };
	int rc = pp_case_timeline(dir, stdout, stderr, &err);

	if (!rc)
		return 0;
	pp_cmd_complain(&err);
	return rc == -ENOMEM || rc == -EIO ? 99 : PP_EXIT_USAGE;
}

int pp_cmd_timeline(const struct pp_command *c, int argc, char **argv)
{
	char dir[PP_PATH_MAX];
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, 1);

	if (code)
		return code;
	if (!pp_bundle_is(cfg.patterns[0]))
		return print_timeline(cfg.patterns[0]);
	if (pp_bundle_open(cfg.patterns[0], dir, sizeof(dir), &err))
		return pp_cmd_complain(&err);
	code = print_timeline(dir);
	pp_bundle_close(dir);
	return code;
}

int pp_cmd_coverage(const struct pp_command *c, int argc, char **argv)
{
	struct pp_coverage runs[2] = { 0 };
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, PP_AT_LEAST(1));

	if (!code && cfg.n_patterns > 2) {
		pp_err_set(&err, -EINVAL, "coverage compares two runs, not %zu.", cfg.n_patterns);
		code = pp_cmd_complain(&err);
	}
	for (size_t i = 0; !code && i < cfg.n_patterns; i++)
		if (pp_coverage_load(cfg.patterns[i], &runs[i], &err))
			code = pp_cmd_complain(&err);
	if (!code && cfg.n_patterns == 1)
		pp_coverage_table(&runs[0], stdout);
	else if (!code)
		pp_coverage_diff(&runs[0], &runs[1], stdout);
	pp_coverage_free(&runs[0]);
	pp_coverage_free(&runs[1]);
	return code;
}
