/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's index of a history: for each data space, page and (where writes
 * cover only part of a page) cell, who wrote when, and which syncs covered it.
 * Internal to oracle*.c. docs/oracle-rules.md defines the terms.
 *
 * An event is named by its index in the history. Building costs one entry for
 * each page that an event touches whole and for each cell that it touches
 * otherwise; a question costs a binary search and a short walk back over what
 * overlaps.
 */
#ifndef PP_CORE_ORACLE_MODEL_H
#define PP_CORE_ORACLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/history.h"
#include "core/plan.h"

#define PP_PAGE_BYTES     4096u
#define PP_CELLS_PER_PAGE (PP_PAGE_BYTES / PP_CELL_BYTES)
#define PP_NO_EVENT       UINT32_MAX
#define PP_TIME_NEVER     UINT64_MAX

/* What the model knows of an event beyond its own fields. */
#define PP_STATE_UNKNOWN                                                                           \
	1u /* write whose outcome is unknown: failed, open, or through a detached MR */
#define PP_STATE_DETACHED 2u /* went through an MR that no longer shares pages with its region */
#define PP_STATE_RESET    4u /* brings a space back to its initial content */

/* For each slot (a page, a cell or a space) the events that touch it, sorted by begin. */
struct pp_lists {
	size_t n_slots;
	size_t *start; /* n_slots + 1 used */
	uint32_t *event;
	uint64_t *max_end; /* latest end among the slot's events up to this one */
};

struct pp_space {
	size_t first_page; /* slot of its first page */
	size_t n_pages;    /* 0 for a region that shows another's space */
};

struct pp_model {
	const struct pp_plan *plan;
	const struct pp_history *history;
	uint8_t *state;          /* PP_STATE_* of each event */
	struct pp_space *spaces; /* of each region */
	size_t n_pages, n_groups;
	uint32_t *group;         /* of each page: 1 + number of its 64 cell slots, 0 if none */
	struct pp_lists writes;  /* outcome certain; resets too */
	struct pp_lists unknown; /* outcome unknown: possible for ever */
	struct pp_lists synced_pages,
		synced_spaces; /* syncs that succeeded, with and without range */
	struct pp_lists failed_pages, failed_spaces; /* syncs that failed */
	struct pp_lists resets;                      /* by space */
	uint32_t *keys; /* write events sorted by space, writer, generation */
	size_t n_keys;
};

/** pp_model_build - index the history; 0 or -ENOMEM; free with pp_model_free() in either case. */
int pp_model_build(struct pp_model *m, const struct pp_plan *plan, const struct pp_history *h,
		   struct pp_err *err);
void pp_model_free(struct pp_model *m);

/** pp_model_space - space (index of a region) whose data an event of a region writes, sees or
 *  syncs; PP_NO_INDEX if none. */
uint16_t pp_model_space(const struct pp_plan *plan, const struct pp_event *e);

/** pp_model_end - end of a write as the rules count it: PP_TIME_NEVER if its outcome is unknown. */
uint64_t pp_model_end(const struct pp_model *m, uint32_t event);

/* One place to ask about: a cell, or a page without writes to parts of it. */
struct pp_place {
	uint16_t space;
	uint64_t offset_bytes; /* of the cell, or of the page */
	size_t page;           /* slot */
	size_t cell;           /* slot, 0 if the page has no cell slots */
};

/** pp_model_place - the place of @offset_bytes in @space; false beyond the space's end. */
bool pp_model_place(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
		    struct pp_place *place);

/** pp_model_newest - write to the place, certain, with the latest begin among those that ended
 *  before @before_ns; PP_NO_EVENT if there is none. */
uint32_t pp_model_newest(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns);

/** pp_model_find - the write of @writer and @gen to the place, PP_NO_EVENT if the history has none.
 */
uint32_t pp_model_find(const struct pp_model *m, const struct pp_place *p, uint32_t writer,
		       uint32_t gen);

/** pp_model_sync - the sync over the place with the latest begin among those that succeeded before
 *  @before_ns; PP_NO_EVENT if there is none. */
uint32_t pp_model_sync(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns);

/** pp_model_failed - latest end of a failed sync over the place that began before @before_ns,
 *  0 if there is none. */
uint64_t pp_model_failed(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns);

/** pp_model_first - begin of the earliest write to the page, certain or not; PP_TIME_NEVER. */
uint64_t pp_model_first(const struct pp_model *m, const struct pp_place *p);

/** pp_model_initial - may the place still show its initial content, seen by an observation that
 * ends at @end_ns, when @newest is the newest write that had to show? */
bool pp_model_initial(const struct pp_model *m, const struct pp_place *p, uint32_t newest,
		      uint64_t end_ns);

/** pp_model_key_cmp - where a write event stands against a key in the order of keys[]: space,
 * writer, generation; <0, 0 or >0 as strcmp(). */
int pp_model_key_cmp(const struct pp_model *m, uint32_t event, uint16_t space, uint32_t writer,
		     uint32_t gen);

/** pp_lists_before - how many events of the slot began before @before_ns. */
size_t pp_lists_before(const struct pp_lists *l, const struct pp_history *h, size_t slot,
		       uint64_t before_ns);

#endif
