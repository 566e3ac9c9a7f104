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

struct pp_track {
	_Atomic uint32_t n_events; /* published: the event before it is complete but for its end */
	_Atomic uint32_t n_cells;
	_Atomic uint32_t overflow;
	_Atomic uint32_t drawn, closed;
	uint32_t most_events, most_cells;
	size_t bytes;                    /* of the mapping */
	uint8_t (*cells)[PP_CELL_BYTES]; /* behind the events */
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

static struct pp_track *track_open(const struct pp_plan *plan)
{
	uint32_t storm = pp_recorder_storm_events(plan);
	uint32_t events = PP_RECORDER_EVENTS + storm;
	uint32_t cells = storm ? PP_STORM_CELLS : PP_RECORDER_CELLS;
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

uint32_t pp_record_cell(struct pp_recorder *r, size_t actor, const void *cell)
{
	struct pp_track *t = r->tracks[actor];
	uint32_t n = atomic_load_explicit(&t->n_cells, memory_order_relaxed);

	if (n >= t->most_cells)
		return PP_NO_CELL;
	memcpy(t->cells[n], cell, PP_CELL_BYTES);
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
