/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of coverage on recorded data: what is entered by one scenario only goes with it, and a
 * probe that was never armed is neither entered nor a gap. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/coverage.h"

#define HEAD                                                                                       \
	"pinproof-coverage 1\nkernel 6.1.0-test\narmed pin_user_pages\narmed "                     \
	"pin_user_pages_fast\n"                                                                    \
	"armed try_grab_folio\npartly gup_put_folio\nfailed unpin_user_page Device or resource "   \
	"busy\nabsent gup_pte_range\n"
#define CASE "pinproof-coverage-case 1\nmissed 0\n"

struct recorded {
	const char *scenario, *text;
};

static const struct recorded cases_of_a_run[] = {
	{ "mr-fsync", CASE "pin_user_pages_fast 3\ntry_grab_folio 40\n" },
	{ "mr-fsync", CASE "pin_user_pages_fast 1\n" },
	{ "dio-mmap", CASE "pin_user_pages_fast 9\ngup_put_folio 2\n" },
};

static void load(struct pp_coverage *c, const struct recorded *cases, size_t count)
{
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(c), 0);
	CU_ASSERT_EQUAL(pp_coverage_parse_head(c, HEAD, strlen(HEAD), &err), 0);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(pp_coverage_parse_case(c, cases[i].scenario, cases[i].text,
						       strlen(cases[i].text), &err),
				0);
	if (err.text[0])
		fprintf(stderr, "%s\n", err.text);
}

static char *table(const struct pp_coverage *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pp_coverage_table(c, f);
	fclose(f);
	return text;
}

static char *diff(const struct pp_coverage *a, const struct pp_coverage *b)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pp_coverage_diff(a, b, f);
	fclose(f);
	return text;
}

/* Is there a line with both words? */
static bool line_with(const char *text, const char *one, const char *other)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		char copy[256];

		snprintf(copy, sizeof(copy), "%.*s", (int)len, line);
		if (strstr(copy, one) && strstr(copy, other))
			return true;
		line += len;
		line += *line == '\n';
	}
	return false;
}

static void the_list_is_sound(void)
{
	struct pp_coverage c;

	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&c), 0);
	CU_ASSERT(c.n_functions > 400);
	for (size_t i = 0; i < c.n_functions; i++) {
		CU_ASSERT(strlen(c.functions[i].name) < PP_FUNCTION_MAX - 1);
		CU_ASSERT_EQUAL(pp_coverage_find(&c, c.functions[i].name), (long)i);
	}
	CU_ASSERT_EQUAL(pp_coverage_find(&c, "no_such_function"), -1);
	pp_coverage_free(&c);
}

static void who_entered_what(void)
{
	struct pp_coverage c;
	char *text;

	load(&c, cases_of_a_run, 3);
	text = table(&c);
	CU_ASSERT(line_with(text, "a  mr-fsync", "(2)"));
	CU_ASSERT(line_with(text, "b  dio-mmap", "(1)"));
	CU_ASSERT(line_with(text, "pin_user_pages_fast ", " ab        13"));
	CU_ASSERT(line_with(text, "try_grab_folio ", " a.        40"));
	CU_ASSERT(line_with(text, "gup_put_folio ", " .b         2 in part"));
	CU_ASSERT(line_with(text, "mm/gup.c:", "3 of 4 observable"));
	free(text);
	pp_coverage_free(&c);
}

/* The words below a title of one file, up to the next title. */
static bool below(const char *text, const char *title, const char *name)
{
	const char *at = strstr(text, title), *end;
	char copy[4000];

	if (!at)
		return false;
	at += strlen(title) + 1;
	for (end = at; *end && strncmp(end, "\n  ", 3) != 0;)
		end++;
	while (*end && !strncmp(end, "\n    ", 5)) {
		end++;
		while (*end && *end != '\n')
			end++;
	}
	snprintf(copy, sizeof(copy), " %.*s ", (int)(end - at), at);
	return strstr(copy, name) != NULL;
}

/* Planted: a probe that did not arm, one that is inlined, one that is armed and never entered. */
static void what_cannot_be_seen_is_no_gap(void)
{
	struct pp_coverage c;
	char *text;

	load(&c, cases_of_a_run, 3);
	text = table(&c);
	CU_ASSERT(below(text, "  never entered:", " pin_user_pages "));
	CU_ASSERT(!below(text, "  never entered:", " unpin_user_page "));
	CU_ASSERT(!below(text, "  never entered:", " gup_pte_range "));
	CU_ASSERT(line_with(
		text, "no probe could be armed: unpin_user_page:", "Device or resource busy"));
	CU_ASSERT(below(text, "  not observable (inlined or absent):", " gup_pte_range "));
	CU_ASSERT(strstr(text, " functions: 3 entered, 1 armed and never entered, ") != NULL);
	CU_ASSERT(strstr(text, ", 1 without a probe\n") != NULL);
	free(text);
	pp_coverage_free(&c);
}

/* Planted: the scenario that alone enters a function is dropped. */
static void a_scenario_takes_its_functions_along(void)
{
	struct pp_coverage all, less;
	char *text;

	load(&all, cases_of_a_run, 3);
	load(&less, cases_of_a_run, 2);
	text = table(&less);
	CU_ASSERT(!line_with(text, "gup_put_folio ", "in part"));
	CU_ASSERT(below(text, "  not seen to be entered, but inlined in part:", " gup_put_folio "));
	free(text);
	text = diff(&all, &less);
	CU_ASSERT(line_with(text, "gup_put_folio ", " dio-mmap"));
	CU_ASSERT(!line_with(text, "try_grab_folio ", "mr-fsync"));
	CU_ASSERT(strstr(text, "entered only in the second run:\n  none\n") != NULL);
	CU_ASSERT(strstr(text, "entered in both: 2\n") != NULL);
	free(text);
	pp_coverage_free(&all);
	pp_coverage_free(&less);
}

static void the_other_kernel_may_not_see_it(void)
{
	static const char blind[] = "pinproof-coverage 1\nkernel 6.12\narmed pin_user_pages_fast\n";
	struct pp_coverage a, b;
	struct pp_err err;
	char *text;

	load(&a, cases_of_a_run, 3);
	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&b), 0);
	CU_ASSERT_EQUAL(pp_coverage_parse_head(&b, blind, strlen(blind), &err), 0);
	text = diff(&a, &b);
	CU_ASSERT(line_with(text, "try_grab_folio ", "the other run could not see it"));
	CU_ASSERT(!line_with(text, "pin_user_pages_fast ", "could not see"));
	free(text);
	pp_coverage_free(&a);
	pp_coverage_free(&b);
}

static void what_is_printed_is_read_back(void)
{
	struct pp_coverage c, back;
	struct pp_err err = { "" };
	char *head, *text, *again;

	load(&c, cases_of_a_run, 3);
	c.cases[2].missed = 7;
	head = pp_coverage_print_head(&c);
	text = pp_coverage_print_case(&c, &c.cases[2]);
	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&back), 0);
	CU_ASSERT_EQUAL(pp_coverage_parse_head(&back, head, strlen(head), &err), 0);
	CU_ASSERT_EQUAL(pp_coverage_parse_case(&back, "x", text, strlen(text), &err), 0);
	PP_ASSERT_STR(back.kernel, "6.1.0-test");
	CU_ASSERT_EQUAL(back.cases[0].missed, 7);
	again = pp_coverage_print_case(&back, &back.cases[0]);
	PP_ASSERT_STR(again, text);
	free(again);
	again = pp_coverage_print_head(&back);
	PP_ASSERT_STR(again, head);
	free(again);
	free(head);
	free(text);
	/* missed entries are said, as what was not counted may have been entered */
	text = table(&back);
	CU_ASSERT(line_with(text, "7 entries were not counted", "busy"));
	free(text);
	pp_coverage_free(&c);
	pp_coverage_free(&back);
}

static void damage_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *says;
		int rc;
	} heads[] = {
		{ "", "line 1", -EINVAL },
		{ "pinproof-coverage 2\n", "pinproof-coverage 1", -EPROTO },
		{ "pinproof-coverage 1\narmed\n", "line 2", -EINVAL },
		{ "pinproof-coverage 1\nkernel x\nnonsense f\n", "line 3", -EINVAL },
		{ "pinproof-coverage 1\nkernel x", "line 2", -EINVAL },
	}, of_cases[] = {
		{ "pinproof-coverage 1\n", "case 1", -EPROTO },
		{ CASE "pin_user_pages\n", "line 3", -EINVAL },
		{ CASE "pin_user_pages -1\n", "line 3", -EINVAL },
		{ CASE "pin_user_pages 1x\n", "line 3", -EINVAL },
		{ CASE "pin_user_pages 99999999999999999999\n", "line 3", -EINVAL },
	};
	struct pp_coverage c;
	struct pp_err err;

	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&c), 0);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		CU_ASSERT_EQUAL(
			pp_coverage_parse_head(&c, heads[i].text, strlen(heads[i].text), &err),
			heads[i].rc);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, heads[i].says));
	}
	for (size_t i = 0; i < sizeof(of_cases) / sizeof(of_cases[0]); i++) {
		CU_ASSERT_EQUAL(pp_coverage_parse_case(&c, "s", of_cases[i].text,
						       strlen(of_cases[i].text), &err),
				of_cases[i].rc);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, of_cases[i].says));
	}
	pp_coverage_free(&c);
}

static const struct pp_unit_case cases[] = {
	{ "the list is sound", the_list_is_sound },
	{ "who entered what", who_entered_what },
	{ "what cannot be seen is no gap", what_cannot_be_seen_is_no_gap },
	{ "a scenario takes its functions along", a_scenario_takes_its_functions_along },
	{ "the other kernel may not see it", the_other_kernel_may_not_see_it },
	{ "what is printed is read back", what_is_printed_is_read_back },
	{ "damage is refused with its line", damage_is_refused_with_its_line },
};
PP_UNIT_MAIN("coverage", cases)
