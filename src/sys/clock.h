/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monotonic time and deadlines. */
#ifndef PP_SYS_CLOCK_H
#define PP_SYS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t pp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t pp_deadline_ns(uint32_t bound_ms)
{
	return pp_now_ns() + (uint64_t)bound_ms * 1000000u;
}

/** pp_pause_ms - sleep for a poll interval; never a substitute for waiting on the event itself. */
static inline void pp_pause_ms(uint32_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL); /* poll: the one place */
}

#endif
