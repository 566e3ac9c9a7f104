/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all reports share: counts, clean text, the closing line, a finding in words. */
#include "core/report.h"

#include <inttypes.h>
#include <string.h>

void pp_report_count(const struct pp_result *results, size_t count, bool strict,
		     struct pp_counts *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < count; i++)
		out->by[results[i].verdict]++;
	out->skipped = out->by[PP_VERDICT_SKIP];
	out->passed = out->by[PP_VERDICT_PASS] + out->by[PP_VERDICT_XFAIL];
	if (!strict)
		out->passed += out->by[PP_VERDICT_XPASS];
	out->failed = count - out->passed - out->skipped;
}

void pp_report_text(FILE *out, const char *text, const char *escape)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(escape, c))
			fputc('\\', out);
		fputc(c < 0x20 || c == 0x7f ? ' ' : c, out);
	}
}

void pp_report_closing(FILE *out, const struct pp_result *results, size_t count, bool strict)
{
	struct pp_counts n;

	pp_report_count(results, count, strict, &n);
	fprintf(out, "pinproof: %zu passed, %zu failed, %zu skipped\n", n.passed, n.failed,
		n.skipped);
}

static void put_stamp(FILE *out, const char *indent, const char *label, const struct pp_stamp *s,
		      const struct pp_plan *plan)
{
	fprintf(out, "%s  %s generation %u of ", indent, label, s->generation);
	if (plan && s->writer < plan->n_actors)
		fprintf(out, "writer %s", plan->actors[s->writer]);
	else
		fprintf(out, "writer %u", s->writer);
	fprintf(out, " for region %u offset %" PRIu64 " (run %" PRIu64 ")\n", s->region,
		s->offset_bytes, s->run);
}

static void put_place(FILE *out, const struct pp_finding *x, const struct pp_plan *plan,
		      const char *indent)
{
	fprintf(out, "%s  place:   ", indent);
	if (x->region == PP_NO_INDEX)
		fprintf(out, " no region");
	else if (plan && x->region < plan->n_regions)
		fprintf(out, " region %s, bytes %" PRIu64 "+%" PRIu64,
			plan->regions[x->region].name, x->offset_bytes, x->length_bytes);
	else
		fprintf(out, " region %u, bytes %" PRIu64 "+%" PRIu64, x->region, x->offset_bytes,
			x->length_bytes);
	if (x->step[0])
		fprintf(out, ", step \"%s\"", x->step);
	if (x->op)
		fprintf(out, ", op %u", x->op);
	fputc('\n', out);
}

/* "op 5 main rdma-write gen 3": what a reader looks for in the plan. */
static void put_op(FILE *out, uint32_t id, const struct pp_plan *plan)
{
	const struct pp_op *op = plan ? pp_plan_op(plan, id) : NULL;

	fprintf(out, "op %u", id);
	if (!op)
		return;
	fprintf(out, " %s %s", plan->actors[op->actor], pp_verbs[op->verb].name);
	if (op->gen)
		fprintf(out, " gen %u", op->gen);
}

/* "   12.500 ..    13.750 ms  op 5 main rdma-write data 0+4096 gen 2 = EIO   <- had to show" */
static void put_line(FILE *out, const struct pp_finding_line *line)
{
	const char *arrow = "   <- ";

	fprintf(out, "%11.3f .. ", (double)line->begin_ns / 1e6);
	if (line->end_ns == UINT64_MAX)
		fprintf(out, "%11s     ", "never");
	else
		fprintf(out, "%11.3f ms  ", (double)line->end_ns / 1e6);
	fprintf(out, "op %u ", line->op);
	pp_report_text(out, line->what, "");
	if (line->result)
		fprintf(out, " = %s", pp_errno_name(line->result));
	for (int i = 0; i < PP_MARK_COUNT; i++)
		if (line->marks & 1u << i) {
			fprintf(out, "%s%s", arrow, pp_mark_words[i].title);
			arrow = ", ";
		}
	fputc('\n', out);
}

static void put_ops(FILE *out, const struct pp_finding *x, const struct pp_plan *plan,
		    const char *indent)
{
	for (size_t i = 0; i < x->n_lines; i++) {
		fprintf(out, i == 0 ? "%s  story:  " : "%s          ", indent);
		put_line(out, &x->lines[i]);
	}
	for (size_t i = 0; !x->n_lines && i < x->n_ops; i++) {
		fprintf(out, i == 0 ? "%s  touched:  " : "%s            ", indent);
		put_op(out, x->ops[i], plan);
		fputc('\n', out);
	}
}

/* What the kernel did meanwhile, in the time of the story. */
static void put_near(FILE *out, const struct pp_finding *x, const char *indent)
{
	for (size_t i = 0; i < x->n_near; i++) {
		fprintf(out, i == 0 ? "%s  kernel: " : "%s          ", indent);
		fprintf(out, "%9llu.%03llu", (unsigned long long)(x->near[i].time_ns / 1000000),
			(unsigned long long)(x->near[i].time_ns / 1000 % 1000));
		fputs(" ms  ", out);
		pp_report_text(out, x->near[i].what, "");
		fputc('\n', out);
	}
}

void pp_report_finding(FILE *out, const struct pp_finding *x, const struct pp_plan *plan,
		       const char *indent)
{
	fprintf(out, "%s%s %s, %s: ", indent, pp_rule_words[x->rule].name,
		pp_rule_words[x->rule].title, pp_class_words[x->cls].name);
	pp_report_text(out, x->text, "");
	fputc('\n', out);
	if (x->region != PP_NO_INDEX || x->op || x->step[0])
		put_place(out, x, plan, indent);
	if (x->has_expected)
		put_stamp(out, indent, "expected:", &x->expected, plan);
	if (x->has_found)
		put_stamp(out, indent, "found:   ", &x->found, plan);
	put_ops(out, x, plan, indent);
	put_near(out, x, indent);
	if (x->defect >= 0 && (size_t)x->defect < pp_n_defects)
		fprintf(out, "%s  known:    %s\n", indent, pp_defects[x->defect].name);
}
