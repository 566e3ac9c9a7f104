/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cases are selected, in which order; with scenarios of the test's own. */
#include <errno.h>

#include "run/select.h"
#include "tmpdir.h"

static bool alpha_variant(size_t index, struct pp_variant *out)
{
	static const char *const names[] = { "ext4", "xfs", "tmpfs", "ext4-many" };

	if (index >= sizeof(names) / sizeof(names[0]))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", names[index]);
	snprintf(out->pinner, sizeof(out->pinner), "rxe-mr");
	out->tier = index == 3 ? PP_TIER_FULL : PP_TIER_QUICK;
	return true;
}

static bool beta_variant(size_t index, struct pp_variant *out)
{
	snprintf(out->name, sizeof(out->name), "anon");
	snprintf(out->pinner, sizeof(out->pinner), index ? "vmsplice" : "dio");
	out->tier = index ? PP_TIER_SOAK : PP_TIER_QUICK;
	return index < 2;
}

static const struct pp_scenario alpha = { .name = "alpha", .variant = alpha_variant };
static const struct pp_scenario beta = { .name = "beta", .variant = beta_variant };
extern const struct pp_scenario *const pp_scenarios[];
const struct pp_scenario *const pp_scenarios[] = { &alpha, &beta, NULL };

#define MAX_PATTERNS 8

/* The labels, separated by blanks, or the error. Patterns are separated by blanks too. */
static int select_labels(struct pp_config *c, const char *patterns, char *out, size_t size,
			 struct pp_err *err)
{
	const char *list[MAX_PATTERNS];
	char words[256], *at = words, *word;
	struct pp_selection s;
	int rc;

	snprintf(words, sizeof(words), "%s", patterns);
	c->n_patterns = 0;
	while ((word = strsep(&at, " ")))
		if (*word)
			list[c->n_patterns++] = word;
	c->patterns = list;
	c->repeat = c->repeat ? c->repeat : 1;
	out[0] = err->text[0] = '\0';
	rc = pp_select(c, &s, err);
	for (size_t i = 0; !rc && i < s.count; i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", i ? " " : "", s.cases[i].label);
	}
	if (!rc)
		pp_selection_free(&s);
	return rc;
}

#define QUICK "alpha/ext4/rxe-mr alpha/xfs/rxe-mr alpha/tmpfs/rxe-mr beta/anon/dio"

static const struct {
	const char *patterns;
	enum pp_tier tier;
	unsigned repeat;
	const char *labels; /* NULL: refused */
	const char *says;
} rows[] = {
	{ "", PP_TIER_QUICK, 1, QUICK, "" },
	{ "", PP_TIER_FULL, 1,
	  "alpha/ext4/rxe-mr alpha/xfs/rxe-mr alpha/tmpfs/rxe-mr alpha/ext4-many/rxe-mr "
	  "beta/anon/dio",
	  "" },
	{ "", PP_TIER_SOAK, 1,
	  "alpha/ext4/rxe-mr alpha/xfs/rxe-mr alpha/tmpfs/rxe-mr alpha/ext4-many/rxe-mr "
	  "beta/anon/dio beta/anon/vmsplice",
	  "" },
	{ "alpha", PP_TIER_QUICK, 1, "alpha/ext4/rxe-mr alpha/xfs/rxe-mr alpha/tmpfs/rxe-mr", "" },
	{ "alpha/ext4", PP_TIER_FULL, 1, "alpha/ext4/rxe-mr", "" }, /* not ext4-many */
	{ "alpha/ext4*", PP_TIER_FULL, 1, "alpha/ext4/rxe-mr alpha/ext4-many/rxe-mr", "" },
	{ "*/dio", PP_TIER_QUICK, 1, "beta/anon/dio", "" },
	{ "beta alpha/xfs", PP_TIER_QUICK, 1, "beta/anon/dio alpha/xfs/rxe-mr", "" },
	/* a whole name is taken whatever its tier */
	{ "alpha/ext4-many/rxe-mr", PP_TIER_QUICK, 1, "alpha/ext4-many/rxe-mr", "" },
	{ "alpha/ext4-many", PP_TIER_QUICK, 1, NULL, "larger tier" },
	{ "beta/anon/vm*", PP_TIER_FULL, 1, NULL, "names 1 cases" },
	/* doubles run once */
	{ "alpha/xfs alpha/xfs alpha/x*", PP_TIER_QUICK, 1, "alpha/xfs/rxe-mr", "" },
	{ "alpha/xfs/rxe-mr~1 alpha/xfs", PP_TIER_QUICK, 1, "alpha/xfs/rxe-mr", "" },
	/* repeats */
	{ "beta", PP_TIER_QUICK, 3, "beta/anon/dio beta/anon/dio~2 beta/anon/dio~3", "" },
	{ "beta alpha/xfs", PP_TIER_QUICK, 2,
	  "beta/anon/dio alpha/xfs/rxe-mr beta/anon/dio~2 alpha/xfs/rxe-mr~2", "" },
	{ "beta/anon/dio~7", PP_TIER_QUICK, 1, "beta/anon/dio~7", "" },
	{ "beta/anon/dio~0", PP_TIER_QUICK, 1, NULL, "'beta/anon/dio~0'" },
	{ "beta/anon/dio~x", PP_TIER_QUICK, 1, NULL, "'beta/anon/dio~x'" },
	{ "beta/anon/dio~2x", PP_TIER_QUICK, 1, NULL, "'beta/anon/dio~2x'" },
	{ "beta/anon/dio~99999999999999999999", PP_TIER_QUICK, 1, NULL, "no case is called" },
	{ "beta~2", PP_TIER_QUICK, 1, NULL, "'beta~2'" },
	/* "all passed" never means "nothing ran" */
	{ "gamma", PP_TIER_SOAK, 1, NULL, "no case is called 'gamma'" },
	{ "alpha gamma", PP_TIER_SOAK, 1, NULL, "no case is called 'gamma'" },
	{ "alph", PP_TIER_SOAK, 1, NULL, "no case is called 'alph'" },
	{ "alpha/ext4/rxe", PP_TIER_SOAK, 1, NULL, "no case is called" },
};

static void patterns(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_config c = { .tier = rows[i].tier, .repeat = rows[i].repeat };
		struct pp_err err;
		char labels[1024];
		int rc = select_labels(&c, rows[i].patterns, labels, sizeof(labels), &err);

		CU_ASSERT_EQUAL(rc, rows[i].labels ? 0 : -EINVAL);
		if (strcmp(labels, rows[i].labels ? rows[i].labels : "") ||
		    !strstr(err.text, rows[i].says))
			fprintf(stderr, "row %zu: %s %s\n", i, labels, err.text);
		PP_ASSERT_STR(labels, rows[i].labels ? rows[i].labels : "");
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
	}
}

static void names_longer_than_any(void)
{
	struct pp_config c = { .tier = PP_TIER_SOAK };
	struct pp_err err;
	char labels[1024], pattern[PP_CASE_LABEL_MAX + 1];

	memset(pattern, 'a', sizeof(pattern));
	pattern[sizeof(pattern) - 1] = '\0';
	CU_ASSERT_EQUAL(select_labels(&c, pattern, labels, sizeof(labels), &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than any"));
}

static void lists_from_files(void)
{
	static const char list[] = "# a remark\n\nbeta/anon/dio~2  \nalpha/xfs/rxe-mr";
	struct tmpdir d;
	struct pp_err err;
	struct pp_config c = { .tier = PP_TIER_QUICK };
	char labels[1024], path[256];

	tmpdir_make(&d);
	tmpdir_write(&d, "list", list, strlen(list));
	snprintf(path, sizeof(path), "%s", tmpdir_file(&d, "list"));
	c.cases_from = path;
	CU_ASSERT_EQUAL(select_labels(&c, "", labels, sizeof(labels), &err), 0);
	PP_ASSERT_STR(labels, "beta/anon/dio~2 alpha/xfs/rxe-mr");
	CU_ASSERT_EQUAL(select_labels(&c, "beta", labels, sizeof(labels), &err), 0);
	PP_ASSERT_STR(labels, "beta/anon/dio~2 alpha/xfs/rxe-mr beta/anon/dio");
	tmpdir_write(&d, "list", "# nothing\n", 10);
	CU_ASSERT_EQUAL(select_labels(&c, "", labels, sizeof(labels), &err), -EINVAL);
	tmpdir_write(&d, "list", "alpha/xfs\ngamma\n", 16);
	CU_ASSERT_EQUAL(select_labels(&c, "", labels, sizeof(labels), &err), -EINVAL);
	c.cases_from = "/nonexistent/list";
	CU_ASSERT_NOT_EQUAL(select_labels(&c, "", labels, sizeof(labels), &err), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent/list"));
	tmpdir_remove(&d);
}

static size_t length_of_all(const char *labels)
{
	size_t found = 0;
	char words[] = QUICK, *at = words, *word;

	while ((word = strsep(&at, " ")))
		found += strstr(labels, word) != NULL;
	return found;
}

/* The order is the seed's: the same for the same seed, another for most others. */
static void shuffled(void)
{
	struct pp_config c = { .tier = PP_TIER_QUICK, .shuffle = true };
	char first[1024], again[1024];
	struct pp_err err;
	char before[1024] = "";
	unsigned different = 0, changes = 0;

	for (uint64_t seed = 0; seed < 50; seed++) {
		c.seed = seed;
		CU_ASSERT_EQUAL(select_labels(&c, "", first, sizeof(first), &err), 0);
		CU_ASSERT_EQUAL(select_labels(&c, "", again, sizeof(again), &err), 0);
		PP_ASSERT_STR(first, again);
		CU_ASSERT_EQUAL(strlen(first), strlen(QUICK));
		CU_ASSERT_EQUAL(length_of_all(first), 4);
		different += strcmp(first, QUICK) != 0;
		changes += strcmp(first, before) != 0;
		memcpy(before, first, sizeof(before));
	}
	CU_ASSERT(different > 40);
	CU_ASSERT(changes > 40);
}

static void seeds_and_names(void)
{
	struct pp_case one;

	CU_ASSERT_EQUAL(pp_case_find("beta/anon/vmsplice", &one), 0);
	CU_ASSERT(one.scenario == &beta && one.variant.tier == PP_TIER_SOAK);
	PP_ASSERT_STR(one.label, "beta/anon/vmsplice");
	CU_ASSERT_EQUAL(pp_case_find("beta/anon", &one), -ENOENT);
	CU_ASSERT_EQUAL(pp_case_find("", &one), -ENOENT);
	CU_ASSERT_EQUAL(pp_case_seed(1, "a/b/c"), pp_case_seed(1, "a/b/c"));
	CU_ASSERT_NOT_EQUAL(pp_case_seed(1, "a/b/c"), pp_case_seed(2, "a/b/c"));
	CU_ASSERT_NOT_EQUAL(pp_case_seed(1, "a/b/c"), pp_case_seed(1, "a/b/d"));
}

/* A plan file makes one case, called what the plan says, with the plan's own seed. */
static void replays(void)
{
	const char *operands[3] = { NULL };
	struct pp_config c = {
		.tier = PP_TIER_QUICK, .repeat = 3, .patterns = operands, .n_patterns = 1
	};
	struct pp_err err = { 0 };
	struct pp_selection s;
	struct pp_plan *one = NULL, *two = NULL;
	char path[256];
	size_t len;
	char *text = pp_unit_read("tests/golden/plans/storm.plan", &len);
	struct tmpdir d;

	tmpdir_make(&d);
	tmpdir_write(&d, "plan", text, len);
	/* The file, and the directory that it lies in. */
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s", i ? d.path : tmpdir_file(&d, "plan"));
		operands[0] = path;
		CU_ASSERT_EQUAL_FATAL(pp_select_replay(&c, &s, &err), 0);
		CU_ASSERT_EQUAL_FATAL(s.count, 3);
		PP_ASSERT_STR(s.cases[0].label, "storm/ext4/rxe-mr");
		PP_ASSERT_STR(s.cases[2].label, "storm/ext4/rxe-mr~3");
		CU_ASSERT_EQUAL_FATAL(pp_case_plan(&s.cases[0], 1, &one, &err), 0);
		CU_ASSERT_EQUAL_FATAL(pp_case_plan(&s.cases[2], 2, &two, &err), 0);
		CU_ASSERT_EQUAL(one->seed, 42);
		CU_ASSERT_EQUAL(pp_plan_crc(one), pp_plan_crc(two));
		CU_ASSERT_EQUAL(pp_plan_crc(one), pp_plan_crc(s.replay));
		pp_plan_free(one);
		pp_plan_free(two);
		pp_selection_free(&s);
	}
	/* Some of the repeats, which is what is left when a guest died. */
	operands[1] = "storm/ext4/rxe-mr~3";
	operands[2] = "storm/ext4/rxe-mr~2";
	c.n_patterns = 3;
	CU_ASSERT_EQUAL_FATAL(pp_select_replay(&c, &s, &err), 0);
	CU_ASSERT_EQUAL_FATAL(s.count, 2);
	PP_ASSERT_STR(s.cases[0].label, "storm/ext4/rxe-mr~2");
	PP_ASSERT_STR(s.cases[1].label, "storm/ext4/rxe-mr~3");
	pp_selection_free(&s);
	operands[2] = "storm/ext4/rxe-mr~4";
	CU_ASSERT_EQUAL(pp_select_replay(&c, &s, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'storm/ext4/rxe-mr~4' is no case of this plan"));
	c.n_patterns = 1;
	tmpdir_write(&d, "plan", "pinproof-plan 2\n", 16);
	operands[0] = d.path;
	CU_ASSERT_EQUAL(pp_select_replay(&c, &s, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, d.path));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "plan: line 1 column 15: expected plan version 1"));
	operands[0] = tmpdir_file(&d, "other");
	CU_ASSERT_EQUAL(pp_select_replay(&c, &s, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, d.file));
	tmpdir_remove(&d);
	free(text);
}

static const struct pp_unit_case cases[] = {
	{ "patterns, tiers, repeats, doubles", patterns },
	{ "names longer than any", names_longer_than_any },
	{ "lists from files", lists_from_files },
	{ "the order comes from the seed", shuffled },
	{ "seeds and names of cases", seeds_and_names },
	{ "replays", replays },
};

PP_UNIT_MAIN("select", cases)
