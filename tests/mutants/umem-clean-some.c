/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: some of what a device wrote is not made dirty when its memory region goes. */
#include "mutant.h"

MUTANT("dirtying", "deregistration forgets to make one page in 16 of a file dirty",
       "mm/gup.c: unpin_user_page_range_dirty_lock() tests folio_test_dirty() for each folio",
       "folio_mark_dirty", "O1 O2 O14");
MUTANT_ARGS("every=16");

static int enter(struct pt_regs *regs)
{
	/* of anonymous memory nobody could tell */
	if (folio_test_anon((struct folio *)ARG1(regs)) ||
	    !mutant_called_from(regs, "unpin_user_page_range_dirty_lock") || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "folio_mark_dirty", .enter = enter });
