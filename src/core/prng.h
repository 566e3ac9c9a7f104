/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small seeded generator (splitmix64): the same seed gives the same plan everywhere. */
#ifndef PP_CORE_PRNG_H
#define PP_CORE_PRNG_H

#include <stdint.h>

struct pp_prng {
	uint64_t state;
};

void pp_prng_seed(struct pp_prng *p, uint64_t seed);
uint64_t pp_prng_next(struct pp_prng *p);
/** pp_prng_below - uniform in [0, bound), bound > 0, without modulo bias. */
uint64_t pp_prng_below(struct pp_prng *p, uint64_t bound);
/** pp_prng_child - seed of worker @index, derived from @seed only. */
uint64_t pp_prng_child(uint64_t seed, uint64_t index);

#endif
