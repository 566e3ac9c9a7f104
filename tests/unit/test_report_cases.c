/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports that name cases of the suite, against the rows of known defects: what a report expects on
 * the kernels that the suite runs on, a row must explain there, and nothing else.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "core/defect.h"
#include "run/bugs.h"
#include "run/select.h"

/* The kernels of docs/bugs.md. */
static const struct pp_version tested[] = { { 6, 1, 192 }, { 6, 12, 117 } };

static bool expected_on(const struct pp_bug *bug, const struct pp_bug_symptom *s,
			struct pp_version v)
{
	size_t n = s->has_on ? 1 : bug->n_ranges;

	for (size_t i = 0; i < n; i++) {
		const struct pp_bug_range *r = s->has_on ? &s->on : &bug->ranges[i];

		if (pp_version_cmp(v, r->since) >= 0 && pp_version_cmp(v, r->before) < 0)
			return true;
	}
	return false;
}

/* Rows do not tell two symptoms apart that differ in their line of the log alone. */
static bool any_expected_on(const struct pp_bug *bug, const struct pp_bug_symptom *s,
			    struct pp_version v)
{
	for (size_t i = 0; i < bug->n_symptoms; i++) {
		const struct pp_bug_symptom *o = &bug->symptoms[i];

		if (o->rule == s->rule && o->cls == s->cls && !strcmp(o->step, s->step) &&
		    expected_on(bug, o, v))
			return true;
	}
	return false;
}

/* Does a row that is in range there explain such a finding of this case? */
static bool explained(const char *name, const struct pp_bug_symptom *s, struct pp_version v)
{
	const struct pp_facts facts = { .flavour = PP_FLAVOUR_DEBIAN, .version = v };
	/* Only rows of write faults ask for one, and symptoms do not speak of it. */
	struct pp_finding x = { .rule = s->rule, .cls = s->cls, .fault = 1 };
	struct pp_case k;
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };
	bool found = false;

	if (pp_case_find(name, &k) || pp_case_plan(&k, 1, &plan, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.text[0] ? err.text : "there is no such case");
		CU_FAIL("a report names a case that there is not");
		return false;
	}
	for (size_t i = 0; i < pp_n_defects && !found; i++) {
		const struct pp_defect *d = &pp_defects[i];

		if (!pp_defect_predicts(d, plan) || pp_defect_range(d, &facts) != PP_RANGE_IN)
			continue;
		snprintf(x.step, sizeof(x.step), "%s", s->step);
		/* a report may leave the step open, and a splat is explained by its text */
		found = (s->rule == d->rule && d->classes & 1u << s->cls) &&
			(s->rule == PP_O10_QUIET_KERNEL || !s->step[0] ||
			 pp_defect_match(d, plan, &x));
	}
	pp_plan_free(plan);
	return found;
}

static void one_symptom(const struct pp_bug *bug, const struct pp_bug_symptom *s)
{
	for (size_t v = 0; v < PP_ARRAY_LEN(tested); v++) {
		bool want = any_expected_on(bug, s, tested[v]), some = false;

		for (size_t i = 0; i < bug->n_cases; i++)
			some |= explained(bug->cases[i], s, tested[v]);
		if (some != want && !(s->chance && !some))
			fprintf(stderr, "%s: %s %s on %d.%d.%d: the report %s it, the rows %s\n",
				bug->name, pp_rule_words[s->rule].name, pp_class_words[s->cls].name,
				tested[v].major, tested[v].minor, tested[v].patch,
				want ? "expects" : "does not expect", some ? "do" : "do not");
		CU_ASSERT(some == want || (s->chance && !some));
	}
}

static void rows_agree(void)
{
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(pp_bugs_add_all(&bugs, &err), 0);
	for (size_t i = 0; i < bugs.count; i++)
		for (size_t s = 0; bugs.items[i]->n_cases && s < bugs.items[i]->n_symptoms; s++) {
			one_symptom(bugs.items[i], &bugs.items[i]->symptoms[s]);
			n++;
		}
	CU_ASSERT(n > 10);
	pp_bugs_free(&bugs);
}

static const struct pp_unit_case cases[] = {
	{ "rows of known defects say what the reports say", rows_agree },
};

PP_UNIT_MAIN("report_cases", cases)
