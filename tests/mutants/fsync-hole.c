/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: fsync leaves out the first page. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "fsync and its like leave out the first page of a file",
       "5e8830dc85d0 (mm/fs: remove inode_lock from ...): a page that writeback passes over is "
       "lost",
       "file_write_and_wait_range", "O2");
MUTANT_QUICK();

static int enter(struct pt_regs *regs)
{
	struct file *file = (struct file *)ARG1(regs);

	if (!ARG2(regs) && ARG3(regs) >= 2 * PAGE_SIZE && mutant_fires_on(file->f_mapping->host))
		ARG2(regs) = PAGE_SIZE;
	return 0;
}

MUTANT_HOOKS({ .symbol = "file_write_and_wait_range", .enter = enter });
