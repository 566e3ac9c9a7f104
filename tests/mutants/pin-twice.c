/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: now and then a pin is released twice. */
#include "mutant.h"

MUTANT("pins", "one release in 16 of a pinned page counts twice",
       "fs/direct-io.c since 6.5: folio_add_pin() does not count, the release does",
       "gup_put_folio", "O7 O10");
MUTANT_ARGS("every=16");
MUTANT_MAY_DIE();

static int enter(struct pt_regs *regs)
{
	if ((ARG3(regs) & MUTANT_FOLL_PIN) && mutant_fires())
		ARG2(regs)++;
	return 0;
}

MUTANT_HOOKS({ .symbol = "gup_put_folio", .enter = enter });
