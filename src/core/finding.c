/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of findings: append with a limit, free. */
#include "core/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct pp_word pp_mark_words[PP_MARK_COUNT] = {
	{ "expected", "had to show" }, { "found", "shows" },    { "sync", "made it durable" },
	{ "showed", "the finding" },   { "with", "see above" },
};

/* A slot at the end of the list, NULL without memory. */
static struct pp_finding *grow(struct pp_findings *f)
{
	size_t cap = f->cap ? f->cap * 2 : 16;
	struct pp_finding *items;

	if (f->count < f->cap)
		return &f->items[f->count];
	items = realloc(f->items, cap * sizeof(*items));
	if (!items)
		return NULL;
	f->items = items;
	f->cap = cap;
	return &f->items[f->count];
}

struct pp_finding *pp_finding_add(struct pp_findings *f, enum pp_rule rule, enum pp_class cls,
				  const char *fmt, ...)
{
	struct pp_finding *one = f->count < PP_FINDINGS_MAX ? grow(f) : NULL;
	va_list ap;

	if (!one) {
		/* A finding that cannot be kept still counts: a case never passes for lack of room.
		 */
		f->dropped++;
		return NULL;
	}
	*one = (struct pp_finding){
		.rule = rule,
		.cls = cls,
		.region = PP_NO_INDEX,
		.defect = -1,
	};
	va_start(ap, fmt);
	vsnprintf(one->text, sizeof(one->text), fmt, ap);
	va_end(ap);
	f->count++;
	return one;
}

void pp_verb_set_add(struct pp_verb_set *set, enum pp_verb verb)
{
	set->bits[verb / 64] |= 1ull << verb % 64;
}

bool pp_verb_set_has(const struct pp_verb_set *set, enum pp_verb verb)
{
	return set->bits[verb / 64] >> verb % 64 & 1;
}

void pp_findings_free(struct pp_findings *f)
{
	free(f->items);
	*f = (struct pp_findings){ 0 };
}
