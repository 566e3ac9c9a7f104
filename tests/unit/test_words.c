/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every word has a unique name and a title, and is found by its name. */
#include "unit.h"

#include "core/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void check_table(const struct pp_word *table, int count)
{
	for (int i = 0; i < count; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(table[i].name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(table[i].title);
		CU_ASSERT(strlen(table[i].title) > 0);
		/* Unique: a second row of the same name would be found under the first. */
		CU_ASSERT_EQUAL(pp_word_find(table, count, table[i].name), i);
		for (const char *c = table[i].name; *c; c++)
			CU_ASSERT(isalnum((unsigned char)*c));
	}
	CU_ASSERT_EQUAL(pp_word_find(table, count, "no such word"), -1);
	CU_ASSERT_EQUAL(pp_word_find(table, count, ""), -1);
}

static void tables_are_complete(void)
{
	check_table(pp_verdict_words, PP_VERDICT_COUNT);
	check_table(pp_rule_words, PP_RULE_COUNT);
	check_table(pp_class_words, PP_CLASS_COUNT);
}

static void rules_are_numbered(void)
{
	char name[16];

	for (int r = PP_O1_COHERENCE; r < PP_RULE_COUNT; r++) {
		snprintf(name, sizeof(name), "O%d", r);
		PP_ASSERT_STR(pp_rule_words[r].name, name);
	}
}

/* "Worst wins" compares the numbers: the order is part of the contract. */
static void verdicts_are_ordered(void)
{
	static const char *const order[] = { "SKIP",   "PASS",    "XFAIL", "XPASS", "INCONCLUSIVE",
					     "BROKEN", "TIMEOUT", "CRASH", "FAIL" };

	CU_ASSERT_EQUAL_FATAL(PP_ARRAY_LEN(order), PP_VERDICT_COUNT);
	for (size_t i = 0; i < PP_ARRAY_LEN(order); i++)
		PP_ASSERT_STR(pp_verdict_words[i].name, order[i]);
}

static const struct pp_unit_case cases[] = {
	{ "tables are complete and unique", tables_are_complete },
	{ "rules are called by their number", rules_are_numbered },
	{ "verdicts are ordered from best to worst", verdicts_are_ordered },
};

PP_UNIT_MAIN("words", cases)
