/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Planted faults: the option's text, and which device write is hit. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run/plant.h"
#include "unit.h"

#define HEAD                                                                                       \
	"pinproof-plan 1\ncase unit/memfd/rxe-mr\nbacking memfd\npinner rxe-mr\nrules O1\n"        \
	"bound 10s\nregion data backing=memfd size=16K\nregion near backing=memfd size=16K\n"      \
	"mr m0 region=data range=4096+8192\nactor main\nactor dev\n"
#define WRITE(id, range) "op " id " main vm-write data " range " gen=" id "\n"

static const struct {
	const char *text;
	enum pp_plant kind;
	unsigned number;
} texts[] = {
	{ "drop", PP_PLANT_DROP, 0 },
	{ "shift:1", PP_PLANT_SHIFT, 1 },
	{ "tear:1000000", PP_PLANT_TEAR, 1000000 },
	{ "delay:12", PP_PLANT_DELAY, 12 },
	{ "repeat", PP_PLANT_REPEAT, 0 },
	{ "move", PP_PLANT_MOVE, 0 },
	{ "clean:2", PP_PLANT_CLEAN, 2 },
};

static void texts_are_read(void)
{
	struct pp_plant_spec spec;
	struct pp_err err;

	for (size_t i = 0; i < PP_ARRAY_LEN(texts); i++) {
		CU_ASSERT_EQUAL(pp_plant_parse(texts[i].text, &spec, &err), 0);
		CU_ASSERT(spec.kind == texts[i].kind && spec.number == texts[i].number);
		CU_ASSERT(!spec.every);
		CU_ASSERT_EQUAL(strncmp(pp_plant_name(spec.kind), texts[i].text,
					strlen(pp_plant_name(spec.kind))),
				0);
	}
}

static void only_faults_of_a_write(void)
{
	static const char *const bad[] = { "",    "refuse", "hang",        "drops",
					   "dro", ":1",     "drop:1000001" };
	struct pp_plant_spec spec;
	struct pp_err err;

	for (size_t i = 0; i < PP_ARRAY_LEN(bad); i++)
		CU_ASSERT_EQUAL(pp_plant_parse(bad[i], &spec, &err), -EINVAL);
}

static const struct {
	const char *what, *ops;
	struct pp_plant_spec spec;
	uint32_t target;
} targets[] = {
	{ "the middle one of three that are seen",
	  WRITE("1", "0+64") "op 2 main load data\n" WRITE(
		  "3", "0+64") "op 4 main load data\n" WRITE("5", "0+64") "op 6 main load data\n",
	  { .kind = PP_PLANT_DROP },
	  3 },
	{ "not one that is overwritten before anybody looks",
	  WRITE("1", "0+128") WRITE("2", "64+128") "op 3 main load data\n",
	  { .kind = PP_PLANT_SHIFT },
	  2 },
	{ "not one of which only a part is looked at",
	  WRITE("1", "0+128") "op 2 main load data 0+64\n" WRITE(
		  "3", "192+64") "op 4 main load data 192+64\n",
	  { .kind = PP_PLANT_DROP },
	  3 },
	{ "not one that nobody looks at",
	  WRITE("1", "0+64") "op 2 main load near\n",
	  { .kind = PP_PLANT_TEAR },
	  0 },
	{ "not one that is only looked up on the disk",
	  WRITE("1", "0+64") "op 2 main pread near\n",
	  { .kind = PP_PLANT_DELAY },
	  0 },
	{ "a CPU write is none",
	  "op 1 main store data gen=1\nop 2 main load data\n",
	  { .kind = PP_PLANT_DROP },
	  0 },
	{ "another actor's write is one, and an MR begins where it does",
	  "op 1 main reg m0\nop 2 dev rdma-write m0 0+64 gen=1\nop 3 main load data 4096+64\n",
	  { .kind = PP_PLANT_DROP },
	  2 },
	{ "a look past the MR's place does not count",
	  "op 1 main reg m0\nop 2 dev rdma-write m0 0+64 gen=1\nop 3 main load data 0+64\n",
	  { .kind = PP_PLANT_DROP },
	  0 },
	{ "a repeat needs something newer, and a look behind it",
	  WRITE("1", "0+64") WRITE("2", "0+64") "op 3 main load data\n" WRITE("4", "0+64"),
	  { .kind = PP_PLANT_REPEAT },
	  1 },
	{ "a number counts all device writes",
	  WRITE("1", "0+64") WRITE("2", "0+64") WRITE("3", "0+64"),
	  { .kind = PP_PLANT_DROP, .number = 2 },
	  2 },
	{ "a number that the plan does not have",
	  WRITE("1", "0+64"),
	  { .kind = PP_PLANT_DROP, .number = 2 },
	  0 },
	{ "a page that is pinned and was looked at since",
	  "op 1 main page-look data\nop 2 main reg m0\nop 3 main page-look data\n"
	  "op 4 main page-look data\nop 5 main dereg m0\nop 6 main page-look data\n",
	  { .kind = PP_PLANT_MOVE },
	  4 },
	{ "no page that is pinned was looked at twice",
	  "op 1 main reg m0\nop 2 main page-look data\nop 3 main page-look near\n",
	  { .kind = PP_PLANT_MOVE },
	  0 },
	{ "a page that a device wrote and let go of",
	  "op 1 main reg m0\nop 2 main rdma-write m0 gen=1\nop 3 main page-look data\n"
	  "op 4 main dereg m0\nop 5 main page-look near\nop 6 main page-look data\n",
	  { .kind = PP_PLANT_CLEAN },
	  6 },
	{ "what a short pin wrote is let go of at once",
	  WRITE("1", "0+64") "op 2 main page-look data\n",
	  { .kind = PP_PLANT_CLEAN },
	  2 },
	{ "what was written back may be clean",
	  WRITE("1", "0+64") "op 2 main fsync data\nop 3 main page-look data\n",
	  { .kind = PP_PLANT_CLEAN },
	  0 },
	{ "what an MR wrote gets dirty when it lets go, whatever was synced before",
	  "op 1 main reg m0\nop 2 main rdma-write m0 gen=1\nop 3 main fsync data\n"
	  "op 4 main dereg m0\nop 5 main page-look data\n",
	  { .kind = PP_PLANT_CLEAN },
	  5 },
	{ "a sync behind that",
	  "op 1 main reg m0\nop 2 main rdma-write m0 gen=1\nop 3 main dereg m0\n"
	  "op 4 main fsync data\nop 5 main page-look data\n",
	  { .kind = PP_PLANT_CLEAN },
	  0 },
	{ "the second look of the plan",
	  "op 1 main page-look data\nop 2 main page-look data\n",
	  { .kind = PP_PLANT_MOVE, .number = 2 },
	  2 },
	{ "a self-test's hits all",
	  WRITE("1", "0+64") "op 2 main load data\n",
	  { .kind = PP_PLANT_DROP, .every = true },
	  0 },
};

static void targets_are_chosen(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(targets); i++) {
		struct pp_plan *plan = NULL;
		struct pp_err err = { "" };
		char text[2048];

		snprintf(text, sizeof(text), HEAD "%s", targets[i].ops);
		CU_ASSERT_EQUAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
		if (!plan) {
			fprintf(stderr, "%s: %s\n", targets[i].what, err.text);
			continue;
		}
		if (pp_plant_target(plan, &targets[i].spec) != targets[i].target)
			fprintf(stderr, "%s: %u\n", targets[i].what,
				pp_plant_target(plan, &targets[i].spec));
		CU_ASSERT_EQUAL(pp_plant_target(plan, &targets[i].spec), targets[i].target);
		pp_plan_free(plan);
	}
}

static const struct pp_unit_case cases[] = {
	{ "texts of the option", texts_are_read },
	{ "only faults of a write can be asked for", only_faults_of_a_write },
	{ "the write that is hit", targets_are_chosen },
};

PP_UNIT_MAIN("plant", cases)
