/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace witness: its instance, what is armed in it, and what was lost; see tracer.h. */
#include "sys/tracer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/tracer_private.h"
#include "sys/tracer_ring.h"

#define BUFFER_KB 2048 /* for each processor: about forty thousand events */

static int possible(struct pp_err *err)
{
	const char *dir = NULL;
	char path[512];

	/* The library would mount one. */
	if (tracefs_tracing_dir_is_mounted(false, &dir) != 1 || !dir)
		return pp_err_set(
			err, -ENOENT,
			"tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing).");
	snprintf(path, sizeof(path), "%s/instances", dir);
	if (access(path, W_OK | X_OK))
		return pp_err_set(err, -errno, "no trace instance can be made in %s", path);
	return 0;
}

static int make_instance(struct pp_tracer *t, struct pp_err *err)
{
	char name[32], dir[256];

	snprintf(name, sizeof(name), "pinproof_%d", (int)getpid());
	snprintf(dir, sizeof(dir), "%s/instances/%s", tracefs_tracing_dir(), name);
	errno = 0;
	t->instance = tracefs_instance_create(name);
	if (!t->instance)
		return pp_err_set(err, errno ? -errno : -EIO, "trace instance %s", name);
	tracefs_trace_off(t->instance);
	if (tracefs_instance_file_write(t->instance, "trace_clock", "mono") < 0)
		return pp_err_set(err, -EOPNOTSUPP, "the kernel's trace has no clock mono.");
	/* Else sched_switch is patched too, for the names of tasks. */
	tracefs_instance_file_write(t->instance, "trace_options", "norecord-cmd");
	if (tracefs_instance_set_buffer_size(t->instance, BUFFER_KB, -1))
		return pp_err_set(err, errno ? -errno : -ENOMEM, "trace buffer of %d KiB",
				  BUFFER_KB);
	return pp_tracer_ring_open(dir, &t->ring, err);
}

void pp_tracer_close(struct pp_tracer *t)
{
	if (!t)
		return;
	pp_tracer_ring_close(t->ring);
	if (t->instance) {
		pp_tracer_disarm(t);
		tracefs_instance_destroy(t->instance);
		tracefs_instance_free(t->instance);
	}
	if (t->events)
		tep_free(t->events);
	free(t->absent);
	free(t->seen);
	pp_trace_free(&t->empty);
	free(t);
}

size_t pp_tracer_armed(const struct pp_tracer *t)
{
	size_t n = 0;

	for (size_t i = 0; i < pp_n_trace_kinds; i++)
		n += t->kinds[i].armed;
	return n;
}

const char *pp_tracer_absent(struct pp_tracer *t)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	if (t->absent)
		return t->absent;
	f = open_memstream(&text, &len);
	for (size_t i = 0; f && i < pp_n_trace_kinds; i++)
		if (!t->kinds[i].armed && !t->kinds[i].kind->optional)
			fprintf(f, "%s:%s: %s\n", t->kinds[i].kind->system, t->kinds[i].kind->event,
				t->kinds[i].why);
	if (f && fclose(f)) {
		free(text);
		text = NULL;
	}
	t->absent = text;
	return text ? text : "";
}

/* By how much the line's probe was missed: lines "NAME HITS MISSES", and the name must be ours.
 * Nearly all end with " 0", and no more of them is looked at. */
static uint64_t misses_of(const struct pp_tracer *t, const char *line, size_t len)
{
	char name[128];
	uint64_t misses;

	if ((len > 1 && line[len - 1] == '0' && line[len - 2] == ' ') ||
	    sscanf(line, "%127s %*u %" SCNu64, name, &misses) != 2)
		return 0;
	for (size_t i = 0; i < pp_n_trace_kinds; i++)
		if (t->kinds[i].made && !strcmp(t->kinds[i].event, name))
			return misses;
	return 0;
}

/* Functions that were entered while their probe was busy, or returned without a free slot. */
static uint64_t lost_by_probes(const struct pp_tracer *t)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);
	uint64_t lost = 0;
	size_t len;

	for (const char *line = text; line && *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		lost += misses_of(t, line, len);
	}
	free(text);
	return lost;
}

/* What was lost since the last time; that of the buffers need not be asked for if nothing was. */
static int count_lost(struct pp_tracer *t, bool overrun, uint64_t *lost, struct pp_err *err)
{
	uint64_t by_probes = lost_by_probes(t), by_buffers = t->lost_by_buffers;
	int rc = overrun ? pp_tracer_ring_lost(t->ring, &by_buffers, err) : 0;

	*lost += by_probes - t->lost_by_probes + by_buffers - t->lost_by_buffers;
	t->lost_by_probes = by_probes;
	t->lost_by_buffers = by_buffers;
	return rc;
}

int pp_tracer_open(struct pp_tracer **out, struct pp_err *err)
{
	struct pp_tracer *t;
	int rc = possible(err);

	if (rc)
		return rc;
	pp_tracer_sweep(0);
	t = calloc(1, sizeof(*t));
	if (!t)
		return pp_err_set(err, -ENOMEM, "trace witness");
	rc = make_instance(t, err);
	if (!rc) {
		t->events = tep_alloc();
		rc = t->events ? pp_trace_declare(&t->empty) : -ENOMEM;
		if (rc)
			pp_err_set(err, rc, "the formats of trace events");
	}
	if (!rc) {
		pp_tracer_arm(t);
		t->lost_by_probes = lost_by_probes(t);
		if (!pp_tracer_armed(t))
			rc = pp_err_set(err, -ENODEV, "none of %zu kinds of trace events is here.",
					pp_n_trace_kinds);
	}
	if (rc) {
		pp_tracer_close(t);
		return rc;
	}
	*out = t;
	return 0;
}

int pp_tracer_begin(struct pp_tracer *t, struct pp_err *err)
{
	if (pp_tracer_late(t))
		pp_tracer_arm(t);
	if (tracefs_trace_on(t->instance))
		return pp_err_set(err, errno ? -errno : -EIO, "trace instance");
	return 0;
}

int pp_tracer_end(struct pp_tracer *t, pid_t child, const char *name, uint64_t start_ns,
		  struct pp_trace *out, struct pp_err *err)
{
	const char *absent;
	bool overrun;
	int rc;

	memset(out, 0, sizeof(*out));
	tracefs_trace_off(t->instance);
	rc = pp_trace_declare_as(out, &t->empty);
	if (rc)
		return pp_err_set(err, rc, "trace");
	out->start_ns = start_ns;
	rc = pp_tracer_read(t, child, name, out, &overrun, err);
	if (!rc && (rc = pp_trace_sort(out)))
		pp_err_set(err, rc, "order of the trace");
	if (!rc)
		rc = count_lost(t, overrun, &out->lost, err);
	if (rc) {
		pp_trace_free(out);
		return rc;
	}
	absent = pp_tracer_absent(t);
	out->absent = absent[0] ? strdup(absent) : NULL;
	return 0;
}
