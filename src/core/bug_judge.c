/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From results of a report's cases to whether it was reproduced; see bug_judge.h. */
#include "core/bug_judge.h"

#include <regex.h>
#include <string.h>

const struct pp_word pp_bug_outcome_words[PP_BUG_OUTCOME_COUNT] = {
	[PP_BUG_NOT_REPRODUCED] = { "not reproduced", "the symptom did not show" },
	[PP_BUG_CANNOT_TELL] = { "cannot tell", "nothing was shown" },
	[PP_BUG_REPRODUCED] = { "reproduced", "the report's own symptom showed" },
};

/* The line of @log that matches, into @out without its prefix; false if there is none. */
static bool find_line(const char *pattern, const char *log, size_t len, char *out, size_t size)
{
	regex_t regex;
	bool found = false;
	char line[512];

	if (!log || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	for (const char *at = log, *end = log + len; at < end && !found;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end, *text = at;

		/* "4,812,1234567,-;": the record's own head, or "[   12.345678] " */
		while (text < stop && strchr("<>0123456789,-c", *text))
			text++;
		text = text < stop && *text == ';' ? text + 1 : at;
		if (*text == '[') {
			const char *bracket = memchr(text, ']', (size_t)(stop - text));

			text = bracket && bracket + 2 <= stop ? bracket + 2 : text;
		}
		snprintf(line, sizeof(line), "%.*s", (int)(stop - text), text);
		found = regexec(&regex, line, 0, NULL, 0) == 0;
		at = newline ? newline + 1 : end;
	}
	regfree(&regex);
	if (found)
		snprintf(out, size, "%.*s", (int)size - 1, line);
	return found;
}

static bool text_matches(const char *pattern, const char *text)
{
	char line[512];

	return find_line(pattern, text, strlen(text), line, sizeof(line));
}

/* Does this finding show this symptom? Then @log gets the line of the kernel log. */
static bool shows(const struct pp_bug_symptom *s, const struct pp_finding *x,
		  const struct pp_bug_run *r, char *log, size_t size)
{
	if (x->rule != s->rule || x->cls != s->cls || (s->step[0] && strcmp(s->step, x->step)))
		return false;
	log[0] = '\0';
	if (!s->log[0])
		return true;
	if (s->rule == PP_O10_QUIET_KERNEL) {
		snprintf(log, size, "%.*s", (int)size - 1, x->text);
		return text_matches(s->log, x->text);
	}
	return find_line(s->log, r->log, r->log_len, log, size);
}

/* A guest that died, or an operation that only SIGKILL ends, leaves no finding, but a sentence. */
static bool ended_by(const struct pp_bug_symptom *s, const struct pp_result *r)
{
	bool own = (s->cls == PP_CLASS_SPLAT && r->ending == PP_ENDING_CRASH) ||
		   (s->rule == PP_O9_LIVENESS && r->ending == PP_ENDING_TIMEOUT);

	return own && s->log[0] && text_matches(s->log, r->reason);
}

static enum pp_bug_outcome judge_case(const struct pp_bug *bug, const struct pp_bug_run *run,
				      struct pp_bug_verdict *out)
{
	const struct pp_result *r = run->result;

	for (size_t i = 0; i < bug->n_symptoms; i++) {
		const struct pp_bug_symptom *s = &bug->symptoms[i];

		for (size_t n = 0; n < r->findings.count; n++) {
			const struct pp_finding *x = &r->findings.items[n];

			if (!shows(s, x, run, out->log, sizeof(out->log)))
				continue;
			snprintf(out->finding, sizeof(out->finding), "%s", x->text);
			return PP_BUG_REPRODUCED;
		}
		if (ended_by(s, r)) {
			snprintf(out->finding, sizeof(out->finding), "%.500s", r->reason);
			return PP_BUG_REPRODUCED;
		}
	}
	out->log[0] = '\0';
	snprintf(out->finding, sizeof(out->finding), "%.500s", r->reason);
	if (r->ending != PP_ENDING_DONE || r->verdict == PP_VERDICT_INCONCLUSIVE)
		return PP_BUG_CANNOT_TELL;
	if (r->findings.count)
		snprintf(out->finding, sizeof(out->finding), "another finding: %s %s: %.440s",
			 pp_rule_words[r->findings.items[0].rule].name,
			 pp_class_words[r->findings.items[0].cls].name, r->findings.items[0].text);
	/* What went wrong in another way may have kept the symptom from showing. */
	return run->plan && pp_evidence_short(run->plan, &r->evidence) < 0 ? PP_BUG_NOT_REPRODUCED
									   : PP_BUG_CANNOT_TELL;
}

/* Does what @one showed replace what decided so far? The first of the worst stays. */
static void take(struct pp_bug_verdict *out, const struct pp_bug_verdict *one,
		 enum pp_bug_outcome outcome, const char *case_name)
{
	if (out->case_name[0] && outcome <= out->outcome)
		return;
	out->outcome = outcome;
	snprintf(out->case_name, sizeof(out->case_name), "%s", case_name);
	memcpy(out->finding, one->finding, sizeof(out->finding));
	memcpy(out->log, one->log, sizeof(out->log));
}

void pp_bug_judge(const struct pp_bug *bug, const struct pp_facts *facts,
		  const struct pp_bug_run *runs, size_t count, struct pp_bug_verdict *out)
{
	struct pp_bug_verdict one;
	unsigned last = 0;

	memset(out, 0, sizeof(*out));
	out->expect = facts ? pp_bug_expected(bug, facts) : PP_BUG_UNSURE;
	for (size_t i = 0; i < count; i++)
		last = runs[i].repeat > last ? runs[i].repeat : last;
	for (unsigned k = 1; k <= last; k++) {
		enum pp_bug_outcome worst = PP_BUG_NOT_REPRODUCED;
		bool any = false;

		for (size_t i = 0; i < count; i++) {
			enum pp_bug_outcome outcome;

			if (runs[i].repeat != k)
				continue;
			any = true;
			outcome = judge_case(bug, &runs[i], &one);
			take(out, &one, outcome, runs[i].result->case_name);
			worst = outcome > worst ? outcome : worst;
		}
		if (any)
			out->runs[worst]++;
	}
	if (!last) {
		out->outcome = PP_BUG_CANNOT_TELL;
		snprintf(out->finding, sizeof(out->finding), "no case of it has a result");
	}
}

bool pp_bug_differs(const struct pp_bug_verdict *v)
{
	if (v->outcome == PP_BUG_REPRODUCED)
		return v->expect == PP_BUG_ABSENT;
	return v->outcome == PP_BUG_NOT_REPRODUCED && v->expect == PP_BUG_PRESENT;
}

int pp_bug_exit(const struct pp_bug_verdict *verdicts, size_t count)
{
	int code = 0;

	for (size_t i = 0; i < count; i++) {
		if (verdicts[i].outcome == PP_BUG_REPRODUCED)
			return 1;
		if (verdicts[i].outcome == PP_BUG_CANNOT_TELL)
			code = 125;
	}
	return count ? code : 125;
}

int pp_bug_exit_all(const struct pp_bug_verdict *verdicts, size_t count)
{
	int code = count ? 0 : 125;

	for (size_t i = 0; i < count; i++) {
		if (pp_bug_differs(&verdicts[i]))
			return 1;
		if (verdicts[i].outcome == PP_BUG_CANNOT_TELL)
			code = 125;
	}
	return code;
}
