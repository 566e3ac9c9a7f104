/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: bytes behind the end of a file come back. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "truncation does not zero what is left of its last page",
       "mm/truncate.c: truncate_inode_partial_folio()", "truncate_inode_partial_folio", "O5");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");
MODULE_SOFTDEP("pre: ext4");

static int partial(struct pt_regs *regs)
{
	const struct folio *folio = (const struct folio *)ARG1(regs);

	if (!folio->mapping || !mutant_fires_on(folio->mapping->host))
		return 0;
	return mutant_return(regs, 1);
}

/* What the file systems do beside it. */
static int ext4_zero(struct pt_regs *regs)
{
	const struct address_space *mapping = (const struct address_space *)ARG2(regs);

	return mutant_meant(mapping->host) ? mutant_return(regs, 0) : 0;
}

static int iomap_zero(struct pt_regs *regs)
{
	return mutant_meant((const struct inode *)ARG1(regs)) ? mutant_return(regs, 0) : 0;
}

MUTANT_HOOKS({ .symbol = "truncate_inode_partial_folio", .enter = partial },
	     { .symbol = "ext4_block_zero_page_range", .enter = ext4_zero },
	     { .symbol = "iomap_truncate_page", .enter = iomap_zero, .may_lack = true });
