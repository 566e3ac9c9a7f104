/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder: where workers put their events, in memory that they share with
 * the supervisor, so that nothing recorded is lost when a worker dies or hangs.
 * One buffer an actor: no locks.
 */
#ifndef PP_RUN_RECORDER_H
#define PP_RUN_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/history.h"

/* Of one actor, beside what a storm adds; memory is only touched as far as it is used. */
#define PP_RECORDER_EVENTS (1u << 18)
#define PP_RECORDER_CELLS  (1u << 12)
/* What a storm adds for all actors together: so many for each ms, but not more in all. */
#define PP_STORM_EVENTS_MS  20u
#define PP_STORM_EVENTS_MAX (1u << 22)
/* Raw cells of one actor: one for each ms of a storm, but not fewer nor more than these. */
#define PP_STORM_CELLS     (1u << 16)
#define PP_STORM_CELLS_MAX (1u << 19)

struct pp_track; /* one actor's shared buffer */

struct pp_recorder {
	struct pp_track **tracks;
	size_t n_tracks;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_realtime_ns;
	uint64_t run;
};

/** pp_recorder_open - before fork(): shared buffers for the actors of @plan, with room for its
 * storm. */
int pp_recorder_open(struct pp_recorder *r, const struct pp_plan *plan, uint64_t run,
		     struct pp_err *err);
void pp_recorder_close(struct pp_recorder *r);

/** pp_record_begin - publish an event as begun (open); NULL if the buffer is full, which
 *  pp_recorder_history() reports as -ENOSPC. One thread an actor. */
struct pp_event *pp_record_begin(struct pp_recorder *r, size_t actor, const struct pp_event *e);
/** pp_record_cell - keep the raw bytes of a cell; its index for pp_event.gen, or PP_NO_CELL if
 * full. Of what was kept not long ago the index of then. */
uint32_t pp_record_cell(struct pp_recorder *r, size_t actor, const void *cell);
/** pp_record_end - fill in the end and the result of an open event. */
void pp_record_end(struct pp_event *e, uint64_t end_ns, int result);

/** pp_recorder_storm_events - how many events each actor of @plan may record in its storm. */
uint32_t pp_recorder_storm_events(const struct pp_plan *plan);
/** pp_record_count - events of @actor so far. */
uint32_t pp_record_count(const struct pp_recorder *r, size_t actor);
/** pp_record_drawn - the actor is about to carry out its next draw, or, @closing, the next of those
 *  that close the storm's open pairs. */
void pp_record_drawn(struct pp_recorder *r, size_t actor, bool closing);
/** pp_recorder_drawn - how many of each; also of a child that died. */
void pp_recorder_drawn(const struct pp_recorder *r, size_t actor, uint32_t *drawn,
		       uint32_t *closed);

/** pp_recorder_history - the merged history of all actors, also of a child that died. */
int pp_recorder_history(const struct pp_recorder *r, uint32_t plan_crc, struct pp_history *out,
			struct pp_err *err);

/** pp_recorder_open_event - the event of @actor that has not ended; false if there is none. */
bool pp_recorder_open_event(const struct pp_recorder *r, size_t actor, struct pp_event *out);

/** pp_recorder_running - newest open event (where a hung child is), false if none is open. */
int pp_recorder_running(const struct pp_recorder *r, struct pp_event *out);

#endif
