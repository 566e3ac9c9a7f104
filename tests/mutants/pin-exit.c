/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a process that dies leaves its memory regions pinned. */
#include "mutant.h"

MUTANT("pins", "memory regions that go with their process are not released",
       "drivers/infiniband/core/umem.c: ib_umem_release() is called by the last close",
       "__ib_umem_release", "O7");

static int enter(struct pt_regs *regs)
{
	if (!(current->flags & PF_EXITING) || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "__ib_umem_release", .enter = enter });
