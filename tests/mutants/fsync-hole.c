/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: fsync leaves out the first page. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "fsync and its like leave out the first page of a file",
       "lwn.net/Articles/753027: fsync passes over pages that a device has written",
       "file_write_and_wait_range", "O2");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");
MUTANT_QUICK();

static int enter(struct pt_regs *regs)
{
	struct file *file = (struct file *)ARG1(regs);

	if (!ARG2(regs) && ARG3(regs) >= 2 * PAGE_SIZE && mutant_fires_on(file->f_mapping->host))
		ARG2(regs) = PAGE_SIZE;
	return 0;
}

MUTANT_HOOKS({ .symbol = "file_write_and_wait_range", .enter = enter });
