/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: an O_DIRECT write leaves old pages in the cache. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "an O_DIRECT write does not throw the cached pages of its range away",
       "mm/filemap.c: kiocb_invalidate_pages(), kiocb_invalidate_post_direct_write()",
       "invalidate_inode_pages2_range", "O1 O3");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");

static int enter(struct pt_regs *regs)
{
	struct address_space *mapping = (struct address_space *)ARG1(regs);

	if (!S_ISREG(mapping->host->i_mode) || !mutant_fires_on(mapping->host))
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "invalidate_inode_pages2_range", .enter = enter });
