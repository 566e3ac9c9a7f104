/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generator: published values, uniformity, children. */
#include "unit.h"

#include "core/prng.h"

#include <stdlib.h>

/* Reference values of splitmix64 (Vigna's splitmix64.c) for seeds 0 and 1234567. */
static void known_values(void)
{
	static const uint64_t zero[] = { 0xe220a8397b1dcdafull, 0x6e789e6aa1b965f4ull,
					 0x06c45d188009454full, 0xf88bb8a8724c81ecull };
	static const uint64_t other[] = { 6457827717110365317ull, 3203168211198807973ull,
					  9817491932198370423ull, 4593380528125082431ull };
	struct pp_prng p;

	pp_prng_seed(&p, 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(pp_prng_next(&p), zero[i]);
	pp_prng_seed(&p, 1234567);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(pp_prng_next(&p), other[i]);
}

static void below_stays_below(void)
{
	static const uint64_t bounds[] = { 1, 2, 3, 10, 4096, (1ull << 63) + 1, UINT64_MAX };
	struct pp_prng p;

	pp_prng_seed(&p, 7);
	for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++)
		for (int i = 0; i < 200; i++)
			CU_ASSERT(pp_prng_below(&p, bounds[b]) < bounds[b]);
}

/*
 * A plain modulo by 3 * 2^62 would give the lowest third twice the weight: half of all
 * results instead of a third.
 */
static void below_has_no_bias(void)
{
	const uint64_t third = 1ull << 62;
	unsigned hits = 0;
	struct pp_prng p;

	pp_prng_seed(&p, 99);
	for (int i = 0; i < 30000; i++)
		hits += pp_prng_below(&p, 3 * third) < third;
	CU_ASSERT(hits > 9500 && hits < 10500);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Children of neighbouring seeds and indices must not run through each other's values. */
static void children_differ(void)
{
	static uint64_t values[8 * 8 * 64];
	size_t n = 0, same = 0;
	struct pp_prng p;

	for (uint64_t seed = 0; seed < 8; seed++)
		for (uint64_t index = 0; index < 8; index++) {
			CU_ASSERT_EQUAL(pp_prng_child(seed, index), pp_prng_child(seed, index));
			pp_prng_seed(&p, pp_prng_child(seed, index));
			for (int i = 0; i < 64; i++)
				values[n++] = pp_prng_next(&p);
		}
	qsort(values, n, sizeof(values[0]), compare);
	for (size_t i = 1; i < n; i++)
		same += values[i] == values[i - 1];
	CU_ASSERT_EQUAL(same, 0);
}

static const struct pp_unit_case cases[] = {
	{ "published values", known_values },
	{ "below stays below", below_stays_below },
	{ "below has no bias", below_has_no_bias },
	{ "children differ", children_differ },
};

PP_UNIT_MAIN("prng", cases)
