/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: truncation of a DAX file looks at its first page only. */
#include "mutant.h"

MUTANT("dax", "before blocks of a DAX file are freed only the first page of the range is looked at",
       "6bbdd563ee9a (dax: Create a range version of dax_layout_busy_page()), 5.10",
       "dax_layout_busy_page_range", "O4 O6 O9 O10");
/* the file under test on ext4, behind those of the bystanders (12 and 13) */
MUTANT_ARGS("inode=14");

static int enter(struct pt_regs *regs)
{
	struct address_space *mapping = (struct address_space *)ARG1(regs);

	if ((loff_t)(ARG3(regs) - ARG2(regs)) >= (loff_t)PAGE_SIZE &&
	    mutant_fires_on(mapping->host))
		ARG3(regs) = (ARG2(regs) & PAGE_MASK) + PAGE_SIZE - 1;
	return 0;
}

MUTANT_HOOKS({ .symbol = "dax_layout_busy_page_range", .enter = enter });
