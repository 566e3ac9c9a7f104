/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks share: a clock, rounds, and the line that scripts/bench reads. */
#ifndef PP_TESTS_BENCH_H
#define PP_TESTS_BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PP_BENCH_ROUNDS 9u

static inline uint64_t pp_bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* One measured value: "value NAME NUMBER UNIT"; scripts/bench takes medians over all of a name. */
static inline void pp_bench_value(const char *name, double value, const char *unit)
{
	printf("value %s %.3f %s\n", name, value, unit);
}

#endif
