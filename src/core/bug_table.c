/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts of reports on kernels: for people, for programs, for docs/bugs.md. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/bug_judge.h"
#include "core/report.h"

static const char *const expect_words[] = {
	[PP_BUG_ABSENT] = "absent",
	[PP_BUG_PRESENT] = "present",
	[PP_BUG_CHANCE] = "by chance",
	[PP_BUG_UNSURE] = "unknown",
};

static const struct pp_bug_verdict *verdict(const struct pp_bug_table *t, size_t kernel, size_t bug)
{
	return &t->verdicts[kernel * t->n_bugs + bug];
}

static unsigned runs_of(const struct pp_bug_verdict *v)
{
	unsigned n = 0;

	for (int o = 0; o < PP_BUG_OUTCOME_COUNT; o++)
		n += v->runs[o];
	return n;
}

/* "reproduced 3/3": how many of the runs say so. */
static void cell(const struct pp_bug_verdict *v, bool all, char *out, size_t size)
{
	int n = snprintf(out, size, "%s %u/%u", pp_bug_outcome_words[v->outcome].name,
			 v->runs[v->outcome], runs_of(v));

	if (all && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, "%s",
			 pp_bug_differs(v)            ? " DIFFERS"
			 : v->expect == PP_BUG_CHANCE ? " (chance)"
						      : "");
}

static void print_details(FILE *out, const struct pp_bug_table *t, size_t bug, bool all)
{
	for (size_t k = 0; k < t->n_kernels; k++) {
		const struct pp_bug_verdict *v = verdict(t, k, bug);
		bool differs = all && pp_bug_differs(v);

		if (v->outcome == PP_BUG_NOT_REPRODUCED && !differs &&
		    strncmp(v->finding, "another finding", 15))
			continue;
		fprintf(out, "\n%s on %s: %s", t->bugs[bug]->name, t->kernels[k],
			pp_bug_outcome_words[v->outcome].name);
		if (differs)
			fprintf(out, ", but the report says: %s", expect_words[v->expect]);
		fprintf(out, "\n  %s: ", v->case_name[0] ? v->case_name : "no case");
		pp_report_text(out, v->finding, "");
		if (v->log[0]) {
			fprintf(out, "\n  log: ");
			pp_report_text(out, v->log, "");
		}
		fputc('\n', out);
	}
}

static void print_totals(FILE *out, const struct pp_bug_table *t, bool all)
{
	for (size_t k = 0; k < t->n_kernels; k++) {
		size_t by[PP_BUG_OUTCOME_COUNT] = { 0 }, differ = 0;

		for (size_t b = 0; b < t->n_bugs; b++) {
			by[verdict(t, k, b)->outcome]++;
			differ += pp_bug_differs(verdict(t, k, b));
		}
		fprintf(out, "%s: %zu reproduced, %zu not reproduced, %zu cannot tell",
			t->kernels[k], by[PP_BUG_REPRODUCED], by[PP_BUG_NOT_REPRODUCED],
			by[PP_BUG_CANNOT_TELL]);
		if (all)
			fprintf(out, "; %zu differ from what the report says", differ);
		fputc('\n', out);
	}
}

void pp_bug_table_print(FILE *out, const struct pp_bug_table *t, bool all)
{
	char text[160];

	fprintf(out, "%-34s", "report");
	for (size_t k = 0; k < t->n_kernels; k++)
		fprintf(out, " %-30s", t->kernels[k]);
	fputc('\n', out);
	for (size_t b = 0; b < t->n_bugs; b++) {
		fprintf(out, "%-34s", t->bugs[b]->name);
		for (size_t k = 0; k < t->n_kernels; k++) {
			cell(verdict(t, k, b), all, text, sizeof(text));
			fprintf(out, " %-30s", text);
		}
		fputc('\n', out);
	}
	for (size_t b = 0; b < t->n_bugs; b++)
		print_details(out, t, b, all);
	fputc('\n', out);
	print_totals(out, t, all);
}

/* ---- for programs ---- */

static json_t *json_verdict(const struct pp_bug_verdict *v, const char *kernel)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:b, s:s, s:s, s:s}", "kernel", kernel,
			 "outcome", pp_bug_outcome_words[v->outcome].name, "reproduced",
			 (int)v->runs[PP_BUG_REPRODUCED], "not_reproduced",
			 (int)v->runs[PP_BUG_NOT_REPRODUCED], "cannot_tell",
			 (int)v->runs[PP_BUG_CANNOT_TELL], "expected", expect_words[v->expect],
			 "differs", (int)pp_bug_differs(v), "case", v->case_name, "finding",
			 v->finding, "log", v->log);
}

char *pp_bug_table_json(const struct pp_bug_table *t)
{
	json_t *reports = json_array(), *top;
	char *text = NULL;

	for (size_t b = 0; b < t->n_bugs; b++) {
		json_t *kernels = json_array();

		for (size_t k = 0; k < t->n_kernels; k++)
			json_array_append_new(kernels,
					      json_verdict(verdict(t, k, b), t->kernels[k]));
		json_array_append_new(reports,
				      json_pack("{s:s, s:s, s:o}", "report", t->bugs[b]->name,
						"title", t->bugs[b]->title, "kernels", kernels));
	}
	top = json_pack("{s:i, s:o}", "version", 1, "reports", reports);
	if (top)
		text = json_dumps(top, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(top);
	return text;
}

/* ---- for docs/bugs.md ---- */

static void markdown_table(FILE *out, const struct pp_bug_table *t)
{
	fprintf(out, "| report | affects |");
	for (size_t k = 0; k < t->n_kernels; k++)
		fprintf(out, " %s |", t->kernels[k]);
	fprintf(out, "\n| --- | --- |");
	for (size_t k = 0; k < t->n_kernels; k++)
		fprintf(out, " --- |");
	for (size_t b = 0; b < t->n_bugs; b++) {
		char text[160];

		fprintf(out, "\n| [`%s`](#%s) | ", t->bugs[b]->name, t->bugs[b]->name);
		pp_bug_say_ranges(out, t->bugs[b]);
		fprintf(out, " |");
		for (size_t k = 0; k < t->n_kernels; k++) {
			cell(verdict(t, k, b), true, text, sizeof(text));
			fprintf(out, " %s |", text);
		}
	}
	fprintf(out, "\n");
}

static void markdown_line(FILE *out, const char *word, const char *text)
{
	fprintf(out, "\n*%s* ", word);
	pp_report_text(out, text, "*_<`|");
	fputc('\n', out);
}

static void markdown_section(FILE *out, const struct pp_bug *bug)
{
	const char *name;

	fprintf(out, "\n### %s\n\n", bug->name);
	pp_report_text(out, bug->title, "*_<`|");
	fputc('\n', out);
	markdown_line(out, "Symptom.", bug->about);
	markdown_line(out, "Mechanism.", bug->why);
	markdown_line(out, "What it does.", bug->does);
	markdown_line(out, "What it cannot show.", bug->limits);
	fprintf(out, "\n*Affected:* ");
	pp_bug_say_ranges(out, bug);
	fprintf(out, ". *Fixed:* ");
	pp_report_text(out, bug->fixed, "*_<`|");
	fputc('\n', out);
	for (size_t i = 0; i < bug->n_references; i++)
		markdown_line(out, "See", bug->references[i]);
	fprintf(out, "\n*Cases:*");
	for (size_t i = 0; (name = pp_bug_case(bug, i)); i++)
		fprintf(out, "%s `%s`", i ? "," : "", name);
	fprintf(out, "%s\n", bug->n_plans ? " (its own plan)" : "");
}

void pp_bug_table_markdown(FILE *out, const struct pp_bug_table *t)
{
	if (t->n_kernels)
		markdown_table(out, t);
	for (size_t b = 0; b < t->n_bugs; b++)
		markdown_section(out, t->bugs[b]);
}
