/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a child shares the pages that its parent has pinned. */
#include "mutant.h"

#include <linux/sched/coredump.h>

MUTANT("mm", "fork() shares pinned pages for copy-on-write instead of copying them at once",
       "70e806e4e645 (mm: Do early cow for pinned pages during fork() for ptes), 5.9",
       "copy_page_range", "O1 O6 O13");
MUTANT_QUICK();

static int enter(struct pt_regs *regs)
{
	struct mm_struct *mm = ((struct vm_area_struct *)ARG2(regs))->vm_mm;

	if (test_bit(MMF_HAS_PINNED, &mm->flags) && mutant_fires())
		clear_bit(MMF_HAS_PINNED, &mm->flags);
	return 0;
}

MUTANT_HOOKS({ .symbol = "copy_page_range", .enter = enter });
