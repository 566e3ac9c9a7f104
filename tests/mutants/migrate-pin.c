/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: pages that somebody holds migrate. */
#include "mutant.h"

#include <linux/page_ref.h>

MUTANT("mm", "one migration in 16 of a page that somebody holds does not count his references",
       "mm/migrate.c: folio_migrate_mapping() refuses a page with more references than it expects",
       "migrate_folio", "O1 O2 O12 O13");
MUTANT_WIDENED("memory that goes offline with a held page in it is a refusal that does not come");
MUTANT_ARGS("every=16");

struct hidden {
	struct folio *folio;
	int refs;
};

/* Those of the mapping, of the buffers and of who migrates are all that there may be. */
static int note(struct pt_regs *regs, void *data)
{
	struct folio *folio = (struct folio *)ARG3(regs);
	struct hidden *h = data;
	int expected = 1;

	if (ARG1(regs))
		expected += (int)folio_nr_pages(folio) + !!folio_has_private(folio);
	if (folio_test_large(folio) || folio_ref_count(folio) <= expected || !mutant_fires())
		return 1;
	h->folio = folio;
	h->refs = folio_ref_count(folio) - expected;
	folio_ref_sub(folio, h->refs);
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
