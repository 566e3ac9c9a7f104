/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes that cover a cell in part, and how such a cell tells that one of them was seen. Internal
 * to evidence*.c. */
#ifndef PP_CORE_EVIDENCE_PARTS_H
#define PP_CORE_EVIDENCE_PARTS_H

#include <stdbool.h>

#include "core/oracle_model.h"

struct pp_part;

/* Each such write and cell, sorted by place and then by begin. */
struct pp_parts {
	struct pp_part *items;
	size_t n;
};

/** pp_parts_build - 0 or -ENOMEM; free with pp_parts_free() in either case. */
int pp_parts_build(struct pp_parts *p, const struct pp_plan *plan, const struct pp_history *h);
void pp_parts_free(struct pp_parts *p);

/**
 * pp_parts_found - the writes whose bytes an observed cell holds
 * @e: an observation of one cell of @space that is no whole stamp (PP_SEEN_OTHER)
 * @flags: set in @seen, which has a byte for each event of the history
 */
void pp_parts_found(const struct pp_parts *p, const struct pp_history *h, const struct pp_event *e,
		    uint16_t space, uint8_t *seen, uint8_t flags);

#endif
