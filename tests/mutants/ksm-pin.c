/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: KSM merges pages that are pinned. */
#include "mutant.h"

#include <linux/page_ref.h>

MUTANT("mm", "KSM takes a pinned page for one that nobody else uses, and merges it",
       "mm/ksm.c: write_protect_page() compares the references with the mappings",
       "write_protect_page", "O1 O13");
MUTANT_ARGS("every=16");

struct hidden {
	struct folio *folio;
	int refs;
};

/* The references of who pinned it are hidden while KSM counts. */
static int note(struct pt_regs *regs, void *data)
{
	struct hidden *h = data;

	h->folio = (struct folio *)ARG2(regs);
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

MUTANT_HOOKS({ .symbol = "write_protect_page",
	       .note = note,
	       .leave = leave,
	       .data_size = sizeof(struct hidden) });
