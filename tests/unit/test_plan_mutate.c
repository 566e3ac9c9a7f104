/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans mutated at random, which must neither crash the parser nor break the
 * normal form; storms among them, which must be drawable and writable.
 */
#include "unit.h"

#include "core/prng.h"
#include "core/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const good[] = { "mr-fsync", "everything", "base", "race", "storm" };

static char *read_plan(const char *name, const char *suffix, size_t *len)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/plans/%s%s", name, suffix);
	return pp_unit_read(path, len);
}

/* Whatever storm the parser lets through can be written out, and that is a plan again. */
static void write_out(const struct pp_plan *plan)
{
	uint32_t *counts = calloc(plan->n_actors + 1, sizeof(*counts));
	struct pp_plan *out = NULL, *again = NULL;
	struct pp_err err = { 0 };
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(counts);
	for (size_t a = 0; a < plan->n_actors; a++)
		counts[a] = 30 + (uint32_t)a;
	CU_ASSERT_EQUAL_FATAL(pp_storm_expand(plan, counts, counts, &out, NULL), 0);
	text = pp_plan_print(out);
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &again, &err), 0);
	PP_ASSERT_STR(err.text, "");
	pp_plan_free(again);
	free(text);
	pp_plan_free(out);
	free(counts);
}

/* Whatever parses has a normal form; whatever does not has a complaint that names a place. */
static void parse_anything(const char *text, size_t len, unsigned *accepted, unsigned *refused)
{
	char *exact = malloc(len ? len : 1), *once, *twice;
	struct pp_plan *plan = NULL, *again = NULL;
	struct pp_err err = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, text, len);
	if (pp_plan_parse(exact, len, &plan, &err)) {
		if (strncmp(err.text, "line ", 5) || !strstr(err.text, " column "))
			CU_FAIL("a complaint without a place");
		(*refused)++;
		free(exact);
		return;
	}
	(*accepted)++;
	free(exact);
	once = pp_plan_print(plan);
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(once, strlen(once), &again, &err), 0);
	twice = pp_plan_print(again);
	if (strcmp(once, twice))
		CU_FAIL("printing and parsing changes the plan");
	free(once);
	free(twice);
	pp_plan_free(again);
	write_out(plan);
	pp_plan_free(plan);
}

static void cut_anywhere(void)
{
	unsigned accepted = 0, refused = 0;

	for (size_t i = 0; i < PP_ARRAY_LEN(good); i++) {
		size_t len;
		char *text = read_plan(good[i], ".plan", &len);

		for (size_t cut = 0; cut < len; cut++)
			parse_anything(text, cut, &accepted, &refused);
		free(text);
	}
	CU_ASSERT(accepted > 0);
	CU_ASSERT(refused > 0);
}

/* Pieces that mean something to the parser reach deeper than random bytes. */
static const char *const pieces[] = {
	"=",
	"\"",
	"\\",
	"#",
	"\n",
	" ",
	"+",
	",",
	">=",
	"0x",
	"K",
	"G",
	"99999999999999999999",
	"-",
	"op ",
	"region ",
	"after=",
	"gen=",
	"of=",
	"via=disk1",
	"range=",
	"18446744073709551615",
	"none",
	"hazard",
	"size=",
	"step \"",
	"m0",
	"anon",
	"0",
	"\r",
	"\t",
	"/",
	"mix w1 ",
	"storm for=1s",
	"weight=",
	"length=1..8K",
	"align=1",
	"split=64",
	"depth=2",
	"mode=async",
	"op=10",
	"1000000000",
	"..",
	"gate ",
	"kind=uring",
};

static size_t mutate(char *text, size_t len, size_t cap, struct pp_prng *prng)
{
	const char *piece = pieces[pp_prng_below(prng, PP_ARRAY_LEN(pieces))];
	size_t at = pp_prng_below(prng, len), n = strlen(piece);
	size_t from = pp_prng_below(prng, len), span = pp_prng_below(prng, 40);

	switch (pp_prng_below(prng, 5)) {
	case 0: /* any byte */
		text[at] = (char)pp_prng_next(prng);
		return len;
	case 1: /* leave out */
		span = span < len - at ? span : len - at - 1;
		memmove(text + at, text + at + span, len - at - span);
		return len - span;
	case 2: /* copy from elsewhere */
		span = span < len - at ? span : len - at;
		span = span < len - from ? span : len - from;
		memmove(text + at, text + from, span);
		return len;
	case 3: /* a piece in place of what is there */
		n = n < len - at ? n : len - at;
		memcpy(text + at, piece, n);
		return len;
	default: /* a piece between */
		if (len + n > cap)
			return len;
		memmove(text + at + n, text + at, len - at);
		memcpy(text + at, piece, n);
		return len + n;
	}
}

static void mutated(void)
{
	unsigned accepted = 0, refused = 0;
	struct pp_prng prng;

	for (size_t i = 0; i < PP_ARRAY_LEN(good); i++) {
		size_t len;
		char *text = read_plan(good[i], ".plan", &len);
		char *work = malloc(len + 256);

		CU_ASSERT_PTR_NOT_NULL_FATAL(work);
		pp_prng_seed(&prng, pp_prng_child(0x70696e, i));
		for (int round = 0; round < 2500; round++) {
			size_t n = len;

			memcpy(work, text, len);
			for (uint64_t m = 1 + pp_prng_below(&prng, 2); m; m--)
				n = mutate(work, n, len + 256, &prng);
			parse_anything(work, n, &accepted, &refused);
		}
		free(work);
		free(text);
	}
	/* Both kinds must be common, or the mutations test nothing. */
	CU_ASSERT(accepted > 200);
	CU_ASSERT(refused > 3000);
}

static void random_bytes(void)
{
	unsigned accepted = 0, refused = 0;
	struct pp_prng prng;
	char text[256] = { 0 };

	pp_prng_seed(&prng, 3);
	for (int round = 0; round < 2000; round++) {
		size_t len = pp_prng_below(&prng, sizeof(text));

		for (size_t i = 0; i < len; i++)
			text[i] = (char)pp_prng_next(&prng);
		if (round % 2 && len >= 16)
			memcpy(text, "pinproof-plan 1\n", 16);
		parse_anything(text, len, &accepted, &refused);
	}
	CU_ASSERT_EQUAL(accepted, 0);
	CU_ASSERT_EQUAL(refused, 2000);
}

static const struct pp_unit_case cases[] = {
	{ "a text cut anywhere", cut_anywhere },
	{ "mutated plans", mutated },
	{ "random bytes", random_bytes },
};

PP_UNIT_MAIN("plan_mutate", cases)
