/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the files of `pinproof mutate` to what became of each mutant; see mutants.h. */
#include "run/mutants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/report.h"
#include "run/collect.h"
#include "run/rundir.h"

#define FIRED_LINE "pinproof-mutant " /* what a mutant logs, see tests/mutants/mutant.h */

/* Results of several runs, one behind the other. */
struct results {
	struct pp_result *items;
	size_t count;
};

static void results_free(struct results *r)
{
	for (size_t i = 0; i < r->count; i++)
		pp_result_free(&r->items[i]);
	free(r->items);
}

/* A guest that died took the counter with it; its console has what the mutant said of itself. */
static void count_dead(const char *run, struct pp_result *r)
{
	char path[PP_PATH_MAX], name[PP_CASE_MAX];
	char *log;
	size_t len;

	if (r->ending != PP_ENDING_CRASH || r->has_counted)
		return;
	snprintf(name, sizeof(name), "%s", r->case_name);
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '.' : *c;
	if (snprintf(path, sizeof(path), "%s/out/cases/%s/kmsg.log", run, name) >=
		    (int)sizeof(path) ||
	    pp_file_read(NULL, path, &log, &len, NULL))
		return;
	r->counted = memmem(log, len, FIRED_LINE, strlen(FIRED_LINE)) ? 1 : 0;
	free(log);
}

static int append(struct results *all, const char *run, const char *json, size_t len,
		  struct pp_err *err)
{
	struct pp_run_info info;
	struct pp_result *more, *both;
	size_t count;
	int rc = pp_report_parse(json, len, &info, &more, &count, err);

	if (rc)
		return rc;
	both = realloc(all->items, (all->count + count + 1) * sizeof(*both));
	if (!both) {
		results_free(&(struct results){ more, count });
		return pp_err_set(err, -ENOMEM, "results");
	}
	memcpy(both + all->count, more, count * sizeof(*both));
	all->items = both;
	for (size_t i = all->count; i < all->count + count; i++)
		count_dead(run, &both[i]);
	all->count += count;
	free(more);
	return 0;
}

/* @dir/1/results.json, @dir/2/results.json, ... while there are any. */
static int load_results(const char *dir, struct results *all, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	size_t len;
	char *json;
	int rc = 0;

	memset(all, 0, sizeof(*all));
	for (int n = 1; !rc; n++) {
		if (snprintf(path, sizeof(path), "%s/%d", dir, n) >= (int)sizeof(path))
			return pp_err_set(err, -ENAMETOOLONG, "%.80s", dir);
		rc = pp_file_read(path, "results.json", &json, &len, NULL);
		if (rc == -ENOENT || rc == -ENOTDIR)
			return 0;
		if (rc)
			return pp_err_set(err, rc, "cannot read %s/results.json", path);
		rc = append(all, path, json, len, err);
		free(json);
		if (rc)
			pp_err_prefix(err, "%s", path);
	}
	results_free(all);
	return rc;
}

static int judge_one(const char *dir, const char *name, const struct results *base,
		     struct pp_mutant *m, struct pp_mutant_verdict *v, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	struct results mine;
	size_t len;
	char *text;
	int rc;

	if (snprintf(path, sizeof(path), "%s/mutants/%s", dir, name) >= (int)sizeof(path))
		return pp_err_set(err, -ENAMETOOLONG, "%.80s", dir);
	rc = pp_file_read(path, "declaration", &text, &len, err);
	if (rc)
		return rc;
	rc = pp_mutant_parse(text, m, err);
	free(text);
	if (!rc)
		rc = load_results(path, &mine, err);
	if (rc) {
		pp_err_prefix(err, "mutant %s", name);
		return rc;
	}
	pp_mutant_judge(m, base->items, base->count, mine.items, mine.count, v);
	results_free(&mine);
	return 0;
}

static int judge_all(const char *dir, const char *name, char **names, size_t count,
		     struct pp_mutants *out, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	struct results base;
	int rc;

	if (snprintf(path, sizeof(path), "%s/baseline", dir) >= (int)sizeof(path))
		return pp_err_set(err, -ENAMETOOLONG, "%.80s", dir);
	rc = load_results(path, &base, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < count; i++) {
		if (name && strcmp(name, names[i]) != 0)
			continue;
		rc = judge_one(dir, names[i], &base, &out->mutants[out->count],
			       &out->verdicts[out->count], err);
		out->count++;
	}
	results_free(&base);
	if (!rc && name && !out->count)
		rc = pp_err_set(err, -ENOENT, "there is no mutant '%s' in %s", name, dir);
	return rc;
}

static int read_kernel(const char *dir, struct pp_mutants *out, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(dir, "kernel", &text, &len, err);

	if (rc)
		return rc;
	snprintf(out->kernel, sizeof(out->kernel), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return 0;
}

int pp_mutants_load(const char *dir, const char *name, struct pp_mutants *out, struct pp_err *err)
{
	char **names;
	size_t count;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = read_kernel(dir, out, err);
	if (!rc)
		rc = pp_case_labels(dir, "list", &names, &count, err);
	if (rc)
		return rc;
	out->mutants = calloc(count + 1, sizeof(*out->mutants));
	out->verdicts = calloc(count + 1, sizeof(*out->verdicts));
	if (out->mutants && out->verdicts)
		rc = judge_all(dir, name, names, count, out, err);
	else
		rc = pp_err_set(err, -ENOMEM, "mutants");
	pp_case_labels_free(names, count);
	if (rc)
		pp_mutants_free(out);
	return rc;
}

void pp_mutants_free(struct pp_mutants *all)
{
	free(all->mutants);
	free(all->verdicts);
	memset(all, 0, sizeof(*all));
}

int pp_mutants_save(const char *dir, const struct pp_mutants *all, struct pp_err *err)
{
	char *json = pp_mutants_json(all);
	int rc = pp_file_text(dir, "mutants.json", json, err);

	free(json);
	return rc;
}
