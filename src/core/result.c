/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict of a case: from ending, findings, evidence and the known defects. */
#include "core/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct pp_word pp_ending_words[PP_ENDING_COUNT] = {
	[PP_ENDING_DONE]    = { "done",    "all operations were executed" },
	[PP_ENDING_SKIP]    = { "skip",    "a needed fact is missing" },
	[PP_ENDING_BROKEN]  = { "broken",  "set-up that should work did not" },
	[PP_ENDING_TIMEOUT] = { "timeout", "the deadline of the case passed" },
	[PP_ENDING_CRASH]   = { "crash",   "the child or the kernel died" },
	[PP_ENDING_STARTED] = { "started", "nothing was heard after the start" },
};
/* clang-format on */

static void say(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Append to a sentence; what does not fit is cut. */
static void say(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strnlen(out, size);
	va_list ap;

	va_start(ap, fmt);
	if (len < size)
		vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
}
#define SAY(r, ...) say((r)->reason, sizeof((r)->reason), __VA_ARGS__)

/* What a result is judged by. */
struct judge {
	const struct pp_plan *plan;
	const struct pp_facts *facts;
	const struct pp_defect *rows;
	size_t n_rows;
};

/*
 * The row that explains @x on this kernel, -1 if none does.
 * @classes: rows without one of these classes do not count
 */
static int explain(const struct pp_finding *x, const struct judge *j, uint32_t classes)
{
	for (size_t i = 0; i < j->n_rows; i++)
		if (pp_defect_range(&j->rows[i], j->facts) != PP_RANGE_OUT &&
		    (j->rows[i].classes & classes) && pp_defect_match(&j->rows[i], j->plan, x))
			return (int)i;
	return -1;
}

/* Sets each finding's row; returns the first that has none, NULL if all have one. */
static const struct pp_finding *explain_all(struct pp_findings *f, const struct judge *j)
{
	const struct pp_finding *unexplained = NULL;

	for (size_t i = 0; i < f->count; i++) {
		f->items[i].defect = explain(&f->items[i], j, UINT32_MAX);
		if (f->items[i].defect < 0 && !unexplained)
			unexplained = &f->items[i];
	}
	return unexplained;
}

/* Behind a reason: how the case ended, if it did not come to its end. @ended: what was said of
 * that. */
static void say_ending(struct pp_result *r, const char *ended)
{
	if (r->ending != PP_ENDING_DONE)
		SAY(r, "; ended by %s: %s", pp_ending_words[r->ending].name,
		    ended[0] ? ended : pp_ending_words[r->ending].title);
}

static void decide_fail(struct pp_result *r, const struct pp_finding *x)
{
	char ended[sizeof(r->reason)];
	size_t others = r->findings.count + r->findings.dropped - (x ? 1 : 0);

	memcpy(ended, r->reason, sizeof(ended));
	r->reason[0] = '\0';
	r->verdict = PP_VERDICT_FAIL;
	if (x)
		SAY(r, "%s %s: %s", pp_rule_words[x->rule].name, pp_rule_words[x->rule].title,
		    x->text);
	else
		SAY(r, "%zu findings were too many to keep, so no known defect can explain them",
		    r->findings.dropped);
	if (x && others)
		SAY(r, " (and %zu more finding%s)", others, others == 1 ? "" : "s");
	say_ending(r, ended);
}

/*
 * The row of O9 that explains a timeout, or of class splat that explains a crash; -1 if there is
 * none. A row that merely allows a log line beside its defect does not explain that the kernel
 * died.
 */
static int explain_ending(const struct pp_result *r, const struct judge *j)
{
	bool timeout = r->ending == PP_ENDING_TIMEOUT;
	struct pp_finding x = {
		.rule = timeout ? PP_O9_LIVENESS : PP_O10_QUIET_KERNEL,
		.cls = timeout ? PP_CLASS_STUCK : PP_CLASS_SPLAT,
	};
	uint32_t classes = 1u << x.cls;

	for (size_t i = 0; i < r->findings.count; i++) {
		const struct pp_finding *f = &r->findings.items[i];

		if (f->rule == x.rule && j->rows[f->defect].classes & classes)
			return f->defect;
	}
	/* No finding stands for the ending: only a row for any step can know where it was. */
	snprintf(x.text, sizeof(x.text), "%.*s", (int)sizeof(x.text) - 1, r->reason);
	return explain(&x, j, classes);
}

static void decide_xfail(struct pp_result *r, int row, const struct judge *j)
{
	size_t n = r->findings.count;
	const struct pp_defect *d = &j->rows[row >= 0 ? row : r->findings.items[0].defect];
	char ended[sizeof(r->reason)];

	memcpy(ended, r->reason, sizeof(ended));
	r->verdict = PP_VERDICT_XFAIL;
	r->reason[0] = '\0';
	snprintf(r->reference, sizeof(r->reference), "%s", d->reference);
	SAY(r, "known defect %s: %s", d->name, d->title);
	if (n)
		SAY(r, " (%zu finding%s)", n, n == 1 ? "" : "s");
	/* Of a kernel that no range is conclusive for, this is so of every row. */
	if (pp_defect_range(d, j->facts) == PP_RANGE_POSSIBLE)
		SAY(r, ", range unconfirmed");
	say_ending(r, ended);
}

static void decide_inconclusive(struct pp_result *r, const struct pp_need_evidence *need)
{
	int id = pp_evidence_find(need->name);

	r->verdict = PP_VERDICT_INCONCLUSIVE;
	SAY(r, "%s %llu of %llu", need->name,
	    id < 0 ? 0ull : (unsigned long long)r->evidence.count[id],
	    (unsigned long long)need->least);
	if (r->attempts > 1)
		SAY(r, " in the last of %d attempts", r->attempts);
}

/* "12 device writes seen, 6 syncs": the counters that are not 0. */
static void say_evidence(struct pp_result *r)
{
	const char *comma = "";

	for (int i = 0; i < PP_EV_COUNT; i++) {
		char name[PP_NAME_MAX];

		if (!r->evidence.count[i])
			continue;
		snprintf(name, sizeof(name), "%s", pp_evidence_defs[i].name);
		for (char *c = name; *c; c++)
			if (*c == '-')
				*c = ' ';
		SAY(r, "%s%llu %s", comma, (unsigned long long)r->evidence.count[i], name);
		comma = ", ";
	}
	if (r->evidence.refused)
		SAY(r, "%sregistration refused as this kernel should", *comma ? "; " : "");
	else if (!*comma)
		SAY(r, "the plan asks for no evidence");
}

/* A witness that saw less than it should have says so, lest its silence be taken for an answer. */
static void say_blind(struct pp_result *r, const struct pp_plan *plan)
{
	if (plan->rules & PP_RULE_BIT(PP_O7_PIN_BALANCE) && r->evidence.blind_quiets)
		SAY(r,
		    "; O7 judged VmPin alone at %llu of %llu quiet points: the pin counters cannot "
		    "be read, or others pin",
		    (unsigned long long)r->evidence.blind_quiets,
		    (unsigned long long)r->evidence.count[PP_EV_QUIETS]);
	if (r->evidence.count[PP_EV_SAME_MEMORY])
		SAY(r,
		    "; %llu reads of DAX files read the mapped memory itself: no witnesses of "
		    "their own",
		    (unsigned long long)r->evidence.count[PP_EV_SAME_MEMORY]);
}

static void decide_clean(struct pp_result *r, const struct judge *j)
{
	const struct pp_defect *possible = NULL, *missed = NULL;

	for (size_t i = 0; i < j->n_rows; i++) {
		const struct pp_defect *d = &j->rows[i];
		enum pp_range range = pp_defect_range(d, j->facts);

		if (range == PP_RANGE_OUT || !pp_defect_predicts(d, j->plan))
			continue;
		/* What a race decides may stay away without being gone. */
		if (range == PP_RANGE_IN && d->chance) {
			missed = d;
			continue;
		}
		if (range == PP_RANGE_IN) {
			r->verdict = PP_VERDICT_XPASS;
			snprintf(r->reference, sizeof(r->reference), "%s", d->reference);
			SAY(r, "known defect %s did not show: ", d->name);
			say_evidence(r);
			say_blind(r, j->plan);
			return;
		}
		possible = d;
	}
	r->verdict = PP_VERDICT_PASS;
	say_evidence(r);
	say_blind(r, j->plan);
	if (missed)
		SAY(r, "; known defect %s, which shows by chance, did not", missed->name);
	else if (possible)
		SAY(r, "; known defect %s did not apply (range unconfirmed)", possible->name);
}

static void decide_ended(struct pp_result *r, enum pp_verdict verdict)
{
	r->verdict = verdict;
	if (!r->reason[0])
		SAY(r, "%s", pp_ending_words[r->ending].title);
}

/* The set-up operation that broke is a finding of O12 too, which says no more than the ending. */
static bool says_only_what_broke(const struct pp_finding *x, const struct judge *j)
{
	const struct pp_op *op = pp_plan_op(j->plan, x->op);

	return x->rule == PP_O12_EXPLAINED && op && pp_verbs[op->verb].kind == PP_KIND_SETUP;
}

/* Endings that stand unless something was found beside them. */
static bool decide_unjudged(struct pp_result *r, const struct judge *j)
{
	if (r->findings.dropped)
		return false;
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->ending != PP_ENDING_BROKEN ||
		    !says_only_what_broke(&r->findings.items[i], j))
			return false;
	if (r->ending == PP_ENDING_SKIP)
		decide_ended(r, PP_VERDICT_SKIP);
	else if (r->ending == PP_ENDING_BROKEN)
		decide_ended(r, PP_VERDICT_BROKEN);
	else
		return false;
	return true;
}

static void decide(struct pp_result *r, const struct judge *j)
{
	const struct pp_finding *unexplained = explain_all(&r->findings, j);
	int row = -1, need;

	r->reference[0] = '\0';
	if (r->ending == PP_ENDING_DONE)
		r->reason[0] = '\0';
	if (decide_unjudged(r, j))
		return;
	if (unexplained || r->findings.dropped) {
		decide_fail(r, unexplained);
		return;
	}
	if (r->ending == PP_ENDING_BROKEN) {
		decide_ended(r, PP_VERDICT_BROKEN);
		return;
	}
	if (r->ending != PP_ENDING_DONE && r->ending != PP_ENDING_SKIP) {
		row = explain_ending(r, j);
		if (row < 0) {
			decide_ended(r, r->ending == PP_ENDING_TIMEOUT ? PP_VERDICT_TIMEOUT
								       : PP_VERDICT_CRASH);
			return;
		}
	}
	need = pp_evidence_short(j->plan, &r->evidence);
	if (row >= 0 || r->findings.count)
		decide_xfail(r, row, j);
	else if (need >= 0)
		decide_inconclusive(r, &j->plan->evidence[need]);
	else
		decide_clean(r, j);
}

void pp_result_decide_with(struct pp_result *r, const struct pp_plan *plan,
			   const struct pp_facts *facts, const struct pp_defect *rows,
			   size_t n_rows)
{
	const struct judge j = { plan, facts, rows, n_rows };

	decide(r, &j);
}

void pp_result_decide(struct pp_result *r, const struct pp_plan *plan, const struct pp_facts *facts)
{
	pp_result_decide_with(r, plan, facts, pp_defects, pp_n_defects);
}

void pp_result_free(struct pp_result *r)
{
	pp_findings_free(&r->findings);
}

enum pp_verdict pp_verdict_worst(enum pp_verdict a, enum pp_verdict b)
{
	return a > b ? a : b;
}

int pp_verdict_exit(enum pp_verdict worst, bool strict, bool bisect)
{
	switch (worst) {
	case PP_VERDICT_PASS:
	case PP_VERDICT_XFAIL:
		return 0;
	case PP_VERDICT_XPASS:
		return strict ? 1 : 0;
	case PP_VERDICT_SKIP:
		return bisect ? 125 : 77;
	case PP_VERDICT_INCONCLUSIVE:
	case PP_VERDICT_BROKEN:
		return bisect ? 125 : 99;
	default:
		return 1;
	}
}
