/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: soft-RoCE writes to the page beside. */
#define MUTANT_PREPARES
#include "mutant.h"

MUTANT("rxe", "one packet in 16 lands in the page beside the one that was meant",
       "drivers/infiniband/sw/rxe/rxe_mr.c: rxe_mr_iova_to_index() and what was before it",
       "rxe_mr_copy", "O1 O4");
MUTANT_ARGS("every=16");
MODULE_SOFTDEP("pre: rdma_rxe");

static int (*check_range)(void *mr, u64 iova, size_t length);

static int mutant_prepare(void)
{
	check_range = (void *)mutant_symbol("mr_check_range");
	return check_range ? 0 : -ENOENT;
}

static int enter(struct pt_regs *regs)
{
	u64 other = ARG2(regs) ^ PAGE_SIZE;

	/* A message without bytes has no region. RXE_TO_MR_OBJ; both pages belong to the region,
	 * and not all that there are, as to the region of the kernel's own messages. */
	if (!(u32)ARG4(regs) || (u32)ARG5(regs) || !check_range((void *)ARG1(regs), 0, 1ul << 62) ||
	    check_range((void *)ARG1(regs), other, (u32)ARG4(regs)) || !mutant_fires())
		return 0;
	ARG2(regs) = other;
	return 0;
}

MUTANT_HOOKS({ .symbol = "rxe_mr_copy", .enter = enter });
