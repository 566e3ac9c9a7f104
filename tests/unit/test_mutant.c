/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what became of a mutant: declarations, each outcome by results that lead to it, tables.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/mutant.h"

#define DECLARATION                                                                                \
	"name=pin-leak\ndescription=a pin is forgotten\nmutant_family=pins\n"                      \
	"mutant_reference=somewhere\nmutant_function=gup_put_folio\nmutant_args=every=16\n"        \
	"mutant_rules=O7 O1\nunknown=1\n"

static void declare(struct pp_mutant *m, const char *more)
{
	char text[1024];
	struct pp_err err = { 0 };

	snprintf(text, sizeof(text), "%s%s", DECLARATION, more);
	CU_ASSERT_EQUAL_FATAL(pp_mutant_parse(text, m, &err), 0);
}

static void declarations(void)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no 'name'" },
		{ "name=x\ndescription=y\nmutant_family=z\nmutant_reference=r\n",
		  "'mutant_function'" },
		{ DECLARATION "mutant_rules=O99\n", "no rule 'O99'" },
		{ DECLARATION "mutant_rules=-\n", "no rule '-'" },
		{ "name=x\ndescription=y\nmutant_family=z\nmutant_reference=r\nmutant_function=f\n",
		  "names no rule" },
		{ DECLARATION
		  "name=0123456789012345678901234567890123456789012345678901234567890123\n",
		  "'name' is too long" },
	};
	struct pp_err err = { 0 };
	struct pp_mutant m;

	declare(&m, "seconds=12.5\nmutant_may_die=1\n");
	PP_ASSERT_STR(m.name, "pin-leak");
	PP_ASSERT_STR(m.args, "every=16");
	CU_ASSERT_EQUAL(m.rules, PP_RULE_BIT(PP_O7_PIN_BALANCE) | PP_RULE_BIT(PP_O1_COHERENCE));
	CU_ASSERT_EQUAL(m.seconds, 12.5);
	CU_ASSERT(m.may_die);
	for (size_t i = 0; i < PP_ARRAY_LEN(bad); i++) {
		CU_ASSERT(pp_mutant_parse(bad[i].text, &m, &err) < 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].says));
	}
}

/* One result of one case, in a few words. */
struct said {
	const char *name;
	enum pp_verdict verdict;
	enum pp_ending ending;
	int fired; /* -1: no counter */
	enum pp_rule rule;
	enum pp_class cls;
	const char *step;
	int defect; /* of the finding, plus one */
};

static void result_of(const struct said *s, struct pp_result *r)
{
	struct pp_finding *x;

	memset(r, 0, sizeof(*r));
	snprintf(r->case_name, sizeof(r->case_name), "%s", s->name);
	snprintf(r->reason, sizeof(r->reason), "because");
	r->verdict = s->verdict;
	r->ending = s->ending;
	r->attempts = 1;
	r->has_counted = s->fired >= 0;
	r->counted = s->fired > 0 ? (uint64_t)s->fired : 0;
	if (!s->rule)
		return;
	x = pp_finding_add(&r->findings, s->rule, s->cls, "a finding of %s", s->name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	snprintf(x->step, sizeof(x->step), "%s", s->step ? s->step : "");
	x->defect = s->defect - 1;
}

#define DONE  PP_ENDING_DONE
#define PASS  PP_VERDICT_PASS
#define FAIL  PP_VERDICT_FAIL
#define XFAIL PP_VERDICT_XFAIL
#define O7    PP_O7_PIN_BALANCE
#define O10   PP_O10_QUIET_KERNEL
#define LEAK  PP_CLASS_LEAK
#define SPLAT PP_CLASS_SPLAT

static const struct outcome_case {
	const char *what;
	const char *more; /* of the declaration */
	struct said base[3], with[3];
	enum pp_mutant_outcome outcome;
	const char *by;
	enum pp_rule rule;
	int exit;
} outcomes[] = {
	{ "a declared rule",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 3, O7, LEAK, NULL, 0 } },
	  PP_MUTANT_KILLED,
	  "a",
	  O7,
	  0 },
	{ "the first case that notices, not the first that fails for another reason",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 },
	    { "b", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 1, O10, SPLAT, NULL, 0 },
	    { "b", FAIL, DONE, 1, O7, LEAK, NULL, 0 } },
	  PP_MUTANT_KILLED,
	  "b",
	  O7,
	  0 },
	{ "it fired, and all passed",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PASS, DONE, 5, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "it fired, and nothing but what is known was found",
	  "",
	  { { "a", XFAIL, DONE, -1, O7, LEAK, "s", 1 } },
	  { { "a", XFAIL, DONE, 5, O7, LEAK, "s", 1 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "a case that fails without it fails the same way with it",
	  "",
	  { { "a", FAIL, DONE, -1, O7, LEAK, "s", 0 } },
	  { { "a", FAIL, DONE, 5, O7, LEAK, "s", 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "the same rule at another step is another signature",
	  "",
	  { { "a", FAIL, DONE, -1, O7, LEAK, "s", 0 } },
	  { { "a", FAIL, DONE, 5, O7, LEAK, "t", 0 } },
	  PP_MUTANT_KILLED,
	  "a",
	  O7,
	  0 },
	{ "the case has no baseline",
	  "",
	  { { "b", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 5, O7, LEAK, NULL, 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "a case fails in which it did not fire",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 },
	    { "b", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 0, O7, LEAK, NULL, 0 },
	    { "b", PASS, DONE, 2, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "it never fired",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 0, O7, LEAK, NULL, 0 } },
	  PP_MUTANT_DID_NOT_FIRE,
	  "",
	  0,
	  99 },
	{ "a case that could not tell noticed nothing",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PP_VERDICT_INCONCLUSIVE, DONE, 4, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "another rule",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", FAIL, DONE, 3, O10, SPLAT, NULL, 0 } },
	  PP_MUTANT_ANOTHER_RULE,
	  "a",
	  O10,
	  1 },
	{ "a hang that O9 was to tell",
	  "mutant_rules=O9\n",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PP_VERDICT_TIMEOUT, PP_ENDING_TIMEOUT, 3, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_KILLED,
	  "a",
	  PP_O9_LIVENESS,
	  0 },
	{ "the guest died, and may",
	  "mutant_may_die=1\n",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PP_VERDICT_CRASH, PP_ENDING_CRASH, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_KILLED,
	  "a",
	  O10,
	  0 },
	{ "the guest died, and must not",
	  "",
	  { { "a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PP_VERDICT_CRASH, PP_ENDING_CRASH, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_GUEST_DIED,
	  "a",
	  O10,
	  1 },
	{ "the guest dies without it as well",
	  "mutant_may_die=1\n",
	  { { "a", PP_VERDICT_CRASH, PP_ENDING_CRASH, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  { { "a", PP_VERDICT_CRASH, PP_ENDING_CRASH, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0 } },
	  PP_MUTANT_SURVIVED,
	  "",
	  0,
	  1 },
	{ "nothing to break",
	  "absent=there is no such function\n",
	  { { .name = NULL } },
	  { { .name = NULL } },
	  PP_MUTANT_NOT_APPLICABLE,
	  "",
	  0,
	  99 },
	{ "nothing to see",
	  "mutant_equivalent=nobody can see it\n",
	  { { .name = NULL } },
	  { { .name = NULL } },
	  PP_MUTANT_EQUIVALENT,
	  "",
	  0,
	  99 },
};

static size_t results_of(const struct said *said, struct pp_result *r)
{
	size_t n = 0;

	for (; n < 3 && said[n].name; n++)
		result_of(&said[n], &r[n]);
	/* A guest that died is known to have been spoiled by what it said on the console. */
	for (size_t i = 0; i < n; i++)
		if (r[i].ending == PP_ENDING_CRASH && !r[i].has_counted)
			r[i].counted = 1;
	return n;
}

static void each_outcome(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(outcomes); i++) {
		const struct outcome_case *c = &outcomes[i];
		struct pp_result base[3], with[3];
		size_t n_base = results_of(c->base, base), n = results_of(c->with, with);
		struct pp_mutant_verdict v;
		struct pp_mutant m;

		declare(&m, c->more);
		pp_mutant_judge(&m, base, n_base, with, n, &v);
		CU_ASSERT_EQUAL(v.outcome, c->outcome);
		PP_ASSERT_STR(v.kill.case_name, c->by);
		CU_ASSERT_EQUAL(v.kill.rule, c->rule);
		CU_ASSERT_EQUAL(pp_mutant_exit(&v, 1), c->exit);
		if (v.outcome != c->outcome)
			fprintf(stderr, "%s: %s\n", c->what, pp_mutant_words[v.outcome].name);
		while (n_base--)
			pp_result_free(&base[n_base]);
		while (n--)
			pp_result_free(&with[n]);
	}
}

/* Of two findings of a case that fails, the one that a row explains is not what failed it. */
static void known_beside_new(void)
{
	static const struct said passed = {
		"a", PASS, DONE, -1, PP_RULE_NONE, PP_CLASS_OK, NULL, 0
	};
	static const struct said known = { "a", FAIL, DONE, 3, O7, LEAK, NULL, 1 };
	struct pp_mutant_verdict v;
	struct pp_result base, with;
	struct pp_mutant m;

	declare(&m, "");
	result_of(&passed, &base);
	result_of(&known, &with);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pp_finding_add(&with.findings, O10, SPLAT, "a splat"));
	with.findings.items[1].defect = -1;
	pp_mutant_judge(&m, &base, 1, &with, 1, &v);
	CU_ASSERT_EQUAL(v.outcome, PP_MUTANT_ANOTHER_RULE);
	CU_ASSERT_EQUAL(v.kill.rule, O10);
	pp_result_free(&base);
	pp_result_free(&with);
}

static void one_that_survives_fails_all(void)
{
	static const enum pp_mutant_outcome killed = PP_MUTANT_KILLED;
	struct pp_mutant_verdict v[3] = { { .outcome = killed }, { .outcome = killed } };

	v[2].outcome = PP_MUTANT_NOT_APPLICABLE;
	CU_ASSERT_EQUAL(pp_mutant_exit(v, 3), 0);
	v[2].outcome = PP_MUTANT_DID_NOT_FIRE;
	CU_ASSERT_EQUAL(pp_mutant_exit(v, 3), 99);
	v[1].outcome = PP_MUTANT_SURVIVED;
	CU_ASSERT_EQUAL(pp_mutant_exit(v, 3), 1);
	CU_ASSERT_EQUAL(pp_mutant_exit(v, 0), 99);
}

static char *printed(void (*print)(FILE *, const struct pp_mutants *), const struct pp_mutants *all)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (print)
		print(out, all);
	else
		pp_mutants_markdown(out, all, 1);
	fclose(out);
	return text;
}

static void reports(void)
{
	struct pp_mutant m[2];
	struct pp_mutant_verdict v[2] = { { .outcome = PP_MUTANT_KILLED, .fired = 7 },
					  { .outcome = PP_MUTANT_NOT_APPLICABLE } };
	struct pp_mutants all = { .kernel = "debian-6.1", .mutants = m, .verdicts = v, .count = 2 };
	char *text;

	declare(&m[0], "seconds=4.5\n");
	declare(&m[1], "name=other\nabsent=there is | none\n");
	v[0].kill = (struct pp_mutant_kill){
		.case_name = "s/a/p", .rule = O7, .cls = LEAK, .fired = 3
	};
	text = printed(pp_mutants_table, &all);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "s/a/p O7 leak\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "not applicable         there is | none\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "mutants: 1 killed, 1 not applicable, 0 survived; "
					    "median time to kill 4.5 s\n"));
	free(text);
	text = printed(NULL, &all);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "| `pin-leak` | pins | a pin is forgotten "
					    "(`gup_put_folio`, every=16) | somewhere | "
					    "`s/a/p` O7 leak, 3 times, 4 s |\n"));
	free(text);
	text = pp_mutants_json(&all);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"format\": \"pinproof-mutants\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"outcome\": \"not applicable\""));
	free(text);
}

static const struct pp_unit_case cases[] = {
	{ "declarations", declarations },
	{ "each outcome", each_outcome },
	{ "a known defect beside a new finding", known_beside_new },
	{ "one that survives fails all", one_that_survives_fails_all },
	{ "reports", reports },
};
PP_UNIT_MAIN("mutant", cases)
