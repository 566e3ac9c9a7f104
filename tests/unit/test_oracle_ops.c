/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which operations a finding lists: all that a reader must look at, and no set-up that says
 * nothing; and what ran beside the write that is lost.
 */
#include <stdio.h>
#include <string.h>

#include "core/oracle.h"
#include "unit.h"

#define MAX_OPS 8

/* Operation N is in line N. */
#define PLAN                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nbound 10s\n"         \
	"rules O1 O2 O4 O12\nfs f0 type=ext4 slot=disk0\nfs f1 type=tmpfs\n"                       \
	"region data backing=ext4 fs=f0 size=16K\nregion shm backing=tmpfs fs=f1 size=16K\n"       \
	"actor main\n"                                                                             \
	"op 1 main mkfs f0\nop 2 main mount f0\nop 3 main map data\nop 4 main map shm\n"           \
	"op 5 main store data 0+4096 gen=1\nop 6 main mkfs f0\n"                                   \
	"op 7 main store data 0+4096 gen=2\nop 8 main load data 0+4096\n"                          \
	"op 9 main store data 64+64 gen=3\nop 10 main load data 0+64\nop 11 main umount f1\n"      \
	"op 12 main store shm 0+4096 gen=4\nop 13 main load shm 0+4096\n"                          \
	"op 14 main msync data 0+4096\nop 15 main msync data 4096+4096\n"                          \
	"op 16 main disk-read data 0+4096\n"

static const struct {
	const char *events;
	uint32_t op, ops[MAX_OPS]; /* of the one finding; 0 ends the list */
} rows[] = {
	/* made before all that matters: left out */
	{ "@1-2 main op=1 mkfs f0\n@3-4 main op=5 store data 0+4096 gen=1\n"
	  "@5-6 main op=8 load data 0+4096 saw zero\n",
	  8,
	  { 5, 8 } },
	/* the same where pages have cells of their own */
	{ "@1-2 main op=1 mkfs f0\n@3-4 main op=5 store data 0+4096 gen=1\n"
	  "@5-6 main op=9 store data 64+64 gen=3\n@7-8 main op=10 load data 0+64 saw zero\n",
	  10,
	  { 5, 10 } },
	/* nothing but the set-up came before a stamp that nobody wrote */
	{ "@1-2 main op=1 mkfs f0\n@5-6 main op=8 load data 0+4096 saw main:1\n", 8, { 8 } },
	/* a tmpfs that is unmounted first loses what it never held */
	{ "@1-2 main op=11 umount f1\n@3-4 main op=12 store shm 0+4096 gen=4\n"
	  "@5-6 main op=13 load shm 0+4096 saw zero\n",
	  13,
	  { 12, 13 } },
	/* another filesystem's events are none of this region's */
	{ "@1-2 main op=12 store shm 0+4096 gen=4\n@3-4 main op=6 mkfs f0\n"
	  "@5-6 main op=13 load shm 0+4096 saw zero\n",
	  13,
	  { 12, 13 } },
	/* made again between the writes: it is part of the story */
	{ "@1-2 main op=5 store data 0+4096 gen=1\n@3-4 main op=6 mkfs f0\n"
	  "@5-6 main op=7 store data 0+4096 gen=2\n@7-8 main op=8 load data 0+4096 saw main:1\n",
	  8,
	  { 5, 6, 7, 8 } },
	/* made again, and what was there still shows: it is what had to show */
	{ "@1-2 main op=5 store data 0+4096 gen=1\n@3-4 main op=6 mkfs f0\n"
	  "@7-8 main op=8 load data 0+4096 saw main:1\n",
	  8,
	  { 5, 6, 8 } },
	/* a later sync of other pages promised nothing */
	{ "@1-2 main op=5 store data 0+4096 gen=1\n@3-4 main op=14 msync data 0+4096\n"
	  "@5-6 main op=15 msync data 4096+4096\n"
	  "@7-8 main op=16 disk-read data 0+4096 saw zero\n",
	  16,
	  { 5, 14, 16 } },
	/* its own failure is about itself */
	{ "@1-2 main op=1 mkfs f0 = EIO\n", 1, { 1 } },
};

static void expect(size_t i, const struct pp_finding *f)
{
	size_t n = 0;

	CU_ASSERT_EQUAL(f->op, rows[i].op);
	while (n < MAX_OPS && rows[i].ops[n])
		n++;
	if (f->n_ops != n || memcmp(f->ops, rows[i].ops, n * sizeof(f->ops[0])))
		fprintf(stderr, "row %zu: %zu operations, the first is %u: %s\n", i, f->n_ops,
			f->ops[0], f->text);
	CU_ASSERT_EQUAL_FATAL(f->n_ops, n);
	CU_ASSERT_EQUAL(memcmp(f->ops, rows[i].ops, n * sizeof(f->ops[0])), 0);
}

/* The findings of a history given as text. */
static struct pp_findings judge(const struct pp_plan *plan, const char *events)
{
	const struct pp_oracle_options opt = { .era = PP_ERA_6_5 };
	struct pp_findings f = { 0 };
	struct pp_err err = { "" };
	struct pp_history h;
	char text[1024];

	snprintf(text, sizeof(text), "pinproof-history 1\nrun 7\n%s", events);
	if (pp_history_parse(text, strlen(text), plan, &h, &err))
		fprintf(stderr, "%s\n%s\n", err.text, events);
	CU_ASSERT_STRING_EQUAL_FATAL(err.text, "");
	CU_ASSERT_EQUAL(pp_oracle_run(plan, &h, &opt, &f, &err), 0);
	pp_history_free(&h);
	return f;
}

static struct pp_plan *plan_of(const char *text)
{
	struct pp_err err = { "" };
	struct pp_plan *plan = NULL;

	if (pp_plan_parse(text, strlen(text), &plan, &err))
		fprintf(stderr, "%s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	return plan;
}

static void listed_operations(void)
{
	struct pp_plan *plan = plan_of(PLAN);

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_findings f = judge(plan, rows[i].events);

		CU_ASSERT_EQUAL_FATAL(f.count, 1);
		expect(i, &f.items[0]);
		pp_findings_free(&f);
	}
	pp_plan_free(plan);
}

#define RACE                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/dio\nbacking ext4\npinner dio\nbound 10s\nrules O1\n"     \
	"fs disk type=ext4 slot=disk0\nregion data backing=ext4 fs=disk size=16K\n"                \
	"actor main\nactor peer\nactor third\n"                                                    \
	"op 1 third msync data\nop 2 main dio-read data 512+512 via=disk1 gen=1\n"                 \
	"op 3 peer fork\nop 4 third store data 4096+4096 gen=1\n"                                  \
	"op 5 third pageout data 2048+2048\nop 6 peer reap\n"                                      \
	"op 7 third fsync data\nop 8 main load data 512+512\n"

/* On its pages or on no range, and at the same time. */
static void company_of_a_lost_write(void)
{
	static const struct {
		enum pp_verb verb;
		bool beside;
	} verbs[] = {
		{ PP_VERB_FORK, true },      { PP_VERB_PAGEOUT, true }, { PP_VERB_STORE, false },
		{ PP_VERB_REAP, false },     { PP_VERB_LOAD, false },   { PP_VERB_MSYNC, false },
		{ PP_VERB_DIO_READ, false }, { PP_VERB_FSYNC, false },
	};
	struct pp_plan *plan = plan_of(RACE);
	struct pp_findings f =
		judge(plan, "@5-10 third op=1 msync data 0+16384\n"
			    "@10-50 main op=2 dio-read data 512+512 gen=1\n@20-30 peer op=3 fork\n"
			    "@20-30 third op=4 store data 4096+4096 gen=1\n"
			    "@49-60 third op=5 pageout data 2048+2048\n@50-60 peer op=6 reap\n"
			    "@61-62 third op=7 fsync data\n"
			    "@70-80 main op=8 load data 512+512 saw zero\n");

	CU_ASSERT_EQUAL_FATAL(f.count, 1);
	CU_ASSERT_EQUAL(f.items[0].lost, PP_VERB_DIO_READ);
	for (size_t i = 0; i < PP_ARRAY_LEN(verbs); i++)
		CU_ASSERT_EQUAL(pp_verb_set_has(&f.items[0].beside, verbs[i].verb),
				verbs[i].beside);
	pp_findings_free(&f);
	pp_plan_free(plan);
}

static const struct pp_unit_case cases[] = {
	{ "findings list what matters", listed_operations },
	{ "findings know what ran beside the write that is lost", company_of_a_lost_write },
};

PP_UNIT_MAIN("oracle-ops", cases)
