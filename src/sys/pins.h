/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pin ledger's raw numbers: the kernel's FOLL_PIN counters (exact, through
 * vm.stat_refresh), VmPin and VmLck of a process, huge page pools.
 */
#ifndef PP_SYS_PINS_H
#define PP_SYS_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct pp_pins {
	bool has_counters; /* /proc/vmstat has nr_foll_pin_* and stat_refresh could be written */
	uint64_t acquired, released;                  /* base pages, since boot */
	int64_t vmpin_pages, vmlck_pages;             /* of this process */
	int64_t huge_total, huge_free, huge_reserved; /* pages of the default size, */
	int64_t huge_kb;                              /* which this is */
};

/** pp_pins_read - one consistent reading; costs about 0.4 ms under emulation. */
int pp_pins_read(struct pp_pins *out, struct pp_err *err);

/** pp_pins_read_at - the same from another directory than /proc: tests give one. */
int pp_pins_read_at(const char *proc, struct pp_pins *out, struct pp_err *err);

#endif
