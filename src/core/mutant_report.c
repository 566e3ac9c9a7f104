/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the mutants, for people, for docs/mutants.md and for programs. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/mutant.h"
#include "core/report.h"

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double pp_mutants_median(const struct pp_mutants *all)
{
	double *times = calloc(all->count + 1, sizeof(*times)), median;
	size_t n = 0;

	if (!times)
		return 0;
	for (size_t i = 0; i < all->count; i++)
		if (all->verdicts[i].outcome == PP_MUTANT_KILLED)
			times[n++] = all->mutants[i].seconds;
	qsort(times, n, sizeof(*times), by_size);
	median = n ? times[(n - 1) / 2] : 0;
	free(times);
	return median;
}

static bool ran(const struct pp_mutant_verdict *v)
{
	return v->outcome != PP_MUTANT_EQUIVALENT && v->outcome != PP_MUTANT_NOT_APPLICABLE;
}

/* What stands behind the outcome: who noticed, or why nobody could. */
static void say_why(FILE *out, const struct pp_mutant *m, const struct pp_mutant_verdict *v)
{
	if (v->kill.case_name[0]) {
		fprintf(out, "%s %s", v->kill.case_name, pp_rule_words[v->kill.rule].name);
		if (v->kill.guest_died)
			fprintf(out, " (the guest died)");
		else
			fprintf(out, " %s", pp_class_words[v->kill.cls].name);
	} else if (!ran(v)) {
		pp_report_text(out, m->absent[0] ? m->absent : m->equivalent, "");
	} else {
		fprintf(out, "in %zu cases", v->cases);
	}
}

static void say_totals(FILE *out, const struct pp_mutants *all)
{
	size_t by[PP_MUTANT_OUTCOME_COUNT] = { 0 };
	const char *sep = "mutants: ";

	for (size_t i = 0; i < all->count; i++)
		by[all->verdicts[i].outcome]++;
	for (int o = 0; o < PP_MUTANT_OUTCOME_COUNT; o++) {
		if (!by[o] && o != PP_MUTANT_KILLED && o != PP_MUTANT_SURVIVED)
			continue;
		fprintf(out, "%s%zu %s", sep, by[o], pp_mutant_words[o].name);
		sep = ", ";
	}
	fprintf(out, "; median time to kill %.1f s\n", pp_mutants_median(all));
}

void pp_mutants_table(FILE *out, const struct pp_mutants *all)
{
	fprintf(out, "kernel  %s\n%-24s %-10s %8s %8s  %-22s %s\n", all->kernel, "mutant", "family",
		"fired", "seconds", "outcome", "by");
	for (size_t i = 0; i < all->count; i++) {
		const struct pp_mutant *m = &all->mutants[i];
		const struct pp_mutant_verdict *v = &all->verdicts[i];

		fprintf(out, "%-24s %-10s ", m->name, m->family);
		if (ran(v))
			fprintf(out, "%8llu %8.1f", (unsigned long long)v->fired, m->seconds);
		else
			fprintf(out, "%8s %8s", "-", "-");
		fprintf(out, "  %-22s ", pp_mutant_words[v->outcome].name);
		say_why(out, m, v);
		fprintf(out, "\n");
	}
	say_totals(out, all);
}

static size_t find(const struct pp_mutants *all, const char *name)
{
	size_t i = 0;

	while (i < all->count && strcmp(all->mutants[i].name, name) != 0)
		i++;
	return i;
}

static void markdown_cell(FILE *out, const struct pp_mutants *all, const char *name)
{
	size_t i = find(all, name);
	const struct pp_mutant_verdict *v = &all->verdicts[i];

	if (i == all->count) {
		fprintf(out, " not run |");
		return;
	}
	if (v->outcome == PP_MUTANT_KILLED && !v->kill.guest_died) {
		fprintf(out, " `%s` %s %s, %llu times, %.0f s |", v->kill.case_name,
			pp_rule_words[v->kill.rule].name, pp_class_words[v->kill.cls].name,
			(unsigned long long)v->kill.fired, all->mutants[i].seconds);
		return;
	}
	fprintf(out, " %s: ", pp_mutant_words[v->outcome].name);
	say_why(out, &all->mutants[i], v);
	fprintf(out, " |");
}

static void markdown_row(FILE *out, const struct pp_mutants *runs, size_t n_runs,
			 const struct pp_mutant *m)
{
	fprintf(out, "| `%s` | %s | ", m->name, m->family);
	pp_report_text(out, m->bug, "|");
	fprintf(out, " (`%s`%s%s) | ", m->function, m->args[0] ? ", " : "", m->args);
	pp_report_text(out, m->reference, "|");
	fprintf(out, " |");
	for (size_t r = 0; r < n_runs; r++)
		markdown_cell(out, &runs[r], m->name);
	fprintf(out, "\n");
}

void pp_mutants_markdown(FILE *out, const struct pp_mutants *runs, size_t n_runs)
{
	fprintf(out, "| mutant | family | what it does (where) | the like of it |");
	for (size_t r = 0; r < n_runs; r++)
		fprintf(out, " %s |", runs[r].kernel);
	fprintf(out, "\n| --- | --- | --- | --- |");
	for (size_t r = 0; r < n_runs; r++)
		fprintf(out, " --- |");
	fprintf(out, "\n");
	for (size_t r = 0; r < n_runs; r++)
		for (size_t i = 0; i < runs[r].count; i++) {
			size_t earlier = 0;

			while (earlier < r &&
			       find(&runs[earlier], runs[r].mutants[i].name) == runs[earlier].count)
				earlier++;
			if (earlier == r)
				markdown_row(out, runs, n_runs, &runs[r].mutants[i]);
		}
	for (size_t r = 0; r < n_runs; r++) {
		fprintf(out, "\n%s: ", runs[r].kernel);
		say_totals(out, &runs[r]);
	}
}

static json_t *kill_json(const struct pp_mutant_verdict *v)
{
	const struct pp_mutant_kill *k = &v->kill;

	if (!k->case_name[0])
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:b}", "case", k->case_name, "rule",
			 pp_rule_words[k->rule].name, "class", pp_class_words[k->cls].name, "step",
			 k->step, "text", k->text, "fired", (json_int_t)k->fired, "declared",
			 k->declared, "guest_died", k->guest_died);
}

static json_t *mutant_json(const struct pp_mutant *m, const struct pp_mutant_verdict *v)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:o}",
			 "name", m->name, "family", m->family, "bug", m->bug, "reference",
			 m->reference, "function", m->function, "parameters", m->args, "outcome",
			 pp_mutant_words[v->outcome].name, "why",
			 m->absent[0] ? m->absent : m->equivalent, "fired", (json_int_t)v->fired,
			 "cases", (json_int_t)v->cases, "killers", (json_int_t)v->killers,
			 "seconds", m->seconds, "kill", kill_json(v));
}

char *pp_mutants_json(const struct pp_mutants *all)
{
	json_t *list = json_array(), *root;
	char *out;

	for (size_t i = 0; list && i < all->count; i++)
		if (json_array_append_new(list, mutant_json(&all->mutants[i], &all->verdicts[i]))) {
			json_decref(list);
			list = NULL;
		}
	root = json_pack("{s:s, s:i, s:s, s:f, s:o}", "format", "pinproof-mutants", "version", 1,
			 "kernel", all->kernel, "median_seconds", pp_mutants_median(all), "mutants",
			 list);
	out = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	return out;
}
