/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report: the plans of the reports in scenarios/bugs, as cases like any others. */
#include <stdio.h>
#include <string.h>

#include "run/bugs.h"
#include "run/scenario.h"

static bool variant(size_t index, struct pp_variant *out)
{
	const struct pp_bug_place *p;

	if (index >= pp_n_bug_places)
		return false;
	p = &pp_bug_places[index];
	snprintf(out->name, sizeof(out->name), "%s", p->variant);
	snprintf(out->backing, sizeof(out->backing), "%s", p->backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->pinner);
	out->tier = PP_TIER_FULL;
	out->guest = p->guest[0] && strcmp(p->guest, "plain") ? p->guest : NULL;
	out->destructive = p->alone;
	out->data = p;
	return true;
}

/* The header is written already: who runs the plan gives the seed. */
static bool is_header(const char *line, size_t len)
{
	static const char *const words[] = { "pinproof-plan", "case", "backing", "pinner", "seed" };

	for (size_t i = 0; i < PP_ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if (len > n && !memcmp(line, words[i], n) && line[n] == ' ')
			return true;
	}
	return false;
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_bug_place *p = v->data;
	const char *at = pp_bug_texts[p->bug].text + p->at, *end = at + p->length;

	(void)seed;
	while (at < end) {
		size_t len = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at);

		if (!is_header(at, len))
			pp_say(t, "%.*s", (int)len, at);
		at += len + 1;
	}
}

static const char *const references[] = {
	"docs/bugs.md: each report with its references",
	NULL,
};

const struct pp_scenario pp_scenario_report = {
	.name = "report",
	.title = "reports of the catalogue that have a plan of their own",
	.purpose = "Each report of a defect that was written down as a plan is a case. pinproof "
		   "repro boots kernels and says on which of them a report is reproduced, by its "
		   "own symptom; here the plans are cases like any others.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
