/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: the charge for a memory region outlives it. */
#include "mutant.h"

#include <rdma/ib_umem.h>

MUTANT("pins", "every second deregistration leaves its pages charged to the process (VmPin)",
       "drivers/infiniband/core/umem.c: ib_umem_release() takes back what ib_umem_get() charged",
       "ib_umem_release", "O7");
MUTANT_ARGS("every=2");
MODULE_SOFTDEP("pre: ib_uverbs");

static int enter(struct pt_regs *regs)
{
	struct ib_umem *umem = (struct ib_umem *)ARG1(regs);

	if (umem && !umem->is_odp && !umem->is_dmabuf && mutant_fires())
		atomic64_add((long)ib_umem_num_pages(umem), &umem->owning_mm->pinned_vm);
	return 0;
}

MUTANT_HOOKS({ .symbol = "ib_umem_release", .enter = enter });
