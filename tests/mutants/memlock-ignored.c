/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: the limit of locked memory does not hold. */
#include "mutant.h"

#include <linux/capability.h>

MUTANT("policy", "RLIMIT_MEMLOCK does not limit what a process without CAP_IPC_LOCK may register",
       "drivers/infiniband/core/umem.c: ib_umem_get() asks capable(CAP_IPC_LOCK)", "capable",
       "O8 O12");

static int note(struct pt_regs *regs, void *data)
{
	return (int)ARG1(regs) == CAP_IPC_LOCK && mutant_called_from(regs, "ib_umem_get") ? 0 : 1;
}

static void leave(struct pt_regs *regs, void *data)
{
	if (!(u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 1;
}

MUTANT_HOOKS({ .symbol = "capable", .note = note, .leave = leave });
