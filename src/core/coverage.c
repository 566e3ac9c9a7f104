/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coverage of a run in memory, and its files as text and back; see coverage.h. */
#include "core/coverage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/words.h"

#define HEAD_MAGIC "pinproof-coverage 1"
#define CASE_MAGIC "pinproof-coverage-case 1"

const char *const pp_probe_states[PP_PROBE_COUNT] = {
	[PP_PROBE_ARMED] = "armed",
	[PP_PROBE_PARTLY] = "partly",
	[PP_PROBE_FAILED] = "failed",
	[PP_PROBE_ABSENT] = "absent",
};

static size_t count_words(const char *text)
{
	size_t n = 0;

	while (*text) {
		text += strspn(text, " ");
		n += *text != '\0';
		text += strcspn(text, " ");
	}
	return n;
}

int pp_coverage_open(struct pp_coverage *c)
{
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < pp_n_coverage_files; i++)
		n += count_words(pp_coverage_files[i].functions);
	c->functions = calloc(n + 1, sizeof(*c->functions));
	if (!c->functions)
		return -ENOMEM;
	for (size_t i = 0; i < pp_n_coverage_files; i++) {
		const char *at = pp_coverage_files[i].functions;

		for (size_t len; *(at += strspn(at, " ")); at += len) {
			struct pp_covered *f = &c->functions[c->n_functions++];

			len = strcspn(at, " ");
			snprintf(f->name, sizeof(f->name), "%.*s", (int)len, at);
			f->file = pp_coverage_files[i].file;
			f->state = PP_PROBE_ABSENT;
		}
	}
	return 0;
}

void pp_coverage_free(struct pp_coverage *c)
{
	for (size_t i = 0; i < c->n_cases; i++)
		free(c->cases[i].hits);
	free(c->cases);
	free(c->functions);
	memset(c, 0, sizeof(*c));
}

long pp_coverage_find(const struct pp_coverage *c, const char *name)
{
	for (size_t i = 0; i < c->n_functions; i++)
		if (!strcmp(c->functions[i].name, name))
			return (long)i;
	return -1;
}

struct pp_case_coverage *pp_coverage_case(struct pp_coverage *c, const char *scenario)
{
	struct pp_case_coverage *k;

	if (c->n_cases == c->cap_cases) {
		size_t cap = c->cap_cases ? 2 * c->cap_cases : 64;

		k = realloc(c->cases, cap * sizeof(*k));
		if (!k)
			return NULL;
		c->cases = k;
		c->cap_cases = cap;
	}
	k = &c->cases[c->n_cases];
	memset(k, 0, sizeof(*k));
	k->hits = calloc(c->n_functions + 1, sizeof(*k->hits));
	if (!k->hits)
		return NULL;
	snprintf(k->scenario, sizeof(k->scenario), "%s", scenario);
	c->n_cases++;
	return k;
}

char *pp_coverage_print_head(const struct pp_coverage *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len); /* a growing buffer, no file */

	if (!f)
		return NULL;
	fprintf(f, HEAD_MAGIC "\nkernel %s\n", c->kernel);
	for (size_t i = 0; i < c->n_functions; i++)
		fprintf(f, "%s %s%s%s\n", pp_probe_states[c->functions[i].state],
			c->functions[i].name, c->functions[i].why[0] ? " " : "",
			c->functions[i].why);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

char *pp_coverage_print_case(const struct pp_coverage *c, const struct pp_case_coverage *k)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len); /* a growing buffer, no file */

	if (!f)
		return NULL;
	fprintf(f, CASE_MAGIC "\nmissed %" PRIu64 "\n", k->missed);
	for (size_t i = 0; i < c->n_functions; i++)
		if (k->hits[i])
			fprintf(f, "%s %" PRIu64 "\n", c->functions[i].name, k->hits[i]);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Calls @line for each line behind the first, which must be @magic. */
static int each_line(const char *text, size_t len, const char *magic,
		     int (*line)(void *context, char *words), void *context, struct pp_err *err)
{
	const char *end = text + len;
	char words[256];
	size_t n = 0;
	int rc = 0;

	while (!rc && (text < end || !n)) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = newline ? (size_t)(newline - text) : 0;

		n++;
		if (!newline || size >= sizeof(words) || memchr(text, '\0', size))
			return pp_err_set(err, -EINVAL, "line %zu is cut off or no text.", n);
		snprintf(words, sizeof(words), "%.*s", (int)size, text);
		text = newline + 1;
		if (n > 1)
			rc = line(context, words);
		else if (strcmp(words, magic))
			return pp_err_set(err, -EPROTO, "line 1 is not '%s'.", magic);
		if (rc)
			pp_err_set(err, rc, "line %zu", n);
	}
	return rc;
}

static int head_line(void *context, char *words)
{
	struct pp_coverage *c = context;
	char *name = strchr(words, ' '), *why;
	long at;

	if (!name)
		return -EINVAL;
	*name++ = '\0';
	if (!strcmp(words, "kernel")) {
		snprintf(c->kernel, sizeof(c->kernel), "%s", name);
		return 0;
	}
	why = strchr(name, ' ');
	if (why)
		*why++ = '\0';
	for (int i = 0; i < PP_PROBE_COUNT; i++) {
		if (strcmp(words, pp_probe_states[i]))
			continue;
		at = pp_coverage_find(c, name);
		if (at < 0)
			return 0;
		c->functions[at].state = (enum pp_probe_state)i;
		snprintf(c->functions[at].why, sizeof(c->functions[at].why), "%s", why ? why : "");
		return 0;
	}
	return -EINVAL;
}

struct case_reader {
	struct pp_coverage *c;
	struct pp_case_coverage *k;
};

static int case_line(void *context, char *words)
{
	struct case_reader *r = context;
	char *number = strchr(words, ' '), *end;
	uint64_t value;
	long at;

	if (!number || number[1] < '0' || number[1] > '9')
		return -EINVAL;
	*number++ = '\0';
	errno = 0;
	value = strtoull(number, &end, 10);
	if (errno || *end)
		return -EINVAL;
	at = pp_coverage_find(r->c, words);
	if (!strcmp(words, "missed"))
		r->k->missed = value;
	else if (at >= 0)
		r->k->hits[at] = value;
	return 0;
}

int pp_coverage_parse_head(struct pp_coverage *c, const char *text, size_t len, struct pp_err *err)
{
	return each_line(text, len, HEAD_MAGIC, head_line, c, err);
}

int pp_coverage_parse_case(struct pp_coverage *c, const char *scenario, const char *text,
			   size_t len, struct pp_err *err)
{
	struct case_reader r = { .c = c, .k = pp_coverage_case(c, scenario) };

	if (!r.k)
		return pp_err_set(err, -ENOMEM, "coverage");
	return each_line(text, len, CASE_MAGIC, case_line, &r, err);
}
