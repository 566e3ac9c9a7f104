/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declarations of mutants, and who noticed them; see mutant.h. */
#include "core/mutant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct pp_word pp_mutant_words[PP_MUTANT_OUTCOME_COUNT] = {
	[PP_MUTANT_KILLED] = { "killed", "noticed by a rule that was to notice it" },
	[PP_MUTANT_EQUIVALENT] = { "equivalent", "no test can see it" },
	[PP_MUTANT_NOT_APPLICABLE] = { "not applicable", "nothing to break on this kernel" },
	[PP_MUTANT_DID_NOT_FIRE] = { "did not fire", "no case came by where it waits" },
	[PP_MUTANT_ANOTHER_RULE] = { "killed by another rule", "a person must look" },
	[PP_MUTANT_GUEST_DIED] = { "guest died", "which its declaration does not allow" },
	[PP_MUTANT_SURVIVED] = { "survived", "nobody noticed" },
};

/* clang-format off */
static const struct {
	const char *key;
	size_t offset, size;
	bool needed;
} members[] = {
#define MEMBER(key, member, needed) \
	{ key, offsetof(struct pp_mutant, member), sizeof(((struct pp_mutant *)0)->member), needed }
	MEMBER("name", name, true),
	MEMBER("description", bug, true),
	MEMBER("mutant_family", family, true),
	MEMBER("mutant_reference", reference, true),
	MEMBER("mutant_function", function, true),
	MEMBER("mutant_args", args, false),
	MEMBER("mutant_widened", widened, false),
	MEMBER("mutant_equivalent", equivalent, false),
	MEMBER("absent", absent, false),
#undef MEMBER
};
/* clang-format on */

static int parse_rules(const char *value, size_t len, struct pp_mutant *m, struct pp_err *err)
{
	const char *end = value + len;

	while (value < end) {
		size_t n = strcspn(value, " \n");
		char word[16];
		int rule;

		snprintf(word, sizeof(word), "%.*s", (int)n, value);
		rule = pp_word_find(pp_rule_words, PP_RULE_COUNT, word);
		if (rule <= PP_RULE_NONE)
			return pp_err_set(err, -EINVAL, "there is no rule '%s'", word);
		m->rules |= PP_RULE_BIT(rule);
		value += n + 1;
	}
	return 0;
}

static int parse_line(const char *line, size_t len, struct pp_mutant *m, struct pp_err *err)
{
	const char *equals = memchr(line, '=', len), *value;
	size_t key_len, value_len;

	if (!equals)
		return 0;
	key_len = (size_t)(equals - line);
	value = equals + 1;
	value_len = len - key_len - 1;
	if (key_len == strlen("mutant_rules") && !memcmp(line, "mutant_rules", key_len))
		return parse_rules(value, value_len, m, err);
	if (key_len == strlen("mutant_may_die") && !memcmp(line, "mutant_may_die", key_len))
		m->may_die = value_len == 1 && value[0] == '1';
	if (key_len == strlen("seconds") && !memcmp(line, "seconds", key_len))
		m->seconds = strtod(value, NULL);
	for (size_t i = 0; i < PP_ARRAY_LEN(members); i++) {
		char *at = (char *)m + members[i].offset;

		if (strlen(members[i].key) != key_len || memcmp(line, members[i].key, key_len))
			continue;
		if (value_len >= members[i].size)
			return pp_err_set(err, -EINVAL, "'%s' is too long", members[i].key);
		memcpy(at, value, value_len);
		at[value_len] = '\0';
	}
	return 0;
}

int pp_mutant_parse(const char *text, struct pp_mutant *m, struct pp_err *err)
{
	memset(m, 0, sizeof(*m));
	while (*text) {
		size_t len = strcspn(text, "\n");
		int rc = parse_line(text, len, m, err);

		if (rc)
			return rc;
		text += len + (text[len] == '\n');
	}
	for (size_t i = 0; i < PP_ARRAY_LEN(members); i++)
		if (members[i].needed && !*((char *)m + members[i].offset))
			return pp_err_set(err, -EINVAL, "the declaration has no '%s'",
					  members[i].key);
	if (!m->rules && !m->equivalent[0])
		return pp_err_set(err, -EINVAL, "the declaration names no rule");
	return 0;
}

/* The counter of a mutant is read by who survives the case: without it the guest died. */
static bool died(const struct pp_result *r)
{
	return r->ending == PP_ENDING_CRASH && !r->has_counted;
}

static bool has_signature(const struct pp_result *r, const struct pp_finding *x)
{
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct pp_finding *y = &r->findings.items[i];

		if (x->rule == y->rule && x->cls == y->cls && !strcmp(x->step, y->step))
			return true;
	}
	return false;
}

static void fill(struct pp_mutant_kill *out, const struct pp_mutant *m, const struct pp_result *r,
		 enum pp_rule rule, enum pp_class cls, const char *step, const char *text)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->case_name, sizeof(out->case_name), "%s", r->case_name);
	out->rule = rule;
	out->cls = cls;
	snprintf(out->step, sizeof(out->step), "%s", step);
	snprintf(out->text, sizeof(out->text), "%s", text);
	out->fired = r->counted;
	out->declared = m->rules & PP_RULE_BIT(rule);
}

/* The first finding that neither a known defect nor the case without the mutant explains, of a
 * declared rule if there is one. */
static const struct pp_finding *fresh(const struct pp_mutant *m, const struct pp_result *base,
				      const struct pp_result *r)
{
	const struct pp_finding *first = NULL;

	for (size_t i = 0; i < r->findings.count; i++) {
		const struct pp_finding *x = &r->findings.items[i];

		if (x->defect >= 0 || has_signature(base, x))
			continue;
		if (m->rules & PP_RULE_BIT(x->rule))
			return x;
		first = first ? first : x;
	}
	return first;
}

bool pp_mutant_case(const struct pp_mutant *m, const struct pp_result *base,
		    const struct pp_result *r, struct pp_mutant_kill *out)
{
	const struct pp_finding *x;

	if (!base || !r->counted)
		return false;
	if (died(r)) {
		if (died(base))
			return false;
		fill(out, m, r, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "", r->reason);
		out->guest_died = true;
		out->declared = m->may_die;
		return true;
	}
	/* Only what a user is alarmed by. That a case cannot tell any more, or that a known defect
	 * does not show, names no rule. */
	if (r->verdict < PP_VERDICT_TIMEOUT)
		return false;
	x = fresh(m, base, r);
	if (x)
		fill(out, m, r, x->rule, x->cls, x->step, x->text);
	else if (r->verdict == PP_VERDICT_TIMEOUT && base->verdict != PP_VERDICT_TIMEOUT)
		fill(out, m, r, PP_O9_LIVENESS, PP_CLASS_STUCK, "", r->reason);
	else if (r->verdict == PP_VERDICT_CRASH && base->verdict != PP_VERDICT_CRASH)
		fill(out, m, r, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "", r->reason);
	else
		return false;
	return true;
}

static const struct pp_result *find(const struct pp_result *base, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(base[i].case_name, name))
			return &base[i];
	return NULL;
}

void pp_mutant_judge(const struct pp_mutant *m, const struct pp_result *base, size_t n_base,
		     const struct pp_result *results, size_t count, struct pp_mutant_verdict *out)
{
	memset(out, 0, sizeof(*out));
	out->outcome = PP_MUTANT_DID_NOT_FIRE;
	if (m->absent[0] || m->equivalent[0]) {
		out->outcome = m->absent[0] ? PP_MUTANT_NOT_APPLICABLE : PP_MUTANT_EQUIVALENT;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct pp_result *r = &results[i];
		struct pp_mutant_kill kill;
		bool settled = out->outcome == PP_MUTANT_KILLED;

		out->fired += r->counted;
		out->cases += r->ending != PP_ENDING_SKIP && r->ending != PP_ENDING_BROKEN;
		if (r->counted && out->outcome == PP_MUTANT_DID_NOT_FIRE)
			out->outcome = PP_MUTANT_SURVIVED;
		if (!pp_mutant_case(m, find(base, n_base, r->case_name), r, &kill))
			continue;
		out->killers += kill.declared;
		if (settled || (!kill.declared && out->kill.case_name[0]))
			continue;
		out->kill = kill;
		out->outcome = kill.declared     ? PP_MUTANT_KILLED
			       : kill.guest_died ? PP_MUTANT_GUEST_DIED
						 : PP_MUTANT_ANOTHER_RULE;
	}
}

int pp_mutant_exit(const struct pp_mutant_verdict *verdicts, size_t count)
{
	bool killed = false, silent = false;

	for (size_t i = 0; i < count; i++) {
		switch (verdicts[i].outcome) {
		case PP_MUTANT_KILLED:
			killed = true;
			break;
		case PP_MUTANT_DID_NOT_FIRE:
			silent = true;
			break;
		case PP_MUTANT_EQUIVALENT:
		case PP_MUTANT_NOT_APPLICABLE:
			break;
		default:
			return 1;
		}
	}
	return killed && !silent ? 0 : 99;
}
