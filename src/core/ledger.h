/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: what each account must show, computed from the plan and from what
 * was done so far. The executor asks it how long to wait for deferred releases,
 * the oracle what to expect at a quiet point.
 */
#ifndef PP_CORE_LEDGER_H
#define PP_CORE_LEDGER_H

#include "core/account.h"
#include "core/facts.h"
#include "core/history.h"
#include "core/plan.h"

struct pp_ledger;

/** pp_ledger_new - nothing was done yet: every account is 0; NULL without memory. @plan must
 *  outlive it. */
struct pp_ledger *pp_ledger_new(const struct pp_plan *plan, enum pp_era era);
void pp_ledger_free(struct pp_ledger *l); /* NULL is fine */

/** pp_ledger_concerns - can an operation like that of @e change an account at all? Cheap, and the
 *  same at every time. */
bool pp_ledger_concerns(const struct pp_ledger *l, const struct pp_event *e);

/** pp_ledger_drifts - may an access that works change an account for ever? The same at every time.
 */
bool pp_ledger_drifts(const struct pp_ledger *l);

/** pp_ledger_tears - is it a failed transfer, after which the actor's next one makes another pair
 * of queues? */
bool pp_ledger_tears(const struct pp_event *e);

/**
 * pp_ledger_apply - the operation of @e was carried out
 *
 * Only for events of the ledger's plan, in the order in which they took effect. What was skipped or
 * failed changes as little as it did. Returns whether any account may have changed. Pure but for
 * @l; one thread at a time.
 */
bool pp_ledger_apply(struct pp_ledger *l, const struct pp_event *e);

/** pp_ledger_owner_opens - does the plan's owner open the RDMA device? It does if it is to register
 *  an MR of the fabric. Pure. */
bool pp_ledger_owner_opens(const struct pp_plan *plan);

/** pp_ledger_value - what the account must show, as a difference to the case's begin. */
int64_t pp_ledger_value(const struct pp_ledger *l, enum pp_account account);

/** pp_ledger_slack - how much lower than that it may be: what the kernel may take, or a failed
 *  transfer have torn down, without telling. */
int64_t pp_ledger_slack(const struct pp_ledger *l, enum pp_account account);

/* What a registration adds to the kernel's accounts while it lasts, in pages of 4096 bytes. */
struct pp_pinned {
	int64_t counted_pages; /* nr_foll_pin_acquired - nr_foll_pin_released */
	int64_t charged_pages; /* VmPin of the process that registers */
};

/*
 * How the kernel counts the pins of one kind of pinner: the rows of its known asymmetries. Whatever
 * no row speaks of is counted and charged page by page, and counted off again when it ends.
 */
struct pp_asymmetry {
	const char *name;
	unsigned eras;     /* bits of enum pp_era */
	unsigned mr_kinds; /* bits of enum pp_mr_kind: registrations that it speaks of, or */
	const uint8_t
		*verbs;    /* operations (enum pp_verb, ends with PP_VERB_NONE) that it speaks of */
	unsigned access;   /* registrations with this access only, 0: any */
	unsigned backings; /* bits of enum pp_backing, 0: any */
	enum {
		PP_COUNT_PAGES,
		PP_COUNT_HUGE,
		PP_COUNT_HUGE_PAGES,
		PP_COUNT_NONE
	} counted,          /* pins: of each page, one of each huge page, all of each huge page */
		charged;    /* the same for VmPin */
	int drift_per_page; /* transfers: what stays in the counters for ever, for each page */
	int pool_pages;     /* what is done, or tried: pages that may leave the pool for ever */
	const char *reference;
};
extern const struct pp_asymmetry pp_asymmetries[];
extern const size_t pp_n_asymmetries;

/** pp_ledger_pinned - what an accepted registration of @mr adds in @era. Pure. */
struct pp_pinned pp_ledger_pinned(const struct pp_plan *plan, const struct pp_mr_def *mr,
				  enum pp_era era);

/** pp_asymmetry_speaks - does any row speak of operations by @verb to a region of the plan? Pure.
 */
bool pp_asymmetry_speaks(const struct pp_plan *plan, unsigned verb, enum pp_era era);

/** pp_asymmetry_of - the row that speaks of the operation @e; NULL: none. Pure. */
const struct pp_asymmetry *pp_asymmetry_of(const struct pp_plan *plan, const struct pp_event *e,
					   enum pp_era era);

/** pp_ledger_drift - what a transfer leaves in the pin counters for ever. Pure. */
int64_t pp_ledger_drift(const struct pp_plan *plan, const struct pp_event *e, enum pp_era era);

/** pp_ledger_dissolved - how many huge pages an operation may take out of the pool for ever, also
 *  one that failed. Pure. */
int64_t pp_ledger_dissolved(const struct pp_plan *plan, const struct pp_event *e, enum pp_era era);

#endif
