/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: O_DIRECT reads into clean pages and does not say so. */
#include "mutant.h"

#include <linux/bio.h>

MUTANT("dirtying", "an O_DIRECT read makes its pages dirty neither before nor after the transfer",
       "block/bio.c: bio_set_pages_dirty(), bio_check_pages_dirty()",
       "bio_set_pages_dirty, bio_check_pages_dirty", "O1 O2 O14");

static int set_dirty(struct pt_regs *regs)
{
	return mutant_fires() ? mutant_return(regs, 0) : 0;
}

/* The bio's pages are still to be released, and the bio. */
static int check_dirty(struct pt_regs *regs)
{
	struct bio *bio = (struct bio *)ARG1(regs);

	if (!mutant_fires())
		return 0;
	bio_release_pages(bio, false);
	bio_put(bio);
	return mutant_return(regs, 0);
}

MUTANT_HOOKS({ .symbol = "bio_set_pages_dirty", .enter = set_dirty },
	     { .symbol = "bio_check_pages_dirty", .enter = check_dirty });
