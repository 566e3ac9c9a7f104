/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof judge DIR`: verdicts from the files of a run, without executing anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/collect.h"
#include "run/judge.h"
#include "run/reporting.h"
#include "run/rundir.h"
#include "run/suite.h"

/* How the last guest of the run directory @dir came to its end; empty for a run without guests. */
static void last_words(const char *dir, char *out, size_t size)
{
	char path[PP_PATH_MAX];
	size_t len, n;
	char *text;

	out[0] = '\0';
	for (int guest = 1;; guest++) {
		snprintf(path, sizeof(path), "%s/guest-%d", dir, guest);
		if (pp_file_read(path, "ended", &text, &len, NULL))
			return;
		n = strcspn(text, "\n");
		/* It may quote the console, where any byte can be; a report is text. */
		for (size_t i = 0; i < n; i++)
			text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
		snprintf(out, size, "guest %d: %.*s", guest, (int)n, text);
		free(text);
	}
}

/*
 * A planned case of which no file says anything: run or guest did not live long enough. Nothing
 * was tested, so this is no answer; the case that they died in is the CRASH.
 */
static void never_begun(const char *dir, const char *label, uint64_t seed, struct pp_result *r)
{
	char why[512];

	last_words(dir, why, sizeof(why));
	memset(r, 0, sizeof(*r));
	snprintf(r->case_name, sizeof(r->case_name), "%s", label);
	snprintf(r->reason, sizeof(r->reason), "never begun: %s",
		 why[0] ? why : "what ran the cases before it ended");
	r->seed = seed;
	r->verdict = PP_VERDICT_BROKEN;
	r->ending = PP_ENDING_BROKEN;
}

/* What an interruption ended has no result, as one that was never begun. */
static bool cut_off(const char *dir)
{
	struct pp_ending_record e;

	return !pp_ending_load(dir, &e, NULL) && e.ending == PP_ENDING_STARTED;
}

static int judge_label(struct pp_reporting *report, const char *base, const char *label,
		       bool interrupted, struct pp_err *err)
{
	struct pp_plan *plan = NULL;
	char dir[PP_PATH_MAX];
	struct pp_result r;
	int rc = pp_rundir_case(base, label, dir, sizeof(dir), err);

	if (rc)
		return rc;
	if (interrupted && cut_off(dir))
		return 0;
	rc = pp_case_judge_dir(dir, label, report->facts, NULL, &r, &plan, err);
	if (rc == -ENOENT) {
		rmdir(dir);
		/* An interrupted run has fewer results, and says so. */
		if (interrupted)
			return 0;
		never_begun(report->out, label, report->c->seed, &r);
		rc = 0;
	}
	if (!rc)
		rc = pp_reporting_add(report, &r, plan, err);
	pp_plan_free(plan);
	return rc;
}

static bool was_interrupted(const char *dir)
{
	size_t len;
	char *text;
	bool yes;

	if (pp_file_read(dir, "status", &text, &len, NULL))
		return false;
	yes = !strncmp(text, "interrupted", 11);
	free(text);
	return yes;
}

static int judge_labels(const struct pp_config *c, const char *dir, const char *base, char **labels,
			size_t count, struct pp_err *err)
{
	struct pp_facts *facts = calloc(1, sizeof(*facts));
	bool interrupted = was_interrupted(dir);
	struct pp_reporting report;
	struct stat st;
	char path[PP_PATH_MAX];
	int rc;

	if (!facts)
		return pp_err_set(err, -ENOMEM, "facts");
	snprintf(path, sizeof(path), "%s/facts.json", base);
	/* A guest that died while booting has probed nothing; a run always has. */
	facts->era = PP_ERA_UNKNOWN;
	rc = strcmp(dir, base) && stat(path, &st) ? 0 : pp_facts_load(base, facts, err);
	if (!rc)
		rc = pp_reporting_open(&report, c, dir, facts, count, err);
	if (rc) {
		free(facts);
		return rc;
	}
	for (size_t i = 0; !rc && i < count; i++)
		rc = judge_label(&report, base, labels[i], interrupted, err);
	if (!rc)
		rc = pp_reporting_close(&report, interrupted, err);
	free(facts);
	return rc;
}

/* The run's own seed, unless the user says another: it is in the commands that repeat a case. */
static uint64_t seed_of(const struct pp_config *c, const char *dir)
{
	uint64_t seed = c->seed;
	size_t len;
	char *text;

	if (c->seed_given || pp_file_read(dir, "seed", &text, &len, NULL))
		return seed;
	seed = strtoull(text, NULL, 0);
	free(text);
	return seed;
}

int pp_suite_judge(const struct pp_config *c, const char *dir)
{
	struct pp_config as_run = *c;
	char base[PP_PATH_MAX];
	struct pp_err err = { 0 };
	struct stat st;
	char **labels;
	size_t count;
	int rc;

	snprintf(base, sizeof(base), "%s/out", dir);
	if (!stat(base, &st)) {
		rc = pp_case_labels(dir, "cases", &labels, &count, &err);
	} else {
		snprintf(base, sizeof(base), "%s", dir);
		rc = pp_case_labels(dir, "cases.list", &labels, &count, &err);
	}
	if (rc)
		pp_err_prefix(&err, "not the directory of one run");
	if (!rc && !count) {
		pp_case_labels_free(labels, count);
		rc = pp_err_set(&err, -EINVAL, "%s plans no case.", dir);
	}
	as_run.seed = seed_of(c, dir);
	if (!rc) {
		rc = judge_labels(&as_run, dir, base, labels, count, &err);
		pp_case_labels_free(labels, count);
	}
	if (rc < 0) {
		fprintf(stderr, "pinproof: %s\n", err.text);
		return 2;
	}
	return rc;
}
