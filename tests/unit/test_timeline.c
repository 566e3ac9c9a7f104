/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the timeline: it is what the Trace Event Format asks for, event by event, and shows what
 * the files say: operations, slices of the kernel, pins that stay, findings, log lines. */
#include "history_data.h"

#include <jansson.h>

#include "core/timeline.h"
#include "core/words.h"

#define TRACE_HEAD "pinproof-trace 1\nstart 5000\nlost 0\nforeign 0\n"
#define TRACE_KINDS                                                                                \
	"kind 0 enter:vfs_fsync_range from:d to:d datasync:d\n"                                    \
	"kind 1 return:vfs_fsync_range result:d\n"                                                 \
	"kind 2 enter:pin_user_pages_fast start:x pages:d flags:x\n"                               \
	"kind 3 return:pin_user_pages_fast pinned:d\n"                                             \
	"kind 4 enter:unpin_user_page_range_dirty_lock pages:u dirty:u first:x\n"                  \
	"kind 5 enter:rxe_mr_copy address:x length:d from_mr:d\n"                                  \
	"kind 6 new:event a:u\n"                                                                   \
	"thread 7 case main\nthread 9 kernel kworker\n"

/* What one test looks at. */
struct scene {
	struct pp_plan *plan;
	struct pp_history history;
	struct pp_trace trace;
	struct pp_result result;
	struct pp_timeline in;
	struct pp_timeline_facts facts;
	json_t *root, *events;
};

static void open_scene(struct scene *s, const char *history, const char *trace)
{
	struct pp_err err = { "" };

	memset(s, 0, sizeof(*s));
	s->plan = example_plan();
	if (pp_history_parse(history, strlen(history), s->plan, &s->history, &err))
		fprintf(stderr, "history: %s\n", err.text);
	CU_ASSERT_FATAL(!err.text[0]);
	if (trace && pp_trace_parse(trace, strlen(trace), &s->trace, &err))
		fprintf(stderr, "trace: %s\n", err.text);
	CU_ASSERT_FATAL(!err.text[0]);
	s->in = (struct pp_timeline){ .case_name = "a/b/c",
				      .plan = s->plan,
				      .history = &s->history,
				      .trace = trace ? &s->trace : NULL };
}

static void draw(struct scene *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_error_t why;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(pp_timeline_write(&s->in, f, &s->facts), 0);
	fclose(f);
	s->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!s->root)
		fprintf(stderr, "line %d: %s\n", why.line, why.text);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->root);
	s->events = json_object_get(s->root, "traceEvents");
	CU_ASSERT_FATAL(json_is_array(s->events));
}

static void close_scene(struct scene *s)
{
	json_decref(s->root);
	pp_plan_free(s->plan);
	pp_history_free(&s->history);
	pp_trace_free(&s->trace);
	pp_result_free(&s->result);
}

static const char *word(const json_t *e, const char *member)
{
	const char *s = json_string_value(json_object_get(e, member));

	return s ? s : "";
}

static double number(const json_t *e, const char *member)
{
	return json_number_value(json_object_get(e, member));
}

static const char *arg(const json_t *e, const char *name)
{
	return word(json_object_get(e, "args"), name);
}

/* The n-th event of a phase and a name. */
static const json_t *find(const struct scene *s, char phase, const char *name, int n)
{
	for (size_t i = 0; i < json_array_size(s->events); i++) {
		const json_t *e = json_array_get(s->events, i);

		if (word(e, "ph")[0] == phase && !strcmp(word(e, "name"), name) && !n--)
			return e;
	}
	return NULL;
}

static bool has_track_name(const struct scene *s, const json_t *of)
{
	for (size_t i = 0; i < json_array_size(s->events); i++) {
		const json_t *e = json_array_get(s->events, i);

		if (word(e, "ph")[0] == 'M' && !strcmp(word(e, "name"), "thread_name") &&
		    number(e, "pid") == number(of, "pid") && number(e, "tid") == number(of, "tid"))
			return true;
	}
	return false;
}

/* Slices of one track lie side by side or one in another: viewers can draw nothing else. */
static bool nests(const json_t *a, const json_t *b)
{
	double a0 = number(a, "ts"), a1 = a0 + number(a, "dur"), b0 = number(b, "ts"),
	       b1 = b0 + number(b, "dur"), slack = 1e-6;

	if (number(a, "pid") != number(b, "pid") || number(a, "tid") != number(b, "tid"))
		return true;
	return a1 <= b0 + slack || b1 <= a0 + slack || (a0 <= b0 + slack && b1 <= a1 + slack) ||
	       (b0 <= a0 + slack && a1 <= b1 + slack);
}

/* The Trace Event Format, as far as a timeline uses it; each member that viewers ask for. */
static void check_format(const struct scene *s)
{
	size_t n = json_array_size(s->events), arrows = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *e = json_array_get(s->events, i);
		const char *ph = word(e, "ph");

		CU_ASSERT(strlen(ph) == 1 && strchr("XiCMsf", ph[0]));
		CU_ASSERT(word(e, "name")[0] != '\0');
		CU_ASSERT(json_is_integer(json_object_get(e, "pid")) && number(e, "pid") > 0);
		CU_ASSERT(json_is_integer(json_object_get(e, "tid")) && number(e, "tid") >= 0);
		CU_ASSERT(json_is_real(json_object_get(e, "ts")) && number(e, "ts") >= 0);
		CU_ASSERT(json_is_object(json_object_get(e, "args")));
		CU_ASSERT((ph[0] == 'X') == json_is_real(json_object_get(e, "dur")));
		CU_ASSERT((ph[0] == 'i') == (strchr("gpt", word(e, "s")[0]) && word(e, "s")[0]));
		if (strchr("Xi", ph[0]))
			CU_ASSERT(has_track_name(s, e));
		if (ph[0] == 'C')
			CU_ASSERT(json_is_integer(
				json_object_get(json_object_get(e, "args"), "pages")));
		arrows += ph[0] == 's';
		arrows -= ph[0] == 'f';
		if (strchr("sf", ph[0]))
			CU_ASSERT(json_is_integer(json_object_get(e, "id")) && word(e, "cat")[0]);
		for (size_t k = 0; ph[0] == 'X' && k < i; k++)
			if (word(json_array_get(s->events, k), "ph")[0] == 'X')
				CU_ASSERT(nests(e, json_array_get(s->events, k)));
	}
	CU_ASSERT_EQUAL(arrows, 0);
}

static void a_history_alone_is_a_timeline(void)
{
	struct scene s;
	size_t len;
	char *text = pp_unit_read(DIR "good-normal.txt", &len);
	const json_t *e;

	open_scene(&s, text, NULL);
	free(text);
	draw(&s);
	check_format(&s);
	e = find(&s, 'X', "load data", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "ts"), 0.6, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "dur"), 0.1, 1e-9);
	PP_ASSERT_STR(arg(e, "op"), "9");
	PP_ASSERT_STR(arg(e, "offset"), "0");
	PP_ASSERT_STR(arg(e, "length"), "8512");
	PP_ASSERT_STR(arg(e, "saw"),
		      "0+4096 side:1, 4096+4096 main:2, 8192+64 zero, 8256+64 fault, 8320+64 "
		      "other, 8384+128 other");
	CU_ASSERT_PTR_NULL(find(&s, 'X', "load data", 1));
	/* once as work of an actor, once as a write of the device */
	CU_ASSERT_PTR_NOT_NULL(find(&s, 'X', "rdma-write data", 1));
	e = find(&s, 'X', "fsync data", 0);
	PP_ASSERT_STR(arg(e, "ended"), "never");
	e = find(&s, 'C', "pins (quiet points)", 0);
	CU_ASSERT_EQUAL(number(json_object_get(e, "args"), "pages"), -16);
	CU_ASSERT_PTR_NULL(find(&s, 'C', "pins (quiet points)", 1)); /* not readable: no point */
	PP_ASSERT_STR(word(json_object_get(s.root, "otherData"), "trace"), "not recorded");
	close_scene(&s);
}

#define SHORT                                                                                      \
	"pinproof-history 1\nrun 0x1\nplan-crc 0x0\nstart-realtime-ns 1\n"                         \
	"@100-200 main op=7 rdma-write data 4096+4096 gen=2\n@300-900 main op=12 fsync data\n"     \
	"@950-960 side op=10 rdma-read data 4096+64 saw zero\n"

static void what_the_kernel_did_is_beside_it(void)
{
	struct scene s;
	const json_t *e;

	open_scene(&s, SHORT,
		   TRACE_HEAD TRACE_KINDS "@50 0 7 2 0x1000 16 0x1\n@60 0 7 3 16\n"
					  "@150 1 9 5 0x2000 4096 0\n@310 0 7 0 0 -1 0\n"
					  "@800 0 7 1 -5\n@990 0 0 6 1\n");
	draw(&s);
	check_format(&s);
	e = find(&s, 'X', "vfs_fsync_range", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "dur"), 0.49, 1e-9);
	PP_ASSERT_STR(arg(e, "to"), "-1");
	PP_ASSERT_STR(arg(e, "result"), "-5");
	CU_ASSERT_PTR_NOT_NULL(find(&s, 'i', "rxe_mr_copy", 0));
	CU_ASSERT_PTR_NOT_NULL(find(&s, 'i', "event", 0)); /* unknown to this program, and shown */
	CU_ASSERT_EQUAL(s.facts.kernel_events, 6);
	CU_ASSERT_EQUAL(s.facts.operations, 3);
	close_scene(&s);
}

/* Planted: 16 pages are pinned, 12 come back. No counter of the harness is in these files. */
static void a_pin_that_stays_shows(void)
{
	static const char *const backs[] = { "12", "16" };
	static const int64_t left[] = { 4, 0 };
	struct scene s;
	char trace[1200], text[24];

	for (size_t i = 0; i < 2; i++) {
		snprintf(trace, sizeof(trace),
			 "%s@50 0 7 2 0x1000 16 0x1\n@60 0 7 3 16\n@700 0 7 4 %s 1 0x9\n",
			 TRACE_HEAD TRACE_KINDS, backs[i]);
		open_scene(&s, SHORT, trace);
		draw(&s);
		check_format(&s);
		CU_ASSERT_EQUAL(s.facts.pins_left, left[i]);
		snprintf(text, sizeof(text), "%d", (int)left[i]);
		PP_ASSERT_STR(word(json_object_get(s.root, "otherData"), "pages_pinned_at_the_end"),
			      text);
		CU_ASSERT_EQUAL(
			number(json_object_get(find(&s, 'C', "pages pinned (trace)", 2), "args"),
			       "pages"),
			left[i]);
		close_scene(&s);
	}
}

/* A begin without its end, an end without its begin, and ends in the wrong order. */
static void lost_events_spoil_nothing(void)
{
	struct scene s;
	const json_t *e;

	open_scene(&s, SHORT,
		   "pinproof-trace 1\nstart 1\nlost 4\nforeign 0\nabsent x:y: why\n" TRACE_KINDS
		   "@20 0 7 3 16\n@30 0 7 2 0x1 1 0x1\n@40 0 7 2 0x2 1 0x1\n@50 0 7 3 1\n"
		   "@310 0 7 0 0 -1 0\n");
	draw(&s);
	check_format(&s);
	e = find(&s, 'X', "vfs_fsync_range", 0);
	PP_ASSERT_STR(arg(e, "ended"), "not seen; events were lost");
	CU_ASSERT_PTR_NOT_NULL(find(&s, 'i', "pin_user_pages_fast", 0));
	CU_ASSERT_PTR_NOT_NULL(find(&s, 'X', "pin_user_pages_fast", 1));
	PP_ASSERT_STR(word(json_object_get(s.root, "otherData"), "lost"), "4");
	PP_ASSERT_STR(word(json_object_get(s.root, "otherData"), "absent"), "x:y: why\n");
	close_scene(&s);
}

static void findings_and_the_log_are_on_it(void)
{
	static const char log[] = "[    1.000000] before the case\n"
				  "[   10.000100] pinproof: begin a/b/c\n"
				  "[   10.000101] WARNING: \"quoted\" \\ \xff\n"
				  "no time stamp\n"
				  "[   10.000400] pinproof: end a/b/c\n";
	struct scene s;
	struct pp_finding *x;
	const json_t *e;

	open_scene(&s, SHORT, NULL);
	x = pp_finding_add(&s.result.findings, PP_O2_DURABILITY, PP_CLASS_STALE, "op 10 \"shows\"");
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	x->op = 10;
	x->ops[0] = 7;
	x->ops[1] = 10;
	x->n_ops = 2;
	s.result.verdict = PP_VERDICT_FAIL;
	s.in.result = &s.result;
	s.in.log = log;
	s.in.log_len = sizeof(log) - 1;
	s.in.mark_ns = 500;
	draw(&s);
	check_format(&s);
	e = find(&s, 'i', "O2 stale", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	PP_ASSERT_STR(arg(e, "text"), "op 10 \"shows\"");
	CU_ASSERT_DOUBLE_EQUAL(number(e, "ts"), 0.96, 1e-9);
	e = find(&s, 's', "finding", 0);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "ts"), 0.1, 1e-9);
	e = find(&s, 'f', "finding", 0);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "ts"), 0.95, 1e-9);
	e = find(&s, 'i', "WARNING: \"quoted\" \\ ?", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_DOUBLE_EQUAL(number(e, "ts"), 1.5, 1e-9);
	CU_ASSERT_PTR_NULL(find(&s, 'i', "before the case", 0));
	PP_ASSERT_STR(word(json_object_get(s.root, "otherData"), "verdict"), "FAIL");
	close_scene(&s);
}

static const struct pp_unit_case cases[] = {
	{ "a history alone is a timeline", a_history_alone_is_a_timeline },
	{ "what the kernel did is beside it", what_the_kernel_did_is_beside_it },
	{ "a pin that stays shows", a_pin_that_stays_shows },
	{ "lost events spoil nothing", lost_events_spoil_nothing },
	{ "findings and the log are on it", findings_and_the_log_are_on_it },
};
PP_UNIT_MAIN("timeline", cases)
