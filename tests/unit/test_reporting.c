/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of a run: what lies in its directory, KTAP, and the exit code. */
#include "run/reporting.h"
#include "run/rundir.h"
#include "tmpdir.h"

/* The verdicts of a run (-1 ends them), how many were planned, and the exit code. */
static const struct {
	int verdicts[4];
	size_t planned;
	bool strict, bisect, interrupted;
	int code;
} rows[] = {
	{ { PP_VERDICT_PASS, -1 }, 1, false, false, false, 0 },
	{ { PP_VERDICT_PASS, PP_VERDICT_SKIP, PP_VERDICT_XFAIL, -1 }, 3, false, false, false, 0 },
	{ { PP_VERDICT_SKIP, -1 }, 1, false, false, false, 77 },
	{ { PP_VERDICT_SKIP, -1 }, 1, false, true, false, 125 },
	{ { PP_VERDICT_PASS, PP_VERDICT_FAIL, -1 }, 2, false, false, false, 1 },
	{ { PP_VERDICT_XPASS, -1 }, 1, false, false, false, 0 },
	{ { PP_VERDICT_XPASS, -1 }, 1, true, false, false, 1 },
	{ { PP_VERDICT_BROKEN, PP_VERDICT_PASS, -1 }, 2, false, false, false, 99 },
	/* a result is missing: nobody may take that for a pass */
	{ { PP_VERDICT_PASS, -1 }, 2, false, false, false, 99 },
	{ { -1 }, 1, false, false, false, 99 },
	{ { PP_VERDICT_FAIL, -1 }, 2, false, false, false, 1 },
	{ { PP_VERDICT_PASS, -1 }, 2, false, false, true, 99 },
};

static int lines_with(const char *text, const char *begin)
{
	int n = !strncmp(text, begin, strlen(begin));

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n += !strncmp(at + 1, begin, strlen(begin));
	return n;
}

static void add_results(struct pp_reporting *r, size_t row, struct pp_err *err)
{
	for (int i = 0; rows[row].verdicts[i] >= 0; i++) {
		struct pp_result one = { .verdict = (enum pp_verdict)rows[row].verdicts[i],
					 .attempts = 1 };

		snprintf(one.case_name, sizeof(one.case_name), "unit/row%zu/case%d", row, i);
		snprintf(one.reason, sizeof(one.reason), "the reason");
		CU_ASSERT_EQUAL(pp_reporting_add(r, &one, NULL, err), 0);
	}
}

static void check_row(size_t row)
{
	char *command[] = { (char *)"pinproof", (char *)"run", (char *)"a b", (char *)"it's" };
	struct pp_case one = { .label = "unit/row/case" };
	const struct pp_selection s = { .cases = &one, .count = 1 };
	struct pp_config c = { .strict = rows[row].strict, .bisect = rows[row].bisect, .seed = 9 };
	struct pp_reporting r;
	struct pp_facts facts = { 0 };
	struct pp_err err = { "" };
	struct tmpdir d;
	char ktap[128], *text = NULL;
	size_t len;

	tmpdir_make(&d);
	snprintf(ktap, sizeof(ktap), "%s", tmpdir_file(&d, "ktap"));
	c.ktap = ktap;
	pp_facts_kernel(&facts, "6.12.1", "");
	CU_ASSERT_EQUAL_FATAL(pp_reporting_head(d.path, 4, command, 9, &s, &err), 0);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "command", "pinproof run 'a b' 'it'\\''s'\n", 29));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "cases.list", "unit/row/case\n", 14));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "status", "running\n", 8));
	CU_ASSERT_EQUAL_FATAL(pp_reporting_open(&r, &c, d.path, &facts, rows[row].planned, &err),
			      0);
	add_results(&r, row, &err);
	CU_ASSERT_EQUAL(pp_reporting_close(&r, rows[row].interrupted, &err), rows[row].code);
	CU_ASSERT_TRUE(rows[row].interrupted ? tmpdir_holds(&d, "status", "interrupted\n", 12)
					     : tmpdir_holds(&d, "status", "done\n", 5));
	CU_ASSERT_EQUAL_FATAL(pp_file_read(NULL, ktap, &text, &len, &err), 0);
	CU_ASSERT_EQUAL(lines_with(text, "KTAP version 1"), 1);
	for (int i = 0; rows[row].verdicts[i] >= 0; i++) {
		char name[64];

		snprintf(name, sizeof(name), "unit/row%zu/case%d", row, i);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, name));
	}
	free(text);
	CU_ASSERT_EQUAL_FATAL(pp_file_read(d.path, "results.json", &text, &len, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "6.12.1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "pinproof run 'a b' 'it"));
	free(text);
	tmpdir_remove(&d);
}

static void runs_and_their_exit_codes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i);
}

static void nowhere_to_write(void)
{
	struct pp_config c = { .ktap = "/nonexistent/ktap" };
	struct pp_reporting r;
	struct pp_facts facts = { 0 };
	struct pp_err err = { "" };

	CU_ASSERT_NOT_EQUAL(pp_reporting_open(&r, &c, "/nonexistent", &facts, 1, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent/ktap"));
}

/* The results could not be kept: 99, whatever they were. */
static void results_are_lost(void)
{
	struct pp_config c = { .seed = 1 };
	struct pp_reporting r;
	struct pp_facts facts = { 0 };
	struct pp_err err = { "" };
	struct tmpdir d;
	char ktap[128];

	tmpdir_make(&d);
	snprintf(ktap, sizeof(ktap), "%s", tmpdir_file(&d, "ktap"));
	c.ktap = ktap;
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&d, "results.json"), 0755), 0);
	CU_ASSERT_EQUAL_FATAL(pp_reporting_open(&r, &c, d.path, &facts, 1, &err), 0);
	add_results(&r, 0, &err);
	CU_ASSERT_EQUAL(pp_reporting_close(&r, false, &err), 99);
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "runs and their exit codes", runs_and_their_exit_codes },
	{ "nowhere to write", nowhere_to_write },
	{ "results that are lost", results_are_lost },
};

PP_UNIT_MAIN("reporting", cases)
