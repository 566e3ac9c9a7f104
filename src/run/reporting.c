/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of a run as it goes; see reporting.h. */
#include "run/reporting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/bundle.h"
#include "run/rundir.h"

/* A text that grows; -ENOMEM shows as a NULL from fclose's buffer. */
static char *command_line(int argc, char **argv)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (int i = 0; i < argc; i++) {
		bool plain = argv[i][0] && !argv[i][strcspn(argv[i], " \t\n'\"\\$*?[]();&|<>~#`!")];

		fprintf(f, plain ? "%s%s" : "%s'", i ? " " : "", argv[i]);
		for (const char *c = argv[i]; !plain && *c; c++)
			fprintf(f, *c == '\'' ? "'\\''" : "%c", *c);
		if (!plain)
			fputc('\'', f);
	}
	fputc('\n', f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *case_list(const struct pp_selection *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < s->count; i++)
		fprintf(f, "%s\n", s->cases[i].label);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int pp_reporting_head(const char *out, int argc, char **argv, uint64_t seed,
		      const struct pp_selection *s, struct pp_err *err)
{
	char *text = command_line(argc, argv), number[32];
	int rc = pp_file_text(out, "command", text, err);

	free(text);
	if (rc)
		return rc;
	text = case_list(s);
	rc = pp_file_text(out, "cases.list", text, err);
	free(text);
	snprintf(number, sizeof(number), "0x%" PRIx64 "\n", seed);
	if (!rc)
		rc = pp_file_text(out, "seed", number, err);
	return rc ? rc : pp_file_text(out, "status", "running\n", err);
}

static void describe_kernel(const struct pp_facts *f, char *out, size_t size)
{
	static const char *const flavours[] = {
		[PP_FLAVOUR_MAINLINE] = "mainline",
		[PP_FLAVOUR_STABLE] = "stable",
		[PP_FLAVOUR_DEBIAN] = "Debian",
		[PP_FLAVOUR_OTHER] = "of unknown origin",
	};

	if (!f->release[0]) {
		snprintf(out, size, "unknown: no guest lived long enough to say");
		return;
	}
	snprintf(out, size, "%s (upstream %d.%d.%d, %s, policy era %s)", f->release,
		 f->version.major, f->version.minor, f->version.patch, flavours[f->flavour],
		 pp_era_names[f->era]);
}

/* Of a plan from a file: it said so itself, or `pinproof vm run` has left the plan beside it. */
static bool is_replay(const struct pp_reporting *r)
{
	const char *command = r->info.command + strcspn(r->info.command, " ");
	char path[PP_PATH_MAX];

	snprintf(path, sizeof(path), "%s/plan", r->out);
	return r->c->replay || !strncmp(command, " replay ", 8) || !access(path, F_OK);
}

/* Seed and name say nothing of a plan that came from a file; the file that was left does. Who runs
 * it elsewhere says where that will be. */
static void replay_command(const struct pp_reporting *r, const struct pp_result *result, char *out,
			   size_t size)
{
	char dir[PP_CASE_LABEL_MAX], guests[PP_PATH_MAX];
	bool below;

	snprintf(guests, sizeof(guests), "%s/out", r->out);
	below = !access(guests, F_OK);
	snprintf(dir, sizeof(dir), "%s", result->case_name);
	for (char *slash = dir; (slash = strchr(slash, '/'));)
		*slash = '.';
	if (r->c->repeat_with)
		snprintf(out, size, "%s/cases/%s", r->c->repeat_with, dir);
	else
		snprintf(out, size, "pinproof replay %s%s/cases/%s", r->out, below ? "/out" : "",
			 dir);
}

/* Said once a run: that there is no trace, or which events are not in it. */
static void describe_trace(const struct pp_facts *f, char *out, size_t size)
{
	const struct pp_fact *trace = pp_facts_find(f, "trace");

	out[0] = '\0';
	if (!trace || !strcmp(trace->why, PP_TRACE_NOT_ASKED))
		return;
	if (!trace->yes)
		snprintf(out, size, "none: %s", trace->why);
	else if (strstr(trace->why, "; not: "))
		snprintf(out, size, "%s", trace->why);
}

/* Said once a run: which other witnesses see nothing, and why. */
static void describe_blind(const struct pp_facts *f, char *out, size_t size)
{
	static const struct {
		const char *fact, *watches;
	} witnesses[] = {
		{ "pin-counters", "pins" }, { "rdma-objects", "objects of the device" },
		{ "kmsg", "kernel log" },   { "page-flags", "pages" },
		{ "tracefs", "gates" },
	};
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < PP_ARRAY_LEN(witnesses) && used < size; i++) {
		const struct pp_fact *fact = pp_facts_find(f, witnesses[i].fact);

		if (fact && !fact->yes)
			used += (size_t)snprintf(out + used, size - used, "%s%s: %s",
						 used ? "\n" : "", witnesses[i].watches, fact->why);
	}
}

int pp_reporting_open(struct pp_reporting *r, const struct pp_config *c, const char *out,
		      const struct pp_facts *facts, size_t planned, struct pp_err *err)
{
	char *text;
	size_t len;

	memset(r, 0, sizeof(*r));
	r->c = c;
	r->out = out;
	r->facts = facts;
	r->progress = isatty(STDERR_FILENO);
	r->ktap = stdout;
	if (c->ktap) {
		r->ktap = fopen(c->ktap, "ae");
		if (!r->ktap)
			return pp_err_set(err, -errno, "cannot open %s", c->ktap);
	}
	setvbuf(r->ktap, NULL, _IOLBF, BUFSIZ);
	describe_kernel(facts, r->info.kernel, sizeof(r->info.kernel));
	if (!pp_file_read(out, "command", &text, &len, err)) {
		snprintf(r->info.command, sizeof(r->info.command), "%.*s", (int)strcspn(text, "\n"),
			 text);
		free(text);
	}
	describe_trace(facts, r->info.trace, sizeof(r->info.trace));
	describe_blind(facts, r->info.blind, sizeof(r->info.blind));
	snprintf(r->info.device, sizeof(r->info.device), "%.63s", c->device ? c->device : "");
	r->info.seed = c->seed;
	r->info.planned = planned;
	r->info.strict = c->strict;
	r->replay = is_replay(r);
	pp_ktap_begin(r->ktap, planned);
	return 0;
}

void pp_reporting_progress(struct pp_reporting *r, const char *label)
{
	if (r->progress)
		fprintf(stderr, "\r\033[K[%zu/%zu] %s", r->count + 1, r->info.planned, label);
}

static void repeat_command(const struct pp_reporting *r, const struct pp_result *result, char *out,
			   size_t size)
{
	const char *with = r->c->repeat_with ? r->c->repeat_with : "pinproof run";

	if (r->replay) {
		replay_command(r, result, out, size);
		return;
	}
	snprintf(out, size, "%s%s%s --seed 0x%" PRIx64 " %.*s", with,
		 r->c->device ? " --device " : "", r->c->device ? r->c->device : "", r->c->seed,
		 (int)strcspn(result->case_name, "~"), result->case_name);
}

/* A guest's failures are packed where its console and its kernel's configuration are. */
static void leave_bundle(const struct pp_reporting *r, const struct pp_result *result,
			 const struct pp_plan *plan, const char *repeat)
{
	const struct pp_bundle_source source = {
		.run = r->out,
		.repeat = repeat,
		.command = r->info.command,
		.kernel = r->info.kernel,
	};
	char path[PP_PATH_MAX];
	struct pp_err err = { 0 };

	if (!pp_bundle_worth(result->verdict) || (r->c->guest && r->c->stream))
		return;
	if (pp_bundle_write(&source, result, plan, path, sizeof(path), &err))
		fprintf(stderr, "pinproof: no bundle of %s: %s\n", result->case_name, err.text);
	else
		pp_ktap_note(r->ktap, "bundle", path);
}

int pp_reporting_add(struct pp_reporting *r, struct pp_result *result, const struct pp_plan *plan,
		     struct pp_err *err)
{
	char repeat[2 * PP_PATH_MAX];

	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		struct pp_result *more = realloc(r->results, cap * sizeof(*more));

		if (!more) {
			pp_result_free(result);
			return pp_err_set(err, -ENOMEM, "results");
		}
		r->results = more;
		r->cap = cap;
	}
	r->results[r->count++] = *result;
	if (r->progress)
		fprintf(stderr, "\r\033[K");
	repeat_command(r, result, repeat, sizeof(repeat));
	pp_ktap_case(r->ktap, r->count, result, plan, repeat, r->c->strict);
	leave_bundle(r, result, plan, repeat);
	return 0;
}

static int exit_code(const struct pp_reporting *r)
{
	enum pp_verdict worst = PP_VERDICT_SKIP;

	for (size_t i = 0; i < r->count; i++)
		worst = pp_verdict_worst(worst, r->results[i].verdict);
	if (r->count != r->info.planned)
		worst = pp_verdict_worst(worst, PP_VERDICT_BROKEN);
	return pp_verdict_exit(worst, r->c->strict, r->c->bisect);
}

int pp_reporting_close(struct pp_reporting *r, bool interrupted, struct pp_err *err)
{
	bool color = isatty(STDERR_FILENO) && !r->c->no_color && !getenv("NO_COLOR");
	int code = exit_code(r);
	char *json;

	if (r->progress)
		fprintf(stderr, "\r\033[K");
	r->info.interrupted = interrupted;
	for (size_t i = 0; i < r->count; i++)
		r->info.duration_ms += r->results[i].duration_ms;
	pp_ktap_end(r->ktap, r->results, r->count);
	json = pp_report_json(&r->info, r->facts, r->results, r->count);
	if (pp_file_text(r->out, "results.json", json, err) ||
	    pp_file_text(r->out, "status", interrupted ? "interrupted\n" : "done\n", err)) {
		fprintf(stderr, "pinproof: %s\n", err->text);
		code = 99;
	}
	free(json);
	if (fflush(r->ktap) || ferror(r->ktap)) {
		fprintf(stderr, "pinproof: cannot write all of the KTAP.\n");
		code = 99;
	}
	pp_report_table(stderr, &r->info, r->results, r->count, color);
	fprintf(stderr, "files: %s\n", r->out);
	pp_report_closing(stderr, r->results, r->count, r->c->strict);
	for (size_t i = 0; i < r->count; i++)
		pp_result_free(&r->results[i]);
	free(r->results);
	if (r->ktap != stdout)
		fclose(r->ktap);
	return code;
}
