/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storms: the same seed draws the same operations, by weight, inside their
 * ranges, each pair closed; and what was drawn can be written out as a plan that
 * the parser takes.
 */
#include "unit.h"

#include "core/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS 20000u

static struct pp_plan *parse(const char *text)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };
	int rc = pp_plan_parse(text, strlen(text), &plan, &err);

	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	return plan;
}

static struct pp_plan *golden(void)
{
	char *text = pp_unit_read("tests/golden/plans/storm.plan", NULL);
	struct pp_plan *plan = parse(text);

	free(text);
	return plan;
}

/* A storm of one actor over one file; @backing is ext4 or fsdax-ext4. */
static struct pp_plan *small(const char *backing, const char *storm, const char *mixes)
{
	struct pp_plan_text t = { 0 };
	struct pp_plan *plan;

	pp_say(&t, "pinproof-plan 1\ncase a/b/c\nbacking b\npinner p\nrules O1\nbound 9s");
	pp_say(&t, "fs f0 type=ext4 slot=s\nregion r backing=%s fs=f0 size=64K", backing);
	pp_say(&t, "region q backing=%s fs=f0 size=64K\nmr m0 region=r\nmr m1 region=r", backing);
	pp_say(&t, "actor main\nactor w1");
	pp_op(&t, "map r");
	pp_op(&t, "reg m0");
	pp_op_by(&t, "w1", "pwrite r gen=7");
	pp_storm_line(&t, "%s", storm);
	pp_say(&t, "%s", mixes);
	pp_op(&t, "dereg m0");
	pp_op_by(&t, "w1", "pwrite r gen=%u", pp_gen(&t));
	CU_ASSERT_EQUAL(t.failed, 0);
	plan = parse(t.text);
	free(t.text);
	return plan;
}

static void same_seed_same_draws(void)
{
	struct pp_plan *plan = golden();
	struct pp_storm one, two, other;
	struct pp_op a, b, c;
	unsigned different = 0;

	CU_ASSERT_TRUE(pp_storm_start(&one, plan, 1));
	CU_ASSERT_TRUE(pp_storm_start(&two, plan, 1));
	plan->seed++;
	CU_ASSERT_TRUE(pp_storm_start(&other, plan, 1));
	for (unsigned i = 0; i < 1000; i++) {
		memset(&a, 0x11, sizeof(a));
		memset(&b, 0x22, sizeof(b));
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&one, &a));
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&two, &b));
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&other, &c));
		CU_ASSERT_EQUAL(a.id, b.id);
		CU_ASSERT_EQUAL(a.verb, b.verb);
		CU_ASSERT_EQUAL(a.offset_bytes, b.offset_bytes);
		CU_ASSERT_EQUAL(a.length_bytes, b.length_bytes);
		CU_ASSERT_EQUAL(a.gen, b.gen);
		different += a.verb != c.verb || a.offset_bytes != c.offset_bytes;
	}
	CU_ASSERT_TRUE(different > 500);
	pp_plan_free(plan);
}

static void actors_draw_their_own(void)
{
	struct pp_plan *plan =
		small("ext4", "for=1s", "mix main store r weight=1\nmix w1 store r weight=1");
	struct pp_storm one, two;
	struct pp_op a, b;
	unsigned different = 0;

	CU_ASSERT_TRUE(pp_storm_start(&one, plan, 0));
	CU_ASSERT_TRUE(pp_storm_start(&two, plan, 1));
	for (unsigned i = 0; i < 1000; i++) {
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&one, &a));
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&two, &b));
		different += a.offset_bytes != b.offset_bytes;
	}
	CU_ASSERT_TRUE(different > 500);
	pp_plan_free(plan);
}

static void actors_without_lines_draw_nothing(void)
{
	struct pp_plan *plan = small("ext4", "for=1s", "mix w1 store r weight=1");
	struct pp_storm s;
	struct pp_op op;

	CU_ASSERT_FALSE(pp_storm_start(&s, plan, 0));
	CU_ASSERT_FALSE(pp_storm_next(&s, &op));
	CU_ASSERT_FALSE(pp_storm_last(&s, &op));
	CU_ASSERT_TRUE(pp_storm_start(&s, plan, 1));
	pp_plan_free(plan);
}

static void weights_count(void)
{
	static const struct {
		enum pp_verb verb;
		unsigned share; /* in percent */
	} want[] = {
		{ PP_VERB_STORE, 70 },
		{ PP_VERB_LOAD, 20 },
		{ PP_VERB_PREAD, 9 },
		{ PP_VERB_FSYNC, 1 },
	};
	struct pp_plan *plan = small("ext4", "for=1s",
				     "mix w1 store r weight=70\nmix w1 load r weight=20\n"
				     "mix main store r weight=500\nmix w1 pread r weight=9\n"
				     "mix w1 fsync r weight=1");
	unsigned count[PP_VERB_COUNT] = { 0 };
	struct pp_storm s;
	struct pp_op op;

	pp_storm_start(&s, plan, 1);
	for (unsigned i = 0; i < DRAWS; i++) {
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
		count[op.verb]++;
	}
	for (size_t i = 0; i < PP_ARRAY_LEN(want); i++) {
		unsigned expected = DRAWS / 100 * want[i].share;

		CU_ASSERT_TRUE(count[want[i].verb] > expected - expected / 4);
		CU_ASSERT_TRUE(count[want[i].verb] < expected + expected / 4);
	}
	pp_plan_free(plan);
}

static void ranges_are_drawn_inside(void)
{
	static const struct {
		const char *mix;
		uint64_t from, end, min, max, align;
	} rows[] = {
		{ "mix w1 rdma-write m0 100+5000 length=1..77 align=1 weight=1", 100, 5100, 1, 77,
		  1 },
		{ "mix w1 store r 4K+8K weight=1", 4096, 12288, 64, 8192, 64 },
		{ "mix w1 pread r weight=1 length=512..1K align=512", 0, 65536, 512, 1024, 512 },
		{ "mix w1 collapse r 8K+32K weight=1", 8192, 40960, 4096, 32768, 4096 },
		{ "mix w1 atomic-add m0 weight=1", 0, 65536, 8, 8, 8 },
		{ "mix w1 load r 0+64 weight=1", 0, 64, 64, 64, 64 },
		{ "mix w1 truncate r 16K+48K weight=1 align=4K", 16384, 65536, 4096, 49152, 4096 },
	};
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_plan *plan = small("ext4", "for=1s", rows[i].mix);
		uint64_t least = UINT64_MAX, most = 0, low = UINT64_MAX, high = 0;
		struct pp_storm s;
		struct pp_op op;

		pp_storm_start(&s, plan, 1);
		for (unsigned n = 0; n < DRAWS; n++) {
			CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
			if (op.verb == PP_VERB_EXTEND)
				continue;
			CU_ASSERT_EQUAL(op.offset_bytes % rows[i].align,
					rows[i].from % rows[i].align);
			CU_ASSERT_EQUAL(op.length_bytes % rows[i].align, 0);
			least = op.length_bytes < least ? op.length_bytes : least;
			most = op.length_bytes > most ? op.length_bytes : most;
			low = op.offset_bytes < low ? op.offset_bytes : low;
			if (op.offset_bytes + op.length_bytes > high)
				high = op.offset_bytes + op.length_bytes;
			if (op.verb == PP_VERB_TRUNCATE)
				CU_ASSERT_EQUAL(op.offset_bytes + op.length_bytes, 65536);
		}
		/* All of the range is used, and nothing else. */
		CU_ASSERT_EQUAL(low, rows[i].from);
		CU_ASSERT_EQUAL(high, rows[i].end);
		CU_ASSERT_EQUAL(least, rows[i].min);
		CU_ASSERT_EQUAL(most, rows[i].max);
		pp_plan_free(plan);
	}
}

/* What an actor has open, told from its operations alone. */
struct open {
	uint64_t mrs;
	const char *hold, *child, *frozen, *gate, *cut;
	struct pp_op held;
};

static void open_one(const char **what, bool set)
{
	CU_ASSERT_EQUAL(*what == NULL, set);
	*what = set ? "open" : NULL;
}

static void follow(struct open *o, const struct pp_op *op)
{
	CU_ASSERT_TRUE(!o->frozen || op->verb == PP_VERB_THAW);
	CU_ASSERT_TRUE(!o->gate || op->verb == PP_VERB_GATE_OPEN);
	switch (op->verb) {
	case PP_VERB_REG:
	case PP_VERB_DEREG:
		CU_ASSERT_EQUAL(o->mrs >> op->object & 1, op->verb == PP_VERB_DEREG);
		o->mrs ^= 1ull << op->object;
		break;
	case PP_VERB_SPLICE_HOLD:
	case PP_VERB_CHILD_HOLD:
		open_one(&o->hold, true);
		o->held = *op;
		if (op->verb == PP_VERB_CHILD_HOLD)
			open_one(&o->child, true);
		break;
	case PP_VERB_SPLICE_DRAIN:
		open_one(&o->hold, false);
		CU_ASSERT_EQUAL(op->object, o->held.object);
		CU_ASSERT_EQUAL(op->offset_bytes, o->held.offset_bytes);
		CU_ASSERT_EQUAL(op->length_bytes, o->held.length_bytes);
		break;
	case PP_VERB_FORK:
	case PP_VERB_REAP:
	case PP_VERB_KILL:
		open_one(&o->child, op->verb == PP_VERB_FORK);
		break;
	case PP_VERB_FREEZE:
	case PP_VERB_THAW:
		open_one(&o->frozen, op->verb == PP_VERB_FREEZE);
		break;
	case PP_VERB_GATE_HOLD:
	case PP_VERB_GATE_OPEN:
		open_one(&o->gate, op->verb == PP_VERB_GATE_HOLD);
		break;
	case PP_VERB_TRUNCATE:
	case PP_VERB_EXTEND:
		open_one(&o->cut, op->verb == PP_VERB_TRUNCATE);
		break;
	default:
		break;
	}
}

/* Ended after any number of draws, nothing stays open. */
static void pairs_close(void)
{
	struct pp_plan *plan = golden();
	struct pp_storm s;
	struct pp_op op;

	for (unsigned end = 0; end < 400; end++) {
		const uint16_t actor = (uint16_t)(1 + end % 2);
		struct open o = { 0 };

		plan->seed = end / 7;
		pp_storm_start(&s, plan, actor);
		for (unsigned n = 0; n < end; n++) {
			CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
			CU_ASSERT_EQUAL(op.actor, actor);
			CU_ASSERT_EQUAL(op.step, plan->storm_step);
			/* Actor 2 registers m1 itself. */
			if (actor == 2 && pp_verbs[op.verb].target == PP_TARGET_MR &&
			    op.verb != PP_VERB_REG)
				CU_ASSERT_TRUE(o.mrs >> op.object & 1);
			follow(&o, &op);
		}
		for (unsigned n = 0; pp_storm_last(&s, &op); n++) {
			CU_ASSERT_EQUAL(op.id, pp_storm_id(plan, actor, PP_STORM_OPS_MAX + n));
			CU_ASSERT_TRUE_FATAL(n < 70);
			follow(&o, &op);
		}
		CU_ASSERT_PTR_NULL(o.hold);
		CU_ASSERT_PTR_NULL(o.child);
		CU_ASSERT_PTR_NULL(o.frozen);
		CU_ASSERT_PTR_NULL(o.gate);
		CU_ASSERT_PTR_NULL(o.cut);
		CU_ASSERT_EQUAL(o.mrs, 0);
	}
	pp_plan_free(plan);
}

static void child_hold_closes_twice(void)
{
	struct pp_plan *plan = small("ext4", "for=1s",
				     "mix w1 child-hold r weight=1 expect=EPERM hazard bound=2s");
	static const enum pp_verb want[] = { PP_VERB_CHILD_HOLD, PP_VERB_SPLICE_DRAIN, PP_VERB_REAP,
					     PP_VERB_CHILD_HOLD };
	struct pp_storm s;
	struct pp_op op;

	pp_storm_start(&s, plan, 1);
	for (size_t i = 0; i < PP_ARRAY_LEN(want); i++) {
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
		CU_ASSERT_EQUAL(op.verb, want[i]);
		CU_ASSERT_EQUAL(op.expect,
				op.verb == PP_VERB_CHILD_HOLD ? PP_EXPECT_ERRNO : PP_EXPECT_ANY);
		CU_ASSERT_TRUE(op.hazard);
		CU_ASSERT_EQUAL(op.bound_ms, 2000);
	}
	CU_ASSERT_TRUE(pp_storm_last(&s, &op));
	CU_ASSERT_EQUAL(op.verb, PP_VERB_SPLICE_DRAIN);
	CU_ASSERT_TRUE(pp_storm_last(&s, &op));
	CU_ASSERT_EQUAL(op.verb, PP_VERB_REAP);
	CU_ASSERT_FALSE(pp_storm_last(&s, &op));
	pp_plan_free(plan);
}

/* What closes must work if what opens must; but what was never held cannot be drained. */
static void closing_is_expected(void)
{
	static const struct {
		const char *mix;
		enum pp_expect expect;
	} rows[] = {
		{ "mix w1 reg m1 weight=1", PP_EXPECT_OK },
		{ "mix w1 reg m1 weight=1 expect=policy", PP_EXPECT_OK },
		{ "mix w1 reg m1 weight=1 expect=any", PP_EXPECT_ANY },
		{ "mix w1 splice-hold r weight=1", PP_EXPECT_ANY },
		{ "mix w1 fork weight=1", PP_EXPECT_ANY },
		{ "mix w1 fork weight=1 expect=ok", PP_EXPECT_OK },
		{ "mix w1 freeze f0 weight=1 expect=EBUSY", PP_EXPECT_ANY },
	};
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_plan *plan = small("ext4", "for=1s", rows[i].mix);
		struct pp_storm s;
		struct pp_op op;

		pp_storm_start(&s, plan, 1);
		CU_ASSERT_TRUE(pp_storm_next(&s, &op));
		CU_ASSERT_TRUE(pp_storm_last(&s, &op));
		CU_ASSERT_EQUAL(op.expect, rows[i].expect);
		CU_ASSERT_FALSE(pp_storm_last(&s, &op));
		pp_plan_free(plan);
	}
}

/* A truncate of dax waits for the references that its own actor would have to give back. */
static void dax_holders_only_look(void)
{
	static const struct {
		const char *backing;
		bool only_looks;
	} rows[] = { { "ext4", false }, { "fsdax-ext4", true } };

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_plan *plan = small(rows[i].backing, "for=1s",
					     "mix w1 splice-hold r weight=1\n"
					     "mix w1 truncate r weight=1\nmix w1 load r weight=1\n"
					     "mix w1 pwrite r weight=1");
		unsigned others = 0, looks = 0;
		bool held = false;
		struct pp_storm s;
		struct pp_op op;

		pp_storm_start(&s, plan, 1);
		for (unsigned n = 0; n < 1000; n++) {
			CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
			if (held && op.verb == PP_VERB_LOAD)
				looks++;
			else if (held && op.verb != PP_VERB_SPLICE_DRAIN)
				others++;
			held = op.verb == PP_VERB_SPLICE_HOLD ||
			       (held && op.verb != PP_VERB_SPLICE_DRAIN);
		}
		CU_ASSERT_TRUE(looks > 0);
		CU_ASSERT_EQUAL(others == 0, rows[i].only_looks);
		pp_plan_free(plan);
	}
}

static void generations_go_on(void)
{
	struct pp_plan *plan = small("ext4", "for=1s",
				     "mix w1 store r weight=1\nmix w1 load r weight=1\n"
				     "mix w1 atomic-swap m0 weight=1");
	struct pp_storm s;
	struct pp_op op;
	uint32_t gen = 7;

	pp_storm_start(&s, plan, 1);
	for (unsigned n = 0; n < 100; n++) {
		CU_ASSERT_TRUE_FATAL(pp_storm_next(&s, &op));
		gen += op.verb != PP_VERB_LOAD;
		CU_ASSERT_EQUAL(op.gen, op.verb == PP_VERB_LOAD ? 0 : gen);
	}
	pp_plan_free(plan);
}

static void count_ends_a_storm(void)
{
	struct pp_plan *plan = small("ext4", "ops=5 for=1s", "mix w1 fork weight=1");
	struct pp_storm s;
	struct pp_op op;
	unsigned n = 0;

	pp_plan_free(plan);
	plan = small("ext4", "ops=5", "mix w1 fork weight=1");
	pp_storm_start(&s, plan, 1);
	while (pp_storm_next(&s, &op))
		n++;
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT_FALSE(pp_storm_next(&s, &op));
	CU_ASSERT_TRUE(pp_storm_last(&s, &op));
	CU_ASSERT_EQUAL(op.verb, PP_VERB_REAP);
	CU_ASSERT_FALSE(pp_storm_last(&s, &op));
	pp_plan_free(plan);
}

static void ids_lie_between(void)
{
	struct pp_plan *plan = golden();
	uint32_t drawn[3] = { 0 }, closed[3] = { 0 };

	CU_ASSERT_EQUAL(pp_storm_id(plan, 0, 0), PP_STORM_FIRST);
	CU_ASSERT_EQUAL(pp_storm_id(plan, 2, 1), PP_STORM_FIRST + 5);
	plan->n_actors = 255;
	CU_ASSERT_TRUE(pp_storm_id(plan, 254, PP_STORM_OPS_MAX + 69) < PP_STORM_END);
	plan->n_actors = 3;
	pp_storm_count(plan, 6, drawn, closed);
	pp_storm_count(plan, PP_STORM_END, drawn, closed);
	CU_ASSERT_EQUAL(drawn[0] + drawn[1] + drawn[2] + closed[0] + closed[1] + closed[2], 0);
	for (uint32_t n = 0; n < 3; n++) {
		pp_storm_count(plan, pp_storm_id(plan, 0, n), drawn, closed);
		CU_ASSERT_EQUAL(drawn[0], n + 1);
		pp_storm_count(plan, pp_storm_id(plan, 2, PP_STORM_OPS_MAX + n), drawn, closed);
		CU_ASSERT_EQUAL(closed[2], n + 1);
	}
	memset(drawn, 0, sizeof(drawn));
	pp_storm_count(plan, pp_storm_id(plan, 1, 41), drawn, closed);
	pp_storm_count(plan, pp_storm_id(plan, 1, 40), drawn, closed);
	pp_storm_count(plan, pp_storm_id(plan, 2, PP_STORM_OPS_MAX - 1), drawn, closed);
	pp_storm_count(plan, pp_storm_id(plan, 0, PP_STORM_OPS_MAX + 2), drawn, closed);
	pp_storm_count(plan, pp_storm_id(plan, 0, PP_STORM_OPS_MAX), drawn, closed);
	CU_ASSERT_EQUAL(drawn[0], 0);
	CU_ASSERT_EQUAL(drawn[1], 42);
	CU_ASSERT_EQUAL(drawn[2], PP_STORM_OPS_MAX);
	CU_ASSERT_EQUAL(closed[0], 3);
	CU_ASSERT_EQUAL(closed[1], 0);
	pp_plan_free(plan);
}

/* What the executor would do is in the expansion, under the same id. */
static void check_actor(const struct pp_plan *plan, const struct pp_plan *out, uint16_t actor,
			uint32_t drawn, uint32_t closed)
{
	const struct pp_op *written;
	struct pp_storm s;
	struct pp_op op;

	pp_storm_start(&s, plan, actor);
	for (uint32_t n = 0; n < drawn + closed; n++) {
		if (!(n < drawn ? pp_storm_next(&s, &op) : pp_storm_last(&s, &op)))
			break;
		written = pp_plan_op(out, op.id);
		CU_ASSERT_PTR_NOT_NULL_FATAL(written);
		CU_ASSERT_EQUAL(written->actor, actor);
		CU_ASSERT_EQUAL(written->verb, op.verb);
		CU_ASSERT_EQUAL(written->object, op.object);
		CU_ASSERT_EQUAL(written->offset_bytes, op.offset_bytes);
		CU_ASSERT_EQUAL(written->length_bytes, op.length_bytes);
		CU_ASSERT_EQUAL(written->gen, op.gen);
		CU_ASSERT_EQUAL(written->expect, op.expect);
		CU_ASSERT_EQUAL(written->split_bytes, op.split_bytes);
		CU_ASSERT_EQUAL(written->to, op.to);
	}
}

static void expansion_is_a_plan(void)
{
	static const uint32_t counts[][6] = {
		{ 0, 0, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0, 0 },         { 0, 3, 500, 0, 99, 99 },
		{ 9, 2, 0, 1, 1, 1 }, { 50, 700, 300, 99, 99, 99 },
	};
	for (size_t i = 0; i < PP_ARRAY_LEN(counts); i++) {
		struct pp_plan *plan = golden(), *out = NULL, *again = NULL;
		struct pp_err err = { 0 };
		char *text, *twice;

		plan->seed = i;
		CU_ASSERT_EQUAL_FATAL(pp_storm_expand(plan, counts[i], counts[i] + 3, &out, &err),
				      0);
		text = pp_plan_print(out);
		CU_ASSERT_PTR_NULL(strstr(text, "storm for"));
		CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &again, &err), 0);
		PP_ASSERT_STR(err.text, "");
		twice = pp_plan_print(again);
		PP_ASSERT_STR(twice, text);
		CU_ASSERT_EQUAL(pp_plan_crc(out), pp_plan_crc(again));
		for (uint16_t a = 0; a < 3; a++)
			check_actor(plan, again, a, counts[i][a], counts[i][a + 3]);
		free(twice);
		free(text);
		pp_plan_free(again);
		pp_plan_free(out);
		pp_plan_free(plan);
	}
}

static void expansion_keeps_the_borders(void)
{
	static const uint32_t drawn[] = { 0, 3 }, closed[] = { 0, 0 };
	struct pp_plan *plan = small("ext4", "for=1s", "mix w1 store r weight=1 length=64..64"),
		       *out;
	char *text, *from;

	CU_ASSERT_EQUAL_FATAL(pp_storm_expand(plan, drawn, closed, &out, NULL), 0);
	for (size_t i = 3; i < 6; i++)
		out->ops[i].offset_bytes = 0;
	text = pp_plan_print(out);
	from = strstr(text, "op 1 ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	PP_ASSERT_STR(from, "op 1 main map r\n"
			    "op 2 main reg m0\n"
			    "op 3 w1 pwrite r 0+65536 gen=7\n"
			    "op 1000001 w1 store r 0+64 gen=8 after=2\n"
			    "op 1000003 w1 store r 0+64 gen=9\n"
			    "op 1000005 w1 store r 0+64 gen=10\n"
			    "op 1000000000 main dereg m0 after=1000005\n"
			    "op 1000000001 w1 pwrite r 0+65536 gen=1000000000 after=2\n");
	free(text);
	pp_plan_free(out);
	pp_plan_free(plan);
}

static void plans_without_a_storm_are_copied(void)
{
	static const uint32_t none[3];
	char *text = pp_unit_read("tests/golden/plans/race.normal", NULL), *copy;
	struct pp_plan *plan = parse(text), *out = NULL;

	CU_ASSERT_EQUAL_FATAL(pp_storm_expand(plan, none, none, &out, NULL), 0);
	copy = pp_plan_print(out);
	PP_ASSERT_STR(copy, text);
	free(copy);
	free(text);
	pp_plan_free(out);
	pp_plan_free(plan);
}

static const struct pp_unit_case cases[] = {
	{ "the same seed draws the same", same_seed_same_draws },
	{ "each actor draws its own", actors_draw_their_own },
	{ "actors without mix lines draw nothing", actors_without_lines_draw_nothing },
	{ "weights count", weights_count },
	{ "ranges lie inside and are aligned", ranges_are_drawn_inside },
	{ "pairs close", pairs_close },
	{ "a child's hold is drained and reaped", child_hold_closes_twice },
	{ "what is expected of what closes", closing_is_expected },
	{ "holders of dax pages only look", dax_holders_only_look },
	{ "generations go on", generations_go_on },
	{ "the count ends a storm", count_ends_a_storm },
	{ "ids lie between", ids_lie_between },
	{ "the expansion is a plan", expansion_is_a_plan },
	{ "the expansion keeps the borders", expansion_keeps_the_borders },
	{ "plans without a storm are copied", plans_without_a_storm_are_copied },
};
PP_UNIT_MAIN("storm", cases)
