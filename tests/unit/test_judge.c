/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases on disk: saved, judged again with the same verdict, and refused when a file is damaged. */
#include <errno.h>

#include "run/judge.h"
#include "run/rundir.h"
#include "tmpdir.h"

#define PLAN                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nrules O1 O2 O10\n"   \
	"bound 10s\nevidence device-writes-seen >= 1\nfs f type=ext4 slot=disk0\n"                 \
	"region data backing=ext4 fs=f size=4096\nmr m0 region=data\nactor main\n"                 \
	"op 1 main reg m0\nop 2 main rdma-write m0 gen=1\nop 3 main load data\n"
#define WRITE                                                                                      \
	"pinproof-history 1\nrun 7\n@1-2 main op=1 reg m0\n@3-4 main op=2 rdma-write data 0+4096 " \
	"gen=1\n"
#define SEEN    WRITE "@5-6 main op=3 load data 0+4096 saw main:1\n"
#define LOST    WRITE "@5-6 main op=3 load data 0+4096 saw zero\n"
#define OOPS    "[    1.0] BUG: unable to handle page fault for address: ffff\n"
#define BEGIN   "[    1.5] pinproof: begin unit/ext4/rxe-mr\n"
#define OVERRAN "pinproof: kernel log overran\n"

struct made {
	struct tmpdir dir;
	struct pp_plan *plan;
	struct pp_history h;
	struct pp_facts facts;
	struct pp_err err;
};

static void make(struct made *m, const char *history)
{
	memset(m, 0, sizeof(*m));
	tmpdir_make(&m->dir);
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(PLAN, strlen(PLAN), &m->plan, &m->err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_history_parse(history, strlen(history), m->plan, &m->h, &m->err),
			      0);
	m->h.plan_crc = pp_plan_crc(m->plan);
	pp_facts_kernel(&m->facts, "6.12.1", "");
}

static void unmake(struct made *m)
{
	pp_history_free(&m->h);
	pp_plan_free(m->plan);
	tmpdir_remove(&m->dir);
}

static void endings_there_and_back(void)
{
	struct made m;
	struct pp_ending_record e = {
		.duration_ms = 1234567890123ull,
		.attempts = 3,
		.dropped = true,
		.planted = "tear of operation 12",
		.taint_before = 1ul << 13,
		.taint_after = 1ul << 13 | 1ul << 9,
		.reason = "a \"quoted\" reason\nin two lines",
		.n_waits = 2,
		.waits = { { 3, 20012, "a < b" }, { 4, 7, "c" } },
	};

	make(&m, SEEN);
	for (int ending = 0; ending < PP_ENDING_COUNT; ending++) {
		struct pp_ending_record back;

		e.ending = (enum pp_ending)ending;
		CU_ASSERT_EQUAL(pp_ending_save(m.dir.path, &e, &m.err), 0);
		CU_ASSERT_EQUAL_FATAL(pp_ending_load(m.dir.path, &back, &m.err), 0);
		CU_ASSERT_EQUAL(back.ending, e.ending);
		PP_ASSERT_STR(back.reason, e.reason);
		CU_ASSERT_EQUAL(back.duration_ms, e.duration_ms);
		CU_ASSERT_EQUAL(back.attempts, e.attempts);
		CU_ASSERT_EQUAL(back.dropped, e.dropped);
		PP_ASSERT_STR(back.planted, e.planted);
		CU_ASSERT_EQUAL(back.taint_before, e.taint_before);
		CU_ASSERT_EQUAL(back.taint_after, e.taint_after);
		CU_ASSERT_EQUAL_FATAL(back.n_waits, 2);
		CU_ASSERT_EQUAL(back.waits[0].op, 3);
		CU_ASSERT_EQUAL(back.waits[0].ms, 20012);
		PP_ASSERT_STR(back.waits[1].where, "c");
	}
	unmake(&m);
}

static const struct {
	const char *text, *says;
	int code;
} bad_endings[] = {
	{ "", "ending.json", -EINVAL },
	{ "[]", "ending.json", -EINVAL },
	{ "{\"version\": 1}", "lacks a field", -EINVAL },
	{ "{\"version\": 2, \"ending\": \"done\", \"reason\": \"\", \"duration_ms\": 1, "
	  "\"attempts\": 1, "
	  "\"dropped\": false, \"taint_before\": 0, \"taint_after\": 0}",
	  "version 2", -EPROTO },
	{ "{\"version\": 1, \"ending\": \"fine\", \"reason\": \"\", \"duration_ms\": 1, "
	  "\"attempts\": 1, "
	  "\"dropped\": false, \"taint_before\": 0, \"taint_after\": 0}",
	  "'fine'", -EINVAL },
};

static void damaged_endings(void)
{
	struct made m;
	struct pp_ending_record e;

	make(&m, SEEN);
	CU_ASSERT_EQUAL(pp_ending_load(m.dir.path, &e, &m.err), -ENOENT);
	for (size_t i = 0; i < sizeof(bad_endings) / sizeof(bad_endings[0]); i++) {
		tmpdir_write(&m.dir, "ending.json", bad_endings[i].text,
			     strlen(bad_endings[i].text));
		CU_ASSERT_EQUAL(pp_ending_load(m.dir.path, &e, &m.err), bad_endings[i].code);
		if (!strstr(m.err.text, bad_endings[i].says))
			fprintf(stderr, "ending %zu: %s\n", i, m.err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, bad_endings[i].says));
	}
	unmake(&m);
}

/* What a case's files say, and the verdict. */
static const struct {
	const char *history, *log;
	enum pp_ending ending;
	unsigned long taint; /* fresh */
	enum pp_verdict verdict;
	const char *says;
} verdicts[] = {
	{ SEEN, "", PP_ENDING_DONE, 0, PP_VERDICT_PASS, "1 device writes seen" },
	{ LOST, "", PP_ENDING_DONE, 0, PP_VERDICT_FAIL, "O1 coherence" },
	{ WRITE, "", PP_ENDING_DONE, 0, PP_VERDICT_INCONCLUSIVE, "device-writes-seen 0 of 1" },
	{ SEEN, OOPS, PP_ENDING_DONE, 0, PP_VERDICT_FAIL, "unable to handle page fault" },
	{ SEEN, "", PP_ENDING_DONE, 1ul << 9, PP_VERDICT_FAIL, "became tainted" },
	{ SEEN, OOPS, PP_ENDING_DONE, 1ul << 9, PP_VERDICT_FAIL, "unable to handle page fault" },
	{ SEEN, OOPS BEGIN, PP_ENDING_DONE, 0, PP_VERDICT_FAIL,
	  "before this case began, not by it: BUG" },
	{ SEEN, BEGIN OOPS, PP_ENDING_DONE, 0, PP_VERDICT_FAIL, "kernel: BUG: unable to handle" },
	{ SEEN, BEGIN OVERRAN, PP_ENDING_DONE, 0, PP_VERDICT_INCONCLUSIVE, "log overran" },
	{ SEEN, BEGIN OVERRAN OOPS, PP_ENDING_DONE, 0, PP_VERDICT_FAIL, "page fault" },
	{ LOST, BEGIN OVERRAN, PP_ENDING_DONE, 0, PP_VERDICT_FAIL, "O1 coherence" },
	{ SEEN, "", PP_ENDING_TIMEOUT, 0, PP_VERDICT_TIMEOUT, "the reason" },
	{ SEEN, "", PP_ENDING_CRASH, 0, PP_VERDICT_CRASH, "the reason" },
	{ SEEN, "", PP_ENDING_SKIP, 0, PP_VERDICT_SKIP, "the reason" },
	{ SEEN, "", PP_ENDING_BROKEN, 0, PP_VERDICT_BROKEN, "the reason" },
	{ SEEN, "", PP_ENDING_STARTED, 0, PP_VERDICT_CRASH, "the reason" },
};

static void judge_row(size_t i)
{
	struct pp_ending_record e = { .ending = verdicts[i].ending,
				      .reason = "the reason",
				      .attempts = 1,
				      .taint_before = 1,
				      .taint_after = 1 | verdicts[i].taint };
	struct pp_result r, again;
	struct pp_plan *plan = NULL;
	struct made m;
	char *json = NULL;
	size_t len;

	make(&m, verdicts[i].history);
	CU_ASSERT_EQUAL(pp_case_save(m.dir.path, m.plan, &m.h, &e, verdicts[i].log,
				     strlen(verdicts[i].log), &m.err),
			0);
	CU_ASSERT_EQUAL_FATAL(pp_case_judge_dir(m.dir.path, "unit/ext4/rxe-mr~2", &m.facts, NULL,
						&r, &plan, &m.err),
			      0);
	if (r.verdict != verdicts[i].verdict || !strstr(r.reason, verdicts[i].says))
		fprintf(stderr, "row %zu: %s: %s\n", i, pp_verdict_words[r.verdict].name, r.reason);
	CU_ASSERT_EQUAL(r.verdict, verdicts[i].verdict);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, verdicts[i].says));
	CU_ASSERT_EQUAL(r.findings.count, verdicts[i].verdict == PP_VERDICT_FAIL);
	PP_ASSERT_STR(r.case_name, "unit/ext4/rxe-mr~2");
	CU_ASSERT_PTR_NOT_NULL(plan);
	CU_ASSERT_EQUAL_FATAL(pp_file_read(m.dir.path, "result.json", &json, &len, &m.err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_result_parse(json, len, &again, &m.err), 0);
	CU_ASSERT_EQUAL(again.verdict, r.verdict);
	PP_ASSERT_STR(again.reason, r.reason);
	pp_result_free(&again);
	pp_result_free(&r);
	pp_plan_free(plan);
	free(json);
	unmake(&m);
}

static void verdicts_from_files(void)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		judge_row(i);
}

/* A file of the case, what stands in it instead (NULL: it is gone), and the error. */
static const struct {
	const char *name, *text;
	enum pp_ending ending;
	int code;
	const char *says;
} damages[] = {
	{ "ending.json", NULL, PP_ENDING_DONE, -ENOENT, "ending.json" },
	{ "plan", NULL, PP_ENDING_DONE, -EINVAL, "plan" },
	{ "plan", "nonsense\n", PP_ENDING_DONE, -EINVAL, "line 1" },
	{ "plan", "pinproof-plan 9\n", PP_ENDING_DONE, -EPROTO, "version" },
	{ "plan", PLAN "op 4 main load data\n", PP_ENDING_DONE, -EINVAL, "another plan" },
	{ "history.bin", NULL, PP_ENDING_DONE, -EINVAL, "history.bin" },
	{ "history.bin", NULL, PP_ENDING_TIMEOUT, -EINVAL, "history.bin" },
	{ "history.bin", "nonsense", PP_ENDING_DONE, -EINVAL, "history.bin" },
	{ "history.bin", NULL, PP_ENDING_CRASH, 0, "" },
	{ "history.bin", NULL, PP_ENDING_SKIP, 0, "" },
	{ "history.bin", "nonsense", PP_ENDING_CRASH, 0, "" },
	{ "kmsg.log", NULL, PP_ENDING_DONE, 0, "" },
};

static void damage_row(size_t i)
{
	struct pp_ending_record e = { .ending = damages[i].ending, .attempts = 1 };
	struct pp_result r;
	struct pp_plan *plan = NULL;
	struct made m;
	int code;

	make(&m, SEEN);
	CU_ASSERT_EQUAL(pp_case_save(m.dir.path, m.plan, &m.h, &e, "", 0, &m.err), 0);
	if (damages[i].text)
		tmpdir_write(&m.dir, damages[i].name, damages[i].text, strlen(damages[i].text));
	else
		unlink(tmpdir_file(&m.dir, damages[i].name));
	code = pp_case_judge_dir(m.dir.path, "unit/x", &m.facts, NULL, &r, &plan, &m.err);
	if (code != damages[i].code || (code && !strstr(m.err.text, damages[i].says)))
		fprintf(stderr, "damage %zu: %d %s\n", i, code, m.err.text);
	CU_ASSERT_EQUAL(code, damages[i].code);
	CU_ASSERT_EQUAL(plan == NULL, code != 0);
	if (code) {
		CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, damages[i].says));
		CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "unit/x"));
	} else {
		pp_result_free(&r);
	}
	pp_plan_free(plan);
	unmake(&m);
}

/* No log is not a quiet one. */
/* A stuck operation's finding says where it waited. */
static void waits_are_told(void)
{
	static const char text[] =
		"pinproof-plan 1\ncase unit/anon/rxe-mr\nbacking anon\npinner rxe-mr\nrules O9\n"
		"bound 10s\nregion data backing=memfd size=4096\nactor main\n"
		"op 1 main punch data bound=1s\n";
	static const char history[] = "pinproof-history 1\nrun 7\n"
				      "@1-2000000001 main op=1 punch data 0+4096 = EINTR\n";
	struct pp_ending_record e = {
		.ending = PP_ENDING_DONE,
		.n_waits = 1,
		.waits = { { 1, 1003, "wait_for_it < punch_it" } },
	};
	struct pp_plan *plan = NULL;
	struct pp_facts facts = { 0 };
	struct pp_history h;
	struct pp_result r;
	struct pp_err err;

	pp_facts_kernel(&facts, "6.12.1", "");
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_history_parse(history, strlen(history), plan, &h, &err), 0);
	pp_judge(plan, &h, &e, "", 0, &facts, NULL, &r);
	CU_ASSERT_EQUAL(r.verdict, PP_VERDICT_FAIL);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.findings.items[0].text,
				      "; after 1003 ms it waited in wait_for_it < punch_it"));
	pp_result_free(&r);
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* A rule is not kept because its witness saw nothing. */
static void witnesses_are_blind(void)
{
	static const char plan_text[] =
		"pinproof-plan 1\ncase unit/anon/rxe-mr\nbacking anon\npinner rxe-mr\nrules %s\n"
		"bound 10s\nregion data backing=anon size=4096\nactor main\n"
		"op 1 main page-look data\nop 2 main quiet\nop 3 main quiet\n";
#define LOOK            "@1-2 main op=1 page-look data 0+4096 "
#define QUIET(op, pins) "@" op "-" op "9 main op=" op " quiet pins=" pins " vmpin=0 packets=0\n"
#define BLIND_2         QUIET("2", "?")
#define BLIND_3         QUIET("3", "?")
#define COUNTED_2       QUIET("2", "0")
#define COUNTED_3       QUIET("3", "0")
	static const struct {
		const char *rules, *events;
		enum pp_verdict verdict;
		const char *says;
		const char *no_counters; /* what the probe said; NULL: they are there */
	} rows[] = {
		{ "O13", LOOK "frame=0x5 is present", PP_VERDICT_PASS, "1 pages looked", NULL },
		{ "O13", LOOK "is nothing", PP_VERDICT_INCONCLUSIVE,
		  "no look at pages has seen a frame", NULL },
		{ "O14", LOOK "= EACCES", PP_VERDICT_INCONCLUSIVE,
		  "op 1 page-look could not look at pages (EACCES)", NULL },
		{ "O1", LOOK "= EACCES", PP_VERDICT_PASS, "", NULL },
		{ "O7", COUNTED_2 COUNTED_3, PP_VERDICT_PASS, "2 quiets", NULL },
		{ "O7", BLIND_2 COUNTED_3, PP_VERDICT_PASS, "VmPin alone at 1 of 2", NULL },
		{ "O7", BLIND_2 BLIND_3, PP_VERDICT_INCONCLUSIVE,
		  "O7 cannot be judged, as no quiet point could read the pin counters: others hold",
		  NULL },
		{ "O7", BLIND_2 BLIND_3, PP_VERDICT_INCONCLUSIVE, "read the pin counters: too old",
		  "too old" },
		{ "O1", BLIND_2 BLIND_3, PP_VERDICT_PASS, "2 quiets", "too old" },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_ending_record e = { .ending = PP_ENDING_DONE };
		struct pp_plan *plan = NULL;
		struct pp_facts facts = { 0 };
		struct pp_history h;
		struct pp_result r;
		struct pp_err err;
		char history[320], text[400];

		snprintf(text, sizeof(text), plan_text, rows[i].rules);
		snprintf(history, sizeof(history), "pinproof-history 1\nrun 7\n%s\n",
			 rows[i].events);
		pp_facts_kernel(&facts, "6.12.1", "");
		pp_facts_set(&facts, "pin-counters", !rows[i].no_counters, "%s",
			     rows[i].no_counters ? rows[i].no_counters : "they count.");
		CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
		CU_ASSERT_EQUAL_FATAL(pp_history_parse(history, strlen(history), plan, &h, &err),
				      0);
		pp_judge(plan, &h, &e, "", 0, &facts, NULL, &r);
		CU_ASSERT_EQUAL(r.verdict, rows[i].verdict);
		if (!strstr(r.reason, rows[i].says) || r.verdict != rows[i].verdict)
			fprintf(stderr, "row %zu: %s\n", i, r.reason);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, rows[i].says));
		pp_result_free(&r);
		pp_history_free(&h);
		pp_plan_free(plan);
	}
}

static void lost_log(void)
{
	struct pp_ending_record e = { .ending = PP_ENDING_DONE, .attempts = 1 };
	struct pp_plan *plan = NULL;
	struct pp_result r;
	struct made m;

	make(&m, SEEN);
	CU_ASSERT_EQUAL(pp_case_save(m.dir.path, m.plan, &m.h, &e, NULL, 0, &m.err), 0);
	CU_ASSERT_EQUAL_FATAL(
		pp_case_judge_dir(m.dir.path, "unit/x", &m.facts, NULL, &r, &plan, &m.err), 0);
	CU_ASSERT_EQUAL(r.verdict, PP_VERDICT_INCONCLUSIVE);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, "no kernel log"));
	pp_result_free(&r);
	pp_plan_free(plan);
	unmake(&m);
}

/* What the check of a filesystem said stands in the log, as a program's line. */
static void check_that_found_damage(void)
{
	static const char text[] = PLAN "op 4 main fsck f\n";
	static const char history[] = SEEN "@7-8 main op=4 fsck f = EUCLEAN\n";
	static const char log[] =
		BEGIN "[    1.6] user: pinproof-check of operation 3: of another\n"
		      "[    1.7] user: pinproof-check of operation 4: e2fsck found damage: BUG: x\n"
		      "[    1.8] pinproof: end unit/ext4/rxe-mr\n";
	struct pp_ending_record e = { .ending = PP_ENDING_DONE, .attempts = 1 };
	struct pp_plan *plan = NULL;
	struct pp_history h;
	struct pp_facts facts;
	struct pp_result r;
	struct pp_err err;

	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
	plan->rules |= PP_RULE_BIT(PP_O11_SOUND_FS);
	CU_ASSERT_EQUAL_FATAL(pp_history_parse(history, strlen(history), plan, &h, &err), 0);
	pp_facts_kernel(&facts, "6.12.1", "");
	pp_judge(plan, &h, &e, log, strlen(log), &facts, NULL, &r);
	CU_ASSERT_EQUAL_FATAL(r.findings.count, 1);
	CU_ASSERT_EQUAL(r.findings.items[0].rule, PP_O11_SOUND_FS);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.findings.items[0].text, ": e2fsck found damage: BUG: x"));
	CU_ASSERT_PTR_NULL(strstr(r.findings.items[0].text, "\n"));
	pp_result_free(&r);
	pp_history_free(&h);
	pp_plan_free(plan);
}

static void damaged_files(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
		damage_row(i);
}

/* The verdict cannot be written: an error, and nothing is left to be freed. */
static void result_cannot_be_written(void)
{
	struct pp_ending_record e = { .ending = PP_ENDING_DONE, .attempts = 1 };
	struct pp_result r;
	struct pp_plan *plan = NULL;
	struct made m;

	make(&m, LOST);
	CU_ASSERT_EQUAL(pp_case_save(m.dir.path, m.plan, &m.h, &e, "", 0, &m.err), 0);
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&m.dir, "result.json"), 0755), 0);
	CU_ASSERT_EQUAL(pp_case_judge_dir(m.dir.path, "unit/x", &m.facts, NULL, &r, &plan, &m.err),
			-EISDIR);
	CU_ASSERT_PTR_NULL(plan);
	unmake(&m);
}

static void facts_of_a_run(void)
{
	struct made m;
	struct pp_facts facts = { 0 };

	make(&m, SEEN);
	CU_ASSERT_EQUAL(pp_facts_load(m.dir.path, &facts, &m.err), -ENOENT);
	tmpdir_write(&m.dir, "facts.json", "{}", 2);
	CU_ASSERT_EQUAL(pp_facts_load(m.dir.path, &facts, &m.err), -EINVAL);
	CU_ASSERT_PTR_EQUAL(strstr(m.err.text, "facts.json"), m.err.text);
	unmake(&m);
}

static const struct pp_unit_case cases[] = {
	{ "a blind witness is no quiet one", witnesses_are_blind },
	{ "where a stuck operation waited", waits_are_told },
	{ "endings there and back", endings_there_and_back },
	{ "damaged endings", damaged_endings },
	{ "verdicts from files", verdicts_from_files },
	{ "damaged files", damaged_files },
	{ "a lost log", lost_log },
	{ "a result that cannot be written", result_cannot_be_written },
	{ "a check that found damage", check_that_found_damage },
	{ "facts of a run", facts_of_a_run },
};

PP_UNIT_MAIN("judge", cases)
