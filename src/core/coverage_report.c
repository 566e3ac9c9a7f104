/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coverage as tables for people: functions by scenario, gaps, the difference of two runs. */
#include "core/coverage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "core/words.h"

#define SCENARIOS_MAX 52
#define NAME_WIDTH    44
#define LINE_WIDTH    100

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The scenarios of a run, in the order in which they ran. */
struct columns {
	const char *names[SCENARIOS_MAX];
	size_t cases[SCENARIOS_MAX];
	size_t count;
	size_t left_out; /* scenarios for which there is no letter */
};

static void find_columns(const struct pp_coverage *c, struct columns *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < c->n_cases; i++) {
		size_t k = 0;

		while (k < s->count && strcmp(s->names[k], c->cases[i].scenario))
			k++;
		if (k == SCENARIOS_MAX) {
			s->left_out++;
			continue;
		}
		s->names[k] = c->cases[i].scenario;
		s->cases[k]++;
		s->count += k == s->count;
	}
}

static bool entered_by(const struct pp_coverage *c, size_t function, const char *scenario)
{
	for (size_t i = 0; i < c->n_cases; i++)
		if (c->cases[i].hits[function] &&
		    (!scenario || !strcmp(c->cases[i].scenario, scenario)))
			return true;
	return false;
}

static bool seen(const struct pp_coverage *c, size_t function)
{
	return c->functions[function].state == PP_PROBE_ARMED ||
	       c->functions[function].state == PP_PROBE_PARTLY;
}

static void put_head(const struct pp_coverage *c, const struct columns *s, FILE *out)
{
	uint64_t missed = 0;

	fprintf(out, "kernel %s, %zu cases of %zu scenarios\n\n", c->kernel, c->n_cases, s->count);
	for (size_t i = 0; i < s->count; i++)
		fprintf(out, "  %c  %s (%zu)\n", letters[i], s->names[i], s->cases[i]);
	if (s->left_out)
		fprintf(out, "  %zu cases of further scenarios are not in the table\n",
			s->left_out);
	for (size_t i = 0; i < c->n_cases; i++)
		missed += c->cases[i].missed;
	if (missed)
		fprintf(out, "\n%" PRIu64 " entries were not counted: a probe was busy\n", missed);
}

static void put_row(const struct pp_coverage *c, const struct columns *s, size_t function,
		    FILE *out)
{
	const struct pp_covered *f = &c->functions[function];
	uint64_t hits = 0;

	fprintf(out, "  %-*s ", NAME_WIDTH, f->name);
	for (size_t i = 0; i < s->count; i++)
		fputc(entered_by(c, function, s->names[i]) ? letters[i] : '.', out);
	for (size_t i = 0; i < c->n_cases; i++)
		hits += c->cases[i].hits[function];
	fprintf(out, " %9" PRIu64 "%s\n", hits, f->state == PP_PROBE_PARTLY ? " in part" : "");
}

/* Words until the line is full, then the next line. */
static void put_word(FILE *out, size_t *used, const char *word)
{
	if (*used && *used + 1 + strlen(word) <= LINE_WIDTH) {
		*used += (size_t)fprintf(out, " %s", word);
		return;
	}
	fprintf(out, "%s    %s", *used ? "\n" : "", word);
	*used = 4 + strlen(word);
}

static void put_list(const struct pp_coverage *c, const char *file, const char *title,
		     bool (*which)(const struct pp_coverage *c, size_t function), FILE *out)
{
	size_t used = 0;

	for (size_t i = 0; i < c->n_functions; i++) {
		if (c->functions[i].file != file || !which(c, i))
			continue;
		if (!used)
			fprintf(out, "  %s:\n", title);
		put_word(out, &used, c->functions[i].name);
	}
	if (used)
		fputc('\n', out);
}

static bool is_gap(const struct pp_coverage *c, size_t i)
{
	return c->functions[i].state == PP_PROBE_ARMED && !entered_by(c, i, NULL);
}

static bool is_unknown(const struct pp_coverage *c, size_t i)
{
	return c->functions[i].state == PP_PROBE_PARTLY && !entered_by(c, i, NULL);
}

static bool is_absent(const struct pp_coverage *c, size_t i)
{
	return c->functions[i].state == PP_PROBE_ABSENT;
}

static void put_failed(const struct pp_coverage *c, const char *file, FILE *out)
{
	for (size_t i = 0; i < c->n_functions; i++)
		if (c->functions[i].file == file && c->functions[i].state == PP_PROBE_FAILED)
			fprintf(out, "  no probe could be armed: %s: %s\n", c->functions[i].name,
				c->functions[i].why);
}

static void put_file(const struct pp_coverage *c, const struct columns *s, const char *file,
		     FILE *out)
{
	size_t entered = 0, armed = 0;

	for (size_t i = 0; i < c->n_functions; i++)
		if (c->functions[i].file == file && seen(c, i)) {
			armed++;
			entered += entered_by(c, i, NULL);
		}
	fprintf(out, "\n%s: %zu of %zu observable functions entered\n", file, entered, armed);
	for (size_t i = 0; i < c->n_functions; i++)
		if (c->functions[i].file == file && entered_by(c, i, NULL))
			put_row(c, s, i, out);
	put_list(c, file, "never entered", is_gap, out);
	put_list(c, file, "not seen to be entered, but inlined in part", is_unknown, out);
	put_list(c, file, "not observable (inlined or absent)", is_absent, out);
	put_failed(c, file, out);
}

void pp_coverage_table(const struct pp_coverage *c, FILE *out)
{
	size_t state[PP_PROBE_COUNT] = { 0 }, entered = 0, gaps = 0;
	struct columns s;

	find_columns(c, &s);
	put_head(c, &s, out);
	for (size_t i = 0; i < pp_n_coverage_files; i++)
		put_file(c, &s, pp_coverage_files[i].file, out);
	for (size_t i = 0; i < c->n_functions; i++) {
		state[c->functions[i].state]++;
		entered += entered_by(c, i, NULL);
		gaps += is_gap(c, i);
	}
	fprintf(out,
		"\n%zu functions: %zu entered, %zu armed and never entered, %zu not observable, "
		"%zu without a probe\n",
		c->n_functions, entered, gaps, state[PP_PROBE_ABSENT], state[PP_PROBE_FAILED]);
}

/* Functions that @a entered and @b did not, with the scenarios that did. */
static void put_only(const struct pp_coverage *a, const struct pp_coverage *b, const char *title,
		     FILE *out)
{
	struct columns s;
	size_t n = 0;

	find_columns(a, &s);
	fprintf(out, "%s:\n", title);
	for (size_t i = 0; i < a->n_functions; i++) {
		if (!entered_by(a, i, NULL) || entered_by(b, i, NULL))
			continue;
		n++;
		fprintf(out, "  %-*s", NAME_WIDTH, a->functions[i].name);
		for (size_t k = 0; k < s.count; k++)
			if (entered_by(a, i, s.names[k]))
				fprintf(out, " %s", s.names[k]);
		fprintf(out, "%s\n", seen(b, i) ? "" : " (the other run could not see it)");
	}
	if (!n)
		fprintf(out, "  none\n");
}

void pp_coverage_diff(const struct pp_coverage *a, const struct pp_coverage *b, FILE *out)
{
	size_t both = 0;

	fprintf(out, "first:  kernel %s, %zu cases\nsecond: kernel %s, %zu cases\n\n", a->kernel,
		a->n_cases, b->kernel, b->n_cases);
	put_only(a, b, "entered only in the first run", out);
	fputc('\n', out);
	put_only(b, a, "entered only in the second run", out);
	for (size_t i = 0; i < a->n_functions; i++)
		both += entered_by(a, i, NULL) && entered_by(b, i, NULL);
	fprintf(out, "\nentered in both: %zu\n", both);
}
