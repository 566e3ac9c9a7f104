/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the allocator from mapping and unmapping; see heap.h. */
#include "run/heap.h"

#include <limits.h>
#include <malloc.h>

#define STEP_BYTES (16 << 20)

void pp_heap_calm(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, STEP_BYTES);
}
