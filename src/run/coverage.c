/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the coverage of a run; see coverage.h. */
#include "run/coverage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/rundir.h"

static int load_head(const char *base, struct pp_coverage *c, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(base, "coverage", &text, &len, NULL);

	if (rc)
		return pp_err_set(err, rc, "%s has no file coverage: run it with --coverage", base);
	rc = pp_coverage_parse_head(c, text, len, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "%s/coverage", base);
	return rc;
}

/* "mr-fsync.ext4.rxe-mr" is a case of the scenario mr-fsync. */
static int load_case(const char *cases, const char *name, struct pp_coverage *c, struct pp_err *err)
{
	char dir[PP_PATH_MAX], scenario[64];
	size_t len;
	char *text;
	int rc;

	if (snprintf(dir, sizeof(dir), "%s/%s", cases, name) >= (int)sizeof(dir))
		return pp_err_set(err, -ENAMETOOLONG, "path %.80s", cases);
	rc = pp_file_read(dir, "coverage", &text, &len, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	snprintf(scenario, sizeof(scenario), "%.*s", (int)strcspn(name, "."), name);
	rc = pp_coverage_parse_case(c, scenario, text, len, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "%s/coverage", dir);
	return rc;
}

static int load_cases(const char *base, struct pp_coverage *c, struct pp_err *err)
{
	char cases[PP_PATH_MAX];
	struct dirent **names;
	int n, rc = 0;

	if (snprintf(cases, sizeof(cases), "%s/cases", base) >= (int)sizeof(cases))
		return pp_err_set(err, -ENAMETOOLONG, "path %.80s", base);
	n = scandir(cases, &names, NULL, alphasort);
	if (n < 0)
		return pp_err_set(err, -errno, "cannot read %s", cases);
	for (int i = 0; i < n; i++) {
		if (!rc && names[i]->d_name[0] != '.')
			rc = load_case(cases, names[i]->d_name, c, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

int pp_coverage_load(const char *run, struct pp_coverage *c, struct pp_err *err)
{
	char out[PP_PATH_MAX];
	int rc;

	if (snprintf(out, sizeof(out), "%s/out", run) >= (int)sizeof(out))
		return pp_err_set(err, -ENAMETOOLONG, "path %.80s", run);
	if (access(out, F_OK))
		snprintf(out, sizeof(out), "%s", run);
	if (pp_coverage_open(c))
		return pp_err_set(err, -ENOMEM, "coverage");
	rc = load_head(out, c, err);
	if (!rc)
		rc = load_cases(out, c, err);
	if (rc)
		pp_coverage_free(c);
	return rc;
}
