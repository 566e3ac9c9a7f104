/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's events on the timeline: what begins and ends becomes a slice on a track of its
 * thread, the rest a moment, and pins a counter. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/timeline_private.h"
#include "core/words.h"

/* Where lanes are shown. */
static const enum pp_track_group groups[PP_LANE_COUNT] = {
	[PP_LANE_TASKS] = PP_GROUP_LOG,       [PP_LANE_CACHE] = PP_GROUP_CACHE,
	[PP_LANE_WRITEBACK] = PP_GROUP_CACHE, [PP_LANE_SYNC] = PP_GROUP_CACHE,
	[PP_LANE_TRUNCATE] = PP_GROUP_CACHE,  [PP_LANE_DAX] = PP_GROUP_CACHE,
	[PP_LANE_PINS] = PP_GROUP_PINS,       [PP_LANE_COPIES] = PP_GROUP_DEVICE,
	[PP_LANE_RING] = PP_GROUP_DEVICE,     [PP_LANE_DISK] = PP_GROUP_DEVICE,
};

#define DEPTH 16 /* slices open at once in one track: the kernel's functions nest less deeply */

/* The track of one lane and thread, with what has begun there and not ended. */
struct track {
	enum pp_trace_lane lane;
	uint32_t pid;
	struct pp_track_place at;
	size_t open[DEPTH]; /* indices of events */
	size_t n_open;
};

struct tracks {
	struct track *items;
	size_t count, cap;
	unsigned next[PP_GROUP_END]; /* number of tracks in each group */
};

static enum pp_trace_lane lane_of(const struct pp_trace *t, const struct pp_trace_event *e)
{
	const struct pp_trace_kind *kind = t->decls[e->decl].kind;

	return kind ? kind->lane : PP_LANE_TASKS;
}

static void name_track(struct pp_timeline_writer *w, const struct track *k)
{
	const struct pp_trace_thread *thread = pp_trace_thread_find(w->in->trace, k->pid);
	const char *lane = k->lane == PP_LANE_TASKS ? "other" : pp_lane_names[k->lane];

	if (!k->pid)
		pp_tl_name(w, k->at, "%s: interrupts", lane);
	else if (thread)
		pp_tl_name(w, k->at, "%s: %s", lane, thread->name);
	else
		pp_tl_name(w, k->at, "%s: thread %u", lane, k->pid);
}

static struct track *track_of(struct pp_timeline_writer *w, struct tracks *all,
			      enum pp_trace_lane lane, uint32_t pid)
{
	struct track *k;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].lane == lane && all->items[i].pid == pid)
			return &all->items[i];
	if (all->count == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 32;
		struct track *more = realloc(all->items, cap * sizeof(*more));

		if (!more)
			return NULL;
		all->items = more;
		all->cap = cap;
	}
	k = &all->items[all->count++];
	memset(k, 0, sizeof(*k));
	k->lane = lane;
	k->pid = pid;
	k->at.group = groups[lane];
	/* Lanes in order, threads in the order in which they come. */
	k->at.track = 1000 + (unsigned)lane * 10000 + all->next[k->at.group]++;
	name_track(w, k);
	return k;
}

static void put_args(struct pp_timeline_writer *w, bool *first, const struct pp_trace_event *e)
{
	const struct pp_trace_decl *d = &w->in->trace->decls[e->decl];
	char value[PP_TRACE_ARG_TEXT];

	for (size_t i = 0; i < d->n_args; i++) {
		pp_trace_arg_text(w->in->trace, e, i, value);
		pp_tl_arg(w, first, d->args[i].name, "%s", value);
	}
}

/* "pin_user_pages_fast" of "enter:pin_user_pages_fast" */
static const char *short_name(const struct pp_trace_decl *d)
{
	const char *colon = strchr(d->name, ':');

	return colon ? colon + 1 : d->name;
}

static void put_slice(struct pp_timeline_writer *w, const struct track *k, size_t begin,
		      const struct pp_trace_event *end)
{
	const struct pp_trace *t = w->in->trace;
	const struct pp_trace_event *e = &t->events[begin];
	bool first = true;

	pp_tl_slice(w, short_name(&t->decls[e->decl]), k->at, e->time_ns,
		    end ? end->time_ns : w->last_ns);
	put_args(w, &first, e);
	if (end)
		put_args(w, &first, end);
	else
		pp_tl_arg(w, &first, "ended", "%s",
			  t->lost ? "not seen; events were lost" : "never");
	pp_tl_end(w, first);
}

static void put_moment(struct pp_timeline_writer *w, const struct track *k,
		       const struct pp_trace_event *e)
{
	bool first = true;

	pp_tl_begin(w, 'i', short_name(&w->in->trace->decls[e->decl]), k->at, e->time_ns,
		    ",\"s\":\"t\"");
	put_args(w, &first, e);
	pp_tl_end(w, first);
}

/* The end of a kind stands behind its begin in the table. */
static bool ends(const struct pp_trace *t, size_t begin, const struct pp_trace_event *end)
{
	return t->decls[t->events[begin].decl].kind + 1 == t->decls[end->decl].kind;
}

static void put_end(struct pp_timeline_writer *w, struct track *k, const struct pp_trace_event *e)
{
	size_t at = k->n_open;

	while (at && !ends(w->in->trace, k->open[at - 1], e))
		at--;
	if (!at) { /* its begin was lost, or was before the trace */
		put_moment(w, k, e);
		return;
	}
	/* What began later than this and has no end: it was lost. */
	while (k->n_open > at)
		put_slice(w, k, k->open[--k->n_open], e);
	put_slice(w, k, k->open[--k->n_open], e);
}

static int put_event(struct pp_timeline_writer *w, struct tracks *all, size_t i)
{
	const struct pp_trace *t = w->in->trace;
	const struct pp_trace_event *e = &t->events[i];
	const struct pp_trace_kind *kind = t->decls[e->decl].kind;
	struct track *k = track_of(w, all, lane_of(t, e), e->pid);

	if (!k)
		return -ENOMEM;
	if (kind && kind->phase == PP_PHASE_BEGIN && k->n_open < DEPTH)
		k->open[k->n_open++] = i;
	else if (kind && kind->phase == PP_PHASE_END)
		put_end(w, k, e);
	else
		put_moment(w, k, e);
	return 0;
}

static void put_pins(struct pp_timeline_writer *w, const struct pp_trace_event *e, int64_t *held)
{
	int64_t change = pp_trace_pins(w->in->trace, e);

	if (!change)
		return;
	*held += change;
	pp_tl_count(w, "pages pinned (trace)", PP_GROUP_PINS, e->time_ns, *held);
}

int pp_tl_trace(struct pp_timeline_writer *w)
{
	const struct pp_trace *t = w->in->trace;
	struct tracks all = { 0 };
	int64_t held = 0;
	int rc = 0;

	if (!t)
		return 0;
	pp_tl_count(w, "pages pinned (trace)", PP_GROUP_PINS, 0, 0);
	for (size_t i = 0; !rc && i < t->n_events; i++) {
		put_pins(w, &t->events[i], &held);
		rc = put_event(w, &all, i);
	}
	for (size_t i = 0; i < all.count; i++)
		while (all.items[i].n_open)
			put_slice(w, &all.items[i], all.items[i].open[--all.items[i].n_open], NULL);
	free(all.items);
	w->facts.kernel_events = t->n_events;
	w->facts.pins_left = held;
	return rc;
}
