/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signs of life of a run, as notes in its KTAP: whoever launched it may take
 * silence for death (`pinproof vm run --silence`). They come from the work
 * itself, never from a timer beside it: what hangs is silent.
 */
#ifndef PP_RUN_HEARTBEAT_H
#define PP_RUN_HEARTBEAT_H

#include <stdio.h>

#include "core/progress.h"

#define PP_HEARTBEAT_MS 5000u /* between two notes about judging */

struct pp_heartbeat {
	FILE *ktap;
	uint64_t every_ns, told_ns;
	struct pp_progress progress;
	const char *stage; /* which was told of last */
	uint64_t done;
};

/** pp_heartbeat_init - @every_ms: least time between two notes about judging. */
void pp_heartbeat_init(struct pp_heartbeat *b, FILE *ktap, uint32_t every_ms);

/** pp_heartbeat_running - a case has been running for @elapsed_ms. @arg: the struct pp_heartbeat.
 */
void pp_heartbeat_running(void *arg, uint64_t elapsed_ms);

/** pp_heartbeat_judging - a history is going to be judged: whom the judge shall tell how far it is.
 *  Notes begin after the time between two, and need that more has been done. Valid as long as @b.
 */
const struct pp_progress *pp_heartbeat_judging(struct pp_heartbeat *b);

#endif
