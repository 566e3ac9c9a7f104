/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports from the catalogue and from files, and verdicts from the runs of them; see bugs.h. */
#include "run/bugs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/report.h"
#include "run/judge.h"
#include "run/rundir.h"

static int append(struct pp_bugs *bugs, struct pp_bug *bug, const char *text, size_t len,
		  struct pp_err *err)
{
	struct pp_bug **items = reallocarray(bugs->items, bugs->count + 1, sizeof(*items));
	char **texts, *copy;

	if (!items)
		return pp_err_set(err, -ENOMEM, "reports");
	bugs->items = items;
	texts = reallocarray(bugs->texts, bugs->count + 1, sizeof(*texts));
	if (!texts)
		return pp_err_set(err, -ENOMEM, "reports");
	bugs->texts = texts;
	copy = strndup(text, len);
	if (!copy)
		return pp_err_set(err, -ENOMEM, "reports");
	items[bugs->count] = bug;
	texts[bugs->count++] = copy;
	return 0;
}

static bool has(const struct pp_bugs *bugs, const char *name)
{
	for (size_t i = 0; i < bugs->count; i++)
		if (!strcmp(bugs->items[i]->name, name))
			return true;
	return false;
}

static unsigned lines_in(const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

int pp_bugs_add_text(struct pp_bugs *bugs, const char *text, size_t len, const char *from,
		     struct pp_err *err)
{
	size_t at = 0, used = 0;
	unsigned line = 0;
	int rc = 0;

	do {
		struct pp_bug *bug = NULL;

		rc = pp_bug_parse_from(text + at, len - at, line, &used, &bug, err);
		if (rc) {
			pp_err_prefix(err, "%s", from);
			return rc == -EPROTO ? -EINVAL : rc;
		}
		if (!has(bugs, bug->name))
			rc = append(bugs, bug, text + at, used, err);
		else
			pp_bug_free(bug);
		if (rc)
			pp_bug_free(bug);
		line += lines_in(text + at, used);
		at += used;
	} while (!rc && at < len);
	return rc;
}

static const struct pp_bug_text *find(const char *name)
{
	for (size_t i = 0; i < pp_n_bug_texts; i++)
		if (!strcmp(pp_bug_texts[i].name, name))
			return &pp_bug_texts[i];
	return NULL;
}

int pp_bugs_add(struct pp_bugs *bugs, const char *what, struct pp_err *err)
{
	const struct pp_bug_text *known = find(what);
	struct pp_err unread = { "" };
	char *text;
	size_t len;
	int rc;

	if (known)
		return pp_bugs_add_text(bugs, known->text, strlen(known->text), known->name, err);
	rc = pp_file_read(NULL, what, &text, &len, &unread);
	if (rc == -ENOENT && !strchr(what, '/'))
		return pp_err_set(err, -EINVAL,
				  "no report is called '%s', and there is no such file: see "
				  "'pinproof reports'.",
				  what);
	if (rc) {
		if (err)
			*err = unread;
		return rc;
	}
	rc = pp_bugs_add_text(bugs, text, len, what, err);
	free(text);
	return rc;
}

int pp_bugs_add_all(struct pp_bugs *bugs, struct pp_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < pp_n_bug_texts; i++)
		rc = pp_bugs_add(bugs, pp_bug_texts[i].name, err);
	return rc;
}

void pp_bugs_free(struct pp_bugs *bugs)
{
	for (size_t i = 0; i < bugs->count; i++) {
		pp_bug_free(bugs->items[i]);
		free(bugs->texts[i]);
	}
	free(bugs->items);
	free(bugs->texts);
	memset(bugs, 0, sizeof(*bugs));
}

/* ---- runs ---- */

/* The results of one kernel, with what else a verdict looks at. */
struct run {
	struct pp_result *results;
	struct pp_plan **plans; /* of each result, NULL if it cannot be read */
	char **logs;
	size_t *log_lens;
	size_t count;
	struct pp_facts facts;
	bool has_facts;
};

static void run_free(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		pp_result_free(&run->results[i]);
		if (run->plans)
			pp_plan_free(run->plans[i]);
		if (run->logs)
			free(run->logs[i]);
	}
	free(run->results);
	free(run->plans);
	free(run->logs);
	free(run->log_lens);
	memset(run, 0, sizeof(*run));
}

static void load_case(struct run *run, const char *dir, size_t i)
{
	char path[PP_PATH_MAX], label[PP_CASE_MAX + 12];
	struct pp_err ignored;

	snprintf(label, sizeof(label), "%s", run->results[i].case_name);
	for (char *c = label; *c; c++)
		*c = *c == '/' ? '.' : *c;
	if (snprintf(path, sizeof(path), "%s/out/cases/%s", dir, label) >= (int)sizeof(path))
		return;
	if (pp_case_load_plan(path, &run->plans[i], &ignored))
		run->plans[i] = NULL;
	if (pp_file_read(path, "kmsg.log", &run->logs[i], &run->log_lens[i], &ignored))
		run->logs[i] = NULL;
}

/* A run that left no results is one of which nobody can tell. */
static int run_load(struct run *run, const char *dir, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	struct pp_run_info info;
	struct pp_err ignored;
	size_t len;
	char *json;
	int rc;

	memset(run, 0, sizeof(*run));
	if (pp_file_read(dir, "results.json", &json, &len, NULL))
		return 0;
	rc = pp_report_parse(json, len, &info, &run->results, &run->count, err);
	free(json);
	if (rc) {
		run->count = 0;
		pp_err_prefix(err, "%s", dir);
		return rc;
	}
	run->plans = calloc(run->count + 1, sizeof(*run->plans));
	run->logs = calloc(run->count + 1, sizeof(*run->logs));
	run->log_lens = calloc(run->count + 1, sizeof(*run->log_lens));
	if (!run->plans || !run->logs || !run->log_lens) {
		run_free(run);
		return pp_err_set(err, -ENOMEM, "results of %s", dir);
	}
	for (size_t i = 0; i < run->count; i++)
		load_case(run, dir, i);
	snprintf(path, sizeof(path), "%s/out", dir);
	run->has_facts = !pp_facts_load(path, &run->facts, &ignored);
	return 0;
}

static int judge_bug(const struct pp_bug *bug, const struct run *run, struct pp_bug_verdict *out,
		     struct pp_err *err)
{
	struct pp_bug_run *runs = calloc(run->count + 1, sizeof(*runs));
	const char *name;
	size_t n = 0;

	if (!runs)
		return pp_err_set(err, -ENOMEM, "results");
	for (size_t i = 0; (name = pp_bug_case(bug, i)); i++)
		for (size_t k = 0; k < run->count; k++) {
			const char *label = run->results[k].case_name;
			size_t len = strlen(name);

			if (strncmp(label, name, len) || (label[len] && label[len] != '~'))
				continue;
			runs[n++] = (struct pp_bug_run){
				.result = &run->results[k],
				.plan = run->plans[k],
				.log = run->logs[k],
				.log_len = run->log_lens[k],
				.repeat = label[len] ? (unsigned)strtoul(label + len + 1, NULL, 10)
						     : 1,
			};
		}
	pp_bug_judge(bug, run->has_facts ? &run->facts : NULL, runs, n, out);
	free(runs);
	return 0;
}

/* What stopped a run before it had results: the guest's last word. */
static void say_why(const char *dir, struct pp_bug_verdict *v)
{
	char path[PP_PATH_MAX], *text;
	size_t len;

	if (v->outcome != PP_BUG_CANNOT_TELL || v->case_name[0])
		return;
	if (snprintf(path, sizeof(path), "%s/guest-1", dir) >= (int)sizeof(path) ||
	    pp_file_read(path, "ended", &text, &len, NULL))
		return;
	snprintf(v->finding, sizeof(v->finding), "the guest: %.*s", (int)strcspn(text, "\n"), text);
	free(text);
}

/* "LABEL WORDS" of the line; the kernel's version is added when it is known. */
static int judge_kernel(const char *dir, const char *label, const char *name,
			const struct pp_bugs *bugs, struct pp_bug_table *t, struct pp_err *err)
{
	struct pp_bug_verdict *row = &t->verdicts[t->n_kernels * t->n_bugs];
	char path[PP_PATH_MAX];
	struct run run;
	int rc;

	if (snprintf(path, sizeof(path), "%s/%s", dir, label) >= (int)sizeof(path))
		return pp_err_set(err, -ENAMETOOLONG, "%s", dir);
	rc = run_load(&run, path, err);
	for (size_t b = 0; !rc && b < bugs->count; b++) {
		rc = judge_bug(bugs->items[b], &run, &row[b], err);
		say_why(path, &row[b]);
	}
	if (rc) {
		run_free(&run);
		return rc;
	}
	if (run.has_facts && run.facts.flavour != PP_FLAVOUR_OTHER)
		snprintf(t->kernels[t->n_kernels], sizeof(t->kernels[0]), "%.80s (%d.%d.%d)", name,
			 run.facts.version.major, run.facts.version.minor, run.facts.version.patch);
	else
		snprintf(t->kernels[t->n_kernels], sizeof(t->kernels[0]), "%.120s", name);
	t->n_kernels++;
	run_free(&run);
	return 0;
}

static int judge_kernels(const char *dir, char *lines, const struct pp_bugs *bugs,
			 struct pp_bug_table *t, struct pp_err *err)
{
	int rc = 0;
	char *save = NULL;

	for (char *line = strtok_r(lines, "\n", &save); !rc && line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank || blank == line || memchr(line, '/', (size_t)(blank - line)))
			return pp_err_set(err, -EINVAL,
					  "%s/kernels: a line is not 'DIRECTORY "
					  "NAME': '%.80s'.",
					  dir, line);
		*blank = '\0';
		rc = judge_kernel(dir, line, blank + 1, bugs, t, err);
	}
	return rc;
}

int pp_bugs_judge(const char *dir, struct pp_bugs *bugs, struct pp_bug_table *table,
		  struct pp_err *err)
{
	char *text = NULL, *lines = NULL;
	size_t len, n;
	int rc;

	memset(bugs, 0, sizeof(*bugs));
	memset(table, 0, sizeof(*table));
	rc = pp_file_read(dir, "reports", &text, &len, err);
	if (!rc)
		rc = pp_bugs_add_text(bugs, text, len, "reports", err);
	if (!rc)
		rc = pp_file_read(dir, "kernels", &lines, &len, err);
	if (!rc) {
		n = lines_in(lines, len) + 1;
		table->bugs = bugs->items;
		table->n_bugs = bugs->count;
		table->kernels = calloc(n, sizeof(*table->kernels));
		table->verdicts = calloc(n * bugs->count, sizeof(*table->verdicts));
		rc = table->kernels && table->verdicts ? judge_kernels(dir, lines, bugs, table, err)
						       : pp_err_set(err, -ENOMEM, "verdicts");
	}
	free(text);
	free(lines);
	if (rc) {
		pp_bugs_table_free(table);
		pp_bugs_free(bugs);
	}
	return rc;
}

void pp_bugs_table_free(struct pp_bug_table *table)
{
	free(table->kernels);
	free(table->verdicts);
	memset(table, 0, sizeof(*table));
}
