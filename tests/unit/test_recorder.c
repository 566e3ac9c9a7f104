/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder: what a child recorded outlives its sudden death; open events, overflow, cells. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/recorder.h"
#include "unit.h"

static struct pp_event event_at(uint64_t begin_ns, uint32_t op, uint8_t actor)
{
	return (struct pp_event){ .begin_ns = begin_ns,
				  .op = op,
				  .actor = actor,
				  .writer = actor,
				  .verb = PP_VERB_STORE,
				  .length_bytes = PP_CELL_BYTES,
				  .gen = op };
}

static void begin_and_end(struct pp_recorder *r, size_t actor, uint64_t begin_ns, uint32_t op,
			  int result)
{
	struct pp_event e = event_at(begin_ns, op, (uint8_t)actor);
	struct pp_event *open = pp_record_begin(r, actor, &e);

	if (open)
		pp_record_end(open, begin_ns + 5, result);
}

/* What the child does before it kills itself: two actors, the last operation still open. */
static void die(struct pp_recorder *r)
{
	uint8_t cell[PP_CELL_BYTES];
	struct pp_event e = event_at(30, 4, 1);

	begin_and_end(r, 0, 10, 1, 0);
	begin_and_end(r, 1, 11, 2, 0);
	begin_and_end(r, 0, 20, 3, -EIO);
	memset(cell, 0xa5, sizeof(cell));
	e.verb = PP_VERB_LOAD;
	e.seen = PP_SEEN_OTHER;
	e.gen = pp_record_cell(r, 1, cell);
	pp_record_begin(r, 1, &e);
	kill(getpid(), SIGKILL);
	_exit(0);
}

static void outlives_the_child(void)
{
	struct pp_recorder r;
	struct pp_history h;
	struct pp_event running;
	struct pp_err err = { "" };
	int status = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 2 }, 77, &err),
			      0);
	CU_ASSERT_FALSE(pp_recorder_running(&r, &running));
	pid = fork();
	if (!pid)
		die(&r);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CU_ASSERT_TRUE(pp_recorder_running(&r, &running));
	CU_ASSERT_EQUAL(running.op, 4);
	CU_ASSERT_EQUAL(running.end_ns, UINT64_MAX);
	CU_ASSERT_EQUAL_FATAL(pp_recorder_history(&r, 9, &h, &err), 0);
	CU_ASSERT(h.run == 77 && h.plan_crc == 9 && h.start_realtime_ns == r.start_realtime_ns);
	CU_ASSERT_EQUAL_FATAL(h.n_events, 4);
	for (uint32_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(h.events[i].op, i + 1);
	CU_ASSERT(h.events[0].end_ns == 15 && h.events[0].result == 0 && !h.events[0].flags);
	CU_ASSERT_EQUAL(h.events[2].result, -EIO);
	CU_ASSERT(h.events[3].flags == PP_EVENT_OPEN && h.events[3].end_ns == UINT64_MAX);
	CU_ASSERT_EQUAL_FATAL(h.n_cells, 1);
	CU_ASSERT_EQUAL(h.cells[0][63], 0xa5);
	pp_history_free(&h);
	pp_recorder_close(&r);
}

/* Of several open events the newest says where a case hangs; an ended one says nothing. */
static void newest_open_event(void)
{
	struct pp_recorder r;
	struct pp_event e, running = { 0 }, *first, *second;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 3 }, 1, &err), 0);
	e = event_at(20, 1, 0);
	first = pp_record_begin(&r, 0, &e);
	e = event_at(10, 2, 2);
	second = pp_record_begin(&r, 2, &e);
	CU_ASSERT_FATAL(first && second);
	CU_ASSERT_TRUE(pp_recorder_running(&r, &running));
	CU_ASSERT_EQUAL(running.op, 1);
	pp_record_end(first, 25, 0);
	CU_ASSERT_TRUE(pp_recorder_running(&r, &running));
	CU_ASSERT_EQUAL(running.op, 2);
	pp_record_end(second, 25, 0);
	CU_ASSERT_FALSE(pp_recorder_running(&r, &running));
	pp_recorder_close(&r);
}

static void nothing_recorded(void)
{
	struct pp_recorder r;
	struct pp_history h;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 1 }, 5, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_recorder_history(&r, 3, &h, &err), 0);
	CU_ASSERT(h.n_events == 0 && h.run == 5 && h.plan_crc == 3);
	pp_history_free(&h);
	pp_recorder_close(&r);
}

/* A history that lacks events must not be judged: it is an error, not a short history. */
static void overflow_is_told(void)
{
	struct pp_recorder r;
	struct pp_history h;
	struct pp_err err = { "" };
	struct pp_event e = event_at(1, 1, 1);
	size_t full = 0;

	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 2 }, 1, &err), 0);
	for (uint32_t i = 0; i < PP_RECORDER_EVENTS; i++) {
		struct pp_event *open = pp_record_begin(&r, 1, &e);

		if (!open)
			full++;
		else
			pp_record_end(open, 2, 0);
	}
	CU_ASSERT_EQUAL(full, 0);
	CU_ASSERT_EQUAL_FATAL(pp_recorder_history(&r, 1, &h, &err), 0);
	CU_ASSERT_EQUAL(h.n_events, PP_RECORDER_EVENTS);
	pp_history_free(&h);
	CU_ASSERT_PTR_NULL(pp_record_begin(&r, 1, &e));
	CU_ASSERT_PTR_NOT_NULL(pp_record_begin(&r, 0, &e));
	CU_ASSERT_EQUAL(pp_recorder_history(&r, 1, &h, &err), -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "actor 1"));
	pp_recorder_close(&r);
}

static void number_cell(uint8_t cell[PP_CELL_BYTES], uint32_t number)
{
	memset(cell, 0xaa, PP_CELL_BYTES);
	memcpy(cell, &number, sizeof(number));
}

static void cells_run_out(void)
{
	const struct pp_plan storm = { .n_actors = 1, .storm_ms = PP_STORM_CELLS + 5 };
	uint8_t cell[PP_CELL_BYTES];
	struct pp_recorder r;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 2 }, 1, &err), 0);
	for (uint32_t i = 0; i < PP_RECORDER_CELLS; i++) {
		number_cell(cell, i);
		CU_ASSERT_EQUAL(pp_record_cell(&r, 0, cell), i);
	}
	/* What was kept a moment ago is not kept twice; of what is new there is no room. */
	CU_ASSERT_EQUAL(pp_record_cell(&r, 0, cell), PP_RECORDER_CELLS - 1);
	number_cell(cell, PP_RECORDER_CELLS);
	CU_ASSERT_EQUAL(pp_record_cell(&r, 0, cell), PP_NO_CELL);
	CU_ASSERT_EQUAL(pp_record_cell(&r, 1, cell), 0);
	CU_ASSERT_EQUAL(pp_record_cell(&r, 1, cell), 0);
	pp_recorder_close(&r);

	/* Long storms see more. */
	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &storm, 1, &err), 0);
	for (uint32_t i = 0; i < storm.storm_ms; i++) {
		number_cell(cell, i);
		CU_ASSERT_EQUAL_FATAL(pp_record_cell(&r, 0, cell), i);
	}
	number_cell(cell, storm.storm_ms);
	CU_ASSERT_EQUAL(pp_record_cell(&r, 0, cell), PP_NO_CELL);
	pp_recorder_close(&r);
}

/* What a storm drew is known of a child that died, too; and a storm has room for its time. */
static void storms(void)
{
	static const struct {
		uint32_t ms, ops;
		size_t actors;
		uint32_t events; /* of each actor */
	} rows[] = {
		{ 0, 0, 2, 0 },
		{ 1000, 0, 2, 500 * PP_STORM_EVENTS_MS + 1 },
		{ 0, 10, 2, PP_STORM_EVENTS_MAX / 2 + 1 },
		{ 86400000, 0, 4, PP_STORM_EVENTS_MAX / 4 + 1 },
	};
	struct pp_err err = { "" };
	struct pp_recorder r;
	uint32_t drawn, closed;

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_plan plan = { .n_actors = rows[i].actors,
					.storm_ms = rows[i].ms,
					.storm_ops = rows[i].ops };

		CU_ASSERT_EQUAL(pp_recorder_storm_events(&plan), rows[i].events);
	}
	CU_ASSERT_EQUAL_FATAL(pp_recorder_open(&r, &(struct pp_plan){ .n_actors = 2 }, 1, &err), 0);
	if (!fork()) {
		for (int i = 0; i < 5; i++)
			pp_record_drawn(&r, 1, false);
		pp_record_drawn(&r, 1, true);
		_exit(0);
	}
	wait(NULL);
	pp_recorder_drawn(&r, 1, &drawn, &closed);
	CU_ASSERT(drawn == 5 && closed == 1);
	pp_recorder_drawn(&r, 0, &drawn, &closed);
	CU_ASSERT(drawn == 0 && closed == 0);
	pp_recorder_close(&r);
}

static const struct pp_unit_case cases[] = {
	{ "events outlive the child", outlives_the_child },
	{ "the newest open event", newest_open_event },
	{ "an empty history", nothing_recorded },
	{ "overflow is an error", overflow_is_told },
	{ "cells run out", cells_run_out },
	{ "storms", storms },
};

PP_UNIT_MAIN("recorder", cases)
