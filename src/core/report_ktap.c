/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KTAP version 1: one line a case as soon as it has ended, diagnostics under what is not ok. */
#include <inttypes.h>

#include "core/report.h"

#define MAX_FINDINGS 8 /* the rest is in results.json */

enum said { SAID_NOTHING, SAID_REFERENCE, SAID_REASON };

/* How KTAP says a verdict. XPASS is the one that --strict turns round. */
static const struct {
	bool ok;
	const char *directive;
	enum said said;
} lines[PP_VERDICT_COUNT] = {
	[PP_VERDICT_SKIP] = { true, "SKIP", SAID_REASON },
	[PP_VERDICT_PASS] = { true, NULL, SAID_NOTHING },
	[PP_VERDICT_XFAIL] = { true, "XFAIL", SAID_REFERENCE },
	[PP_VERDICT_XPASS] = { true, "XPASS", SAID_REFERENCE },
	[PP_VERDICT_INCONCLUSIVE] = { false, "ERROR", SAID_REASON },
	[PP_VERDICT_BROKEN] = { false, "ERROR", SAID_REASON },
	[PP_VERDICT_TIMEOUT] = { false, "TIMEOUT", SAID_REASON },
	[PP_VERDICT_CRASH] = { false, "CRASH", SAID_REASON },
	[PP_VERDICT_FAIL] = { false, NULL, SAID_NOTHING },
};

void pp_ktap_begin(FILE *out, size_t planned)
{
	fprintf(out, "KTAP version 1\n1..%zu\n", planned);
	fflush(out);
}

static void put_diagnostics(FILE *out, const struct pp_result *r, const struct pp_plan *plan,
			    const char *repeat)
{
	size_t shown = 0, unexplained = 0;

	fprintf(out, "# %s: ", pp_verdict_words[r->verdict].name);
	pp_report_text(out, r->reason, "");
	fputc('\n', out);
	for (size_t i = 0; i < r->findings.count; i++) {
		if (r->findings.items[i].defect >= 0)
			continue;
		unexplained++;
		if (shown == MAX_FINDINGS)
			continue;
		pp_report_finding(out, &r->findings.items[i], plan, "# ");
		shown++;
	}
	unexplained += r->findings.dropped;
	if (unexplained > shown)
		fprintf(out, "# and %zu more findings\n", unexplained - shown);
	fprintf(out, "# seed of the plan: %" PRIu64 "\n", r->seed);
	if (repeat) {
		fprintf(out, "# repeat: ");
		pp_report_text(out, repeat, "");
		fputc('\n', out);
	}
}

void pp_ktap_case(FILE *out, size_t number, const struct pp_result *r, const struct pp_plan *plan,
		  const char *repeat, bool strict)
{
	bool ok = lines[r->verdict].ok && !(strict && r->verdict == PP_VERDICT_XPASS);
	const char *said = lines[r->verdict].said == SAID_REASON ? r->reason : r->reference;

	fprintf(out, "%s %zu ", ok ? "ok" : "not ok", number);
	/* '#' begins a directive, so neither a name nor a reason may hold one of its own. */
	pp_report_text(out, r->case_name, "#\\");
	if (lines[r->verdict].directive)
		fprintf(out, " # %s", lines[r->verdict].directive);
	if (lines[r->verdict].said != SAID_NOTHING && said[0]) {
		fputc(' ', out);
		pp_report_text(out, said, "#\\");
	}
	fputc('\n', out);
	if (!ok)
		put_diagnostics(out, r, plan, repeat);
	fflush(out);
}

void pp_ktap_note(FILE *out, const char *word, const char *text)
{
	fprintf(out, "# %s: ", word);
	pp_report_text(out, text, "");
	fputc('\n', out);
	fflush(out);
}

void pp_ktap_end(FILE *out, const struct pp_result *results, size_t count)
{
	struct pp_counts n;

	pp_report_count(results, count, false, &n);
	fprintf(out, "# Totals: pass:%zu fail:%zu xfail:%zu xpass:%zu skip:%zu error:%zu\n",
		n.by[PP_VERDICT_PASS],
		n.by[PP_VERDICT_FAIL] + n.by[PP_VERDICT_CRASH] + n.by[PP_VERDICT_TIMEOUT],
		n.by[PP_VERDICT_XFAIL], n.by[PP_VERDICT_XPASS], n.by[PP_VERDICT_SKIP],
		n.by[PP_VERDICT_BROKEN] + n.by[PP_VERDICT_INCONCLUSIVE]);
	fflush(out);
}
