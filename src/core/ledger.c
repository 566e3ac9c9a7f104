/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plan's processes hold, operation by operation, and what the accounts show of it. */
#include "core/ledger.h"

#include <stdlib.h>

#define HUGE_BYTES (2u << 20)

enum holder { NOBODY, CASE, OWNER };

/* A region of hugetlb: who takes pages of the pool for it. */
struct pool {
	bool reserved;     /* by the object: a shared mapping has reserved all of it */
	bool mapped;       /* private: by the case's mapping */
	bool owner_mapped; /* private: by the owner's */
};

struct pp_ledger {
	const struct pp_plan *plan;
	enum pp_era era;
	uint8_t *mrs; /* of each MR: enum holder */
	struct pool *pools;
	bool *forked;      /* of each actor: it has a child by fork */
	bool *down;        /* of each actor: its last transfer by the fabric failed */
	bool *locked;      /* of each region: secret memory that is mapped */
	bool owner_has;    /* the owner has its descriptors: it lives, and runs no other program */
	bool heir;         /* its heir lives, who has them too */
	bool device;       /* among them is the device's */
	bool owner_fabric; /* the plan lets the owner register with the fabric */
	bool drifts;       /* some access leaves something in the pin counters */
	bool drifts_by[PP_VERB_COUNT]; /* what is done by the verb may leave something for ever */
	bool concerns[PP_VERB_COUNT];  /* and may change an account */
	int64_t pins_drift;            /* what stays in the counters for ever */
	int64_t dissolved;             /* huge pages that may have left the pool for ever */
};

bool pp_ledger_owner_opens(const struct pp_plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].verb == PP_VERB_OWN_REG && p->mrs[p->ops[i].object].kind == PP_MR_RXE)
			return true;
	return false;
}

void pp_ledger_free(struct pp_ledger *l)
{
	if (!l)
		return;
	free(l->mrs);
	free(l->pools);
	free(l->locked);
	free(l->forked);
	free(l->down);
	free(l);
}

/* What is done */

static bool of_pool(const struct pp_ledger *l, size_t region)
{
	return l->plan->regions[region].backing == PP_BACKING_HUGETLB;
}

static void map_pool(struct pp_ledger *l, size_t region, bool owner)
{
	const struct pp_region_def *def = &l->plan->regions[region];

	if (!of_pool(l, region))
		return;
	if (def->share == PP_SHARED)
		l->pools[def->of == PP_NO_INDEX ? region : def->of].reserved = true;
	else
		*(owner ? &l->pools[region].owner_mapped : &l->pools[region].mapped) = true;
}

static void map(struct pp_ledger *l, const struct pp_event *e)
{
	map_pool(l, e->object, false);
	l->locked[e->object] = l->plan->regions[e->object].backing == PP_BACKING_SECRETMEM;
}

/* The pages of a shared object stay its own until it is closed. */
static void unmap(struct pp_ledger *l, const struct pp_event *e)
{
	l->pools[e->object].mapped = false;
	l->locked[e->object] = false;
}

static void own_reg(struct pp_ledger *l, const struct pp_event *e)
{
	l->mrs[e->object] = OWNER;
	map_pool(l, l->plan->mrs[e->object].region, true);
}

/* The last process that has the owner's descriptors lets go of all that hangs on them. */
static void let_go(struct pp_ledger *l)
{
	if (l->owner_has || l->heir)
		return;
	l->device = false;
	for (size_t i = 0; i < l->plan->n_mrs; i++)
		if (l->mrs[i] == OWNER)
			l->mrs[i] = NOBODY;
}

static void reg(struct pp_ledger *l, const struct pp_event *e)
{
	l->mrs[e->object] = CASE;
}

static void dereg(struct pp_ledger *l, const struct pp_event *e)
{
	l->mrs[e->object] = NOBODY;
}

static void fork_child(struct pp_ledger *l, const struct pp_event *e)
{
	l->forked[e->actor] = true;
}

static void end_child(struct pp_ledger *l, const struct pp_event *e)
{
	l->forked[e->actor] = false;
}

static void own_start(struct pp_ledger *l, const struct pp_event *e)
{
	(void)e;
	l->owner_has = true;
	l->device = l->owner_fabric;
}

static void own_fork(struct pp_ledger *l, const struct pp_event *e)
{
	(void)e;
	l->heir = true;
}

static void own_end(struct pp_ledger *l, const struct pp_event *e)
{
	(void)e;
	l->owner_has = false;
	for (size_t r = 0; r < l->plan->n_regions; r++)
		l->pools[r].owner_mapped = false;
	let_go(l);
}

static void heir_end(struct pp_ledger *l, const struct pp_event *e)
{
	(void)e;
	l->heir = false;
	let_go(l);
}

/* What changes hands by an operation that succeeded. */
static void (*const effects[PP_VERB_COUNT])(struct pp_ledger *l, const struct pp_event *e) = {
	[PP_VERB_MAP] = map,
	[PP_VERB_UNMAP] = unmap,
	[PP_VERB_REG] = reg,
	[PP_VERB_DEREG] = dereg,
	[PP_VERB_FORK] = fork_child,
	[PP_VERB_CHILD_HOLD] = fork_child,
	[PP_VERB_REAP] = end_child,
	[PP_VERB_KILL] = end_child,
	[PP_VERB_OWN_START] = own_start,
	[PP_VERB_OWN_REG] = own_reg,
	[PP_VERB_OWN_DEREG] = dereg,
	[PP_VERB_OWN_FORK] = own_fork,
	[PP_VERB_OWN_EXEC] = own_end,
	[PP_VERB_OWN_EXIT] = own_end,
	[PP_VERB_OWN_KILL] = own_end,
	[PP_VERB_HEIR_END] = heir_end,
};

static bool is_transfer(unsigned verb)
{
	const struct pp_verb_info *v = &pp_verbs[verb];

	return v->target == PP_TARGET_MR && !v->via &&
	       (v->kind == PP_KIND_DEVICE_WRITE || v->kind == PP_KIND_OBSERVE);
}

static bool is_access(unsigned verb)
{
	enum pp_kind kind = pp_verbs[verb].kind;

	return kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE || kind == PP_KIND_OBSERVE;
}

struct pp_ledger *pp_ledger_new(const struct pp_plan *plan, enum pp_era era)
{
	struct pp_ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->plan = plan;
	l->era = era;
	l->mrs = calloc(plan->n_mrs + 1, sizeof(*l->mrs));
	l->pools = calloc(plan->n_regions + 1, sizeof(*l->pools));
	l->locked = calloc(plan->n_regions + 1, sizeof(*l->locked));
	l->forked = calloc(plan->n_actors + 1, sizeof(*l->forked));
	l->down = calloc(plan->n_actors + 1, sizeof(*l->down));
	l->owner_fabric = pp_ledger_owner_opens(plan);
	for (unsigned v = PP_VERB_NONE; v < PP_VERB_COUNT; v++) {
		l->drifts_by[v] = pp_asymmetry_speaks(plan, v, era);
		l->drifts |= l->drifts_by[v] && is_access(v);
		l->concerns[v] = effects[v] || is_transfer(v) || l->drifts_by[v];
	}
	if (l->mrs && l->pools && l->locked && l->forked && l->down)
		return l;
	pp_ledger_free(l);
	return NULL;
}

bool pp_ledger_concerns(const struct pp_ledger *l, const struct pp_event *e)
{
	return l->concerns[e->verb] && !(e->flags & PP_EVENT_SKIPPED);
}

bool pp_ledger_drifts(const struct pp_ledger *l)
{
	return l->drifts;
}

bool pp_ledger_tears(const struct pp_event *e)
{
	return e->result && is_transfer(e->verb);
}

bool pp_ledger_apply(struct pp_ledger *l, const struct pp_event *e)
{
	bool drifts = l->drifts_by[e->verb];
	int64_t drift = drifts ? pp_ledger_drift(l->plan, e, l->era) : 0;
	int64_t dissolved = drifts ? pp_ledger_dissolved(l->plan, e, l->era) : 0;
	bool changed = drift || dissolved;

	if (e->flags & PP_EVENT_SKIPPED)
		return false;
	l->pins_drift += drift;
	l->dissolved += dissolved;
	/* After a failure the pair of queues is torn down; the next transfer makes another. */
	if (is_transfer(e->verb)) {
		changed |= l->down[e->actor] != (e->result != 0);
		l->down[e->actor] = e->result != 0;
	}
	/* What failed changed nothing: a deregistration that fails keeps its pins. */
	if (e->result || !effects[e->verb])
		return changed;
	effects[e->verb](l, e);
	return true;
}

/* What the accounts show of it */

static int64_t pages_pinned(const struct pp_ledger *l)
{
	int64_t sum = l->pins_drift;

	for (size_t i = 0; i < l->plan->n_mrs; i++)
		if (l->mrs[i])
			sum += pp_ledger_pinned(l->plan, &l->plan->mrs[i], l->era).counted_pages;
	return sum;
}

static int64_t pages_charged(const struct pp_ledger *l, enum holder who)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->plan->n_mrs; i++)
		if (l->mrs[i] == who)
			sum += pp_ledger_pinned(l->plan, &l->plan->mrs[i], l->era).charged_pages;
	return sum;
}

static int64_t fabric_mrs(const struct pp_ledger *l)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->plan->n_mrs; i++)
		sum += l->mrs[i] && l->plan->mrs[i].kind == PP_MR_RXE;
	return sum;
}

static int64_t secret_pages(const struct pp_ledger *l)
{
	int64_t sum = 0;

	for (size_t r = 0; r < l->plan->n_regions; r++)
		if (l->locked[r])
			sum += (int64_t)((l->plan->regions[r].size_bytes + 4095) / 4096);
	return sum;
}

static int64_t huge_pages(uint64_t bytes)
{
	return (int64_t)((bytes + HUGE_BYTES - 1) / HUGE_BYTES);
}

/* Huge pages of the region that MRs of @who hold. */
static int64_t huge_pinned(const struct pp_ledger *l, size_t region, enum holder who)
{
	int64_t pages = 0;

	for (int64_t at = 0; at < huge_pages(l->plan->regions[region].size_bytes); at++) {
		uint64_t from = (uint64_t)at * HUGE_BYTES;
		bool held = false;

		for (size_t i = 0; i < l->plan->n_mrs && !held; i++) {
			const struct pp_mr_def *mr = &l->plan->mrs[i];

			held = l->mrs[i] == who && mr->region == region &&
			       mr->offset_bytes < from + HUGE_BYTES &&
			       from < mr->offset_bytes + mr->length_bytes;
		}
		pages += held;
	}
	return pages;
}

static size_t children(const struct pp_ledger *l)
{
	size_t n = 0;

	for (size_t a = 0; a < l->plan->n_actors; a++)
		n += l->forked[a];
	return n;
}

/*
 * Pages that a pool cannot give any more: reserved by a mapping, or held by pins though the mapping
 * is gone. A fork copies what is pinned of a private mapping for the child at once (mm/hugetlb.c,
 * copy_hugetlb_page_range()).
 */
static int64_t pool_taken(const struct pp_ledger *l, size_t region)
{
	const struct pool *p = &l->pools[region];
	int64_t all = huge_pages(l->plan->regions[region].size_bytes);
	int64_t pinned = huge_pinned(l, region, CASE);

	if (!of_pool(l, region))
		return 0;
	if (l->plan->regions[region].share == PP_SHARED)
		return p->reserved ? all : 0;
	return (p->mapped ? all + (int64_t)children(l) * pinned : pinned) +
	       (p->owner_mapped ? all : huge_pinned(l, region, OWNER));
}

static int64_t huge_taken(const struct pp_ledger *l)
{
	int64_t sum = 0;

	for (size_t r = 0; r < l->plan->n_regions; r++)
		sum += pool_taken(l, r);
	return sum;
}

int64_t pp_ledger_value(const struct pp_ledger *l, enum pp_account account)
{
	switch (account) {
	case PP_ACCOUNT_PINS:
		return pages_pinned(l);
	case PP_ACCOUNT_VMPIN:
		return pages_charged(l, CASE);
	case PP_ACCOUNT_OWNER_VMPIN:
		return l->owner_has ? pages_charged(l, OWNER) : 0;
	case PP_ACCOUNT_VMLCK:
		return secret_pages(l);
	case PP_ACCOUNT_HUGE_SPARE:
		return -huge_taken(l);
	case PP_ACCOUNT_MRS:
		return fabric_mrs(l);
	case PP_ACCOUNT_CONTEXTS:
	case PP_ACCOUNT_PDS:
		return l->device;
	default:
		return 0;
	}
}

int64_t pp_ledger_slack(const struct pp_ledger *l, enum pp_account account)
{
	int64_t sum = 0;

	/* A pair has two queue pairs, and each an id of the connection manager. */
	if (account == PP_ACCOUNT_QPS || account == PP_ACCOUNT_CM_IDS)
		for (size_t a = 0; a < l->plan->n_actors; a++)
			sum += l->down[a] ? 2 : 0;
	/* Where secret memory is no VM_LOCKED mapping, it is charged elsewhere (mm/secretmem.c). */
	if (account == PP_ACCOUNT_VMLCK)
		sum += secret_pages(l);
	if (account == PP_ACCOUNT_HUGE_TOTAL || account == PP_ACCOUNT_HUGE_SPARE)
		sum += l->dissolved;
	/* Pages that a child shares are copied when somebody writes, which is not told. */
	if (account == PP_ACCOUNT_HUGE_SPARE && children(l))
		for (size_t r = 0; r < l->plan->n_regions; r++)
			if (of_pool(l, r) && l->pools[r].mapped)
				sum += (int64_t)children(l) *
				       (huge_pages(l->plan->regions[r].size_bytes) -
					huge_pinned(l, r, CASE));
	return sum;
}
