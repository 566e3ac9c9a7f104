/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-commands for bundles: bundle (pack), show (look into one). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "core/report.h"
#include "run/bundle.h"
#include "run/judge.h"
#include "run/rundir.h"

static int load_results(const char *run, struct pp_run_info *info, struct pp_result **results,
			size_t *count, struct pp_err *err)
{
	char *text;
	size_t len;
	int rc = pp_file_read(run, "results.json", &text, &len, err);

	if (rc)
		return rc;
	rc = pp_report_parse(text, len, info, results, count, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "results.json");
	return rc;
}

/* Named, or (where nothing is) a failure. */
static bool is_wanted(const struct pp_config *cfg, const struct pp_result *r)
{
	for (size_t i = 1; i < cfg->n_patterns; i++)
		if (!strcmp(cfg->patterns[i], r->case_name))
			return true;
	return cfg->n_patterns == 1 && pp_bundle_worth(r->verdict);
}

static int pack_one(const struct pp_config *cfg, const struct pp_run_info *info,
		    const struct pp_result *r, struct pp_err *err)
{
	const char *run = cfg->patterns[0];
	const struct pp_bundle_source source = {
		.run = run,
		.repeat = cfg->repeat_with,
		.command = info->command,
		.kernel = info->kernel,
	};
	char dir[PP_PATH_MAX], path[PP_PATH_MAX];
	struct pp_plan *plan = NULL;
	struct pp_err ignored = { 0 };
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/out", run);
	rc = pp_rundir_case(stat(path, &st) ? run : path, r->case_name, dir, sizeof(dir), err);
	if (rc)
		return rc;
	/* A plan that cannot be read is packed all the same. */
	if (pp_case_load_plan(dir, &plan, &ignored))
		plan = NULL;
	rc = pp_bundle_write(&source, r, plan, path, sizeof(path), err);
	if (!rc)
		printf("%s\n", path);
	pp_plan_free(plan);
	return rc;
}

/* Every case that was asked for has a result. */
static int check_names(const struct pp_config *cfg, const struct pp_result *results, size_t count,
		       struct pp_err *err)
{
	for (size_t n = 1; n < cfg->n_patterns; n++) {
		size_t i = 0;

		while (i < count && strcmp(cfg->patterns[n], results[i].case_name))
			i++;
		if (i == count)
			return pp_err_set(err, -ENOENT, "the run has no case '%.80s'.",
					  cfg->patterns[n]);
	}
	return 0;
}

int pp_cmd_bundle(const struct pp_command *c, int argc, char **argv)
{
	struct pp_run_info *info = calloc(1, sizeof(*info));
	struct pp_result *results = NULL;
	struct pp_config cfg;
	struct pp_err err = { 0 };
	size_t count = 0, packed = 0;
	int code = pp_cmd_parse(&cfg, c, argc, argv, PP_AT_LEAST(1)), rc;

	if (!code && !info)
		code = 99;
	if (code) {
		free(info);
		return code;
	}
	rc = load_results(cfg.patterns[0], info, &results, &count, &err);
	if (!rc)
		rc = check_names(&cfg, results, count, &err);
	for (size_t i = 0; !rc && i < count; i++)
		if (is_wanted(&cfg, &results[i])) {
			rc = pack_one(&cfg, info, &results[i], &err);
			packed++;
		}
	if (!rc && !packed)
		rc = pp_err_set(&err, -ENOENT, "no case of it failed: name those that are meant.");
	if (rc)
		code = pp_cmd_complain_of(cfg.patterns[0], &err);
	for (size_t i = 0; i < count; i++)
		pp_result_free(&results[i]);
	free(results);
	free(info);
	return code;
}

/* The name in the opened bundle of what the user calls @word: the whole name, or its last part. */
static int find_member(const char *dir, const char *word, char *out, size_t size,
		       struct pp_err *err)
{
	char case_dir[PP_PATH_MAX];
	int rc = pp_bundle_case(dir, case_dir, sizeof(case_dir), err);

	for (size_t i = 0; !rc && i < pp_bundle_n_members; i++) {
		const char *name = pp_bundle_members[i].name, *star = strchr(name, '*');
		const char *last = strrchr(name, '/');

		if (strcmp(word, name) && strcmp(word, last ? last + 1 : name))
			continue;
		if (star)
			snprintf(out, size, "%s%s", case_dir, star + 1);
		else
			snprintf(out, size, "%s/%s", dir, name);
		return 0;
	}
	return rc ? rc : pp_err_set(err, -ENOENT, "a bundle has no file '%.80s'.", word);
}

int pp_cmd_show(const struct pp_command *c, int argc, char **argv)
{
	char dir[PP_PATH_MAX], path[2 * PP_PATH_MAX];
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = pp_cmd_parse(&cfg, c, argc, argv, PP_AT_LEAST(1)), rc;
	char *data = NULL;
	size_t len = 0;

	if (code)
		return code;
	if (pp_bundle_open(cfg.patterns[0], dir, sizeof(dir), &err))
		return pp_cmd_complain(&err);
	rc = find_member(dir, cfg.n_patterns > 1 ? cfg.patterns[1] : "README", path, sizeof(path),
			 &err);
	if (!rc)
		rc = pp_file_read(NULL, path, &data, &len, NULL);
	if (rc && !err.text[0])
		pp_err_set(&err, rc, "this bundle has no file '%.80s'.", cfg.patterns[1]);
	if (rc)
		code = pp_cmd_complain_of(cfg.patterns[0], &err);
	else if (fwrite(data, 1, len, stdout) != len || fflush(stdout))
		code = 99;
	free(data);
	pp_bundle_close(dir);
	return code;
}
