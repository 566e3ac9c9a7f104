/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring buffers of a trace instance, read as the kernel keeps them: page by page. */
#ifndef PP_SYS_TRACER_RING_H
#define PP_SYS_TRACER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A record: its bytes as the event's format describes them, and when it was written, by the
 * instance's clock. Nonzero ends the reading, and is returned. */
typedef int (*pp_tracer_ring_take)(const void *record, size_t size_bytes, uint64_t time, int cpu,
				   void *context);

struct pp_tracer_ring; /* not thread-safe */

/** pp_tracer_ring_open - the buffers of the instance whose directory is @dir. Their files stay
 * open: the instance can only be removed behind pp_tracer_ring_close(). 0 or -errno with a
 * sentence. */
int pp_tracer_ring_open(const char *dir, struct pp_tracer_ring **out, struct pp_err *err);
void pp_tracer_ring_close(struct pp_tracer_ring *r); /* NULL is fine */

/**
 * pp_tracer_ring_read - take out what the buffers hold, in order of time
 * @overrun: set to whether records were overwritten since the reading before; pp_tracer_ring_lost()
 * knows how many
 *
 * The library's tracefs_iterate_raw_events() opens all files each time and looks up the format of
 * each record, which takes longer than all that a case does with them.
 *
 * Returns 0, what @take returned, or -errno with a sentence.
 * Source: Documentation/trace/ftrace.rst (trace_pipe_raw), kernel/trace/trace.c,
 * tracing_buffers_read(); the pages by libtraceevent's kbuffer.
 */
int pp_tracer_ring_read(struct pp_tracer_ring *r, pp_tracer_ring_take take, void *context,
			bool *overrun, struct pp_err *err);

/** pp_tracer_ring_lost - how many records were dropped or overwritten since the instance was made.
 * 0 or -errno with a sentence. */
int pp_tracer_ring_lost(const struct pp_tracer_ring *r, uint64_t *lost, struct pp_err *err);

#endif
