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
	uint32_t seen_by; /* O3: 1 + observation that showed the expected, 0: none */
	uint32_t fault;   /* 1 + write whose fault on a hole there is under way, 0: none */
	bool has_stamp;   /* the cell held a whole stamp */
	struct pp_stamp stamp;
	char text[400]; /* findings without cells: the sentence */
};

struct pp_pin_ledger;  /* of oracle_rules_pins.c */
struct pp_order;       /* of oracle_rules_order.c */
struct pp_live;        /* of oracle_rules_live.c */
struct pp_edges;       /* of oracle_edges.c */
struct pp_page_track;  /* of page_track.c */
struct pp_hole_faults; /* of hole_fault.c; NULL: no file on DAX */

struct pp_judge {
	const struct pp_plan *plan;
	const struct pp_history *h;
	const struct pp_oracle_options *opt;
	uint32_t rules; /* applied: the plan's less the disabled */
	struct pp_model model;
	struct pp_pin_ledger *ledger;
	struct pp_order *order;
	struct pp_live *live;
	struct pp_edges *edges;
	bool all_succeed;  /* the plan wants no operation to fail */
	uint64_t bound_ns; /* least of all operations */
	struct pp_page_track *pages;
	struct pp_hole_faults *hole_faults;
	struct pp_broken pending;
	struct pp_findings *out;
};

/** pp_judge_broken - report @b: merged with the one before if it continues it. */
void pp_judge_broken(struct pp_judge *j, const struct pp_broken *b);

/** pp_judge_op - report a broken rule of the operation @event, without cells; @with is another
 *  event to look at, or PP_NO_EVENT. */
void pp_judge_op(struct pp_judge *j, enum pp_rule rule, enum pp_class cls, uint32_t event,
		 uint32_t with, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/** pp_judge_flush - turn what is pending into a finding. */
void pp_judge_flush(struct pp_judge *j);

/* The rules. Each is called for every event of its kind, in order of begin. */
void pp_rule_cells(struct pp_judge *j, uint32_t event);        /* O1, O2, O4 */
void pp_rule_pins(struct pp_judge *j, uint32_t event);         /* O7, O8 */
void pp_rule_registration(struct pp_judge *j, uint32_t event); /* O8 */
void pp_rule_results(struct pp_judge *j, uint32_t event);      /* O12 */
void pp_rule_live(struct pp_judge *j, uint32_t event);         /* O9 */
void pp_rule_fs(struct pp_judge *j, uint32_t event);           /* O11 */
void pp_rule_pages(struct pp_judge *j, uint32_t event);        /* O13, O14 */

/**
 * pp_rule_order - O3, for one whole value (stamp or zeros) in [@from, @to) that O1, O2 and O4 found
 * possible
 * @found: the write seen; PP_NO_EVENT: initial content
 * @open: more than one value was possible: nothing else breaks O3, and nothing else is remembered,
 *	but where a write begins before the observation ends
 *
 * Not for observations through a detached MR, nor for the file's stamps in a private mapping.
 */
void pp_rule_order(struct pp_judge *j, uint32_t event, uint16_t space, uint64_t from, uint64_t to,
		   uint32_t found, bool open);

/** pp_order_written - a write to @x begins; @arg: the struct pp_order. */
void pp_order_written(void *arg, uint32_t event, const struct pp_extent *x);

/** pp_rule_isolation - O6: the rule that @b breaks; O6 instead of its own where a bystander lost or
 *  gave away bytes. */
enum pp_rule pp_rule_isolation(const struct pp_judge *j, const struct pp_broken *b);

/** pp_judge_bound_ms - how long an operation may take, 0: not judged. */
uint32_t pp_judge_bound_ms(const struct pp_op *op);

/** pp_live_bound_ns - the least bound of all operations: what took less needs no look. */
uint64_t pp_live_bound_ns(const struct pp_live *l);

/** pp_judge_stuck - did the event end behind its operation's bound? O9 answers for its errno. */
bool pp_judge_stuck(const struct pp_judge *j, uint32_t event);

/* What the file behind an operation's range was while the operation ran. */
struct pp_edge {
	bool cut;   /* may have been shorter: reads end early, accesses through mappings fault */
	bool holes; /* something may have punched or moved it meanwhile */
	bool full;  /* its filesystem had no space: stores into holes fault */
};

/** pp_edges_cut - may the file of @space have ended before @end_bytes at a time in [from, until)?
 */
bool pp_edges_cut(const struct pp_judge *j, uint16_t space, uint64_t end_bytes, uint64_t from_ns,
		  uint64_t until_ns);

/** pp_edges_refusals - does the plan want any operation to fail? If not, success needs no look. */
bool pp_edges_refusals(const struct pp_edges *x);

struct pp_edge pp_edge_of(const struct pp_judge *j, const struct pp_event *e,
			  const struct pp_op *op);

/* What the rules keep beside the model; NULL without memory, free(NULL) is allowed. */
struct pp_order *pp_order_new(struct pp_judge *j);
void pp_order_free(struct pp_order *o);
struct pp_live *pp_live_new(const struct pp_model *m);
void pp_live_free(struct pp_live *l);
struct pp_edges *pp_edges_new(const struct pp_model *m);
void pp_edges_free(struct pp_edges *x);

/** pp_pin_ledger_new - sums of pages registered and released over time; NULL without memory. */
struct pp_pin_ledger *pp_pin_ledger_new(const struct pp_model *m, enum pp_era era);
void pp_pin_ledger_free(struct pp_pin_ledger *l);

#endif
