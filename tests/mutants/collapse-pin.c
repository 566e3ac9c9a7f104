/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: khugepaged takes pinned pages. */
#include "mutant.h"

MUTANT("mm", "small pages that are pinned are copied into a huge page",
       "mm/khugepaged.c: is_refcount_suitable(), and page_count() == 1 before it",
       "is_refcount_suitable", "O1 O12 O13");

static int note(struct pt_regs *regs, void *data)
{
	return mutant_pinned((struct folio *)ARG1(regs)) ? 0 : 1;
}

static void leave(struct pt_regs *regs, void *data)
{
	if (!(u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 1;
}

MUTANT_HOOKS({ .symbol = "is_refcount_suitable", .note = note, .leave = leave });
