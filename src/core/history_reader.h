/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read a history's text share: the line, its words, the event in the making. */
#ifndef PP_CORE_HISTORY_READER_H
#define PP_CORE_HISTORY_READER_H

#include "core/history.h"
#include "core/page_run.h"

/* The text is read line by line; nothing is ever read at or behind @end. */
struct pp_reader {
	const char *line; /* first byte of the line: column 1 */
	const char *at, *end;
	size_t number; /* of the line, from 1 */
	const struct pp_plan *plan;
	struct pp_history *h;
	size_t cap_events, cap_cells;
	unsigned said; /* header lines seen, a bit each */
	struct pp_err *err;
};

/* A word of the line, or a part of one. Empty: the line has ended. */
struct pp_rd_word {
	const char *at;
	size_t len;
};

/* An event while its line is read. */
struct pp_draft {
	struct pp_event e;
	const struct pp_verb_info *verb;
	const char *where[PP_PART_COUNT]; /* place of each field, for errors of pp_event_fault() */
	unsigned said;                    /* fields seen, a bit each */
	struct pp_page_run run;           /* of a look at pages */
	uint32_t accounts; /* of a quiet point: those that the line says, a bit each */
	int64_t value[PP_ACCOUNT_COUNT]; /* of these */
	bool alone;                      /* and no first event of the quiet point */
};

/** pp_rd_bad - "line L column C: ..." of the byte @at; returns -EINVAL. */
int pp_rd_bad(const struct pp_reader *r, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool pp_rd_blank(char c);
/** pp_rd_next_word - the next word of the line; empty at its end. */
struct pp_rd_word pp_rd_next_word(struct pp_reader *r);
bool pp_rd_is(struct pp_rd_word w, const char *text);
/** pp_rd_cut - cut @prefix off the front of @w; false if it is not there. */
bool pp_rd_cut(struct pp_rd_word *w, const char *prefix);
/** pp_rd_cut_at - cut everything up to and including @separator off @w into @front. */
bool pp_rd_cut_at(struct pp_rd_word *w, char separator, struct pp_rd_word *front);
/** pp_rd_hex_digit - value of a hex digit, -1 for any other byte. */
int pp_rd_hex_digit(char c);

/** pp_rd_number - the whole word as a number, decimal or with 0x, at most @most. */
int pp_rd_number(struct pp_reader *r, struct pp_rd_word w, uint64_t most, uint64_t *out);
int pp_rd_number32(struct pp_reader *r, struct pp_rd_word w, uint32_t *out);
/** pp_rd_signed_number - with or without a sign, in [@least, @most]; @least < 0. */
int pp_rd_signed_number(struct pp_reader *r, struct pp_rd_word w, int64_t least, int64_t most,
			int64_t *out);

/** pp_rd_find_name - index in an array of @count things of @size bytes, each with its name as a
 * char array at byte @name; -1 if it is not there. */
int pp_rd_find_name(struct pp_rd_word w, const void *array, size_t count, size_t size, size_t name);
int pp_rd_find_actor(const struct pp_plan *p, struct pp_rd_word w);
int pp_rd_find_region(const struct pp_plan *p, struct pp_rd_word w);

/** pp_rd_grow - room for one more item of @size bytes; the array doubles. 0 or -ENOMEM. */
int pp_rd_grow(struct pp_reader *r, void **array, size_t count, size_t *cap, size_t size);

/** pp_rd_read_fields - the rest of an event's line, behind the operand; @d has verb and operand. */
int pp_rd_read_fields(struct pp_reader *r, struct pp_draft *d);

#endif
