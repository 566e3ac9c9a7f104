/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts from endings, findings, evidence and known defects; result JSON there and back. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/defect.h"
#include "core/result.h"

/* A finding in the tests: what matters for the verdict. */
enum sample {
	NO_FINDING,
	KNOWN, /* the signature of mr-write-lost-after-fsync */
	OTHER, /* another step of the same */
	SPLAT, /* a line of the kernel log */
	SAMPLES
};

enum kernel { DEBIAN_61, DEBIAN_612, UBUNTU };

static const char *const kernel_strings[][2] = {
	[DEBIAN_61] = { "6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-01)" },
	[DEBIAN_612] = { "6.12.117+deb12-amd64", "#1 SMP Debian 6.12.117-1~deb12u1 (2026-09-01)" },
	[UBUNTU] = { "6.2.0-39-generic", "#40-Ubuntu SMP" },
};

static void add_sample(struct pp_findings *f, enum sample sample)
{
	struct pp_finding *x;

	if (sample == NO_FINDING)
		return;
	if (sample == SPLAT) {
		x = pp_finding_add(f, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT,
				   "WARNING: CPU: N at fs/dax.c:N");
	} else {
		x = pp_finding_add(f, PP_O2_DURABILITY, PP_CLASS_STALE, "generation 1, not 2");
		if (x)
			snprintf(x->step, sizeof(x->step), "%s",
				 sample == KNOWN ? "before dereg" : "after dereg");
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
}

/* mr-fsync on @backing, asking for 8 device writes seen. */
static struct pp_plan plan_of(const char *backing, struct pp_need_evidence *need)
{
	struct pp_plan plan = { .evidence = need, .n_evidence = 1 };

	*need = (struct pp_need_evidence){ .name = "device-writes-seen", .least = 8 };
	snprintf(plan.case_name, sizeof(plan.case_name), "mr-fsync/%s/rxe-mr", backing);
	snprintf(plan.backing, sizeof(plan.backing), "%s", backing);
	snprintf(plan.pinner, sizeof(plan.pinner), "rxe-mr");
	return plan;
}

struct decision {
	enum pp_ending ending;
	const char *why; /* reason that came with the ending */
	enum sample findings[2];
	unsigned dropped;
	unsigned writes_seen; /* 8 are needed */
	const char *backing;  /* the row predicts for ext4, not for vfat */
	enum kernel kernel;
	enum pp_verdict verdict;
	const char *reason; /* part of the sentence */
};

#define EXT4   "ext4"
#define VFAT   "vfat"
#define DONE   PP_ENDING_DONE
#define SKIP   PP_ENDING_SKIP
#define BROKEN PP_ENDING_BROKEN
#define TIME   PP_ENDING_TIMEOUT
#define CRASH  PP_ENDING_CRASH
#define BEGUN  PP_ENDING_STARTED
#define V(v)   PP_VERDICT_##v

/* clang-format off */
static const struct decision decisions[] = {
	/* each verdict by itself */
	{ DONE, "", {0}, 0, 12, VFAT, DEBIAN_61, V(PASS), "12 device writes seen, 6 syncs" },
	{ DONE, "", {0}, 0, 8, EXT4, DEBIAN_612, V(PASS), "8 device writes seen" },
	{ DONE, "", { OTHER }, 0, 12, EXT4, DEBIAN_61, V(FAIL), "O2 durability: generation 1, not 2" },
	{ DONE, "", { KNOWN }, 0, 12, EXT4, DEBIAN_61, V(XFAIL), "mr-write-lost-after-fsync" },
	{ DONE, "", {0}, 0, 12, EXT4, DEBIAN_61, V(XPASS), "did not show: 12 device writes" },
	{ DONE, "", {0}, 0, 0, VFAT, DEBIAN_61, V(INCONCLUSIVE), "device-writes-seen 0 of 8" },
	{ DONE, "", {0}, 0, 7, VFAT, DEBIAN_61, V(INCONCLUSIVE), "device-writes-seen 7 of 8" },
	{ SKIP, "fact btrfs: no module", {0}, 0, 0, EXT4, DEBIAN_61, V(SKIP), "fact btrfs: no module" },
	{ BROKEN, "mkfs: exit 1", {0}, 0, 0, EXT4, DEBIAN_61, V(BROKEN), "mkfs: exit 1" },
	{ TIME, "hung in fsync", {0}, 0, 0, EXT4, DEBIAN_61, V(TIMEOUT), "hung in fsync" },
	{ CRASH, "signal 11", {0}, 0, 0, EXT4, DEBIAN_61, V(CRASH), "signal 11" },
	{ BEGUN, "", {0}, 0, 0, EXT4, DEBIAN_61, V(CRASH), "nothing was heard" },
	/* ranges of the row */
	{ DONE, "", { KNOWN }, 0, 12, EXT4, DEBIAN_612, V(FAIL), "O2 durability" },
	{ DONE, "", { KNOWN }, 0, 12, EXT4, UBUNTU, V(XFAIL), "range unconfirmed" },
	{ DONE, "", {0}, 0, 12, EXT4, UBUNTU, V(PASS), "did not apply (range unconfirmed)" },
	{ DONE, "", { KNOWN }, 0, 12, VFAT, DEBIAN_61, V(FAIL), "O2 durability" },
	/* FAIL goes before everything that was judged */
	{ DONE, "", { KNOWN, OTHER }, 0, 12, EXT4, DEBIAN_61, V(FAIL), "(and 1 more finding)" },
	{ DONE, "", { OTHER, KNOWN }, 0, 12, EXT4, DEBIAN_61, V(FAIL), "(and 1 more finding)" },
	{ DONE, "", { KNOWN, SPLAT }, 0, 12, EXT4, DEBIAN_61, V(FAIL), "O10 quiet kernel: WARNING" },
	{ DONE, "", { OTHER }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "O2" },
	{ DONE, "", {0}, 3, 12, VFAT, DEBIAN_61, V(FAIL), "3 findings were too many to keep" },
	{ DONE, "", { KNOWN }, 3, 12, EXT4, DEBIAN_61, V(FAIL), "3 findings were too many to keep" },
	{ CRASH, "signal 11", { OTHER }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by crash: signal 11" },
	{ TIME, "hung", { SPLAT }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by timeout: hung" },
	{ BEGUN, "", { SPLAT }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by started: nothing" },
	{ SKIP, "no rxe", { SPLAT }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by skip: no rxe" },
	/* a row for one finding does not excuse the ending */
	{ CRASH, "signal 11", { KNOWN }, 0, 12, EXT4, DEBIAN_61, V(CRASH), "signal 11" },
	{ TIME, "hung", { KNOWN }, 0, 12, EXT4, DEBIAN_61, V(TIMEOUT), "hung" },
	/* a broken set-up hides nothing that was found before it */
	{ BROKEN, "mkfs: exit 1", { SPLAT }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by broken: mkfs" },
	{ BROKEN, "mkfs: exit 1", { OTHER }, 0, 0, EXT4, DEBIAN_61, V(FAIL), "; ended by broken: mkfs" },
	{ BROKEN, "mkfs: exit 1", { KNOWN }, 0, 0, EXT4, DEBIAN_61, V(BROKEN), "mkfs: exit 1" },
	/* XFAIL before INCONCLUSIVE before XPASS before PASS */
	{ DONE, "", { KNOWN }, 0, 0, EXT4, DEBIAN_61, V(XFAIL), "(1 finding)" },
	{ DONE, "", {0}, 0, 0, EXT4, DEBIAN_61, V(INCONCLUSIVE), "0 of 8" },
	{ DONE, "", { KNOWN, KNOWN }, 0, 12, EXT4, DEBIAN_61, V(XFAIL), "(2 findings)" },
};
/* clang-format on */

static void decide(const struct decision *d, struct pp_result *r)
{
	struct pp_need_evidence need;
	struct pp_plan plan = plan_of(d->backing, &need);
	struct pp_facts facts = { 0 };

	pp_facts_kernel(&facts, kernel_strings[d->kernel][0], kernel_strings[d->kernel][1]);
	*r = (struct pp_result){ .ending = d->ending, .attempts = 1 };
	snprintf(r->reason, sizeof(r->reason), "%s", d->why);
	for (int i = 0; i < 2; i++)
		add_sample(&r->findings, d->findings[i]);
	r->findings.dropped = d->dropped;
	r->evidence.count[PP_EV_DEVICE_WRITES_SEEN] = d->writes_seen;
	r->evidence.count[PP_EV_SYNCS] = 6;
	pp_result_decide(r, &plan, &facts);
}

static void verdicts(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(decisions); i++) {
		const struct decision *d = &decisions[i];
		bool explained = d->verdict == PP_VERDICT_XFAIL || d->verdict == PP_VERDICT_XPASS;
		struct pp_result r;

		decide(d, &r);
		if (r.verdict != d->verdict || !strstr(r.reason, d->reason))
			fprintf(stderr, "decision %zu: %s: %s\n", i,
				pp_verdict_words[r.verdict].name, r.reason);
		CU_ASSERT_EQUAL(r.verdict, d->verdict);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, d->reason));
		CU_ASSERT_EQUAL(r.reference[0] != '\0', explained);
		CU_ASSERT_EQUAL(strstr(r.reference, "8ac268436e6d") != NULL, explained);
		/* What this kernel cannot have is not spoken of. */
		if (d->verdict == PP_VERDICT_PASS && d->kernel == DEBIAN_612)
			CU_ASSERT_PTR_NULL(strstr(r.reason, "known defect"));
		for (size_t k = 0; k < r.findings.count; k++)
			CU_ASSERT_EQUAL(r.findings.items[k].defect >= 0,
					d->findings[k] == KNOWN && d->kernel != DEBIAN_612 &&
						strcmp(d->backing, EXT4) == 0);
		pp_result_free(&r);
	}
}

/* What broke the set-up is told by the ending; anything else that it showed is a finding. */
static void broken_set_up(void)
{
	static const struct {
		enum pp_rule rule;
		enum pp_class cls;
		enum pp_verdict verdict;
	} rows[] = {
		{ PP_O12_EXPLAINED, PP_CLASS_ERRNO, V(BROKEN) },
		{ PP_O9_LIVENESS, PP_CLASS_STUCK, V(FAIL) },
	};
	struct pp_need_evidence need;
	struct pp_plan plan = plan_of(VFAT, &need);
	struct pp_op mkfs = { .id = 1, .verb = PP_VERB_MKFS };
	struct pp_facts facts = { 0 };

	plan.ops = &mkfs;
	plan.n_ops = 1;
	pp_facts_kernel(&facts, kernel_strings[DEBIAN_61][0], kernel_strings[DEBIAN_61][1]);
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_result r = { .ending = BROKEN, .attempts = 1, .reason = "mkfs: exit 1" };
		struct pp_finding *x =
			pp_finding_add(&r.findings, rows[i].rule, rows[i].cls, "op 1 mkfs");

		CU_ASSERT_PTR_NOT_NULL_FATAL(x);
		x->op = 1;
		pp_result_decide(&r, &plan, &facts);
		CU_ASSERT_EQUAL(r.verdict, rows[i].verdict);
		pp_result_free(&r);
	}
}

/* A row whose defect a race decides explains it when it shows, and is not missed when it does not.
 */
static void shown_by_chance(void)
{
	struct pp_defect d = { .name = "race",
			       .scenario = "mr-fsync",
			       .steps = "before dereg",
			       .backings = "ext4",
			       .pinners = "*",
			       .rule = PP_O2_DURABILITY,
			       .classes = 1u << PP_CLASS_STALE,
			       .since = { 5, 6, 0 },
			       .before = { 6, 5, 0 },
			       .reference = "report",
			       .title = "title" };
	static const struct {
		bool chance, found;
		enum pp_verdict verdict;
		const char *reason;
	} rows[] = {
		{ false, false, V(XPASS), "known defect race did not show" },
		{ true, false, V(PASS), "; known defect race, which shows by chance, did not" },
		{ false, true, V(XFAIL), "known defect race: title" },
		{ true, true, V(XFAIL), "known defect race: title" },
	};
	struct pp_need_evidence need;
	struct pp_plan plan = plan_of(EXT4, &need);
	struct pp_facts facts = { 0 };

	pp_facts_kernel(&facts, kernel_strings[DEBIAN_61][0], kernel_strings[DEBIAN_61][1]);
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_result r = { .ending = DONE, .attempts = 1 };

		d.chance = rows[i].chance;
		r.evidence.count[PP_EV_DEVICE_WRITES_SEEN] = 8;
		add_sample(&r.findings, rows[i].found ? KNOWN : NO_FINDING);
		pp_result_decide_with(&r, &plan, &facts, &d, 1);
		CU_ASSERT_EQUAL(r.verdict, rows[i].verdict);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, rows[i].reason));
		pp_result_free(&r);
	}
}

/* Every verdict is reached by some decision above. */
static void all_verdicts_are_covered(void)
{
	for (int v = 0; v < PP_VERDICT_COUNT; v++) {
		size_t n = 0;

		for (size_t i = 0; i < PP_ARRAY_LEN(decisions); i++)
			n += decisions[i].verdict == (enum pp_verdict)v;
		CU_ASSERT(n > 0);
	}
}

static void evidence_sentences(void)
{
	struct decision d = decisions[0];
	struct pp_need_evidence need;
	struct pp_plan plan = plan_of(VFAT, &need);
	struct pp_facts facts = { 0 };
	struct pp_result r;

	decide(&d, &r);
	r.evidence.refused = true;
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, "registration refused as this kernel should"));
	CU_ASSERT_PTR_NULL(strstr(r.reason, "VmPin alone"));
	r.evidence.blind_quiets = 3;
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_PTR_NULL(strstr(r.reason, "VmPin alone"));
	plan.rules = PP_RULE_BIT(PP_O7_PIN_BALANCE);
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, "; O7 judged VmPin alone at 3 of "));
	r.evidence.blind_quiets = 0;
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_PTR_NULL(strstr(r.reason, "VmPin alone"));
	/* deciding again gives the same: nothing of the first reason stays */
	CU_ASSERT_PTR_EQUAL(strstr(r.reason, "12 device writes seen"), r.reason);
	memset(&r.evidence, 0, sizeof(r.evidence));
	plan.n_evidence = 0;
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_EQUAL(r.verdict, PP_VERDICT_PASS);
	PP_ASSERT_STR(r.reason, "the plan asks for no evidence");
	r.attempts = 3;
	plan.n_evidence = 1;
	pp_result_decide(&r, &plan, &facts);
	CU_ASSERT_EQUAL(r.verdict, PP_VERDICT_INCONCLUSIVE);
	PP_ASSERT_STR(r.reason, "device-writes-seen 0 of 8 in the last of 3 attempts");
}

#define ROW(steps_, rule_, class_, log_)                                                           \
	{                                                                                          \
		.name = "row", .scenario = "mr-fsync", .steps = steps_, .backings = "*",           \
		.pinners = "*", .rule = rule_, .classes = 1u << (class_), .log = log_,             \
		.since = { 5, 6, 0 }, .before = { 6, 5, 0 }, .reference = "report",                \
		.title = "title"                                                                   \
	}

/* Rows that explain how a case ended, and rows that only look as if they did. */
static void explained_endings(void)
{
	static const struct {
		struct pp_defect row;
		enum pp_ending ending;
		enum pp_rule rule; /* of a finding beside it, 0 for none */
		enum pp_verdict verdict;
	} rows[] = {
		{ ROW("*", PP_O9_LIVENESS, PP_CLASS_STUCK, NULL), TIME, 0, V(XFAIL) },
		{ ROW("wait", PP_O9_LIVENESS, PP_CLASS_STUCK, NULL), TIME, 0, V(TIMEOUT) },
		{ ROW("wait", PP_O9_LIVENESS, PP_CLASS_STUCK, NULL), TIME, PP_O9_LIVENESS,
		  V(XFAIL) },
		{ ROW("*", PP_O9_LIVENESS, PP_CLASS_STUCK, NULL), CRASH, 0, V(CRASH) },
		{ ROW("*", PP_O12_EXPLAINED, PP_CLASS_STUCK, NULL), TIME, PP_O12_EXPLAINED,
		  V(TIMEOUT) },
		{ ROW("*", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "^BUG: oops"), CRASH, 0, V(XFAIL) },
		{ ROW("*", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "^BUG: oops"), BEGUN, 0, V(XFAIL) },
		{ ROW("*", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "^BUG: other"), CRASH, 0,
		  V(CRASH) },
		{ ROW("*", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, NULL), CRASH, 0, V(CRASH) },
		{ ROW("*", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "^BUG: oops"), TIME, 0,
		  V(TIMEOUT) },
		/* allows the log line beside its defect, but does not explain the death */
		{ ROW("*", PP_O2_DURABILITY, PP_CLASS_STALE, "^BUG: oops"), CRASH, 0, V(CRASH) },
		{ ROW("*", PP_O2_DURABILITY, PP_CLASS_STALE, "^BUG: oops"), CRASH,
		  PP_O10_QUIET_KERNEL, V(CRASH) },
		{ ROW("*", PP_O2_DURABILITY, PP_CLASS_STALE, "^BUG: oops"), DONE,
		  PP_O10_QUIET_KERNEL, V(XFAIL) },
		{ ROW("*", PP_O2_DURABILITY, PP_CLASS_STALE, NULL), DONE, PP_O10_QUIET_KERNEL,
		  V(FAIL) },
	};
	struct pp_need_evidence need;
	struct pp_plan plan = plan_of(EXT4, &need);
	struct pp_facts facts = { 0 };

	pp_facts_kernel(&facts, kernel_strings[DEBIAN_61][0], kernel_strings[DEBIAN_61][1]);
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_result r = { .ending = rows[i].ending, .reason = "BUG: oops" };
		struct pp_finding *x = NULL;

		if (rows[i].rule)
			x = pp_finding_add(&r.findings, rows[i].rule,
					   rows[i].rule == PP_O10_QUIET_KERNEL ? PP_CLASS_SPLAT
									       : PP_CLASS_STUCK,
					   "BUG: oops");
		if (x)
			snprintf(x->step, sizeof(x->step), "wait");
		pp_result_decide_with(&r, &plan, &facts, &rows[i].row, 1);
		if (r.verdict != rows[i].verdict)
			fprintf(stderr, "row %zu: %s\n", i, r.reason);
		CU_ASSERT_EQUAL(r.verdict, rows[i].verdict);
		/* the row's title says what is known, not how this case ended */
		if (rows[i].verdict == V(XFAIL))
			CU_ASSERT_EQUAL(strstr(r.reason, "; ended by ") != NULL &&
						strstr(r.reason, ": BUG: oops") != NULL,
					rows[i].ending != DONE);
		pp_result_free(&r);
	}
}

static void worst_and_exit(void)
{
	/* from best to worst; exit, with --strict, with --bisect */
	static const struct {
		enum pp_verdict verdict;
		int exit, strict, bisect;
	} order[] = {
		{ V(SKIP), 77, 77, 125 },
		{ V(PASS), 0, 0, 0 },
		{ V(XFAIL), 0, 0, 0 },
		{ V(XPASS), 0, 1, 0 },
		{ V(INCONCLUSIVE), 99, 99, 125 },
		{ V(BROKEN), 99, 99, 125 },
		{ V(TIMEOUT), 1, 1, 1 },
		{ V(CRASH), 1, 1, 1 },
		{ V(FAIL), 1, 1, 1 },
	};

	CU_ASSERT_EQUAL(PP_ARRAY_LEN(order), PP_VERDICT_COUNT);
	for (size_t i = 0; i < PP_ARRAY_LEN(order); i++) {
		CU_ASSERT_EQUAL(pp_verdict_exit(order[i].verdict, false, false), order[i].exit);
		CU_ASSERT_EQUAL(pp_verdict_exit(order[i].verdict, true, false), order[i].strict);
		CU_ASSERT_EQUAL(pp_verdict_exit(order[i].verdict, false, true), order[i].bisect);
		for (size_t k = 0; k < PP_ARRAY_LEN(order); k++)
			CU_ASSERT_EQUAL(pp_verdict_worst(order[i].verdict, order[k].verdict),
					order[i > k ? i : k].verdict);
	}
}

static void fill(struct pp_result *r)
{
	struct pp_finding *x;

	decide(&decisions[12], r);
	snprintf(r->case_name, sizeof(r->case_name), "mr-fsync/ext4/rxe-mr");
	r->seed = UINT64_MAX;
	r->duration_ms = 1234;
	r->attempts = 2;
	r->has_counted = true;
	r->counted = 17;
	x = &r->findings.items[0];
	x->op = 7;
	x->region = 0;
	x->offset_bytes = 4096;
	x->length_bytes = 64;
	x->has_expected = true;
	x->expected = (struct pp_stamp){ UINT64_MAX - 1, 4096, 1, 2, 3 };
	x->n_ops = 3;
	x->ops[0] = 5;
	x->ops[2] = 6;
	x->n_lines = 2;
	x->lines[0] = (struct pp_finding_line){ .op = 5,
						.marks = PP_MARK_EXPECTED | PP_MARK_WITH,
						.result = -5,
						.what = "main rdma-write data 0+4096 gen 2",
						.begin_ns = 12,
						.end_ns = UINT64_MAX };
	x->lines[1] = (struct pp_finding_line){ .op = 7,
						.marks = PP_MARK_SHOWED,
						.what = "main load data 0+4096",
						.begin_ns = 40,
						.end_ns = 50 };
	add_sample(&r->findings, SPLAT);
	r->findings.items[1].defect = pp_defect_index("mr-write-lost-after-fsync");
	r->findings.dropped = 4;
	r->evidence.refused = true;
}

static void json_round_trip(void)
{
	struct pp_region_def region = { .name = "data" };
	struct pp_plan plan = { .regions = &region, .n_regions = 1 };
	struct pp_result r, back;
	struct pp_err err = { "" };
	char *json, *again;

	fill(&r);
	json = pp_result_json(&r, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_EQUAL_FATAL(pp_result_parse(json, strlen(json), &back, &err), 0);
	PP_ASSERT_STR(back.case_name, r.case_name);
	CU_ASSERT_EQUAL(back.verdict, PP_VERDICT_FAIL);
	CU_ASSERT_EQUAL(back.seed, UINT64_MAX);
	CU_ASSERT_EQUAL(back.evidence.count[PP_EV_SYNCS], 6);
	CU_ASSERT_EQUAL_FATAL(back.findings.count, 2);
	CU_ASSERT_EQUAL(back.findings.dropped, 4);
	CU_ASSERT_EQUAL(
		memcmp(&back.findings.items[0], &r.findings.items[0], sizeof(struct pp_finding)),
		0);
	CU_ASSERT_EQUAL(back.findings.items[1].defect,
			pp_defect_index("mr-write-lost-after-fsync"));
	CU_ASSERT_EQUAL(back.findings.items[1].region, PP_NO_INDEX);
	again = pp_result_json(&back, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	PP_ASSERT_STR(again, json);
	free(again);
	free(json);
	pp_result_free(&back);
	json = pp_result_json(&r, &plan);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"region_name\": \"data\""));
	free(json);
	pp_result_free(&r);
}

static char *replaced(const char *text, const char *from, const char *to)
{
	size_t size = strlen(text) + strlen(to) + 1;
	const char *at = strstr(text, from);
	char *out = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return out;
}

static void json_faults(void)
{
	static const struct {
		const char *from, *to, *error; /* NULL: still right */
	} faults[] = {
		{ "\"verdict\": \"FAIL\"", "\"verdict\": \"FINE\"", "verdict" },
		{ "\"version\": 1", "\"version\": 2", "version" },
		{ "\"seed\": \"1844", "\"seed\": \"91844", "seed" },
		{ "\"seed\": \"1844", "\"seed\": \"-1844", "seed" },
		{ "\"duration_ms\": 1234", "\"duration_ms\": \"x\"", "duration_ms" },
		{ "\"case\":", "\"name\":", "case" },
		{ "\"rule\": \"O2\"", "\"rule\": \"O99\"", "rule" },
		{ "\"class\": \"stale\"", "\"class\": 7", "class" },
		{ "\"run\": \"1", "\"run\": \"x", "run" },
		{ "\"ending\": \"done\"", "\"ending\": \"never\"", "ending" },
		{ "{", "[", "line 2" },
		{ "\"defect\": \"mr-write-lost-after-fsync\"", "\"defect\": \"gone\"", NULL },
		{ "\"syncs\": 6", "\"unknown-counter\": 6", NULL },
	};
	struct pp_result r, back;
	char *json;

	fill(&r);
	json = pp_result_json(&r, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	for (size_t i = 0; i < PP_ARRAY_LEN(faults); i++) {
		char *bad = replaced(json, faults[i].from, faults[i].to);
		struct pp_err err = { "" };
		int ret = pp_result_parse(bad, strlen(bad), &back, &err);

		if (!strstr(err.text, faults[i].error ? faults[i].error : ""))
			fprintf(stderr, "fault %zu: %s\n", i, err.text);
		CU_ASSERT_EQUAL(ret, faults[i].error ? -EINVAL : 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, faults[i].error ? faults[i].error : ""));
		if (!ret)
			pp_result_free(&back);
		free(bad);
	}
	/* cut anywhere: refused, never a crash */
	for (size_t len = 0; len < strlen(json) - 1; len += 11)
		CU_ASSERT_EQUAL(pp_result_parse(json, len, &back, NULL), -EINVAL);
	free(json);
	pp_result_free(&r);
}

static void expect_quoted(const char *text, const char *word)
{
	char quoted[PP_NAME_MAX + 2];

	snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	if (!strstr(text, quoted))
		fprintf(stderr, "docs/results.schema.json lacks %s\n", quoted);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, quoted));
}

/* The schema knows every word that a result may hold, docs/verdicts.md every verdict. */
static void documents_agree(void)
{
	char *schema = pp_unit_read("docs/results.schema.json", NULL);
	char *doc = pp_unit_read("docs/verdicts.md", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	for (int i = 0; i < PP_RULE_COUNT; i++)
		expect_quoted(schema, pp_rule_words[i].name);
	for (int i = 0; i < PP_CLASS_COUNT; i++)
		expect_quoted(schema, pp_class_words[i].name);
	for (int i = 0; i < PP_ENDING_COUNT; i++)
		expect_quoted(schema, pp_ending_words[i].name);
	for (int i = 0; i < PP_EV_COUNT; i++)
		expect_quoted(schema, pp_evidence_defs[i].name);
	for (int i = 0; i < PP_VERDICT_COUNT; i++) {
		char row[32];

		expect_quoted(schema, pp_verdict_words[i].name);
		snprintf(row, sizeof(row), "\n| %s |", pp_verdict_words[i].name);
		CU_ASSERT_PTR_NOT_NULL(strstr(doc, row));
	}
	free(doc);
	free(schema);
}

static const struct pp_unit_case cases[] = {
	{ "verdicts and their precedence", verdicts },
	{ "all verdicts are covered", all_verdicts_are_covered },
	{ "a set-up that broke", broken_set_up },
	{ "defects that show by chance", shown_by_chance },
	{ "evidence in words", evidence_sentences },
	{ "endings that a row explains", explained_endings },
	{ "worst verdict and exit code", worst_and_exit },
	{ "JSON round trip", json_round_trip },
	{ "faulty JSON is refused", json_faults },
	{ "the documents know every word", documents_agree },
};
PP_UNIT_MAIN("result", cases)
