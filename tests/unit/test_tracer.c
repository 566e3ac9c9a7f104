/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the trace witness and of coverage where tracefs cannot be used: each says why, once, and
 * leaves nothing; what a run makes of it is a fact, or, if it was asked for by name, an error. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "run/tracing.h"

/* A machine on which the witness would work is left alone: guests test that. */
static bool usable(void)
{
	const char *dir = NULL;
	char path[512];

	if (tracefs_tracing_dir_is_mounted(false, &dir) != 1 || !dir)
		return false;
	snprintf(path, sizeof(path), "%s/instances", dir);
	return !access(path, W_OK | X_OK);
}

static void without_tracefs_it_says_so(void)
{
	struct pp_tracer *tracer = NULL;
	struct pp_cover *cover = NULL;
	struct pp_coverage c;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&c), 0);
	if (!usable()) {
		CU_ASSERT(pp_tracer_open(&tracer, &err) < 0);
		CU_ASSERT_PTR_NULL(tracer);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trace"));
		err.text[0] = '\0';
		CU_ASSERT(pp_cover_open(&cover, &c, &err) < 0);
		CU_ASSERT_PTR_NULL(cover);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trace"));
		for (size_t i = 0; i < c.n_functions; i++)
			CU_ASSERT_EQUAL(c.functions[i].state, PP_PROBE_ABSENT);
	}
	pp_tracer_close(NULL);
	pp_cover_close(NULL);
	pp_tracer_sweep(0);
	pp_coverage_free(&c);
}

static void what_was_not_asked_for_is_not_tried(void)
{
	static const struct pp_config plain = { .seed = 1 },
				      guest = { .guest = true, .no_trace = true };
	const struct pp_config *configs[] = { &plain, &guest };

	for (size_t i = 0; i < 2; i++) {
		struct pp_facts facts = { 0 };
		struct pp_tracing t;
		struct pp_trace_account account = { 0 };
		struct pp_tracing_files files;
		struct pp_err err = { "" };

		CU_ASSERT_EQUAL(pp_tracing_open(&t, configs[i], &facts, &err), 0);
		PP_ASSERT_STR(pp_facts_find(&facts, "trace")->why, PP_TRACE_NOT_ASKED);
		CU_ASSERT_PTR_NULL(pp_facts_find(&facts, "coverage"));
		pp_tracing_begin(&t, &account);
		pp_tracing_end(&t, 1, "main", 0, &account, &files);
		CU_ASSERT(!account.asked && !account.blind[0]);
		CU_ASSERT(!files.trace && !files.coverage);
		pp_tracing_files_free(&files);
		pp_tracing_close(&t);
	}
}

static void blind_is_a_fact_or_an_error(void)
{
	static const struct pp_config asked = { .trace = true }, covered = { .coverage = true };
	struct pp_facts facts = { 0 };
	struct pp_tracing t;
	struct pp_err err = { "" };

	if (!usable()) {
		CU_ASSERT_EQUAL(pp_tracing_open(&t, &asked, &facts, &err), 0);
		CU_ASSERT(!pp_facts_find(&facts, "trace")->yes);
		CU_ASSERT(strcmp(pp_facts_find(&facts, "trace")->why, PP_TRACE_NOT_ASKED) != 0);
		pp_tracing_close(&t);
		CU_ASSERT(pp_tracing_open(&t, &covered, &facts, &err) < 0);
		CU_ASSERT_EQUAL(strncmp(err.text, "--coverage: ", 12), 0);
		pp_tracing_close(&t);
	}
	CU_ASSERT(true);
}

static const struct pp_unit_case cases[] = {
	{ "without tracefs it says so", without_tracefs_it_says_so },
	{ "what was not asked for is not tried", what_was_not_asked_for_is_not_tried },
	{ "blind is a fact or an error", blind_is_a_fact_or_an_error },
};
PP_UNIT_MAIN("tracer", cases)
