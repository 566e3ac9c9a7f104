/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a known defect explains a finding, and on which kernels. */
#include "core/defect.h"

#include <regex.h>
#include <string.h>

#define CLASS(c) (1u << (c))

/* Is @word one of @list, whose members are separated by @sep? "*" lists everything. */
static bool listed(const char *list, char sep, const char *word)
{
	size_t len = strlen(word);

	if (strcmp(list, "*") == 0)
		return true;
	while (*list) {
		const char *end = strchrnul(list, sep);

		if ((size_t)(end - list) == len && memcmp(list, word, len) == 0)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

/* Is a verb of @list in the set? NULL: no matter. */
static bool has_one(const char *list, const struct pp_verb_set *set)
{
	for (int v = 0; list && v < PP_VERB_COUNT; v++)
		if (pp_verb_set_has(set, (enum pp_verb)v) && listed(list, ' ', pp_verbs[v].name))
			return true;
	return !list;
}

static bool is_region(const char *name, const struct pp_plan *plan, uint16_t region)
{
	return !name || (region < plan->n_regions && !strcmp(plan->regions[region].name, name));
}

int pp_defect_index(const char *name)
{
	for (size_t i = 0; name && i < pp_n_defects; i++)
		if (strcmp(pp_defects[i].name, name) == 0)
			return (int)i;
	return -1;
}

enum pp_range pp_defect_range(const struct pp_defect *d, const struct pp_facts *f)
{
	/* Others take fixes from later versions, never defects: behind the range the defect is
	 * gone. */
	if (f->flavour == PP_FLAVOUR_OTHER)
		return pp_version_cmp(f->version, d->before) < 0 ? PP_RANGE_POSSIBLE : PP_RANGE_OUT;
	return pp_version_cmp(f->version, d->since) >= 0 &&
			       pp_version_cmp(f->version, d->before) < 0
		       ? PP_RANGE_IN
		       : PP_RANGE_OUT;
}

static bool log_allowed(const char *pattern, const char *text)
{
	regex_t regex;
	bool match;

	if (!pattern || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	match = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return match;
}

bool pp_defect_match(const struct pp_defect *d, const struct pp_plan *plan,
		     const struct pp_finding *x)
{
	if (!pp_defect_predicts(d, plan))
		return false;
	if (x->rule == PP_O10_QUIET_KERNEL)
		return log_allowed(d->log, x->text);
	return d->rule == x->rule && (d->classes & CLASS(x->cls)) != 0 && (!d->fault || x->fault) &&
	       listed(d->steps, '|', x->step) && is_region(d->region, plan, x->region) &&
	       (!d->lost || listed(d->lost, ' ', pp_verbs[x->lost].name)) &&
	       has_one(d->beside, &x->beside);
}

bool pp_defect_predicts(const struct pp_defect *d, const struct pp_plan *plan)
{
	char scenario[PP_NAME_MAX];

	pp_plan_scenario(plan, scenario);
	return strcmp(d->scenario, scenario) == 0 && listed(d->backings, ' ', plan->backing) &&
	       listed(d->pinners, ' ', plan->pinner);
}
