/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a huge page keeps one pin of many. */
#include "mutant.h"

MUTANT("pins", "the pages of a huge page are released together, but one too few",
       "mm/gup.c: gup_folio_range_next() counts the pages of a folio for one release",
       "gup_put_folio", "O7");

static int enter(struct pt_regs *regs)
{
	if ((ARG3(regs) & MUTANT_FOLL_PIN) && (int)ARG2(regs) > 1 &&
	    folio_test_large((struct folio *)ARG1(regs)) && mutant_fires())
		ARG2(regs)--;
	return 0;
}

MUTANT_HOOKS({ .symbol = "gup_put_folio", .enter = enter });
