/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which I/O waits at a gate: the kernel's tracepoint block:block_bio_queue, taken in
 * a trace instance of its own, so that nobody else's tracing is disturbed.
 */
#ifndef PP_SYS_GATE_TRACE_H
#define PP_SYS_GATE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

struct pp_gate_trace; /* not thread-safe */

/**
 * pp_gate_trace_possible - 0 if tracefs is mounted and ours to use, else -errno and why
 *
 * Mounts nothing: a trace instance outlives a mount namespace, so the clean-up behind a dead
 * process has to see the same tracefs.
 */
int pp_gate_trace_possible(struct pp_err *err);

/** pp_gate_trace_start - record every bio that is queued at the block device @devt from now on.
 * @name: of the instance, unique. Source: Documentation/trace/events.rst, include/trace/events/
 * block.h. */
int pp_gate_trace_start(struct pp_gate_trace **out, const char *name, dev_t devt,
			struct pp_err *err);
void pp_gate_trace_stop(struct pp_gate_trace *t);

/** pp_gate_trace_forget - what was queued until now does not count any more. */
int pp_gate_trace_forget(struct pp_gate_trace *t, struct pp_err *err);

/* Which bios are meant. */
struct pp_gate_bios {
	uint64_t from_bytes, to_bytes; /* on the device */
	bool reads, writes;
};

/** pp_gate_trace_bytes - bytes of such bios since pp_gate_trace_forget(). */
int pp_gate_trace_bytes(struct pp_gate_trace *t, const struct pp_gate_bios *which, uint64_t *bytes,
			struct pp_err *err);

/** pp_gate_traces_sweep - remove instances that dead processes left; names begin with @prefix. */
void pp_gate_traces_sweep(const char *prefix);

#endif
