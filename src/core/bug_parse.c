/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the text of a report to what it says: a table of statements for the head, the parser of
 * plans for the rest; docs/reports.md is the grammar. */
#include "core/bug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_private.h"

#define CASES_MAX  32u
#define PROSE_MAX  4096u /* of what the lines of one kind make together */
#define VERSION_AT 3

struct bug_parser {
	struct pp_parser p; /* first: the pieces of the plan's parser take it */
	struct pp_bug *bug;
	struct pp_span *places; /* of the symptoms' rules and steps, two each, to complain later */
	unsigned *lines;        /* that they stand in */
	size_t n_places, n_lines;
};

static struct bug_parser *of(struct pp_parser *p)
{
	return (struct bug_parser *)(void *)p;
}

static int parse_version(struct pp_parser *p)
{
	return pp_plan_take_version(p, PP_BUG_VERSION, "the number of the report's version",
				    "report version 1");
}

static int parse_report(struct pp_parser *p)
{
	struct pp_bug *bug = of(p)->bug;
	int rc = pp_plan_take_name(p, bug->name, sizeof(bug->name));

	return rc ? rc
		  : pp_plan_copy_quoted(p, &pp_plan_take(p)->word, bug->title, sizeof(bug->title));
}

/* Lines of one kind make one text, a blank between them. */
static int add_prose(struct pp_parser *p, char **text)
{
	const struct pp_span *word = &pp_plan_take(p)->word;
	size_t old = *text ? strlen(*text) + 1 : 0;
	char *grown;
	int rc;

	if (old + word->len >= PROSE_MAX)
		return pp_plan_bad(p, word, "at most 4095 bytes of this in all");
	grown = realloc(*text, old + word->len + 1);
	if (!grown)
		return pp_err_set(p->err, -ENOMEM, "no memory for the report");
	*text = grown;
	grown[old] = '\0'; /* so that it ends, whatever comes */
	rc = pp_plan_copy_quoted(p, word, grown + old, word->len + 1);
	if (!rc && !grown[old])
		rc = pp_plan_bad(p, word, "a text that is not empty");
	if (!rc && old)
		grown[old - 1] = ' ';
	return rc;
}

static int parse_about(struct pp_parser *p)
{
	return add_prose(p, &of(p)->bug->about);
}

static int parse_why(struct pp_parser *p)
{
	return add_prose(p, &of(p)->bug->why);
}

static int parse_does(struct pp_parser *p)
{
	return add_prose(p, &of(p)->bug->does);
}

static int parse_limits(struct pp_parser *p)
{
	return add_prose(p, &of(p)->bug->limits);
}

static int parse_fixed(struct pp_parser *p)
{
	return add_prose(p, &of(p)->bug->fixed);
}

static int parse_reference(struct pp_parser *p)
{
	struct pp_bug *bug = of(p)->bug;
	char *text = NULL;
	int rc = add_prose(p, &text);

	if (!rc)
		rc = pp_plan_append(p, &bug->references, &bug->n_references, &text, sizeof(text));
	if (rc)
		free(text);
	return rc;
}

/* "6.12.97" at the start of the span; what is left of it behind. */
static bool take_version(struct pp_span *v, struct pp_version *out)
{
	int part[VERSION_AT] = { 0 }, n = 0;

	while (n < VERSION_AT) {
		size_t digits = 0;

		while (digits < v->len && v->s[digits] >= '0' && v->s[digits] <= '9') {
			part[n] = part[n] * 10 + v->s[digits++] - '0';
			if (digits > 3)
				return false;
		}
		if (!digits)
			return false;
		v->s += digits;
		v->len -= digits;
		n++;
		if (v->len < 2 || v->s[0] != '.' || v->s[1] == '.')
			break;
		v->s++;
		v->len--;
	}
	*out = (struct pp_version){ part[0], part[1], part[2] };
	return n >= 2;
}

static int read_range(struct pp_parser *p, const struct pp_span *word, struct pp_bug_range *out)
{
	static const char expected[] =
		"upstream versions FROM..BEFORE, such as 5.6..6.5, or 5.6.. for no end";
	struct pp_span v = *word;

	*out = (struct pp_bug_range){ .before = { 1000, 0, 0 } };
	if (word->quoted || !take_version(&v, &out->since) || v.len < 2 || memcmp(v.s, "..", 2))
		return pp_plan_bad(p, word, expected);
	v.s += 2;
	v.len -= 2;
	if (v.len && (!take_version(&v, &out->before) || v.len))
		return pp_plan_bad(p, word, expected);
	if (pp_version_cmp(out->since, out->before) >= 0)
		return pp_plan_bad(p, word, "a range that ends behind its beginning");
	return 0;
}

static int parse_affects(struct pp_parser *p)
{
	struct pp_bug *bug = of(p)->bug;
	struct pp_bug_range range;
	const struct pp_span *word;
	int rc;

	if (pp_span_is(&p->line.token[p->next].word, "none") && p->line.count == 2) {
		pp_plan_take(p);
		return 0;
	}
	do {
		rc = pp_plan_take_word(p, "a range of versions", &word);
		if (!rc)
			rc = read_range(p, word, &range);
		if (!rc)
			rc = pp_plan_append(p, &bug->ranges, &bug->n_ranges, &range, sizeof(range));
	} while (!rc && p->next < p->line.count);
	return rc;
}

static int read_word(struct pp_parser *p, const struct pp_word *table, int first, int count,
		     const char *expected, int *out)
{
	const struct pp_span *word;
	int rc = pp_plan_take_word(p, expected, &word);

	for (int i = first; !rc && i < count; i++)
		if (pp_span_is(word, table[i].name)) {
			*out = i;
			return 0;
		}
	return rc ? rc : pp_plan_bad(p, word, expected);
}

static int set_regex(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	int rc = pp_plan_copy_quoted(p, v, field, k->size);

	if (!rc && !pp_bug_pattern_good(field))
		rc = pp_plan_bad(p, v,
				 "a POSIX extended regular expression, of at most 8 repetitions "
				 "and without {}");
	return rc;
}

static int set_range(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	(void)k;
	return read_range(p, v, field);
}

/* Where a complaint about the symptom belongs, once the plans are known. */
static int remember(struct bug_parser *b, const struct pp_span *rule, const struct pp_span *step)
{
	int rc = pp_plan_append(&b->p, &b->lines, &b->n_lines, &b->p.line.number,
				sizeof(b->p.line.number));

	if (!rc)
		rc = pp_plan_append(&b->p, &b->places, &b->n_places, rule, sizeof(*rule));
	return rc ? rc : pp_plan_append(&b->p, &b->places, &b->n_places, step, sizeof(*step));
}

static int parse_symptom(struct pp_parser *p)
{
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_bug_symptom, "step", pp_plan_set_quoted, step),
		PP_KEY(struct pp_bug_symptom, "log", set_regex, log),
		PP_KEY(struct pp_bug_symptom, "on", set_range, on),
		PP_KEY(struct pp_bug_symptom, "chance", pp_plan_set_flag, chance, .bare = true),
	};
	struct pp_bug *bug = of(p)->bug;
	struct pp_bug_symptom s = { 0 };
	const struct pp_span *rule = &p->line.token[p->next].word;
	int word = 0, rc;

	rc = read_word(p, pp_rule_words, PP_RULE_NONE + 1, PP_RULE_COUNT,
		       "the name of a rule, O1 to O14", &word);
	s.rule = (enum pp_rule)word;
	if (!rc)
		rc = read_word(p, pp_class_words, PP_CLASS_OK + 1, PP_CLASS_COUNT,
			       "the class of a finding, such as stale", &word);
	s.cls = (enum pp_class)word;
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &s);
	s.has_on = pp_plan_has_key(p, "on");
	if (!rc && s.rule == PP_O10_QUIET_KERNEL && !s.log[0])
		rc = pp_plan_bad(p, rule, "log=\"...\" beside O10, which speaks of log lines");
	if (!rc)
		rc = remember(of(p), rule, pp_plan_place_of(p, "step"));
	return rc ? rc : pp_plan_append(p, &bug->symptoms, &bug->n_symptoms, &s, sizeof(s));
}

static int parse_allows(struct pp_parser *p)
{
	static const struct pp_key key = { .size = PP_TEXT_MAX };
	struct pp_bug *bug = of(p)->bug;
	char pattern[PP_TEXT_MAX];
	int rc = set_regex(p, &pp_plan_take(p)->word, pattern, &key);

	return rc ? rc : pp_plan_append(p, &bug->allows, &bug->n_allows, pattern, sizeof(pattern));
}

static int parse_run(struct pp_parser *p)
{
	static const char expected[] = "the whole name of a case, such as mr-fsync/ext4/rxe-mr";
	struct pp_bug *bug = of(p)->bug;
	const struct pp_span *word;
	char name[PP_CASE_MAX];
	int rc;

	do {
		rc = pp_plan_take_word(p, expected, &word);
		if (rc)
			break;
		if (word->len >= sizeof(name) || bug->n_cases == CASES_MAX)
			return pp_plan_bad(p, word, expected);
		memset(name, 0, sizeof(name));
		memcpy(name, word->s, word->len);
		/* Asked of the copy: the word itself need not end where the text ends. */
		if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-_./") < word->len)
			return pp_plan_bad(p, word, expected);
		for (size_t i = 0; i < bug->n_cases; i++)
			if (!strcmp(bug->cases[i], name))
				return pp_plan_bad(p, word, "a case that is not yet named");
		rc = pp_plan_append(p, &bug->cases, &bug->n_cases, name, sizeof(name));
	} while (!rc && p->next < p->line.count);
	return rc;
}

static int parse_guest(struct pp_parser *p)
{
	struct pp_bug *bug = of(p)->bug;
	const struct pp_span *word;
	int rc = pp_plan_take_name(p, bug->guest, sizeof(bug->guest));

	if (rc || p->next == p->line.count)
		return rc;
	word = &pp_plan_take(p)->word;
	bug->alone = pp_span_is(word, "alone");
	return bug->alone ? 0 : pp_plan_bad(p, word, "'alone' or the end of the line");
}

/* clang-format off */
static const struct statement {
	const char *name;
	int (*parse)(struct pp_parser *p);
	bool once, required;
} statements[] = {
	{ "pinproof-report", parse_version,   true,  true },
	{ "report",          parse_report,    true,  true },
	{ "about",           parse_about,     false, true },
	{ "why",             parse_why,       false, true },
	{ "does",            parse_does,      false, true },
	{ "limits",          parse_limits,    false, true },
	{ "reference",       parse_reference, false, true },
	{ "fixed",           parse_fixed,     false, true },
	{ "affects",         parse_affects,   false, true },
	{ "symptom",         parse_symptom,   false, true },
	{ "allows",          parse_allows,    false, false },
	{ "run",             parse_run,       false, false },
	{ "guest",           parse_guest,     true,  false },
};
/* clang-format on */

static int parse_statement(struct pp_parser *p)
{
	const struct pp_token *token = &p->line.token[0];
	size_t i = 0;
	int rc;

	while (i < PP_ARRAY_LEN(statements) && !pp_span_is(&token->word, statements[i].name))
		i++;
	if (!p->seen && (i != 0 || token->has_value))
		return pp_plan_bad(p, &token->word, "'pinproof-report 1' in the first line");
	if (i == PP_ARRAY_LEN(statements) || token->has_value)
		return pp_plan_bad(p, &token->word,
				   "a statement of a report (report, about, why, does, limits, "
				   "reference, fixed, affects, symptom, allows, run, guest), or "
				   "'pinproof-plan 1'");
	if (statements[i].once && p->seen & 1u << i)
		return pp_plan_bad(p, &token->word, "a statement that may stand more than once");
	p->seen |= 1u << i;
	p->next = 1;
	rc = statements[i].parse(p);
	if (!rc && p->next < p->line.count)
		rc = pp_plan_bad(p, &p->line.token[p->next].word, "the end of the line");
	return rc;
}

static int parse_head(struct bug_parser *b, const char *text, size_t len, unsigned line)
{
	struct pp_parser *p = &b->p;
	char expected[64];
	int rc;

	p->lex = (struct pp_lex){ .at = text, .end = text + len, .number = line, .err = p->err };
	while ((rc = pp_lex_line(&p->lex, &p->line)) > 0) {
		rc = parse_statement(p);
		if (rc)
			return rc;
	}
	for (size_t i = 0; !rc && i < PP_ARRAY_LEN(statements); i++)
		if (statements[i].required && !(p->seen & 1u << i)) {
			snprintf(expected, sizeof(expected), "a line '%s ...'", statements[i].name);
			rc = pp_plan_bad(p, &p->line.token[0].word, expected);
		}
	return rc;
}

/* Does the line at @at begin with this word? */
static bool begins(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	return (size_t)(end - at) >= len && !memcmp(at, word, len) &&
	       ((size_t)(end - at) == len || strchr(" \t\r\n", at[len]));
}

/* Behind @at: the next line that begins a plan or, if there is none before it, a report. Counts the
 * lines that it passes. */
static const char *next_part(const char *at, const char *end, unsigned *line)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		(*line)++;
		at = newline ? newline + 1 : end;
		if (begins(at, end, "pinproof-plan") || begins(at, end, "pinproof-report"))
			break;
	}
	return at;
}

/* The plan's own words must be those of the report, so that nobody takes one for the other. */
static int check_plan(struct bug_parser *b, const struct pp_bug_plan *own)
{
	const struct pp_bug *bug = b->bug;
	size_t len = strlen(bug->name), at = strlen(PP_BUG_SCENARIO "/");
	const char *name = own->plan->case_name, *pinner = strrchr(name, '/');

	if (strncmp(name, PP_BUG_SCENARIO "/", at) || strncmp(name + at, bug->name, len) ||
	    !strchr("/-", name[at + len]) || !name[at + len] || !pinner || pinner < name + at ||
	    strchr(name + at, '/') != pinner || strcmp(pinner + 1, own->plan->pinner))
		return pp_err_set(b->p.err, -EINVAL,
				  "line %u column 1: expected a plan whose case is "
				  "report/%s/PINNER or report/%s-.../PINNER, found '%s'.",
				  own->line, bug->name, bug->name, name);
	if (strcmp(own->plan->backing, bug->name))
		return pp_err_set(b->p.err, -EINVAL,
				  "line %u column 1: expected a plan with 'backing %s', as the "
				  "report is called, found '%s'.",
				  own->line, bug->name, own->plan->backing);
	for (size_t i = 0; i < bug->n_plans; i++)
		if (!strcmp(bug->plans[i].plan->case_name, name))
			return pp_err_set(b->p.err, -EINVAL,
					  "line %u column 1: expected a plan with another case "
					  "than '%s', found it a second time.",
					  own->line, name);
	return 0;
}

static int parse_plan(struct bug_parser *b, const char *text, const struct pp_span *part,
		      unsigned line)
{
	struct pp_bug_plan own = { .at = (size_t)(part->s - text),
				   .length = part->len,
				   .line = line + 1 };
	int rc = pp_plan_parse_from(part->s, part->len, line, &own.plan, b->p.err);

	if (rc)
		return rc;
	rc = check_plan(b, &own);
	if (!rc)
		rc = pp_plan_append(&b->p, &b->bug->plans, &b->bug->n_plans, &own, sizeof(own));
	if (rc)
		pp_plan_free(own.plan);
	return rc;
}

static bool has_step(const struct pp_plan *plan, const char *step)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (!strcmp(plan->steps[i], step))
			return true;
	return false;
}

/* A symptom that no plan can show is a slip of the pen. */
static int check_symptom(struct bug_parser *b, size_t i)
{
	const struct pp_bug_symptom *s = &b->bug->symptoms[i];
	bool rule = false, step = false;

	for (size_t n = 0; n < b->bug->n_plans; n++) {
		const struct pp_plan *plan = b->bug->plans[n].plan;

		rule |= (plan->rules & PP_RULE_BIT(s->rule)) != 0;
		step |= !s->step[0] || has_step(plan, s->step);
	}
	if (!rule)
		return pp_err_set(b->p.err, -EINVAL,
				  "line %u column %u: expected a rule that a plan below applies, "
				  "found '%s'.",
				  b->lines[i], b->places[2 * i].column,
				  pp_rule_words[s->rule].name);
	if (!step)
		return pp_err_set(b->p.err, -EINVAL,
				  "line %u column %u: expected a step of a plan below, found "
				  "'%s'.",
				  b->lines[i], b->places[2 * i + 1].column, s->step);
	return 0;
}

static int check_whole(struct bug_parser *b, unsigned line)
{
	const struct pp_bug *bug = b->bug;
	int rc = 0;

	if (!bug->n_plans == !bug->n_cases)
		return pp_err_set(
			b->p.err, -EINVAL, "line %u column 1: expected %s, found %s.", line,
			bug->n_plans ? "either cases or plans" : "a line 'run ...' or a plan",
			bug->n_plans ? "both" : "the end of the report");
	for (size_t i = 0; !rc && bug->n_plans && i < bug->n_symptoms; i++)
		rc = check_symptom(b, i);
	return rc;
}

static int parse_parts(struct bug_parser *b, const char *text, size_t len, unsigned line,
		       size_t *used)
{
	const char *end = text + len, *at = text, *next;
	int rc = 0;

	/* What stands above the first statement belongs to the head. */
	for (bool head = true; !rc && (head || at < end); head = false) {
		unsigned passed = 0;
		bool first = head && !begins(at, end, "pinproof-report") &&
			     !begins(at, end, "pinproof-plan");

		next = next_part(at, end, &passed);
		if (first && next < end && begins(next, end, "pinproof-report"))
			next = next_part(next, end, &passed);
		if (head)
			rc = parse_head(b, at, (size_t)(next - at), line);
		else
			rc = parse_plan(b, text,
					&(struct pp_span){ .s = at, .len = (size_t)(next - at) },
					line);
		line += passed;
		at = next;
		if (begins(at, end, "pinproof-report"))
			break;
	}
	if (!rc && at < end && !used)
		rc = pp_err_set(b->p.err, -EINVAL,
				"line %u column 1: expected one report, found another.", line + 1);
	if (used)
		*used = (size_t)(at - text);
	return rc ? rc : check_whole(b, line + 1);
}

int pp_bug_parse_from(const char *text, size_t len, unsigned line, size_t *used,
		      struct pp_bug **out, struct pp_err *err)
{
	struct bug_parser *b = calloc(1, sizeof(*b));
	int rc = -ENOMEM;

	if (b)
		b->bug = calloc(1, sizeof(*b->bug));
	if (!b || !b->bug) {
		free(b);
		return pp_err_set(err, rc, "no memory for the report");
	}
	b->p.err = err;
	rc = parse_parts(b, text, len, line, used);
	if (rc)
		pp_bug_free(b->bug);
	else
		*out = b->bug;
	free(b->places);
	free(b->lines);
	free(b);
	return rc;
}

int pp_bug_parse(const char *text, size_t len, size_t *used, struct pp_bug **out,
		 struct pp_err *err)
{
	return pp_bug_parse_from(text, len, 0, used, out, err);
}

void pp_bug_free(struct pp_bug *bug)
{
	if (!bug)
		return;
	for (size_t i = 0; i < bug->n_references; i++)
		free(bug->references[i]);
	for (size_t i = 0; i < bug->n_plans; i++)
		pp_plan_free(bug->plans[i].plan);
	free(bug->about);
	free(bug->why);
	free(bug->does);
	free(bug->limits);
	free(bug->fixed);
	free(bug->references);
	free(bug->ranges);
	free(bug->symptoms);
	free(bug->allows);
	free(bug->cases);
	free(bug->plans);
	free(bug);
}
