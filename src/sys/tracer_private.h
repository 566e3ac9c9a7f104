/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the trace witness share: see tracer.h. */
#ifndef PP_SYS_TRACER_PRIVATE_H
#define PP_SYS_TRACER_PRIVATE_H

#include <tracefs.h>

#include "sys/tracer.h"

/* A kind of core/trace_table.c on this kernel. */
struct pp_tracer_kind {
	const struct pp_trace_kind *kind;
	struct tep_format_field *fields[PP_TRACE_ARGS]; /* NULL while it is not armed */
	char types[PP_TRACE_ARGS];
	size_t n_args;
	char system[32], event[64]; /* in tracefs: probes are in a group of ours */
	bool made;                  /* a probe that has to be removed */
	bool armed;
	char why[160]; /* not armed */
};

struct pp_tracer {
	struct tracefs_instance *instance;
	struct tep_handle *events;
	struct pp_tracer_kind kinds[PP_TRACE_KINDS];
	uint16_t decl_of[1 << 16]; /* kind number + 1 of the kernel's number of an event */
	uint64_t lost;             /* since the instance was made, as of the last reading */
	char *absent;
};

/** pp_tracer_arm - make and enable every kind that is not armed yet and can be. */
void pp_tracer_arm(struct pp_tracer *t);
void pp_tracer_disarm(struct pp_tracer *t);
/** pp_tracer_late - have events come of which there were none before: a module was loaded? */
bool pp_tracer_late(const struct pp_tracer *t);
#endif
