/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A storm written out as a plan of single operations; see storm.h. */
#include "core/storm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The plan that is being written. */
struct expansion {
	const struct pp_plan *from;
	struct pp_plan *to;
	struct pp_storm *storm; /* of each actor */
	uint32_t *last;         /* of each actor: id of its last operation so far, 0: none */
	bool *waits; /* of each actor: its next operation waits for those of all others */
	size_t ops_room, after_room;
};

static void *copy_array(const void *array, size_t count, size_t size, int *rc)
{
	void *copy;

	if (!count)
		return NULL;
	copy = reallocarray(NULL, count, size);
	if (copy)
		memcpy(copy, array, count * size);
	else
		*rc = -ENOMEM;
	return copy;
}

/* All but the operations and the storm. */
static struct pp_plan *copy_frame(const struct pp_plan *from)
{
	struct pp_plan *to = malloc(sizeof(*to));
	int rc = 0;

	if (!to)
		return NULL;
	*to = *from;
#define COPY(what) to->what = copy_array(from->what, from->n_##what, sizeof(from->what[0]), &rc)
	COPY(needs);
	COPY(evidence);
	COPY(gates);
	COPY(fs);
	COPY(regions);
	COPY(mrs);
	COPY(actors);
	COPY(steps);
#undef COPY
	to->ops = NULL;
	to->after = NULL;
	to->mixes = NULL;
	to->n_ops = to->n_after = to->n_mixes = to->storm_at = 0;
	to->storm_ms = to->storm_ops = 0;
	to->storm_step = 0;
	if (!rc)
		return to;
	pp_plan_free(to);
	return NULL;
}

static bool room_for_op(struct expansion *x)
{
	struct pp_op *more;

	if (x->to->n_ops < x->ops_room)
		return true;
	x->ops_room = x->ops_room ? x->ops_room * 2 : 64;
	more = reallocarray(x->to->ops, x->ops_room, sizeof(*more));
	if (more)
		x->to->ops = more;
	return more != NULL;
}

static bool room_for_after(struct expansion *x)
{
	uint32_t *more;

	if (x->to->n_after < x->after_room)
		return true;
	x->after_room = x->after_room ? x->after_room * 2 : 64;
	more = reallocarray(x->to->after, x->after_room, sizeof(*more));
	if (more)
		x->to->after = more;
	return more != NULL;
}

static int add_after(struct expansion *x, struct pp_op *op, uint32_t id)
{
	struct pp_plan *to = x->to;

	for (uint32_t i = 0; i < op->after_count; i++)
		if (to->after[op->after_first + i] == id)
			return 0;
	if (!room_for_after(x))
		return -ENOMEM;
	to->after[to->n_after++] = id;
	op->after_count++;
	return 0;
}

/* Append a copy of @op, which waits for what it says and, where a border is, for all others. */
static int add_op(struct expansion *x, const struct pp_op *from)
{
	struct pp_plan *to = x->to;
	struct pp_op op = *from;
	int rc = room_for_op(x) ? 0 : -ENOMEM;

	op.after_first = (uint32_t)to->n_after;
	op.after_count = 0;
	for (uint32_t i = 0; !rc && i < from->after_count; i++)
		rc = add_after(x, &op, x->from->after[from->after_first + i]);
	for (size_t a = 0; !rc && x->waits[op.actor] && a < to->n_actors; a++)
		if (a != op.actor && x->last[a])
			rc = add_after(x, &op, x->last[a]);
	if (rc)
		return rc;
	to->ops[to->n_ops++] = op;
	return 0;
}

/* From here on each actor's next operation waits for all that stands above. */
static void border(struct expansion *x)
{
	for (size_t i = 0; i < x->to->n_ops; i++)
		x->last[x->to->ops[i].actor] = x->to->ops[i].id;
	for (size_t a = 0; a < x->to->n_actors; a++)
		x->waits[a] = true;
}

/* Operations of the text from @first on, up to @end. */
static int add_text(struct expansion *x, size_t first, size_t end)
{
	int rc = 0;

	for (size_t i = first; !rc && i < end; i++) {
		rc = add_op(x, &x->from->ops[i]);
		x->waits[x->from->ops[i].actor] = false;
	}
	return rc;
}

/* Rounds of @step, until each actor has had its @count. */
static int add_rounds(struct expansion *x, const uint32_t *count,
		      bool (*step)(struct pp_storm *s, struct pp_op *op))
{
	const size_t n = x->from->n_actors;
	bool more = true;
	struct pp_op op;
	int rc = 0;

	for (uint32_t round = 0; more && !rc; round++) {
		more = false;
		for (size_t a = 0; a < n && !rc; a++) {
			if (round >= count[a] || !step(&x->storm[a], &op))
				continue;
			more = true;
			rc = add_op(x, &op);
			x->waits[a] = false;
		}
	}
	return rc;
}

static int write_out(struct expansion *x, const uint32_t *drawn, const uint32_t *closed)
{
	const struct pp_plan *from = x->from;
	const bool storm = pp_plan_has_storm(from);
	const size_t above = storm ? from->storm_at : from->n_ops;
	int rc = add_text(x, 0, above);

	if (rc || !storm)
		return rc;
	for (size_t a = 0; a < from->n_actors; a++)
		pp_storm_start(&x->storm[a], from, (uint16_t)a);
	border(x);
	rc = add_rounds(x, drawn, pp_storm_next);
	if (!rc)
		rc = add_rounds(x, closed, pp_storm_last);
	border(x);
	return rc ? rc : add_text(x, above, from->n_ops);
}

int pp_storm_expand(const struct pp_plan *plan, const uint32_t *drawn, const uint32_t *closed,
		    struct pp_plan **out, struct pp_err *err)
{
	const size_t n = plan->n_actors + 1; /* none is no reason to fail */
	struct expansion x = { .from = plan, .to = copy_frame(plan) };
	int rc = -ENOMEM;

	x.storm = calloc(n, sizeof(*x.storm));
	x.last = calloc(n, sizeof(*x.last));
	x.waits = calloc(n, sizeof(*x.waits));
	if (x.to && x.storm && x.last && x.waits)
		rc = write_out(&x, drawn, closed);
	if (rc) {
		pp_err_set(err, rc, "no memory for the storm written out");
		pp_plan_free(x.to);
	} else {
		*out = x.to;
	}
	free(x.waits);
	free(x.last);
	free(x.storm);
	return rc;
}
