/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor of one case: a forked child carries the plan out, the parent
 * holds the deadline, collects stacks when it passes, and ends the child.
 */
#ifndef PP_RUN_SUPERVISOR_H
#define PP_RUN_SUPERVISOR_H

#include <signal.h>

#include "core/history.h"
#include "run/exec.h"
#include "run/judge.h"
#include "run/plant.h"
#include "run/tracing.h"
#include "sys/kmsg.h"

/* Stacks of what was behind its bound, in the directory of a case or attempt. */
#define PP_STACKS_FILE "stacks.txt"

struct pp_attempt {
	const struct pp_plan *plan;
	const struct pp_slots *slots;
	const struct pp_link *link;
	const char *workdir;
	const char *dir;     /* of the case, for stacks.txt; NULL: nowhere */
	const char *label;   /* for markers in the kernel log */
	const char *counter; /* file with a number; NULL: none */
	uint64_t run;        /* run id of the stamps */
	uint32_t bound_ms;
	struct pp_plant_spec plant;
	bool quiet_machine; /* see exec.h */
	bool drop_hazard, drop_device_writes;
	int guardian_fd; /* closed in the child, so that only the parent keeps the guardian waiting
			  */
	struct pp_kmsg *kmsg;
	struct pp_tracing *tracing;
	const volatile sig_atomic_t *interrupted; /* set by the signal handler: stop the child */
	/* Called every half minute while the child may still run; NULL: nobody wants to know. */
	void (*beat)(void *arg, uint64_t elapsed_ms);
	void *beat_arg;
};

struct pp_attempt_result {
	struct pp_ending_record ending;
	struct pp_history history; /* to be freed */
	struct pp_plan *executed;  /* of a plan with a storm: the same with what was drawn written
				      out, to which the history belongs; NULL: the plan itself */
	char *log;                 /* malloc'ed kernel log since the attempt before; NULL: lost */
	size_t log_len;
	struct pp_tracing_files traced;
	bool spoiled; /* a device of the case is in use still: whoever needs it next will fail */
};

/** pp_attempt_run - execute the plan once in a fresh child. -EINTR when interrupted; other errors
 * mean that no child could be had. */
int pp_attempt_run(const struct pp_attempt *a, struct pp_attempt_result *out, struct pp_err *err);
void pp_attempt_free(struct pp_attempt_result *r);

#endif
