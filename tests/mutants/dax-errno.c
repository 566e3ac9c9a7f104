/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: the refusal of a DAX file has another errno. */
#include "mutant.h"

MUTANT("policy", "the refusal to register a DAX file says EFAULT instead of EOPNOTSUPP",
       "mm/gup.c: check_vma_flags() is where the errno is made", "check_vma_flags", "O8");

static void leave(struct pt_regs *regs, void *data)
{
	if ((int)RESULT(regs) == -EOPNOTSUPP && mutant_fires())
		RESULT(regs) = (unsigned long)-EFAULT;
}

MUTANT_HOOKS({ .symbol = "check_vma_flags", .leave = leave });
