/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the list of findings: what a new one says, and that none is ever lost without a trace.
 */
#include "unit.h"

#include <string.h>

#include "core/finding.h"

static void a_new_one_says_only_what_is_known(void)
{
	struct pp_findings f = { 0 };
	struct pp_finding *one = pp_finding_add(&f, PP_O2_DURABILITY, PP_CLASS_STALE, "op %d", 7);

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_EQUAL(one->rule, PP_O2_DURABILITY);
	CU_ASSERT_EQUAL(one->cls, PP_CLASS_STALE);
	CU_ASSERT_EQUAL(one->region, PP_NO_INDEX);
	CU_ASSERT_EQUAL(one->defect, -1);
	CU_ASSERT(!one->has_expected && !one->has_found && !one->n_ops && !one->step[0]);
	PP_ASSERT_STR(one->text, "op 7");
	pp_findings_free(&f);
	CU_ASSERT(!f.items && !f.count && !f.cap);
}

static void a_long_sentence_is_cut(void)
{
	struct pp_findings f = { 0 };
	char word[1000];
	struct pp_finding *one;

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	one = pp_finding_add(&f, PP_O4_IDENTITY, PP_CLASS_TORN, "%s", word);
	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_EQUAL(strlen(one->text), sizeof(one->text) - 1);
	pp_findings_free(&f);
}

static void what_cannot_be_kept_is_counted(void)
{
	struct pp_findings f = { 0 };
	size_t kept = 0;

	for (int i = 0; i < PP_FINDINGS_MAX + 3; i++)
		kept += pp_finding_add(&f, PP_O1_COHERENCE, PP_CLASS_ZERO, "%d", i) != NULL;
	CU_ASSERT_EQUAL(kept, PP_FINDINGS_MAX);
	CU_ASSERT_EQUAL(f.count, PP_FINDINGS_MAX);
	CU_ASSERT_EQUAL(f.dropped, 3);
	PP_ASSERT_STR(f.items[0].text, "0");
	PP_ASSERT_STR(f.items[PP_FINDINGS_MAX - 1].text, "999");
	pp_findings_free(&f);
}

static const struct pp_unit_case cases[] = {
	{ "a new one says only what is known", a_new_one_says_only_what_is_known },
	{ "a long sentence is cut", a_long_sentence_is_cut },
	{ "what cannot be kept is counted", what_cannot_be_kept_is_counted },
};
PP_UNIT_MAIN("finding", cases)
