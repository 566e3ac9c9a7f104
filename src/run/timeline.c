/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads what a case left and has the timeline written; see timeline.h. */
#include "run/timeline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/judge.h"
#include "run/rundir.h"

/* All that the files of a case say, as far as it is there. */
struct files {
	struct pp_plan *plan;
	struct pp_history history;
	struct pp_trace trace;
	struct pp_result result;
	struct pp_ending_record ending;
	char *log;
	size_t log_len;
	bool has_trace, has_result;
};

/* The only case below @run/cases, in @out. */
static int only_case(const char *run, char *out, size_t size, struct pp_err *err)
{
	char cases[PP_PATH_MAX], name[256] = "";
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	if (snprintf(cases, sizeof(cases), "%s/cases", run) >= (int)sizeof(cases))
		return pp_err_set(err, -ENAMETOOLONG, "path %.80s", run);
	d = opendir(cases);
	if (!d)
		return pp_err_set(err, -ENOENT, "%s is no directory of a case or of a run", run);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && !n++)
			snprintf(name, sizeof(name), "%s", e->d_name);
	closedir(d);
	if (n != 1)
		return pp_err_set(err, -EINVAL, "%s has %zu cases: name one of them, %s/CASE.", run,
				  n, cases);
	if (snprintf(out, size, "%s/%s", cases, name) >= (int)size)
		return pp_err_set(err, -ENAMETOOLONG, "path %.80s", run);
	return 0;
}

static int find_case(const char *dir, char *out, size_t size, struct pp_err *err)
{
	char path[PP_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/plan", dir) < (int)sizeof(path) &&
	    !access(path, F_OK) && snprintf(path, sizeof(path), "%s/history.bin", dir) > 0 &&
	    !access(path, F_OK)) {
		snprintf(out, size, "%s", dir);
		return 0;
	}
	if (snprintf(path, sizeof(path), "%s/out", dir) < (int)sizeof(path) && !access(path, F_OK))
		return only_case(path, out, size, err);
	return only_case(dir, out, size, err);
}

/* A trace that is there must be whole: one that is not is no picture of what happened. */
static int load_trace(const char *dir, struct files *f, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(dir, "trace", &text, &len, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = pp_trace_parse(text, len, &f->trace, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "trace");
	f->has_trace = !rc;
	return rc;
}

static int load_result(const char *dir, struct files *f, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(dir, "result.json", &text, &len, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = pp_result_parse(text, len, &f->result, err);
	free(text);
	f->has_result = !rc;
	return rc;
}

static int load(const char *dir, struct files *f, struct pp_err *err)
{
	int rc = pp_case_load_plan(dir, &f->plan, err);

	if (!rc)
		rc = pp_case_load_history(dir, f->plan, &f->history, err);
	if (!rc)
		rc = pp_ending_load(dir, &f->ending, err);
	if (!rc)
		rc = load_trace(dir, f, err);
	if (!rc)
		rc = load_result(dir, f, err);
	if (!rc && pp_file_read(dir, "kmsg.log", &f->log, &f->log_len, NULL))
		f->log = NULL;
	return rc;
}

static void unload(struct files *f)
{
	pp_plan_free(f->plan);
	pp_history_free(&f->history);
	pp_trace_free(&f->trace);
	if (f->has_result)
		pp_result_free(&f->result);
	free(f->log);
}

static void say(const struct files *f, const struct pp_timeline_facts *facts, FILE *notes)
{
	if (!f->has_trace)
		fprintf(notes, "there is no trace of the kernel%s%s\n",
			f->ending.trace.blind[0] ? ": "
						 : "; run the case in a guest, or with --trace",
			f->ending.trace.blind);
	if (!f->has_result)
		fprintf(notes, "the case has not been judged: no findings are shown\n");
	if (f->has_trace && f->trace.lost)
		fprintf(notes, "%" PRIu64 " events of the kernel were lost: gaps prove nothing\n",
			f->trace.lost);
	if (f->has_trace && facts->pins_left)
		fprintf(notes, "%" PRId64 " pages were pinned and not unpinned%s\n",
			facts->pins_left, f->trace.lost ? ", as far as the trace goes" : "");
}

int pp_case_timeline(const char *dir, FILE *out, FILE *notes, struct pp_err *err)
{
	struct pp_timeline_facts facts = { 0 };
	struct files f = { 0 };
	char path[PP_PATH_MAX];
	int rc = find_case(dir, path, sizeof(path), err);

	if (rc)
		return rc;
	rc = load(path, &f, err);
	if (!rc) {
		struct pp_timeline in = {
			.case_name = f.has_result ? f.result.case_name : f.plan->case_name,
			.plan = f.plan,
			.history = &f.history,
			.trace = f.has_trace ? &f.trace : NULL,
			.result = f.has_result ? &f.result : NULL,
			.log = f.log,
			.log_len = f.log_len,
			.mark_ns = f.ending.mark_ns,
		};

		rc = pp_timeline_write(&in, out, &facts);
		if (rc)
			pp_err_set(err, rc, "timeline");
		else if (fflush(out) || ferror(out))
			rc = pp_err_set(err, -EIO, "the timeline cannot be written");
		else
			say(&f, &facts, notes);
	}
	unload(&f);
	return rc;
}
