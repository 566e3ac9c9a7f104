/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of reports: what is accepted, where each complaint points, damage, the catalogue. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/defect.h"
#include "core/prng.h"
#include "run/bugs.h"

#define HEAD                                                                                       \
	"pinproof-report 1\n"                                                                      \
	"report lost \"data is lost\"\n"                                                           \
	"about \"It is\"\n"                                                                        \
	"about \"lost.\"\n"                                                                        \
	"why \"Nobody \\\"looks\\\".\"\n"                                                          \
	"does \"Looks.\"\n"                                                                        \
	"limits \"It looks once.\"\n"                                                              \
	"reference \"a thread\"\n"                                                                 \
	"fixed \"never\"\n"                                                                        \
	"affects 5.6..6.5 6.12.97..\n"
#define SYMPTOM "symptom O1 stale step=\"there\" log=\"lost [0-9]+\" on=6.1..6.1.50 chance\n"
#define PLAN                                                                                       \
	"pinproof-plan 1\n"                                                                        \
	"case report/lost/dio\nbacking lost\npinner dio\nrules O1 O10\nbound 5s\nactor main\n"     \
	"region data backing=anon size=4K share=private\nop 1 main map data\nstep \"there\"\n"     \
	"op 2 main load data\n"

static struct pp_bug *parse(const char *text)
{
	struct pp_bug *bug = NULL;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_bug_parse(text, strlen(text), NULL, &bug, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(bug);
	return bug;
}

static void whole(void)
{
	struct pp_bug *bug = parse("# a comment\n\n" HEAD SYMPTOM
				   "symptom O10 splat log=\"BUG:\"\nallows \"x|y\"\n"
				   "guest swap alone\n\n" PLAN "\n");
	char log[512];

	PP_ASSERT_STR(bug->name, "lost");
	PP_ASSERT_STR(bug->title, "data is lost");
	PP_ASSERT_STR(bug->about, "It is lost.");
	PP_ASSERT_STR(bug->why, "Nobody \"looks\".");
	PP_ASSERT_STR(bug->references[0], "a thread");
	CU_ASSERT_EQUAL(bug->n_ranges, 2);
	CU_ASSERT_EQUAL(bug->ranges[0].before.minor, 5);
	CU_ASSERT_EQUAL(bug->ranges[1].since.patch, 97);
	CU_ASSERT_EQUAL(bug->ranges[1].before.major, 1000);
	CU_ASSERT_EQUAL(bug->n_symptoms, 2);
	CU_ASSERT_EQUAL(bug->symptoms[0].rule, PP_O1_COHERENCE);
	CU_ASSERT_EQUAL(bug->symptoms[0].cls, PP_CLASS_STALE);
	CU_ASSERT(bug->symptoms[0].chance && bug->symptoms[0].has_on);
	CU_ASSERT(!bug->symptoms[1].chance && !bug->symptoms[1].has_on);
	PP_ASSERT_STR(bug->guest, "swap");
	CU_ASSERT(bug->alone);
	CU_ASSERT_EQUAL(bug->n_plans, 1);
	PP_ASSERT_STR(pp_bug_case(bug, 0), "report/lost/dio");
	CU_ASSERT_PTR_NULL(pp_bug_case(bug, 1));
	pp_bug_row_log(bug, &bug->symptoms[0], log, sizeof(log));
	PP_ASSERT_STR(log, "lost [0-9]+|x|y");
	pp_bug_free(bug);
	bug = parse(HEAD "symptom O1 stale\nrun a/b/c d/e/f\nrun g/h/i\n");
	CU_ASSERT_EQUAL(bug->n_cases, 3);
	PP_ASSERT_STR(pp_bug_case(bug, 2), "g/h/i");
	pp_bug_free(bug);
}

/* Several in one text, each used up to the next. */
static void several(void)
{
	static const char text[] =
		HEAD "symptom O1 stale\nrun a/b/c\n# behind\n" HEAD "symptom O1 stale\nrun d/e/f\n";
	struct pp_bug *bug = NULL;
	struct pp_err err = { "" };
	size_t used;

	CU_ASSERT_EQUAL_FATAL(pp_bug_parse(text, strlen(text), &used, &bug, &err), 0);
	PP_ASSERT_STR(pp_bug_case(bug, 0), "a/b/c");
	pp_bug_free(bug);
	CU_ASSERT_EQUAL_FATAL(pp_bug_parse(text + used, strlen(text) - used, &used, &bug, &err), 0);
	PP_ASSERT_STR(pp_bug_case(bug, 0), "d/e/f");
	pp_bug_free(bug);
	CU_ASSERT(pp_bug_parse(text, strlen(text), NULL, &bug, &err) < 0);
	PP_ASSERT_STR(err.text, "line 14 column 1: expected one report, found another.");
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "line 1 column 1: expected a line 'pinproof-report ...', found the end of the text" },
	{ PLAN, "line 1 column 1: expected 'pinproof-report 1' in the first line, found "
		"'pinproof-plan'" },
	{ "report x \"y\"\n", "line 1 column 1: expected 'pinproof-report 1' in the first line" },
	{ "pinproof-report 2\n", "line 1 column 17: expected report version 1, found '2'" },
	{ "pinproof-report 1\nreport x y\n", "line 2 column 10: expected a quoted text" },
	{ "pinproof-report 1\nreport \"x\" \"y\"\n", "line 2 column 8: expected a name" },
	{ "pinproof-report 1\nabuot \"x\"\n", "line 2 column 1: expected a statement of a report" },
	{ "pinproof-report 1\nabout \"x\n", "line 2 column 9: expected a closing" },
	{ "pinproof-report 1\nabout \"\"\n", "line 2 column 7: expected a text that is not empty" },
	{ "pinproof-report 1\nreport x \"y\"\nreport x \"y\"\n",
	  "line 3 column 1: expected a statement that may stand more than once" },
	{ "pinproof-report 1\naffects 5\n", "line 2 column 9: expected upstream versions" },
	{ "pinproof-report 1\naffects 5.6\n", "line 2 column 9: expected upstream versions" },
	{ "pinproof-report 1\naffects 5.6...6.1\n", "line 2 column 9: expected upstream versions" },
	{ "pinproof-report 1\naffects 5.6..6.1.2.3\n",
	  "line 2 column 9: expected upstream versions" },
	{ "pinproof-report 1\naffects 5.6..12345.1\n",
	  "line 2 column 9: expected upstream versions" },
	{ "pinproof-report 1\naffects 6.1..6.1\n",
	  "line 2 column 9: expected a range that ends behind its beginning" },
	{ "pinproof-report 1\nsymptom O99 stale\n",
	  "line 2 column 9: expected the name of a rule" },
	{ "pinproof-report 1\nsymptom O1 rotten\n",
	  "line 2 column 12: expected the class of a finding" },
	{ "pinproof-report 1\nsymptom O1 ok\n",
	  "line 2 column 12: expected the class of a finding" },
	{ "pinproof-report 1\nsymptom O1 stale log=\"((\"\n",
	  "line 2 column 22: expected a POSIX extended regular expression" },
	{ "pinproof-report 1\nsymptom O1 stale log=\"a{2}\"\n",
	  "line 2 column 22: expected a POSIX extended regular expression" },
	{ "pinproof-report 1\nallows \"a+++++++++\"\n",
	  "line 2 column 8: expected a POSIX extended regular expression, of at most 8" },
	{ "pinproof-report 1\nsymptom O10 splat\n", "line 2 column 9: expected log=" },
	{ "pinproof-report 1\nsymptom O1 stale stp=\"x\"\n", "line 2 column 18: expected " },
	{ "pinproof-report 1\nrun a/b*\n", "line 2 column 5: expected the whole name of a case" },
	{ "pinproof-report 1\nrun a/b/c a/b/c\n",
	  "line 2 column 11: expected a case that is not yet named" },
	{ "pinproof-report 1\nguest plain twice\n", "line 2 column 13: expected 'alone'" },
	{ HEAD, "line 11 column 1: expected a line 'symptom ...', found the end of the text" },
	{ HEAD "symptom O1 stale\n", "line 12 column 1: expected a line 'run ...' or a plan" },
	{ HEAD "symptom O1 stale\nrun a/b/c\n" PLAN,
	  "line 24 column 1: expected either cases or plans, found both" },
	{ HEAD "symptom O2 stale\n" PLAN,
	  "line 11 column 9: expected a rule that a plan below applies, found 'O2'" },
	{ HEAD "symptom O1 stale step=\"their\"\n" PLAN,
	  "line 11 column 23: expected a step of a plan below, found 'their'" },
	{ HEAD "symptom O1 stale\n" PLAN "op 3 main lod data\n", "line 23 column 11: expected " },
	{ HEAD "symptom O1 stale\n" PLAN PLAN,
	  "line 23 column 1: expected a plan with another case than 'report/lost/dio'" },
	{ HEAD "symptom O1 stale\n"
	       "pinproof-plan 1\ncase report/lot/dio\nbacking lost\npinner dio\nrules O1\nbound "
	       "5s\n",
	  "line 12 column 1: expected a plan whose case is report/lost/PINNER" },
	{ HEAD "symptom O1 stale\n"
	       "pinproof-plan 1\ncase report/lost/vm\nbacking lost\npinner dio\nrules O1\nbound "
	       "5s\n",
	  "line 12 column 1: expected a plan whose case is report/lost/PINNER" },
	{ HEAD "symptom O1 stale\n"
	       "pinproof-plan 1\ncase report/lost/dio\nbacking ext4\npinner dio\nrules O1\nbound "
	       "5s\n",
	  "line 12 column 1: expected a plan with 'backing lost'" },
};

static void complaints(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(bad); i++) {
		struct pp_bug *bug = NULL;
		struct pp_err err = { "" };

		CU_ASSERT(pp_bug_parse(bad[i].text, strlen(bad[i].text), NULL, &bug, &err) < 0);
		CU_ASSERT_PTR_NULL(bug);
		if (strncmp(err.text, bad[i].says, strlen(bad[i].says)))
			fprintf(stderr, "bad text %zu: got  %s\n            want %s\n", i, err.text,
				bad[i].says);
		CU_ASSERT_EQUAL(strncmp(err.text, bad[i].says, strlen(bad[i].says)), 0);
	}
}

/* A copy that ends where the text ends: a read behind it is seen by the sanitizers. */
static bool try_exact(const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);
	struct pp_bug *bug = NULL;
	struct pp_err err = { "" };
	size_t used = 0;
	int rc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, text, len);
	rc = pp_bug_parse(exact, len, &used, &bug, &err);
	if (rc && (strncmp(err.text, "line ", 5) || !strstr(err.text, " column ")))
		CU_FAIL("a complaint without a place");
	if (used > len)
		CU_FAIL("more used than there is");
	pp_bug_free(bug);
	free(exact);
	return !rc;
}

static void damage(void)
{
	static const char text[] = HEAD SYMPTOM PLAN;
	char copy[sizeof(text)];
	struct pp_prng prng;
	unsigned accepted = 0;

	for (size_t len = 0; len < strlen(text); len++)
		accepted += try_exact(text, len);
	CU_ASSERT(accepted > 0); /* cut between the operations of the plan */
	pp_prng_seed(&prng, 7);
	for (int n = 0; n < 4000; n++) {
		memcpy(copy, text, sizeof(text));
		for (int k = 0; k < 3; k++)
			copy[pp_prng_below(&prng, strlen(text))] =
				n % 2 ? (char)pp_prng_below(&prng, 256)
				      : text[pp_prng_below(&prng, strlen(text))];
		try_exact(copy, strlen(text));
	}
}

/* ---- expectations ---- */

static enum pp_bug_expect expected(const struct pp_bug *bug, enum pp_flavour flavour, int major,
				   int minor, int patch)
{
	struct pp_facts f = { .flavour = flavour, .version = { major, minor, patch } };

	return pp_bug_expected(bug, &f);
}

static void kernels(void)
{
	struct pp_bug *bug = parse(HEAD "symptom O1 stale\nrun a/b/c\n");

	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 5, 6, 0), PP_BUG_PRESENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_STABLE, 6, 4, 99), PP_BUG_PRESENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_MAINLINE, 6, 5, 0), PP_BUG_ABSENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 6, 12, 96), PP_BUG_ABSENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 6, 12, 97), PP_BUG_PRESENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_OTHER, 6, 12, 97), PP_BUG_UNSURE);
	pp_bug_free(bug);
	bug = parse(HEAD SYMPTOM "symptom O1 zero on=6.1.40..6.1.60\n" PLAN);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 5, 6, 0), PP_BUG_ABSENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 6, 1, 39), PP_BUG_CHANCE);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 6, 1, 40), PP_BUG_PRESENT);
	CU_ASSERT_EQUAL(expected(bug, PP_FLAVOUR_DEBIAN, 6, 1, 60), PP_BUG_ABSENT);
	pp_bug_free(bug);
}

/* ---- the catalogue ---- */

static void catalogue(void)
{
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };
	size_t place = 0, own = 0;

	CU_ASSERT_EQUAL(pp_bugs_add_all(&bugs, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(bugs.count, pp_n_bug_texts);
	for (size_t i = 0; i < bugs.count; i++) {
		const struct pp_bug *bug = bugs.items[i];

		/* a file is called as what it holds, and holds one */
		PP_ASSERT_STR(bug->name, pp_bug_texts[i].name);
		PP_ASSERT_STR(bugs.texts[i], pp_bug_texts[i].text);
		own += bug->n_plans > 0;
		for (size_t n = 0; n < bug->n_plans; n++, place++) {
			const struct pp_bug_place *p = &pp_bug_places[place];
			char name[PP_CASE_MAX];

			CU_ASSERT_FATAL(place < pp_n_bug_places);
			snprintf(name, sizeof(name), PP_BUG_SCENARIO "/%s/%s", p->variant,
				 p->pinner);
			PP_ASSERT_STR(name, bug->plans[n].plan->case_name);
			PP_ASSERT_STR(p->backing, bug->plans[n].plan->backing);
			PP_ASSERT_STR(p->guest, bug->guest);
			CU_ASSERT_EQUAL(p->alone, bug->alone);
			CU_ASSERT_EQUAL(p->bug, i);
			CU_ASSERT_EQUAL(p->at, bug->plans[n].at);
			CU_ASSERT_EQUAL(p->length, bug->plans[n].length);
		}
	}
	CU_ASSERT_EQUAL(place, pp_n_bug_places);
	fprintf(stderr, "catalogue: %zu reports, %zu with a plan of their own\n", bugs.count, own);
	pp_bugs_free(&bugs);
}

/* The rows of known defects are what the reports say: one and the same text. */
static void rows(void)
{
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };
	char *want = pp_unit_read("src/core/defect_rows_report.h", NULL), *got = NULL, *body;
	size_t len, n = 0;
	FILE *f = open_memstream(&got, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(pp_bugs_add_all(&bugs, &err), 0);
	for (size_t i = 0; i < bugs.count; i++)
		pp_bug_rows(f, bugs.items[i]);
	fclose(f);
	body = strstr(want, "\t{\n");
	if (strcmp(body ? body : "", got))
		fprintf(stderr, "src/core/defect_rows_report.h is not what 'pinproof reports "
				"--rows' prints\n");
	PP_ASSERT_STR(body ? body : "", got);
	for (size_t i = 0; i < pp_n_defects; i++)
		n += !strcmp(pp_defects[i].scenario, PP_BUG_SCENARIO);
	for (const char *at = got; (at = strstr(at, ".name = ")); at++)
		n--;
	CU_ASSERT_EQUAL(n, 0);
	free(want);
	free(got);
	pp_bugs_free(&bugs);
}

static void from_files(void)
{
	static const char two[] =
		HEAD "symptom O1 stale\nrun a/b/c\n" HEAD "symptom O1 stale\nrun d/e/f\n";
	static const char second[] = HEAD "symptom O1 stale\nrun a/b/c\n"
					  "pinproof-report 1\nabuot \"x\"\n";
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };

	/* called the same: the first stays */
	CU_ASSERT_EQUAL(pp_bugs_add_text(&bugs, two, strlen(two), "t", &err), 0);
	CU_ASSERT_EQUAL(bugs.count, 1);
	CU_ASSERT(pp_bugs_add_text(&bugs, second, strlen(second), "t", &err) < 0);
	CU_ASSERT_EQUAL(strncmp(err.text, "t: line 14 column 1: expected a statement", 41), 0);
	CU_ASSERT(pp_bugs_add(&bugs, "no-such-report", &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no report is called 'no-such-report'"));
	CU_ASSERT(pp_bugs_add(&bugs, "./no-such-report", &err) < 0);
	pp_bugs_free(&bugs);
}

static const struct pp_unit_case cases[] = {
	{ "a whole report", whole },
	{ "several in one text", several },
	{ "complaints name line and column", complaints },
	{ "damaged texts", damage },
	{ "which kernels", kernels },
	{ "the catalogue", catalogue },
	{ "rows of known defects", rows },
	{ "files", from_files },
};

PP_UNIT_MAIN("bug", cases)
