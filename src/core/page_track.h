/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What looks at pages show of pages that somebody holds: the frames stay, none
 * is freed, a child gets others, and what a device wrote is dirty. Judged by
 * the oracle, counted as evidence. Internal to the oracle and evidence.
 */
#ifndef PP_CORE_PAGE_TRACK_H
#define PP_CORE_PAGE_TRACK_H

#include "core/oracle_model.h"
#include "core/page_run.h"

enum pp_page_fact {
	PP_PAGE_LOOKED, /* a frame was seen */
	PP_PAGE_KEPT,   /* held, and in the frame in which it was seen before */
	PP_PAGE_MOVED,  /* pinned, and in another frame */
	PP_PAGE_GONE,   /* pinned anonymous memory went to swap */
	PP_PAGE_HELD,   /* a frame that is held is still what it was */
	PP_PAGE_FREED,  /* it is free, or used for something else */
	PP_PAGE_COPIED, /* the child of a fork has another frame than the one that is pinned */
	PP_PAGE_SHARED, /* it has that frame */
	PP_PAGE_SOILED, /* dirty after a device wrote it and let go */
	PP_PAGE_CLEAN,  /* not dirty, and nothing has written it back */
	PP_PAGE_BLIND   /* pinned, and its soft-dirty bit was cleared: what a device writes now is
			   missed */
};

/* One page of a look. */
struct pp_page_note {
	enum pp_page_fact fact;
	uint32_t look;         /* event that shows it */
	uint64_t offset_bytes; /* of the page in its region */
	uint64_t frame;        /* that it has, 0: none */
	uint32_t state;        /* PP_PAGE_* */
	uint64_t was;          /* frame that it had before */
	uint32_t before; /* look that showed that; SOILED, CLEAN: the device write; BLIND: what
			  * cleared the bits */
	uint32_t hold;   /* event that took hold of it; SOILED, CLEAN: that let go of it */
	uint32_t fork;   /* COPIED, SHARED: the fork */
};

typedef void pp_page_fn(void *arg, const struct pp_page_note *note);

struct pp_page_track;

/** pp_page_track_new - of the model's plan and history; NULL without memory. */
struct pp_page_track *pp_page_track_new(const struct pp_model *m);
void pp_page_track_free(struct pp_page_track *t); /* NULL is fine */

/** pp_page_track_event - take in the event, one after the other in order of begin; of a look, @fn
 * is called for each page and fact. False: memory ran out, what follows is not all there is. */
bool pp_page_track_event(struct pp_page_track *t, uint32_t event, pp_page_fn *fn, void *arg);

#endif
