/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a memory region can be used after it is gone. */
#include "mutant.h"

MUTANT("rxe", "every second deregistration says that it is done, and the region stays as it was",
       "drivers/infiniband/core/verbs.c: ib_dereg_mr_user()", "ib_dereg_mr_user", "O7 O12");
MUTANT_ARGS("every=2");
MODULE_SOFTDEP("pre: ib_uverbs");

static int enter(struct pt_regs *regs)
{
	return mutant_fires() ? mutant_return(regs, 0) : 0;
}

MUTANT_HOOKS({ .symbol = "ib_dereg_mr_user", .enter = enter });
