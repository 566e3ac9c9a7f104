/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KTAP, JSON and the table: exact text from a fixed list of results. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/defect.h"
#include "core/report.h"

#define RESULTS 9

/* One result of each verdict, in a mixed order. */
static void fill(struct pp_result r[RESULTS])
{
	static const struct {
		const char *name;
		enum pp_verdict verdict;
		const char *reason, *reference;
	} sample[RESULTS] = {
		{ "mr-fsync/memfd/rxe-mr", PP_VERDICT_PASS, "12 device writes seen", "" },
		{ "mr-fsync/ext4/rxe-mr", PP_VERDICT_XFAIL, "known defect x: y (1 finding)",
		  "fixed by 8ac268436e6d" },
		{ "mr-fsync/btrfs/rxe-mr", PP_VERDICT_SKIP, "btrfs: no module #1\nsecond", "" },
		{ "mr-fsync/vfat/rxe-mr", PP_VERDICT_FAIL, "O2 durability: generation 1, not 2",
		  "" },
		{ "mr-fsync/xfs/rxe-mr", PP_VERDICT_XPASS, "known defect x did not show",
		  "fixed by 8ac268436e6d" },
		{ "mr-dio/ext4/rxe-mr", PP_VERDICT_INCONCLUSIVE, "device-writes-seen 0 of 8", "" },
		{ "mr-dio/xfs/rxe-mr", PP_VERDICT_BROKEN, "mkfs: exit 1", "" },
		{ "mr-dio/vfat/rxe-mr", PP_VERDICT_TIMEOUT, "hung in fsync", "" },
		{ "mr-dio/tmpfs/rxe-mr", PP_VERDICT_CRASH, "BUG: \033[31mfault", "" },
	};

	memset(r, 0, RESULTS * sizeof(*r));
	for (int i = 0; i < RESULTS; i++) {
		snprintf(r[i].case_name, sizeof(r[i].case_name), "%s", sample[i].name);
		snprintf(r[i].reason, sizeof(r[i].reason), "%s", sample[i].reason);
		snprintf(r[i].reference, sizeof(r[i].reference), "%s", sample[i].reference);
		r[i].verdict = sample[i].verdict;
		r[i].seed = 42;
		r[i].attempts = 1;
	}
}

static struct pp_finding *fill_finding(struct pp_findings *f)
{
	struct pp_finding *x = pp_finding_add(f, PP_O2_DURABILITY, PP_CLASS_STALE,
					      "the disk shows generation 1 #old");

	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	snprintf(x->step, sizeof(x->step), "before dereg");
	x->op = 6;
	x->region = 0;
	x->offset_bytes = 4096;
	x->length_bytes = 64;
	x->has_expected = x->has_found = true;
	x->expected = (struct pp_stamp){ 7, 4096, 0, 1, 2 };
	x->found = (struct pp_stamp){ 7, 4096, 0, 9, 1 };
	x->ops[0] = 5;
	x->ops[1] = 99;
	x->n_ops = 2;
	return x;
}

/* A plan with the names that the finding above points to. */
static struct pp_region_def region = { .name = "data" };
static char actors[2][PP_NAME_MAX] = { "main", "dev" };
static struct pp_op ops[] = { { .id = 5, .actor = 1, .verb = PP_VERB_RDMA_WRITE, .gen = 2 } };
static const struct pp_plan plan = {
	.regions = &region, .n_regions = 1, .actors = actors, .n_actors = 2, .ops = ops, .n_ops = 1
};

struct text {
	char *text;
	size_t size;
	FILE *out;
};

static FILE *begin(struct text *t)
{
	t->out = open_memstream(&t->text, &t->size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->out);
	return t->out;
}

static void end(struct text *t)
{
	fclose(t->out);
}

static void expect(struct text *t, const char *expected)
{
	end(t);
	if (strcmp(t->text, expected) != 0)
		fprintf(stderr, "---\n%s---\n", t->text);
	PP_ASSERT_STR(t->text, expected);
	free(t->text);
}

static void expect_file(struct text *t, const char *path)
{
	char *expected = pp_unit_read(path, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
	expect(t, expected);
	free(expected);
}

static void put_ktap(FILE *out, bool strict)
{
	struct pp_result r[RESULTS];

	fill(r);
	fill_finding(&r[3].findings);
	fill_finding(&r[3].findings)->defect = 0; /* explained: not shown */
	for (int i = 0; i < 9; i++)
		pp_finding_add(&r[8].findings, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "splat %d", i);
	r[8].findings.dropped = 2;
	pp_ktap_begin(out, RESULTS);
	for (size_t i = 0; i < RESULTS; i++)
		pp_ktap_case(out, i + 1, &r[i], i == 3 ? &plan : NULL,
			     i == 3 ? "pinproof run --seed 42 mr-fsync/vfat/rxe-mr" : NULL, strict);
	pp_ktap_end(out, r, RESULTS);
	for (int i = 0; i < RESULTS; i++)
		pp_result_free(&r[i]);
}

static void ktap(void)
{
	struct text t;

	put_ktap(begin(&t), false);
	expect_file(&t, "tests/golden/reports/all.ktap");
	put_ktap(begin(&t), true);
	end(&t);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		t.text, "\nnot ok 5 mr-fsync/xfs/rxe-mr # XPASS fixed by 8ac268436e6d\n# XPASS: "));
	free(t.text);
}

/* No reason, however odd, makes a second line, a second directive or a control character. */
static void ktap_escapes(void)
{
	struct pp_result r = { .verdict = PP_VERDICT_SKIP };
	struct text t;

	snprintf(r.case_name, sizeof(r.case_name), "a#b");
	snprintf(r.reason, sizeof(r.reason), "one\nok 2 two # SKIP\r\t\\ \033[0m");
	pp_ktap_case(begin(&t), 1, &r, NULL, NULL, false);
	expect(&t, "ok 1 a\\#b # SKIP one ok 2 two \\# SKIP  \\\\  [0m\n");
	r.reason[0] = '\0';
	pp_ktap_case(begin(&t), 1, &r, NULL, NULL, false);
	expect(&t, "ok 1 a\\#b # SKIP\n");
}

static void findings(void)
{
	struct pp_findings f = { 0 };
	struct pp_finding *x = fill_finding(&f);
	struct text t;

	x->defect = pp_defect_index("mr-write-lost-after-fsync");
	pp_report_finding(begin(&t), x, &plan, "  ");
	expect(&t, "  O2 durability, stale: the disk shows generation 1 #old\n"
		   "    place:    region data, bytes 4096+64, step \"before dereg\", op 6\n"
		   "    expected: generation 2 of writer dev for region 0 offset 4096 (run 7)\n"
		   "    found:    generation 1 of writer 9 for region 0 offset 4096 (run 7)\n"
		   "    touched:  op 5 dev rdma-write gen 2\n"
		   "              op 99\n"
		   "    known:    mr-write-lost-after-fsync\n");
	pp_report_finding(begin(&t), x, NULL, "");
	fflush(t.out);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "  place:    region 0, bytes 4096+64, step"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "generation 2 of writer 1 for region 0"));
	end(&t);
	free(t.text);
	pp_findings_free(&f);
	x = pp_finding_add(&f, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "BUG: x");
	pp_report_finding(begin(&t), x, NULL, "");
	expect(&t, "O10 quiet kernel, splat: BUG: x\n");
	pp_findings_free(&f);
}

/* Told in order of begin, each operation with what it is to the finding. */
static void story(void)
{
	struct pp_findings f = { 0 };
	struct pp_finding *x = pp_finding_add(&f, PP_O9_LIVENESS, PP_CLASS_EARLY, "too early");
	struct text t;

	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	x->op = 4;
	x->n_ops = x->n_lines = 3;
	x->lines[0] = (struct pp_finding_line){
		.op = 3, .marks = PP_MARK_WITH, .begin_ns = 1000, .end_ns = 1234567
	};
	x->lines[1] = (struct pp_finding_line){ .op = 4,
						.marks = PP_MARK_FOUND | PP_MARK_SHOWED,
						.begin_ns = 2000000,
						.end_ns = 12000999000 };
	x->lines[2] = (struct pp_finding_line){
		.op = 12, .result = -EIO, .begin_ns = 3000000, .end_ns = UINT64_MAX
	};
	snprintf(x->lines[0].what, sizeof(x->lines[0].what), "holder splice-hold data 0+4096");
	snprintf(x->lines[1].what, sizeof(x->lines[1].what), "main punch data 0+4096");
	snprintf(x->lines[2].what, sizeof(x->lines[2].what), "peer fsync data");
	pp_report_finding(begin(&t), x, &plan, "");
	expect(&t, "O9 liveness, early: too early\n"
		   "  place:    no region, op 4\n"
		   "  story:        0.001 ..       1.235 ms  op 3 holder splice-hold data 0+4096"
		   "   <- see above\n"
		   "                2.000 ..   12000.999 ms  op 4 main punch data 0+4096"
		   "   <- shows, the finding\n"
		   "                3.000 ..       never     op 12 peer fsync data = EIO\n");
	pp_findings_free(&f);
}

static void table(void)
{
	struct pp_run_info info = { .kernel = "6.1.0-56-amd64 (Debian 6.1.192)",
				    .seed = 42,
				    .planned = 12,
				    .duration_ms = 65432,
				    .interrupted = true };
	struct pp_result r[RESULTS + 2];
	struct text t;

	fill(r);
	fill_finding(&r[3].findings);
	r[9] = r[1]; /* a second one of the same group */
	snprintf(r[9].case_name, sizeof(r[9].case_name), "mr-policy/xfs-shared-rw/rxe-mr");
	r[10] = r[0];
	snprintf(r[10].case_name, sizeof(r[10].case_name), "mr-policy/anon/rxe-mr");
	pp_report_table(begin(&t), &info, r, RESULTS + 2, false);
	expect_file(&t, "tests/golden/reports/all-table.txt");
	pp_report_table(begin(&t), &info, r, RESULTS + 2, true);
	end(&t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "\n\033[1;31mFAIL\033[0m  mr-fsync/vfat/rxe-mr\n"));
	free(t.text);
	pp_result_free(&r[3]);
	info.planned = 0;
	info.interrupted = false;
	pp_report_table(begin(&t), &info, r, 0, false);
	expect(&t,
	       "kernel  6.1.0-56-amd64 (Debian 6.1.192)\nseed    42\ncases   0 in 65.4 s: none\n");
	snprintf(info.device, sizeof(info.device), "mlx5_0");
	pp_report_table(begin(&t), &info, r, 0, false);
	expect(&t, "kernel  6.1.0-56-amd64 (Debian 6.1.192)\ndevice  mlx5_0\nseed    42\n"
		   "cases   0 in 65.4 s: none\n");
}

/* Long names: one a line rather than a cut one; many short ones: more to a line. */
/* Planted: lost events, and a case without its trace. What is complete is not mentioned. */
static void what_the_trace_did_not_see(void)
{
	struct pp_run_info info = { .planned = 3 };
	struct pp_result r[RESULTS], back;
	struct pp_err err;
	struct text t;
	char *json;

	fill(r);
	for (int i = 0; i < 3; i++)
		r[i].trace = (struct pp_trace_account){ .asked = true, .events = 500 };
	pp_report_table(begin(&t), &info, r, 3, false);
	end(&t);
	CU_ASSERT_PTR_NULL(strstr(t.text, "trace"));
	CU_ASSERT_PTR_NULL(strstr(t.text, "blind"));
	free(t.text);
	r[0].trace.lost = 7;
	r[1].trace.lost = 5;
	snprintf(r[2].trace.blind, sizeof(r[2].trace.blind), "no\nbuffer");
	snprintf(info.trace, sizeof(info.trace), "66 kinds of events; not: a:b: why\n");
	snprintf(info.blind, sizeof(info.blind), "pins: too old\nkernel log: not\tours");
	pp_report_table(begin(&t), &info, r, 3, false);
	end(&t);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(t.text, "\nblind   pins: too old\nblind   kernel log: not ours\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "trace   66 kinds of events; not: a:b: why \n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(t.text, "trace   none of mr-fsync/btrfs/rxe-mr: no buffer\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "trace   12 events lost in 2 cases\n"));
	free(t.text);
	for (int i = 0; i < 3; i++) {
		json = pp_result_json(&r[i], NULL);
		CU_ASSERT_EQUAL_FATAL(pp_result_parse(json, strlen(json), &back, &err), 0);
		CU_ASSERT(back.trace.asked);
		CU_ASSERT_EQUAL(back.trace.events, 500);
		CU_ASSERT_EQUAL(back.trace.lost, r[i].trace.lost);
		PP_ASSERT_STR(back.trace.blind, r[i].trace.blind);
		pp_result_free(&back);
		free(json);
	}
}

static void table_widths(void)
{
	struct pp_run_info info = { .planned = 40 };
	struct pp_result *r = calloc(40, sizeof(*r));
	struct text t;
	size_t widest = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (int i = 0; i < 40; i++) {
		r[i].verdict = PP_VERDICT_PASS;
		snprintf(r[i].case_name, PP_CASE_MAX, "s/%d", i);
	}
	pp_report_table(begin(&t), &info, r, 40, false);
	end(&t);
	for (const char *line = t.text; *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > widest)
			widest = strcspn(line, "\n");
	CU_ASSERT(widest > 60 && widest <= 100);
	free(t.text);
	memset(r[0].case_name, 'x', PP_CASE_MAX - 1);
	pp_report_table(begin(&t), &info, r, 2, false);
	end(&t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.text, "xxx\n    s/1\n"));
	free(t.text);
	free(r);
}

static void closing(void)
{
	struct pp_result r[RESULTS];
	struct pp_counts n;
	struct text t;

	fill(r);
	pp_report_closing(begin(&t), r, RESULTS, false);
	expect(&t, "pinproof: 3 passed, 5 failed, 1 skipped\n");
	pp_report_closing(begin(&t), r, RESULTS, true);
	expect(&t, "pinproof: 2 passed, 6 failed, 1 skipped\n");
	pp_report_closing(begin(&t), r, 0, true);
	expect(&t, "pinproof: 0 passed, 0 failed, 0 skipped\n");
	pp_report_count(r, RESULTS, false, &n);
	for (int v = 0; v < PP_VERDICT_COUNT; v++)
		CU_ASSERT_EQUAL(n.by[v], 1);
}

static void json_round_trip(void)
{
	struct pp_run_info info = { .kernel = "6.1",
				    .command = "pinproof run \"a b\"",
				    .seed = UINT64_MAX,
				    .planned = 12,
				    .strict = true,
				    .interrupted = true,
				    .duration_ms = 99 },
			   back;
	struct pp_facts facts = { 0 };
	struct pp_result r[RESULTS], *results = NULL;
	struct pp_err err = { "" };
	char *json, *again;
	size_t count = 0;

	fill(r);
	fill_finding(&r[3].findings);
	pp_facts_kernel(&facts, "6.1.0", "#1");
	json = pp_report_json(&info, &facts, r, RESULTS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"worst\": \"FAIL\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"inconclusive\": 1"));
	CU_ASSERT_EQUAL_FATAL(pp_report_parse(json, strlen(json), &back, &results, &count, &err),
			      0);
	CU_ASSERT_EQUAL_FATAL(count, RESULTS);
	CU_ASSERT_EQUAL(memcmp(&info, &back, sizeof(info)), 0);
	CU_ASSERT_EQUAL(results[3].findings.count, 1);
	PP_ASSERT_STR(results[8].reason, r[8].reason);
	again = pp_report_json(&back, &facts, results, count);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	PP_ASSERT_STR(again, json);
	for (size_t i = 0; i < count; i++)
		pp_result_free(&results[i]);
	free(results);
	for (size_t len = 0; len < strlen(json) - 1; len += 97) {
		CU_ASSERT_EQUAL(pp_report_parse(json, len, &back, &results, &count, NULL), -EINVAL);
		CU_ASSERT_PTR_NULL(results);
	}
	free(again);
	free(json);
	pp_result_free(&r[3]);
}

static void json_faults(void)
{
	static const struct {
		const char *json, *error;
	} faults[] = {
		{ "", "line 1" },
		{ "[]", "Expected object" },
		{ "{\"format\":\"pinproof-results\"}", "version" },
#define HEAD(format, version)                                                                      \
	"{\"format\":\"" format "\",\"version\":" version                                          \
	",\"kernel\":\"k\",\"command\":\"c\",\"seed\":\"1\",\"planned\":1,\"strict\":false,"       \
	"\"interrupted\":false,\"duration_ms\":1,\"results\":"
		{ HEAD("tap", "1") "[]}", "not pinproof-results" },
		{ HEAD("pinproof-results", "2") "[]}", "version 1" },
		{ HEAD("pinproof-results", "1") "{}}", "not a list" },
		{ HEAD("pinproof-results", "1") "[{}]}", "version" },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(faults); i++) {
		struct pp_run_info info;
		struct pp_result *results;
		struct pp_err err = { "" };
		size_t count;

		CU_ASSERT_EQUAL(pp_report_parse(faults[i].json, strlen(faults[i].json), &info,
						&results, &count, &err),
				-EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, faults[i].error));
		CU_ASSERT_EQUAL(count, 0);
	}
}

static const struct pp_unit_case cases[] = {
	{ "KTAP", ktap },
	{ "KTAP escapes", ktap_escapes },
	{ "findings in words", findings },
	{ "the story of a finding", story },
	{ "table", table },
	{ "what the trace did not see", what_the_trace_did_not_see },
	{ "table widths", table_widths },
	{ "closing line", closing },
	{ "JSON round trip", json_round_trip },
	{ "faulty JSON is refused", json_faults },
};
PP_UNIT_MAIN("report", cases)
