/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof export`: a failure for people who do not have pinproof. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "core/export.h"
#include "run/bundle.h"
#include "run/judge.h"
#include "run/rundir.h"

struct failure {
	struct pp_facts facts;
	struct pp_result result;
	struct pp_plan *plan;
	char *log; /* NULL: none */
};

/* @dir is the opened bundle: a run directory with one case. */
static int load(struct failure *f, const char *dir, struct pp_err *err)
{
	char case_dir[PP_PATH_MAX];
	size_t len;
	char *text;
	int rc = pp_bundle_case(dir, case_dir, sizeof(case_dir), err);

	if (!rc)
		rc = pp_case_load_plan(case_dir, &f->plan, err);
	if (!rc)
		rc = pp_file_read(case_dir, "result.json", &text, &len, err);
	if (rc)
		return rc;
	rc = pp_result_parse(text, len, &f->result, err);
	free(text);
	/* A machine that died while booting has probed nothing. */
	if (pp_facts_load(dir, &f->facts, NULL))
		f->facts.era = PP_ERA_UNKNOWN;
	if (pp_file_read(case_dir, "kmsg.log", &f->log, &len, NULL))
		f->log = NULL;
	return rc;
}

static int print(const struct failure *f, bool mail, struct pp_err *err)
{
	char kernel[192], *text;
	int rc;

	snprintf(kernel, sizeof(kernel), "%s (upstream %d.%d.%d)", f->facts.release,
		 f->facts.version.major, f->facts.version.minor, f->facts.version.patch);
	rc = mail ? pp_export_mail(f->plan, &f->result, &f->facts, f->log, &text, err)
		  : pp_export_c(f->plan, &f->result, kernel, &text, err);
	if (!rc)
		fputs(text, stdout);
	free(text);
	return rc ? rc : fflush(stdout);
}

int pp_cmd_export(const struct pp_command *c, int argc, char **argv)
{
	struct failure *f = calloc(1, sizeof(*f));
	char dir[PP_PATH_MAX];
	struct pp_config cfg;
	struct pp_err err = { 0 };
	int code = f ? pp_cmd_parse(&cfg, c, argc, argv, 1) : 99;

	if (!code && cfg.as_c == cfg.as_mail) {
		fprintf(stderr, "pinproof: export wants one of --c and --mail.\n");
		code = PP_EXIT_USAGE;
	}
	if (!code && pp_bundle_open(cfg.patterns[0], dir, sizeof(dir), &err))
		code = pp_cmd_complain(&err);
	if (code) {
		free(f);
		return code;
	}
	if (load(f, dir, &err) || print(f, cfg.as_mail, &err))
		code = pp_cmd_complain_of(cfg.patterns[0], &err);
	pp_bundle_close(dir);
	pp_result_free(&f->result);
	pp_plan_free(f->plan);
	free(f->log);
	free(f);
	return code;
}
