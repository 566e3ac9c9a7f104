/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: nobody wakes who waits for the pins of a DAX page. */
#include "mutant.h"

#include <linux/fs.h>
#include <linux/memremap.h>
#include <linux/page_ref.h>

MUTANT("dax", "the last release of a DAX page does not wake the truncation that waits for it",
       "f4f451a16dd1 (mm: fix missing wake-up event for FSDAX pages), 6.0",
       "__put_devmap_managed_page_refs", "O9");

/* the file under test on ext4, behind those of the bystanders (12 and 13) */
MUTANT_ARGS("inode=14");

/* The file whose block the page is; NULL if that is not known (shared, or no longer a file's). */
static const struct inode *owner(const struct page *page)
{
	const struct address_space *mapping = page->mapping;

	return mapping && !((unsigned long)mapping & 3) ? mapping->host : NULL;
}

static int enter(struct pt_regs *regs)
{
	struct page *page = (struct page *)ARG1(regs);

	/* whether there is anybody to wake: only file systems wait */
	if (!is_zone_device_page(page) || page->pgmap->type != MEMORY_DEVICE_FS_DAX ||
	    !mutant_fires_on(owner(page)))
		return 0;
	page_ref_sub(page, (int)ARG2(regs));
	return mutant_return(regs, 1);
}

MUTANT_HOOKS({ .symbol = "__put_devmap_managed_page_refs", .enter = enter, .may_lack = true },
	     { .symbol = "__put_devmap_managed_folio_refs", .enter = enter, .may_lack = true });
