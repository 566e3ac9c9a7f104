/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Was it reproduced? Only by the report's own symptom; what nobody saw is no "no". */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bug_judge.h"

#define HEAD                                                                                       \
	"pinproof-report 1\nreport lost \"data | is lost\"\nabout \"a\"\nwhy \"w\"\ndoes \"d\"\n"  \
	"limits \"l\"\nreference \"r\"\nfixed \"never\"\naffects 6.1..6.2\n"
#define CASES "run a/b/c d/e/f\n"
#define PLAN                                                                                       \
	"pinproof-plan 1\ncase a/b/c\nbacking b\npinner c\nrules O1\nbound 5s\n"                   \
	"evidence syncs >= 1\nactor main\nregion data backing=anon size=4K share=private\n"        \
	"step \"there\"\nop 1 main map data\n"

struct world {
	struct pp_bug *bug;
	struct pp_plan *plan;
	struct pp_facts facts;
	struct pp_result results[8];
	struct pp_bug_run runs[8];
	size_t count;
	struct pp_bug_verdict v;
};

static void begin(struct world *w, const char *symptoms)
{
	struct pp_err err = { "" };
	char text[2048];

	memset(w, 0, sizeof(*w));
	snprintf(text, sizeof(text), "%s%s%s", HEAD, symptoms, CASES);
	CU_ASSERT_EQUAL_FATAL(pp_bug_parse(text, strlen(text), NULL, &w->bug, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(PLAN, strlen(PLAN), &w->plan, &err), 0);
	w->facts.flavour = PP_FLAVOUR_DEBIAN;
	w->facts.version = (struct pp_version){ 6, 1, 5 };
}

static void end(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		pp_findings_free(&w->results[i].findings);
	pp_plan_free(w->plan);
	pp_bug_free(w->bug);
}

/* One more execution, with enough evidence; @log is the kernel's. */
static struct pp_result *add(struct world *w, const char *name, unsigned repeat,
			     enum pp_verdict verdict, enum pp_ending ending, const char *log)
{
	struct pp_result *r = &w->results[w->count];

	snprintf(r->case_name, sizeof(r->case_name), "%s", name);
	snprintf(r->reason, sizeof(r->reason), "because of it");
	r->verdict = verdict;
	r->ending = ending;
	r->evidence.count[PP_EV_SYNCS] = 1;
	w->runs[w->count++] = (struct pp_bug_run){ .result = r,
						   .plan = w->plan,
						   .repeat = repeat,
						   .log = log,
						   .log_len = log ? strlen(log) : 0 };
	return r;
}

static void find(struct pp_result *r, enum pp_rule rule, enum pp_class cls, const char *step,
		 const char *text)
{
	struct pp_finding *x = pp_finding_add(&r->findings, rule, cls, "%s", text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	snprintf(x->step, sizeof(x->step), "%s", step);
}

static enum pp_bug_outcome judged(struct world *w)
{
	pp_bug_judge(w->bug, &w->facts, w->runs, w->count, &w->v);
	return w->v.outcome;
}

/* One finding in one case that failed: is it this report's? */
static enum pp_bug_outcome of_finding(const char *symptom, enum pp_rule rule, enum pp_class cls,
				      const char *step, const char *text, const char *log)
{
	enum pp_bug_outcome outcome;
	struct world w;

	begin(&w, symptom);
	find(add(&w, "a/b/c", 1, PP_VERDICT_FAIL, PP_ENDING_DONE, log), rule, cls, step, text);
	outcome = judged(&w);
	end(&w);
	return outcome;
}

static void own_symptom_only(void)
{
	static const char plain[] = "symptom O1 stale step=\"there\"\n";
	static const char logged[] = "symptom O1 stale log=\"lost [0-9]+ pages\"\n";
	static const char splat[] = "symptom O10 splat log=\"^WARNING: .*dax\"\n";

	CU_ASSERT_EQUAL(of_finding(plain, PP_O1_COHERENCE, PP_CLASS_STALE, "there", "t", ""),
			PP_BUG_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(plain, PP_O1_COHERENCE, PP_CLASS_STALE, "other", "t", ""),
			PP_BUG_NOT_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(plain, PP_O1_COHERENCE, PP_CLASS_ZERO, "there", "t", ""),
			PP_BUG_NOT_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(plain, PP_O2_DURABILITY, PP_CLASS_STALE, "there", "t", ""),
			PP_BUG_NOT_REPRODUCED);
	CU_ASSERT_EQUAL(
		of_finding("symptom O1 stale\n", PP_O1_COHERENCE, PP_CLASS_STALE, "any", "t", ""),
		PP_BUG_REPRODUCED);
	/* the line of the log as well, whatever its prefix */
	CU_ASSERT_EQUAL(of_finding(logged, PP_O1_COHERENCE, PP_CLASS_STALE, "x", "t",
				   "4,812,1234567,-;quiet\n4,813,1234568,-;fs: lost 3 pages\n"),
			PP_BUG_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(logged, PP_O1_COHERENCE, PP_CLASS_STALE, "x", "t",
				   "[   12.345678] fs: lost 3 pages"),
			PP_BUG_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(logged, PP_O1_COHERENCE, PP_CLASS_STALE, "x", "t", "quiet\n"),
			PP_BUG_NOT_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(logged, PP_O1_COHERENCE, PP_CLASS_STALE, "x", "t", NULL),
			PP_BUG_NOT_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(splat, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "",
				   "WARNING: CPU: N at fs/dax.c:N", ""),
			PP_BUG_REPRODUCED);
	CU_ASSERT_EQUAL(of_finding(splat, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "",
				   "WARNING: CPU: N at fs/ext4/inode.c:N", ""),
			PP_BUG_NOT_REPRODUCED);
}

static void what_is_told(void)
{
	struct world w;

	begin(&w, "symptom O1 stale log=\"lost\"\n");
	find(add(&w, "a/b/c", 1, PP_VERDICT_XFAIL, PP_ENDING_DONE, "4,1,2,-;it is lost\n"),
	     PP_O1_COHERENCE, PP_CLASS_STALE, "there", "op 3 shows op 1");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_REPRODUCED);
	PP_ASSERT_STR(w.v.case_name, "a/b/c");
	PP_ASSERT_STR(w.v.finding, "op 3 shows op 1");
	PP_ASSERT_STR(w.v.log, "it is lost");
	CU_ASSERT_EQUAL(w.v.expect, PP_BUG_PRESENT);
	CU_ASSERT(!pp_bug_differs(&w.v));
	end(&w);
	begin(&w, "symptom O1 stale\n");
	find(add(&w, "a/b/c", 1, PP_VERDICT_FAIL, PP_ENDING_DONE, ""), PP_O2_DURABILITY,
	     PP_CLASS_ZERO, "there", "something else");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_NOT_REPRODUCED);
	PP_ASSERT_STR(w.v.finding, "another finding: O2 zero: something else");
	CU_ASSERT(pp_bug_differs(&w.v));
	end(&w);
}

/* What did not run to its end, or saw too little, says nothing. */
static void cannot_tell(void)
{
	static const struct {
		enum pp_verdict verdict;
		enum pp_ending ending;
		uint64_t syncs;
		enum pp_bug_outcome outcome;
	} rows[] = {
		{ PP_VERDICT_PASS, PP_ENDING_DONE, 1, PP_BUG_NOT_REPRODUCED },
		{ PP_VERDICT_XPASS, PP_ENDING_DONE, 1, PP_BUG_NOT_REPRODUCED },
		{ PP_VERDICT_PASS, PP_ENDING_DONE, 0, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_SKIP, PP_ENDING_SKIP, 1, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_BROKEN, PP_ENDING_BROKEN, 1, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_BROKEN, PP_ENDING_STARTED, 1, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_INCONCLUSIVE, PP_ENDING_DONE, 1, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_TIMEOUT, PP_ENDING_TIMEOUT, 1, PP_BUG_CANNOT_TELL },
		{ PP_VERDICT_CRASH, PP_ENDING_CRASH, 1, PP_BUG_CANNOT_TELL },
	};
	struct world w;

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		begin(&w, "symptom O1 stale\n");
		add(&w, "a/b/c", 1, rows[i].verdict, rows[i].ending, "")
			->evidence.count[PP_EV_SYNCS] = rows[i].syncs;
		CU_ASSERT_EQUAL(judged(&w), rows[i].outcome);
		CU_ASSERT_EQUAL(pp_bug_exit(&w.v, 1),
				rows[i].outcome == PP_BUG_CANNOT_TELL ? 125 : 0);
		end(&w);
	}
	begin(&w, "symptom O1 stale\n");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	PP_ASSERT_STR(w.v.finding, "no case of it has a result");
	add(&w, "a/b/c", 1, PP_VERDICT_PASS, PP_ENDING_DONE, "");
	w.runs[0].plan = NULL;
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	end(&w);
}

static void crashes(void)
{
	struct world w;

	begin(&w, "symptom O10 splat log=\"BUG: unable to handle\"\n");
	snprintf(add(&w, "a/b/c", 1, PP_VERDICT_CRASH, PP_ENDING_CRASH, "")->reason, 100,
		 "the kernel died: BUG: unable to handle page fault");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_REPRODUCED);
	snprintf(w.results[0].reason, 100, "the kernel died: Kernel panic");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	end(&w);
	/* a deadline that passed where the report says */
	begin(&w, "symptom O9 stuck log=\"in operation 20 [(]reg\"\n");
	snprintf(add(&w, "a/b/c", 1, PP_VERDICT_TIMEOUT, PP_ENDING_TIMEOUT, "")->reason, 100,
		 "the deadline of 30000 ms passed in operation 20 (reg, step \"x\")");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_REPRODUCED);
	snprintf(w.results[0].reason, 100, "the deadline passed in operation 2 (map)");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	end(&w);
	/* and also where a row of known defects has taken the deadline for its own */
	begin(&w, "symptom O9 stuck log=\"in operation 20 [(]reg\"\n");
	snprintf(add(&w, "a/b/c", 1, PP_VERDICT_XFAIL, PP_ENDING_TIMEOUT, "")->reason, 200,
		 "known defect x: y; ended by timeout: the deadline passed in operation 20 (reg)");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_REPRODUCED);
	end(&w);
	/* of O1 no crash speaks */
	begin(&w, "symptom O1 stale log=\"BUG\"\n");
	snprintf(add(&w, "a/b/c", 1, PP_VERDICT_CRASH, PP_ENDING_CRASH, "")->reason, 100, "BUG");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	end(&w);
}

/* Cases of one repeat make one run; one that shows it is enough, one that cannot tell spoils a no.
 */
static void counts(void)
{
	struct world w;

	begin(&w, "symptom O1 stale\n");
	add(&w, "a/b/c", 1, PP_VERDICT_PASS, PP_ENDING_DONE, "");
	add(&w, "d/e/f", 1, PP_VERDICT_PASS, PP_ENDING_DONE, "");
	add(&w, "a/b/c~2", 2, PP_VERDICT_PASS, PP_ENDING_DONE, "");
	add(&w, "d/e/f~2", 2, PP_VERDICT_SKIP, PP_ENDING_SKIP, "");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_CANNOT_TELL);
	CU_ASSERT_EQUAL(w.v.runs[PP_BUG_NOT_REPRODUCED], 1);
	CU_ASSERT_EQUAL(w.v.runs[PP_BUG_CANNOT_TELL], 1);
	PP_ASSERT_STR(w.v.case_name, "d/e/f~2");
	find(add(&w, "a/b/c~3", 3, PP_VERDICT_FAIL, PP_ENDING_DONE, ""), PP_O1_COHERENCE,
	     PP_CLASS_STALE, "x", "shown");
	add(&w, "d/e/f~3", 3, PP_VERDICT_SKIP, PP_ENDING_SKIP, "");
	CU_ASSERT_EQUAL(judged(&w), PP_BUG_REPRODUCED);
	CU_ASSERT_EQUAL(w.v.runs[PP_BUG_NOT_REPRODUCED], 1);
	CU_ASSERT_EQUAL(w.v.runs[PP_BUG_CANNOT_TELL], 1);
	CU_ASSERT_EQUAL(w.v.runs[PP_BUG_REPRODUCED], 1);
	PP_ASSERT_STR(w.v.case_name, "a/b/c~3");
	end(&w);
}

static void exits(void)
{
	struct pp_bug_verdict v[3] = {
		{ .outcome = PP_BUG_NOT_REPRODUCED, .expect = PP_BUG_ABSENT },
		{ .outcome = PP_BUG_REPRODUCED, .expect = PP_BUG_PRESENT },
		{ .outcome = PP_BUG_NOT_REPRODUCED, .expect = PP_BUG_CHANCE },
	};

	CU_ASSERT_EQUAL(pp_bug_exit(v, 0), 125);
	CU_ASSERT_EQUAL(pp_bug_exit(v, 1), 0);
	CU_ASSERT_EQUAL(pp_bug_exit(v, 2), 1);
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 0), 125);
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 3), 0);
	v[2].outcome = PP_BUG_CANNOT_TELL;
	CU_ASSERT_EQUAL(pp_bug_exit(v, 3), 1);
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 3), 125);
	v[0].outcome = PP_BUG_REPRODUCED;
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 3), 1);
	v[0].outcome = PP_BUG_NOT_REPRODUCED;
	v[1].outcome = PP_BUG_NOT_REPRODUCED;
	CU_ASSERT_EQUAL(pp_bug_exit(v, 3), 125);
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 3), 1);
	v[1].expect = PP_BUG_UNSURE;
	v[2].outcome = PP_BUG_REPRODUCED;
	CU_ASSERT_EQUAL(pp_bug_exit_all(v, 3), 0);
}

/* ---- what is printed ---- */

static char *printed(const struct pp_bug_table *t, bool markdown)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (markdown)
		pp_bug_table_markdown(f, t);
	else
		pp_bug_table_print(f, t, true);
	fclose(f);
	return text;
}

static void says(char *text, const char *words)
{
	if (!strstr(text, words))
		fprintf(stderr, "no '%s' in\n%s\n", words, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
}

static void tables(void)
{
	static char kernels[2][128] = { "one (6.1.5)", "two (6.12.1)" };
	struct pp_bug_verdict v[2] = {
		{ .outcome = PP_BUG_REPRODUCED,
		  .runs = { [PP_BUG_REPRODUCED] = 2, [PP_BUG_CANNOT_TELL] = 1 },
		  .expect = PP_BUG_ABSENT,
		  .case_name = "a/b/c",
		  .finding = "op 3 | shows",
		  .log = "BUG: \033[1m" },
		{ .outcome = PP_BUG_NOT_REPRODUCED, .runs = { [PP_BUG_NOT_REPRODUCED] = 3 } },
	};
	struct pp_bug_table t = { .kernels = kernels, .n_kernels = 2, .verdicts = v, .n_bugs = 1 };
	struct world w;
	char *text;

	begin(&w, "symptom O1 stale step=\"there\" log=\"x\" chance\n");
	t.bugs = &w.bug;
	text = printed(&t, false);
	says(text, "reproduced 2/3 DIFFERS");
	says(text, "not reproduced 3/3");
	says(text, "lost on one (6.1.5): reproduced, but the report says: absent\n  a/b/c: op 3");
	says(text, "\n  log: BUG: ");
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	says(text, "one (6.1.5): 1 reproduced, 0 not reproduced, 0 cannot tell; 1 differ");
	free(text);
	text = printed(&t, true);
	says(text, "| [`lost`](#lost) | 6.1 to 6.2 | reproduced 2/3 DIFFERS | not reproduced");
	says(text, "\n### lost\n\ndata \\| is lost\n");
	says(text, "*Cases:* `a/b/c`, `d/e/f`\n");
	free(text);
	text = pp_bug_table_json(&t);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	says(text, "\"outcome\": \"reproduced\"");
	says(text, "\"differs\": true");
	free(text);
	text = NULL;
	end(&w);
}

static const struct pp_unit_case cases[] = {
	{ "only its own symptom", own_symptom_only },
	{ "what is told", what_is_told },
	{ "nobody can tell", cannot_tell },
	{ "a kernel that died", crashes },
	{ "several runs", counts },
	{ "exit codes", exits },
	{ "tables", tables },
};

PP_UNIT_MAIN("bug_judge", cases)
