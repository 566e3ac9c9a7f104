/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table for people: what needs a look first, what passed last. */
#include <inttypes.h>
#include <string.h>

#include "core/report.h"

#define LINE_WIDTH   100
#define MAX_FINDINGS 3

/* What one table is made from. */
struct table {
	FILE *out;
	const struct pp_result *results;
	size_t count;
	int name_width;
	bool color;
};

static const char *const colors[PP_VERDICT_COUNT] = {
	[PP_VERDICT_SKIP] = "\033[2m",
	[PP_VERDICT_PASS] = "\033[32m",
	[PP_VERDICT_XFAIL] = "\033[33m",
	[PP_VERDICT_XPASS] = "\033[1;35m",
	[PP_VERDICT_INCONCLUSIVE] = "\033[1;33m",
	[PP_VERDICT_BROKEN] = "\033[1;33m",
	[PP_VERDICT_TIMEOUT] = "\033[1;31m",
	[PP_VERDICT_CRASH] = "\033[1;31m",
	[PP_VERDICT_FAIL] = "\033[1;31m",
};

static void put_verdict(const struct table *t, enum pp_verdict v)
{
	fprintf(t->out, "%s%s%s", t->color ? colors[v] : "", pp_verdict_words[v].name,
		t->color ? "\033[0m" : "");
}

static void put_header(const struct table *t, const struct pp_run_info *info)
{
	size_t n[PP_VERDICT_COUNT] = { 0 };
	const char *comma = "";

	for (size_t i = 0; i < t->count; i++)
		n[t->results[i].verdict]++;
	fprintf(t->out, "kernel  ");
	pp_report_text(t->out, info->kernel, "");
	if (info->device[0]) {
		fprintf(t->out, "\ndevice  ");
		pp_report_text(t->out, info->device, "");
	}
	fprintf(t->out,
		"\nseed    %" PRIu64 "\ncases   %zu in %" PRIu64 ".%01" PRIu64 " s: ", info->seed,
		t->count, info->duration_ms / 1000, info->duration_ms % 1000 / 100);
	for (int v = PP_VERDICT_COUNT - 1; v >= 0; v--) {
		if (!n[v])
			continue;
		fprintf(t->out, "%s%zu ", comma, n[v]);
		put_verdict(t, (enum pp_verdict)v);
		comma = ", ";
	}
	fprintf(t->out, "%s\n", t->count ? "" : "none");
	if (t->count != info->planned)
		fprintf(t->out, "        only %zu of %zu planned cases have a result\n", t->count,
			info->planned);
	if (info->interrupted)
		fprintf(t->out, "        the run was interrupted\n");
}

/* The findings of a problem: all rules that were broken, not only the first. */
static void put_findings(const struct table *t, const struct pp_result *r)
{
	size_t shown = 0;

	for (size_t i = 0; i < r->findings.count && shown < MAX_FINDINGS; i++) {
		if (r->findings.items[i].defect >= 0)
			continue;
		pp_report_finding(t->out, &r->findings.items[i], NULL, "    ");
		shown++;
	}
}

static void put_problems(const struct table *t)
{
	/* Worst first; within a verdict in the order of the run. */
	for (int v = PP_VERDICT_FAIL; v >= PP_VERDICT_XPASS; v--)
		for (size_t i = 0; i < t->count; i++) {
			const struct pp_result *r = &t->results[i];

			if (r->verdict != (enum pp_verdict)v)
				continue;
			fputc('\n', t->out);
			put_verdict(t, r->verdict);
			fprintf(t->out, "  ");
			pp_report_text(t->out, r->case_name, "");
			fprintf(t->out, "\n    ");
			pp_report_text(t->out, r->reason, "");
			fputc('\n', t->out);
			if (r->reference[0])
				fprintf(t->out, "    reference: %s\n", r->reference);
			put_findings(t, r);
		}
}

/* What a verdict's cases are grouped by. */
static const char *group_of(const struct pp_result *r)
{
	return r->verdict == PP_VERDICT_XFAIL ? r->reference : r->reason;
}

static bool group_seen(const struct table *t, size_t index)
{
	const struct pp_result *r = &t->results[index];

	for (size_t i = 0; i < index; i++)
		if (t->results[i].verdict == r->verdict &&
		    strcmp(group_of(&t->results[i]), group_of(r)) == 0)
			return true;
	return false;
}

/* Names in columns, as many as fit on a line; only those of @group, NULL for all. */
static void put_names(const struct table *t, enum pp_verdict v, const char *group)
{
	int columns = (LINE_WIDTH - 4) / (t->name_width + 2), at = 0, pad = 4;

	for (size_t i = 0; i < t->count; i++) {
		const struct pp_result *r = &t->results[i];

		if (r->verdict != v || (group && strcmp(group_of(r), group) != 0))
			continue;
		if (at > 0 && at >= columns) {
			fputc('\n', t->out);
			at = 0;
			pad = 4;
		}
		fprintf(t->out, "%*s", pad, "");
		pp_report_text(t->out, r->case_name, "");
		pad = t->name_width + 2 - (int)strlen(r->case_name);
		at++;
	}
	fputc('\n', t->out);
}

static void put_groups(const struct table *t, enum pp_verdict v)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct pp_result *r = &t->results[i];

		if (r->verdict != v || group_seen(t, i))
			continue;
		fputc('\n', t->out);
		put_verdict(t, v);
		fprintf(t->out, "  ");
		pp_report_text(t->out, group_of(r), "");
		fputc('\n', t->out);
		put_names(t, v, group_of(r));
	}
}

/* Said once a run, whatever each case that needs the witness says. */
static void put_blind(const struct table *t, const struct pp_run_info *info)
{
	for (const char *line = info->blind; *line; line += line[strcspn(line, "\n")] == '\n') {
		char text[512];
		size_t len = strcspn(line, "\n");

		snprintf(text, sizeof(text), "%.*s", (int)len, line);
		fprintf(t->out, "blind   ");
		pp_report_text(t->out, text, "");
		fputc('\n', t->out);
		line += len;
	}
}

/* Only what the trace witness did not see: that it saw all is what a reader expects. */
static void put_trace(const struct table *t, const struct pp_run_info *info)
{
	uint64_t lost = 0;
	size_t cases = 0;

	if (info->trace[0]) {
		fprintf(t->out, "trace   ");
		pp_report_text(t->out, info->trace, "");
		fputc('\n', t->out);
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct pp_trace_account *a = &t->results[i].trace;

		lost += a->lost;
		cases += a->lost != 0;
		if (a->blind[0]) {
			fprintf(t->out, "trace   none of %s: ", t->results[i].case_name);
			pp_report_text(t->out, a->blind, "");
			fputc('\n', t->out);
		}
	}
	if (lost)
		fprintf(t->out, "trace   %" PRIu64 " events lost in %zu cases\n", lost, cases);
}

void pp_report_table(FILE *out, const struct pp_run_info *info, const struct pp_result *results,
		     size_t count, bool color)
{
	struct table t = { .out = out, .results = results, .count = count, .color = color };
	bool passed = false;

	for (size_t i = 0; i < count; i++) {
		int width = (int)strlen(results[i].case_name);

		passed |= results[i].verdict == PP_VERDICT_PASS;
		if (width > t.name_width)
			t.name_width = width;
	}
	put_header(&t, info);
	put_blind(&t, info);
	put_trace(&t, info);
	put_problems(&t);
	put_groups(&t, PP_VERDICT_XFAIL);
	put_groups(&t, PP_VERDICT_SKIP);
	if (!passed)
		return;
	fputc('\n', out);
	put_verdict(&t, PP_VERDICT_PASS);
	fputc('\n', out);
	put_names(&t, PP_VERDICT_PASS, NULL);
}
