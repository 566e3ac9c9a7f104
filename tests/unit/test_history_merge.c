/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the merge of recorders' pieces. */
#include "unit.h"
#include "history_data.h"

/* ---- merge ---- */

/* Merged order as op ids: piece * 100 + position from 1. */
static void merge_order(void)
{
	static const struct {
		uint64_t begins[4][5]; /* UINT64_MAX ends a piece */
		uint32_t ops[16];      /* 0 ends */
	} cases[] = {
#define END UINT64_MAX
		{ { { END }, { END }, { END }, { END } }, { 0 } },
		{ { { 1, 2, END }, { END }, { END }, { END } }, { 1, 2, 0 } },
		{ { { 5, 7, END }, { 5, 6, END }, { END }, { END } }, { 1, 101, 102, 2, 0 } },
		{ { { 9, END }, { 8, END }, { 7, END }, { 6, END } }, { 301, 201, 101, 1, 0 } },
		{ { { 3, 3, END }, { 3, END }, { 3, 3, END }, { 3, END } },
		  { 1, 2, 101, 201, 202, 301, 0 } },
		{ { { END }, { 2, 4, 6, 8, END }, { END }, { 1, 4, 5, 9, END } },
		  { 301, 101, 102, 302, 303, 103, 104, 304, 0 } },
#undef END
	};

	for (size_t c = 0; c < PP_ARRAY_LEN(cases); c++) {
		struct pp_event events[4][5] = { 0 };
		struct pp_history parts[4] = { 0 }, out;
		size_t n = 0;

		for (uint32_t p = 0; p < 4; p++) {
			parts[p].events = events[p];
			for (uint32_t i = 0; cases[c].begins[p][i] != UINT64_MAX; i++) {
				events[p][i].begin_ns = events[p][i].end_ns = cases[c].begins[p][i];
				events[p][i].op = p * 100 + i + 1;
				events[p][i].verb = PP_VERB_MAP;
				parts[p].n_events++;
			}
		}
		CU_ASSERT_EQUAL_FATAL(pp_history_merge(parts, 4, &out, NULL), 0);
		while (cases[c].ops[n])
			n++;
		CU_ASSERT_EQUAL(out.n_events, n);
		for (size_t i = 0; i < n && i < out.n_events; i++)
			CU_ASSERT_EQUAL(out.events[i].op, cases[c].ops[i]);
		pp_history_free(&out);
	}
}

/* Whatever the pieces are, the merge is what one recorder would have written. */
static void merge_random(void)
{
	struct pp_plan *plan = example_plan();

	for (uint64_t seed = 1; seed < 50; seed++) {
		struct pp_history parts[5], out, again;
		size_t n = 0, cells = 0;
		bool ok = true;

		for (size_t i = 0; i < 5; i++) {
			parts[i] = random_history(seed * 5 + i, plan, seed % (i + 3) * 9);
			parts[i].run = i % 2 ? 77 : 0;
			parts[i].start_realtime_ns = 5;
			n += parts[i].n_events;
			cells += parts[i].n_cells;
		}
		CU_ASSERT_EQUAL_FATAL(pp_history_merge(parts, 5, &out, NULL), 0);
		CU_ASSERT(out.n_events == n && out.n_cells == cells && out.run == 77);
		for (size_t i = 1; i < out.n_events; i++)
			ok = ok && out.events[i - 1].begin_ns <= out.events[i].begin_ns;
		CU_ASSERT_TRUE(ok);
		CU_ASSERT_EQUAL(pp_history_check(&out, plan, NULL), 0);
		/* Merging what is merged changes nothing. */
		CU_ASSERT_EQUAL_FATAL(pp_history_merge(&out, 1, &again, NULL), 0);
		CU_ASSERT_TRUE(same(&out, &again));
		pp_history_free(&again);
		pp_history_free(&out);
		for (size_t i = 0; i < 5; i++)
			pp_history_free(&parts[i]);
	}
	pp_plan_free(plan);
}

/* Cells move with their events; PP_NO_CELL and generations of others stay as they are. */
static void merge_cells(void)
{
	struct pp_event first[] = {
		{ .begin_ns = 2,
		  .end_ns = 2,
		  .verb = PP_VERB_LOAD,
		  .seen = PP_SEEN_OTHER,
		  .gen = 1 },
		{ .begin_ns = 4,
		  .end_ns = 4,
		  .verb = PP_VERB_PWRITE,
		  .seen = PP_SEEN_OTHER,
		  .gen = 1 },
	};
	struct pp_event second[] = {
		{ .begin_ns = 1,
		  .end_ns = 1,
		  .verb = PP_VERB_LOAD,
		  .seen = PP_SEEN_OTHER,
		  .gen = 0 },
		{ .begin_ns = 3,
		  .end_ns = 3,
		  .verb = PP_VERB_LOAD,
		  .seen = PP_SEEN_STAMP,
		  .gen = 0 },
		{ .begin_ns = 5,
		  .end_ns = 5,
		  .verb = PP_VERB_LOAD,
		  .seen = PP_SEEN_OTHER,
		  .gen = PP_NO_CELL },
		/* not an observation: a generation, though seen says something */
		{ .begin_ns = 6,
		  .end_ns = 6,
		  .verb = PP_VERB_PWRITE,
		  .seen = PP_SEEN_OTHER,
		  .gen = 1 },
	};
	uint8_t cells[2][2][PP_CELL_BYTES] = { { "a0", "a1" }, { "b0", "b1" } };
	struct pp_history parts[] = {
		{ .events = first, .n_events = 2, .cells = cells[0], .n_cells = 2 },
		{ .events = second, .n_events = 4, .cells = cells[1], .n_cells = 2 },
	};
	static const uint32_t gens[] = { 2, 1, 0, 1, PP_NO_CELL, 1 };
	struct pp_history out;

	CU_ASSERT_EQUAL_FATAL(pp_history_merge(parts, 2, &out, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(out.n_events, PP_ARRAY_LEN(gens));
	for (size_t i = 0; i < PP_ARRAY_LEN(gens); i++)
		CU_ASSERT_EQUAL(out.events[i].gen, gens[i]);
	CU_ASSERT_EQUAL_FATAL(out.n_cells, 4);
	PP_ASSERT_STR((char *)out.cells[1], "a1");
	PP_ASSERT_STR((char *)out.cells[2], "b0");
	pp_history_free(&out);
}

static void merge_refusals(void)
{
	struct pp_event e = {
		.begin_ns = 9, .end_ns = 3, .flags = PP_EVENT_OPEN, .verb = PP_VERB_MAP
	};
	struct pp_history parts[] = { { .run = 1, .plan_crc = 5, .events = &e, .n_events = 1 },
				      { .run = 2 } };
	struct pp_history out;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_history_merge(parts, 2, &out, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "Piece 1 is of another run.");
	CU_ASSERT(!out.events && !out.cells);
	parts[1].run = 1;
	parts[1].plan_crc = 6;
	CU_ASSERT_EQUAL(pp_history_merge(parts, 2, &out, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "Piece 1 is of another plan.");
	parts[1].plan_crc = 0;
	parts[1].n_cells = PP_NO_CELL;
	CU_ASSERT_EQUAL(pp_history_merge(parts, 2, &out, &err), -EOVERFLOW);
	parts[1].n_cells = 0;
	/* An end that is half recorded does not count. */
	CU_ASSERT_EQUAL_FATAL(pp_history_merge(parts, 2, &out, &err), 0);
	CU_ASSERT_EQUAL(out.events[0].end_ns, UINT64_MAX);
	CU_ASSERT_EQUAL(out.plan_crc, 5);
	pp_history_free(&out);
	CU_ASSERT_EQUAL(pp_history_merge(NULL, 0, &out, &err), 0);
	CU_ASSERT_EQUAL(out.n_events, 0);
	pp_history_free(&out);
}

static const struct pp_unit_case cases[] = {
	{ "merge sorts and is stable", merge_order },
	{ "merge of random pieces", merge_random },
	{ "merge renumbers cells", merge_cells },
	{ "merge refuses what does not fit together", merge_refusals },
};

PP_UNIT_MAIN("history_merge", cases)
