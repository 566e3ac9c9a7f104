/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of scenarios in which a process of its own, the owner, registers memory and then ends. */
#ifndef PP_RUN_PLAN_OWNER_H
#define PP_RUN_PLAN_OWNER_H

#include "run/plan_lines.h"
#include "run/scenario.h"

#define PP_OWNER_BYTES 65536u /* of region "data" that MR m0 covers */

/* One variant: "backing/pinner". */
struct pp_owner_row {
	const char *backing, *share;
	const char *pinner; /* rxe-mr or uring-fixed */
	enum pp_tier tier;
};

/** pp_owner_variant - fill variant @index from @n rows; false past the last. */
bool pp_owner_variant(const struct pp_owner_row *rows, size_t n, size_t index,
		      struct pp_variant *out);

/**
 * pp_owner_head - rules, bound, facts, and the objects: region "data", MR m0 over it, the control
 *
 * The scenario has said its evidence before. Behind it stand the operations of actor main.
 */
void pp_owner_head(const struct pp_owner_row *r, struct pp_plan_text *t);

#endif
