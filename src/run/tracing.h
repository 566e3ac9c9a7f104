/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run asks of the kernel's tracing: the trace witness of each case, and coverage. */
#ifndef PP_RUN_TRACING_H
#define PP_RUN_TRACING_H

#include <sys/types.h>

#include "core/facts.h"
#include "run/config.h"
#include "sys/cover.h"
#include "sys/tracer.h"

struct pp_tracing {
	struct pp_tracer *tracer;    /* NULL: none */
	struct pp_cover *cover;      /* NULL: none */
	struct pp_coverage coverage; /* which probes are armed */
};

/* What it leaves of one case; malloc'ed, NULL: nothing. */
struct pp_tracing_files {
	char *trace, *coverage;
	size_t trace_len;
};

/**
 * pp_tracing_open - as @c asks: the trace witness is on in a guest, elsewhere with --trace;
 * coverage is on with --coverage
 *
 * A trace that cannot be had is a fact ("trace", with the reason), no error. Coverage that was
 * asked for and cannot be had is one. Facts "trace" and "coverage" are set. 0 or -errno.
 */
int pp_tracing_open(struct pp_tracing *t, const struct pp_config *c, struct pp_facts *facts,
		    struct pp_err *err);
void pp_tracing_close(struct pp_tracing *t);

/** pp_tracing_begin - just before the child of a case is forked. */
void pp_tracing_begin(struct pp_tracing *t, struct pp_trace_account *account);
/** pp_tracing_end - when it has ended; @name is that of its first thread in the trace. What cannot
 * be had is said in @account; files are then NULL.
 */
void pp_tracing_end(struct pp_tracing *t, pid_t child, const char *name, uint64_t start_ns,
		    struct pp_trace_account *account, struct pp_tracing_files *out);
void pp_tracing_files_free(struct pp_tracing_files *f);
/** pp_tracing_save - into the directory of a case. 0 or -errno. */
int pp_tracing_save(const struct pp_tracing_files *f, const char *dir, struct pp_err *err);

#endif
