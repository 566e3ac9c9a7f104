/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: writeback takes a page for clean and does not write it. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "writeback makes one page in 16 clean without writing it",
       "lwn.net/Articles/774411: pages that are cleaned while a device writes them",
       "folio_clear_dirty_for_io", "O2");
MUTANT_NOT_ON("6.12",
	      "the callers that would pass the page over are inlined; ext4 does not look at "
	      "the answer, and btrfs waits for the page for ever, whoever has pinned it");
MUTANT_ARGS("every=16");

static int note(struct pt_regs *regs, void *data)
{
	const struct folio *folio = (const struct folio *)ARG1(regs);

	return folio->mapping && folio->mapping->host && S_ISREG(folio->mapping->host->i_mode) ? 0
											       : 1;
}

static void leave(struct pt_regs *regs, void *data)
{
	if ((u8)RESULT(regs) && mutant_fires())
		RESULT(regs) = 0;
}

MUTANT_HOOKS({ .symbol = "folio_clear_dirty_for_io", .note = note, .leave = leave });
