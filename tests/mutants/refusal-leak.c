/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a refused registration keeps what it had pinned. */
#include "mutant.h"

MUTANT("policy", "a registration that fails half-way keeps the pages that it had pinned",
       "drivers/infiniband/core/umem.c: ib_umem_get(), the way out at umem_release",
       "__ib_umem_release", "O7 O8");

static int enter(struct pt_regs *regs)
{
	/* only the way out of a failure says that nothing is dirty */
	if ((int)ARG3(regs) || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "__ib_umem_release", .enter = enter });
