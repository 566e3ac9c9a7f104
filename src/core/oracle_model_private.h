/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the oracle's model share and no rule needs. Internal to oracle_model*.c. */
#ifndef PP_CORE_ORACLE_MODEL_PRIVATE_H
#define PP_CORE_ORACLE_MODEL_PRIVATE_H

#include "core/oracle_model.h"

/* ---- oracle_model_state.c, oracle_model_lists.c: passes of the build ---- */

/* From where a file has been cut off, and until when: PP_TIME_NEVER until it is extended again. */
struct pp_file_end {
	uint64_t from, until_ns, truncated_ns;
};

/* May the file have ended in front of @to_bytes when the operation of @e ran? */
static inline bool pp_behind_end(const struct pp_file_end *eof, const struct pp_event *e,
				 uint64_t to_bytes)
{
	return to_bytes > eof->from && e->begin_ns <= eof->until_ns;
}

/* A truncation or an extension of the file. */
static inline void pp_file_end_note(struct pp_file_end *eof, const struct pp_event *e)
{
	uint64_t end = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;

	if (e->verb == PP_VERB_TRUNCATE) {
		if (eof->until_ns < e->begin_ns || e->offset_bytes < eof->from)
			eof->from = e->offset_bytes;
		eof->until_ns = PP_TIME_NEVER;
		if (end > eof->truncated_ns)
			eof->truncated_ns = end;
	} else if (!e->result && eof->until_ns == PP_TIME_NEVER &&
		   eof->truncated_ns < e->begin_ns) {
		eof->until_ns = end;
	}
}

int pp_model_classify(struct pp_model *m, const struct pp_progress *progress);
/** pp_model_held_whole - (oracle_model.c) does one of the MRs that are @held, over @region, hold
 *  every page of the extent? */
bool pp_model_held_whole(const struct pp_model *m, const bool *held, uint16_t region,
			 struct pp_extent x);
static inline bool pp_extents_overlap(const struct pp_extent *a, const struct pp_extent *b)
{
	return a->space == b->space && a->from < b->to && b->from < a->to;
}

static inline struct pp_extent pp_extent_pages(struct pp_extent x)
{
	x.from -= x.from % PP_PAGE_BYTES;
	x.to = (x.to + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES * PP_PAGE_BYTES;
	return x;
}
/** pp_cut_add - (page_track.c) pages of @region in @x are replaced; false without memory. */
bool pp_cut_add(struct pp_model *m, uint16_t region, const struct pp_extent *x, uint32_t event,
		uint64_t end_ns);
/** pp_model_note - file one event that was not skipped; all in order. 0 or -ENOMEM. */
int pp_model_note(struct pp_model *m, uint32_t event);
/** pp_model_index - rare events, and the writes of each writer. 0 or -ENOMEM. */
int pp_model_index(struct pp_model *m);
/** pp_model_list - the lists of the pages that need some; which spaces are cloned must be known.
 *  0 or -ENOMEM. */
int pp_model_list(struct pp_model *m);

/* ---- oracle_model_cells.c ---- */

/** pp_cells_raise - @v is newer than what the bytes [@from, @to) show, where it is greater. */
void pp_cells_raise(struct pp_split_pool *pool, struct pp_cells *c, uint64_t from, uint64_t to,
		    int32_t v);
/** pp_cells_least - the oldest of a cell's values: what all of its bytes must show at least. */
int32_t pp_cells_least(const struct pp_split_pool *pool, const struct pp_cells *c, size_t cell);
/** pp_cells_set - one value for all of [@first, @first + @n), whatever was there. */
void pp_cells_set(struct pp_split_pool *pool, struct pp_cells *c, size_t first, size_t n,
		  int32_t v);
/** pp_cells_copy - a copy of a page's cells that owns its splits, to be given up to
 *  pp_cells_give(). */
void pp_cells_copy(struct pp_split_pool *pool, const struct pp_cells *c, size_t page, int32_t *out);
/** pp_cells_merge - raise a page to what a copy says. */
void pp_cells_merge(struct pp_split_pool *pool, struct pp_cells *c, size_t page, const int32_t *in);
/** pp_cells_take_over - make a page of @c what it is in @from; false, and nothing is done, where
 * cells of either are split. */
bool pp_cells_take_over(struct pp_cells *c, const struct pp_cells *from, size_t page);
void pp_cells_give(struct pp_split_pool *pool, int32_t *copy);
/** pp_cells_drop - one cell of a copy is 0 from now on. */
void pp_cells_drop(struct pp_split_pool *pool, int32_t *v);
/** pp_cells_move - move @n cells; what they leave is 0. The range [@to, @to + @n) and what lies
 *  between it and @from must hold no splits of their own; splits must be counted again. */
void pp_cells_move(struct pp_cells *c, size_t to, size_t from, size_t n);
/** pp_cells_recount - count the splits of the pages from @first_page up to @n_pages again. */
void pp_cells_recount(struct pp_cells *c, size_t first_page, size_t n_pages);

/* ---- oracle_model_stream.c and what it calls: oracle_model_sync.c, oracle_model_move.c ---- */

/** pp_model_wait - the event counts once its end has passed; @writes: its range is overwritten. */
void pp_model_wait(struct pp_model *m, uint32_t event, const struct pp_extent *x, bool writes);
void pp_model_take_sync(struct pp_model *m, uint32_t event);
void pp_model_promise(struct pp_model *m, const struct pp_pending *p);
void pp_model_take_hold(struct pp_model *m, uint32_t event);
void pp_model_take_upset(struct pp_model *m, uint32_t event);
void pp_model_upset_ended(struct pp_model *m, const struct pp_pending *p);
/** pp_model_keep - the pages [@first, @end) of a space, or those of them that exist, are about to
 *  change: what is there now is copied for those who still need it. */
void pp_model_keep(struct pp_model *m, uint16_t space, size_t first, size_t end);
/** pp_model_set_back - pp_model_keep() for a change that makes something older of the pages. */
void pp_model_set_back(struct pp_model *m, uint16_t space, size_t first, size_t end);
/** pp_model_break_promises - content of the space has moved: what was to be promised is void. */
void pp_model_break_promises(struct pp_model *m, uint16_t space);
void pp_model_free_promises(struct pp_model *m);
void pp_model_free_holds(struct pp_model *m);

#endif
