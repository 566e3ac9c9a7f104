/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event buffers shared between the workers and the supervisor; see recorder.h. */
#include "run/recorder.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "sys/clock.h"

#define RECENT 1024u /* cells that are looked for before one is kept again */

struct pp_track {
	_Atomic uint32_t n_events; /* published: the event before it is complete but for its end */
	_Atomic uint32_t n_cells;
	_Atomic uint32_t overflow;
	_Atomic uint32_t drawn, closed;
	uint32_t most_events, most_cells;
	size_t bytes;                    /* of the mapping */
	uint8_t (*cells)[PP_CELL_BYTES]; /* behind the events */
	uint32_t recent[RECENT];         /* by what they hold: 1 + number of a cell, 0: none */
	struct pp_event events[];
};

uint32_t pp_recorder_storm_events(const struct pp_plan *plan)
{
	uint64_t all = (uint64_t)plan->storm_ms * PP_STORM_EVENTS_MS;

	if (!pp_plan_has_storm(plan))
		return 0;
	if (!all || all > PP_STORM_EVENTS_MAX)
		all = PP_STORM_EVENTS_MAX;
	return (uint32_t)(all / plan->n_actors) + 1;
}

/* How many raw cells there is room for. */
static uint32_t most_cells(const struct pp_plan *plan)
{
	uint32_t most = plan->storm_ms > PP_STORM_CELLS ? plan->storm_ms : PP_STORM_CELLS;

	if (!pp_plan_has_storm(plan))
		return PP_RECORDER_CELLS;
	return most < PP_STORM_CELLS_MAX ? most : PP_STORM_CELLS_MAX;
}

static struct pp_track *track_open(const struct pp_plan *plan)
{
	uint32_t storm = pp_recorder_storm_events(plan);
	uint32_t events = PP_RECORDER_EVENTS + storm;
	uint32_t cells = most_cells(plan);
	size_t at = sizeof(struct pp_track) + (size_t)events * sizeof(struct pp_event);
	size_t bytes = at + (size_t)cells * PP_CELL_BYTES;
	struct pp_track *t = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (t == MAP_FAILED)
		return NULL;
	t->most_events = events;
	t->most_cells = cells;
	t->bytes = bytes;
	t->cells = (void *)((uint8_t *)t + at);
	return t;
}

int pp_recorder_open(struct pp_recorder *r, const struct pp_plan *plan, uint64_t run,
		     struct pp_err *err)
{
	struct timespec ts;

	memset(r, 0, sizeof(*r));
	r->tracks = calloc(plan->n_actors + 1, sizeof(*r->tracks));
	if (!r->tracks)
		return pp_err_set(err, -ENOMEM, "recorder");
	for (size_t i = 0; i < plan->n_actors; i++) {
		r->tracks[i] = track_open(plan);
		if (!r->tracks[i]) {
			int code = -errno;

			pp_recorder_close(r);
			return pp_err_set(err, code, "recorder buffer");
		}
		r->n_tracks++;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	r->start_realtime_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	r->start_ns = pp_now_ns();
	r->run = run;
	return 0;
}

void pp_recorder_close(struct pp_recorder *r)
{
	for (size_t i = 0; i < r->n_tracks; i++)
		munmap(r->tracks[i], r->tracks[i]->bytes);
	free(r->tracks);
	memset(r, 0, sizeof(*r));
}

struct pp_event *pp_record_begin(struct pp_recorder *r, size_t actor, const struct pp_event *e)
{
	struct pp_track *t = r->tracks[actor];
	uint32_t n = atomic_load_explicit(&t->n_events, memory_order_relaxed);

	if (n >= t->most_events) {
		atomic_store(&t->overflow, 1);
		return NULL;
	}
	t->events[n] = *e;
	t->events[n].end_ns = UINT64_MAX;
	t->events[n].flags |= PP_EVENT_OPEN;
	atomic_store_explicit(&t->n_events, n + 1, memory_order_release);
	return &t->events[n];
}

/* Where a cell that holds this is looked for among the recent ones. */
static uint32_t *recent_of(struct pp_track *t, const void *cell)
{
	uint64_t word, sum = 0;

	for (size_t i = 0; i < PP_CELL_BYTES; i += sizeof(word)) {
		memcpy(&word, (const uint8_t *)cell + i, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	}
	return &t->recent[sum >> 32 & (RECENT - 1)];
}

uint32_t pp_record_cell(struct pp_recorder *r, size_t actor, const void *cell)
{
	struct pp_track *t = r->tracks[actor];
	uint32_t n = atomic_load_explicit(&t->n_cells, memory_order_relaxed);
	uint32_t *recent = recent_of(t, cell);

	/* Whoever looks again and again finds the same until somebody writes. */
	if (*recent && !memcmp(t->cells[*recent - 1], cell, PP_CELL_BYTES))
		return *recent - 1;
	if (n >= t->most_cells)
		return PP_NO_CELL;
	memcpy(t->cells[n], cell, PP_CELL_BYTES);
	*recent = n + 1;
	atomic_store_explicit(&t->n_cells, n + 1, memory_order_release);
	return n;
}

void pp_record_end(struct pp_event *e, uint64_t end_ns, int result)
{
	e->end_ns = end_ns;
	e->result = result;
	e->flags &= (uint8_t)~PP_EVENT_OPEN;
}

uint32_t pp_record_count(const struct pp_recorder *r, size_t actor)
{
	return atomic_load_explicit(&r->tracks[actor]->n_events, memory_order_relaxed);
}

void pp_record_drawn(struct pp_recorder *r, size_t actor, bool closing)
{
	struct pp_track *t = r->tracks[actor];

	atomic_fetch_add(closing ? &t->closed : &t->drawn, 1);
}

void pp_recorder_drawn(const struct pp_recorder *r, size_t actor, uint32_t *drawn, uint32_t *closed)
{
	*drawn = atomic_load(&r->tracks[actor]->drawn);
	*closed = atomic_load(&r->tracks[actor]->closed);
}

int pp_recorder_history(const struct pp_recorder *r, uint32_t plan_crc, struct pp_history *out,
			struct pp_err *err)
{
	struct pp_history *parts = calloc(r->n_tracks ? r->n_tracks : 1, sizeof(*parts));
	int rc = 0;

	if (!parts)
		return pp_err_set(err, -ENOMEM, "history");
	for (size_t i = 0; i < r->n_tracks; i++) {
		struct pp_track *t = r->tracks[i];

		if (atomic_load(&t->overflow))
			rc = pp_err_set(err, -ENOSPC, "actor %zu recorded more than %u events", i,
					t->most_events);
		parts[i].events = t->events;
		parts[i].n_events = atomic_load_explicit(&t->n_events, memory_order_acquire);
		parts[i].cells = t->cells;
		parts[i].n_cells = atomic_load_explicit(&t->n_cells, memory_order_acquire);
	}
	if (!rc)
		rc = pp_history_merge(parts, r->n_tracks, out, err);
	if (!rc) {
		out->run = r->run;
		out->plan_crc = plan_crc;
		out->start_realtime_ns = r->start_realtime_ns;
	}
	free(parts);
	return rc;
}

bool pp_recorder_open_event(const struct pp_recorder *r, size_t actor, struct pp_event *out)
{
	struct pp_track *t = r->tracks[actor];
	uint32_t n = atomic_load_explicit(&t->n_events, memory_order_acquire);

	if (!n || !(t->events[n - 1].flags & PP_EVENT_OPEN))
		return false;
	*out = t->events[n - 1];
	return true;
}

int pp_recorder_running(const struct pp_recorder *r, struct pp_event *out)
{
	int found = 0;

	for (size_t i = 0; i < r->n_tracks; i++) {
		struct pp_event e;

		if (!pp_recorder_open_event(r, i, &e))
			continue;
		if (!found || e.begin_ns > out->begin_ns)
			*out = e;
		found = 1;
	}
	return found;
}
