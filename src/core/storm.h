/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storms: what each actor does next, drawn from the plan's mix lines and the
 * seed. Nothing but (plan, actor, number of the draw) decides, so the supervisor
 * can write down what a storm executed without having seen it.
 */
#ifndef PP_CORE_STORM_H
#define PP_CORE_STORM_H

#include "core/plan.h"
#include "core/prng.h"

/* What an actor may have open, at most one of each, until a second verb closes it. */
enum pp_storm_slot {
	PP_STORM_HOLD,   /* splice-hold, child-hold: splice-drain of the same range */
	PP_STORM_CHILD,  /* fork, child-hold: reap, or a kill that is drawn */
	PP_STORM_FROZEN, /* freeze: thaw, which comes next */
	PP_STORM_GATE,   /* gate-hold: gate-open, which comes next */
	PP_STORM_CUT,    /* truncate: extend */
	PP_STORM_SLOTS
};

/* One actor's storm; for one thread. */
struct pp_storm {
	const struct pp_plan *plan;
	struct pp_prng prng; /* child of (seed, actor) */
	uint16_t actor;
	uint64_t weight;     /* of all of the actor's mix lines */
	uint32_t drawn;      /* operations of pp_storm_next() so far */
	uint32_t closed;     /* operations of pp_storm_last() so far */
	uint32_t gen;        /* last generation given out */
	uint64_t owned;      /* bit of each MR that this actor's mix lines register */
	uint64_t registered; /* bit of each MR that its draws have registered: what acts on an owned
				MR is drawn only while it is */
	struct pp_op open[PP_STORM_SLOTS]; /* what closes the slot; verb 0: nothing is open */
};

/** pp_storm_may_draw - may the verb stand in a mix line? Not what sets up or takes down, nor the
 *  second of a pair, which is drawn by itself. */
bool pp_storm_may_draw(enum pp_verb verb);

/** pp_storm_start - false if the actor has no mix line. Pure. */
bool pp_storm_start(struct pp_storm *s, const struct pp_plan *plan, uint16_t actor);

/**
 * pp_storm_next - the actor's next operation
 *
 * Verbs that come in pairs (reg/dereg, splice-hold/splice-drain, fork/reap, freeze/thaw,
 * gate-hold/gate-open, truncate/extend) are drawn so that each pair closes. No actor waits for
 * itself: a freeze and a held gate are undone by its next operation; while it holds references to
 * dax pages it only looks through the mapping. Ids: pp_storm_id(). false: the count is over.
 */
bool pp_storm_next(struct pp_storm *s, struct pp_op *op);

/** pp_storm_last - what still has to be done to close the pairs left open when the time is over:
 *  false once nothing is left. */
bool pp_storm_last(struct pp_storm *s, struct pp_op *op);

/** pp_storm_id - id of draw number @n (from 0) of @actor: between the ids above and below the storm
 *  and unique in the plan. Operation k of pp_storm_last() is number PP_STORM_OPS_MAX + k. */
uint32_t pp_storm_id(const struct pp_plan *plan, uint16_t actor, uint32_t n);

/** pp_storm_count - note that the operation @id was begun: raises @drawn or @closed of its actor
 *  (arrays of plan->n_actors) to what pp_storm_expand() must be told; nothing for other ids. */
void pp_storm_count(const struct pp_plan *plan, uint32_t id, uint32_t *drawn, uint32_t *closed);

/**
 * pp_storm_expand - the plan with the storm's first @drawn[actor] operations of each actor written
 * out, and no storm line left: what was executed, ready to be replayed
 * @closed: of each actor, how many operations of pp_storm_last() follow
 *
 * Operations stand actor by actor behind one another in rounds (first of each actor, second of each
 * actor...), all after the operations above the storm; operations below wait for the last of each
 * actor. Ids are those of pp_storm_id(), so a history of the storm fits. A plan without a storm is
 * copied. Counts beyond what the storm can do are those it can. Returns 0, -ENOMEM.
 */
int pp_storm_expand(const struct pp_plan *plan, const uint32_t *drawn, const uint32_t *closed,
		    struct pp_plan **out, struct pp_err *err);

#endif
