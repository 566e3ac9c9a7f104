/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shrinking: plans cut to what is left stay valid, and what is proposed leads to the smallest plan
 * that a stand-in for the kernel calls broken.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_cut.h"
#include "core/prng.h"
#include "core/shrink.h"
#include "core/storm.h"

static const char head[] = "pinproof-plan 1\n"
			   "case shrunk/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nseed 9\n"
			   "rules O1 O2 O4 O12\nbound 20s\nneed rxe\n"
			   "evidence device-writes-seen >= 1\n"
			   "gate g0 slot=disk1\n"
			   "fs f0 type=ext4 slot=disk0\n"
			   "region data backing=ext4 fs=f0 size=64K\n"
			   "region spare backing=anon size=64K\n"
			   "mr m0 region=data range=16K+32K access=lw,rw,rr\n"
			   "mr m1 region=spare access=lw,rw\n"
			   "actor main\nactor dev\nactor eye\nactor idle\n";

static const char directed[] = "step \"set-up\"\n"
			       "op 1 main mkfs f0\n"
			       "op 2 main mount f0\n"
			       "op 3 main map data\n"
			       "op 4 main map spare\n"
			       "op 5 main pwrite data gen=1\n"
			       "op 6 main reg m0 expect=era\n"
			       "op 7 main reg m1\n"
			       "step \"race\"\n"
			       "op 8 dev rdma-write m0 4K+8K gen=1 after=6 split=4K depth=4\n"
			       "op 9 main gate-hold g0 after=8\n"
			       "op 10 main fsync data bound=5s hazard\n"
			       "op 11 eye await-asleep op=10 after=9\n"
			       "op 12 eye load data after=8\n"
			       "op 13 main gate-open g0\n"
			       "op 14 dev rdma-write m1 gen=2\n"
			       "op 15 dev rdma-write-imm m0 gen=3 after=10,12\n"
			       "op 16 main fdatasync data after=15\n"
			       "op 17 main disk-read data 16K+32K\n"
			       "op 18 main fork hazard\n"
			       "op 19 main reap hazard\n"
			       "op 20 main dereg m1 after=14\n"
			       "op 21 main unmap data\n";

static struct pp_plan *parse(const char *ops)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };
	char *text = malloc(strlen(head) + strlen(ops) + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memcpy(text, head, strlen(head));
	memcpy(text + strlen(head), ops, strlen(ops) + 1);
	CU_ASSERT_EQUAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	free(text);
	return plan;
}

static bool *all_but(const struct pp_plan *p, const uint32_t *gone, size_t n)
{
	bool *keep = calloc(p->n_ops + 1, sizeof(*keep));

	CU_ASSERT_PTR_NOT_NULL_FATAL(keep);
	for (size_t i = 0; i < p->n_ops; i++)
		keep[i] = true;
	for (size_t i = 0; i < n; i++)
		keep[pp_plan_op(p, gone[i]) - p->ops] = false;
	return keep;
}

/* Ids that are left, as text. */
static void ids(const struct pp_plan *p, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->n_ops && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%u", i ? " " : "",
					 p->ops[i].id);
}

/* Without what stands in the first column, what else goes? */
static void closing(void)
{
	static const struct {
		uint32_t gone[2];
		const char *left;
	} rows[] = {
		{ { 19, 19 }, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 20 21" },
		{ { 18, 18 }, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 20 21" },
		{ { 10, 10 }, "1 2 3 4 5 6 7 8 9 12 13 14 15 16 17 18 19 20 21" },
		{ { 9, 9 }, "1 2 3 4 5 6 7 8 10 11 12 14 15 16 17 18 19 20 21" },
		{ { 7, 7 }, "1 2 3 4 5 6 8 9 10 11 12 13 15 16 17 18 19 21" },
		{ { 6, 6 }, "1 2 3 4 5 7 9 10 11 12 13 14 16 17 18 19 20 21" },
		{ { 4, 4 }, "1 2 3 5 6 8 9 10 11 12 13 15 16 17 18 19 21" },
		{ { 3, 3 }, "1 2 4 5 7 9 10 11 13 14 16 17 18 19 20" },
		{ { 2, 2 }, "1 4 7 9 13 14 18 19 20" },
		{ { 1, 1 }, "4 7 9 13 14 18 19 20" },
		{ { 1, 4 }, "9 13 18 19" },
		{ { 21, 20 }, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19" },
	};
	struct pp_plan *p = parse(directed);

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		bool *keep = all_but(p, rows[i].gone, 2);
		struct pp_plan *cut = NULL;
		struct pp_err err = { 0 };
		char left[256];
		size_t n = pp_plan_close(p, keep);

		CU_ASSERT_EQUAL_FATAL(pp_plan_cut(p, keep, &cut, &err), 0);
		PP_ASSERT_STR(err.text, "");
		CU_ASSERT_EQUAL(cut->n_ops, n);
		ids(cut, left, sizeof(left));
		PP_ASSERT_STR(left, rows[i].left);
		if (strcmp(left, rows[i].left))
			printf("without %u and %u: %s\n", rows[i].gone[0], rows[i].gone[1], left);
		pp_plan_free(cut);
		free(keep);
	}
	pp_plan_free(p);
}

/* What was ordered through an operation that is gone stays ordered. */
static void order_stays(void)
{
	struct pp_plan *p = parse(directed), *cut = NULL;
	const uint32_t gone[] = { 15, 12 };
	bool *keep = all_but(p, gone, 2);
	struct pp_err err = { 0 };
	const struct pp_op *op;

	CU_ASSERT_EQUAL_FATAL(pp_plan_cut(p, keep, &cut, &err), 0);
	/* 16 waited for 15 of dev: what is left of dev before it is 14. */
	op = pp_plan_op(cut, 16);
	CU_ASSERT_EQUAL_FATAL(op->after_count, 1);
	CU_ASSERT_EQUAL(cut->after[op->after_first], 14);
	/* 8 waits for 6 still, and 20 for 14. */
	op = pp_plan_op(cut, 8);
	CU_ASSERT_EQUAL_FATAL(op->after_count, 1);
	CU_ASSERT_EQUAL(cut->after[op->after_first], 6);
	pp_plan_free(cut);
	free(keep);
	pp_plan_free(p);
}

static void one_actor(void)
{
	static const uint32_t order[] = { 1,  2,  3,  4,  5,  6,  7,  8,  12, 9,
					  10, 13, 14, 15, 16, 17, 18, 19, 20, 21 };
	/* An operation cannot wait for one of its own actor to sleep. */
	static const uint32_t gone[] = { 11 };
	struct pp_plan *all = parse(directed), *p = NULL, *one = NULL;
	bool *keep = all_but(all, gone, 1);
	struct pp_err err = { 0 };
	uint32_t gen = 0;

	CU_ASSERT_EQUAL_FATAL(pp_plan_cut(all, keep, &p, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_plan_one_actor(p, order, PP_ARRAY_LEN(order), &one, &err), 0);
	CU_ASSERT_EQUAL(one->n_actors, 1);
	CU_ASSERT_EQUAL_FATAL(one->n_ops, p->n_ops);
	for (size_t i = 0; i < one->n_ops; i++) {
		CU_ASSERT_EQUAL(one->ops[i].id, i + 1);
		CU_ASSERT_EQUAL(one->ops[i].verb, pp_plan_op(p, order[i])->verb);
		if (one->ops[i].gen)
			CU_ASSERT_EQUAL(one->ops[i].gen, ++gen);
	}
	CU_ASSERT_EQUAL(one->ops[8].verb, PP_VERB_LOAD);
	pp_plan_free(one);
	CU_ASSERT_EQUAL(pp_plan_one_actor(p, order, PP_ARRAY_LEN(order) - 1, &one, &err), -EINVAL);
	pp_plan_free(p);
	free(keep);
	pp_plan_free(all);
}

static void bare(void)
{
	struct pp_plan *p = parse(directed), *cut = NULL, *out = NULL;
	const uint32_t gone[] = { 4, 9 };
	bool *keep = all_but(p, gone, 2);
	struct pp_err err = { 0 };

	pp_plan_close(p, keep);
	CU_ASSERT_EQUAL_FATAL(pp_plan_cut(p, keep, &cut, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_plan_bare(cut, PP_RULE_BIT(PP_O2_DURABILITY), &out, &err), 0);
	CU_ASSERT_EQUAL(out->n_ops, cut->n_ops);
	CU_ASSERT_EQUAL(out->n_regions, 1); /* spare is gone with its mapping */
	CU_ASSERT_EQUAL(out->n_mrs, 1);
	CU_ASSERT_EQUAL(out->n_gates, 0);
	CU_ASSERT_EQUAL(out->n_actors, 3); /* idle never did anything */
	CU_ASSERT_EQUAL(out->n_steps, 1);
	CU_ASSERT_EQUAL(out->n_evidence, 0);
	CU_ASSERT_EQUAL(out->rules, PP_RULE_BIT(PP_O2_DURABILITY));
	for (size_t i = 0; i < out->n_ops; i++)
		CU_ASSERT_EQUAL(out->ops[i].id, i + 1);
	pp_plan_free(out);
	pp_plan_free(cut);
	free(keep);
	pp_plan_free(p);
}

/*
 * A stand-in for the kernel: a plan is broken if these verbs occur in it in this order, whatever
 * stands between them.
 */
struct kernel {
	enum pp_verb needs[8];
	size_t n;
};

static bool broken(const struct kernel *k, const struct pp_plan *p)
{
	size_t at = 0;

	for (size_t i = 0; i < p->n_ops && at < k->n; i++)
		at += p->ops[i].verb == k->needs[at];
	return at == k->n;
}

/* Nothing that is not possible may ever be proposed. */
static bool is_closed(const struct pp_plan *p)
{
	bool *keep = all_but(p, NULL, 0);
	bool closed = pp_plan_close(p, keep) == p->n_ops;

	free(keep);
	return closed;
}

/* A history in which the plan's operations follow one another. */
static void in_turn(const struct pp_plan *p, struct pp_history *h)
{
	memset(h, 0, sizeof(*h));
	h->events = calloc(p->n_ops + 1, sizeof(*h->events));
	CU_ASSERT_PTR_NOT_NULL_FATAL(h->events);
	for (size_t i = 0; i < p->n_ops; i++)
		h->events[h->n_events++] = (struct pp_event){ .op = p->ops[i].id,
							      .begin_ns = 10 * i,
							      .end_ns = 10 * i + 5,
							      .verb = (uint8_t)p->ops[i].verb };
}

/* Shrink @p under the stand-in; the number of plans that were tried. */
static size_t shrink(const struct pp_plan *p, const struct kernel *k, const struct pp_finding *x,
		     struct pp_plan **out)
{
	struct pp_shrink *s = NULL;
	const struct pp_plan *plan;
	struct pp_history h;
	struct pp_err err = { 0 };
	size_t tried = 0;
	int rc;

	in_turn(p, &h);
	CU_ASSERT_EQUAL_FATAL(pp_shrink_new(p, &h, x, &s, &err), 0);
	pp_history_free(&h);
	while ((rc = pp_shrink_next(s, &plan, &err)) > 0 && tried < 5000) {
		CU_ASSERT(is_closed(plan));
		CU_ASSERT(plan->n_ops <= pp_shrink_best(s)->n_ops);
		tried++;
		pp_shrink_tell(s, broken(k, plan));
	}
	CU_ASSERT_EQUAL(rc, 0);
	CU_ASSERT(broken(k, pp_shrink_best(s)));
	CU_ASSERT_EQUAL(pp_plan_copy(pp_shrink_best(s), out, &err), 0);
	pp_shrink_free(s);
	return tried;
}

static void lost_write(void)
{
	static const struct kernel k = { { PP_VERB_REG, PP_VERB_FSYNC, PP_VERB_RDMA_WRITE,
					   PP_VERB_FSYNC, PP_VERB_DISK_READ },
					 5 };
	const struct pp_finding x = { .rule = PP_O2_DURABILITY, .op = 17 };
	struct pp_plan *p = parse(directed), *out = NULL;
	char *text;

	shrink(p, &k, &x, &out);
	CU_ASSERT_EQUAL(out->n_ops, 8); /* mkfs, mount, map, and the five */
	CU_ASSERT_EQUAL(out->n_actors, 1);
	CU_ASSERT_EQUAL(out->regions[0].size_bytes, 4096);
	text = pp_plan_print(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "op 8 main disk-read data 0+4096\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "hazard"));
	CU_ASSERT_PTR_NULL(strstr(text, "split"));
	free(text);
	pp_plan_free(out);
	pp_plan_free(p);
}

/* A storm's thousands of operations, written out. */
static struct pp_plan *storm(uint32_t draws)
{
	struct pp_plan *p = parse("op 1 main mkfs f0\nop 2 main mount f0\nop 3 main map data\n"
				  "op 4 main map spare\nop 5 main reg m0\nop 6 main reg m1\n"
				  "storm ops=3000\n"
				  "mix dev rdma-write m0 weight=3 length=64..8K\n"
				  "mix dev rdma-write m1 weight=3 length=64..8K\n"
				  "mix main fsync data weight=1\n"
				  "mix main store data weight=3 length=64..8K\n"
				  "mix eye load data weight=3 length=64..8K\n"
				  "mix eye disk-read data weight=1 length=4K..16K align=4K\n"),
		       *out = NULL;
	uint32_t drawn[8] = { draws, draws, draws, 0 },
		 closed[4] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
	struct pp_err err = { 0 };

	CU_ASSERT_EQUAL_FATAL(pp_storm_expand(p, drawn, closed, &out, &err), 0);
	pp_plan_free(p);
	return out;
}

static void from_a_storm(void)
{
	static const struct kernel k = { { PP_VERB_REG, PP_VERB_FSYNC, PP_VERB_RDMA_WRITE,
					   PP_VERB_FSYNC, PP_VERB_DISK_READ },
					 5 };
	struct pp_finding x = { .rule = PP_O2_DURABILITY };
	struct pp_plan *p = storm(1000), *out = NULL;
	size_t tried;

	CU_ASSERT(p->n_ops > 3000);
	/* The first disk-read that could have shown it. */
	for (size_t i = 200; i < p->n_ops && !x.op; i++)
		if (p->ops[i].verb == PP_VERB_DISK_READ)
			x.op = p->ops[i].id;
	tried = shrink(p, &k, &x, &out);
	CU_ASSERT_EQUAL(out->n_ops, 8);
	CU_ASSERT(tried < 150);
	pp_plan_free(out);
	pp_plan_free(p);
}

/* The story is enough: one step from thousands to a few. */
static void by_its_story(void)
{
	static const struct kernel k = {
		{ PP_VERB_FSYNC, PP_VERB_RDMA_WRITE, PP_VERB_FSYNC, PP_VERB_DISK_READ }, 4
	};
	struct pp_finding x = { .rule = PP_O2_DURABILITY };
	struct pp_plan *p = storm(1000), *out = NULL;
	size_t at = 0, tried;

	for (size_t i = 300; i < p->n_ops && at < k.n; i++)
		if (p->ops[i].verb == k.needs[at]) {
			x.ops[x.n_ops++] = p->ops[i].id;
			x.op = p->ops[i].id;
			at++;
		}
	CU_ASSERT_EQUAL_FATAL(at, k.n);
	tried = shrink(p, &k, &x, &out);
	CU_ASSERT_EQUAL(out->n_ops, 8);
	CU_ASSERT(tried < 40);
	pp_plan_free(out);
	pp_plan_free(p);
}

/* Whatever is needed: what is left is needed to the last operation, and nothing else is left. */
static void random_kernels(void)
{
	static const enum pp_verb verbs[] = { PP_VERB_RDMA_WRITE, PP_VERB_FSYNC, PP_VERB_STORE,
					      PP_VERB_LOAD, PP_VERB_DISK_READ };
	struct pp_plan *p = storm(60);
	struct pp_prng prng;

	pp_prng_seed(&prng, 7);
	for (int round = 0; round < 60; round++) {
		struct kernel k = { .n = 1 + (size_t)pp_prng_below(&prng, 5) };
		struct pp_finding x = { .rule = PP_O12_EXPLAINED };
		struct pp_plan *out = NULL;

		for (size_t i = 0; i < k.n; i++)
			k.needs[i] = verbs[pp_prng_below(&prng, PP_ARRAY_LEN(verbs))];
		if (!broken(&k, p))
			continue;
		x.op = p->ops[p->n_ops - 1].id;
		shrink(p, &k, &x, &out);
		for (size_t i = 0; i < out->n_ops; i++) {
			bool *keep = all_but(out, &out->ops[i].id, 1);
			struct pp_plan *less = NULL;
			struct pp_err err = { 0 };

			if (pp_plan_close(out, keep) && !pp_plan_cut(out, keep, &less, &err))
				CU_ASSERT(!broken(&k, less));
			pp_plan_free(less);
			free(keep);
		}
		pp_plan_free(out);
	}
	pp_plan_free(p);
}

static void nothing_to_leave_out(void)
{
	static const struct kernel k = {
		{ PP_VERB_MKFS, PP_VERB_MOUNT, PP_VERB_PWRITE, PP_VERB_PREAD }, 4
	};
	const struct pp_finding x = { .rule = PP_O1_COHERENCE, .op = 4 };
	struct pp_plan
		*p = parse("op 1 main mkfs f0\nop 2 main mount f0\nop 3 main pwrite data gen=1\n"
			   "op 4 main pread data\n"),
		*out = NULL;

	shrink(p, &k, &x, &out);
	CU_ASSERT_EQUAL(out->n_ops, 4);
	pp_plan_free(out);
	pp_plan_free(p);
}

static void a_storm_is_refused(void)
{
	struct pp_plan *p =
		parse("op 1 main map spare\nstorm ops=5\nmix main load spare weight=1\n");
	const struct pp_finding x = { .rule = PP_O1_COHERENCE };
	struct pp_shrink *s = NULL;
	struct pp_plan *out = NULL;
	struct pp_history h = { 0 };
	struct pp_err err = { 0 };
	bool keep[1] = { true };

	CU_ASSERT_EQUAL(pp_shrink_new(p, &h, &x, &s, &err), -EINVAL);
	CU_ASSERT_EQUAL(pp_plan_cut(p, keep, &out, &err), -EINVAL);
	CU_ASSERT_EQUAL(pp_plan_one_actor(p, &p->ops[0].id, 1, &out, &err), -EINVAL);
	pp_plan_free(p);
}

static const struct pp_unit_case cases[] = {
	{ "what goes with what", closing },
	{ "order stays", order_stays },
	{ "one actor", one_actor },
	{ "bare", bare },
	{ "lost write", lost_write },
	{ "from a storm", from_a_storm },
	{ "by its story", by_its_story },
	{ "random kernels", random_kernels },
	{ "nothing to leave out", nothing_to_leave_out },
	{ "a storm is refused", a_storm_is_refused },
};

PP_UNIT_MAIN("shrink", cases)
