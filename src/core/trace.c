/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace in memory: kinds, events, threads, and what they say; see trace.h. */
#include "core/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pp_trace_kind_probe(const struct pp_trace_kind *kind)
{
	return !strcmp(kind->system, "enter") || !strcmp(kind->system, "return");
}

/* "x64" and "x" are hexadecimal, "s32" and "d" signed, "s" is text. */
static char type_of(const char *spec, size_t len)
{
	if (!len)
		return 'u';
	if (spec[0] == 's')
		return len > 1 ? 'd' : 's';
	return spec[0] == 'x' || spec[0] == 'd' ? spec[0] : 'u';
}

size_t pp_trace_kind_args(const struct pp_trace_kind *kind, struct pp_trace_arg *out)
{
	const char *at = kind->args;
	size_t n = 0;

	while (*at && n < PP_TRACE_ARGS) {
		size_t len = strcspn(at, " "), name = strcspn(at, "=: ");
		const char *colon = memchr(at, ':', len);

		snprintf(out[n].name, sizeof(out[n].name), "%.*s", (int)name, at);
		out[n++].type = colon ? type_of(colon + 1, (size_t)(at + len - colon - 1)) : 'u';
		at += len;
		at += *at == ' ';
	}
	return n;
}

int pp_trace_declare(struct pp_trace *t)
{
	t->decls = calloc(pp_n_trace_kinds, sizeof(*t->decls));
	if (!t->decls)
		return -ENOMEM;
	t->n_decls = pp_n_trace_kinds;
	for (size_t i = 0; i < t->n_decls; i++) {
		struct pp_trace_decl *d = &t->decls[i];

		d->kind = &pp_trace_kinds[i];
		snprintf(d->name, sizeof(d->name), "%s:%s", d->kind->system, d->kind->event);
		d->n_args = pp_trace_kind_args(d->kind, d->args);
	}
	return 0;
}

int pp_trace_declare_as(struct pp_trace *t, const struct pp_trace *from)
{
	t->decls = malloc(from->n_decls * sizeof(*t->decls));
	if (!t->decls)
		return -ENOMEM;
	memcpy(t->decls, from->decls, from->n_decls * sizeof(*t->decls));
	t->n_decls = from->n_decls;
	return 0;
}

/* Room for one more of @size bytes each behind *items. */
static int grow(void **items, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;
	void *bigger;

	if (count < *cap)
		return 0;
	bigger = realloc(*items, more * size);
	if (!bigger)
		return -ENOMEM;
	*items = bigger;
	*cap = more;
	return 0;
}

int pp_trace_add(struct pp_trace *t, const struct pp_trace_event *e)
{
	int rc = grow((void **)&t->events, t->n_events, &t->cap_events, sizeof(*t->events));

	if (!rc)
		t->events[t->n_events++] = *e;
	return rc;
}

/* Merge sort: records of one processor are in order, and those of the same time must stay so. */
static void sort(struct pp_trace_event *e, struct pp_trace_event *spare, size_t n)
{
	size_t half = n / 2, a = 0, b = half, k = 0;

	if (n < 2)
		return;
	sort(e, spare, half);
	sort(e + half, spare, n - half);
	if (e[half - 1].time_ns <= e[half].time_ns)
		return;
	while (a < half && b < n)
		spare[k++] = e[b].time_ns < e[a].time_ns ? e[b++] : e[a++];
	memcpy(spare + k, e + a, (half - a) * sizeof(*e));
	memcpy(spare + k + half - a, e + b, (n - b) * sizeof(*e));
	memcpy(e, spare, n * sizeof(*e));
}

static bool sorted(const struct pp_trace *t)
{
	for (size_t i = 1; i < t->n_events; i++)
		if (t->events[i].time_ns < t->events[i - 1].time_ns)
			return false;
	return true;
}

int pp_trace_sort(struct pp_trace *t)
{
	struct pp_trace_event *spare;

	if (sorted(t))
		return 0;
	spare = calloc(t->n_events + 1, sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	sort(t->events, spare, t->n_events);
	free(spare);
	return 0;
}

const struct pp_trace_thread *pp_trace_thread_find(const struct pp_trace *t, uint32_t pid)
{
	for (size_t i = 0; i < t->n_threads; i++)
		if (t->threads[i].pid == pid)
			return &t->threads[i];
	return NULL;
}

void pp_trace_clean(const char *name, char *out, size_t size)
{
	size_t i;

	for (i = 0; name[i] && i + 1 < size; i++)
		out[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
	out[i] = '\0';
}

int pp_trace_thread(struct pp_trace *t, uint32_t pid, bool kernel, const char *name)
{
	struct pp_trace_thread *known = (struct pp_trace_thread *)pp_trace_thread_find(t, pid);
	int rc;

	if (!known) {
		rc = grow((void **)&t->threads, t->n_threads, &t->cap_threads, sizeof(*known));
		if (rc)
			return rc;
		known = &t->threads[t->n_threads++];
	}
	known->pid = pid;
	known->kernel = kernel;
	pp_trace_clean(name, known->name, sizeof(known->name));
	return 0;
}

void pp_trace_free(struct pp_trace *t)
{
	free(t->decls);
	free(t->threads);
	free(t->events);
	free(t->absent);
	memset(t, 0, sizeof(*t));
}

int64_t pp_trace_pins(const struct pp_trace *t, const struct pp_trace_event *e)
{
	const struct pp_trace_kind *kind = t->decls[e->decl].kind;
	int64_t first = (int64_t)e->args[0];

	switch (kind ? kind->pins : PP_PINS_NONE) {
	case PP_PINS_TAKEN:
		return first > 0 ? first : 0;
	case PP_PINS_ONE_DROPPED:
		return -1;
	case PP_PINS_DROPPED:
		return -first;
	case PP_PINS_DROPPED_DIRTY:
		return e->args[1] ? -first : 0;
	case PP_PINS_NONE:
		break;
	}
	return 0;
}
