/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a write fault copies a page that is pinned. */
#include "mutant.h"

MUTANT("mm", "a store to a write-protected pinned page of one owner goes to a copy",
       "09854ba94c6a (mm: do_wp_page() simplification, 5.9), mended by 6c287605fd56 (5.19)",
       "do_wp_page", "O1 O13");

static int enter(struct pt_regs *regs)
{
	struct vm_fault *vmf = (struct vm_fault *)ARG1(regs);
	struct page *page;

	if (!pte_present(vmf->orig_pte) || pte_special(vmf->orig_pte) ||
	    !pfn_valid(pte_pfn(vmf->orig_pte)))
		return 0;
	page = pte_page(vmf->orig_pte);
	if (PageAnon(page) && !PageCompound(page) && PageAnonExclusive(page) &&
	    mutant_pinned(page_folio(page)) && mutant_fires())
		ClearPageAnonExclusive(page);
	return 0;
}

MUTANT_HOOKS({ .symbol = "do_wp_page", .enter = enter });
