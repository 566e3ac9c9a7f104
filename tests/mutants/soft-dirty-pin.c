/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: the soft-dirty bits of pinned pages are cleared. */
#include "mutant.h"

#include <linux/pagewalk.h>
#include <linux/sched/coredump.h>

MUTANT("mm", "clear_refs write-protects pinned pages, so that they do not count as soft-dirty",
       "9348b73c2e1b (mm: don't play games with pinned pages in clear_page_refs, 5.11)",
       "clear_refs_pte_range", "O1 O13 O14");

/* That the process has pinned anything is hidden while one table of pages is walked. */
static int note(struct pt_regs *regs, void *data)
{
	struct mm_struct *mm = ((struct mm_walk *)ARG4(regs))->mm;

	if (!test_bit(MMF_HAS_PINNED, &mm->flags) || !mutant_fires())
		return 1;
	clear_bit(MMF_HAS_PINNED, &mm->flags);
	*(struct mm_struct **)data = mm;
	return 0;
}

static void leave(struct pt_regs *regs, void *data)
{
	set_bit(MMF_HAS_PINNED, &(*(struct mm_struct **)data)->flags);
}

MUTANT_HOOKS({ .symbol = "clear_refs_pte_range",
	       .note = note,
	       .leave = leave,
	       .data_size = sizeof(struct mm_struct *) });
