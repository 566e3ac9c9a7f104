/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs of life while a long history is judged: they come as long as the judge gets on, and from
 * nothing but the judge. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/words.h"
#include "run/heartbeat.h"
#include "run/judge.h"
#include "sys/clock.h"
#include "unit.h"

#define EVENTS    5000u
#define SILENT_MS 300 /* long for a judge that says something each millisecond */

static const char plan_text[] =
	"pinproof-plan 1\ncase unit/anon/none\nbacking anon\npinner none\nrules O1 O4 O9\n"
	"bound 10s\nregion data backing=anon size=64K\nactor main\n"
	"op 1 main store data gen=1\nop 2 main load data\n";

/* A store, and looks that show it. */
static void make(struct pp_plan **plan, struct pp_history *h)
{
	struct pp_err err;

	*h = (struct pp_history){ .run = 7, .n_events = EVENTS };
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(plan_text, strlen(plan_text), plan, &err), 0);
	h->events = calloc(EVENTS, sizeof(*h->events));
	CU_ASSERT_PTR_NOT_NULL_FATAL(h->events);
	for (uint32_t i = 0; i < EVENTS; i++)
		h->events[i] = (struct pp_event){
			.begin_ns = 2 * i,
			.end_ns = 2 * i + 1,
			.length_bytes = 65536,
			.op = i ? 2 : 1,
			.gen = 1,
			.verb = (uint8_t)(i ? PP_VERB_LOAD : PP_VERB_STORE),
			.seen = (uint8_t)(i ? PP_SEEN_STAMP : 0),
		};
}

static void judge(const struct pp_progress *progress)
{
	const struct pp_ending_record ending = { .ending = PP_ENDING_DONE, .attempts = 1 };
	struct pp_plan *plan = NULL;
	struct pp_facts facts = { 0 };
	struct pp_history h;
	struct pp_result r;

	make(&plan, &h);
	pp_facts_kernel(&facts, "6.12.1", "");
	pp_judge(plan, &h, &ending, "", 0, &facts, progress, &r);
	CU_ASSERT_EQUAL(r.verdict, PP_VERDICT_PASS);
	pp_result_free(&r);
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* ---- what the judge tells ---- */

struct heard {
	char stages[128];
	const char *stage;
	uint64_t done;
	bool steady; /* from nothing to nearly all in small steps, in each stage */
};

static void stage_ended(struct heard *x)
{
	x->steady &= !x->stage || x->done + PP_PROGRESS_STRIDE >= EVENTS;
}

static void hear(void *arg, const char *stage, uint64_t done, uint64_t all)
{
	struct heard *x = arg;
	size_t len = strlen(x->stages);

	x->steady &= all == EVENTS && done < all;
	if (!x->stage || strcmp(stage, x->stage)) {
		stage_ended(x);
		x->steady &= done == 0;
		snprintf(x->stages + len, sizeof(x->stages) - len, "%s ", stage);
	} else {
		x->steady &= done > x->done && done - x->done <= PP_PROGRESS_STRIDE;
	}
	x->stage = stage;
	x->done = done;
}

static void every_walk_tells(void)
{
	struct heard x = { .steady = true };
	const struct pp_progress progress = { hear, &x };

	judge(&progress);
	stage_ended(&x);
	PP_ASSERT_STR(x.stages, "classified judged classified counted ");
	CU_ASSERT_TRUE(x.steady);
	judge(NULL);
}

/* ---- what becomes of it ---- */

static void what_gets_on_is_noted(void)
{
	static const struct {
		const char *stage;
		uint64_t done;
		bool noted;
	} rows[] = {
		{ "judged", 0, true },   { "judged", 256, true },  { "judged", 256, false },
		{ "judged", 0, false },  { "judged", 512, true },  { "counted", 0, true },
		{ "counted", 0, false }, { "counted", 768, true },
	};
	struct pp_heartbeat b;
	char *text = NULL;
	size_t len = 0, before = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pp_heartbeat_init(&b, f, 0);
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		const struct pp_progress *p = i ? &b.progress : pp_heartbeat_judging(&b);

		p->tell(p->arg, rows[i].stage, rows[i].done, 1000);
		CU_ASSERT_EQUAL(len > before, rows[i].noted);
		before = len;
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "# judging: 768 of 1000 events counted\n"));
	/* of another history */
	pp_heartbeat_judging(&b)->tell(&b, "counted", 256, 1000);
	CU_ASSERT_TRUE(len > before);
	fclose(f);
	free(text);
}

/* Most cases are judged in no time: nobody needs to hear of that. */
static void what_is_short_is_not_noted(void)
{
	struct pp_heartbeat b;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pp_heartbeat_init(&b, f, 60000);
	judge(pp_heartbeat_judging(&b));
	CU_ASSERT_EQUAL(len, 0);
	pp_heartbeat_running(&b, 30999);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "# running for: 30 s\n"));
	fclose(f);
	free(text);
}

/* ---- a judge that hangs ---- */

static bool hears(int fd, int bound_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char line[4096];

	return poll(&p, 1, bound_ms) == 1 && read(fd, line, sizeof(line)) > 0;
}

__attribute__((noreturn)) static void judge_for_ever(int fd)
{
	FILE *f = fdopen(fd, "w");
	struct pp_heartbeat b;

	alarm(60);
	pp_heartbeat_init(&b, f, 1);
	for (;;)
		judge(pp_heartbeat_judging(&b));
}

/* Stopped, it is as one that loops or waits for ever: no other thread goes on beating for it. */
static void a_judge_that_hangs_is_silent(void)
{
	int fds[2], status = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	if (!pid)
		judge_for_ever(fds[1]);
	close(fds[1]);
	CU_ASSERT_TRUE(hears(fds[0], 30000));
	CU_ASSERT_TRUE(hears(fds[0], 30000));
	CU_ASSERT_EQUAL(kill(pid, SIGSTOP), 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
	while (hears(fds[0], 0))
		;
	CU_ASSERT_FALSE(hears(fds[0], SILENT_MS));
	CU_ASSERT_EQUAL(kill(pid, SIGCONT), 0);
	CU_ASSERT_TRUE(hears(fds[0], 30000));
	CU_ASSERT_EQUAL(kill(pid, SIGKILL), 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	close(fds[0]);
}

static const struct pp_unit_case cases[] = {
	{ "every walk tells how far it is", every_walk_tells },
	{ "what gets on is noted", what_gets_on_is_noted },
	{ "what is short is not noted", what_is_short_is_not_noted },
	{ "a judge that hangs is silent", a_judge_that_hangs_is_silent },
};

PP_UNIT_MAIN("heartbeat", cases)
