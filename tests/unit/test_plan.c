/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan language: what a text means, the exact complaint about each bad one
 * (tests/golden/plans/bad.txt), the normal form, the builder. What the race
 * engine added is in test_plan_race.c.
 */
#include "unit.h"

#include "core/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLANS "tests/golden/plans/"

static const char *const good[] = { "mr-fsync", "everything", "base", "race", "storm" };

static char *read_plan(const char *name, const char *suffix, size_t *len)
{
	char path[128];

	snprintf(path, sizeof(path), PLANS "%s%s", name, suffix);
	return pp_unit_read(path, len);
}

static struct pp_plan *parse_good(const char *name)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };
	size_t len;
	char *text = read_plan(name, ".plan", &len);
	int rc = pp_plan_parse(text, len, &plan, &err);

	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	free(text);
	return plan;
}

static void normal_form(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(good); i++) {
		struct pp_plan *plan = parse_good(good[i]), *again = NULL;
		char *want = read_plan(good[i], ".normal", NULL);
		char *text = pp_plan_print(plan), *twice;

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		PP_ASSERT_STR(text, want);
		CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &again, NULL), 0);
		twice = pp_plan_print(again);
		PP_ASSERT_STR(twice, text);
		CU_ASSERT_EQUAL(pp_plan_crc(plan), pp_plan_crc(again));
		CU_ASSERT_NOT_EQUAL(pp_plan_crc(plan), 0);
		free(twice);
		free(text);
		free(want);
		pp_plan_free(again);
		pp_plan_free(plan);
	}
}

static void head_means(void)
{
	struct pp_plan *p = parse_good("mr-fsync");
	char scenario[PP_NAME_MAX];

	PP_ASSERT_STR(p->case_name, "mr-fsync/ext4/rxe-mr");
	PP_ASSERT_STR(p->backing, "ext4");
	PP_ASSERT_STR(p->pinner, "rxe-mr");
	CU_ASSERT_EQUAL(p->seed, 42);
	CU_ASSERT_EQUAL(p->rules,
			PP_RULE_BIT(PP_O1_COHERENCE) | PP_RULE_BIT(PP_O2_DURABILITY) |
				PP_RULE_BIT(PP_O4_IDENTITY) | PP_RULE_BIT(PP_O7_PIN_BALANCE) |
				PP_RULE_BIT(PP_O8_REFUSAL) | PP_RULE_BIT(PP_O10_QUIET_KERNEL) |
				PP_RULE_BIT(PP_O12_EXPLAINED));
	CU_ASSERT_EQUAL(p->bound_ms, 20000);
	CU_ASSERT_EQUAL_FATAL(p->n_needs, 3);
	PP_ASSERT_STR(p->needs[2], "fs-ext4");
	CU_ASSERT_EQUAL_FATAL(p->n_evidence, 2);
	PP_ASSERT_STR(p->evidence[0].name, "device-writes-seen");
	CU_ASSERT_EQUAL(p->evidence[0].least, 8);
	CU_ASSERT_EQUAL(p->evidence[0].when, PP_WHEN_ACCEPTED);
	CU_ASSERT_EQUAL(p->evidence[1].when, PP_WHEN_REFUSED);
	pp_plan_scenario(p, scenario);
	PP_ASSERT_STR(scenario, "mr-fsync");
	pp_plan_free(p);
}

static void objects_mean(void)
{
	struct pp_plan *p = parse_good("mr-fsync");

	CU_ASSERT_EQUAL_FATAL(p->n_fs, 1);
	PP_ASSERT_STR(p->fs[0].type, "ext4");
	PP_ASSERT_STR(p->fs[0].slot, "disk0");
	CU_ASSERT_EQUAL(p->fs[0].block_bytes, 4096);
	PP_ASSERT_STR(p->fs[0].mkfs, "-O ^metadata_csum");
	PP_ASSERT_STR(p->fs[0].mount, "noatime");
	CU_ASSERT_EQUAL_FATAL(p->n_regions, 1);
	CU_ASSERT_EQUAL(p->regions[0].backing, PP_BACKING_EXT4);
	CU_ASSERT_EQUAL(p->regions[0].size_bytes, 65536);
	CU_ASSERT_EQUAL(p->regions[0].share, PP_SHARED);
	CU_ASSERT_EQUAL(p->regions[0].prot, PP_PROT_R | PP_PROT_W);
	CU_ASSERT_FALSE(p->regions[0].fd_readonly);
	CU_ASSERT_EQUAL(p->regions[0].of, PP_NO_INDEX);
	CU_ASSERT_EQUAL_FATAL(p->n_mrs, 1);
	CU_ASSERT_EQUAL(p->mrs[0].access, PP_ACCESS_LW | PP_ACCESS_RW | PP_ACCESS_RR);
	CU_ASSERT_EQUAL(p->mrs[0].length_bytes, 65536);
	CU_ASSERT_EQUAL(p->n_actors, 2);
	CU_ASSERT_EQUAL_FATAL(p->n_steps, 3);
	PP_ASSERT_STR(p->steps[0], "");
	PP_ASSERT_STR(p->steps[1], "before dereg");
	pp_plan_free(p);
	p = parse_good("everything");
	PP_ASSERT_STR(p->fs[0].mount, "a=\"b\\c\",d");
	PP_ASSERT_STR(p->steps[2], "say \"hi\" \\ bye # no comment");
	pp_plan_free(p);
}

static void ops_mean(void)
{
	struct pp_plan *p = parse_good("mr-fsync");
	const struct pp_op *op = pp_plan_op(p, 10);

	CU_ASSERT_PTR_NOT_NULL_FATAL(op);
	CU_ASSERT_EQUAL(op->verb, PP_VERB_RDMA_WRITE);
	CU_ASSERT_EQUAL(op->gen, 2);
	CU_ASSERT_EQUAL(op->step, 1);
	CU_ASSERT_EQUAL(op->length_bytes, 4096);
	CU_ASSERT_EQUAL(op->expect, PP_EXPECT_OK);
	CU_ASSERT_EQUAL(op->bound_ms, 0);
	op = pp_plan_op(p, 13);
	CU_ASSERT_EQUAL(op->actor, 1);
	CU_ASSERT_EQUAL_FATAL(op->after_count, 2);
	CU_ASSERT_EQUAL(p->after[op->after_first], 10);
	CU_ASSERT_EQUAL(p->after[op->after_first + 1], 11);
	op = pp_plan_op(p, 14);
	CU_ASSERT_EQUAL(op->expect, PP_EXPECT_ANY);
	CU_ASSERT_EQUAL(op->bound_ms, 1500);
	CU_ASSERT_EQUAL(op->offset_bytes, 0);
	CU_ASSERT_EQUAL(op->length_bytes, 65536);
	CU_ASSERT_TRUE(pp_plan_op(p, 15)->hazard);
	CU_ASSERT_FALSE(pp_plan_op(p, 16)->hazard);
	CU_ASSERT_EQUAL(pp_plan_op(p, 5)->expect, PP_EXPECT_POLICY);
	CU_ASSERT_EQUAL(pp_plan_op(p, 5)->step, 0);
	CU_ASSERT_EQUAL(pp_plan_op(p, 22)->expect, PP_EXPECT_ERRNO);
	CU_ASSERT_EQUAL(pp_plan_op(p, 22)->expect_errno, EIO);
	CU_ASSERT_EQUAL(pp_plan_op(p, 22)->step, 2);
	CU_ASSERT_PTR_NULL(pp_plan_op(p, 9));
	CU_ASSERT_PTR_NULL(pp_plan_op(p, 0));
	CU_ASSERT_PTR_NULL(pp_plan_op(p, 24));
	pp_plan_free(p);
}

static void places_of_ops(void)
{
	struct pp_plan *p = parse_good("everything");
	const struct pp_op *mount = pp_plan_op(p, 8), *rdma = pp_plan_op(p, 45);
	const struct pp_op *store = pp_plan_op(p, 10), *quiet = pp_plan_op(p, UINT32_MAX);

	CU_ASSERT_EQUAL(pp_plan_op_region(p, mount), PP_NO_INDEX);
	CU_ASSERT_EQUAL(pp_plan_op_region(p, quiet), PP_NO_INDEX);
	CU_ASSERT_EQUAL(pp_plan_op_region(p, store), 0);
	CU_ASSERT_EQUAL(pp_plan_op_offset(p, store), 64);
	/* The MR begins at byte 64 of its region. */
	CU_ASSERT_EQUAL(pp_plan_op_region(p, rdma), 0);
	CU_ASSERT_EQUAL(pp_plan_op_offset(p, rdma), 128);
	CU_ASSERT_EQUAL(rdma->offset_bytes, 64);
	CU_ASSERT_EQUAL(rdma->length_bytes, 64);
	pp_plan_free(p);
}

/* Which region's stamps a mapping and its file show; "own" and "-" stand for itself and nobody. */
static void spaces(void)
{
	static const struct {
		const char *region, *space, *file;
	} rows[] = {
		{ "anon", "own", "-" },  { "mfd", "own", "own" },  { "e", "own", "own" },
		{ "e-ro", "own", "e" },  { "e-two", "e", "e" },    { "e-three", "e", "e" },
		{ "e-cow", "own", "e" }, { "v", "own", "-" },      { "dd", "own", "own" },
		{ "dd2", "dd", "dd" },   { "disk", "own", "own" }, { "secret", "own", "-" },
		{ "kern", "own", "-" },
	};
	struct pp_plan *p = parse_good("everything");

	for (size_t i = 0; i < p->n_regions; i++) {
		const struct pp_region_def *r = &p->regions[i];

		for (size_t k = 0; k < PP_ARRAY_LEN(rows); k++) {
			const char *space, *file;

			if (strcmp(rows[k].region, r->name))
				continue;
			space = r->space == i ? "own" : p->regions[r->space].name;
			file = r->file_space == PP_NO_INDEX ? "-"
			       : r->file_space == i         ? "own"
							    : p->regions[r->file_space].name;
			PP_ASSERT_STR(space, rows[k].space);
			PP_ASSERT_STR(file, rows[k].file);
		}
	}
	pp_plan_free(p);
}

static void backings_are_consistent(void)
{
	for (int b = 0; b < PP_BACKING_COUNT; b++) {
		const struct pp_backing_info *i = &pp_backings[b];

		CU_ASSERT_PTR_NOT_NULL_FATAL(i->name);
		CU_ASSERT_EQUAL(i->needs_fs, i->fs_type != NULL);
		CU_ASSERT(!i->needs_fs || i->has_file);
		CU_ASSERT(!i->has_disk || i->has_file);
		CU_ASSERT(!i->has_file || (i->remaps && i->has_fd));
		CU_ASSERT(!i->has_file || i->has_fd);
		CU_ASSERT(!i->special || !i->has_file);
		for (int other = 0; other < b; other++)
			CU_ASSERT_STRING_NOT_EQUAL(i->name, pp_backings[other].name);
	}
}

struct text {
	char s[8192];
	size_t len;
};

static void put(struct text *t, const char *s, size_t len)
{
	CU_ASSERT_FATAL(t->len + len < sizeof(t->s));
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

static void must_refuse(const char *name, const struct text *t, int code, const char *complaint)
{
	/* A copy that ends where the text ends, so that a sanitizer sees any read behind it. */
	char *exact = malloc(t->len ? t->len : 1);
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };
	int rc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, t->s, t->len);
	rc = pp_plan_parse(exact, t->len, &plan, &err);
	free(exact);
	if (rc != code || strcmp(err.text, complaint))
		fprintf(stderr, "%s: got %d \"%s\"\n", name, rc, err.text);
	CU_ASSERT_EQUAL(rc, code);
	PP_ASSERT_STR(err.text, complaint);
	CU_ASSERT_PTR_NULL(plan);
	if (!rc)
		pp_plan_free(plan);
}

static void bad_texts(void)
{
	size_t base_len, len, checked = 0;
	char *base = read_plan("base", ".plan", &base_len);
	char *table = read_plan("bad", ".txt", &len);
	char *line = table, *next, name[80] = "";
	struct text t = { .len = 0 };

	for (; *line; line = next) {
		size_t n = strcspn(line, "\n");

		next = line + n + (line[n] == '\n');
		line[n] = '\0';
		if (!strncmp(line, "== ", 3) || !strncmp(line, "++ ", 3)) {
			snprintf(name, sizeof(name), "%s", line + 3);
			t.len = 0;
			put(&t, base, *line == '+' ? base_len : 0);
		} else if (*line == '|') {
			put(&t, line + 1, n - 1);
			put(&t, "\n", 1);
		} else if (*line == '>' || *line == '!') {
			must_refuse(name, &t, *line == '!' ? -EPROTO : -EINVAL,
				    strchr(line, '>') + 2);
			checked++;
		}
	}
	CU_ASSERT(checked > 220);
	free(table);
	free(base);
}

/* The base of the table is good, and so are the values on the good side of each limit. */
static void good_limits(void)
{
	static const char *const lines[] = {
		"need aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"step \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
		"fs x type=xfs slot=a23456789012345",
		"region x backing=anon size=2G",
		"region x backing=ext4 of=file size=8192",
		"mr x region=anon range=8128+64",
		"op 11 main quiet",
		"op 4294967295 main store anon gen=4294967295",
		"op 30 main rdma-read m0 4032+64",
		"op 30 w1 store anon gen=5",
		"op 30 main fsync priv\nop 31 main fsync dax expect=EINVAL",
		"op 30 main load priv",
		"op 30 main quiet bound=86400s",
		"evidence quiets >= 2 if refused",
		"actor base",
		"region size backing=anon size=64\nmr range region=size",
	};
	size_t base_len;
	char *base = read_plan("base", ".plan", &base_len);

	for (size_t i = 0; i < PP_ARRAY_LEN(lines); i++) {
		struct text t = { .len = 0 };
		struct pp_plan *plan = NULL;
		struct pp_err err = { 0 };

		put(&t, base, base_len);
		put(&t, lines[i], strlen(lines[i])); /* no newline at the end */
		CU_ASSERT_EQUAL(pp_plan_parse(t.s, t.len, &plan, &err), 0);
		PP_ASSERT_STR(err.text, "");
		pp_plan_free(plan);
	}
	free(base);
}

static void each_required_line(void)
{
	static const char *const lines[] = { "case a", "backing b", "pinner c", "rules O1",
					     "bound 1s" };
	char complaint[96];

	for (size_t skip = 0; skip <= PP_ARRAY_LEN(lines); skip++) {
		struct text t = { .len = 0 };
		struct pp_plan *plan = NULL;

		put(&t, "pinproof-plan 1\n", 16);
		for (size_t i = 0; i < PP_ARRAY_LEN(lines); i++)
			if (i != skip) {
				put(&t, lines[i], strlen(lines[i]));
				put(&t, "\n", 1);
			}
		if (skip == PP_ARRAY_LEN(lines)) {
			CU_ASSERT_EQUAL_FATAL(pp_plan_parse(t.s, t.len, &plan, NULL), 0);
			CU_ASSERT_EQUAL(plan->seed, 0);
			CU_ASSERT_EQUAL(plan->n_steps, 1);
			pp_plan_free(plan);
			continue;
		}
		snprintf(complaint, sizeof(complaint),
			 "line 6 column 1: expected a line '%.*s ...', found the end of the text.",
			 (int)strcspn(lines[skip], " "), lines[skip]);
		must_refuse(lines[skip], &t, -EINVAL, complaint);
	}
}

static void too_many_actors(void)
{
	struct pp_plan_text t = { 0 };
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };

	pp_say(&t, "pinproof-plan 1\ncase a\nbacking b\npinner c\nrules O1\nbound 1s");
	for (int i = 0; i < 255; i++)
		pp_say(&t, "actor a%d", i);
	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(t.text, t.len, &plan, &err), 0);
	CU_ASSERT_EQUAL(plan->n_actors, 255);
	pp_plan_free(plan);
	pp_say(&t, "actor one-more");
	CU_ASSERT_EQUAL(pp_plan_parse(t.text, t.len, &plan, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "line 262 column 1: expected at most 255 actors, found 'actor'.");
	free(t.text);
}

static void builder(void)
{
	struct pp_plan_text t = { 0 };
	char line[3000];

	pp_say(&t, "case %s", "a/b/c");
	CU_ASSERT_EQUAL(pp_op(&t, "map %s", "data"), 1);
	CU_ASSERT_EQUAL(pp_op(&t, "store data %zu+%zu gen=%u", (size_t)0, (size_t)64, pp_gen(&t)),
			2);
	CU_ASSERT_EQUAL(pp_op_by(&t, "w1", "load data after=%u", 2u), 3);
	CU_ASSERT_EQUAL(pp_gen(&t), 2);
	PP_ASSERT_STR(t.text, "case a/b/c\nop 1 main map data\nop 2 main store data 0+64 gen=1\n"
			      "op 3 w1 load data after=2\n");
	CU_ASSERT_EQUAL(t.len, strlen(t.text));
	/* A line longer than what the text has room for so far. */
	memset(line, '#', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	pp_say(&t, "%s", line);
	CU_ASSERT_EQUAL(t.len, strlen(t.text));
	CU_ASSERT_EQUAL(t.failed, 0);
	/* After a failure nothing is added, and the failure stays. */
	t.failed = -ENOMEM;
	line[0] = t.text[t.len - 1];
	pp_say(&t, "lost");
	pp_op(&t, "quiet");
	CU_ASSERT_EQUAL(t.text[t.len - 1], line[0]);
	CU_ASSERT_EQUAL(t.len, strlen(t.text));
	CU_ASSERT_EQUAL(t.failed, -ENOMEM);
	free(t.text);
}

/* A scenario may number from where it likes. */
static void builder_starts_anywhere(void)
{
	struct pp_plan_text t = { .next_op = 100, .next_gen = 7 };

	CU_ASSERT_EQUAL(pp_op(&t, "quiet"), 100);
	CU_ASSERT_EQUAL(pp_gen(&t), 7);
	PP_ASSERT_STR(t.text, "op 100 main quiet\n");
	free(t.text);
}

static const struct pp_unit_case cases[] = {
	{ "normal form is a fixed point", normal_form },
	{ "what the head means", head_means },
	{ "what objects mean", objects_mean },
	{ "what operations mean", ops_mean },
	{ "region and offset of an operation", places_of_ops },
	{ "who owns which bytes", spaces },
	{ "backings agree with themselves", backings_are_consistent },
	{ "bad texts and their complaints", bad_texts },
	{ "the good side of each limit", good_limits },
	{ "each required line", each_required_line },
	{ "at most 255 actors", too_many_actors },
	{ "builder", builder },
	{ "builder starts anywhere", builder_starts_anywhere },
};

PP_UNIT_MAIN("plan", cases)
