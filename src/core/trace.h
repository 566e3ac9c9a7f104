/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's trace of one case: what kinds of events are asked for, and the file `trace` of a
 * case directory, in memory, as text and back. docs/trace.md describes both.
 */
#ifndef PP_CORE_TRACE_H
#define PP_CORE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/finding.h"

#define PP_TRACE_VERSION 1u
#define PP_TRACE_ARGS    4
#define PP_TRACE_KINDS   96
#define PP_TRACE_COMM    16 /* TASK_COMM_LEN */

/* Where the timeline shows an event. */
enum pp_trace_lane {
	PP_LANE_TASKS,     /* births and names of threads: shown by name only */
	PP_LANE_CACHE,     /* pages enter, leave, get dirty */
	PP_LANE_WRITEBACK, /* inodes under writeback, and who waits for it */
	PP_LANE_SYNC,      /* fsync, msync and what filesystems do of it */
	PP_LANE_TRUNCATE,  /* truncate, fallocate, reflink */
	PP_LANE_DAX,       /* faults, writeback and layouts of DAX */
	PP_LANE_PINS,      /* references to pages taken and dropped */
	PP_LANE_COPIES,    /* what soft-RoCE copies */
	PP_LANE_RING,      /* io_uring */
	PP_LANE_DISK,      /* requests to block devices */
	PP_LANE_COUNT
};
extern const char *const pp_lane_names[PP_LANE_COUNT];

enum pp_trace_phase { PP_PHASE_INSTANT, PP_PHASE_BEGIN, PP_PHASE_END };

/* What an event says of the number of pinned pages. */
enum pp_trace_pins {
	PP_PINS_NONE,
	PP_PINS_TAKEN,         /* its first argument, unless that is an error */
	PP_PINS_ONE_DROPPED,   /* one page */
	PP_PINS_DROPPED,       /* its first argument */
	PP_PINS_DROPPED_DIRTY, /* its first argument, if the second says so: else another function
				  is called for it, which has its own event */
};

/*
 * One kind of event. A tracepoint is named by its system and has the names of the fields that are
 * kept; of a function ("enter", "return": a kprobe, a kretprobe) each argument says how the kernel
 * fetches it (Documentation/trace/kprobetrace.rst). Behind a colon stands the type: x..
 * hexadecimal, d or s8 to s64 signed, s text of eight bytes at most, else unsigned.
 */
struct pp_trace_kind {
	const char *system;
	const char *event;
	const char *args;
	enum pp_trace_lane lane;
	enum pp_trace_phase phase;
	enum pp_trace_pins pins;
	bool optional; /* another kind of the table does the same on other kernels */
};
extern const struct pp_trace_kind pp_trace_kinds[]; /* at most PP_TRACE_KINDS */
extern const size_t pp_n_trace_kinds;

/** pp_trace_kind_probe - is the kind a probe on a function, and not a tracepoint? */
bool pp_trace_kind_probe(const struct pp_trace_kind *kind);

/* One argument of a kind, as a trace holds it. */
struct pp_trace_arg {
	char name[20];
	char type; /* 'u', 'd', 'x', 's' */
};

/** pp_trace_kind_args - @kind's arguments; returns how many. */
size_t pp_trace_kind_args(const struct pp_trace_kind *kind, struct pp_trace_arg *out);

/* A kind as a trace declares it: a reader understands it also if the table has changed since. */
struct pp_trace_decl {
	char name[64]; /* "SYSTEM:EVENT" */
	struct pp_trace_arg args[PP_TRACE_ARGS];
	size_t n_args;
	const struct pp_trace_kind *kind; /* row of the table, NULL: unknown to this program */
};

struct pp_trace_event {
	uint64_t time_ns; /* since the start of the history, as there */
	uint64_t args[PP_TRACE_ARGS];
	uint32_t pid;  /* of the thread; 0: the processor was idle */
	uint16_t decl; /* index */
	uint16_t cpu;
};

struct pp_trace_thread {
	uint32_t pid;
	bool kernel; /* a thread of the kernel, not of the case */
	char name[PP_TRACE_COMM];
};

struct pp_trace {
	uint64_t start_ns; /* CLOCK_MONOTONIC of the start of the history */
	uint64_t lost;     /* events that found no room, or whose probe was not reentered */
	uint64_t foreign;  /* events of processes that are not the case's, and of tools that it
			      calls (mkfs, fsck): left out */
	struct pp_trace_decl *decls;
	size_t n_decls;
	struct pp_trace_thread *threads;
	size_t n_threads, cap_threads;
	struct pp_trace_event *events; /* in order of time */
	size_t n_events, cap_events;
	char *absent; /* lines "NAME: why", kinds that could not be had; NULL: none */
};

/* What the fact "trace" says when nobody wanted one. */
#define PP_TRACE_NOT_ASKED "not asked for."

/* What a case's record says of its trace, for reports: the trace itself is a file. */
struct pp_trace_account {
	uint64_t events, lost;
	bool asked;      /* there was to be one */
	char blind[192]; /* why there is none all the same; "": there is one */
};

/** pp_trace_declare - the kinds of the table, in its order. 0 or -ENOMEM. */
int pp_trace_declare(struct pp_trace *t);
/** pp_trace_declare_as - the same as a copy of @from's: one case after another. 0 or -ENOMEM. */
int pp_trace_declare_as(struct pp_trace *t, const struct pp_trace *from);
/** pp_trace_add - append an event; time may come in any order until pp_trace_sort(). 0 or -ENOMEM.
 */
int pp_trace_add(struct pp_trace *t, const struct pp_trace_event *e);
int pp_trace_sort(struct pp_trace *t); /* by time, stable; 0 or -ENOMEM */
/** pp_trace_thread - the name of thread @pid is @name from now on. 0 or -ENOMEM. */
int pp_trace_thread(struct pp_trace *t, uint32_t pid, bool kernel, const char *name);
const struct pp_trace_thread *pp_trace_thread_find(const struct pp_trace *t, uint32_t pid);
void pp_trace_free(struct pp_trace *t); /* frees the arrays, not @t */

/** pp_trace_pins - by how many pages this event changes the number of pinned ones. */
int64_t pp_trace_pins(const struct pp_trace *t, const struct pp_trace_event *e);

/** pp_trace_arg_text - argument @i of @e in words, as in the file. */
#define PP_TRACE_ARG_TEXT 24 /* "-9223372036854775808" and some */
void pp_trace_arg_text(const struct pp_trace *t, const struct pp_trace_event *e, size_t i,
		       char out[PP_TRACE_ARG_TEXT]);

/** pp_trace_clean - @name as one word of at most @size - 1 bytes: names come from other programs,
 *  and stand in a file of lines and words. @out may be @name. */
void pp_trace_clean(const char *name, char *out, size_t size);

/** pp_trace_tell - the events of the finding's time that speak of its pages, or else of files and
 *  pins as a whole, in @f->near: the latest of them. Pure. */
void pp_trace_tell(const struct pp_trace *t, struct pp_finding *f);

/** pp_trace_print - the file as text (malloc'ed, *len bytes), NULL without memory. */
char *pp_trace_print(const struct pp_trace *t, size_t *len);

/**
 * pp_trace_parse - the text back
 *
 * Returns 0; -EPROTO: another version; -EINVAL with "line N" in @err; -ENOMEM. Never crashes on
 * any input.
 */
int pp_trace_parse(const char *text, size_t len, struct pp_trace *out, struct pp_err *err);

#endif
