/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the oracle's rules share: the judge that walks the history once in order
 * of begin, and the one way to report a broken rule. Internal to oracle*.c.
 */
#ifndef PP_CORE_ORACLE_RULES_H
#define PP_CORE_ORACLE_RULES_H

#include "core/oracle.h"
#include "core/oracle_model.h"

/* A broken rule before it becomes a finding: the next cell may extend it. */
struct pp_broken {
	enum pp_rule rule; /* PP_RULE_NONE: none pending */
	enum pp_class cls;
	uint32_t event; /* that showed it */
	uint16_t space; /* data space seen, PP_NO_INDEX for findings without cells */
	uint64_t offset_bytes, length_bytes;
	uint32_t expected; /* write that had to show, found write, sync that promised: */
	uint32_t found;    /* events, PP_NO_EVENT if none */
	uint32_t sync;
	bool has_stamp; /* the cell held a whole stamp */
	struct pp_stamp stamp;
	char text[400]; /* findings without cells: the sentence */
};

struct pp_pin_ledger; /* of oracle_rules_pins.c */

struct pp_judge {
	const struct pp_plan *plan;
	const struct pp_history *h;
	const struct pp_oracle_options *opt;
	uint32_t rules; /* applied: the plan's less the disabled */
	struct pp_model model;
	uint64_t *cow_ns; /* of each region: from when pages may be private copies */
	struct pp_pin_ledger *ledger;
	struct pp_broken pending;
	struct pp_findings *out;
};

/** pp_judge_broken - report @b: merged with the one before if it continues it. */
void pp_judge_broken(struct pp_judge *j, const struct pp_broken *b);

/** pp_judge_op - report a broken rule of the operation @event, without cells; @with is another
 *  event to look at, or PP_NO_EVENT. */
void pp_judge_op(struct pp_judge *j, enum pp_rule rule, enum pp_class cls, uint32_t event,
		 uint32_t with, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The rules. Each is called for every event of its kind, in order of begin. */
void pp_rule_cells(struct pp_judge *j, uint32_t event);        /* O1, O2, O4 */
void pp_rule_pins(struct pp_judge *j, uint32_t event);         /* O7, O8 */
void pp_rule_registration(struct pp_judge *j, uint32_t event); /* O8 */
void pp_rule_results(struct pp_judge *j, uint32_t event);      /* O12 */

/** pp_pin_ledger_new - sums of pages registered and released over time; NULL without memory. */
struct pp_pin_ledger *pp_pin_ledger_new(const struct pp_plan *plan, const struct pp_history *h);
void pp_pin_ledger_free(struct pp_pin_ledger *l);

#endif
