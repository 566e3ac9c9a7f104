/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watchdog: an operation that really sleeps in the kernel is interrupted at its bound; nobody
 * else is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/exec_state.h"
#include "sys/clock.h"
#include "unit.h"

#define BOUND_MS 50u
#define LONG_MS  60000u

#define PLAN                                                                                       \
	"pinproof-plan 1\ncase unit/anon/none\nbacking anon\npinner none\nrules O9\nbound 10s\n"   \
	"region data backing=anon size=4096\nactor main\nactor dev\nop 1 main load data\n"         \
	"op 2 dev load data\n"

struct watched {
	struct pp_plan *plan;
	struct pp_recorder recorder;
	struct pp_exec_setup setup;
	struct pp_exec_outcome outcome;
	struct pp_exec x;
	struct pp_watch *watch;
	int fds[2]; /* a pipe that nobody writes into */
};

static void make(struct watched *w)
{
	struct pp_err err;

	alarm(30); /* nobody else would end this test if the watchdog does not */
	memset(w, 0, sizeof(*w));
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(PLAN, strlen(PLAN), &w->plan, &err), 0);
	w->recorder.start_ns = pp_now_ns();
	w->setup = (struct pp_exec_setup){ .plan = w->plan,
					   .recorder = &w->recorder,
					   .stacks_fd = -1 };
	w->x.setup = &w->setup;
	w->x.outcome = &w->outcome;
	w->x.plan = w->plan;
	w->x.workers = calloc(w->plan->n_actors, sizeof(*w->x.workers));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->x.workers);
	for (size_t i = 0; i < w->plan->n_actors; i++)
		w->x.workers[i].x = &w->x;
	CU_ASSERT_EQUAL_FATAL(pipe(w->fds), 0);
	CU_ASSERT_EQUAL_FATAL(pp_watch_start(&w->x, &w->watch, &err), 0);
}

static void unmake(struct watched *w)
{
	pp_watch_stop(w->watch);
	close(w->fds[0]);
	close(w->fds[1]);
	free(w->x.workers);
	pp_plan_free(w->plan);
}

/* What an actor does that gets stuck: a read of an empty pipe. */
static void *stuck(void *arg)
{
	struct watched *w = arg;
	struct pp_worker *me = &w->x.workers[1];
	uint64_t begin_ns;
	char byte;

	me->tid = gettid();
	begin_ns = pp_now_ns();
	pp_watch_op_begins(me, 2, BOUND_MS);
	CU_ASSERT_EQUAL(read(w->fds[0], &byte, 1), -1);
	CU_ASSERT_EQUAL(errno, EINTR);
	pp_watch_op_ended(me);
	CU_ASSERT(pp_now_ns() - begin_ns >= BOUND_MS * 1000000ull);
	return NULL;
}

static void a_stuck_operation_is_interrupted(void)
{
	struct watched w;
	pthread_t thread;

	make(&w);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stuck, &w), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(atomic_load(&w.x.workers[1].op), 0);
	CU_ASSERT_EQUAL(atomic_load(&w.x.workers[1].deadline_ns), 0);
	/* Before that, it was written down where it slept, once; how well depends on who asks. */
	CU_ASSERT_EQUAL_FATAL(atomic_load(&w.outcome.n_waits), 1);
	CU_ASSERT_EQUAL(w.outcome.waits[0].op, 2);
	CU_ASSERT(w.outcome.waits[0].ms >= BOUND_MS);
	CU_ASSERT(strstr(w.outcome.waits[0].where, "pipe_read") || geteuid());
	CU_ASSERT_NOT_EQUAL(w.outcome.waits[0].where[0], '\0');
	unmake(&w);
}

/* Who sleeps within the bound is left alone, while another is interrupted beside it. */
static void *patient(void *arg)
{
	struct watched *w = arg;
	struct pp_worker *me = &w->x.workers[0];
	char byte = 0;

	me->tid = gettid();
	pp_watch_op_begins(me, 1, LONG_MS);
	CU_ASSERT_EQUAL(read(w->fds[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(byte, 'x');
	pp_watch_op_ended(me);
	return NULL;
}

static void others_are_left_alone(void)
{
	struct watched w;
	pthread_t thread;
	int other[2];

	make(&w);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, patient, &w), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(other), 0);
	w.x.workers[1].tid = gettid();
	pp_watch_op_begins(&w.x.workers[1], 2, BOUND_MS);
	CU_ASSERT_EQUAL(read(other[0], &(char){ 0 }, 1), -1);
	CU_ASSERT_EQUAL(errno, EINTR);
	pp_watch_op_ended(&w.x.workers[1]);
	CU_ASSERT_EQUAL(write(w.fds[1], "x", 1), 1);
	pthread_join(thread, NULL);
	close(other[0]);
	close(other[1]);
	unmake(&w);
}

/* What ends in time takes its deadline with it: what the thread does next is not hit. */
static void the_next_operation_is_not_hit(void)
{
	struct watched w;
	struct pp_worker *me;
	char byte = 0;

	make(&w);
	me = &w.x.workers[0];
	me->tid = gettid();
	pp_watch_op_begins(me, 1, BOUND_MS);
	CU_ASSERT_EQUAL(write(w.fds[1], "y", 1), 1);
	pp_watch_op_ended(me);
	pp_watch_op_begins(me, 1, LONG_MS);
	pp_pause_ms(3 * BOUND_MS); /* poll: long enough for the watchdog to look again */
	CU_ASSERT_FALSE(atomic_load(&me->signalled));
	CU_ASSERT_EQUAL(read(w.fds[0], &byte, 1), 1);
	pp_watch_op_ended(me);
	unmake(&w);
}

static const struct pp_unit_case cases[] = {
	{ "a stuck operation is interrupted", a_stuck_operation_is_interrupted },
	{ "others are left alone", others_are_left_alone },
	{ "the next operation is not hit", the_next_operation_is_not_hit },
};

PP_UNIT_MAIN("watch", cases)
