/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: long-term pins of DAX files are allowed. */
#include "mutant.h"

MUTANT("policy", "a DAX file may be registered, though its blocks could go at any time",
       "2bb6d2837083 (mm: introduce get_user_pages_longterm), 4.15", "check_vma_flags", "O8 O12");
MUTANT_QUICK();

static void leave(struct pt_regs *regs, void *data)
{
	if ((int)RESULT(regs) == -EOPNOTSUPP && mutant_fires())
		RESULT(regs) = 0;
}

MUTANT_HOOKS({ .symbol = "check_vma_flags", .leave = leave });
