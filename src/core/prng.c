/* SPDX-License-Identifier: GPL-2.0-or-later */
/* splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"); see prng.h. */
#include "core/prng.h"

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15ull

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

void pp_prng_seed(struct pp_prng *p, uint64_t seed)
{
	p->state = seed;
}

uint64_t pp_prng_next(struct pp_prng *p)
{
	p->state += GOLDEN_GAMMA;
	return mix(p->state);
}

uint64_t pp_prng_below(struct pp_prng *p, uint64_t bound)
{
	/* 2^64 mod bound: values below it would make the small results more frequent. */
	uint64_t reject = (0 - bound) % bound;
	uint64_t r;

	do {
		r = pp_prng_next(p);
	} while (r < reject);
	return r % bound;
}

uint64_t pp_prng_child(uint64_t seed, uint64_t index)
{
	/* Mixed twice: a child's stream must not be its parent's, or its sister's, shifted by one.
	 */
	return mix(mix(seed + GOLDEN_GAMMA) ^ mix(index + 0x632be59bd9b4e019ull));
}
