/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor: carries out a plan in this process and records its history.
 * It judges nothing.
 *
 * Threads: one for each actor; the first actor uses the calling thread. A further one is the
 * watchdog, which interrupts operations that exceed their bound. Operations of one actor run in
 * the plan's order; `after=` waits for other actors' operations. Where a storm stands in the plan,
 * everybody waits for everybody, before and after. One mutex guards the set of ended operations and
 * the objects' states. Each actor has an endpoint (queue pair and stage) and an io_uring of its
 * own.
 */
#ifndef PP_RUN_EXEC_H
#define PP_RUN_EXEC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/plan.h"
#include "core/result.h"
#include "run/plant.h"
#include "run/recorder.h"
#include "run/scenario.h"
#include "sys/link.h"
#include "sys/slots.h"

struct pp_exec_setup {
	const struct pp_plan *plan;
	const struct pp_slots *slots;
	const struct pp_link *link; /* NULL: no fabric */
	const char *workdir;        /* existing directory for mounts, private to this process */
	struct pp_recorder *recorder;
	bool quiet_machine; /* nobody else pins (a throw-away guest): the global counters are
			       trusted */
	bool drop_hazard;
	bool drop_device_writes;
	struct pp_plant_spec plant;
	int stacks_fd; /* where stacks of an operation behind its bound are appended; -1: nowhere */
};

/* An operation that was behind its bound when somebody looked. */
struct pp_exec_wait {
	uint32_t op;     /* id in the plan */
	uint32_t ms;     /* since it began */
	char where[160]; /* functions, the innermost first */
};
#define PP_EXEC_WAITS_MAX 8

/* How it went; lies in memory shared with the supervisor. */
struct pp_exec_outcome {
	enum pp_ending ending;
	char reason[512];
	pid_t tids[256]; /* thread of each actor, 0: not running yet */
	struct pp_exec_wait waits[PP_EXEC_WAITS_MAX];
	_Atomic uint32_t n_waits; /* complete ones */
	_Atomic bool dumped;      /* the kernel has listed its blocked tasks in the log */
	uint32_t planted_op;      /* id of the device write that --plant hit; 0: none (yet) */
};

/**
 * pp_exec_run - execute the whole plan
 *
 * DONE when every operation was carried out (whatever its result), BROKEN when set-up (mkfs, mount,
 * map, the fabric) failed that should work. Cleans up all it made.
 */
void pp_exec_run(const struct pp_exec_setup *setup, struct pp_exec_outcome *outcome);

#endif
