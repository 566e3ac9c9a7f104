/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes that say that a run is alive; see heartbeat.h. */
#include "run/heartbeat.h"

#include <inttypes.h>
#include <string.h>

#include "core/report.h"
#include "sys/clock.h"

static void tell(void *arg, const char *stage, uint64_t done, uint64_t all)
{
	struct pp_heartbeat *b = arg;
	uint64_t now_ns = pp_now_ns();
	char text[96];

	if (now_ns - b->told_ns < b->every_ns)
		return;
	/* Who goes over the same events again and again does not get on. */
	if (b->stage && !strcmp(stage, b->stage) && done <= b->done)
		return;
	b->told_ns = now_ns;
	b->stage = stage;
	b->done = done;
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " events %s", done, all, stage);
	pp_ktap_note(b->ktap, "judging", text);
}

void pp_heartbeat_init(struct pp_heartbeat *b, FILE *ktap, uint32_t every_ms)
{
	*b = (struct pp_heartbeat){ .ktap = ktap, .every_ns = (uint64_t)every_ms * 1000000u };
}

void pp_heartbeat_running(void *arg, uint64_t elapsed_ms)
{
	struct pp_heartbeat *b = arg;
	char text[64];

	snprintf(text, sizeof(text), "%" PRIu64 " s", elapsed_ms / 1000);
	pp_ktap_note(b->ktap, "running for", text);
}

const struct pp_progress *pp_heartbeat_judging(struct pp_heartbeat *b)
{
	b->told_ns = pp_now_ns();
	b->stage = NULL;
	b->done = 0;
	b->progress = (struct pp_progress){ tell, b };
	return &b->progress;
}
