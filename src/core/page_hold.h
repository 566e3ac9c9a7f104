/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds pages, from when until when, as a history tells: MRs, pipes, transfers that wait at a
 * gate. Internal to page_track.c. */
#ifndef PP_CORE_PAGE_HOLD_H
#define PP_CORE_PAGE_HOLD_H

#include "core/oracle_model.h"

/* Somebody holds pages of a region, from the end of one operation to the begin of another. */
struct pp_hold {
	uint64_t begin_ns, from_ns, until_ns;
	uint32_t event;
	uint16_t region;
	uint16_t mr;   /* that has them registered, else PP_NO_INDEX */
	uint16_t gate; /* that a direct transfer waits at, else PP_NO_INDEX */
	uint16_t actor;
	bool child; /* a child holds them */
	bool weak;  /* references that are no pins of a private page: it may be copied, and the copy
		       is what is mapped then. That it stays is only counted */
	size_t first, end; /* pages */
	struct pp_held {
		uint64_t frame;
		uint32_t state, look; /* look: 1 + event, 0: not seen yet */
	} * pages;                    /* NULL: none was looked at */
};

struct pp_holds {
	struct pp_hold *items; /* in order of the event that takes hold */
	size_t n, n_begun;
	size_t *active, n_active; /* indices */
};

/** pp_event_done - it was carried out, and succeeded. */
bool pp_event_done(const struct pp_event *e);

/** pp_holds_find - all of the model's history; false without memory. Free it either way. */
bool pp_holds_find(struct pp_holds *out, const struct pp_model *m);
void pp_holds_free(struct pp_holds *holds);

/** pp_holds_advance - to those in force at @until_ns, which never gets less: active. */
void pp_holds_advance(struct pp_holds *holds, uint64_t until_ns);

/** pp_hold_pins - has a device the pages, so that they must stay where they are mapped? */
bool pp_hold_pins(const struct pp_hold *h);

/** pp_held_at - what is known of page number @page of the region, inside the hold; NULL without
 *  memory. */
struct pp_held *pp_held_at(struct pp_hold *h, size_t page);

#endif
