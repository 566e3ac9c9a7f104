/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes what a fuzzer starts from: the golden files and the reports as inputs of each target,
 * and a dictionary of the words that the tables and these files hold.
 *
 * Usage: corpus SOURCES OUT        makes OUT/plan/, OUT/history/, OUT/words
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/evidence.h"
#include "core/words.h"
#include "fuzz.h"

#define GOLDEN    "tests/golden/"
#define WORD_MAX  40u
#define WORDS_MAX 4096u

struct corpus {
	const char *out;
	char (*words)[WORD_MAX];
	size_t n_words;
	unsigned long plans, histories;
};

static void die(const char *what)
{
	fprintf(stderr, "corpus: %s: %s\n", what, strerror(errno));
	exit(2);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, EOF, file) < 0)
		die(path);
	fclose(file);
	return text;
}

static void write_file(const struct corpus *c, const char *kind, const char *name, const void *data,
		       size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", c->out, kind, name);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		die(path);
}

static void add_word(struct corpus *c, const char *word, size_t len)
{
	if (len < 2 || len >= WORD_MAX || c->n_words == WORDS_MAX)
		return;
	for (size_t i = 0; i < c->n_words; i++)
		if (!strncmp(c->words[i], word, len) && !c->words[i][len])
			return;
	memcpy(c->words[c->n_words], word, len);
	c->words[c->n_words++][len] = '\0';
}

/* Names, and keys with their '='. */
static void add_words(struct corpus *c, const char *text)
{
	while (*text) {
		size_t len = 0;

		while (isalpha((unsigned char)text[len]) ||
		       (len && (isalnum((unsigned char)text[len]) || text[len] == '-')))
			len++;
		if (text[len] == '=')
			len++;
		add_word(c, text, len);
		text += len ? len : 1;
	}
}

static void add_tables(struct corpus *c)
{
	for (int i = 1; i < PP_VERB_COUNT; i++)
		add_word(c, pp_verbs[i].name, strlen(pp_verbs[i].name));
	for (int i = 0; i < PP_BACKING_COUNT; i++)
		add_word(c, pp_backings[i].name, strlen(pp_backings[i].name));
	for (int i = 0; i < PP_RULE_COUNT; i++)
		add_word(c, pp_rule_words[i].name, strlen(pp_rule_words[i].name));
	for (int i = 0; i < PP_EV_COUNT; i++)
		add_words(c, pp_evidence_defs[i].name);
	for (int i = 1; i < 134; i++)
		add_word(c, pp_errno_name(i), strlen(pp_errno_name(i)));
}

/* The plan, the line between and the history, as one input. */
static void write_pair(struct corpus *c, const char *name, const char *plan, const void *history,
		       size_t len)
{
	char *joined = NULL;
	size_t size;
	FILE *out = open_memstream(&joined, &size);

	if (!out)
		die(name);
	fprintf(out, "%s%s", plan, &PP_FUZZ_CUT[1]);
	fwrite(history, 1, len, out);
	fclose(out);
	write_file(c, "history", name, joined, size);
	free(joined);
	c->histories++;
}

/* A history in both forms with its plan, and in the binary form alone. */
static void add_history(struct corpus *c, const char *name, const char *plan_text, const char *text)
{
	struct pp_plan *plan = NULL;
	struct pp_history h;
	char file[300];
	size_t len;
	void *image;

	snprintf(file, sizeof(file), "%s.txt", name);
	write_pair(c, file, plan_text, text, strlen(text));
	if (pp_plan_parse(plan_text, strlen(plan_text), &plan, NULL))
		return;
	if (!pp_history_parse(text, strlen(text), plan, &h, NULL)) {
		image = pp_history_encode(&h, &len);
		if (!image)
			die(name);
		snprintf(file, sizeof(file), "%s.bin", name);
		write_pair(c, file, plan_text, image, len);
		write_file(c, "history", name, image, len);
		c->histories++;
		free(image);
		pp_history_free(&h);
	}
	pp_plan_free(plan);
}

static void add_plan(struct corpus *c, const char *name, const char *text)
{
	write_file(c, "plan", name, text, strlen(text));
	add_words(c, text);
	c->plans++;
}

/* A golden file of the oracle: plan, history, findings, with "---" between. */
static void add_golden(struct corpus *c, const char *name, char *text)
{
	char *history = strstr(text, PP_FUZZ_CUT), *end;

	if (!history)
		return;
	history[1] = '\0';
	history += PP_FUZZ_CUT_LEN;
	end = strstr(history, PP_FUZZ_CUT);
	if (end)
		end[1] = '\0';
	add_plan(c, name, text);
	add_words(c, history);
	add_history(c, name, text, history);
}

/* What was found before: inputs as they are. */
static void add_regression(struct corpus *c, const char *kind, const char *name, const char *path)
{
	FILE *file = fopen(path, "rb");
	static char data[1 << 20];
	size_t len;

	if (!file)
		die(path);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	write_file(c, kind, name, data, len);
}

/* The folders of tests/golden and what their files are. */
enum use { USE_GOLDEN, USE_PLAN, USE_HISTORY, USE_OLD_PLAN, USE_OLD_HISTORY };

static void add_file(struct corpus *c, enum use use, const char *name, const char *path,
		     const char *example)
{
	char *text = NULL;

	if (use == USE_OLD_PLAN || use == USE_OLD_HISTORY) {
		add_regression(c, use == USE_OLD_PLAN ? "plan" : "history", name, path);
		return;
	}
	text = read_file(path);
	if (use == USE_GOLDEN)
		add_golden(c, name, text);
	else if (use == USE_PLAN)
		add_plan(c, name, text);
	else
		add_history(c, name, example, text);
	free(text);
}

static void add_folder(struct corpus *c, const char *sources, const char *folder,
		       const char *prefix, enum use use, const char *example)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", sources, folder);
	dir = opendir(path);
	/* nothing was found yet */
	if (!dir && (use == USE_OLD_PLAN || use == USE_OLD_HISTORY))
		return;
	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", sources, folder, entry->d_name);
		add_file(c, use, entry->d_name, path, example);
	}
	closedir(dir);
}

static void write_words(const struct corpus *c)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/words", c->out);
	file = fopen(path, "w");
	if (!file)
		die(path);
	for (size_t i = 0; i < c->n_words; i++)
		fprintf(file, "\"%s\"\n", c->words[i]);
	if (fclose(file))
		die(path);
}

static void make_folder(const char *out, const char *kind)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s%s", out, *kind ? "/" : "", kind);
	if (mkdir(path, 0777) && errno != EEXIST)
		die(path);
}

int main(int argc, char **argv)
{
	struct corpus c = { 0 };
	char path[4096], *example;

	if (argc != 3) {
		fprintf(stderr, "usage: corpus SOURCES OUT\n");
		return 2;
	}
	c.out = argv[2];
	c.words = calloc(WORDS_MAX, sizeof(*c.words));
	if (!c.words)
		die("words");
	make_folder(c.out, "");
	make_folder(c.out, "plan");
	make_folder(c.out, "history");
	snprintf(path, sizeof(path), "%s/tests/golden/histories/example.plan", argv[1]);
	example = read_file(path);
	add_tables(&c);
	add_plan(&c, "example.plan", example);
	add_folder(&c, argv[1], GOLDEN "oracle", "O", USE_GOLDEN, example);
	add_folder(&c, argv[1], GOLDEN "plans", "", USE_PLAN, example);
	add_folder(&c, argv[1], "scenarios/bugs", "", USE_PLAN, example);
	add_folder(&c, argv[1], GOLDEN "histories", "good-", USE_HISTORY, example);
	add_folder(&c, argv[1], GOLDEN "fuzz", "plan-", USE_OLD_PLAN, example);
	add_folder(&c, argv[1], GOLDEN "fuzz", "history-", USE_OLD_HISTORY, example);
	write_words(&c);
	printf("corpus: %lu plans, %lu histories, %zu words\n", c.plans, c.histories, c.n_words);
	free(example);
	free(c.words);
	return 0;
}
