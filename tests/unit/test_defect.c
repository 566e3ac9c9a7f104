/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known-defect rows: every word of the signature counts, and the range too. */
#include "unit.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/defect.h"
#include "core/policy.h"
#include "core/words.h"

#define LIST "tests/golden/defects.list"

static const struct pp_defect *row(const char *name)
{
	int i = pp_defect_index(name);

	return i < 0 ? NULL : &pp_defects[i];
}

static struct pp_plan plan_of(const char *scenario, const char *backing, const char *pinner)
{
	struct pp_plan plan = { 0 };

	snprintf(plan.case_name, sizeof(plan.case_name), "%s/%s/%s", scenario, backing, pinner);
	snprintf(plan.backing, sizeof(plan.backing), "%s", backing);
	snprintf(plan.pinner, sizeof(plan.pinner), "%s", pinner);
	return plan;
}

static struct pp_finding finding_of(enum pp_rule rule, enum pp_class cls, const char *step,
				    const char *text)
{
	struct pp_finding x = { .rule = rule, .cls = cls, .defect = -1 };

	snprintf(x.step, sizeof(x.step), "%s", step);
	snprintf(x.text, sizeof(x.text), "%s", text);
	return x;
}

static const struct {
	const char *defect, *scenario, *backing, *pinner;
	enum pp_rule rule;
	enum pp_class cls;
	const char *step;
	bool match;
} signatures[] = {
#define POLICY "mr-writable-file-pin-accepted"
#define FSYNC  "mr-write-lost-after-fsync"
#define FIXUP  "btrfs-fixup-defers-writeback"
#define EDGES  "hole-zeroes-beside-itself"
#define TAKEN  "hole-takes-pinned-pages-beside-it"
#define PARTED "hole-parts-mr-beside-it"
	{ POLICY, "mr-policy", "ext4-shared-rw", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED,
	  "any step", true },
	{ EDGES, "folio-edges", "xfs", "dio", PP_O1_COHERENCE, PP_CLASS_ZERO, "after", true },
	{ EDGES, "folio-edges", "xfs", "dio", PP_O1_COHERENCE, PP_CLASS_STALE, "after", false },
	{ EDGES, "folio-edges", "xfs", "dio", PP_O2_DURABILITY, PP_CLASS_ZERO, "after", false },
	{ EDGES "-on-disk", "folio-edges", "xfs", "dio", PP_O2_DURABILITY, PP_CLASS_ZERO, "after",
	  true },
	{ EDGES, "folio-edges", "btrfs", "dio", PP_O1_COHERENCE, PP_CLASS_ZERO, "after", false },
	{ TAKEN, "folio-edges", "xfs-taken", "dio", PP_O1_COHERENCE, PP_CLASS_STALE, "held", true },
	{ TAKEN, "folio-edges", "xfs", "dio", PP_O1_COHERENCE, PP_CLASS_STALE, "after", false },
	{ TAKEN, "folio-edges", "ext4-taken", "dio", PP_O1_COHERENCE, PP_CLASS_STALE, "held",
	  false },
	{ TAKEN, "folio-edges", "xfs-taken", "dio", PP_O1_COHERENCE, PP_CLASS_ZERO, "held", false },
	{ TAKEN, "folio-edges", "xfs-taken", "rxe-mr-read", PP_O1_COHERENCE, PP_CLASS_STALE, "held",
	  false },
	{ TAKEN "-on-disk", "folio-edges", "xfs-taken", "dio", PP_O2_DURABILITY, PP_CLASS_STALE,
	  "after", true },
	{ TAKEN "-on-disk", "folio-edges", "xfs-taken", "dio", PP_O2_DURABILITY, PP_CLASS_STALE,
	  "held", false },
	{ PARTED, "folio-edges", "xfs-taken", "rxe-mr-read", PP_O1_COHERENCE, PP_CLASS_STALE,
	  "held", true },
	{ PARTED, "folio-edges", "xfs-taken", "rxe-mr-read", PP_O1_COHERENCE, PP_CLASS_STALE,
	  "after", false },
	{ POLICY, "mr-policy", "blockdev-shared-rw", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED, "",
	  true },
	{ POLICY, "mr-policy", "ext4-shared-rw2", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED, "",
	  false },
	{ POLICY, "mr-policy", "ext4", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED, "", false },
	{ POLICY, "mr-policy", "fsdax-ext4-shared-rw", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED,
	  "", false },
	{ POLICY, "mr-policy2", "ext4-shared-rw", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ACCEPTED, "",
	  false },
	{ POLICY, "mr-policy", "ext4-shared-rw", "uring-fixed", PP_O8_REFUSAL, PP_CLASS_ACCEPTED,
	  "", false },
	{ POLICY, "mr-policy", "ext4-shared-rw", "rxe-mr", PP_O12_EXPLAINED, PP_CLASS_ACCEPTED, "",
	  false },
	{ POLICY, "mr-policy", "ext4-shared-rw", "rxe-mr", PP_O8_REFUSAL, PP_CLASS_ERRNO, "",
	  false },
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before dereg",
	  true },
	{ FSYNC, "mr-fsync", "xfs", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before dereg",
	  true },
	{ FSYNC, "mr-fsync", "btrfs", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before dereg",
	  true },
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "after dereg",
	  false },
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before", false },
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_ZERO, "before dereg",
	  false },
	{ FSYNC, "mr-fsync", "vfat", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before dereg",
	  false },
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O3_NO_WAY_BACK, PP_CLASS_STALE, "before dereg",
	  false },
	{ FIXUP, "mr-fsync", "btrfs", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "after dereg",
	  true },
	{ FIXUP, "mr-fsync", "btrfs", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "before dereg",
	  false },
	{ FIXUP, "mr-fsync", "btrfs", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_ZERO, "after dereg",
	  false },
	{ FIXUP, "mr-fsync", "btrfs", "rxe-odp", PP_O2_DURABILITY, PP_CLASS_STALE, "after dereg",
	  false },
	{ FIXUP, "mr-fsync", "ext4", "rxe-mr", PP_O2_DURABILITY, PP_CLASS_STALE, "after dereg",
	  false },
	/* no row allows a log line beside its defect */
	{ FSYNC, "mr-fsync", "ext4", "rxe-mr", PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "before dereg",
	  false },
};

static void whole_signature(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(signatures); i++) {
		struct pp_plan plan = plan_of(signatures[i].scenario, signatures[i].backing,
					      signatures[i].pinner);
		struct pp_finding x = finding_of(signatures[i].rule, signatures[i].cls,
						 signatures[i].step, "WARNING: anything");

		CU_ASSERT_PTR_NOT_NULL_FATAL(row(signatures[i].defect));
		if (pp_defect_match(row(signatures[i].defect), &plan, &x) != signatures[i].match)
			fprintf(stderr, "signature %zu: %s %s\n", i, plan.case_name, x.step);
		CU_ASSERT_EQUAL(pp_defect_match(row(signatures[i].defect), &plan, &x),
				signatures[i].match);
	}
}

static void wildcards_and_logs(void)
{
	struct pp_defect d = *row(FSYNC);
	struct pp_plan plan = plan_of("mr-fsync", "tmpfs", "dio");
	struct pp_finding x = finding_of(PP_O2_DURABILITY, PP_CLASS_STALE, "step 2", "");
	struct pp_finding splat = finding_of(PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "",
					     "WARNING: CPU: N PID: N at fs/dax.c:N f");

	d.backings = d.pinners = "*";
	d.steps = "step 1|step 2|step 3";
	CU_ASSERT_TRUE(pp_defect_match(&d, &plan, &x));
	d.steps = "step 1|step 22";
	CU_ASSERT_FALSE(pp_defect_match(&d, &plan, &x));
	CU_ASSERT_FALSE(pp_defect_match(&d, &plan, &splat));
	d.log = "^WARNING: .* at fs/dax\\.c:";
	CU_ASSERT_TRUE(pp_defect_match(&d, &plan, &splat));
	d.log = "^WARNING: .* at fs/ext4";
	CU_ASSERT_FALSE(pp_defect_match(&d, &plan, &splat));
	d.log = "((";
	CU_ASSERT_FALSE(pp_defect_match(&d, &plan, &splat));
}

/* Verbs that a row asks for: the lost write's, and one of those beside it. */
static void verbs(void)
{
	const struct pp_defect *d = row("storm-dio-fork-copies-the-page-away");
	struct pp_plan plan = plan_of("storm", "anon", "mixed");
	struct pp_finding x = finding_of(PP_O1_COHERENCE, PP_CLASS_STALE, "storm", "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
	x.lost = PP_VERB_DIO_READ;
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
	pp_verb_set_add(&x.beside, PP_VERB_REAP);
	pp_verb_set_add(&x.beside, PP_VERB_STORE);
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
	pp_verb_set_add(&x.beside, PP_VERB_FORK);
	CU_ASSERT_TRUE(pp_defect_match(d, &plan, &x));
	x.lost = PP_VERB_STORE;
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
}

/* A row may be about one region alone. */
static void regions(void)
{
	struct pp_region_def names[] = { { .name = "data" }, { .name = "clone" } };
	const struct pp_defect *d = row("storm-btrfs-fixup-clones-what-was");
	struct pp_plan plan = plan_of("storm", "btrfs", "mixed");
	struct pp_finding x = finding_of(PP_O1_COHERENCE, PP_CLASS_STALE, "storm", "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	plan.regions = names;
	plan.n_regions = PP_ARRAY_LEN(names);
	x.lost = PP_VERB_VM_WRITE;
	x.region = 1;
	CU_ASSERT_TRUE(pp_defect_match(d, &plan, &x));
	x.region = 0;
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
	x.region = PP_NO_INDEX;
	CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
}

/* A row about write faults on holes explains nothing without one. */
static void faults(void)
{
	static const char *const rows[][4] = {
		{ "dax-write-hidden-by-fault", "dax-fault", "store", "faults" },
		{ "dax-race-write-hidden-by-fault", "dax-race", "dio", "race" },
		{ "storm-dax-write-hidden-by-fault", "storm", "mixed", "storm" },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		const struct pp_defect *d = row(rows[i][0]);
		struct pp_plan plan = plan_of(rows[i][1], "fsdax-xfs", rows[i][2]);
		struct pp_finding x =
			finding_of(PP_O1_COHERENCE, PP_CLASS_ZERO, rows[i][3], "shows zeros");

		CU_ASSERT_PTR_NOT_NULL_FATAL(d);
		CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
		x.fault = 7;
		CU_ASSERT_TRUE(pp_defect_match(d, &plan, &x));
		x.cls = PP_CLASS_STALE;
		CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
		x.cls = PP_CLASS_ZERO;
		plan = plan_of(rows[i][1], "xfs", rows[i][2]);
		CU_ASSERT_FALSE(pp_defect_match(d, &plan, &x));
	}
}

static void predictions(void)
{
	struct pp_plan plan = plan_of("mr-fsync", "ext4", "rxe-mr");

	CU_ASSERT_TRUE(pp_defect_predicts(row(FSYNC), &plan));
	CU_ASSERT_FALSE(pp_defect_predicts(row(POLICY), &plan));
	plan = plan_of("mr-fsync", "vfat", "rxe-mr");
	CU_ASSERT_FALSE(pp_defect_predicts(row(FSYNC), &plan));
}

static void ranges(void)
{
	static const struct {
		const char *release, *uname_version;
		enum pp_range range;
	} kernels[] = {
		{ "5.5.19", "", PP_RANGE_OUT },
		{ "5.6.0", "", PP_RANGE_IN },
		{ "6.4.16", "", PP_RANGE_IN },
		{ "6.5.0", "", PP_RANGE_OUT },
		{ "6.5.0-rc1", "", PP_RANGE_OUT },
		{ "6.1.0-56-amd64", "Debian 6.1.192-2", PP_RANGE_IN },
		{ "6.12.117+deb12-amd64", "Debian 6.12.117-1~deb12u1", PP_RANGE_OUT },
		{ "6.2.0-39-generic", "#40-Ubuntu SMP", PP_RANGE_POSSIBLE },
		{ "5.4.0-200-generic", "#220-Ubuntu SMP", PP_RANGE_POSSIBLE },
		{ "6.8.0-45-generic", "#45-Ubuntu SMP", PP_RANGE_OUT },
		{ "6.12.0+", "", PP_RANGE_OUT },
		{ "6.4.0+", "", PP_RANGE_POSSIBLE },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(kernels); i++) {
		struct pp_facts f = { 0 };

		pp_facts_kernel(&f, kernels[i].release, kernels[i].uname_version);
		CU_ASSERT_EQUAL(pp_defect_range(row(FSYNC), &f), kernels[i].range);
	}
}

/* A word that is no verb would match nothing. */
static void known_verbs(const char *list)
{
	char words[256], *rest = words;

	snprintf(words, sizeof(words), "%s", list ? list : "");
	while (list && rest)
		CU_ASSERT_NOT_EQUAL(pp_verb_find(strsep(&rest, " ")), PP_VERB_NONE);
}

/* A row without a reference, or one that can match nothing, is a mistake in the table. */
static void table_is_sound(void)
{
	for (size_t i = 0; i < pp_n_defects; i++) {
		const struct pp_defect *d = &pp_defects[i];
		regex_t regex;

		CU_ASSERT_PTR_EQUAL(row(d->name), d);
		CU_ASSERT(strlen(d->reference) > 0 && strlen(d->reference) < 256);
		CU_ASSERT(strlen(d->title) > 0);
		CU_ASSERT(d->classes != 0 && d->rule != PP_RULE_NONE);
		CU_ASSERT(pp_version_cmp(d->since, d->before) < 0);
		known_verbs(d->lost);
		known_verbs(d->beside);
		if (d->log && regcomp(&regex, d->log, REG_EXTENDED | REG_NOSUB) == 0)
			regfree(&regex);
		else
			CU_ASSERT_PTR_NULL(d->log);
	}
}

/* mr-policy's row covers exactly the rows of the policy table that are known holes. */
static void policy_rows_agree(void)
{
	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		struct pp_plan plan = plan_of("mr-policy", pp_policy_rows[i].name, "rxe-mr");

		CU_ASSERT_EQUAL(pp_defect_predicts(row(POLICY), &plan),
				pp_policy_rows[i].defect_if_written);
	}
}

/* "6.5", or "6.5.3" for a row whose range begins or ends within a stable series. */
static void version_word(struct pp_version v, char *out, size_t size)
{
	if (v.patch)
		snprintf(out, size, "%d.%d.%d", v.major, v.minor, v.patch);
	else
		snprintf(out, size, "%d.%d", v.major, v.minor);
}

static void say_row(FILE *f, const struct pp_defect *d)
{
	char since[32], before[32];

	version_word(d->since, since, sizeof(since));
	version_word(d->before, before, sizeof(before));
	fprintf(f, "%s: %s, %s, %s, %s, %s", d->name, d->scenario, d->steps, d->backings,
		d->pinners, pp_rule_words[d->rule].name);
	for (int c = 0; c < PP_CLASS_COUNT; c++)
		if (d->classes & (1u << c))
			fprintf(f, " %s", pp_class_words[c].name);
	fprintf(f, ", %s to %s%s%s", since, before, d->chance ? ", chance" : "",
		d->fault ? ", fault" : "");
	if (d->region)
		fprintf(f, ", region %s", d->region);
	if (d->lost)
		fprintf(f, ", lost %s", d->lost);
	if (d->beside)
		fprintf(f, ", beside %s", d->beside);
	fprintf(f, "%s%s\n", d->log ? ", log " : "", d->log ? d->log : "");
}

/* What a row excuses nobody else sees: a change is one on purpose. */
static void rows_are_as_listed(void)
{
	char *want = pp_unit_read(LIST, NULL), *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (size_t i = 0; i < pp_n_defects; i++)
		say_row(f, &pp_defects[i]);
	fclose(f);
	if (getenv("PP_DEFECTS_TEXT"))
		fputs(got, stderr);
	else if (strcmp(got, want))
		fprintf(stderr, LIST " lists other rows; PP_DEFECTS_TEXT=1 shows the new list\n");
	PP_ASSERT_STR(got, want);
	free(got);
	free(want);
}

/* Steps as a cell of a table may have them: without the bars that part columns. */
static void steps_words(const char *steps, char *out, size_t size)
{
	size_t n = 0;

	if (strcmp(steps, "*") == 0)
		steps = "any";
	for (; *steps && n + 4 < size; steps++)
		n += (size_t)(*steps == '|' ? snprintf(out + n, size - n, " / ")
					    : snprintf(out + n, size - n, "%c", *steps));
	out[n] = '\0';
}

/* docs/verdicts.md lists every row with its range and reference. */
static void document_agrees(void)
{
	char *doc = pp_unit_read("docs/verdicts.md", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	for (size_t i = 0; i < pp_n_defects; i++) {
		const struct pp_defect *d = &pp_defects[i];
		char begin[512], end[512], since[32], before[32], steps[128];
		const char *line, *rest;

		/* docs/bugs.md tells of those. */
		if (!strcmp(d->scenario, "report"))
			continue;
		steps_words(d->steps, steps, sizeof(steps));
		snprintf(begin, sizeof(begin), "| `%s` | `%s` | %s | %s | %s |", d->name,
			 d->scenario, steps, d->backings, pp_rule_words[d->rule].name);
		version_word(d->since, since, sizeof(since));
		version_word(d->before, before, sizeof(before));
		snprintf(end, sizeof(end), " | %s to %s | %s |", since, before, d->reference);
		line = strstr(doc, begin);
		CU_ASSERT_PTR_NOT_NULL_FATAL(line);
		rest = strstr(line, end);
		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		CU_ASSERT_PTR_EQUAL(rest + strlen(end), strchr(line, '\n'));
	}
	free(doc);
}

static const struct pp_unit_case cases[] = {
	{ "the whole signature counts", whole_signature },
	{ "wildcards, lists of steps, log lines", wildcards_and_logs },
	{ "verbs of the lost write and beside it", verbs },
	{ "a row of one region", regions },
	{ "write faults", faults },
	{ "predictions", predictions },
	{ "ranges", ranges },
	{ "the table is sound", table_is_sound },
	{ "the mr-policy row and the policy table agree", policy_rows_agree },
	{ "the rows are as listed", rows_are_as_listed },
	{ "docs/verdicts.md has the rows", document_agrees },
};
PP_UNIT_MAIN("defect", cases)
