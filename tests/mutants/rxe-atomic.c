/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: an atomic operation of soft-RoCE is lost. */
#include "mutant.h"

MUTANT("rxe", "one remote atomic operation in 16 gives the old value and stores nothing",
       "drivers/infiniband/sw/rxe/rxe_resp.c: atomic_reply()", "rxe_mr_do_atomic_op", "O1");
MUTANT_ARGS("every=16");
MODULE_SOFTDEP("pre: rdma_rxe");

/* 6.12: (mr, iova, opcode, compare, swap_add, orig_val): a compare that cannot be, a sum of nothing
 */
static int operation(struct pt_regs *regs)
{
	if (mutant_fires())
		ARG5(regs) = 0;
	return 0;
}

/* 6.1: only an atomic operation asks for this address; it gets that of a copy. */
static u64 copies[64];
static atomic_t copy;

static void address(struct pt_regs *regs, void *data)
{
	u64 *at;

	if (!RESULT(regs) || (RESULT(regs) & 7) || !mutant_fires())
		return;
	at = &copies[(unsigned int)atomic_inc_return(&copy) % ARRAY_SIZE(copies)];
	*at = *(u64 *)RESULT(regs);
	RESULT(regs) = (unsigned long)at;
}

MUTANT_HOOKS({ .symbol = "rxe_mr_do_atomic_op", .enter = operation, .may_lack = true },
	     { .symbol = "iova_to_vaddr", .leave = address, .may_lack = true });
