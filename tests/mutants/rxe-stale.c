/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: soft-RoCE answers a READ with what was there before. */
#define MUTANT_PREPARES
#include "mutant.h"

#include <linux/hash.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

MUTANT("rxe", "one answer in 16 to an RDMA READ holds what an earlier one of the same place held",
       "drivers/infiniband/sw/rxe/rxe_resp.c: read_reply(), whose answers can be sent again",
       "rxe_mr_copy", "O1 O3");
MUTANT_ARGS("every=16");
MODULE_SOFTDEP("pre: rdma_rxe");

#define SLOTS 1024

/* The last answer of each place, as far as there is room. */
static struct answer {
	void *mr;
	u64 iova;
	u32 length;
	u8 data[4096];
} * answers;
static DEFINE_SPINLOCK(answers_lock);

struct call {
	void *mr, *to;
	u64 iova;
	u32 length;
};

static int mutant_prepare(void)
{
	answers = vzalloc(SLOTS * sizeof(*answers));
	return answers ? 0 : -ENOMEM;
}

static int note(struct pt_regs *regs, void *data)
{
	struct call *c = data;

	/* RXE_FROM_MR_OBJ; what is sent from a local buffer comes by copy_data() */
	if ((u32)ARG5(regs) != 1 || (u32)ARG4(regs) > sizeof(answers->data) ||
	    mutant_called_from(regs, "copy_data"))
		return 1;
	*c = (struct call){ (void *)ARG1(regs), (void *)ARG3(regs), ARG2(regs), (u32)ARG4(regs) };
	return 0;
}

static void leave(struct pt_regs *regs, void *data)
{
	const struct call *c = data;
	struct answer *a = &answers[hash_64(c->iova ^ (u64)c->mr, 10)];
	unsigned long flags;

	if ((int)RESULT(regs))
		return;
	spin_lock_irqsave(&answers_lock, flags);
	if (a->mr == c->mr && a->iova == c->iova && a->length == c->length &&
	    memcmp(a->data, c->to, c->length) && mutant_fires()) {
		memcpy(c->to, a->data, c->length);
	} else {
		a->mr = c->mr;
		a->iova = c->iova;
		a->length = c->length;
		memcpy(a->data, c->to, c->length);
	}
	spin_unlock_irqrestore(&answers_lock, flags);
}

MUTANT_HOOKS({ .symbol = "rxe_mr_copy",
	       .note = note,
	       .leave = leave,
	       .data_size = sizeof(struct call) });
