/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of directed scenarios about one promise to pinned pages: a region "data"
 * whose pages somebody pins, and its "twin", the same kind of memory that nobody
 * pins. What is done to both must leave the one alone; that it moves, swaps or
 * merges the other is the evidence that it was done at all.
 */
#ifndef PP_RUN_PLAN_PINNED_H
#define PP_RUN_PLAN_PINNED_H

#include "run/plan_lines.h"
#include "run/scenario.h"

#define PP_PINNED_BYTES 65536u /* of data that are pinned */
#define PP_PINNED_PAGES (PP_PINNED_BYTES / 4096u)
#define PP_PINNED_PIECE 8192u /* of one transfer */

/* One variant: "backing/pinner", or "backing-word/pinner". */
struct pp_pinned_row {
	const char *backing;
	const char *share;
	const char *pinner; /* rxe-mr, rxe-mr-read, uring-fixed, vmsplice, or dio: a direct read
			       that a gate holds */
	enum pp_tier tier;
	const char *word;  /* of the variant's name, NULL: none; the scenario knows what it means */
	const char *guest; /* as in struct pp_variant */
	const char
		*touch; /* words of the region lines, "" for stamps of the set-up; NULL: the same */
	bool destructive; /* as in struct pp_variant, and disturbs with it */
};

/* What each row says; the rest by name behind it. */
#define PP_PINNED_ROW(b, s, p, t) .backing = b, .share = s, .pinner = p, .tier = t

/** pp_pinned_variant - fill variant @index from @n rows; false past the last. */
bool pp_pinned_variant(const struct pp_pinned_row *rows, size_t n, size_t index,
		       struct pp_variant *out);

/** pp_pinned_has - is @word the row's? */
bool pp_pinned_has(const struct pp_pinned_row *r, const char *word);

/** pp_pinned_short - does its pinner take the pages for one transfer only, so that they stay where
 *  they are? Some kernels pin them, some take references. */
bool pp_pinned_short(const struct pp_pinned_row *r);

/** pp_pinned_gated - is its pinner a transfer that a gate holds? Its bytes come when the pages are
 *  let go, and no quiet point may come between. */
bool pp_pinned_gated(const struct pp_pinned_row *r);

/** pp_pinned_head - rules, bound, needs, the evidence of each such case, and the objects.
 *  @needs: facts beyond those of backing and pinner. The scenario adds its own evidence before. */
void pp_pinned_head(const struct pp_pinned_row *r, const char *needs, struct pp_plan_text *t);

/** pp_pinned_setup - made, mapped and written; the control. */
void pp_pinned_setup(const struct pp_pinned_row *r, struct pp_plan_text *t);
/** pp_pinned_pin - step "pinned": somebody takes the pages of data, which are seen to be taken: at
 * a quiet point, or queued at a gate. */
void pp_pinned_pin(const struct pp_pinned_row *r, struct pp_plan_text *t);
/** pp_pinned_mark - remember the frames of data and twin. */
void pp_pinned_mark(struct pp_plan_text *t);
/** pp_pinned_look - look at the pages of data, which have to be where they were, and of the twin.
 */
void pp_pinned_look(struct pp_plan_text *t);
/** pp_pinned_use - the device and the CPU still speak of the same pages: each sees what the other
 *  writes. @at: where, a multiple of PP_PINNED_PIECE, two pieces before the end at most. */
void pp_pinned_use(const struct pp_pinned_row *r, struct pp_plan_text *t, unsigned at);
/** pp_pinned_write - only the device writes, where @at says. */
void pp_pinned_write(const struct pp_pinned_row *r, struct pp_plan_text *t, unsigned at);
/** pp_pinned_read - only the device looks at all of data. */
void pp_pinned_read(const struct pp_pinned_row *r, struct pp_plan_text *t);
/** pp_pinned_let_go - step "released": the pages are let go. */
void pp_pinned_let_go(const struct pp_pinned_row *r, struct pp_plan_text *t);
/** pp_pinned_unpin - the same, and data is looked at once more: what the device wrote is dirty. */
void pp_pinned_unpin(const struct pp_pinned_row *r, struct pp_plan_text *t);
/** pp_pinned_end - both regions go, and the bystanders are looked at. */
void pp_pinned_end(const struct pp_pinned_row *r, struct pp_plan_text *t);

#endif
