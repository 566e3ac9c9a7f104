/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the input is the text of a plan, of which a storm is drawn and written out, or of
 * reports. */
#include <stdlib.h>
#include <string.h>

#include "core/bug.h"
#include "core/storm.h"
#include "fuzz.h"

#define DRAWS_MAX  16u /* of each actor */
#define ACTORS_MAX 255u

/* A few draws of each actor, the pairs closed; written out it is a plan like any other. */
static void storm(const struct pp_plan *plan)
{
	uint32_t drawn[ACTORS_MAX] = { 0 }, closed[ACTORS_MAX] = { 0 };
	struct pp_plan *out = NULL;
	struct pp_err err = { "" };
	struct pp_op op;
	char *text;

	for (uint16_t a = 0; a < plan->n_actors && a < ACTORS_MAX; a++) {
		struct pp_storm s;

		if (!pp_storm_start(&s, plan, a))
			continue;
		while (drawn[a] < DRAWS_MAX && pp_storm_next(&s, &op))
			drawn[a]++;
		while (pp_storm_last(&s, &op))
			pp_fuzz_must(++closed[a] <= 64 * DRAWS_MAX, "the pairs of a storm close");
	}
	if (pp_storm_expand(plan, drawn, closed, &out, &err))
		return;
	text = pp_plan_print(out);
	pp_fuzz_must(text != NULL, "a storm that was written out can be printed");
	pp_plan_free(out);
	out = pp_fuzz_plan(text, strlen(text));
	pp_fuzz_must(out != NULL, "a storm that was written out is a plan");
	free(text);
	pp_plan_free(out);
}

/* Report after report: what is printed of each is never read back, so it must only end. */
static void reports(const char *text, size_t size)
{
	size_t at = 0, used = 0;

	do {
		struct pp_bug *bug = NULL;
		struct pp_err err = { "" };
		int ret = pp_bug_parse(text + at, size - at, &used, &bug, &err);

		if (ret) {
			pp_fuzz_refused(ret, &err);
			return;
		}
		pp_fuzz_must(used && used <= size - at, "a report takes a part of its text");
		pp_fuzz_must(bug->name[0] && pp_bug_case(bug, 0), "a report has name and case");
		for (size_t i = 0; i < bug->n_symptoms; i++) {
			char log[4096];

			pp_bug_row_log(bug, &bug->symptoms[i], log, sizeof(log));
		}
		pp_bug_free(bug);
		at += used;
	} while (at < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy that ends where the text ends: a read behind it is seen. */
	char *text = malloc(size ? size : 1);
	struct pp_plan *plan;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	plan = pp_fuzz_plan(text, size);
	if (!plan)
		reports(text, size);
	free(text);
	if (plan && plan->n_mixes)
		storm(plan);
	pp_plan_free(plan);
	return 0;
}
