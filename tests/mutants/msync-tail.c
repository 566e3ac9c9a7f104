/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a sync of a range leaves out its last page. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "msync(MS_SYNC) leaves out the last page of its range",
       "mm/msync.c: the end of the range is its last byte", "vfs_fsync_range", "O2");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");

static int enter(struct pt_regs *regs)
{
	struct file *file = (struct file *)ARG1(regs);

	if ((loff_t)ARG3(regs) == LLONG_MAX || ARG3(regs) - ARG2(regs) < 2 * PAGE_SIZE - 1 ||
	    !mutant_fires_on(file->f_mapping->host))
		return 0;
	ARG3(regs) -= PAGE_SIZE;
	return 0;
}

MUTANT_HOOKS({ .symbol = "vfs_fsync_range", .enter = enter });
