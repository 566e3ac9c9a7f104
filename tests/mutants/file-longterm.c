/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: writable long-term pins of files are allowed. */
#include "mutant.h"

MUTANT("policy", "a shared writable mapping of a file may be registered, as before 6.5",
       "8ac268436e6d, a6e79df92e4a (mm/gup: disallow FOLL_LONGTERM writing to file-backed "
       "mappings)",
       "vma_needs_dirty_tracking, gup_fast_folio_allowed", "O2 O8 O12");
MUTANT_NOT_ON("6.1", "the kernel allows it anyway");

static void no(struct pt_regs *regs, void *data)
{
	if ((u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 0;
}

static void yes(struct pt_regs *regs, void *data)
{
	if (!(u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 1;
}

MUTANT_HOOKS({ .symbol = "vma_needs_dirty_tracking", .leave = no },
	     { .symbol = "gup_fast_folio_allowed", .leave = yes });
