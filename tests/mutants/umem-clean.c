/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: what a device wrote is not made dirty when its memory region goes. */
#include "mutant.h"

MUTANT("dirtying",
       "deregistration releases the pages of a writable region without making them dirty",
       "Documentation/core-api/pin_user_pages.rst: who pinned must dirty",
       "unpin_user_page_range_dirty_lock", "O1 O2 O14");
MUTANT_QUICK();

static int enter(struct pt_regs *regs)
{
	if ((u8)ARG3(regs) && mutant_fires())
		ARG3(regs) = 0;
	return 0;
}

MUTANT_HOOKS({ .symbol = "unpin_user_page_range_dirty_lock", .enter = enter });
