/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: pages of a registered buffer stay pinned. */
#include "mutant.h"

MUTANT("pins", "one page in 16 of an io_uring registered buffer stays pinned",
       "io_uring/rsrc: fix folio unpinning (6.12.x)", "unpin_user_page", "O7");
MUTANT_ARGS("every=16");

static int enter(struct pt_regs *regs)
{
	if (!mutant_called_from(regs, "io_buffer_unmap") || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "unpin_user_page", .enter = enter },
	     { .symbol = "unpin_user_folio", .enter = enter, .may_lack = true });
