/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof run`: the cases one by one, each judged and reported as it ends. */
#include "run/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/logscan.h"
#include "core/report.h"
#include "run/heartbeat.h"
#include "run/log_rest.h"
#include "run/machine.h"
#include "run/reporting.h"
#include "run/rundir.h"
#include "run/select.h"
#include "run/shrink.h"
#include "run/stream.h"
#include "run/supervisor.h"
#include "sys/clock.h"

#define MAX_ATTEMPTS 3

struct suite {
	const struct pp_config *c;
	struct pp_machine machine;
	struct pp_selection selection;
	struct pp_stream *stream;
	struct pp_reporting report;
	struct pp_heartbeat heartbeat; /* a long storm, or its judging, says nothing by itself */
	struct pp_log_rest log_rest;
	bool spoiled; /* by a case that did not end: the next ones would fail for no reason of
			 theirs */
	char out[PP_PATH_MAX];
	bool shrunk; /* of `pinproof shrink`: the plan broke the rule, and what is left does so */
	struct pp_err err;
};

/* A signal handler has nowhere else to put its news. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* A closed standard descriptor would be given to the next file, and what is printed go there. */
static void hold_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The first needed fact that does not hold, as the reason of a SKIP. */
static bool needs_missing(const struct pp_plan *plan, const struct pp_facts *facts, char *why,
			  size_t size)
{
	for (size_t i = 0; i < plan->n_needs; i++) {
		const struct pp_fact *f = pp_facts_find(facts, plan->needs[i]);

		if (f && f->yes)
			continue;
		snprintf(why, size, "%s: %s", plan->needs[i],
			 f ? f->why : "this build knows no such fact");
		return true;
	}
	return false;
}

/* Does the plan leave an answer to the policy table? */
static bool plan_asks_policy(const struct pp_plan *plan)
{
	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].expect == PP_EXPECT_ERA || plan->ops[i].expect == PP_EXPECT_POLICY)
			return true;
	return false;
}

/* Does it say that it disturbs the machine, or do so? */
static bool disturbs(const struct pp_case *k, const struct pp_plan *plan)
{
	for (size_t i = 0; i < plan->n_ops; i++)
		if (pp_verbs[plan->ops[i].verb].machine)
			return true;
	for (size_t i = 0; i < plan->n_mixes; i++)
		if (pp_verbs[plan->mixes[i].op.verb].machine)
			return true;
	return k->variant.disturbs || k->variant.destructive;
}

static bool must_skip(const struct suite *s, const struct pp_case *k, const struct pp_plan *plan,
		      char *why, size_t size)
{
	if (disturbs(k, plan) && !s->c->guest && !s->c->lose_machine) {
		snprintf(why, size,
			 "it disturbs the whole machine: run it in a guest, or add "
			 "--i-may-lose-this-machine");
		return true;
	}
	if (needs_missing(plan, &s->machine.facts, why, size))
		return true;
	if (s->machine.facts.era == PP_ERA_UNKNOWN && plan_asks_policy(plan)) {
		snprintf(why, size,
			 "era: neither this kernel's version nor its answers say which "
			 "registrations it should accept");
		return true;
	}
	return false;
}

static void attempt_of(struct suite *s, const struct pp_case *k, const struct pp_plan *plan,
		       const char *dir, int number, struct pp_attempt *a)
{
	memset(a, 0, sizeof(*a));
	a->plan = plan;
	a->slots = &s->machine.slots;
	a->link = s->machine.has_link ? &s->machine.link : NULL;
	a->workdir = s->machine.workdir;
	a->dir = dir;
	a->label = k->label;
	a->counter = s->c->counter;
	/* Another run id for each execution: what an earlier one left on a disk is FOREIGN. */
	a->run = pp_case_seed(plan->seed + (uint64_t)number, k->label) ^ pp_now_ns();
	a->bound_ms = s->c->timeout_s ? s->c->timeout_s * 1000 : plan->bound_ms;
	a->plant = s->c->plant;
	if (k->variant.plant != PP_PLANT_NONE)
		a->plant = (struct pp_plant_spec){ .kind = k->variant.plant, .every = true };
	a->quiet_machine = s->c->guest;
	a->drop_hazard = s->c->drop_hazard;
	a->drop_device_writes = s->c->drop_device_writes;
	a->guardian_fd = s->machine.guardian.fd;
	a->kmsg = &s->machine.kmsg;
	a->tracing = &s->machine.tracing;
	a->interrupted = &interrupted;
	a->beat = pp_heartbeat_running;
	a->beat_arg = &s->heartbeat;
}

/* One attempt, once the kernel prints everything again. */
static int attempt(struct suite *s, const struct pp_attempt *a, struct pp_attempt_result *r,
		   struct pp_err *err)
{
	uint32_t ms;
	int rc;

	while (!interrupted && (ms = pp_log_rest_ms(&s->log_rest, pp_now_ns())))
		pp_pause_ms(ms < 50 ? ms : 50);
	rc = pp_attempt_run(a, r, err);
	s->spoiled |= r->spoiled;
	if (!rc)
		pp_log_rest_note(&s->log_rest, pp_now_ns(), r->log, r->log_len);
	return rc;
}

/* plan.storm is what was asked for, plan what was drawn from it and executed. */
static int save_files(const char *dir, const struct pp_plan *plan,
		      const struct pp_attempt_result *r, struct pp_err *err)
{
	char *text;
	int rc = 0;

	if (r->executed) {
		text = pp_plan_print(plan);
		rc = pp_file_text(dir, "plan.storm", text, err);
		free(text);
		plan = r->executed;
	}
	if (rc)
		return rc;
	rc = pp_tracing_save(&r->traced, dir, err);
	return rc ? rc : pp_case_save(dir, plan, &r->history, &r->ending, r->log, r->log_len, err);
}

/* Keep the files of an attempt that could not tell, beside those of the next. */
static int save_attempt(const char *dir, int number, const struct pp_plan *plan,
			const struct pp_attempt_result *r, struct pp_err *err)
{
	char sub[PP_PATH_MAX], stacks[PP_PATH_MAX], moved[PP_PATH_MAX + 32];

	if (snprintf(sub, sizeof(sub), "%s/attempt-%d", dir, number) >= (int)sizeof(sub))
		return pp_err_set(err, -ENAMETOOLONG, "attempt of %.80s", dir);
	if (mkdir(sub, 0755) && errno != EEXIST)
		return pp_err_set(err, -errno, "cannot make the directory %s", sub);
	snprintf(moved, sizeof(moved), "%s/" PP_STACKS_FILE, sub);
	if (snprintf(stacks, sizeof(stacks), "%s/" PP_STACKS_FILE, dir) < (int)sizeof(stacks) &&
	    rename(stacks, moved) && errno != ENOENT)
		return pp_err_set(err, -errno, "cannot move %s", stacks);
	return save_files(sub, plan, r, err);
}

/* What became of a case. */
struct outcome {
	bool judged; /* result is filled in */
	struct pp_result result;
	struct pp_plan *executed; /* to which it belongs; NULL: the plan itself */
};

static bool worth_another(const struct suite *s, const struct pp_result *judged, int number)
{
	return judged->verdict == PP_VERDICT_INCONCLUSIVE && !judged->blind &&
	       number < MAX_ATTEMPTS && !s->c->drop_hazard && !s->c->drop_device_writes &&
	       !s->c->plant.kind;
}

/* An attempt after which there is no other: its files, and its result beside them. */
static int keep(const struct pp_case *k, const struct pp_plan *plan, const char *dir,
		struct pp_attempt_result *r, struct outcome *out, struct pp_err *err)
{
	int rc = save_files(dir, plan, r, err);

	if (!rc)
		rc = pp_case_tell(dir, k->label, r->executed ? r->executed : plan, &out->result,
				  err);
	if (rc) {
		pp_result_free(&out->result);
		return rc;
	}
	out->judged = true;
	out->executed = r->executed;
	r->executed = NULL;
	return 0;
}

/* Each attempt is judged once, from memory: the history of a long storm takes a while. */
static int execute(struct suite *s, const struct pp_case *k, const struct pp_plan *plan,
		   const char *dir, struct outcome *out, struct pp_err *err)
{
	struct pp_attempt_result r;
	struct pp_attempt a;
	bool again = true;
	int rc = 0;

	for (int number = 1; !rc && again; number++) {
		attempt_of(s, k, plan, dir, number, &a);
		rc = attempt(s, &a, &r, err);
		r.ending.attempts = number;
		r.ending.dropped = s->c->drop_hazard || s->c->drop_device_writes;
		if (!rc) {
			pp_judge(r.executed ? r.executed : plan, &r.history, &r.ending, r.log,
				 r.log_len, &s->machine.facts, pp_heartbeat_judging(&s->heartbeat),
				 &out->result);
			again = worth_another(s, &out->result, number);
			if (again)
				pp_result_free(&out->result);
			rc = again ? save_attempt(dir, number, plan, &r, err)
				   : keep(k, plan, dir, &r, out, err);
		}
		pp_attempt_free(&r);
	}
	return rc;
}

/* What shrinking needs to know to execute and to keep. */
struct shrinking {
	struct suite *s;
	const struct pp_case *k;
	const char *dir, *name;
	int number;
};

static int shrink_once(void *arg, const struct pp_plan *plan, struct pp_attempt_result *r,
		       struct pp_err *err)
{
	struct shrinking *h = arg;
	struct pp_attempt a;
	int rc;

	attempt_of(h->s, h->k, plan, NULL, ++h->number, &a);
	rc = attempt(h->s, &a, r, err);
	r->ending.attempts = 1;
	return rc;
}

static int shrink_keep(void *arg, const struct pp_plan *plan, const struct pp_attempt_result *r,
		       struct pp_err *err)
{
	struct shrinking *h = arg;
	int rc = save_files(h->dir, plan, r, err);

	if (!rc && h->s->stream)
		rc = pp_stream_dir(h->s->stream, h->s->out, h->name, err);
	return rc;
}

static int shrink(struct suite *s, const struct pp_case *k, const struct pp_plan *plan,
		  const char *dir, const char *name)
{
	struct pp_ending_record none = { .ending = PP_ENDING_BROKEN };
	struct shrinking h = { .s = s, .k = k, .dir = dir, .name = name };
	const struct pp_shrink_job job = {
		.c = s->c,
		.facts = &s->machine.facts,
		.progress = s->report.ktap,
		.heartbeat = &s->heartbeat,
		.arg = &h,
		.once = shrink_once,
		.keep = shrink_keep,
	};
	struct pp_history empty = { 0 };
	int rc = pp_shrink_run(&job, plan, &s->shrunk, &s->err);

	if (rc || s->shrunk)
		return rc;
	snprintf(none.reason, sizeof(none.reason),
		 "the plan did not break %s in %u of %u runs: there is nothing to shrink",
		 s->c->rule ? s->c->rule : "any rule", s->c->need, s->c->runs);
	return pp_case_save(dir, plan, &empty, &none, "", 0, &s->err);
}

/* --storm-time instead of the plan's own, and as much more for the case. */
static void stretch_storm(const struct pp_config *c, struct pp_plan *plan)
{
	uint64_t ms = (uint64_t)c->storm_s * 1000, bound = plan->bound_ms;

	if (!ms || !plan->storm_ms)
		return;
	if (ms > plan->storm_ms)
		bound += 2 * (ms - plan->storm_ms); /* what is recorded is merged in the end */
	plan->bound_ms = bound > UINT32_MAX ? UINT32_MAX : (uint32_t)bound;
	plan->storm_ms = (uint32_t)ms;
}

/* Before anything runs, the files say that the case was started: that is what a dead machine
 * leaves. */
static int announce(struct suite *s, const struct pp_plan *plan, const char *dir, const char *name,
		    struct pp_err *err)
{
	struct pp_ending_record started = { .ending = PP_ENDING_STARTED };
	char *text = pp_plan_print(plan);
	int rc = pp_file_text(dir, "plan", text, err);

	free(text);
	if (!rc)
		rc = pp_ending_save(dir, &started, err);
	if (!rc && s->stream)
		rc = pp_stream_dir(s->stream, s->out, name, err);
	return rc;
}

static int run_planned(struct suite *s, const struct pp_case *k, const struct pp_plan *plan,
		       const char *dir, const char *name, struct outcome *out)
{
	struct pp_ending_record skip = { .ending = PP_ENDING_SKIP };
	struct pp_history none = { 0 };
	int rc = announce(s, plan, dir, name, &s->err);

	if (rc)
		return rc;
	if (must_skip(s, k, plan, skip.reason, sizeof(skip.reason)))
		rc = pp_case_save(dir, plan, &none, &skip, "", 0, &s->err);
	else if (s->c->shrink)
		rc = shrink(s, k, plan, dir, name);
	else
		rc = execute(s, k, plan, dir, out, &s->err);
	return rc;
}

static int run_case(struct suite *s, const struct pp_case *k)
{
	struct outcome out = { .judged = false };
	struct pp_plan *plan = NULL;
	char dir[PP_PATH_MAX];
	const char *name;
	int rc;

	pp_reporting_progress(&s->report, k->label);
	rc = pp_rundir_case(s->out, k->label, dir, sizeof(dir), &s->err);
	if (rc)
		return rc;
	name = dir + strlen(s->out) + 1;
	rc = pp_case_plan(k, s->c->seed, &plan, &s->err);
	if (!rc) {
		stretch_storm(s->c, plan);
		rc = run_planned(s, k, plan, dir, name, &out);
	}
	if (!rc && !out.judged)
		rc = pp_case_judge_dir(dir, k->label, &s->machine.facts,
				       pp_heartbeat_judging(&s->heartbeat), &out.result,
				       &out.executed, &s->err);
	if (!rc)
		rc = pp_reporting_add(&s->report, &out.result, out.executed ? out.executed : plan,
				      &s->err);
	if (!rc && s->stream)
		rc = pp_stream_dir(s->stream, s->out, name, &s->err);
	pp_plan_free(plan);
	pp_plan_free(out.executed);
	return rc;
}

static int choose_out(struct suite *s)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (s->c->out) {
		snprintf(s->out, sizeof(s->out), "%s", s->c->out);
		return pp_rundir_make(s->out, &s->err);
	}
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(s->out, sizeof(s->out), "pinproof-run-%s-%d", stamp, (int)getpid());
	return pp_rundir_make(s->out, &s->err);
}

/* Which functions could be covered at all: without it, nobody can read what the cases say. */
static int write_coverage(struct suite *s)
{
	char *text = pp_coverage_print_head(&s->machine.tracing.coverage);
	int rc = pp_file_text(s->out, "coverage", text, &s->err);

	free(text);
	if (!rc && s->stream)
		rc = pp_stream_file(s->stream, s->out, "coverage", &s->err);
	return rc;
}

static int write_head(struct suite *s, int argc, char **argv)
{
	char *facts = pp_facts_json(&s->machine.facts);
	int rc = pp_file_text(s->out, "facts.json", facts, &s->err);

	free(facts);
	if (!rc)
		rc = pp_reporting_head(s->out, argc, argv, s->c->seed, &s->selection, &s->err);
	if (!rc && s->machine.tracing.cover)
		rc = write_coverage(s);
	if (!rc && s->stream)
		rc = pp_stream_file(s->stream, s->out, "facts.json", &s->err);
	return rc;
}

/* Damage behind the last case has no case to fail: it fails the run. */
static bool close_machine(struct suite *s)
{
	struct pp_findings found = { 0 };
	struct pp_err err = { 0 };
	size_t len = 0;
	char *log = pp_machine_close(&s->machine, &len, &err);
	bool clean;

	if (err.text[0])
		fprintf(stderr, "pinproof: not taken away: %s\n", err.text);
	clean = !log || (!pp_log_scan(log, len, &found, &err) && !found.count);
	if (!clean)
		fprintf(stderr, "pinproof: damage in the kernel log after the last case: %s\n",
			found.count ? found.items[0].text : err.text);
	pp_findings_free(&found);
	free(log);
	return clean;
}

static int suite_open(struct suite *s, int argc, char **argv)
{
	char cases[PP_PATH_MAX + 8];
	int rc;

	if (s->c->replay)
		rc = pp_select_replay(s->c, &s->selection, &s->err);
	else
		rc = pp_select(s->c, &s->selection, &s->err);

	if (!rc)
		rc = choose_out(s);
	if (rc)
		return rc;
	if (s->c->stream)
		rc = pp_stream_open(s->c->stream, &s->stream, &s->err);
	if (!rc)
		rc = pp_machine_open(
			&s->machine, s->c,
			s->c->guest && pp_selection_needs(&s->selection, s->c->seed, "pi-disk"),
			&s->err);
	if (rc) {
		/* So that the same --out will do once the mistake is mended. */
		snprintf(cases, sizeof(cases), "%s/cases", s->out);
		rmdir(cases);
		return rc;
	}
	rc = write_head(s, argc, argv);
	if (!rc)
		rc = pp_reporting_open(&s->report, s->c, s->out, &s->machine.facts,
				       s->selection.count, &s->err);
	if (rc)
		close_machine(s);
	else
		pp_heartbeat_init(&s->heartbeat, s->report.ktap, PP_HEARTBEAT_MS);
	return rc;
}

/* Whoever booted this guest boots another one for the cases that are left. */
static bool wants_another_guest(const struct suite *s)
{
	return s->spoiled && s->c->guest && s->stream;
}

/* All cases, or as many as there can be. */
static int run_cases(struct suite *s, bool *stopped)
{
	int rc = 0;

	*stopped = false;
	for (size_t i = 0; !rc && !interrupted && !*stopped && i < s->selection.count; i++) {
		rc = run_case(s, &s->selection.cases[i]);
		*stopped = wants_another_guest(s) && i + 1 < s->selection.count;
	}
	if (*stopped)
		fprintf(stderr, "pinproof: a case has left a device in use; the cases that are "
				"left want another guest\n");
	return rc;
}

static int suite_close(struct suite *s, int rc, bool stopped)
{
	bool clean = close_machine(s);
	int code = pp_reporting_close(&s->report, interrupted || stopped, &s->err);

	/* That the smallest plan fails is what was wanted. */
	if (s->c->shrink && code != 2)
		code = s->shrunk ? 0 : 99;
	if (!clean)
		code = 1;
	if (s->stream) {
		pp_stream_file(s->stream, s->out, "results.json", &s->err);
		if (!rc && !interrupted && !stopped &&
		    !pp_file_text(s->out, "done", "done\n", &s->err))
			pp_stream_file(s->stream, s->out, "done", &s->err);
	}
	return interrupted ? 128 + interrupted : code;
}

/* What an option or operand named was wrong, not the machine. */
static bool user_can_mend(int rc)
{
	static const int codes[] = { EINVAL, ENOENT, ENOTDIR,      EISDIR, EACCES,
				     EBUSY,  EEXIST, ENOTEMPTY,    ENXIO,  ENOTBLK,
				     EROFS,  EPERM,  ENAMETOOLONG, ENODEV };

	for (size_t i = 0; i < PP_ARRAY_LEN(codes); i++)
		if (rc == -codes[i])
			return true;
	return false;
}

int pp_suite_run(const struct pp_config *c, int argc, char **argv)
{
	struct suite *s = calloc(1, sizeof(*s));
	bool stopped;
	int rc, code;

	if (!s)
		return 99;
	s->c = c;
	hold_descriptors();
	catch_signals();
	rc = suite_open(s, argc, argv);
	if (rc) {
		fprintf(stderr, "pinproof: %s\n", s->err.text);
		code = user_can_mend(rc) ? 2 : 99;
	} else {
		rc = run_cases(s, &stopped);
		if (rc && !interrupted)
			fprintf(stderr, "pinproof: %s\n", s->err.text);
		code = suite_close(s, rc, stopped);
		if (rc && !interrupted)
			code = 99;
	}
	pp_stream_close(s->stream);
	pp_selection_free(&s->selection);
	free(s);
	return code;
}
