/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes an event right: its own fields, its references into the plan, its packed numbers. */
#include "core/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "core/page_run.h"

#define FLAGS_KNOWN (PP_EVENT_SKIPPED | PP_EVENT_OPEN | PP_EVENT_PARTIAL)
#define ERRNO_MAX   4095 /* as in the kernel: MAX_ERRNO */

/* What the rules look at. */
struct subject {
	const struct pp_event *e;
	const struct pp_verb_info *verb; /* NULL while the verb is not known to be one */
	size_t n_cells;
	const struct pp_plan *plan;
	const struct pp_op *op;
	uint64_t room; /* bytes of the region, UINT64_MAX if it acts on none */
};

void pp_event_quiet_put(struct pp_event *e, const struct pp_quiet *q)
{
	e->writer = 0;
	e->offset_bytes = (uint64_t)q->pins;
	e->length_bytes = (uint32_t)q->vmpin_pages;
	e->gen = q->packets;
}

void pp_event_quiet_get(const struct pp_event *e, struct pp_quiet *q)
{
	q->pins = (int64_t)e->offset_bytes;
	q->vmpin_pages = (int32_t)e->length_bytes;
	q->packets = e->gen;
}

enum pp_account pp_event_account(const struct pp_event *e)
{
	if (pp_verbs[e->verb].kind != PP_KIND_LEDGER || !pp_account_alone(e->writer))
		return PP_ACCOUNT_COUNT;
	return (enum pp_account)e->writer;
}

void pp_event_account_put(struct pp_event *e, enum pp_account account, int64_t value)
{
	e->writer = (uint16_t)account;
	e->offset_bytes = (uint64_t)value;
	e->length_bytes = 0;
	e->gen = 0;
}

bool pp_event_continues(const struct pp_event *before, const struct pp_event *e)
{
	return pp_verbs[before->verb].kind == PP_KIND_LEDGER && before->verb == e->verb &&
	       before->op == e->op && before->actor == e->actor && before->flags == e->flags &&
	       before->result == e->result && before->begin_ns == e->begin_ns &&
	       before->end_ns == e->end_ns && before->writer < e->writer;
}

enum pp_target pp_event_target(enum pp_verb verb)
{
	const struct pp_verb_info *v = &pp_verbs[verb];

	if (v->target == PP_TARGET_MR && v->kind != PP_KIND_PIN && v->kind != PP_KIND_UNPIN)
		return PP_TARGET_REGION;
	return v->target;
}

bool pp_event_keeps_cell(const struct pp_event *e)
{
	return (pp_verbs[e->verb].kind == PP_KIND_OBSERVE ||
		pp_verbs[e->verb].kind == PP_KIND_LOOK) &&
	       e->seen == PP_SEEN_OTHER;
}

static bool is_write(const struct subject *s)
{
	return s->verb->kind == PP_KIND_WRITE || s->verb->kind == PP_KIND_DEVICE_WRITE;
}

static bool is_observation(const struct subject *s)
{
	return s->verb->kind == PP_KIND_OBSERVE;
}

static bool bad_verb(const struct subject *s)
{
	return !s->verb;
}

static bool bad_flags(const struct subject *s)
{
	return s->e->flags & ~FLAGS_KNOWN;
}

static bool bad_end(const struct subject *s)
{
	return s->e->end_ns < s->e->begin_ns;
}

static bool bad_open(const struct subject *s)
{
	return !(s->e->flags & PP_EVENT_OPEN) != (s->e->end_ns != UINT64_MAX);
}

static bool bad_result(const struct subject *s)
{
	return s->e->result > 0 || s->e->result < -ERRNO_MAX;
}

static bool bad_seen(const struct subject *s)
{
	return s->e->seen >= PP_SEEN_COUNT;
}

/* A quiet point keeps a signed number in offset_bytes. */
static bool bad_range(const struct subject *s)
{
	return s->verb->kind != PP_KIND_LEDGER &&
	       s->e->offset_bytes > UINT64_MAX - s->e->length_bytes;
}

/* A quiet point's events: the first, or an account's, which holds its value alone. */
static bool bad_account(const struct subject *s)
{
	if (s->verb->kind != PP_KIND_LEDGER || !s->e->writer)
		return false;
	return !pp_account_alone(s->e->writer) || s->e->length_bytes || s->e->gen;
}

static bool bad_cell(const struct subject *s)
{
	return pp_event_keeps_cell(s->e) && s->e->gen != PP_NO_CELL && s->e->gen >= s->n_cells;
}

static bool no_op(const struct subject *s)
{
	return !s->op;
}

static bool other_actor(const struct subject *s)
{
	return s->e->actor >= s->plan->n_actors || s->e->actor != s->op->actor;
}

static bool other_verb(const struct subject *s)
{
	return s->e->verb != s->op->verb;
}

static bool other_object(const struct subject *s)
{
	const struct pp_plan *p = s->plan;

	switch (pp_event_target(s->e->verb)) {
	case PP_TARGET_FS:
		return s->e->object >= p->n_fs || s->e->object != s->op->object;
	case PP_TARGET_MR:
		return s->e->object >= p->n_mrs || s->e->object != s->op->object;
	case PP_TARGET_REGION:
		return s->e->object >= p->n_regions || s->e->object != pp_plan_op_region(p, s->op);
	case PP_TARGET_GATE:
		return s->e->object >= p->n_gates || s->e->object != s->op->object;
	case PP_TARGET_NONE:
		break;
	}
	return false;
}

static bool outside(const struct subject *s)
{
	return s->room != UINT64_MAX && s->e->offset_bytes + s->e->length_bytes > s->room;
}

static bool unaligned(const struct subject *s)
{
	return is_observation(s) && s->e->offset_bytes % PP_CELL_BYTES;
}

static bool part_of_page(const struct subject *s)
{
	return s->verb->kind == PP_KIND_LOOK &&
	       (s->e->offset_bytes % PP_PAGE_LOOK_BYTES || s->e->length_bytes % PP_PAGE_LOOK_BYTES);
}

static bool other_writer(const struct subject *s)
{
	return is_write(s) && !(s->e->flags & PP_EVENT_SKIPPED) && s->e->writer != s->e->actor;
}

static bool no_writer(const struct subject *s)
{
	return is_observation(s) && s->e->seen == PP_SEEN_STAMP &&
	       s->e->writer >= s->plan->n_actors;
}

static bool no_generation(const struct subject *s)
{
	return is_write(s) && !(s->e->flags & PP_EVENT_SKIPPED) && !s->e->gen;
}

/* In this order: a rule may rely on those before it. */
/* clang-format off */
static const struct rule {
	bool plan; /* needs the plan */
	enum pp_event_part part;
	bool (*broken)(const struct subject *s);
	const char *why;
} rules[] = {
	{ false, PP_PART_VERB,   bad_verb,      "has an unknown verb" },
	{ false, PP_PART_FLAGS,  bad_flags,     "has an unknown flag" },
	{ false, PP_PART_END,    bad_end,       "ends before it begins" },
	{ false, PP_PART_END,    bad_open,      "is open but has an end, or has none and is not open" },
	{ false, PP_PART_RESULT, bad_result,    "has a result that is neither 0 nor a negative errno" },
	{ false, PP_PART_SEEN,   bad_seen,      "has an unknown kind of sight" },
	{ false, PP_PART_OFFSET, bad_range,     "has a range that wraps around" },
	{ false, PP_PART_WRITER, bad_account,   "is a quiet point's of an account that there is not" },
	{ false, PP_PART_GEN,    bad_cell,      "names a raw cell that the history does not have" },
	{ true,  PP_PART_OP,     no_op,         "names an operation that the plan does not have" },
	{ true,  PP_PART_ACTOR,  other_actor,   "has another actor than its operation in the plan" },
	{ true,  PP_PART_VERB,   other_verb,    "has another verb than its operation in the plan" },
	{ true,  PP_PART_OBJECT, other_object,  "has another operand than its operation in the plan" },
	{ true,  PP_PART_OFFSET, outside,       "reaches beyond the end of its region" },
	{ true,  PP_PART_OFFSET, unaligned,     "observes from the middle of a cell" },
	{ true,  PP_PART_OFFSET, part_of_page,  "looks at a part of a page" },
	{ true,  PP_PART_WRITER, other_writer,  "writes in the name of another actor" },
	{ true,  PP_PART_WRITER, no_writer,     "saw a writer that the plan does not have" },
	{ true,  PP_PART_GEN,    no_generation, "writes without a generation" },
};
/* clang-format on */

/* Looks up what the plan's rules need; leaves what does not exist for the rules to find. */
static void look_up(struct subject *s)
{
	uint16_t region = PP_NO_INDEX;

	s->op = pp_plan_op(s->plan, s->e->op);
	switch (pp_event_target(s->e->verb)) {
	case PP_TARGET_REGION:
		region = s->e->object;
		break;
	case PP_TARGET_MR:
		if (s->e->object < s->plan->n_mrs)
			region = s->plan->mrs[s->e->object].region;
		break;
	default:
		break;
	}
	if (region < s->plan->n_regions)
		s->room = s->plan->regions[region].size_bytes;
}

enum pp_event_part pp_event_fault(const struct pp_event *e, size_t n_cells,
				  const struct pp_plan *plan, const char **why)
{
	bool known = e->verb > PP_VERB_NONE && e->verb < PP_VERB_COUNT;
	struct subject s = {
		.e = e,
		.verb = known ? &pp_verbs[e->verb] : NULL,
		.n_cells = n_cells,
		.plan = plan,
		.room = UINT64_MAX,
	};

	if (plan && known)
		look_up(&s);
	for (size_t i = 0; i < PP_ARRAY_LEN(rules); i++) {
		if ((rules[i].plan && !plan) || !rules[i].broken(&s))
			continue;
		*why = rules[i].why;
		return rules[i].part;
	}
	return PP_PART_NONE;
}

int pp_history_check(const struct pp_history *h, const struct pp_plan *plan, struct pp_err *err)
{
	const char *why;

	if (h->plan_crc && h->plan_crc != pp_plan_crc(plan))
		return pp_err_set(err, -EINVAL,
				  "The history belongs to another plan: it says CRC 0x%08" PRIx32
				  ", the plan has 0x%08" PRIx32 ".",
				  h->plan_crc, pp_plan_crc(plan));
	for (size_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];

		if (i && e->begin_ns < e[-1].begin_ns)
			return pp_err_set(err, -EINVAL,
					  "Event %zu (op %" PRIu32 ") begins before event %zu.", i,
					  e->op, i - 1);
		if (pp_event_fault(e, h->n_cells, plan, &why))
			return pp_err_set(err, -EINVAL, "Event %zu (op %" PRIu32 ") %s.", i, e->op,
					  why);
	}
	return 0;
}

void pp_history_free(struct pp_history *h)
{
	free(h->events);
	free(h->cells);
	h->events = NULL;
	h->cells = NULL;
	h->n_events = 0;
	h->n_cells = 0;
}
