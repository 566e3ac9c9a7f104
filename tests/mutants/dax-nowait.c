/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: truncation of a DAX file does not wait for pins. */
#include "mutant.h"

MUTANT("dax", "blocks of a DAX file are freed while a device uses its pages",
       "5fac7408d828 (mm, fs, dax: handle layout changes to pinned dax mappings), 4.17",
       "dax_layout_busy_page_range", "O4 O6 O9 O10");
/* the file under test on ext4, behind those of the bystanders (12 and 13) */
MUTANT_ARGS("inode=14");
MUTANT_QUICK();

static int note(struct pt_regs *regs, void *data)
{
	*(struct address_space **)data = (struct address_space *)ARG1(regs);
	return 0;
}

static void leave(struct pt_regs *regs, void *data)
{
	struct address_space *mapping = *(struct address_space **)data;

	if (RESULT(regs) && mutant_fires_on(mapping->host))
		RESULT(regs) = 0;
}

MUTANT_HOOKS({ .symbol = "dax_layout_busy_page_range",
	       .note = note,
	       .leave = leave,
	       .data_size = sizeof(struct address_space *) });
