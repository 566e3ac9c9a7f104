/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: soft-RoCE does not ask what a memory region was registered for. */
#include "mutant.h"

MUTANT("rxe", "the responder compares keys, but not the access rights that go with them",
       "drivers/infiniband/sw/rxe/rxe_mr.c: lookup_mr() compares both, for each request",
       "lookup_mr", "O1 O12");
MODULE_SOFTDEP("pre: rdma_rxe");

static int enter(struct pt_regs *regs)
{
	/* RXE_LOOKUP_REMOTE */
	if ((u32)ARG4(regs) == 1 && (u32)ARG2(regs) && mutant_fires())
		ARG2(regs) = 0;
	return 0;
}

MUTANT_HOOKS({ .symbol = "lookup_mr", .enter = enter });
