/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which operation a planted fault hits; see plant.h. */
#include "run/plant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[PP_PLANT_COUNT] = {
	[PP_PLANT_NONE] = "",         [PP_PLANT_DROP] = "drop",   [PP_PLANT_SHIFT] = "shift",
	[PP_PLANT_TEAR] = "tear",     [PP_PLANT_DELAY] = "delay", [PP_PLANT_REPEAT] = "repeat",
	[PP_PLANT_REFUSE] = "refuse", [PP_PLANT_HANG] = "hang",   [PP_PLANT_CRASH] = "crash",
	[PP_PLANT_MOVE] = "move",     [PP_PLANT_CLEAN] = "clean",
};

const char *pp_plant_name(enum pp_plant kind)
{
	return names[kind];
}

int pp_plant_parse(const char *text, struct pp_plant_spec *out, struct pp_err *err)
{
	size_t len = strcspn(text, ":");
	unsigned long number = 0;
	char *end;

	memset(out, 0, sizeof(*out));
	for (int k = PP_PLANT_DROP; k <= PP_PLANT_CLEAN; k++)
		if (strlen(names[k]) == len && !memcmp(names[k], text, len))
			out->kind = (enum pp_plant)k;
	if (!out->kind)
		return pp_err_set(err, -EINVAL,
				  "unknown fault '%.40s': there are drop, shift, tear, delay, "
				  "repeat, move and clean.",
				  text);
	if (!text[len])
		return 0;
	number = strtoul(text + len + 1, &end, 10);
	if (text[len + 1] < '0' || text[len + 1] > '9' || *end || !number || number > 1000000)
		return pp_err_set(err, -EINVAL,
				  "the number of an operation is from 1 to 1000000, not '%.40s'.",
				  text + len + 1);
	out->number = (unsigned)number;
	return 0;
}

static bool is_write(const struct pp_op *op)
{
	enum pp_kind kind = pp_verbs[op->verb].kind;

	return kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE;
}

/* The data space that an operation touches. */
static uint16_t space_of(const struct pp_plan *plan, const struct pp_op *op)
{
	uint16_t region = pp_plan_op_region(plan, op);

	if (region == PP_NO_INDEX)
		return PP_NO_INDEX;
	return pp_verbs[op->verb].file ? plan->regions[region].file_space
				       : plan->regions[region].space;
}

static bool overlap(const struct pp_plan *plan, const struct pp_op *a, const struct pp_op *b)
{
	uint64_t at = pp_plan_op_offset(plan, a), bt = pp_plan_op_offset(plan, b);

	return space_of(plan, a) == space_of(plan, b) && at < bt + b->length_bytes &&
	       bt < at + a->length_bytes;
}

static bool sees(const struct pp_plan *plan, const struct pp_op *look, const struct pp_op *w)
{
	uint64_t at = pp_plan_op_offset(plan, look), wt = pp_plan_op_offset(plan, w);
	const struct pp_verb_info *v = &pp_verbs[look->verb];

	return v->kind == PP_KIND_OBSERVE && !v->durable &&
	       space_of(plan, look) == space_of(plan, w) && at <= wt &&
	       wt + w->length_bytes <= at + look->length_bytes;
}

/* Would somebody see what this fault does to operation number @index? */
static bool telling(const struct pp_plan *plan, size_t index, enum pp_plant kind)
{
	const struct pp_op *w = &plan->ops[index];
	bool newer = kind != PP_PLANT_REPEAT;

	for (size_t i = index + 1; i < plan->n_ops; i++) {
		const struct pp_op *op = &plan->ops[i];

		if (sees(plan, op, w) && newer)
			return true;
		if (!is_write(op) || !overlap(plan, op, w))
			continue;
		if (kind != PP_PLANT_REPEAT)
			return false;
		newer = true;
	}
	return false;
}

/* The region whose pages are let go of at operation @op, or held from there on; PP_NO_INDEX: none.
 */
static uint16_t held_region(const struct pp_plan *plan, const struct pp_op *op, bool *holds)
{
	switch (op->verb) {
	case PP_VERB_REG:
	case PP_VERB_DEREG:
		*holds = op->verb == PP_VERB_REG;
		return plan->mrs[op->object].region;
	default:
		return PP_NO_INDEX;
	}
}

/*
 * Would somebody see that a page of look number @index has another frame: is it held, and was
 * looked at since? Or that it is clean: did a device write it, and let go since, with no sync
 * behind that? What an MR writes gets dirty when it lets go, whatever was synced before.
 */
static bool telling_look(const struct pp_plan *plan, size_t index, enum pp_plant kind)
{
	const struct pp_op *look = &plan->ops[index];
	bool held = false, seen = false, written = false, let_go = false;

	for (size_t i = 0; i < index; i++) {
		const struct pp_op *op = &plan->ops[i];
		const struct pp_verb_info *v = &pp_verbs[op->verb];
		bool holds = false;

		if (held_region(plan, op, &holds) == look->object) {
			held = holds;
			seen &= holds;
			let_go = !holds && written;
		}
		if (v->kind == PP_KIND_LOOK && op->object == look->object)
			seen |= held && op->offset_bytes <= look->offset_bytes;
		if (v->kind == PP_KIND_DEVICE_WRITE && overlap(plan, op, look)) {
			written = true;
			let_go = v->target == PP_TARGET_REGION;
		}
		if (v->cleans)
			let_go = false;
	}
	return kind == PP_PLANT_MOVE ? held && seen : let_go;
}

/* The same for looks as for device writes below. */
static size_t count_looks(const struct pp_plan *plan, enum pp_plant kind, bool only_telling,
			  size_t number, uint32_t *id)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->n_ops; i++) {
		if (plan->ops[i].verb != PP_VERB_PAGE_LOOK ||
		    (only_telling && !telling_look(plan, i, kind)))
			continue;
		if (++count == number)
			*id = plan->ops[i].id;
	}
	return count;
}

bool pp_plant_looks(enum pp_plant kind)
{
	return kind == PP_PLANT_MOVE || kind == PP_PLANT_CLEAN;
}

static size_t count_writes(const struct pp_plan *plan, enum pp_plant kind, bool only_telling,
			   size_t number, uint32_t *id)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->n_ops; i++) {
		if (pp_verbs[plan->ops[i].verb].kind != PP_KIND_DEVICE_WRITE ||
		    (only_telling && !telling(plan, i, kind)))
			continue;
		if (++count == number)
			*id = plan->ops[i].id;
	}
	return count;
}

uint32_t pp_plant_target(const struct pp_plan *plan, const struct pp_plant_spec *spec)
{
	size_t (*count_all)(const struct pp_plan *plan, enum pp_plant kind, bool only_telling,
			    size_t number, uint32_t *id) =
		pp_plant_looks(spec->kind) ? count_looks : count_writes;
	uint32_t id = 0;
	size_t count;

	if (!spec->kind || spec->every || plan->n_mixes)
		return 0;
	if (spec->number) {
		count_all(plan, spec->kind, false, spec->number, &id);
		return id;
	}
	count = count_all(plan, spec->kind, true, 0, &id);
	count_all(plan, spec->kind, true, (count + 1) / 2, &id);
	return id;
}
