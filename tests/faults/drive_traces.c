/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in the trace witness and in what counts entries into the kernel's functions. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/coverage.h"
#include "core/trace.h"
#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/cover.h"
#include "sys/tracer.h"
#include "world.h"

#define INSTANCE "/sys/kernel/tracing/instances/pinproof_%d/per_cpu/cpu%ld/%s"

/* One page of a ring buffer with one record in it, behind others that were overwritten: event 1, of
 * thread 1, in the far future. */
static void make_page(const char *path)
{
	struct {
		uint64_t time, committed;
		uint32_t head, length;
		uint16_t event, flags;
		uint32_t pid;
		uint64_t fields[4];
	} page = { .time = UINT64_MAX / 2, .event = 1, .pid = 1 };
	FILE *f = __real_fopen(world_path(path), "we");

	page.length = sizeof(page) - offsetof(__typeof__(page), length);
	page.committed = (sizeof(page) - offsetof(__typeof__(page), head)) | 1u << 31;
	if (!f || fwrite(&page, sizeof(page), 1, f) != 1 || __real_fclose(f))
		abort();
}

/* What the files of an instance hold that was just made by this process. */
static void make_buffers(void)
{
	char path[512];

	for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		snprintf(path, sizeof(path), INSTANCE, (int)getpid(), cpu, "stats");
		world_file(path, "entries: 1\noverrun: 0\ncommit overrun: 0\ndropped events: 0\n");
		snprintf(path, sizeof(path), INSTANCE, (int)getpid(), cpu, "trace_pipe_raw");
		world_file(path, "");
		make_page(path);
	}
	world_file("/sys/module/.keep", "");
}

static int run_tracer(const struct driver *d, struct pp_err *err)
{
	struct pp_tracer *t;
	struct pp_trace trace;
	int rc;

	(void)d;
	make_buffers();
	rc = pp_tracer_open(&t, err);
	if (rc)
		return rc;
	(void)pp_tracer_absent(t);
	rc = pp_tracer_begin(t, err);
	if (!rc) {
		rc = pp_tracer_end(t, getpid(), "case", 1, &trace, err);
		if (!rc)
			pp_trace_free(&trace);
	}
	pp_tracer_close(t);
	return rc;
}

static int run_sweep(const struct driver *d, struct pp_err *err)
{
	(void)d;
	(void)err;
	world_file("/sys/kernel/tracing/instances/pinproof_" FAKE_DEAD_PID "/.keep", "");
	world_file("/sys/kernel/tracing/instances/pinproof_" FAKE_DEAD_PID "/.keep", NULL);
	world_file("/sys/kernel/tracing/events/pinproof_" FAKE_DEAD_PID "/enter_a/.keep", "");
	pp_tracer_sweep(0);
	return 0;
}

static int run_cover(const struct driver *d, struct pp_err *err)
{
	struct pp_case_coverage k = { .hits = NULL };
	struct pp_coverage c;
	struct pp_cover *p;
	int rc = pp_coverage_open(&c);

	(void)d;
	if (rc)
		return pp_err_set(err, rc, "coverage");
	rc = pp_cover_open(&p, &c, err);
	if (!rc) {
		k.hits = __real_calloc(c.n_functions + 1, sizeof(*k.hits));
		rc = k.hits ? pp_cover_begin(p, err) : -ENOMEM;
		if (!rc)
			rc = pp_cover_end(p, &k, err);
		pp_cover_close(p);
	}
	__real_free(k.hits);
	pp_coverage_free(&c);
	return rc;
}

#define A_KIND "the kind is not armed, and says why"

const struct driver drive_traces[] = {
	/* clang-format off */
	{ "pp_tracer_*", run_tracer, .mapped = {
		{ CALL_tracefs_kprobe_raw, NULL, GOES_ON, A_KIND }, { CALL_tracefs_kretprobe_raw, NULL, GOES_ON, A_KIND },
		{ CALL_tracefs_event_file_read, NULL, GOES_ON, A_KIND }, { CALL_tep_parse_event, NULL, GOES_ON, A_KIND },
		{ CALL_tep_find_event_by_name, NULL, GOES_ON, A_KIND }, { CALL_tep_find_field, NULL, GOES_ON, A_KIND },
		{ CALL_tep_find_common_field, NULL, GOES_ON, A_KIND },
		{ CALL_stat, "/sys/module", GOES_ON, "all kinds are tried again" },
		{ CALL_tracefs_event_file_write, NULL, GOES_ON, A_KIND },
		{ CALL_tracefs_event_disable, NULL, GOES_ON, "the instance goes, and its events with it" },
		{ CALL_readdir, NULL, GOES_ON, "kinds are tried again, or are swept next time" },
		{ CALL_opendir, NULL, GOES_ON, "kinds are tried again, or are swept next time" },
		{ CALL_tracefs_trace_off, NULL, GOES_ON, "what is recorded behind the end is not taken" },
		{ CALL_tracefs_tracing_dir_is_mounted, NULL, MAY_GO_ON, "the sweep does without" },
		{ CALL_tracefs_instance_file_write, NULL, SAYS_SO, "-EOPNOTSUPP without the clock; an option may stay" },
		{ CALL_tracefs_instance_file_read, NULL, MAY_GO_ON, "a file of counters that cannot be read counts nothing" },
		{ CALL_open_memstream, NULL, GOES_ON, "which kinds are absent is only told" },
		{ CALL_strdup, NULL, GOES_ON, "which kinds are absent is only told" },
		{ CALL_fopen, "/stat", GOES_ON, "who is gone was a short-lived thread of the kernel" },
		{ CALL_fgets, "/stat", GOES_ON, "who is gone was a short-lived thread of the kernel" } } },
	{ "pp_tracer_sweep", run_sweep, .silent = true, .mapped = { { ANY_CALL, NULL, GOES_ON, "swept as far as it goes" } } },
	{ "pp_cover_*", run_cover, .mapped = {
		{ CALL_tracefs_kprobe_raw, NULL, GOES_ON, A_KIND }, { CALL_tracefs_event_file_write, NULL, GOES_ON, A_KIND },
		{ CALL_tracefs_event_disable, NULL, GOES_ON, "the instance goes, and its events with it" },
		{ CALL_tracefs_trace_off, NULL, GOES_ON, "probes that are counted need not be recorded" },
		{ CALL_tracefs_instance_file_write, NULL, GOES_ON, "an option that only costs time" } } },
	/* clang-format on */
};
const size_t n_drive_traces = PP_ARRAY_LEN(drive_traces);
