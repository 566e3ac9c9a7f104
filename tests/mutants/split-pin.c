/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a huge page that is pinned counts as one that can be split. */
#include "mutant.h"

MUTANT("mm", "a huge page passes for one that can be split, whoever has pinned it",
       "mm/huge_memory.c: can_split_folio()", "can_split_folio", "O1 O13");
MUTANT_EQUIVALENT(
	"the split itself freezes the references at the number that it expects "
	"(folio_ref_freeze() in split_huge_page_to_list()), finds more, and gives up with "
	"the same EAGAIN: the look before only saves the work");

static void leave(struct pt_regs *regs, void *data)
{
	if (!(u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 1;
}

MUTANT_HOOKS({ .symbol = "can_split_folio", .leave = leave });
