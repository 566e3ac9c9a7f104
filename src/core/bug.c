/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says: for people, as rows of known defects, of a kernel. */
#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 100u

const char *pp_bug_case(const struct pp_bug *bug, size_t index)
{
	if (index < bug->n_cases)
		return bug->cases[index];
	index -= bug->n_cases;
	return index < bug->n_plans ? bug->plans[index].plan->case_name : NULL;
}

static bool inside(const struct pp_bug_range *r, struct pp_version v)
{
	return pp_version_cmp(v, r->since) >= 0 && pp_version_cmp(v, r->before) < 0;
}

static bool affected(const struct pp_bug *bug, struct pp_version v)
{
	for (size_t i = 0; i < bug->n_ranges; i++)
		if (inside(&bug->ranges[i], v))
			return true;
	return false;
}

enum pp_bug_expect pp_bug_expected(const struct pp_bug *bug, const struct pp_facts *facts)
{
	enum pp_bug_expect expect = PP_BUG_ABSENT;

	if (facts->flavour == PP_FLAVOUR_OTHER)
		return PP_BUG_UNSURE;
	for (size_t i = 0; i < bug->n_symptoms; i++) {
		const struct pp_bug_symptom *s = &bug->symptoms[i];

		if (!(s->has_on ? inside(&s->on, facts->version) : affected(bug, facts->version)))
			continue;
		if (!s->chance)
			return PP_BUG_PRESENT;
		expect = PP_BUG_CHANCE;
	}
	return expect;
}

/* ---- for people ---- */

/* A paragraph behind its heading, broken at blanks. */
static void paragraph(FILE *out, const char *heading, const char *text)
{
	size_t column = (size_t)fprintf(out, "%-11s", heading), indent = column;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, word, out);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void say_version(FILE *out, struct pp_version v)
{
	fprintf(out, "%d.%d", v.major, v.minor);
	if (v.patch)
		fprintf(out, ".%d", v.patch);
}

static void say_range(FILE *out, const struct pp_bug_range *r)
{
	say_version(out, r->since);
	if (r->before.major >= 1000) {
		fprintf(out, " on");
		return;
	}
	fprintf(out, " to ");
	say_version(out, r->before);
}

void pp_bug_say_ranges(FILE *out, const struct pp_bug *bug)
{
	for (size_t i = 0; i < bug->n_ranges; i++) {
		fprintf(out, "%s", i ? ", " : "");
		say_range(out, &bug->ranges[i]);
	}
	if (!bug->n_ranges)
		fprintf(out, "no release with this driver");
}

static void print_symptom(FILE *out, const struct pp_bug_symptom *s)
{
	fprintf(out, "%-11s%s %s (%s)", "shows as", pp_rule_words[s->rule].name,
		pp_class_words[s->cls].name, pp_rule_words[s->rule].title);
	if (s->step[0])
		fprintf(out, " in step \"%s\"", s->step);
	if (s->log[0])
		fprintf(out, ", log /%s/", s->log);
	if (s->has_on) {
		fprintf(out, ", on ");
		say_range(out, &s->on);
	}
	fprintf(out, "%s\n", s->chance ? ", by chance" : "");
}

void pp_bug_print(FILE *out, const struct pp_bug *bug)
{
	const char *name;

	fprintf(out, "%s: %s\n\n", bug->name, bug->title);
	paragraph(out, "about", bug->about);
	paragraph(out, "why", bug->why);
	paragraph(out, "does", bug->does);
	paragraph(out, "limits", bug->limits);
	fprintf(out, "%-11s", "affects");
	pp_bug_say_ranges(out, bug);
	fputc('\n', out);
	paragraph(out, "fixed", bug->fixed);
	for (size_t i = 0; i < bug->n_references; i++)
		paragraph(out, "see", bug->references[i]);
	for (size_t i = 0; i < bug->n_symptoms; i++)
		print_symptom(out, &bug->symptoms[i]);
	for (size_t i = 0; (name = pp_bug_case(bug, i)); i++)
		fprintf(out, "%-11s%s\n", "case", name);
	if (bug->guest[0])
		fprintf(out, "%-11s%s%s\n", "guest", bug->guest, bug->alone ? ", alone" : "");
}

/* ---- rows of known defects ---- */

/* As words.h spells them. */
static const char *const rule_enumerators[PP_RULE_COUNT] = {
	[PP_O1_COHERENCE] = "PP_O1_COHERENCE",     [PP_O2_DURABILITY] = "PP_O2_DURABILITY",
	[PP_O3_NO_WAY_BACK] = "PP_O3_NO_WAY_BACK", [PP_O4_IDENTITY] = "PP_O4_IDENTITY",
	[PP_O5_END_OF_FILE] = "PP_O5_END_OF_FILE", [PP_O6_ISOLATION] = "PP_O6_ISOLATION",
	[PP_O7_PIN_BALANCE] = "PP_O7_PIN_BALANCE", [PP_O8_REFUSAL] = "PP_O8_REFUSAL",
	[PP_O9_LIVENESS] = "PP_O9_LIVENESS",       [PP_O10_QUIET_KERNEL] = "PP_O10_QUIET_KERNEL",
	[PP_O11_SOUND_FS] = "PP_O11_SOUND_FS",     [PP_O12_EXPLAINED] = "PP_O12_EXPLAINED",
	[PP_O13_PAGES_STAY] = "PP_O13_PAGES_STAY", [PP_O14_DIRTY] = "PP_O14_DIRTY",
};

void pp_bug_row_name(const struct pp_bug *bug, size_t index, char *out, size_t size)
{
	if (index)
		snprintf(out, size, PP_BUG_SCENARIO "-%s-%zu", bug->name, index + 1);
	else
		snprintf(out, size, PP_BUG_SCENARIO "-%s", bug->name);
}

void pp_bug_row_log(const struct pp_bug *bug, const struct pp_bug_symptom *s, char *out,
		    size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s", s->log);

	for (size_t i = 0; i < bug->n_allows && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "|" : "", bug->allows[i]);
}

static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		fprintf(out, "%s%c", strchr("\"\\", *text) ? "\\" : "", *text);
	fputc('"', out);
}

static void print_field(FILE *out, const char *field, const char *text)
{
	fprintf(out, "\t\t.%s = ", field);
	print_string(out, text);
	fprintf(out, ",\n");
}

static void print_row_version(FILE *out, const char *field, struct pp_version v)
{
	if (v.major >= 1000)
		fprintf(out, "\t\t.%s = EVER,\n", field);
	else
		fprintf(out, "\t\t.%s = { %d, %d, %d },\n", field, v.major, v.minor, v.patch);
}

/* The names of the plans' pinners, each once. */
static void row_pinners(const struct pp_bug *bug, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < bug->n_plans && n < size; i++) {
		const char *pinner = bug->plans[i].plan->pinner;
		size_t k = 0;

		while (k < i && strcmp(bug->plans[k].plan->pinner, pinner))
			k++;
		if (k == i)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " " : "", pinner);
	}
}

/* One for each range: what a row says must be one. */
static void print_row(FILE *out, const struct pp_bug *bug, size_t index, size_t number,
		      const struct pp_bug_range *range)
{
	const struct pp_bug_symptom *s = &bug->symptoms[index];
	char name[PP_CASE_MAX], text[PP_TEXT_MAX * 4];

	pp_bug_row_name(bug, number, name, sizeof(name));
	fprintf(out, "\t{\n");
	print_field(out, "name", name);
	print_field(out, "scenario", PP_BUG_SCENARIO);
	print_field(out, "steps", s->step[0] ? s->step : "*");
	print_field(out, "backings", bug->name);
	row_pinners(bug, text, sizeof(text));
	print_field(out, "pinners", text);
	fprintf(out, "\t\t.rule = %s,\n\t\t.classes = CLASS(PP_CLASS_", rule_enumerators[s->rule]);
	for (const char *c = pp_class_words[s->cls].name; *c; c++)
		fputc(*c - 'a' + 'A', out);
	fprintf(out, "),\n");
	pp_bug_row_log(bug, s, text, sizeof(text));
	if (text[0])
		print_field(out, "log", text);
	if (s->chance)
		fprintf(out, "\t\t.chance = true,\n");
	print_row_version(out, "since", range->since);
	print_row_version(out, "before", range->before);
	print_field(out, "reference", bug->references[0]);
	print_field(out, "title", bug->title);
	fprintf(out, "\t},\n");
}

void pp_bug_rows(FILE *out, const struct pp_bug *bug)
{
	size_t number = 0;

	for (size_t i = 0; bug->n_plans && i < bug->n_symptoms; i++) {
		const struct pp_bug_symptom *s = &bug->symptoms[i];

		for (size_t r = 0; r < (s->has_on ? 1 : bug->n_ranges); r++)
			print_row(out, bug, i, number++, s->has_on ? &s->on : &bug->ranges[r]);
	}
}
