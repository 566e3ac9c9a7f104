/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: soft-RoCE acknowledges a packet and drops what is in it. */
#include "mutant.h"

MUTANT("rxe", "one packet in 16 that writes into a memory region is acknowledged and dropped",
       "drivers/infiniband/sw/rxe/rxe_resp.c: write_data_in()", "rxe_mr_copy", "O1 O4");
MUTANT_WIDENED(
	"the answer to a READ is such a packet, too: what its buffer held before is no stamp");
MUTANT_ARGS("every=16");
MUTANT_QUICK();
MODULE_SOFTDEP("pre: rdma_rxe");

static int enter(struct pt_regs *regs)
{
	/* RXE_TO_MR_OBJ */
	if ((u32)ARG5(regs) || !mutant_fires())
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "rxe_mr_copy", .enter = enter });
