/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: now and then a pin is not released. */
#include "mutant.h"

MUTANT("pins", "one release in 16 of a pinned page is forgotten",
       "38b43539d64b (block: Fix page refcounts for unaligned buffers in __bio_release_pages())",
       "gup_put_folio", "O7");
MUTANT_ARGS("every=16");
MUTANT_QUICK();

static int enter(struct pt_regs *regs)
{
	if (!(ARG3(regs) & MUTANT_FOLL_PIN) || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "gup_put_folio", .enter = enter });
