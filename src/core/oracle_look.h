/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules of cells share: one observation, and the cell of it that is
 * looked at. Internal to oracle_rules_runs.c, oracle_rules_cells.c and
 * oracle_rules_bytes.c.
 */
#ifndef PP_CORE_ORACLE_LOOK_H
#define PP_CORE_ORACLE_LOOK_H

#include "core/oracle_rules.h"

struct pp_look {
	struct pp_judge *j;
	struct pp_model *m;
	const struct pp_event *e;
	uint32_t event;
	uint16_t space;
	uint16_t file; /* space of the file behind a private mapping, PP_NO_INDEX for all else */
	bool durable;  /* sees a durable image: O2, not O1 */
	bool detached; /* shares nothing with the region any more: identity only */
	bool ordered;  /* O3 wants to know */
	bool loose;    /* content moved meanwhile */
	int flight;    /* 1: nothing of its range is being written, 2: something is, 0: not asked */
	uint64_t begin_ns, end_ns;
	const int32_t *held; /* splice-drain: what had to show when the pages were taken hold of */
	uint64_t at;         /* offset of the cell */
	/* what each byte of it has to show at least: 1 + event, 0: nothing has to */
	int32_t need[PP_CELL_BYTES];
	bool whole;    /* all are the same */
	uint32_t sync; /* that promised it, PP_NO_EVENT if none */
};

/** pp_look_broken - the cell breaks a rule. @need: 1 + event that had to show, 0: nothing had to.
 */
void pp_look_broken(const struct pp_look *l, enum pp_rule rule, enum pp_class cls, int32_t need,
		    uint32_t found, const struct pp_stamp *stamp);

/** pp_look_age - the rule that is broken when what had to show, @need, does not. */
enum pp_rule pp_look_age(const struct pp_look *l, int32_t need);

/** pp_look_cell - judge the cell at @l->at. */
void pp_look_cell(struct pp_look *l);

/** pp_look_open - may [@from, @to), of one page, have shown something else than the write @found
 *  (PP_NO_EVENT: zeros), which is no finding? */
bool pp_look_open(struct pp_look *l, uint64_t from, uint64_t to, uint32_t found);

/** pp_look_file_need - what the file behind a private mapping has to show there at least. */
int32_t pp_look_file_need(const struct pp_look *l);

/** pp_look_source_need - what the source of @clone had to show at least when the file that is
 * looked at was made of it; 0 if that is not known, or if a sync of either failed since. */
int32_t pp_look_source_need(const struct pp_look *l, uint32_t clone);

/** pp_look_bytes - judge the cell byte by byte. @found: the write whose whole stamp it is,
 *  PP_NO_EVENT if it is none. */
void pp_look_bytes(const struct pp_look *l, const uint8_t *raw, uint32_t found);

/** pp_look_lost - judge a cell whose bytes were not kept. */
void pp_look_lost(const struct pp_look *l);

#endif
