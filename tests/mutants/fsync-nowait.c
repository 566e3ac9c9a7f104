/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: fsync returns before the data are on the disk. */
#include "mutant.h"

#include <linux/fs.h>

MUTANT("writeback", "fsync submits the pages of a file and waits for nothing",
       "mm/filemap.c: file_write_and_wait_range()", "ext4_sync_file", "O2");
/* the first file of a case on ext4, behind that of the bystander */
MUTANT_ARGS("inode=13");
MODULE_SOFTDEP("pre: ext4");

static int submit(struct file *file, loff_t start, loff_t end, int datasync)
{
	return filemap_fdatawrite_range(file->f_mapping, start, end);
}

static int enter(struct pt_regs *regs)
{
	struct file *file = (struct file *)ARG1(regs);

	return mutant_fires_on(file->f_mapping->host) ? mutant_instead(regs, submit) : 0;
}

MUTANT_HOOKS({ .symbol = "ext4_sync_file", .enter = enter });
