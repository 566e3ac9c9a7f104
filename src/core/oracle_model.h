/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model of a history: what every write and hazard did to which
 * bytes, and, while the judge walks the history in order of begin, the newest
 * write that each cell has to show at that moment. Internal to oracle*.c.
 * docs/oracle-rules.md defines the terms.
 *
 * An event is named by its index in the history. One pass classifies the
 * events; a second one, driven by pp_model_advance(), lets each write count
 * from the moment at which it has ended. So a question about "now" is a look
 * into an array, and memory follows the size of the spaces, not of the history.
 */
#ifndef PP_CORE_ORACLE_MODEL_H
#define PP_CORE_ORACLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/history.h"
#include "core/plan.h"
#include "core/progress.h"

#define PP_PAGE_BYTES     4096u
#define PP_CELLS_PER_PAGE (PP_PAGE_BYTES / PP_CELL_BYTES)
#define PP_NO_EVENT       UINT32_MAX
#define PP_TIME_NEVER     UINT64_MAX

/* What the model knows of an event beyond its own fields. */
#define PP_STATE_UNKNOWN                                                                           \
	1u /* write or hazard of unknown outcome: failed, open, through a detached MR... */
#define PP_STATE_DETACHED 2u   /* went through an MR that no longer shares pages with its region */
#define PP_STATE_RESET    4u   /* brings bytes back to their initial content */
#define PP_STATE_HOLE     8u   /* a hazard that writes zeros: O5 speaks of them */
#define PP_STATE_WEAK     16u  /* happened, but what it wrote may have been lost since */
#define PP_STATE_CLONE    32u  /* makes a file the clone of another */
#define PP_STATE_SHIFT    64u  /* moves content */
#define PP_STATE_LOOSE    128u /* leaves its range in a state that nobody can judge */
#define PP_STATE_ZEROS    (PP_STATE_RESET | PP_STATE_HOLE)
/* What had to show is zeros, if it is such an event: a shift that opens a gap, too. */
#define PP_STATE_BLANK (PP_STATE_ZEROS | PP_STATE_SHIFT)

/*
 * The newest write of each cell as 1 + event, 0 if there is none. Where the parts of a cell have
 * different newest writes the value is -1 - N, and the bytes' values are in block N of the pool.
 */
struct pp_cells {
	int32_t *newest;  /* NULL: not kept */
	uint16_t *splits; /* of each page: how many of its cells are split */
	int32_t *most;    /* of each page: none of its cells has a greater value */
};

struct pp_split_pool {
	int32_t (*block)[PP_CELL_BYTES];
	size_t n, cap;
	int32_t unused; /* 1 + first free block, 0 if none; a free block's [0] names the next */
	bool failed;    /* memory ran out: the verdict does not count */
};

#define PP_MOVED_LOOSE INT32_MIN /* where the cell's content came from cannot be said */

struct pp_space {
	size_t n_pages;       /* 0 for a region that shows another's space */
	struct pp_cells now;  /* what page cache or memory must show at least */
	struct pp_cells disk; /* what each durable image must show at least: see pp_space_disk() */
	uint64_t *same;       /* bit of each page: a durable image must show what is there now */
	uint64_t *shared;     /* bit of each page: some sync will promise what is there now */
	bool set_back;        /* now was set back while a sync was under way: disk may be newer */
	int32_t *copy;        /* private mappings: the file when the page may have been copied */
	uint64_t *copied;     /* bit of each page: copy is filled in */
	uint64_t *dirty;      /* bit of each page: written since a sync last looked */
	uint64_t *contested;  /* bit of each page: its newest write was not alone */
	uint64_t *doubtful;   /* bit of each page: a write of unknown outcome touches it */
	uint64_t *marked;     /* bit of each page: has lists of its writes */
	uint32_t *list;       /* of each page that is marked: number of its lists */
	int32_t *moved;      /* of each cell: how far behind it its content once lay; may be NULL */
	uint64_t loose_ns;   /* latest end of a shift so far: until then nothing is exact */
	uint64_t altered_ns; /* latest end of what gives or takes blocks */
	uint32_t clone;      /* 1 + event that last made this file a clone, 0 if none */
	uint32_t cloning;    /* 1 + the one that has begun, with what its source had to show: */
	int32_t *cloning_cells;
	int32_t *clone_cells; /* what that file had to show when it began; NULL: not known */
	bool moves, clones;   /* some event shifts it, some event makes it a clone */
};

/* Of each list the events, sorted by begin. */
struct pp_lists {
	size_t *start; /* n_lists + 2 */
	uint32_t *event;
};

/* Events of one rare kind in order of begin, and the latest end among those up to each. */
struct pp_rare {
	uint32_t *event;
	uint64_t *max_end;
	size_t n, cap;
};

/* A range of bytes of a space. */
struct pp_extent {
	uint16_t space;
	uint64_t from, to;
};

/* Copies of the cells of pages; a free one's first cell names the next: 1 + its number, 0 if none.
 */
struct pp_copies {
	int32_t (*cells)[PP_CELLS_PER_PAGE];
	size_t n, cap;
	int32_t unused;
};

/* Events in order of begin, if nothing else is said. */
struct pp_event_list {
	uint32_t *event;
	size_t n, cap;
};

/* The writes of one writer, in order of generation. */
struct pp_keys {
	struct pp_event_list of;
	uint32_t first_gen; /* generation of the first where they have no gaps, 0: they have */
	uint32_t last_gen;  /* of the one that was filed last */
	bool gaps, mixed;   /* not each the one before and 1; not even ascending */
};

struct pp_pending { /* a write, sync or hazard that counts once its end has passed */
	uint64_t end_ns;
	struct pp_extent at;
	uint32_t event;
	bool alone;  /* no other write to the range has overlapped it so far */
	bool writes; /* the range: stamps or zeros */
};

/* A device write that a gate held: its bytes cannot have come before the gate was opened. */
struct pp_gated {
	uint32_t event;
	uint64_t begin_ns;
};

/* A write that a shift moved, or did not, while both lasted. */
struct pp_swept {
	uint32_t shift;
	struct pp_extent at;
};

/* Pages of a region that something replaces: those who hold them are left with the old ones. */
struct pp_cut {
	uint16_t region;
	size_t first_page, end_page;
	uint64_t begin_ns, end_ns; /* of the operation; PP_TIME_NEVER: it may come at any time */
};

struct pp_promise; /* what a sync will promise when it has ended */
struct pp_held;    /* what pages that splice-hold or child-hold keeps had to show then */

struct pp_model {
	const struct pp_plan *plan;
	const struct pp_history *history;
	uint8_t *state;          /* PP_STATE_* of each event */
	struct pp_space *spaces; /* of each region */
	struct pp_keys *keys;    /* of each writer */
	size_t n_writers;
	struct pp_event_list notable;     /* all but writes and observations that just worked */
	uint64_t last_ns;                 /* latest moment that the history knows */
	struct pp_rare zeros, lost_zeros; /* that bring zeros; those of unknown outcome */
	struct pp_rare synced, failed;    /* syncs */
	struct pp_rare upsets;            /* shifts, clones, what leaves loose cells */
	struct pp_gated *gated;           /* sorted by event */
	size_t n_gated;
	struct pp_swept *swept;
	size_t n_swept, cap_swept;
	bool looks;          /* the history has looks at pages, so that these are kept: */
	struct pp_cut *cuts; /* in order of begin */
	size_t n_cuts, cap_cuts;
	size_t n_lists;
	struct pp_lists touch, unknown; /* writes to each marked page; those of unknown outcome */
	uint64_t *ends[6]; /* tree: latest end of a certain write among 64 events, 64 * 64... */
	size_t n_ends[6];
	int levels; /* 0: not built yet */
	/* the stream */
	uint64_t least_end_ns; /* of the pending */
	struct pp_pending *pending;
	size_t n_pending, cap_pending;
	struct pp_split_pool pool;
	struct pp_copies copies;
	struct pp_promise *promises;
	struct pp_held *held;
	bool durable; /* something observes durable images */
	/* told of each write to bytes of a space when it begins; NULL: nobody */
	void (*written)(void *arg, uint32_t event, const struct pp_extent *x);
	void *written_arg;
};

/** pp_model_build - classify the history; 0 or -ENOMEM; free with pp_model_free() in either case.
 *  @progress: NULL if nobody wants to know. */
int pp_model_build(struct pp_model *m, const struct pp_plan *plan, const struct pp_history *h,
		   const struct pp_progress *progress, struct pp_err *err);
void pp_model_free(struct pp_model *m);

/** pp_model_take - take in one event that was not skipped, after it has been judged; each in turn.
 */
void pp_model_take(struct pp_model *m, uint32_t event);

/** pp_model_now - spaces[] says from now on what an observation that begins at @now_ns, with all
 *  events before it taken in, has to show. */
static inline void pp_model_now(struct pp_model *m, uint64_t now_ns);
void pp_model_pass(struct pp_model *m, uint64_t now_ns);

/** pp_model_space - space (index of a region) whose data an event of a region writes, sees or
 *  syncs; PP_NO_INDEX if none. */
static inline uint16_t pp_model_space(const struct pp_plan *plan, const struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];

	if ((verb->target != PP_TARGET_REGION && verb->target != PP_TARGET_MR) ||
	    e->object >= plan->n_regions)
		return PP_NO_INDEX;
	if (verb->kind == PP_KIND_PIN || verb->kind == PP_KIND_UNPIN)
		return PP_NO_INDEX; /* their object is an MR */
	return verb->file ? plan->regions[e->object].file_space : plan->regions[e->object].space;
}

/** pp_model_end - end of a write as the rules count it: PP_TIME_NEVER if its outcome is unknown. */
uint64_t pp_model_end(const struct pp_model *m, uint32_t event);

/** pp_model_begin - the earliest moment at which bytes of the write can have arrived: its begin, or
 *  that of the gate-open that let it go on, where an await-bios op=ID proved that it was queued. */
uint64_t pp_model_begin(const struct pp_model *m, uint32_t event);

/* A cell. */
struct pp_place {
	uint16_t space;
	uint64_t offset_bytes;
};

/** pp_model_place - the place of @offset_bytes in @space; false beyond the space's end. */
bool pp_model_place(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
		    struct pp_place *place);

/** pp_model_find - the write of @writer and @gen that reaches the place, PP_NO_EVENT if the history
 *  has none. */
uint32_t pp_model_find(const struct pp_model *m, const struct pp_place *p, uint32_t writer,
		       uint32_t gen);

/** pp_model_is - is the event the write of @writer and @gen? */
bool pp_model_is(const struct pp_model *m, uint32_t event, uint32_t writer, uint32_t gen);

/** pp_model_fetch - pp_model_is() of this write will be asked soon. */
void pp_model_fetch(const struct pp_model *m, uint32_t writer, uint32_t gen);

/** pp_model_failed - latest end of a failed sync of the place's file, whatever its range, that
 * began before @before_ns, 0 if there is none. */
uint64_t pp_model_failed(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns);

/** pp_model_sync - the sync over the place with the latest begin among those that succeeded before
 *  @before_ns; PP_NO_EVENT if there is none. */
uint32_t pp_model_sync(const struct pp_model *m, const struct pp_place *p, uint64_t before_ns);

/** pp_model_zero - may [@from, @to) of a space be zeros, seen by an observation that ends at
 *  @end_ns, where @need (1 + event) had to show? */
bool pp_model_zero(struct pp_model *m, uint16_t space, uint64_t from, uint64_t to, int32_t need,
		   uint64_t end_ns);

/** pp_model_zeroed - latest moment at which the place can have become zeros, for an observation
 *  that ends at @end_ns: 0 if only from the start, PP_TIME_NEVER if it cannot be said. */
uint64_t pp_model_zeroed(const struct pp_model *m, uint16_t space, uint64_t offset_bytes,
			 uint64_t end_ns);

/** pp_model_resets - is something that takes the pages of [@from, @to) away (dontneed of private
 *  memory, a new mapping) under way at any time in [@begin_ns, @end_ns]? */
bool pp_model_resets(const struct pp_model *m, uint16_t space, uint64_t from, uint64_t to,
		     uint64_t begin_ns, uint64_t end_ns);

/** pp_model_upset - does something of unknown effect on the whole space (a shift, a clone into it)
 *  overlap [@begin_ns, @end_ns]? */
bool pp_model_upset(const struct pp_model *m, uint16_t space, uint64_t begin_ns, uint64_t end_ns);

/** pp_model_clone_of - the clone of which @space's file consists where nothing wrote it since;
 *  PP_NO_EVENT if there was none. @source: the space that it came from. */
uint32_t pp_model_clone_of(const struct pp_model *m, uint16_t space, uint16_t *source);

/** pp_model_source - of a clone's event the space that it shows; PP_NO_INDEX if it is none. */
uint16_t pp_model_source(const struct pp_model *m, uint32_t event);

/** pp_model_flight - events below @limit whose writes are certain and end at @at_ns or later, the
 *  latest first, each given to @fn until that returns false. */
void pp_model_flight(struct pp_model *m, uint32_t limit, uint64_t at_ns,
		     bool (*fn)(void *arg, uint32_t event), void *arg);

/** pp_model_in_flight - is a certain write to [@from, @to) of a space under way? */
bool pp_model_in_flight(const struct pp_model *m, uint16_t space, uint64_t from, uint64_t to);

/** pp_model_before - how many events of the history began before @before_ns. */
uint32_t pp_model_before(const struct pp_history *h, uint64_t before_ns);

/** pp_model_held - what the cells of [@from, ...) had to show when @event's actor last took hold
 *  of them, NULL if it did not; @begin_ns gets when that began. */
const int32_t *pp_model_held(const struct pp_model *m, uint32_t event, uint64_t *begin_ns);

/** pp_model_extent - bytes of a write that are certain if its outcome is; of a short one only whole
 *  cells. */
struct pp_extent pp_model_extent(const struct pp_model *m, uint32_t event);

/** pp_model_each_zero - each extent that a zeroing event (PP_STATE_ZEROS) covers, given to @fn. */
void pp_model_each_zero(const struct pp_model *m, uint32_t event,
			void (*fn)(void *arg, const struct pp_extent *x), void *arg);

/** pp_model_writes - stamps bytes of a space. */
static inline bool pp_model_writes(const struct pp_event *e)
{
	return pp_verbs[e->verb].kind == PP_KIND_WRITE ||
	       pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE;
}

/** pp_cells_bytes - the values of a cell's bytes. True if all are the same. */
bool pp_cells_bytes(const struct pp_split_pool *pool, const struct pp_cells *c, size_t cell,
		    int32_t *out);
/** pp_cells_are - do @n cells all have the value @v, which is that of no split cell? */
bool pp_cells_are(const int32_t *cells, size_t n, int32_t v);
/** pp_cells_range - least and greatest of @n cells, none of them split. */
void pp_cells_range(const int32_t *cells, size_t n, int32_t *least, int32_t *most);

static inline void pp_model_now(struct pp_model *m, uint64_t now_ns)
{
	if (m->least_end_ns < now_ns)
		pp_model_pass(m, now_ns);
}

static inline bool pp_bit(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/** pp_space_disk - where the cells of a page are that a durable image must show; newest is NULL if
 * the space has no disk. */
static inline const struct pp_cells *pp_space_disk(const struct pp_space *s, size_t page)
{
	return s->same && pp_bit(s->same, page) ? &s->now : &s->disk;
}

static inline void pp_bit_set(uint64_t *bits, size_t i)
{
	bits[i / 64] |= 1ull << i % 64;
}

static inline void pp_bit_clear(uint64_t *bits, size_t i)
{
	bits[i / 64] &= ~(1ull << i % 64);
}

#endif
