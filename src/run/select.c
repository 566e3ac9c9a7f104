/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selection and order of cases; see select.h. */
#include "run/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/prng.h"
#include "core/stamp.h"
#include "run/bundle.h"
#include "run/judge.h"
#include "run/rundir.h"

#define MAX_REPEAT 1000000 /* as --repeat */

struct builder {
	struct pp_selection *out; /* its reports are there already */
	size_t cap;
	struct pp_err *err;
};

static int append(struct builder *b, const struct pp_case *c, unsigned repeat)
{
	struct pp_selection *s = b->out;

	if (s->count == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		struct pp_case *more = realloc(s->cases, cap * sizeof(*more));

		if (!more)
			return pp_err_set(b->err, -ENOMEM, "list of cases");
		s->cases = more;
		b->cap = cap;
	}
	s->cases[s->count] = *c;
	snprintf(s->cases[s->count].label, PP_CASE_LABEL_MAX, repeat > 1 ? "%s~%u" : "%s", c->name,
		 repeat);
	s->count++;
	return 0;
}

static bool case_next(size_t *scenario, size_t *variant, struct pp_case *c)
{
	while (pp_scenarios[*scenario]) {
		const struct pp_scenario *s = pp_scenarios[*scenario];

		memset(c, 0, sizeof(*c));
		c->scenario = s;
		if (s->variant((*variant)++, &c->variant)) {
			snprintf(c->name, sizeof(c->name), "%s/%s/%s", s->name, c->variant.name,
				 c->variant.pinner);
			snprintf(c->label, sizeof(c->label), "%s", c->name);
			return true;
		}
		(*scenario)++;
		*variant = 0;
	}
	return false;
}

/* Where an enumeration is: in the plans of reports, then in the scenarios. */
struct cursor {
	size_t bug, plan, scenario, variant;
};

static bool own_next(const struct pp_bugs *bugs, struct cursor *at, struct pp_case *c)
{
	const struct pp_bug *bug;

	while (at->bug < bugs->count && at->plan == bugs->items[at->bug]->n_plans) {
		at->bug++;
		at->plan = 0;
	}
	if (at->bug == bugs->count)
		return false;
	bug = bugs->items[at->bug];
	memset(c, 0, sizeof(*c));
	c->plan = bug->plans[at->plan++].plan;
	c->variant.tier = PP_TIER_FULL;
	c->variant.guest = bug->guest[0] && strcmp(bug->guest, "plain") ? bug->guest : NULL;
	c->variant.destructive = bug->alone;
	snprintf(c->name, sizeof(c->name), "%s", c->plan->case_name);
	snprintf(c->label, sizeof(c->label), "%s", c->name);
	return true;
}

static bool is_own(const struct pp_bugs *bugs, const char *name)
{
	struct cursor at = { 0 };
	struct pp_case c;

	while (own_next(bugs, &at, &c))
		if (!strcmp(c.name, name))
			return true;
	return false;
}

static bool any_next(const struct builder *b, struct cursor *at, struct pp_case *c)
{
	if (own_next(&b->out->bugs, at, c))
		return true;
	while (case_next(&at->scenario, &at->variant, c))
		if (!is_own(&b->out->bugs, c->name))
			return true;
	return false;
}

static bool any_find(const struct builder *b, const char *name, struct pp_case *out)
{
	struct cursor at = { 0 };

	while (any_next(b, &at, out))
		if (!strcmp(out->name, name))
			return true;
	return false;
}

int pp_case_find(const char *name, struct pp_case *out)
{
	size_t scenario = 0, variant = 0;

	while (case_next(&scenario, &variant, out))
		if (!strcmp(out->name, name))
			return 0;
	return -ENOENT;
}

/* The K of "CASE~K"; 0 if it is no count. */
static unsigned parse_repeat(const char *text)
{
	char *end;
	unsigned long k = strtoul(text, &end, 10);

	return text[0] < '1' || text[0] > '9' || *end || k > MAX_REPEAT ? 0 : (unsigned)k;
}

/* "mr-fsync" and "mr-fsync/ext4" select by leading parts, "mr-*" by shell pattern. */
static bool pattern_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (!strncmp(pattern, name, len) && (name[len] == '/' || !name[len]))
		return true;
	return fnmatch(pattern, name, 0) == 0;
}

static int add_pattern(struct builder *b, const struct pp_config *c, const char *pattern)
{
	char name[PP_CASE_LABEL_MAX];
	char *tilde;
	unsigned repeat = 1;
	size_t before = b->out->count, other_tier = 0;
	struct cursor at = { 0 };
	struct pp_case one;
	int rc = 0;

	if (snprintf(name, sizeof(name), "%s", pattern) >= (int)sizeof(name))
		return pp_err_set(b->err, -EINVAL, "'%.60s...' is longer than any case name.",
				  pattern);
	tilde = strchr(name, '~');
	if (tilde) {
		*tilde = '\0';
		repeat = parse_repeat(tilde + 1);
		if (!any_find(b, name, &one) || !repeat)
			return pp_err_set(b->err, -EINVAL, "no case is called '%s'.", pattern);
		return append(b, &one, repeat);
	}
	while (!rc && any_next(b, &at, &one)) {
		if (!pattern_matches(name, one.name))
			continue;
		if (strcmp(name, one.name) && one.variant.tier > c->tier)
			other_tier++;
		else
			rc = append(b, &one, 1);
	}
	if (rc || b->out->count > before)
		return rc;
	if (other_tier)
		return pp_err_set(b->err, -EINVAL,
				  "'%s' names %zu cases, all in a larger tier: add --tier full or "
				  "--tier soak.",
				  pattern, other_tier);
	return pp_err_set(b->err, -EINVAL, "no case is called '%s': see 'pinproof list'.", pattern);
}

static int add_file(struct builder *b, const struct pp_config *c)
{
	bool standard = !strcmp(c->cases_from, "-");
	FILE *f = standard ? stdin : fopen(c->cases_from, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int rc = 0;

	if (!f)
		return pp_err_set(b->err, -errno, "case list %s", c->cases_from);
	while (!rc && (len = getline(&line, &size, f)) > 0) {
		while (len && (line[len - 1] == '\n' || line[len - 1] == ' '))
			line[--len] = '\0';
		if (len && line[0] != '#')
			rc = add_pattern(b, c, line);
	}
	if (!rc && ferror(f))
		rc = pp_err_set(b->err, -errno, "case list %s", c->cases_from);
	free(line);
	if (!standard)
		fclose(f);
	return rc;
}

/* Repeats of a case lie apart: the whole list once, then again. */
static int add_repeats(struct builder *b, unsigned repeat)
{
	size_t once = b->out->count;

	for (unsigned k = 2; k <= repeat; k++)
		for (size_t i = 0; i < once; i++) {
			struct pp_case one = b->out->cases[i];
			int rc = append(b, &one, k);

			if (rc)
				return rc;
		}
	return 0;
}

static void shuffle(struct pp_selection *s, uint64_t seed)
{
	struct pp_prng prng;

	pp_prng_seed(&prng, seed);
	for (size_t i = s->count; i > 1; i--) {
		size_t j = (size_t)pp_prng_below(&prng, i);
		struct pp_case swap = s->cases[i - 1];

		s->cases[i - 1] = s->cases[j];
		s->cases[j] = swap;
	}
}

/* A case that two patterns select runs once. */
static void drop_doubles(struct pp_selection *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		bool seen = false;

		for (size_t j = 0; j < kept && !seen; j++)
			seen = !strcmp(s->cases[i].label, s->cases[j].label);
		if (!seen)
			s->cases[kept++] = s->cases[i];
	}
	s->count = kept;
}

/* A file, never a name of the catalogue, of which the plans are cases anyway. */
static int add_reports(const char *path, struct pp_bugs *bugs, struct pp_err *err)
{
	char *text;
	size_t len;
	int rc = pp_file_read(NULL, path, &text, &len, err);

	if (rc)
		return rc;
	rc = pp_bugs_add_text(bugs, text, len, path, err);
	free(text);
	return rc;
}

int pp_select(const struct pp_config *c, struct pp_selection *out, struct pp_err *err)
{
	struct builder b = { .out = out, .err = err };
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (c->reports)
		rc = add_reports(c->reports, &out->bugs, err);
	if (!rc && c->cases_from)
		rc = add_file(&b, c);
	for (size_t i = 0; !rc && i < c->n_patterns; i++)
		rc = add_pattern(&b, c, c->patterns[i]);
	if (!rc && !c->cases_from && !c->n_patterns)
		rc = add_pattern(&b, c, "*");
	if (!rc)
		drop_doubles(out);
	if (!rc && c->repeat > 1)
		rc = add_repeats(&b, c->repeat);
	if (!rc && !out->count)
		rc = pp_err_set(err, -EINVAL, "no case is selected.");
	if (rc) {
		pp_selection_free(out);
		return rc;
	}
	if (c->shuffle)
		shuffle(out, c->seed);
	return 0;
}

/* What a bundle refuses names it already. */
static int load_bundled(const char *path, struct pp_plan **out, struct pp_err *err)
{
	char dir[PP_PATH_MAX], case_dir[PP_PATH_MAX];
	int rc = pp_bundle_open(path, dir, sizeof(dir), err);

	/* Too large, or of another version: what was named is wrong, not the machine. */
	if (rc)
		return rc == -EPROTO || rc == -EFBIG ? -EINVAL : rc;
	rc = pp_bundle_case(dir, case_dir, sizeof(case_dir), err);
	if (!rc)
		rc = pp_case_load_plan(case_dir, out, err);
	if (rc)
		pp_err_prefix(err, "%s", path);
	pp_bundle_close(dir);
	return rc == -EPROTO ? -EINVAL : rc;
}

static int load_plan(const char *path, struct pp_plan **out, struct pp_err *err)
{
	struct stat st;
	char *text;
	size_t len;
	int rc;

	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		rc = pp_case_load_plan(path, out, err);
	} else if (pp_bundle_is(path)) {
		return load_bundled(path, out, err);
	} else {
		rc = pp_file_read(NULL, path, &text, &len, err);
		if (rc)
			return rc;
		rc = pp_plan_parse(text, len, out, err);
		free(text);
	}
	if (rc == -EINVAL || rc == -EPROTO)
		pp_err_prefix(err, "%s", path);
	return rc == -EPROTO ? -EINVAL : rc;
}

/* Of all repeats those that operands name, in the order of the repeats. */
static int keep_named(const struct pp_config *c, struct pp_selection *s, struct pp_err *err)
{
	size_t kept = 0;

	for (size_t n = 1; n < c->n_patterns; n++) {
		size_t i = 0;

		while (i < s->count && strcmp(s->cases[i].label, c->patterns[n]))
			i++;
		if (i == s->count)
			return pp_err_set(err, -EINVAL,
					  "'%.80s' is no case of this plan, which is '%s'.",
					  c->patterns[n], s->cases[0].name);
	}
	for (size_t i = 0; i < s->count; i++) {
		bool named = c->n_patterns == 1;

		for (size_t n = 1; n < c->n_patterns && !named; n++)
			named = !strcmp(s->cases[i].label, c->patterns[n]);
		if (named)
			s->cases[kept++] = s->cases[i];
	}
	s->count = kept;
	return 0;
}

int pp_select_replay(const struct pp_config *c, struct pp_selection *out, struct pp_err *err)
{
	struct builder b = { .out = out, .err = err };
	struct pp_case k = { 0 };
	int rc;

	memset(out, 0, sizeof(*out));
	rc = load_plan(c->patterns[0], &out->replay, err);
	if (rc)
		return rc;
	k.plan = out->replay;
	memcpy(k.name, k.plan->case_name, sizeof(k.name));
	rc = append(&b, &k, 1);
	if (!rc && c->repeat > 1)
		rc = add_repeats(&b, c->repeat);
	if (!rc)
		rc = keep_named(c, out, err);
	if (rc)
		pp_selection_free(out);
	return rc;
}

int pp_case_plan(const struct pp_case *k, uint64_t run_seed, struct pp_plan **out,
		 struct pp_err *err)
{
	char *text;
	int rc;

	if (!k->plan)
		return pp_scenario_plan(k->scenario, &k->variant, pp_case_seed(run_seed, k->name),
					out, err);
	text = pp_plan_print(k->plan);
	if (!text)
		return pp_err_set(err, -ENOMEM, "plan of %s", k->name);
	rc = pp_plan_parse(text, strlen(text), out, err);
	free(text);
	return rc;
}

void pp_selection_free(struct pp_selection *s)
{
	pp_plan_free(s->replay);
	pp_bugs_free(&s->bugs);
	free(s->cases);
	memset(s, 0, sizeof(*s));
}

uint64_t pp_case_seed(uint64_t run_seed, const char *name)
{
	return pp_prng_child(run_seed, pp_crc32c(0, name, strlen(name)));
}

bool pp_selection_needs(const struct pp_selection *s, uint64_t run_seed, const char *fact)
{
	struct pp_plan *plan = NULL;
	struct pp_err ignored = { 0 };
	bool found = false;

	for (size_t i = 0; !found && i < s->count; i++) {
		if (pp_case_plan(&s->cases[i], run_seed, &plan, &ignored))
			continue;
		for (size_t k = 0; k < plan->n_needs; k++)
			found = found || !strcmp(plan->needs[k], fact);
		pp_plan_free(plan);
	}
	return found;
}
