/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: sync_file_range returns before the data are on the disk. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "sync_file_range() does not wait for what it submitted",
       "fs/sync.c: SYNC_FILE_RANGE_WAIT_AFTER", "sync_file_range", "O2 O9");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");

static int enter(struct pt_regs *regs)
{
	struct file *file = (struct file *)ARG1(regs);

	if ((ARG4(regs) & SYNC_FILE_RANGE_WAIT_AFTER) && mutant_fires_on(file->f_mapping->host))
		ARG4(regs) &= ~(unsigned long)SYNC_FILE_RANGE_WAIT_AFTER;
	return 0;
}

MUTANT_HOOKS({ .symbol = "sync_file_range", .enter = enter });
