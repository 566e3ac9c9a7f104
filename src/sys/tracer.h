/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace witness: events of the kernel while a case runs, by libtracefs, in a trace instance of
 * its own and with probes of its own, so that nobody else's tracing is disturbed. Its clock is that
 * of the history, CLOCK_MONOTONIC.
 */
#ifndef PP_SYS_TRACER_H
#define PP_SYS_TRACER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/trace.h"

struct pp_tracer; /* not thread-safe */

/**
 * pp_tracer_open - make the instance and the probes, and enable what core/trace_table.c lists
 *
 * Once a run: enabling patches the kernel's text, which takes milliseconds for each kind. Removes
 * what a tracer left behind whose process is dead. Kinds that this kernel does not have are no
 * error: see pp_tracer_absent(). Nothing is recorded before pp_tracer_begin().
 *
 * Returns 0; -ENOENT: no tracefs; -EACCES, -EPERM: not ours to use; -ENODEV: not one kind could be
 * had; all with a sentence. Source: Documentation/trace/ftrace.rst, events.rst, kprobetrace.rst.
 */
int pp_tracer_open(struct pp_tracer **out, struct pp_err *err);
/** pp_tracer_close - take instance and probes away. NULL is fine. */
void pp_tracer_close(struct pp_tracer *t);

/** pp_tracer_sweep - remove instances and probes of tracers whose process is dead, and those of
 * process @also (0: of none). Mounts nothing. */
void pp_tracer_sweep(pid_t also);

/** pp_tracer_absent - kinds that could not be had until now, lines "SYSTEM:EVENT: why" (borrowed,
 * valid until the next call with @t); "" for none. */
const char *pp_tracer_absent(struct pp_tracer *t);
/** pp_tracer_armed - how many kinds are recorded. */
size_t pp_tracer_armed(const struct pp_tracer *t);

/** pp_tracer_begin - record from now on. Tries those kinds again whose modules came since. 0 or
 * -errno. */
int pp_tracer_begin(struct pp_tracer *t, struct pp_err *err);

/**
 * pp_tracer_end - stop recording and take what was recorded
 * @child: the process of the case. Its threads and descendants are the case's; events of threads of
 * the kernel and of idle processors are kept too; those of processes that were there before and of
 * their descendants are left out and counted, and so are those of programs that the case calls.
 * @name: what the child's first thread is called in the trace
 * @start_ns: CLOCK_MONOTONIC of the start of the history
 * @out: to be freed with pp_trace_free() if 0 is returned
 *
 * Bounded by the ring buffer (the newest events stay) and by PP_TRACER_EVENTS; what did not fit is
 * counted in @out->lost. 0 or -errno.
 */
int pp_tracer_end(struct pp_tracer *t, pid_t child, const char *name, uint64_t start_ns,
		  struct pp_trace *out, struct pp_err *err);
#define PP_TRACER_EVENTS (1u << 17)

#endif
