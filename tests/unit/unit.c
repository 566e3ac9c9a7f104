/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of every unit test program; see unit.h. */
#include "unit.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned asserts_before;
static unsigned empty_cases;

static void case_starts(const CU_pTest test, const CU_pSuite suite)
{
	(void)test;
	(void)suite;
	asserts_before = CU_get_number_of_asserts();
}

/* CUnit calls a test without assertions passed; here it is a failure, as nothing was checked. */
static void case_ended(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	(void)suite;
	if (CU_get_number_of_asserts() == asserts_before) {
		empty_cases++;
		fprintf(stderr, "case '%s' made no assertion\n", test->pName);
	}
	for (CU_pFailureRecord f = failure; f; f = f->pNext)
		fprintf(stderr, "%s:%u: %s: %s\n", f->strFileName, f->uiLineNumber, test->pName,
			f->strCondition);
}

int pp_unit_main(const char *suite_name, const struct pp_unit_case *cases, size_t count)
{
	unsigned run, failed, suites_failed;
	CU_pSuite suite;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 99;
	suite = CU_add_suite(suite_name, NULL, NULL);
	if (!suite)
		return 99;
	for (size_t i = 0; i < count; i++)
		if (!CU_add_test(suite, cases[i].name, cases[i].fn))
			return 99;
	CU_set_test_start_handler(case_starts);
	CU_set_test_complete_handler(case_ended);
	if (CU_run_all_tests() != CUE_SUCCESS)
		return 99;
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	suites_failed = CU_get_number_of_suites_failed();
	CU_basic_show_failures(CU_get_failure_list());
	printf("%s: %u passed, %u failed\n", suite_name, run - failed, failed + empty_cases);
	CU_cleanup_registry();
	if (run != count || suites_failed)
		return 99;
	return failed || empty_cases ? 1 : 0;
}

const char *pp_unit_srcdir(void)
{
	const char *dir = getenv("srcdir");

	return dir ? dir : ".";
}

char *pp_unit_read(const char *path, size_t *len)
{
	char full[4096], *text = NULL;
	size_t size = 0, cap = 0, got;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", pp_unit_srcdir(), path);
	f = fopen(full, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	do {
		if (size + 65536 + 1 > cap) {
			cap = (size + 65536 + 1) * 2;
			text = realloc(text, cap);
			if (!text)
				abort();
		}
		got = fread(text + size, 1, 65536, f);
		size += got;
	} while (got);
	fclose(f);
	text[size] = '\0';
	if (len)
		*len = size;
	return text;
}
