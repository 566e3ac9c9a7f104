/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times a plan: carries it out as a case is, judges its history, and prints the
 * bytes that its writes moved by the time from the first operation with id 10 or
 * above to the last, stamping, recording and looking included. A plan with a
 * finding, or with a cell that does not show a stamp, has no time.
 *
 * Usage: plan NAME PLAN-FILE [IBDEV ADDRESS]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "bench.h"
#include "core/oracle.h"
#include "run/exec.h"
#include "run/recorder.h"
#include "sys/crc_choose.h"

#define FIRST_TIMED 10u

static int die(const char *what, const struct pp_err *err)
{
	fprintf(stderr, "plan: %s: %s\n", what, err->text);
	return 2;
}

static int read_plan(const char *path, struct pp_plan **plan, struct pp_err *err)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len = file ? getdelim(&text, &size, 0, file) : -1;
	int rc = len < 0 ? pp_err_set(err, -EIO, "cannot read it")
			 : pp_plan_parse(text, (size_t)len, plan, err);

	if (file)
		fclose(file);
	free(text);
	return rc;
}

/* What was moved when, and whether all of it was seen to be there. */
struct tally {
	uint64_t first_ns, last_ns, written, seen, wrong, events;
};

static void count(const struct pp_history *h, struct tally *t)
{
	t->first_ns = UINT64_MAX;
	for (size_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];
		const enum pp_kind kind = pp_verbs[e->verb].kind;

		if (e->op < FIRST_TIMED)
			continue;
		t->events++;
		if (e->begin_ns < t->first_ns)
			t->first_ns = e->begin_ns;
		if (e->end_ns > t->last_ns)
			t->last_ns = e->end_ns;
		if (kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE) {
			t->written += e->length_bytes;
			t->wrong += e->result != 0 || e->flags;
		} else if (kind == PP_KIND_OBSERVE) {
			t->seen += e->length_bytes;
			t->wrong += e->seen != PP_SEEN_STAMP || e->result;
		}
	}
}

static int judge(const char *name, const struct pp_plan *plan, const struct pp_history *h)
{
	const struct pp_oracle_options opt = { .era = PP_ERA_UNKNOWN };
	struct pp_findings f = { 0 };
	struct pp_err err = { "" };
	struct tally t = { 0 };
	int rc = pp_oracle_run(plan, h, &opt, &f, &err);

	if (rc)
		return die("oracle", &err);
	count(h, &t);
	if (f.count || t.wrong || t.seen != t.written || !t.written) {
		fprintf(stderr,
			"plan: %zu findings, %" PRIu64 " bad events, %" PRIu64 " of %" PRIu64
			" bytes seen. %s\n",
			f.count, t.wrong, t.seen, t.written, f.count ? f.items[0].text : "");
		rc = 1;
	} else {
		pp_bench_value(name, (double)t.written * 1000 / (double)(t.last_ns - t.first_ns),
			       "MB/s");
	}
	pp_findings_free(&f);
	return rc;
}

static int run(const char *name, const struct pp_plan *plan, const struct pp_link *link)
{
	struct pp_exec_outcome outcome = { .reason = "" };
	struct pp_recorder recorder;
	struct pp_slots slots = { 0 };
	struct pp_history h;
	struct pp_err err = { "" };
	const struct pp_exec_setup setup = {
		.stacks_fd = -1,
		.plan = plan,
		.slots = &slots,
		.link = link,
		.workdir = ".",
		.recorder = &recorder,
		.quiet_machine = true,
	};
	int rc;

	if (pp_slots_probe(&slots, NULL, 0, true, &err))
		return die("disks", &err);
	if (pp_recorder_open(&recorder, plan, 7, &err))
		return die("recorder", &err);
	pp_exec_run(&setup, &outcome);
	if (outcome.ending != PP_ENDING_DONE) {
		fprintf(stderr, "plan: %s\n", outcome.reason);
		pp_recorder_close(&recorder);
		return 1;
	}
	rc = pp_recorder_history(&recorder, pp_plan_crc(plan), &h, &err) ? die("history", &err)
									 : judge(name, plan, &h);
	if (rc != 2)
		pp_history_free(&h);
	pp_recorder_close(&recorder);
	return rc;
}

int main(int argc, char **argv)
{
	struct pp_link link = { .netdev = "" };
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };
	int rc;

	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: plan NAME PLAN-FILE [IBDEV ADDRESS]\n");
		return 2;
	}
	if (argc == 5) {
		snprintf(link.ibdev, sizeof(link.ibdev), "%s", argv[3]);
		if (inet_pton(AF_INET, argv[4], &link.address) != 1)
			return 2;
	}
	pp_crc32c_choose();
	if (read_plan(argv[2], &plan, &err))
		return die(argv[2], &err);
	rc = run(argv[1], plan, argc == 5 ? &link : NULL);
	pp_plan_free(plan);
	return rc;
}
