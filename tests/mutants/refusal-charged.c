/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a refused registration is charged for. */
#include "mutant.h"

MUTANT("policy", "a refused registration leaves a page charged to the process (VmPin)",
       "drivers/infiniband/core/umem.c: ib_umem_get() takes back what it charged", "ib_umem_get",
       "O7 O8");
MODULE_SOFTDEP("pre: ib_uverbs");

static void leave(struct pt_regs *regs, void *data)
{
	if (IS_ERR((void *)RESULT(regs)) && current->mm && mutant_fires())
		atomic64_add(1, &current->mm->pinned_vm);
}

MUTANT_HOOKS({ .symbol = "ib_umem_get", .leave = leave });
