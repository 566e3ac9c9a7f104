/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a case: its operations, the kernel's trace, pins, findings and the kernel log on
 * one axis, as the JSON that Perfetto and Chrome's viewer load ("Trace Event Format").
 */
#ifndef PP_CORE_TIMELINE_H
#define PP_CORE_TIMELINE_H

#include <stdio.h>

#include "core/history.h"
#include "core/plan.h"
#include "core/result.h"
#include "core/trace.h"

struct pp_timeline {
	const char *case_name;
	const struct pp_plan *plan;
	const struct pp_history *history;
	const struct pp_trace *trace;   /* NULL: none was recorded */
	const struct pp_result *result; /* NULL: not judged */
	const char *log;                /* kernel log of the case, NULL: lost */
	size_t log_len;
	uint64_t mark_ns; /* when the log's mark "begin" was written, since the start of the
			     history */
};

/* What a timeline shows that no other file says. */
struct pp_timeline_facts {
	size_t operations, kernel_events;
	int64_t pins_left; /* pages that the trace saw pinned and not unpinned at its end */
};

/**
 * pp_timeline_write - the whole file
 *
 * Times are microseconds since the start of the history. What never ended, ends with the last thing
 * that is known. @facts may be NULL. Returns 0 or -ENOMEM; errors of @out are the caller's to ask
 * for. Pure but for @out.
 */
int pp_timeline_write(const struct pp_timeline *in, FILE *out, struct pp_timeline_facts *facts);

#endif
