/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel prints what comes often at most ten times in five seconds, for each
 * place that prints. A case that has used that up must not silence the next one,
 * whose line nobody would see: there has to be a rest between them.
 *
 * Times are of pp_now_ns(). Not thread-safe.
 */
#ifndef PP_RUN_LOG_REST_H
#define PP_RUN_LOG_REST_H

#include <stddef.h>
#include <stdint.h>

/* Source: include/linux/ratelimit_types.h, DEFAULT_RATELIMIT_INTERVAL and _BURST. */
#define PP_LOG_INTERVAL_MS 5000u
#define PP_LOG_BURST       10u

struct pp_log_rest {      /* zeros to begin with */
	uint64_t last_ns; /* end of the last case with damage in its log */
	unsigned lines;   /* of the kind that came most often, in cases that followed each other
			     within the interval */
};

/** pp_log_rest_note - a case has ended at @now_ns, and left this log (NULL: lost). */
void pp_log_rest_note(struct pp_log_rest *r, uint64_t now_ns, const char *log, size_t len);

/** pp_log_rest_ms - for how long the next case must not begin yet: not at all as long as half of
 *  the burst is left. */
uint32_t pp_log_rest_ms(const struct pp_log_rest *r, uint64_t now_ns);

#endif
