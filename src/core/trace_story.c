/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did near a finding: the few events of a trace that its story must name; see
 * trace.h. */
#include <stdio.h>
#include <string.h>

#include "core/trace.h"

#define PAGE_BYTES 4096u

/* When and where the finding is: its story's time, its pages. */
struct near {
	uint64_t from_ns, to_ns;
	uint64_t first_page, last_page;
	bool pages; /* they are of a region */
};

static struct near near_of(const struct pp_finding *f)
{
	struct near n = { .from_ns = UINT64_MAX, .pages = f->region != PP_NO_INDEX };

	for (size_t i = 0; i < f->n_lines; i++) {
		const struct pp_finding_line *line = &f->lines[i];
		uint64_t end = line->end_ns == UINT64_MAX ? line->begin_ns : line->end_ns;

		n.from_ns = line->begin_ns < n.from_ns ? line->begin_ns : n.from_ns;
		n.to_ns = end > n.to_ns ? end : n.to_ns;
	}
	n.first_page = f->offset_bytes / PAGE_BYTES;
	n.last_page = (f->offset_bytes + (f->length_bytes ? f->length_bytes - 1 : 0)) / PAGE_BYTES;
	return n;
}

/* Does the event speak of one of the pages? */
static bool of_pages(const struct pp_trace_decl *d, const struct pp_trace_event *e,
		     const struct near *n)
{
	for (size_t i = 0; n->pages && i < d->n_args; i++)
		if (!strcmp(d->args[i].name, "index") || !strcmp(d->args[i].name, "pgoff"))
			return e->args[i] >= n->first_page && e->args[i] <= n->last_page;
	return false;
}

static bool speaks_of_a_page(const struct pp_trace_decl *d)
{
	for (size_t i = 0; i < d->n_args; i++)
		if (!strcmp(d->args[i].name, "index") || !strcmp(d->args[i].name, "pgoff"))
			return true;
	return false;
}

/* What becomes of files and pins as a whole; requests and copies are too many to name a few. */
static bool of_files(const struct pp_trace_decl *d)
{
	if (!d->kind || speaks_of_a_page(d))
		return false;
	switch (d->kind->lane) {
	case PP_LANE_CACHE:
	case PP_LANE_WRITEBACK:
	case PP_LANE_SYNC:
	case PP_LANE_TRUNCATE:
	case PP_LANE_DAX:
	case PP_LANE_PINS:
		return true;
	default:
		return false;
	}
}

static void say(const struct pp_trace *t, const struct pp_trace_event *e, struct pp_near_line *out)
{
	const struct pp_trace_decl *d = &t->decls[e->decl];
	const struct pp_trace_thread *who = pp_trace_thread_find(t, e->pid);
	size_t at, size = sizeof(out->what);
	char value[PP_TRACE_ARG_TEXT];

	out->time_ns = e->time_ns;
	at = (size_t)snprintf(out->what, size, "%s", d->name);
	for (size_t i = 0; i < d->n_args && at < size; i++) {
		pp_trace_arg_text(t, e, i, value);
		at += (size_t)snprintf(out->what + at, size - at, " %s=%s", d->args[i].name, value);
	}
	if (who && at < size)
		snprintf(out->what + at, size - at, " by %.*s", PP_TRACE_COMM, who->name);
}

/* The latest first, until there is no room. */
static void choose(const struct pp_trace *t, const struct near *n, bool pages, const size_t most,
		   size_t *chosen, size_t *count)
{
	for (size_t i = t->n_events; i-- > 0 && *count < most;) {
		const struct pp_trace_event *e = &t->events[i];
		const struct pp_trace_decl *d = &t->decls[e->decl];

		if (e->time_ns > n->to_ns)
			continue;
		if (e->time_ns < n->from_ns)
			break;
		if (pages ? of_pages(d, e, n) : of_files(d))
			chosen[(*count)++] = i;
	}
}

void pp_trace_tell(const struct pp_trace *t, struct pp_finding *f)
{
	const struct near n = near_of(f);
	size_t chosen[PP_FINDING_NEAR], count = 0;

	f->n_near = 0;
	if (!f->n_lines)
		return;
	choose(t, &n, true, PP_FINDING_NEAR, chosen, &count);
	choose(t, &n, false, PP_FINDING_NEAR, chosen, &count);
	/* They are told in order of time. */
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k && chosen[k] < chosen[k - 1]; k--) {
			size_t swap = chosen[k];

			chosen[k] = chosen[k - 1];
			chosen[k - 1] = swap;
		}
	for (size_t i = 0; i < count; i++)
		say(t, &t->events[chosen[i]], &f->near[f->n_near++]);
}
