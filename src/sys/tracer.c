/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace witness: an instance, its ring buffer, and whose event is whose; see tracer.h. */
#include "sys/tracer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/tracer_private.h"

#define BUFFER_KB          2048        /* for each processor: about forty thousand events */
#define FLAG_KERNEL_THREAD 0x00200000u /* PF_KTHREAD of include/linux/sched.h */

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
	char name[32];

	snprintf(name, sizeof(name), "pinproof_%d", (int)getpid());
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
	return 0;
}

/* What every record begins with; tracefs_local_events() would read all symbols of the kernel. */
static int read_header(struct pp_tracer *t, struct pp_err *err)
{
	int size = 0, rc;
	char *page = tracefs_instance_file_read(NULL, "events/header_page", &size);

	t->events = tep_alloc();
	rc = !t->events ? -ENOMEM : page ? 0 : -EIO;
	if (!rc && tep_parse_header_page(t->events, page, (unsigned long)size, sizeof(long)))
		rc = -EPROTO;
	free(page);
	return rc ? pp_err_set(err, rc, "the format of trace pages") : 0;
}

void pp_tracer_close(struct pp_tracer *t)
{
	if (!t)
		return;
	if (t->instance) {
		pp_tracer_disarm(t);
		tracefs_instance_destroy(t->instance);
		tracefs_instance_free(t->instance);
	}
	if (t->events)
		tep_free(t->events);
	free(t->absent);
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
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < pp_n_trace_kinds; i++)
		if (!t->kinds[i].armed && !t->kinds[i].kind->optional)
			fprintf(f, "%s:%s: %s\n", t->kinds[i].kind->system, t->kinds[i].kind->event,
				t->kinds[i].why);
	if (f && fclose(f)) {
		free(text);
		text = NULL;
	}
	free(t->absent);
	t->absent = text;
	return text ? text : "";
}

/* The number behind @word in a file of lines "word: number", 0 if it is not there. */
static uint64_t number_of(const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL;

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

/* What the ring buffers of all processors dropped since they were made. */
static uint64_t lost_by_buffers(const struct pp_tracer *t)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t lost = 0;
	char name[64], *text;

	for (long cpu = 0; cpu < n; cpu++) {
		snprintf(name, sizeof(name), "per_cpu/cpu%ld/stats", cpu);
		text = tracefs_instance_file_read(t->instance, name, NULL);
		/* "overrun" also ends the name of "commit overrun" */
		lost += number_of(text, "\noverrun: ") + number_of(text, "commit overrun: ") +
			number_of(text, "dropped events: ");
		free(text);
	}
	return lost;
}

/* Functions that were entered while their probe was busy, or returned without a free slot: lines
 * "NAME HITS MISSES". */
static uint64_t lost_by_probes(const struct pp_tracer *t)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL), *save = NULL;
	uint64_t lost = 0, misses;
	char name[128];

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%127s %*u %" SCNu64, name, &misses) != 2 || !misses)
			continue;
		for (size_t i = 0; i < pp_n_trace_kinds; i++)
			if (t->kinds[i].made && !strcmp(t->kinds[i].event, name))
				lost += misses;
	}
	free(text);
	return lost;
}

static uint64_t lost_until_now(const struct pp_tracer *t)
{
	return lost_by_buffers(t) + lost_by_probes(t);
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
	if (!rc)
		rc = read_header(t, err);
	if (!rc) {
		pp_tracer_arm(t);
		t->lost = lost_until_now(t);
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

/* Whose a thread is. */
enum whose { NOBODY, CASE, KERNEL, FOREIGN };

struct reading {
	struct pp_tracer *t;
	struct pp_trace *out;
	uint64_t start_ns;
	uint32_t child;
	struct {
		uint32_t pid;
		enum whose whose;
	} * known;
	size_t n_known, cap_known;
	uint32_t last_pid; /* the answer before, as most events come in rows */
	enum whose last;
	int failed;
};

static enum whose learn(struct reading *r, uint32_t pid, enum whose whose)
{
	if (r->n_known == r->cap_known) {
		size_t cap = r->cap_known ? 2 * r->cap_known : 64;
		void *more = realloc(r->known, cap * sizeof(*r->known));

		if (!more) {
			r->failed = -ENOMEM;
			return whose;
		}
		r->known = more;
		r->cap_known = cap;
	}
	r->known[r->n_known].pid = pid;
	r->known[r->n_known++].whose = whose;
	return whose;
}

static enum whose recall(const struct reading *r, uint32_t pid)
{
	for (size_t i = r->n_known; i--;)
		if (r->known[i].pid == pid)
			return r->known[i].whose;
	return NOBODY;
}

/* What /proc says of a thread that was there before the case: the kernel's, or somebody's. One that
 * is gone by now was a short-lived thread of the kernel. */
static enum whose look_up(struct reading *r, uint32_t pid)
{
	char path[64], line[512], name[64] = "gone", *behind;
	unsigned flags = FLAG_KERNEL_THREAD;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && (behind = strrchr(line, ')'))) {
		sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
		*behind = '\0';
		snprintf(name, sizeof(name), "%s", strchr(line, '(') ? strchr(line, '(') + 1 : "?");
	}
	if (f)
		fclose(f);
	if (!(flags & FLAG_KERNEL_THREAD))
		return FOREIGN;
	/* without a name it would be looked up again and again */
	if (pp_trace_thread(r->out, pid, true, name))
		r->failed = -ENOMEM;
	return KERNEL;
}

static enum whose whose_is(struct reading *r, uint32_t pid)
{
	enum whose w;

	if (pid == r->last_pid && r->last != NOBODY)
		return r->last;
	w = recall(r, pid);
	/* A newer one without a birth is a thread that io_uring made for the case. */
	if (w == NOBODY)
		w = learn(r, pid, pid > r->child ? CASE : look_up(r, pid));
	r->last_pid = pid;
	r->last = w;
	return w;
}

static uint64_t value_of(const struct tep_format_field *f, char type, const void *data)
{
	const char *at = (const char *)data + f->offset;
	uint64_t value = 0;
	size_t size =
		f->size > 0 && (size_t)f->size < sizeof(value) ? (size_t)f->size : sizeof(value);

	memcpy(&value, at, size);
	if (type == 'd' && size < sizeof(value) && value >> (8 * size - 1))
		value |= ~(uint64_t)0 << (8 * size);
	return value;
}

static void take_name(struct reading *r, uint32_t pid, struct tep_event *event,
		      const struct tep_record *record)
{
	const struct tep_format_field *comm = tep_find_field(event, "newcomm");
	char name[PP_TRACE_COMM + 1] = "";
	enum whose w = whose_is(r, pid);

	if (!comm || w == FOREIGN)
		return;
	memcpy(name, (const char *)record->data + comm->offset, PP_TRACE_COMM);
	if (pp_trace_thread(r->out, pid, w == KERNEL, name))
		r->failed = -ENOMEM;
}

/* Births, names and programs of threads are not kept as events: they say whose the others are. */
static void take_task(struct reading *r, const struct pp_tracer_kind *k, struct tep_event *event,
		      const struct tep_record *record)
{
	uint32_t first = (uint32_t)value_of(k->fields[0], 'u', record->data);
	uint32_t child = k->n_args == 2 ? (uint32_t)value_of(k->fields[1], 'u', record->data) : 0;

	if (!strcmp(k->kind->event, "sched_process_fork")) {
		if (recall(r, child) == NOBODY)
			learn(r, child, whose_is(r, first));
	} else if (!strcmp(k->kind->event, "sched_process_exec")) {
		learn(r, child, FOREIGN); /* a tool that the case calls: mkfs, fsck */
		r->last = NOBODY;
	} else {
		take_name(r, first, event, record);
	}
}

static void take_event(struct reading *r, uint16_t decl, const struct tep_record *record, int cpu)
{
	const struct pp_tracer_kind *k = &r->t->kinds[decl];
	struct pp_trace_event e = { .decl = decl, .cpu = (uint16_t)cpu };

	e.time_ns = record->ts - r->start_ns;
	e.pid = (uint32_t)tep_data_pid(r->t->events, (struct tep_record *)record);
	if (e.pid && whose_is(r, e.pid) == FOREIGN) {
		r->out->foreign++;
		return;
	}
	if (r->out->n_events == PP_TRACER_EVENTS) {
		r->out->lost++;
		return;
	}
	for (size_t i = 0; i < k->n_args; i++)
		e.args[i] = value_of(k->fields[i], k->types[i], record->data);
	if (pp_trace_add(r->out, &e))
		r->failed = -ENOMEM;
}

/* One record of the ring buffer; nonzero stops the library's loop. */
static int take(struct tep_event *event, struct tep_record *record, int cpu, void *context)
{
	struct reading *r = context;
	uint16_t decl = event->id >= 0 ? r->t->decl_of[(uint16_t)event->id] : 0;

	if (!decl-- || record->ts < r->start_ns)
		return 0;
	if (r->t->kinds[decl].kind->lane == PP_LANE_TASKS)
		take_task(r, &r->t->kinds[decl], event, record);
	else
		take_event(r, decl, record, cpu);
	return r->failed;
}

/* Threads that were born meanwhile have said their names, or they still live. */
static void name_threads(struct reading *r)
{
	const struct pp_trace *t = r->out;

	for (size_t i = 0; i < t->n_events && !r->failed; i++)
		if (t->events[i].pid && !pp_trace_thread_find(t, t->events[i].pid) &&
		    recall(r, t->events[i].pid) == KERNEL)
			look_up(r, t->events[i].pid);
}

static int read_all(struct pp_tracer *t, pid_t child, const char *name, uint64_t start_ns,
		    struct pp_trace *out, struct pp_err *err)
{
	struct reading r = { .t = t, .out = out, .start_ns = start_ns, .child = (uint32_t)child };
	int rc;

	learn(&r, r.child, CASE);
	if (!r.failed)
		r.failed = pp_trace_thread(out, r.child, false, name);
	errno = 0;
	rc = r.failed ? 0 : tracefs_iterate_raw_events(t->events, t->instance, NULL, 0, take, &r);
	if (rc >= 0)
		name_threads(&r);
	free(r.known);
	if (r.failed)
		return pp_err_set(err, r.failed, "records of the trace");
	return rc < 0 ? pp_err_set(err, errno ? -errno : -EIO, "records of the trace") : 0;
}

int pp_tracer_end(struct pp_tracer *t, pid_t child, const char *name, uint64_t start_ns,
		  struct pp_trace *out, struct pp_err *err)
{
	const char *absent;
	uint64_t lost;
	int rc;

	memset(out, 0, sizeof(*out));
	tracefs_trace_off(t->instance);
	rc = pp_trace_declare(out);
	if (rc)
		return pp_err_set(err, rc, "trace");
	out->start_ns = start_ns;
	rc = read_all(t, child, name, start_ns, out, err);
	if (!rc && (rc = pp_trace_sort(out)))
		pp_err_set(err, rc, "order of the trace");
	if (rc) {
		pp_trace_free(out);
		return rc;
	}
	lost = lost_until_now(t);
	out->lost += lost - t->lost;
	t->lost = lost;
	absent = pp_tracer_absent(t);
	out->absent = absent[0] ? strdup(absent) : NULL;
	return 0;
}
