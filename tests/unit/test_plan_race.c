/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the race engine's statements and keys mean: gates, bystanders, io_uring
 * buffers, keys of transfers, storms. And: the document has every verb and key.
 */
#include "unit.h"

#include "core/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pp_plan *parse_file(const char *path)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };
	size_t len;
	char *text = pp_unit_read(path, &len);
	int rc = pp_plan_parse(text, len, &plan, &err);

	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	free(text);
	return plan;
}

static struct pp_plan *race(void)
{
	return parse_file("tests/golden/plans/race.plan");
}

static struct pp_plan *storm(void)
{
	return parse_file("tests/golden/plans/storm.plan");
}

/* base.plan with further lines; NULL and the complaint in @err if it is refused. */
static struct pp_plan *parse_more(const char *more, struct pp_err *err)
{
	char *base = pp_unit_read("tests/golden/plans/base.plan", NULL);
	struct pp_plan_text t = { 0 };
	struct pp_plan *plan = NULL;

	pp_say(&t, "%s%s", base, more);
	err->text[0] = '\0';
	if (pp_plan_parse(t.text, t.len, &plan, err))
		plan = NULL;
	free(t.text);
	free(base);
	return plan;
}

static void gates_mean(void)
{
	struct pp_plan *p = race();

	CU_ASSERT_EQUAL_FATAL(p->n_gates, 2);
	PP_ASSERT_STR(p->gates[1].name, "g1");
	PP_ASSERT_STR(p->gates[1].slot, "disk1");
	PP_ASSERT_STR(p->fs[0].slot, "g0");
	CU_ASSERT_EQUAL(pp_plan_gate(p, "g0"), 0);
	CU_ASSERT_EQUAL(pp_plan_gate(p, "g1"), 1);
	CU_ASSERT_EQUAL(pp_plan_gate(p, "disk0"), PP_NO_INDEX);
	CU_ASSERT_EQUAL(pp_plan_op(p, 40)->object, 0);
	PP_ASSERT_STR(pp_plan_op(p, 16)->via, "g1");
	pp_plan_free(p);
}

static void objects_mean(void)
{
	struct pp_plan *p = race();

	CU_ASSERT_EQUAL_FATAL(p->n_regions, 5);
	CU_ASSERT_TRUE(p->regions[2].bystander);
	CU_ASSERT_FALSE(p->regions[0].bystander);
	CU_ASSERT_FALSE(p->regions[3].bystander);
	CU_ASSERT_EQUAL(p->regions[2].times, 3);
	CU_ASSERT_EQUAL(p->regions[3].times, 0);
	CU_ASSERT_EQUAL_FATAL(p->n_mrs, 2);
	CU_ASSERT_EQUAL(p->mrs[0].kind, PP_MR_RXE);
	CU_ASSERT_EQUAL(p->mrs[1].kind, PP_MR_URING);
	CU_ASSERT_EQUAL(p->mrs[1].access, 0);
	CU_ASSERT_EQUAL(p->mrs[1].offset_bytes, 4096);
	CU_ASSERT_EQUAL(p->mrs[1].length_bytes, 8192);
	pp_plan_free(p);
}

static void keys_mean(void)
{
	struct pp_plan *p = race();
	const struct pp_op *op = pp_plan_op(p, 10);

	CU_ASSERT_EQUAL(op->offset_bytes, 100);
	CU_ASSERT_EQUAL(op->length_bytes, 5000);
	CU_ASSERT_EQUAL(op->split_bytes, 1024);
	CU_ASSERT_EQUAL(op->depth, 16);
	CU_ASSERT_EQUAL(op->sges, 4);
	CU_ASSERT_EQUAL(op->mode, 0);
	CU_ASSERT_EQUAL(op->to, PP_NO_INDEX);
	op = pp_plan_op(p, 11);
	CU_ASSERT_EQUAL(op->split_bytes, 0);
	CU_ASSERT_EQUAL(op->depth, 0);
	CU_ASSERT_EQUAL(op->sges, 0);
	CU_ASSERT_EQUAL(pp_plan_op(p, 14)->length_bytes, 8);
	CU_ASSERT_EQUAL(pp_plan_op(p, 15)->offset_bytes, 4088);
	CU_ASSERT_EQUAL(pp_plan_op(p, 16)->mode,
			PP_MODE_LINKED | PP_MODE_FIXED_FILE | PP_MODE_SQPOLL | PP_MODE_ASYNC);
	CU_ASSERT_EQUAL(pp_plan_op(p, 17)->mode, PP_MODE_LINKED | PP_MODE_ASYNC);
	CU_ASSERT_EQUAL(pp_plan_op(p, 43)->least_bytes, 1);
	CU_ASSERT_EQUAL(pp_plan_op(p, 43)->of, 0);
	CU_ASSERT_EQUAL(pp_plan_op(p, 44)->least_bytes, 65536);
	CU_ASSERT_EQUAL(pp_plan_op(p, 44)->of, 41);
	CU_ASSERT_EQUAL(pp_plan_op(p, 45)->of, 41);
	CU_ASSERT_EQUAL(pp_plan_op(p, 45)->object, PP_NO_INDEX);
	CU_ASSERT_EQUAL(pp_plan_op(p, 60)->offset_bytes, 32768);
	CU_ASSERT_EQUAL(pp_plan_op(p, 60)->expect, PP_EXPECT_ANY);
	CU_ASSERT_EQUAL(pp_plan_op(p, 62)->expect, PP_EXPECT_OK);
	CU_ASSERT_EQUAL(pp_plan_op(p, 63)->expect, PP_EXPECT_ERRNO);
	CU_ASSERT_EQUAL(pp_plan_op(p, 66)->to, 1);
	CU_ASSERT_FALSE(pp_plan_has_storm(p));
	pp_plan_free(p);
}

static void storm_means(void)
{
	struct pp_plan *p = storm();

	CU_ASSERT_TRUE(pp_plan_has_storm(p));
	CU_ASSERT_EQUAL(p->storm_ms, 60000);
	CU_ASSERT_EQUAL(p->storm_ops, 100000);
	CU_ASSERT_EQUAL(p->storm_at, 6);
	CU_ASSERT_EQUAL(p->storm_step, 1);
	CU_ASSERT_EQUAL(p->ops[6].id, PP_STORM_END);
	CU_ASSERT_EQUAL(p->ops[6].step, 2);
	CU_ASSERT_EQUAL_FATAL(p->n_mixes, 17);
	CU_ASSERT_EQUAL(p->mixes[0].actor, 1);
	CU_ASSERT_EQUAL(p->mixes[0].op.actor, 1);
	CU_ASSERT_EQUAL(p->mixes[0].weight, 10);
	CU_ASSERT_EQUAL(p->mixes[0].align_bytes, 1);
	CU_ASSERT_EQUAL(p->mixes[0].min_bytes, 64);
	CU_ASSERT_EQUAL(p->mixes[0].max_bytes, 16384);
	CU_ASSERT_EQUAL(p->mixes[0].op.split_bytes, 4096);
	CU_ASSERT_EQUAL(p->mixes[0].op.step, 1);
	/* What is left out. */
	CU_ASSERT_EQUAL(p->mixes[1].align_bytes, 64);
	CU_ASSERT_EQUAL(p->mixes[1].min_bytes, 64);
	CU_ASSERT_EQUAL(p->mixes[1].max_bytes, 65536);
	CU_ASSERT_EQUAL(p->mixes[1].op.expect, PP_EXPECT_OK);
	CU_ASSERT_EQUAL(p->mixes[2].align_bytes, 8);
	CU_ASSERT_EQUAL(p->mixes[2].max_bytes, 8);
	CU_ASSERT_EQUAL(p->mixes[2].op.length_bytes, 65536);
	CU_ASSERT_EQUAL(p->mixes[3].op.expect, PP_EXPECT_ANY);
	CU_ASSERT_TRUE(p->mixes[3].op.hazard);
	CU_ASSERT_EQUAL(p->mixes[5].op.expect, PP_EXPECT_OK);
	CU_ASSERT_EQUAL(p->mixes[14].align_bytes, 4096);
	pp_plan_free(p);
}

/* The greatest that is taken, beside the least that is refused in bad.txt. */
static void limits_are_reached(void)
{
	static const char *const rows[] = {
		"op 80 main dio-write anon via=disk0 depth=1024 split=64",
		"op 80 main rdma-write m0 1+4095 gen=9 sges=32 depth=1 split=1",
		"op 80 main store anon 8191+1 gen=9",
		"op 999999 main quiet\nstorm ops=3000000\nmix main load anon weight=1000000",
		"op 80 main store anon gen=999999\nstorm for=24s ops=1\nmix main load anon "
		"weight=1",
		"storm for=1s\nmix main load anon weight=1\nop 1000000000 main store anon "
		"gen=1000000000",
		/* Who draws nothing may go on counting. */
		"storm for=1s\nmix main load anon weight=1\nop 1000000000 w1 store anon gen=1",
		"storm for=1s\nmix main load anon weight=1 align=8K length=8K..8K",
		"op 80 main fork\nop 81 w1 await-asleep op=80",
		"op 80 w1 reg m0\nop 81 main rdma-read m0",
		"mr x region=anon range=64+4K\nop 80 main rdma-write x 4000+4128 gen=9",
		"mr x region=anon kind=uring\nop 80 main reg x\nop 81 main dereg x\nop 82 w1 reg "
		"x\n"
		"op 83 w1 fixed-write x via=disk0",
		"gate g1 slot=disk7\nop 80 main dio-write anon via=g1",
		"gate a23456789012345 slot=disk1",
	};
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_err err;
		struct pp_plan *p = parse_more(rows[i], &err);

		PP_ASSERT_STR(err.text, "");
		CU_ASSERT_PTR_NOT_NULL(p);
		pp_plan_free(p);
	}
}

/* A storm keeps a bit of each MR, wherever the MR's line stands. */
static void storms_have_few_mrs(void)
{
	static const char end[] = "expected at most 64 mrs in a plan with a storm";

	for (unsigned n = 62; n <= 64; n++)
		for (unsigned below = 0; below < 2; below++) {
			struct pp_plan_text t = { 0 };
			struct pp_err err;
			struct pp_plan *p;

			for (unsigned i = 0; i < n; i++)
				pp_say(&t, "mr x%u region=anon", i);
			pp_say(&t, "storm for=1s\nmix main load anon weight=1");
			if (below)
				pp_say(&t, "mr last region=anon");
			p = parse_more(t.text, &err);
			/* base.plan has one. */
			CU_ASSERT_EQUAL(p != NULL, n + 1 + below <= 64);
			CU_ASSERT_EQUAL(strstr(err.text, end) != NULL, n + 1 + below > 64);
			pp_plan_free(p);
			free(t.text);
		}
}

static void builder_leaves_room(void)
{
	struct pp_plan_text t = { 0 };

	CU_ASSERT_EQUAL(pp_op(&t, "quiet"), 1);
	CU_ASSERT_EQUAL(pp_gen(&t), 1);
	pp_storm_line(&t, "for=%us", 5);
	pp_mix(&t, "w1", "load data weight=%u", 3);
	CU_ASSERT_EQUAL(pp_op(&t, "quiet"), PP_STORM_END);
	CU_ASSERT_EQUAL(pp_op_by(&t, "w1", "quiet"), PP_STORM_END + 1);
	CU_ASSERT_EQUAL(pp_gen(&t), PP_STORM_END);
	PP_ASSERT_STR(t.text, "op 1 main quiet\nstorm for=5s\nmix w1 load data weight=3\n"
			      "op 1000000000 main quiet\nop 1000000001 w1 quiet\n");
	CU_ASSERT_EQUAL(t.len, strlen(t.text));
	free(t.text);
}

/* The word between two marks that tell it from prose. */
static bool stands_in(const char *text, const char *before, const char *word, const char *after)
{
	char want[80];

	snprintf(want, sizeof(want), "%s%s%s", before, word, after);
	return strstr(text, want) != NULL;
}

static void document_has_all(void)
{
	static const char *const keys[] = {
		"via",   "gen",  "after", "expect", "bound", "split",     "depth",
		"sges",  "mode", "to",    "op",     "least", "weight",    "length",
		"align", "for",  "ops",   "kind",   "slot",  "bystander", "times",
	};
	static const char *const statements[] = { "gate", "storm", "mix", "op", "mr", "region" };
	char *text = pp_unit_read("docs/plan-language.md", NULL);

	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++)
		if (!stands_in(text, "`", pp_verbs[v].name, "`")) {
			fprintf(stderr, "docs/plan-language.md lacks the verb %s\n",
				pp_verbs[v].name);
			CU_FAIL("a verb without a word in the document");
		}
	for (size_t i = 0; i < PP_ARRAY_LEN(keys); i++)
		CU_ASSERT_TRUE(stands_in(text, "\"", keys[i], "=\""));
	for (size_t i = 0; i < PP_ARRAY_LEN(statements); i++)
		CU_ASSERT_TRUE(stands_in(text, "\"", statements[i], "\" "));
	free(text);
}

static const struct pp_unit_case cases[] = {
	{ "what gates mean", gates_mean },
	{ "what bystanders and buffers mean", objects_mean },
	{ "what the keys mean", keys_mean },
	{ "what a storm means", storm_means },
	{ "limits are reached", limits_are_reached },
	{ "storms have few mrs", storms_have_few_mrs },
	{ "the builder leaves room", builder_leaves_room },
	{ "the document has every verb and key", document_has_all },
};

PP_UNIT_MAIN("plan_race", cases)
