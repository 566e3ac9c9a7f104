/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history: every operation and observation with begin and end, as the
 * workers recorded it. Binary on disk (48 bytes an event), text for people and
 * for golden tests. docs/history-format.md describes both.
 */
#ifndef PP_CORE_HISTORY_H
#define PP_CORE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/err.h"
#include "core/plan.h"
#include "core/stamp.h"

/* The binary form holds the numbers of verbs and raw stamps: another order of the one or another
 * layout of the other is another version. tests/unit/test_history.c holds them to it. The text form
 * has names. */
#define PP_HISTORY_VERSION      3u
#define PP_HISTORY_TEXT_VERSION 1u
#define PP_NO_CELL              0xffffffffu

/* Flags of an event. */
#define PP_EVENT_SKIPPED 1u /* not executed: its MR was refused, or dropped by a --drop switch */
#define PP_EVENT_OPEN    2u /* began, no end was recorded (crash, timeout): outcome unknown */
#define PP_EVENT_PARTIAL 4u /* length_bytes is less than was asked for */

/*
 * One operation, or one run of neighbouring cells that an observation saw with the same writer and
 * generation. 48 bytes, little-endian on disk. Times are nanoseconds of CLOCK_MONOTONIC since the
 * start of the history.
 *
 * An observation of a range gives one event for each run; all carry the observation's own begin and
 * end. A write gives one event. offset_bytes is always relative to the REGION (never to the MR),
 * and object is the region's index, except: reg and dereg (index of the MR), mkfs, mount, umount
 * (fs).
 *
 * Quiet points carry numbers instead of a range (signed, differences to the case's baseline), and
 * writer says which: 0: offset_bytes = pins held (acquired - released), length_bytes = VmPin in
 * pages, gen = packets that the fabric counted (pp_event_quiet_put() packs them); else the number
 * of one account (core/account.h), whose value is offset_bytes. The events of one quiet point are
 * neighbours with the same begin and end.
 *
 * A look at pages (PP_KIND_LOOK) gives one event for each run of pages in the same state; the run
 * is in a raw cell (core/page_run.h): seen is PP_SEEN_OTHER and gen its index. One that failed has
 * PP_SEEN_FAULT.
 *
 * An open event has end_ns = UINT64_MAX. What is skipped or open saw nothing, whatever seen says;
 * the text form gives it PP_SEEN_FAULT. object is PP_NO_INDEX for verbs without an operand (nobody
 * looks at it).
 */
struct pp_event {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t offset_bytes;
	uint32_t length_bytes;
	uint32_t op;     /* id in the plan */
	uint32_t gen;    /* writes: own; observations: found; PP_SEEN_OTHER: index into cells[] or
			    PP_NO_CELL */
	int32_t result;  /* 0 or -errno */
	uint16_t writer; /* writes: own actor; observations: found */
	uint16_t object;
	uint8_t actor;
	uint8_t verb;  /* enum pp_verb */
	uint8_t seen;  /* enum pp_seen, for observations */
	uint8_t flags; /* PP_EVENT_* */
};
_Static_assert(sizeof(struct pp_event) == 48, "an event is 48 bytes");

struct pp_history {
	uint64_t run;      /* run id in the stamps */
	uint32_t plan_crc; /* pp_plan_crc() of the plan; 0: not tied (golden histories) */
	uint64_t start_realtime_ns;
	struct pp_event *events; /* sorted by begin_ns, stable */
	size_t n_events;
	uint8_t (*cells)[PP_CELL_BYTES]; /* raw bytes of cells seen as PP_SEEN_OTHER */
	size_t n_cells;
};

struct pp_quiet {
	int64_t pins; /* nr_foll_pin_acquired - released, against the baseline; INT64_MIN: not
			 readable */
	int32_t vmpin_pages;
	uint32_t packets;
};

/* The fields of an event that a check can find wrong; says where to look in a file or a line. */
enum pp_event_part {
	PP_PART_NONE, /* nothing is wrong */
	PP_PART_BEGIN,
	PP_PART_END,
	PP_PART_OFFSET,
	PP_PART_OP,
	PP_PART_GEN,
	PP_PART_RESULT,
	PP_PART_WRITER,
	PP_PART_OBJECT,
	PP_PART_ACTOR,
	PP_PART_VERB,
	PP_PART_SEEN,
	PP_PART_FLAGS,
	PP_PART_COUNT
};

/**
 * pp_event_fault - the first thing wrong with one event
 * @n_cells: number of raw cells of its history
 * @plan: also look up every reference there; NULL: only what the event says of itself
 * @why: gets a static sentence part ("names an operation that the plan does not have")
 *
 * Returns the field that is wrong or PP_PART_NONE. Pure, thread-safe, for any bytes in @e.
 */
enum pp_event_part pp_event_fault(const struct pp_event *e, size_t n_cells,
				  const struct pp_plan *plan, const char **why);

/** pp_event_keeps_cell - is gen the index of a raw cell, or PP_NO_CELL? */
bool pp_event_keeps_cell(const struct pp_event *e);

/** pp_event_target - what an event's object is an index of: the verb's target, but the region for
 *  verbs that only act through an MR (all but reg and dereg). @verb must be a known verb. */
enum pp_target pp_event_target(enum pp_verb verb);

/** pp_event_quiet_put - pack the first event of a quiet point. */
void pp_event_quiet_put(struct pp_event *e, const struct pp_quiet *q);
void pp_event_quiet_get(const struct pp_event *e, struct pp_quiet *q);

/** pp_event_account - the account whose event of its own this is; PP_ACCOUNT_COUNT: another event,
 *  such as a quiet point's first. */
enum pp_account pp_event_account(const struct pp_event *e);
/** pp_event_account_put - make @e, a copy of the first event of its quiet point, the event of
 *  @account, which is one that pp_account_alone(). */
void pp_event_account_put(struct pp_event *e, enum pp_account account, int64_t value);
/** pp_event_continues - is @e an account's event of the same quiet point as @before? */
bool pp_event_continues(const struct pp_event *before, const struct pp_event *e);

/**
 * pp_history_merge - build one history from the recorders' pieces
 * @parts: @n_parts pieces, each sorted by begin; their cell indices are renumbered
 *
 * Events that begin together keep the order of the parts. An open event loses whatever end was half
 * recorded. run, plan_crc and start_realtime_ns come from the first part that says them (not 0).
 * Returns 0; -EINVAL: a part is of another run or plan, unsorted, or has an event that
 * pp_event_fault() finds wrong; -EOVERFLOW: too many cells; -ENOMEM.
 */
int pp_history_merge(const struct pp_history *parts, size_t n_parts, struct pp_history *out,
		     struct pp_err *err);

void pp_history_free(struct pp_history *h); /* frees the arrays, not @h */

/** pp_history_encode - binary image (malloc'ed, *len bytes), NULL without memory. */
void *pp_history_encode(const struct pp_history *h, size_t *len);

/**
 * pp_history_decode - parse a binary image; copies, so @data may go away
 *
 * Returns 0; -EPROTO other version; -EINVAL with the byte offset in @err: bad magic, short file,
 * bad CRC, unknown verb, begin > end, begins not sorted, offset+length overflow, cell index out of
 * range. Never crashes on any input.
 */
int pp_history_decode(const void *data, size_t len, struct pp_history *out, struct pp_err *err);

/** pp_history_print - text form, with names from @plan (malloc'ed), NULL without memory. An index
 * that the plan does not have is shown as "?N", which pp_history_parse() refuses. */
char *pp_history_print(const struct pp_history *h, const struct pp_plan *plan);

/**
 * pp_history_parse - the text form back
 *
 * Returns 0; -EPROTO other version; -EINVAL with "line L column C" in @err for bad text, and for
 * whatever pp_event_fault() finds against @plan; -ENOMEM. Never crashes on any input.
 */
int pp_history_parse(const char *text, size_t len, const struct pp_plan *plan,
		     struct pp_history *out, struct pp_err *err);

/** pp_history_check - every reference of the history exists in @plan, which is the plan it is tied
 * to; or -EINVAL naming the event (counted from 0). */
int pp_history_check(const struct pp_history *h, const struct pp_plan *plan, struct pp_err *err);

#endif
