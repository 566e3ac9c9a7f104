/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden histories: every file of tests/golden/oracle/LIST is a plan, a history
 * and the findings that the oracle must give, no more and no fewer. Each rule
 * is switched off in turn to see that its files notice.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle.h"
#include "unit.h"

#define FOLDER      "tests/golden/oracle/"
#define LEAST_FILES 5 /* that keep and that break each rule */

struct golden {
	char name[96];
	struct pp_plan *plan;
	struct pp_history history;
	enum pp_era era;
	char *expected; /* lines, without remarks and settings */
};

static const enum pp_rule rules[] = {
	PP_O1_COHERENCE,  PP_O2_DURABILITY,  PP_O3_NO_WAY_BACK, PP_O4_IDENTITY, PP_O5_END_OF_FILE,
	PP_O6_ISOLATION,  PP_O7_PIN_BALANCE, PP_O8_REFUSAL,     PP_O9_LIVENESS, PP_O11_SOUND_FS,
	PP_O12_EXPLAINED, PP_O13_PAGES_STAY, PP_O14_DIRTY,
};

/* The text up to the next line "---", which is cut off; @next is what follows it. */
static char *section(char *text, char **next)
{
	char *end = strstr(text, "\n---\n");

	*next = NULL;
	if (end) {
		end[1] = '\0';
		*next = end + strlen("\n---\n");
	}
	return text;
}

/* Take "# remark" and "era NAME" out of the expected lines. */
static void read_expected(struct golden *g, const char *text)
{
	size_t len = 0;

	g->era = PP_ERA_6_5;
	g->expected = calloc(1, strlen(text) + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g->expected);
	while (*text) {
		size_t line = strcspn(text, "\n");

		line += text[line] == '\n';
		if (!strncmp(text, "era ", 4)) {
			g->era = PP_ERA_UNKNOWN;
			for (int i = 0; i < PP_ERA_COUNT; i++)
				if (!strncmp(text + 4, pp_era_names[i], strlen(pp_era_names[i])))
					g->era = (enum pp_era)i;
		} else if (*text != '#' && *text != '\n') {
			memcpy(g->expected + len, text, line);
			len += line;
		}
		text += line;
	}
}

static void golden_open(struct golden *g, const char *name)
{
	struct pp_err err = { "" };
	char path[160], *text, *history, *expected = NULL;
	int ret;

	memset(g, 0, sizeof(*g));
	snprintf(g->name, sizeof(g->name), "%s", name);
	snprintf(path, sizeof(path), FOLDER "%s", name);
	text = pp_unit_read(path, NULL);
	section(text, &history);
	CU_ASSERT_PTR_NOT_NULL_FATAL(history);
	section(history, &expected);
	if (!expected)
		fprintf(stderr, "%s: no expected section\n", name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
	ret = pp_plan_parse(text, strlen(text), &g->plan, &err);
	if (ret)
		fprintf(stderr, "%s: plan: %s\n", name, err.text);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	ret = pp_history_parse(history, strlen(history), g->plan, &g->history, &err);
	if (ret)
		fprintf(stderr, "%s: history: %s\n", name, err.text);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	CU_ASSERT_EQUAL(pp_history_check(&g->history, g->plan, &err), 0);
	read_expected(g, expected);
	free(text);
}

static void golden_close(struct golden *g)
{
	free(g->expected);
	pp_history_free(&g->history);
	pp_plan_free(g->plan);
}

/* The findings as the golden files write them. @out: malloc'ed. */
static char *findings_of(const struct golden *g, uint32_t disabled, struct pp_findings *f)
{
	const struct pp_oracle_options opt = { .disabled = disabled, .era = g->era };
	struct pp_err err = { "" };
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	memset(f, 0, sizeof(*f));
	CU_ASSERT_EQUAL_FATAL(pp_oracle_run(g->plan, &g->history, &opt, f, &err), 0);
	for (size_t i = 0; i < f->count; i++) {
		const struct pp_finding *one = &f->items[i];

		fprintf(file, "%s %s step=\"%s\"", pp_rule_words[one->rule].name,
			pp_class_words[one->cls].name, one->step);
		if (one->region != PP_NO_INDEX)
			fprintf(file, " %s %llu+%llu", g->plan->regions[one->region].name,
				(unsigned long long)one->offset_bytes,
				(unsigned long long)one->length_bytes);
		fprintf(file, " op=%u", one->op);
		if (one->fault)
			fprintf(file, " fault=%u", one->fault);
		fprintf(file, "\n");
	}
	fclose(file);
	return out;
}

/* What every finding must carry, whatever its rule. */
static void check_findings(const struct golden *g, const struct pp_findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct pp_finding *one = &f->items[i];
		bool own = false;

		CU_ASSERT_NOT_EQUAL(one->text[0], '\0');
		CU_ASSERT(strchr(one->text, '\n') == NULL);
		CU_ASSERT(one->n_ops >= 1 && one->n_ops <= PP_FINDING_OPS);
		CU_ASSERT_EQUAL(one->defect, -1);
		for (size_t k = 0; k < one->n_ops; k++) {
			CU_ASSERT_PTR_NOT_NULL(pp_plan_op(g->plan, one->ops[k]));
			own |= one->ops[k] == one->op;
		}
		CU_ASSERT(own);
		if (getenv("PP_GOLDEN_TEXT"))
			fprintf(stderr, "%s: %s %s: %s\n", g->name, pp_rule_words[one->rule].name,
				pp_class_words[one->cls].name, one->text);
	}
}

/* Call @fn for each file of the list; returns how many there were. */
static size_t each_golden(void (*fn)(struct golden *g, void *arg), void *arg)
{
	char *list = pp_unit_read(FOLDER "LIST", NULL), *save = NULL;
	size_t n = 0;

	for (char *name = strtok_r(list, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		struct golden g;

		golden_open(&g, name);
		fn(&g, arg);
		golden_close(&g);
		n++;
	}
	free(list);
	return n;
}

static void compare(struct golden *g, void *arg)
{
	struct pp_findings f;
	char *got = findings_of(g, 0, &f);
	bool breaks = strstr(g->name, "-break-") != NULL;

	(void)arg;
	if (strcmp(got, g->expected))
		fprintf(stderr, "%s: expected\n%sgot\n%s", g->name, g->expected, got);
	PP_ASSERT_STR(got, g->expected);
	CU_ASSERT_EQUAL(breaks, f.count > 0);
	check_findings(g, &f);
	free(got);
	pp_findings_free(&f);
}

/* Files of the folder, without LIST: one that is on no list would never be compared. */
static size_t files_on_disk(void)
{
	char path[4096];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/" FOLDER, pp_unit_srcdir());
	dir = opendir(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir)))
		n += strstr(entry->d_name, ".txt") != NULL;
	closedir(dir);
	return n;
}

static void test_every_file(void)
{
	size_t n = each_golden(compare, NULL);

	CU_ASSERT(n >= 2 * LEAST_FILES * PP_ARRAY_LEN(rules));
	CU_ASSERT_EQUAL(n, files_on_disk());
}

/* For one rule: how many files keep it, break it, and notice when it is off. */
struct flips {
	enum pp_rule rule;
	unsigned keep, broken, noticed;
};

static void flip(struct golden *g, void *arg)
{
	struct flips *flips = arg;
	char keep[16], broken[16];
	struct pp_findings f;
	char *got;

	snprintf(keep, sizeof(keep), "%s-keep-", pp_rule_words[flips->rule].name);
	snprintf(broken, sizeof(broken), "%s-break-", pp_rule_words[flips->rule].name);
	flips->keep += !strncmp(g->name, keep, strlen(keep));
	if (strncmp(g->name, broken, strlen(broken)))
		return;
	flips->broken++;
	got = findings_of(g, PP_RULE_BIT(flips->rule), &f);
	flips->noticed += strcmp(got, g->expected) != 0;
	free(got);
	pp_findings_free(&f);
}

static void test_every_rule_is_needed(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(rules); i++) {
		struct flips flips = { .rule = rules[i] };

		each_golden(flip, &flips);
		CU_ASSERT(flips.keep >= LEAST_FILES);
		CU_ASSERT(flips.broken >= LEAST_FILES);
		CU_ASSERT_EQUAL(flips.noticed, flips.broken);
	}
}

/* docs/oracle-rules.md names each file below its rule, as `name` after "O1-keep-...". */
static void named(struct golden *g, void *arg)
{
	const char *doc = arg, *rest, *rule = g->name, *end;
	char list[32], name[96];
	int len = (int)strcspn(rule, "-");
	bool keep;

	rest = rule + len + 1;
	keep = !strncmp(rest, "keep-", 5);
	snprintf(list, sizeof(list), "(`%.*s-%s-...`):", len, rule, keep ? "keep" : "break");
	snprintf(name, sizeof(name), "`%s", rest + (keep ? 5 : 6));
	snprintf(strstr(name, ".txt"), sizeof(".txt"), "`");
	doc = strstr(doc, list);
	if (!doc)
		fprintf(stderr, "docs/oracle-rules.md has no %s\n", list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	end = strchr(doc, '.');
	end = strchr(end + 3, '.');
	rest = strstr(doc, name);
	if (!rest || rest > end)
		fprintf(stderr, "docs/oracle-rules.md does not list %s\n", g->name);
	CU_ASSERT(rest && rest < end);
}

static void test_documented(void)
{
	char *doc = pp_unit_read("docs/oracle-rules.md", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	CU_ASSERT(each_golden(named, doc) > 0);
	free(doc);
}

static const struct pp_unit_case cases[] = {
	{ "every golden history is in the document", test_documented },
	{ "every golden history gives its findings", test_every_file },
	{ "every rule that is switched off turns its files red", test_every_rule_is_needed },
};

PP_UNIT_MAIN("golden", cases)
