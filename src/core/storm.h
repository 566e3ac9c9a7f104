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

/* One actor's storm; for one thread. */
struct pp_storm {
	const struct pp_plan *plan;
	struct pp_prng prng; /* child of (seed, actor) */
	uint16_t actor;
	uint64_t weight;     /* of all of the actor's mix lines */
	uint32_t drawn;      /* operations so far */
	uint32_t gen;        /* last generation given out */
	uint64_t registered; /* bit of each MR (below 64) that this actor's draws have registered:
				reg is drawn for others only, and what needs an MR for these */
	uint64_t flags;      /* bits of states that pair verbs: frozen, held, forked, truncated */
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
 * truncate/extend) are drawn so that each pair closes. Ids: pp_storm_id(). false: the count is
 * over.
 */
bool pp_storm_next(struct pp_storm *s, struct pp_op *op);

/** pp_storm_last - what still has to be done to close the pairs left open when the time is over:
 *  false once nothing is left. */
bool pp_storm_last(struct pp_storm *s, struct pp_op *op);

/** pp_storm_id - id of draw number @n (from 0) of @actor: between the ids above and below the storm
 *  and unique in the plan. */
uint32_t pp_storm_id(const struct pp_plan *plan, uint16_t actor, uint32_t n);

/**
 * pp_storm_expand - the plan with the storm's first @drawn[actor] operations of each actor written
 * out, and no storm line left: what was executed, ready to be replayed
 * @closed: of each actor, how many operations of pp_storm_last() follow
 *
 * Operations stand actor by actor behind one another in rounds (first of each actor, second of each
 * actor...), all after the operations above the storm; operations below wait for the last of each
 * actor. Ids are those of pp_storm_id(), so a history of the storm fits. Returns 0, -ENOMEM.
 */
int pp_storm_expand(const struct pp_plan *plan, const uint32_t *drawn, const uint32_t *closed,
		    struct pp_plan **out, struct pp_err *err);

#endif
