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
	struct tep_format_field *comm; /* of a task's new name; NULL: it has none */
	char types[PP_TRACE_ARGS];
	size_t n_args;
	char system[32], event[64]; /* in tracefs: probes are in a group of ours */
	bool made;                  /* a probe that has to be removed */
	bool armed;
	char why[160]; /* not armed */
};

/* A thread that was there before a case: the kernel's, or somebody's. */
struct pp_tracer_thread {
	uint32_t pid;
	bool kernel;
	char name[PP_TRACE_COMM];
};

struct pp_tracer {
	struct tracefs_instance *instance;
	struct pp_tracer_ring *ring;
	struct pp_trace empty; /* that of each case begins as this one */
	struct tep_handle *events;
	struct tep_format_field *pid; /* of every event: the thread */
	struct pp_tracer_kind kinds[PP_TRACE_KINDS];
	uint16_t decl_of[1 << 16]; /* kind number + 1 of the kernel's number of an event */
	uint64_t lost_by_buffers, lost_by_probes; /* ever, as of the last reading */
	char *absent;                             /* as told; NULL: something was armed since */
	/* Looked up in /proc once, which takes longer than reading a case's events. */
	struct pp_tracer_thread *seen;
	size_t n_seen, cap_seen;
	uint32_t last_child; /* the process of the case before */
	uint64_t modules;    /* directories of /sys/module when all kinds were tried */
};

/** pp_tracer_arm - make and enable every kind that is not armed yet and can be. */
void pp_tracer_arm(struct pp_tracer *t);
/** pp_tracer_read - take the records of a case out of the buffers; see pp_tracer_end(). @overrun:
 * some were overwritten. */
int pp_tracer_read(struct pp_tracer *t, pid_t child, const char *name, struct pp_trace *out,
		   bool *overrun, struct pp_err *err);
void pp_tracer_disarm(struct pp_tracer *t);
/** pp_tracer_late - have events come of which there were none before: a module was loaded? */
bool pp_tracer_late(struct pp_tracer *t);
#endif
