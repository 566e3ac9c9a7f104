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

#define PP_RECORDER_EVENTS (1u << 18) /* an actor; memory is only touched as far as it is used */
#define PP_RECORDER_CELLS  (1u << 12)

struct pp_track; /* one actor's shared buffer */

struct pp_recorder {
	struct pp_track **tracks;
	size_t n_tracks;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_realtime_ns;
	uint64_t run;
};

/** pp_recorder_open - before fork(): shared buffers for @n_actors actors. */
int pp_recorder_open(struct pp_recorder *r, size_t n_actors, uint64_t run, struct pp_err *err);
void pp_recorder_close(struct pp_recorder *r);

/** pp_record_begin - publish an event as begun (open); NULL if the buffer is full, which
 *  pp_recorder_history() reports as -ENOSPC. One thread an actor. */
struct pp_event *pp_record_begin(struct pp_recorder *r, size_t actor, const struct pp_event *e);
/** pp_record_cell - keep the raw bytes of a cell; its index for pp_event.gen, or PP_NO_CELL if
 * full. */
uint32_t pp_record_cell(struct pp_recorder *r, size_t actor, const void *cell);
/** pp_record_end - fill in the end and the result of an open event. */
void pp_record_end(struct pp_event *e, uint64_t end_ns, int result);

/** pp_recorder_history - the merged history of all actors, also of a child that died. */
int pp_recorder_history(const struct pp_recorder *r, uint32_t plan_crc, struct pp_history *out,
			struct pp_err *err);

/** pp_recorder_running - newest open event (where a hung child is), false if none is open. */
int pp_recorder_running(const struct pp_recorder *r, struct pp_event *out);

#endif
