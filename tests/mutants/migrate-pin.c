/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: pages that are pinned migrate. */
#include "mutant.h"

#include <linux/page_ref.h>

MUTANT("mm", "migration does not count the references of who pinned a page, and moves it",
       "mm/migrate.c: folio_migrate_mapping() refuses a page with more references than it expects",
       "migrate_folio", "O1 O2 O13");
MUTANT_ARGS("every=16");

struct hidden {
	struct folio *folio;
	int refs;
};

static int note(struct pt_regs *regs, void *data)
{
	struct hidden *h = data;

	h->folio = (struct folio *)ARG3(regs);
	if (!mutant_pinned(h->folio) || !mutant_fires())
		return 1;
	h->refs = folio_ref_count(h->folio) & ~(GUP_PIN_COUNTING_BIAS - 1);
	folio_ref_sub(h->folio, h->refs);
	return 0;
}

static void leave(struct pt_regs *regs, void *data)
{
	const struct hidden *h = data;

	folio_ref_add(h->folio, h->refs);
}

MUTANT_HOOKS({ .symbol = "migrate_folio",
	       .note = note,
	       .leave = leave,
	       .data_size = sizeof(struct hidden) });
