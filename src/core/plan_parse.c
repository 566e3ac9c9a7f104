/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From text to a checked plan: one table of statements, and for each a table of
 * its keys. docs/plan-language.md is the grammar.
 */
#include "core/plan_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/evidence.h"
#include "core/stamp.h"

#define ACTORS_MAX 255u /* a history's event names its actor in 8 bits */

static int parse_version(struct pp_parser *p)
{
	return pp_plan_take_version(p, PP_PLAN_VERSION, "the number of the plan's version",
				    "plan version 1");
}

/* A name, or names joined by '/'. */
static int parse_case(struct pp_parser *p)
{
	static const char expected[] = "a case name such as mr-fsync/ext4/rxe-mr, up to 95 bytes";
	const struct pp_span *word;
	char part[PP_CASE_MAX];
	size_t from = 0, to;
	int rc = pp_plan_take_word(p, expected, &word);

	if (rc)
		return rc;
	if (word->len >= sizeof(p->plan->case_name))
		return pp_plan_bad(p, word, expected);
	memcpy(p->plan->case_name, word->s, word->len);
	for (; from <= word->len; from = to + 1) {
		struct pp_span one = { .s = word->s + from };

		to = from + strcspn(p->plan->case_name + from, "/");
		one.len = to - from;
		one.column = word->column + (unsigned)from;
		rc = pp_plan_copy_name(p, &one, part, sizeof(part));
		if (rc)
			return rc;
	}
	return 0;
}

static int parse_backing(struct pp_parser *p)
{
	return pp_plan_take_name(p, p->plan->backing, sizeof(p->plan->backing));
}

static int parse_pinner(struct pp_parser *p)
{
	return pp_plan_take_name(p, p->plan->pinner, sizeof(p->plan->pinner));
}

static int parse_seed(struct pp_parser *p)
{
	const struct pp_span *word;
	int rc = pp_plan_take_word(p, "a number", &word);

	if (rc)
		return rc;
	if (!pp_span_number(word->s, word->len, &p->plan->seed))
		return pp_plan_bad(p, word, "a number of at most 64 bits, such as 42 or 0x2a");
	return 0;
}

static int parse_rules(struct pp_parser *p)
{
	static const char expected[] = "the name of a rule, O1 to O14";
	const struct pp_span *word;
	int rc, rule;

	do {
		rc = pp_plan_take_word(p, expected, &word);
		if (rc)
			return rc;
		for (rule = PP_RULE_NONE + 1; rule < PP_RULE_COUNT; rule++)
			if (pp_span_is(word, pp_rule_words[rule].name))
				break;
		if (rule == PP_RULE_COUNT)
			return pp_plan_bad(p, word, expected);
		p->plan->rules |= PP_RULE_BIT(rule);
	} while (p->next < p->line.count);
	return 0;
}

static int parse_strict(struct pp_parser *p)
{
	static const char expected[] = "what is not forgiven: counts or pages";
	const struct pp_span *word;
	unsigned bit;
	int rc;

	do {
		rc = pp_plan_take_word(p, expected, &word);
		if (rc)
			return rc;
		if (!pp_plan_find_choice(pp_strict_choices, word, &bit))
			return pp_plan_bad(p, word, expected);
		p->plan->strict |= bit;
	} while (p->next < p->line.count);
	return 0;
}

static int parse_bound(struct pp_parser *p)
{
	const struct pp_span *word;
	int rc = pp_plan_take_word(p, "a time up to 24 hours, such as 20s or 500ms", &word);

	return rc ? rc : pp_plan_set_duration(p, word, &p->plan->bound_ms, NULL);
}

/* Builders join needs of several parts, so a fact named again is the same need and no mistake. */
static int parse_need(struct pp_parser *p)
{
	char name[PP_NAME_MAX] = { 0 };
	int rc = 0;

	while (!rc && p->next < p->line.count) {
		rc = pp_plan_take_name(p, name, sizeof(name));
		if (!rc && !IS_TAKEN(p, needs, name))
			rc = APPEND_DEF(p, needs, name);
	}
	return rc;
}

static int parse_evidence(struct pp_parser *p)
{
	struct pp_need_evidence need = { .when = PP_WHEN_ALWAYS };
	const struct pp_span *place = &p->line.token[p->next].word, *word;
	unsigned when;
	int rc = pp_plan_take_name(p, need.name, sizeof(need.name));

	if (!rc && pp_evidence_find(need.name) < 0)
		rc = pp_plan_bad(p, place, "the name of a counter of evidence, such as syncs");
	if (!rc)
		rc = pp_plan_take_word(p, "'>='", &word);
	if (!rc && !pp_span_is(word, ">="))
		rc = pp_plan_bad(p, word, "'>='");
	if (!rc)
		rc = pp_plan_take_word(p, "a number", &word);
	if (!rc && !pp_span_number(word->s, word->len, &need.least))
		rc = pp_plan_bad(p, word, "a number");
	if (!rc && p->next < p->line.count) {
		word = &pp_plan_take(p)->word;
		if (!pp_span_is(word, "if"))
			return pp_plan_bad(p, word, "'if' or the end of the line");
		word = &pp_plan_take(p)->word;
		if (!pp_plan_find_choice(pp_when_choices, word, &when))
			return pp_plan_bad(p, word, "'accepted' or 'refused'");
		need.when = (enum pp_when)when;
	}
	for (size_t i = 0; !rc && i < p->plan->n_evidence; i++)
		if (!strcmp(p->plan->evidence[i].name, need.name) &&
		    p->plan->evidence[i].when == need.when)
			rc = pp_plan_bad(p, place, "evidence that is not yet asked for");
	return rc ? rc : APPEND_DEF(p, evidence, &need);
}

static int parse_actor(struct pp_parser *p)
{
	char name[PP_NAME_MAX] = { 0 };
	uint32_t gen = 0;
	size_t n = p->plan->n_actors;
	int rc = pp_plan_take_name(p, name, sizeof(name));

	if (!rc && IS_TAKEN(p, actors, name))
		rc = pp_plan_bad(p, &p->line.token[1].word, "a name that no other actor has");
	if (!rc && n >= ACTORS_MAX)
		rc = pp_plan_bad(p, &p->line.token[0].word, "at most 255 actors");
	if (!rc)
		rc = pp_plan_append(p, &p->last_gen, &n, &gen, sizeof(gen));
	return rc ? rc : APPEND_DEF(p, actors, name);
}

static int parse_step(struct pp_parser *p)
{
	const struct pp_span *word = &pp_plan_take(p)->word;
	char name[PP_NAME_MAX] = { 0 };
	int rc = pp_plan_copy_quoted(p, word, name, sizeof(name));

	/* The empty name is taken from the start: it is what comes before the first step. */
	if (!rc && IS_TAKEN(p, steps, name))
		rc = pp_plan_bad(p, word, "a step that is not empty and not yet used");
	return rc ? rc : APPEND_DEF(p, steps, name);
}

struct statement {
	const char *name;
	int (*parse)(struct pp_parser *p);
	bool once;
	bool required;
};

/* The first row is the line that a plan begins with. */
static const struct statement statements[] = {
	{ "pinproof-plan", parse_version, .once = true, .required = true },
	{ "case", parse_case, .once = true, .required = true },
	{ "backing", parse_backing, .once = true, .required = true },
	{ "pinner", parse_pinner, .once = true, .required = true },
	{ "seed", parse_seed, .once = true },
	{ "rules", parse_rules, .once = true, .required = true },
	{ "strict", parse_strict, .once = true },
	{ "bound", parse_bound, .once = true, .required = true },
	{ "need", parse_need, .once = false },
	{ "evidence", parse_evidence, .once = false },
	{ "gate", pp_plan_parse_gate, .once = false },
	{ "fs", pp_plan_parse_fs, .once = false },
	{ "region", pp_plan_parse_region, .once = false },
	{ "mr", pp_plan_parse_mr, .once = false },
	{ "actor", parse_actor, .once = false },
	{ "step", parse_step, .once = false },
	{ "op", pp_plan_parse_op, .once = false },
	{ "storm", pp_plan_parse_storm, .once = true },
	{ "mix", pp_plan_parse_mix, .once = false },
};

static int parse_statement(struct pp_parser *p)
{
	const struct pp_token *token = &p->line.token[0];
	size_t i = 0;
	int rc;

	while (i < PP_ARRAY_LEN(statements) && !pp_span_is(&token->word, statements[i].name))
		i++;
	if (!p->seen && (i != 0 || token->has_value))
		return pp_plan_bad(p, &token->word, "'pinproof-plan 1' in the first line");
	if (i == PP_ARRAY_LEN(statements) || token->has_value)
		return pp_plan_bad(
			p, &token->word,
			"a statement (case, backing, pinner, seed, rules, strict, bound, "
			"need, evidence, gate, fs, region, mr, actor, step, op, storm, mix)");
	if (statements[i].once && p->seen & 1u << i)
		return pp_plan_bad(p, &token->word, "a statement that may stand more than once");
	p->seen |= 1u << i;
	p->next = 1;
	rc = statements[i].parse(p);
	if (!rc && p->next < p->line.count)
		rc = pp_plan_bad(p, &p->line.token[p->next].word, "the end of the line");
	return rc;
}

static int parse_text(struct pp_parser *p)
{
	static const char no_step[PP_NAME_MAX];
	char expected[64];
	int rc =
		pp_plan_append_def(p, &p->plan->steps, &p->plan->n_steps, no_step, sizeof(no_step));

	while (!rc) {
		rc = pp_lex_line(&p->lex, &p->line);
		if (rc <= 0)
			break;
		rc = parse_statement(p);
	}
	for (size_t i = 0; !rc && i < PP_ARRAY_LEN(statements); i++)
		if (statements[i].required && !(p->seen & 1u << i)) {
			snprintf(expected, sizeof(expected), "a line '%s ...'", statements[i].name);
			rc = pp_plan_bad(p, &p->line.token[0].word, expected);
		}
	if (!rc)
		rc = pp_plan_end_storm(p);
	return rc;
}

int pp_plan_parse(const char *text, size_t len, struct pp_plan **out, struct pp_err *err)
{
	return pp_plan_parse_from(text, len, 0, out, err);
}

int pp_plan_parse_from(const char *text, size_t len, unsigned line, struct pp_plan **out,
		       struct pp_err *err)
{
	/* On the heap: a line of tokens is large for the stack of a small thread. */
	struct pp_parser *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;

	if (p)
		p->plan = calloc(1, sizeof(*p->plan));
	if (!p || !p->plan) {
		pp_err_set(err, rc, "no memory for the plan");
		goto out;
	}
	p->err = err;
	p->lex = (struct pp_lex){ .at = text, .end = text + len, .number = line, .err = err };
	rc = parse_text(p);
	if (rc) {
		pp_plan_free(p->plan);
		goto out;
	}
	*out = p->plan;
out:
	if (p) {
		free(p->last_gen);
		free(p->registrar);
	}
	free(p);
	return rc;
}
