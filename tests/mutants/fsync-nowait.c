/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: fsync returns before the data are on the disk. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "fsync submits the pages of a file and does not wait for them",
       "mm/filemap.c: file_write_and_wait_range()", "__filemap_fdatawait_range", "O2 O9");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");

static int enter(struct pt_regs *regs)
{
	struct address_space *mapping = (struct address_space *)ARG1(regs);

	if (!mutant_called_from(regs, "file_write_and_wait_range") ||
	    !mutant_fires_on(mapping->host))
		return 0;
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "__filemap_fdatawait_range", .enter = enter });
