/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page frames of a machine without faults, as a plan's operations leave them: what a look finds. */
#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H

#include "core/history.h"
#include "core/plan.h"

struct frames;

/** frames_new - nothing is mapped yet. */
struct frames *frames_new(const struct pp_plan *plan);
void frames_free(struct frames *f);

/** frames_op - what an operation that was carried out changes. */
void frames_op(struct frames *f, const struct pp_op *op);

/**
 * frames_look - what a look at one page finds, as a raw cell of the history
 * @page: of the region; false: nobody is there to look at (no child)
 */
bool frames_look(const struct frames *f, const struct pp_op *op, size_t page,
		 uint8_t cell[PP_CELL_BYTES]);

#endif
