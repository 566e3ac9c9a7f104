/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that scenarios share: every backing has a place, and what is written is plan language. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/plan_lines.h"
#include "sys/probe.h"
#include "unit.h"

#define HEAD "pinproof-plan 1\ncase unit/x/rxe-mr\nbacking x\npinner rxe-mr\nrules O1\nbound 10s"

/* The plan of one region on @backing with the control; the test's case fails for good if refused.
 */
static struct pp_plan *plan_on(const char *backing)
{
	const struct pp_place_lines *place = pp_place_of(backing);
	struct pp_plan_text t = { 0 };
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };

	CU_ASSERT_PTR_NOT_NULL_FATAL(place);
	pp_say(&t, HEAD);
	pp_lines_place(&t, backing);
	pp_say(&t, "region data backing=%s size=%llu%s", backing,
	       (unsigned long long)place->page_bytes, place->words);
	pp_lines_control_objects(&t);
	pp_say(&t, "actor main");
	pp_lines_made(&t, backing);
	pp_lines_control(&t, 5);
	CU_ASSERT_EQUAL_FATAL(t.failed, 0);
	if (pp_plan_parse(t.text, t.len, &plan, &err))
		fprintf(stderr, "%s: %s\n%s", backing, err.text, t.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	free(t.text);
	return plan;
}

static bool is_probe(const char *name)
{
	for (size_t i = 0; i < pp_n_probes; i++)
		if (!strcmp(pp_probes[i].name, name))
			return true;
	return false;
}

static bool needs(const struct pp_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_needs; i++)
		if (!strcmp(plan->needs[i], name))
			return true;
	return false;
}

static size_t count_verb(const struct pp_plan *plan, enum pp_verb verb)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_ops; i++)
		n += plan->ops[i].verb == verb;
	return n;
}

/* Whatever slot the region or its filesystem uses, its fact is asked for. */
static void check_place(const struct pp_plan *plan, const struct pp_backing_info *info)
{
	const struct pp_region_def *r = &plan->regions[0];
	bool tmpfs = info->needs_fs && !strcmp(plan->fs[0].type, "tmpfs");

	for (size_t i = 0; i < plan->n_needs; i++)
		CU_ASSERT_TRUE(is_probe(plan->needs[i]));
	CU_ASSERT_TRUE(needs(plan, "root"));
	CU_ASSERT_TRUE(needs(plan, "rxe"));
	CU_ASSERT_EQUAL(plan->n_fs, info->needs_fs ? 1 : 0);
	CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_MOUNT), info->needs_fs ? 1 : 0);
	CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_MKFS), info->needs_fs && !tmpfs ? 1 : 0);
	if (info->needs_disk) {
		CU_ASSERT_TRUE(needs(plan, r->slot));
	}
	if (info->needs_fs && !tmpfs) {
		char fact[32];

		CU_ASSERT_TRUE(needs(plan, plan->fs[0].slot));
		snprintf(fact, sizeof(fact), "fs-%s", plan->fs[0].type);
		CU_ASSERT_TRUE(needs(plan, fact));
	}
}

static void every_backing_has_a_place(void)
{
	for (int b = 0; b < PP_BACKING_COUNT; b++) {
		struct pp_plan *plan = plan_on(pp_backings[b].name);

		CU_ASSERT_EQUAL((int)plan->regions[0].backing, b);
		check_place(plan, &pp_backings[b]);
		pp_plan_free(plan);
	}
	CU_ASSERT_PTR_NULL(pp_place_of("ntfs"));
	CU_ASSERT_PTR_NULL(pp_place_of(""));
}

/* The control shows that the device writes, and that both the CPU and the device see it. */
static void the_control(void)
{
	static const enum pp_verb verbs[] = { PP_VERB_MAP,   PP_VERB_REG,       PP_VERB_RDMA_WRITE,
					      PP_VERB_LOAD,  PP_VERB_RDMA_READ, PP_VERB_QUIET,
					      PP_VERB_DEREG, PP_VERB_QUIET };
	struct pp_plan *plan = plan_on("anon");

	CU_ASSERT_EQUAL_FATAL(plan->n_ops, PP_ARRAY_LEN(verbs));
	for (size_t i = 0; i < PP_ARRAY_LEN(verbs); i++) {
		CU_ASSERT_EQUAL(plan->ops[i].verb, verbs[i]);
		CU_ASSERT_EQUAL(plan->ops[i].expect, PP_EXPECT_OK);
		CU_ASSERT_FALSE(plan->ops[i].hazard);
		PP_ASSERT_STR(plan->steps[plan->ops[i].step], "control");
	}
	CU_ASSERT_EQUAL(plan->ops[2].gen, 5);
	CU_ASSERT_EQUAL(plan->regions[1].backing, PP_BACKING_ANON);
	CU_ASSERT_EQUAL(plan->mrs[0].region, 1);
	pp_plan_free(plan);
}

static struct pp_plan *bystanders_on(const char *backing)
{
	struct pp_plan_text t = { 0 };
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };

	pp_say(&t, HEAD);
	pp_lines_place(&t, backing);
	pp_lines_bystander_objects(&t, backing);
	pp_say(&t, "actor main");
	pp_lines_made(&t, backing);
	pp_lines_bystander(&t, backing);
	pp_lines_bystander_check(&t, backing);
	if (pp_plan_parse(t.text, t.len, &plan, &err))
		fprintf(stderr, "%s: %s\n%s", backing, err.text, t.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	free(t.text);
	return plan;
}

/* A file where there is a filesystem, an anonymous page everywhere; each written once, read at the
 * end, and nothing of them left mapped when the filesystem goes and is checked. */
static void bystanders(void)
{
	static const char *const backings[] = { "anon",  "tmpfs", "ext4",       "xfs",
						"btrfs", "vfat",  "fsdax-ext4", "devdax" };

	for (size_t i = 0; i < PP_ARRAY_LEN(backings); i++) {
		struct pp_plan *plan = bystanders_on(backings[i]);
		bool fs = pp_place_of(backings[i])->fs != NULL;
		bool blocks = fs && strcmp(backings[i], "tmpfs");
		char fact[32];

		CU_ASSERT_EQUAL(plan->n_regions, fs ? 2u : 1u);
		for (size_t r = 0; r < plan->n_regions; r++)
			CU_ASSERT_TRUE(plan->regions[r].bystander);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_STORE), 1);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_PWRITE), fs ? 1 : 0);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_FSYNC), fs ? 1 : 0);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_LOAD), plan->n_regions);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_UNMAP), plan->n_regions);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_DISK_READ), blocks ? 1 : 0);
		CU_ASSERT_EQUAL(count_verb(plan, PP_VERB_FSCK), blocks ? 1 : 0);
		CU_ASSERT_TRUE(!fs ||
			       plan->ops[plan->n_ops - (blocks ? 2 : 1)].verb == PP_VERB_UMOUNT);
		if (blocks) {
			snprintf(fact, sizeof(fact), "fsck-%s", plan->fs[0].type);
			CU_ASSERT_TRUE(needs(plan, fact) && is_probe(fact));
		}
		pp_plan_free(plan);
	}
}

static const struct pp_unit_case cases[] = {
	{ "every backing has a place", every_backing_has_a_place },
	{ "the control", the_control },
	{ "bystanders", bystanders },
};

PP_UNIT_MAIN("plan-lines", cases)
