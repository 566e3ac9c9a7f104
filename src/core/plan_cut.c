/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans with less in them; see plan_cut.h. */
#include "core/plan_cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pp_plan_copy(const struct pp_plan *plan, struct pp_plan **out, struct pp_err *err)
{
	char *text = pp_plan_print(plan);
	int rc;

	if (!text)
		return pp_err_set(err, -ENOMEM, "copy of a plan");
	rc = pp_plan_parse(text, strlen(text), out, err);
	free(text);
	return rc;
}

/* What is there, at a place in the text, of all that operations make and end. */
struct standing {
	bool *made, *mounted, *frozen; /* filesystems */
	bool *mapped;                  /* regions */
	bool *registered;              /* MRs */
	bool *held;                    /* gates */
	bool *child, *pipe;            /* actors */
	bool *all;
};

static bool standing_new(struct standing *s, const struct pp_plan *p)
{
	const size_t counts[] = { p->n_fs,  p->n_fs,    p->n_fs,     p->n_regions,
				  p->n_mrs, p->n_gates, p->n_actors, p->n_actors };
	bool **const members[] = { &s->made,       &s->mounted, &s->frozen, &s->mapped,
				   &s->registered, &s->held,    &s->child,  &s->pipe };
	size_t sum = 1, at = 0;

	for (size_t i = 0; i < PP_ARRAY_LEN(counts); i++)
		sum += counts[i];
	s->all = calloc(sum, sizeof(*s->all));
	for (size_t i = 0; s->all && i < PP_ARRAY_LEN(counts); i++) {
		*members[i] = s->all + at;
		at += counts[i];
	}
	return s->all;
}

/* The verbs that make or end something: what must hold before, and what holds then. */
enum thing { MADE, MOUNTED, FROZEN, MAPPED, REGISTERED, HELD, CHILD, PIPE };

static const struct change {
	enum pp_verb verb;
	enum thing thing;
	bool before, after;
} changes[] = {
	{ PP_VERB_MOUNT, MOUNTED, false, true },     { PP_VERB_UMOUNT, MOUNTED, true, false },
	{ PP_VERB_MAP, MAPPED, false, true },        { PP_VERB_UNMAP, MAPPED, true, false },
	{ PP_VERB_REG, REGISTERED, false, true },    { PP_VERB_DEREG, REGISTERED, true, false },
	{ PP_VERB_GATE_HOLD, HELD, false, true },    { PP_VERB_GATE_OPEN, HELD, true, false },
	{ PP_VERB_FREEZE, FROZEN, false, true },     { PP_VERB_THAW, FROZEN, true, false },
	{ PP_VERB_FORK, CHILD, false, true },        { PP_VERB_REAP, CHILD, true, false },
	{ PP_VERB_KILL, CHILD, true, false },        { PP_VERB_SPLICE_HOLD, PIPE, false, true },
	{ PP_VERB_SPLICE_DRAIN, PIPE, true, false },
};

static const struct change *change_of(enum pp_verb verb)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(changes); i++)
		if (changes[i].verb == verb)
			return &changes[i];
	return NULL;
}

static bool *thing_of(struct standing *s, enum thing thing, const struct pp_op *op)
{
	bool *const arrays[] = {
		[MADE] = s->made,
		[MOUNTED] = s->mounted,
		[FROZEN] = s->frozen,
		[MAPPED] = s->mapped,
		[REGISTERED] = s->registered,
		[HELD] = s->held,
		[CHILD] = s->child,
		[PIPE] = s->pipe,
	};

	return &arrays[thing][thing == CHILD || thing == PIPE ? op->actor : op->object];
}

static bool fs_ready(const struct pp_plan *p, const struct standing *s, uint16_t region)
{
	uint16_t fs = region == PP_NO_INDEX ? PP_NO_INDEX : p->regions[region].fs;

	return fs == PP_NO_INDEX || s->mounted[fs];
}

/* Acts on the file alone: without the mapping. */
static bool without_address(const struct pp_op *op)
{
	const struct pp_verb_info *v = &pp_verbs[op->verb];

	return (v->file && v->effect != PP_EFFECT_SELF) || op->verb == PP_VERB_SPLICE_DRAIN ||
	       op->verb == PP_VERB_MAP || op->verb == PP_VERB_UNMAP;
}

static bool fs_possible(const struct pp_plan *p, const struct standing *s, const struct pp_op *op)
{
	switch (op->verb) {
	case PP_VERB_MKFS:
		return !s->mounted[op->object];
	case PP_VERB_MOUNT:
		return s->made[op->object] || !p->fs[op->object].slot[0];
	case PP_VERB_FSCK:
		return s->made[op->object] && !s->mounted[op->object];
	default:
		return s->mounted[op->object];
	}
}

static bool possible(const struct pp_plan *p, struct standing *s, const struct pp_op *op)
{
	const struct change *c = change_of(op->verb);
	uint16_t region = pp_plan_op_region(p, op);

	uint16_t via = pp_plan_via_fs(p, op);

	if (c && *thing_of(s, c->thing, op) != c->before)
		return false;
	if (via != PP_NO_INDEX && !s->mounted[via])
		return false;
	switch (pp_verbs[op->verb].target) {
	case PP_TARGET_FS:
		return fs_possible(p, s, op);
	case PP_TARGET_MR:
		if (op->verb == PP_VERB_REG)
			return s->mapped[region];
		return s->registered[op->object];
	case PP_TARGET_REGION:
		if (!fs_ready(p, s, region) || (op->to != PP_NO_INDEX && !fs_ready(p, s, op->to)))
			return false;
		return without_address(op) || s->mapped[region];
	default:
		return true;
	}
}

static void done(struct standing *s, const struct pp_op *op)
{
	const struct change *c = change_of(op->verb);

	if (c)
		*thing_of(s, c->thing, op) = c->after;
	if (op->verb == PP_VERB_MKFS)
		s->made[op->object] = true;
	if (op->verb == PP_VERB_CHILD_HOLD)
		s->child[op->actor] = s->pipe[op->actor] = true;
}

size_t pp_plan_close(const struct pp_plan *plan, bool *keep)
{
	struct standing s;
	size_t kept = 0;

	if (!standing_new(&s, plan))
		return 0;
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct pp_op *op = &plan->ops[i], *of;

		if (!keep[i])
			continue;
		of = op->of ? pp_plan_op(plan, op->of) : NULL;
		keep[i] = possible(plan, &s, op) && (!of || keep[of - plan->ops]);
		if (!keep[i])
			continue;
		done(&s, op);
		kept++;
	}
	free(s.all);
	return kept;
}

/* The operation that stands for @gone in an order: itself, or the one before it of its actor that
 * is left. */
static const struct pp_op *stand_in(const struct pp_plan *p, const bool *keep, uint32_t gone)
{
	const struct pp_op *op = pp_plan_op(p, gone);
	size_t i = op ? (size_t)(op - p->ops) + 1 : 0;

	while (i-- > 0)
		if (keep[i] && p->ops[i].actor == op->actor)
			return &p->ops[i];
	return NULL;
}

/* Write @op's order into the copy's list; what its own actor does before it is ordered anyway. */
static void carry_order(const struct pp_plan *p, const bool *keep, struct pp_plan *to,
			struct pp_op *op)
{
	const uint32_t first = op->after_first, count = op->after_count;

	op->after_first = (uint32_t)to->n_after;
	op->after_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct pp_op *before = stand_in(p, keep, p->after[first + i]);
		bool known = !before || before->actor == op->actor;

		for (uint32_t k = 0; !known && k < op->after_count; k++)
			known = to->after[op->after_first + k] == before->id;
		if (known)
			continue;
		to->after[to->n_after++] = before->id;
		op->after_count++;
	}
}

int pp_plan_cut(const struct pp_plan *plan, const bool *keep, struct pp_plan **out,
		struct pp_err *err)
{
	struct pp_plan *copy;
	size_t n = 0;
	int rc;

	if (pp_plan_has_storm(plan))
		return pp_err_set(err, -EINVAL, "a storm is cut once it is written out.");
	rc = pp_plan_copy(plan, &copy, err);
	if (rc)
		return rc;
	copy->n_after = 0; /* there is room: the new lists are no longer than the old ones */
	for (size_t i = 0; i < plan->n_ops; i++) {
		struct pp_op op = plan->ops[i];

		if (!keep[i])
			continue;
		carry_order(plan, keep, copy, &op);
		copy->ops[n++] = op;
	}
	copy->n_ops = copy->storm_at = n;
	rc = pp_plan_copy(copy, out, err);
	pp_plan_free(copy);
	return rc;
}

int pp_plan_one_actor(const struct pp_plan *plan, const uint32_t *order, size_t n,
		      struct pp_plan **out, struct pp_err *err)
{
	struct pp_plan *copy;
	uint32_t gen = 0, *ids;
	int rc;

	if (pp_plan_has_storm(plan) || n != plan->n_ops || !n)
		return pp_err_set(err, -EINVAL, "the order is not that of the plan.");
	rc = pp_plan_copy(plan, &copy, err);
	if (rc)
		return rc;
	ids = calloc(n, sizeof(*ids)); /* new id of each operation of @plan */
	for (size_t i = 0; ids && !rc && i < n; i++) {
		const struct pp_op *from = pp_plan_op(plan, order[i]);
		struct pp_op *op = &copy->ops[i];

		if (!from || ids[from - plan->ops]) {
			rc = pp_err_set(err, -EINVAL, "the order is not that of the plan.");
			break;
		}
		ids[from - plan->ops] = (uint32_t)i + 1;
		*op = *from;
		op->id = (uint32_t)i + 1;
		op->actor = 0;
		op->step = 0;
		op->after_first = op->after_count = 0;
		if (op->gen)
			op->gen = ++gen;
		if (op->of)
			op->of = ids[pp_plan_op(plan, op->of) - plan->ops];
	}
	if (!ids)
		rc = pp_err_set(err, -ENOMEM, "order of a plan");
	free(ids);
	copy->n_after = 0;
	copy->n_actors = copy->n_steps = 1;
	if (!rc)
		rc = pp_plan_copy(copy, out, err);
	pp_plan_free(copy);
	return rc;
}

/* Which objects operations use, directly or through another object. */
struct used {
	bool *fs, *regions, *mrs, *gates, *actors, *all;
};

static bool used_new(struct used *u, const struct pp_plan *p)
{
	u->all = calloc(p->n_fs + p->n_regions + p->n_mrs + p->n_gates + p->n_actors + 1,
			sizeof(*u->all));
	if (!u->all)
		return false;
	u->fs = u->all;
	u->regions = u->fs + p->n_fs;
	u->mrs = u->regions + p->n_regions;
	u->gates = u->mrs + p->n_mrs;
	u->actors = u->gates + p->n_gates;
	return true;
}

static void use_gate(const struct pp_plan *p, struct used *u, const char *name)
{
	uint16_t gate = pp_plan_gate(p, name);

	if (gate != PP_NO_INDEX)
		u->gates[gate] = true;
}

static void use_op(const struct pp_plan *p, struct used *u, const struct pp_op *op)
{
	u->actors[op->actor] = true;
	switch (pp_verbs[op->verb].target) {
	case PP_TARGET_FS:
		u->fs[op->object] = true;
		break;
	case PP_TARGET_REGION:
		u->regions[op->object] = true;
		break;
	case PP_TARGET_MR:
		u->mrs[op->object] = true;
		break;
	case PP_TARGET_GATE:
		u->gates[op->object] = true;
		break;
	case PP_TARGET_NONE:
		break;
	}
	if (op->to != PP_NO_INDEX)
		u->regions[op->to] = true;
	if (pp_plan_via_fs(p, op) != PP_NO_INDEX)
		u->fs[pp_plan_via_fs(p, op)] = true;
	else if (op->via[0])
		use_gate(p, u, op->via);
}

static void use_all(const struct pp_plan *p, struct used *u)
{
	for (size_t i = 0; i < p->n_ops; i++)
		use_op(p, u, &p->ops[i]);
	for (size_t i = 0; i < p->n_mrs; i++)
		if (u->mrs[i])
			u->regions[p->mrs[i].region] = true;
	/* of= names a region above. */
	for (size_t i = p->n_regions; i-- > 0;) {
		const struct pp_region_def *r = &p->regions[i];

		if (!u->regions[i])
			continue;
		if (r->of != PP_NO_INDEX)
			u->regions[r->of] = true;
		if (r->fs != PP_NO_INDEX)
			u->fs[r->fs] = true;
		use_gate(p, u, r->slot);
	}
	for (size_t i = 0; i < p->n_fs; i++)
		if (u->fs[i])
			use_gate(p, u, p->fs[i].slot);
}

/* The lines of the printed plan that define @name, as "WORD NAME ": gone. */
static void drop_line(char *text, const char *word, const char *name)
{
	char begin[2 * PP_NAME_MAX + 4];
	char *line = text, *end;

	snprintf(begin, sizeof(begin), "%s %s", word, name);
	while (*line) {
		end = strchr(line, '\n');
		end = end ? end + 1 : line + strlen(line);
		if (!strncmp(line, begin, strlen(begin)) && strchr(" \n", line[strlen(begin)]))
			memmove(line, end, strlen(end) + 1);
		else
			line = end;
	}
}

static void drop_unused(const struct pp_plan *p, const struct used *u, char *text)
{
	for (size_t i = 0; i < p->n_mrs; i++)
		if (!u->mrs[i])
			drop_line(text, "mr", p->mrs[i].name);
	for (size_t i = 0; i < p->n_regions; i++)
		if (!u->regions[i])
			drop_line(text, "region", p->regions[i].name);
	for (size_t i = 0; i < p->n_fs; i++)
		if (!u->fs[i])
			drop_line(text, "fs", p->fs[i].name);
	for (size_t i = 0; i < p->n_gates; i++)
		if (!u->gates[i])
			drop_line(text, "gate", p->gates[i].name);
	for (size_t i = 0; i < p->n_actors; i++)
		if (!u->actors[i])
			drop_line(text, "actor", p->actors[i]);
}

/* Ids and generations without gaps. Operations are referred to by those below them alone. */
static void number_anew(struct pp_plan *p)
{
	for (size_t i = 0; i < p->n_after; i++)
		p->after[i] = (uint32_t)(pp_plan_op(p, p->after[i]) - p->ops) + 1;
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].of)
			p->ops[i].of = (uint32_t)(pp_plan_op(p, p->ops[i].of) - p->ops) + 1;
	for (size_t i = 0; i < p->n_ops; i++) {
		struct pp_op *op = &p->ops[i];
		uint32_t gen = 0;

		op->id = (uint32_t)i + 1;
		for (size_t k = 0; op->gen && k < i; k++)
			if (p->ops[k].actor == op->actor && p->ops[k].gen)
				gen = p->ops[k].gen;
		if (op->gen)
			op->gen = gen + 1;
	}
}

int pp_plan_bare(const struct pp_plan *plan, uint32_t rules, struct pp_plan **out,
		 struct pp_err *err)
{
	struct pp_plan *copy;
	struct used u;
	char *text = NULL;
	int rc = pp_plan_copy(plan, &copy, err);

	if (rc)
		return rc;
	copy->n_evidence = 0;
	copy->rules = rules;
	for (size_t i = 0; i < copy->n_ops; i++)
		copy->ops[i].step = 0;
	copy->n_steps = 1;
	number_anew(copy);
	if (used_new(&u, copy)) {
		use_all(copy, &u);
		text = pp_plan_print(copy);
		if (text)
			drop_unused(copy, &u, text);
		free(u.all);
	}
	rc = text ? pp_plan_parse(text, strlen(text), out, err)
		  : pp_err_set(err, -ENOMEM, "bare plan");
	free(text);
	pp_plan_free(copy);
	return rc;
}
