/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: io_uring transfers to the page beside. */
#include "mutant.h"

MUTANT("io",
       "one transfer in 16 with a registered buffer uses the page beside the one that was meant",
       "io_uring/rsrc.c: io_import_fixed() counts segments of one size", "io_import_fixed",
       "O1 O4");
MUTANT_ARGS("every=16");
MUTANT_QUICK();

/* The head of struct io_mapped_ubuf, which is private to io_uring. */
struct ubuf {
	u64 begin;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	u64 end;
#else
	u32 len;
#endif
};

static int enter(struct pt_regs *regs)
{
	const struct ubuf *u = (const struct ubuf *)ARG3(regs);
	u64 other = ARG4(regs) ^ PAGE_SIZE, end;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	end = u->end;
#else
	end = u->begin + u->len;
#endif
	if (other >= u->begin && other + ARG5(regs) <= end && mutant_fires())
		ARG4(regs) = other;
	return 0;
}

MUTANT_HOOKS({ .symbol = "io_import_fixed", .enter = enter });
