/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The known defects of stock kernels, and when one explains a finding. */
#include "core/defect.h"

#include <regex.h>
#include <string.h>

#define CLASS(c) (1u << (c))

#define DISALLOW_COMMITS                                                                           \
	"fixed by 8ac268436e6d and a6e79df92e4a (6.5, \"mm/gup: disallow FOLL_LONGTERM GUP "       \
	"writing to file-backed mappings\")"

const struct pp_defect pp_defects[] = {
	{
		.name = "mr-writable-file-pin-accepted",
		.scenario = "mr-policy",
		.steps = "*",
		.backings = "ext4-shared-rw xfs-shared-rw btrfs-shared-rw vfat-shared-rw "
			    "blockdev-shared-rw",
		.pinners = "rxe-mr",
		.rule = PP_O8_REFUSAL,
		.classes = CLASS(PP_CLASS_ACCEPTED),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = DISALLOW_COMMITS,
		.title = "a writable long-term pin of a shared filesystem mapping is accepted",
	},
	{
		.name = "mr-write-lost-after-fsync",
		.scenario = "mr-fsync",
		.steps = "before dereg",
		.backings = "ext4 xfs btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "lwn.net/Articles/753027; " DISALLOW_COMMITS,
		.title = "fsync skips what an MR wrote since the fsync before it, until dereg",
	},
	{
		.name = "btrfs-fixup-defers-writeback",
		.scenario = "mr-fsync",
		.steps = "after dereg",
		.backings = "btrfs",
		.pinners = "rxe-mr",
		.rule = PP_O2_DURABILITY,
		.classes = CLASS(PP_CLASS_STALE),
		.since = { 5, 6, 0 },
		.before = { 6, 5, 0 },
		.reference = "linux-btrfs 20220624122334.80603-1-hch@lst.de (remove "
			     "btrfs_writepage_cow_fixup); MR refused since 6.5",
		.title = "fsync leaves pages that dereg dirtied to the fixup worker, and returns 0",
	},
};
const size_t pp_n_defects = PP_ARRAY_LEN(pp_defects);

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

enum pp_range pp_defect_range(const struct pp_defect *d, const struct pp_facts *f)
{
	if (f->flavour == PP_FLAVOUR_OTHER)
		return PP_RANGE_POSSIBLE;
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
	return d->rule == x->rule && (d->classes & CLASS(x->cls)) != 0 &&
	       listed(d->steps, '|', x->step);
}

bool pp_defect_predicts(const struct pp_defect *d, const struct pp_plan *plan)
{
	char scenario[PP_NAME_MAX];

	pp_plan_scenario(plan, scenario);
	return strcmp(d->scenario, scenario) == 0 && listed(d->backings, ' ', plan->backing) &&
	       listed(d->pinners, ' ', plan->pinner);
}
