/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: pages are referenced where they were to be pinned. */
#include "mutant.h"

MUTANT("pins", "pin_user_pages() takes plain references (FOLL_GET instead of FOLL_PIN)",
       "3faa52c03f44 (mm/gup: track FOLL_PIN pages) undone", "try_grab_folio", "O1 O7");

/* Which argument holds the flags depends on the function. */
static int third(struct pt_regs *regs)
{
	if ((ARG3(regs) & MUTANT_FOLL_PIN) && mutant_fires())
		ARG3(regs) = (ARG3(regs) & ~(unsigned long)MUTANT_FOLL_PIN) | MUTANT_FOLL_GET;
	return 0;
}

static int second(struct pt_regs *regs)
{
	if ((ARG2(regs) & MUTANT_FOLL_PIN) && mutant_fires())
		ARG2(regs) = (ARG2(regs) & ~(unsigned long)MUTANT_FOLL_PIN) | MUTANT_FOLL_GET;
	return 0;
}

MUTANT_HOOKS({ .symbol = "try_grab_folio", .enter = third },
	     { .symbol = "try_grab_page", .enter = second, .may_lack = true },
	     { .symbol = "try_grab_folio_fast", .enter = third, .may_lack = true },
	     { .symbol = "gup_put_folio", .enter = third });
