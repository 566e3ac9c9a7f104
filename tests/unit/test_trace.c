/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the kernel's trace in memory and as text: what is written is read, what is damaged is
 * refused, and pins are counted as the kernel's functions mean them. */
#include "unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/trace.h"

#define HEAD "pinproof-trace 1\nstart 5000\nlost 3\nforeign 2\n"

static uint16_t decl_of(const char *name)
{
	for (uint16_t i = 0; i < pp_n_trace_kinds; i++) {
		char full[96];

		snprintf(full, sizeof(full), "%s:%s", pp_trace_kinds[i].system,
			 pp_trace_kinds[i].event);
		if (!strcmp(full, name))
			return i;
	}
	CU_FAIL_FATAL("no such kind");
	return 0;
}

static void add(struct pp_trace *t, uint64_t time_ns, uint32_t pid, const char *name, uint64_t a,
		uint64_t b)
{
	struct pp_trace_event e = {
		.time_ns = time_ns, .pid = pid, .decl = decl_of(name), .args = { a, b }
	};

	CU_ASSERT_EQUAL_FATAL(pp_trace_add(t, &e), 0);
}

static void begin(struct pp_trace *t)
{
	memset(t, 0, sizeof(*t));
	CU_ASSERT_EQUAL_FATAL(pp_trace_declare(t), 0);
}

static int parse(const char *text, struct pp_trace *t, struct pp_err *err)
{
	memset(err, 0, sizeof(*err));
	return pp_trace_parse(text, strlen(text), t, err);
}

static void every_kind_fits_into_a_trace(void)
{
	struct pp_trace_arg args[PP_TRACE_ARGS];

	CU_ASSERT(pp_n_trace_kinds <= PP_TRACE_KINDS);
	for (size_t i = 0; i < pp_n_trace_kinds; i++) {
		const struct pp_trace_kind *k = &pp_trace_kinds[i];
		size_t n = pp_trace_kind_args(k, args), words = 1;

		for (const char *c = k->args; *c; c++)
			words += *c == ' ';
		CU_ASSERT_EQUAL(n, words);
		CU_ASSERT(strlen(k->system) + strlen(k->event) + 2 < 64);
		for (size_t a = 0; a < n; a++)
			CU_ASSERT(args[a].name[0] &&
				  strlen(args[a].name) + 3 < sizeof(args[a].name));
		/* what begins is ended by the row behind it */
		if (k->phase == PP_PHASE_BEGIN)
			CU_ASSERT(i + 1 < pp_n_trace_kinds &&
				  pp_trace_kinds[i + 1].phase == PP_PHASE_END &&
				  pp_trace_kinds[i + 1].lane == k->lane);
		if (k->phase == PP_PHASE_END)
			CU_ASSERT(i && pp_trace_kinds[i - 1].phase == PP_PHASE_BEGIN);
	}
}

static void types_are_as_the_kernel_writes_them(void)
{
	static const struct pp_trace_kind kind = { "enter",
						   "f",
						   "start=$arg1:x64 n=$arg2 rc=$retval:s32 word:s",
						   PP_LANE_PINS,
						   PP_PHASE_INSTANT,
						   PP_PINS_NONE,
						   false };
	struct pp_trace_arg args[PP_TRACE_ARGS];

	CU_ASSERT_EQUAL(pp_trace_kind_args(&kind, args), 4);
	PP_ASSERT_STR(args[0].name, "start");
	CU_ASSERT_EQUAL(args[0].type, 'x');
	CU_ASSERT_EQUAL(args[1].type, 'u');
	CU_ASSERT_EQUAL(args[2].type, 'd');
	PP_ASSERT_STR(args[3].name, "word");
	CU_ASSERT_EQUAL(args[3].type, 's');
}

static void what_is_printed_is_read_back(void)
{
	struct pp_trace t, back;
	struct pp_err err;
	uint64_t word = 0;
	size_t len;
	char *text, *again;

	begin(&t);
	t.start_ns = 77;
	t.lost = 5;
	t.absent = strdup("a:b: the kernel has no such tracepoint\n");
	memcpy(&word, "WS", 2);
	add(&t, 10, 42, "return:pin_user_pages_fast", (uint64_t)-14, 0);
	add(&t, 11, 43, "filemap:mm_filemap_add_to_page_cache", 0x700001, 12);
	add(&t, 12, 0, "block:block_rq_issue", 0xfe00000, 8);
	t.events[2].args[3] = word;
	CU_ASSERT_EQUAL(pp_trace_thread(&t, 42, false, "main"), 0);
	CU_ASSERT_EQUAL(pp_trace_thread(&t, 43, true, "kworker/u4:1 flush"), 0);
	text = pp_trace_print(&t, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(pp_trace_parse(text, len, &back, &err), 0);
	CU_ASSERT_EQUAL(back.n_events, 3);
	CU_ASSERT_EQUAL(back.start_ns, 77);
	CU_ASSERT_EQUAL(back.lost, 5);
	PP_ASSERT_STR(back.absent, t.absent);
	CU_ASSERT_EQUAL(memcmp(back.events, t.events, 3 * sizeof(*t.events)), 0);
	PP_ASSERT_STR(pp_trace_thread_find(&back, 42)->name, "main");
	CU_ASSERT(pp_trace_thread_find(&back, 43)->kernel);
	PP_ASSERT_STR(pp_trace_thread_find(&back, 43)->name, "kworker/u4:1_fl");
	CU_ASSERT_PTR_NULL(pp_trace_thread_find(&back, 44));
	again = pp_trace_print(&back, &len);
	PP_ASSERT_STR(again, text);
	free(again);
	free(text);
	pp_trace_free(&back);
	pp_trace_free(&t);
}

static void events_come_in_order_of_time(void)
{
	struct pp_trace t;

	begin(&t);
	for (uint64_t i = 0; i < 200; i++)
		add(&t, i * 37 % 50, (uint32_t)i, "enter:unpin_user_page", i, 0);
	CU_ASSERT_EQUAL(pp_trace_sort(&t), 0);
	for (size_t i = 1; i < t.n_events; i++) {
		CU_ASSERT(t.events[i - 1].time_ns <= t.events[i].time_ns);
		if (t.events[i - 1].time_ns == t.events[i].time_ns)
			CU_ASSERT(t.events[i - 1].pid < t.events[i].pid);
	}
	pp_trace_free(&t);
}

static void pins_are_counted_once(void)
{
	struct pp_trace t;
	int64_t held = 0;

	begin(&t);
	add(&t, 1, 1, "enter:pin_user_pages_fast", 0x1000, 16); /* asks, has nothing yet */
	add(&t, 2, 1, "return:pin_user_pages_fast", 16, 0);
	add(&t, 3, 1, "return:pin_user_pages", (uint64_t)-14, 0); /* an error is no page */
	add(&t, 4, 1, "enter:unpin_user_page", 0xffff, 0);
	add(&t, 5, 1, "enter:unpin_user_pages_dirty_lock", 4, 0); /* calls the next for it */
	add(&t, 6, 1, "enter:unpin_user_pages", 4, 0);
	add(&t, 7, 1, "enter:unpin_user_pages_dirty_lock", 5, 1);
	add(&t, 8, 1, "enter:unpin_user_page_range_dirty_lock", 3, 0);
	add(&t, 9, 1, "enter:get_user_pages_fast", 0x1000, 7); /* no pin */
	for (size_t i = 0; i < t.n_events; i++)
		held += pp_trace_pins(&t, &t.events[i]);
	CU_ASSERT_EQUAL(held, 16 - 1 - 4 - 5 - 3);
	pp_trace_free(&t);
}

static void damage_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "line 1" },
		{ "something else\n", "line 1" },
		{ "pinproof-trace 1", "line 1" },
		{ HEAD "\n", "line 5" },
		{ HEAD "start x\n", "line 5" },
		{ HEAD "lost 99999999999999999999\n", "line 5" },
		{ HEAD "kind 96 a:b\n", "line 5" },
		{ HEAD "kind 0 a:b one\n", "line 5" },
		{ HEAD "kind 0 a:b one:q\n", "line 5" },
		{ HEAD "kind 0 a:b a:u b:u c:u d:u e:u\n", "line 5" },
		{ HEAD "kind 0 a:b\nkind 0 a:b\n", "line 6" },
		{ HEAD "@1 0 1 0\n", "line 5" },
		{ HEAD "kind 0 a:b x:u\n@1 0 1 0\n", "line 6" },
		{ HEAD "kind 0 a:b x:u\n@1 0 1 0 1 2\n", "line 6" },
		{ HEAD "kind 0 a:b x:u\n@1 0 1 0 -1\n", "line 6" },
		{ HEAD "kind 0 a:b x:u\n@1 65536 1 0 1\n", "line 6" },
		{ HEAD "kind 0 a:b x:u\n@2 0 1 0 1\n@1 0 1 0 1\n", "line 7" },
		{ HEAD "thread 1 nobody x\n", "line 5" },
		{ HEAD "thread 1 case a_name_that_is_far_too_long\n", "line 5" },
		{ HEAD "word\n", "line 5" },
	};
	struct pp_trace t;
	struct pp_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse(cases[i].text, &t, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
		if (!strstr(err.text, cases[i].says))
			fprintf(stderr, "case %zu: %s\n", i, err.text);
	}
	CU_ASSERT_EQUAL(parse("pinproof-trace 2\n", &t, &err), -EPROTO);
	CU_ASSERT_EQUAL(pp_trace_parse(HEAD "\0\n", sizeof(HEAD "\0\n") - 1, &t, &err), -EINVAL);
}

/* Numbers are written by hand, and must be what printf() makes of them. */
static void the_largest_and_the_smallest_are_written(void)
{
	static const uint64_t values[] = { 0,          1,          9,         10,
					   0xf,        0x10,       INT64_MAX, (uint64_t)INT64_MIN,
					   UINT64_MAX, UINT32_MAX, 0xdeadbeef };
	static const struct pp_trace_decl d = {
		.name = "a:b",
		.args = { { "u", 'u' }, { "d", 'd' }, { "x", 'x' }, { "s", 's' } },
		.n_args = 4
	};
	struct pp_trace t = { .decls = (struct pp_trace_decl *)&d, .n_decls = 1 };
	char text[PP_TRACE_ARG_TEXT], expected[64], *printed;
	size_t len;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t v = values[i];
		struct pp_trace_event e = { .time_ns = v,
					    .pid = (uint32_t)v,
					    .args = { v, v, v, 0x4157 } };

		pp_trace_arg_text(&t, &e, 0, text);
		snprintf(expected, sizeof(expected), "%" PRIu64, v);
		PP_ASSERT_STR(text, expected);
		pp_trace_arg_text(&t, &e, 1, text);
		snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)v);
		PP_ASSERT_STR(text, expected);
		pp_trace_arg_text(&t, &e, 2, text);
		snprintf(expected, sizeof(expected), "0x%" PRIx64, v);
		PP_ASSERT_STR(text, expected);
		CU_ASSERT_EQUAL(pp_trace_add(&t, &e), 0);
	}
	printed = pp_trace_print(&t, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(printed);
	CU_ASSERT_EQUAL(strlen(printed), len);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\n@0 0 0 0 0 0 0x0 WA\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\n@18446744073709551615 0 4294967295 0 "
					       "18446744073709551615 -1 0xffffffffffffffff WA\n"));
	free(printed);
	free(t.events);
}

/* Words come from the kernel, but a file of words must stay one. */
static void words_stay_words(void)
{
	char word[9] = "a b\nc\x7f\xff";

	pp_trace_clean(word, word, sizeof(word));
	PP_ASSERT_STR(word, "a_b_c__");
	pp_trace_clean("too long a word", word, sizeof(word));
	PP_ASSERT_STR(word, "too_long");
}

/* A file of another version of the table is still a file: unknown kinds are shown as they are. */
static void unknown_kinds_are_kept(void)
{
	struct pp_trace t;
	struct pp_err err;
	char text[PP_TRACE_ARG_TEXT];

	CU_ASSERT_EQUAL_FATAL(parse(HEAD "kind 3 new:event a:x\n"
					 "kind 4 enter:unpin_user_page other:u\n"
					 "@9 1 7 3 0x1f\n@9 1 7 4 1\n",
				    &t, &err),
			      0);
	CU_ASSERT_PTR_NULL(t.decls[3].kind);
	CU_ASSERT_PTR_NULL(t.decls[4].kind); /* its arguments mean something else */
	CU_ASSERT_EQUAL(pp_trace_pins(&t, &t.events[1]), 0);
	pp_trace_arg_text(&t, &t.events[0], 0, text);
	PP_ASSERT_STR(text, "0x1f");
	pp_trace_free(&t);
}

/* Whatever is cut off or overwritten, the parser says so or takes it, and never crashes. */
static void any_damage_is_survived(void)
{
	static const char whole[] =
		HEAD "absent x:y: why\nkind 3 return:pin_user_pages_fast "
		     "pinned:d\nthread 7 case main\n@9 1 7 3 -14\n@10 0 0 3 5\n";
	char damaged[sizeof(whole)];
	struct pp_trace t;
	struct pp_err err;
	size_t taken = 0;

	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		for (int c = 0; c < 256; c += 5) {
			memcpy(damaged, whole, sizeof(whole));
			damaged[i] = (char)c;
			if (!pp_trace_parse(damaged, sizeof(whole) - 1, &t, &err)) {
				taken++;
				pp_trace_free(&t);
			}
		}
		if (!pp_trace_parse(whole, i, &t, &err))
			pp_trace_free(&t);
	}
	CU_ASSERT(taken > 0);
}

/* A write-back of the page, one of another page, a sync, a request to the disk, and a later one. */
static const char around[] =
	"pinproof-trace 1\nstart 100\nlost 0\nforeign 0\n"
	"kind 0 writeback:folio_wait_writeback ino:u index:u\n"
	"kind 1 enter:vfs_fsync_range from:d to:d datasync:d\n"
	"kind 2 block:block_rq_issue dev:x sector:u nr_sector:u rwbs:s\n"
	"thread 7 case main\nthread 9 kernel kworker/u4:2\n"
	"@50 0 9 0 12 1\n@110 0 9 0 12 1\n@120 0 9 0 12 7\n@130 1 7 1 0 4095 0\n"
	"@140 0 9 2 1 2 8 87\n@150 0 9 0 12 2\n@900 0 9 0 12 1\n";

static void what_is_near_a_finding_is_told(void)
{
	struct pp_finding f = { .offset_bytes = 4096, .length_bytes = 4096, .n_lines = 2 };
	struct pp_trace t;
	struct pp_err err = { "" };

	f.lines[0] = (struct pp_finding_line){ .op = 1, .begin_ns = 100, .end_ns = 200 };
	f.lines[1] = (struct pp_finding_line){ .op = 2, .begin_ns = 300, .end_ns = UINT64_MAX };
	CU_ASSERT_EQUAL_FATAL(pp_trace_parse(around, sizeof(around) - 1, &t, &err), 0);
	pp_trace_tell(&t, &f);
	CU_ASSERT_EQUAL_FATAL(f.n_near, 2);
	CU_ASSERT_EQUAL(f.near[0].time_ns, 110);
	PP_ASSERT_STR(f.near[0].what,
		      "writeback:folio_wait_writeback ino=12 index=1 by kworker/u4:2");
	PP_ASSERT_STR(f.near[1].what, "enter:vfs_fsync_range from=0 to=4095 datasync=0 by main");
	/* the log's findings have no pages, but a time */
	f.region = PP_NO_INDEX;
	pp_trace_tell(&t, &f);
	CU_ASSERT_EQUAL_FATAL(f.n_near, 1);
	f.n_lines = 0;
	pp_trace_tell(&t, &f);
	CU_ASSERT_EQUAL(f.n_near, 0);
	/* more than there is room for: the latest */
	f = (struct pp_finding){ .length_bytes = 65536, .n_lines = 1 };
	f.lines[0] = (struct pp_finding_line){ .op = 1, .begin_ns = 0, .end_ns = 1000 };
	pp_trace_tell(&t, &f);
	CU_ASSERT_EQUAL_FATAL(f.n_near, 6);
	CU_ASSERT_EQUAL(f.near[5].time_ns, 900);
	pp_trace_free(&t);
}

static const struct pp_unit_case cases[] = {
	{ "what is near a finding is told", what_is_near_a_finding_is_told },
	{ "every kind fits into a trace", every_kind_fits_into_a_trace },
	{ "types are as the kernel writes them", types_are_as_the_kernel_writes_them },
	{ "what is printed is read back", what_is_printed_is_read_back },
	{ "events come in order of time", events_come_in_order_of_time },
	{ "pins are counted once", pins_are_counted_once },
	{ "damage is refused with its line", damage_is_refused_with_its_line },
	{ "the largest and the smallest are written", the_largest_and_the_smallest_are_written },
	{ "words stay words", words_stay_words },
	{ "unknown kinds are kept", unknown_kinds_are_kept },
	{ "any damage is survived", any_damage_is_survived },
};
PP_UNIT_MAIN("trace", cases)
