/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a case, and whose they are; see tracer.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/tracer_private.h"
#include "sys/tracer_ring.h"

#define FLAG_KERNEL_THREAD 0x00200000u /* PF_KTHREAD of include/linux/sched.h */
#define SEEN_MAX           1024        /* the kernel's workers come and go in a long run */

/* Whose a thread is. */
enum whose { NOBODY, CASE, KERNEL, FOREIGN };

struct reading {
	struct pp_tracer *t;
	struct pp_trace *out;
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

/* What /proc says of a thread. One that is gone was a short-lived thread of the kernel. */
static void ask_proc(uint32_t pid, struct pp_tracer_thread *out)
{
	char path[64], line[512], *behind;
	const char *name;
	unsigned flags = FLAG_KERNEL_THREAD;
	FILE *f;

	*out = (struct pp_tracer_thread){ .pid = pid, .name = "gone" };
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && (behind = strrchr(line, ')'))) {
		sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
		*behind = '\0';
		name = strchr(line, '(');
		snprintf(out->name, sizeof(out->name), "%s", name ? name + 1 : "?");
	}
	if (f)
		fclose(f);
	out->kernel = flags & FLAG_KERNEL_THREAD;
}

/* As ask_proc(), but once for all cases. Numbers are only given again after they have gone round.
 */
static int ask(struct pp_tracer *t, uint32_t pid, struct pp_tracer_thread *out)
{
	struct pp_tracer_thread *more;

	for (size_t i = 0; i < t->n_seen; i++)
		if (t->seen[i].pid == pid) {
			*out = t->seen[i];
			return 0;
		}
	ask_proc(pid, out);
	if (t->n_seen == SEEN_MAX)
		t->n_seen = 0;
	if (t->n_seen == t->cap_seen) {
		more = realloc(t->seen, (t->cap_seen + 64) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->seen = more;
		t->cap_seen += 64;
	}
	t->seen[t->n_seen++] = *out;
	return 0;
}

static enum whose look_up(struct reading *r, uint32_t pid)
{
	struct pp_tracer_thread thread;

	if (ask(r->t, pid, &thread))
		r->failed = -ENOMEM;
	if (!thread.kernel)
		return FOREIGN;
	/* without a name it would be looked up again and again */
	if (pp_trace_thread(r->out, pid, true, thread.name))
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

/* One record of a buffer. */
struct record {
	const char *data;
	size_t size;
	uint64_t time;
	int cpu;
};

static uint64_t value_of(const struct tep_format_field *f, char type, const struct record *record)
{
	uint64_t value = 0;
	size_t size =
		f->size > 0 && (size_t)f->size < sizeof(value) ? (size_t)f->size : sizeof(value);

	if ((size_t)f->offset + size > record->size)
		return 0;
	memcpy(&value, record->data + f->offset, size);
	if (type == 'd' && size < sizeof(value) && value >> (8 * size - 1))
		value |= ~(uint64_t)0 << (8 * size);
	return value;
}

static void take_name(struct reading *r, uint32_t pid, const struct tep_format_field *comm,
		      const struct record *record)
{
	char name[PP_TRACE_COMM + 1] = "";
	enum whose w = whose_is(r, pid);

	if (!comm || w == FOREIGN || (size_t)comm->offset + PP_TRACE_COMM > record->size)
		return;
	memcpy(name, record->data + comm->offset, PP_TRACE_COMM);
	if (pp_trace_thread(r->out, pid, w == KERNEL, name))
		r->failed = -ENOMEM;
}

/* Births, names and programs of threads are not kept as events: they say whose the others are. */
static void take_task(struct reading *r, const struct pp_tracer_kind *k,
		      const struct record *record)
{
	uint32_t first = (uint32_t)value_of(k->fields[0], 'u', record);
	uint32_t child = k->n_args == 2 ? (uint32_t)value_of(k->fields[1], 'u', record) : 0;

	if (!strcmp(k->kind->event, "sched_process_fork")) {
		if (recall(r, child) == NOBODY)
			learn(r, child, whose_is(r, first));
	} else if (!strcmp(k->kind->event, "sched_process_exec")) {
		learn(r, child, FOREIGN); /* a tool that the case calls: mkfs, fsck */
		r->last = NOBODY;
	} else {
		take_name(r, first, k->comm, record);
	}
}

static void take_event(struct reading *r, uint16_t decl, const struct record *record)
{
	const struct pp_tracer_kind *k = &r->t->kinds[decl];
	struct pp_trace_event e = { .decl = decl, .cpu = (uint16_t)record->cpu };

	e.time_ns = record->time - r->out->start_ns;
	e.pid = (uint32_t)value_of(r->t->pid, 'u', record);
	if (e.pid && whose_is(r, e.pid) == FOREIGN) {
		r->out->foreign++;
		return;
	}
	if (r->out->n_events == PP_TRACER_EVENTS) {
		r->out->lost++;
		return;
	}
	for (size_t i = 0; i < k->n_args; i++)
		e.args[i] = value_of(k->fields[i], k->types[i], record);
	if (pp_trace_add(r->out, &e))
		r->failed = -ENOMEM;
}

/* Each record begins with the number of its event: include/linux/trace_events.h, trace_entry. */
static int take(const void *data, size_t size, uint64_t time, int cpu, void *context)
{
	struct reading *r = context;
	struct record record = { .data = data, .size = size, .time = time, .cpu = cpu };
	uint16_t id = 0, decl;

	if (size >= sizeof(id))
		memcpy(&id, data, sizeof(id));
	decl = r->t->decl_of[id];
	if (!decl-- || time < r->out->start_ns)
		return 0;
	if (r->t->kinds[decl].kind->lane == PP_LANE_TASKS)
		take_task(r, &r->t->kinds[decl], &record);
	else
		take_event(r, decl, &record);
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

int pp_tracer_read(struct pp_tracer *t, pid_t child, const char *name, struct pp_trace *out,
		   bool *overrun, struct pp_err *err)
{
	struct reading r = { .t = t, .out = out, .child = (uint32_t)child };
	int rc;

	*overrun = false;
	if (r.child < t->last_child)
		t->n_seen = 0;
	t->last_child = r.child;
	learn(&r, r.child, CASE);
	if (!r.failed)
		r.failed = pp_trace_thread(out, r.child, false, name);
	rc = r.failed ? pp_err_set(err, r.failed, "records of the trace")
		      : pp_tracer_ring_read(t->ring, take, &r, overrun, err);
	if (!rc) {
		name_threads(&r);
		rc = r.failed ? pp_err_set(err, r.failed, "records of the trace") : 0;
	}
	free(r.known);
	return rc;
}
