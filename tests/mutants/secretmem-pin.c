/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: secret memory may be pinned. */
#include "mutant.h"

MUTANT("policy", "memory of memfd_secret() may be pinned",
       "CVE-2024-35872 (mm/secretmem: fix GUP-fast succeeding on secretmem folios)",
       "vma_is_secretmem", "O8 O12");
MUTANT_MAY_DIE();

static void leave(struct pt_regs *regs, void *data)
{
	if ((u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 0;
}

MUTANT_HOOKS({ .symbol = "vma_is_secretmem", .leave = leave });
