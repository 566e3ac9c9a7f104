/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's findings: broken cells joined to ranges, put into words, with the story around them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_rules.h"

/* "main:3 (op 7 rdma-write)" */
static void say_write(const struct pp_judge *j, uint32_t event, char *out, size_t size)
{
	const struct pp_event *e = &j->h->events[event];

	if (j->model.state[event] & PP_STATE_RESET)
		snprintf(out, size, "initial content (op %u %s)", e->op, pp_verbs[e->verb].name);
	else if (pp_verbs[e->verb].kind == PP_KIND_HAZARD)
		snprintf(out, size, "%s (op %u %s)",
			 pp_verbs[e->verb].effect == PP_EFFECT_HOLE ? "zeros" : "what is left",
			 e->op, pp_verbs[e->verb].name);
	else
		snprintf(out, size, "%s:%u (op %u %s)",
			 e->writer < j->plan->n_actors ? j->plan->actors[e->writer] : "nobody",
			 e->gen, e->op, pp_verbs[e->verb].name);
}

static const char *name_of(const struct pp_judge *j, uint32_t writer)
{
	return writer < j->plan->n_actors ? j->plan->actors[writer] : "an unknown writer";
}

static void say_found(const struct pp_judge *j, const struct pp_broken *b, char *out, size_t size)
{
	const struct pp_stamp *s = &b->stamp;

	if (b->cls == PP_CLASS_ZERO)
		snprintf(out, size, "zeros");
	else if (b->cls == PP_CLASS_TORN)
		snprintf(out, size, "pieces of several writes");
	else if (b->cls == PP_CLASS_GARBAGE)
		snprintf(out, size, "bytes that no write explains");
	else if (b->cls == PP_CLASS_FOREIGN && s->run != j->h->run)
		snprintf(out, size, "a stamp of another run");
	else if (b->cls == PP_CLASS_FOREIGN)
		snprintf(out, size, "a stamp of region %s (%s:%u)",
			 s->region < j->plan->n_regions ? j->plan->regions[s->region].name : "?",
			 name_of(j, s->writer), s->generation);
	else if (b->cls == PP_CLASS_MISPLACED)
		snprintf(out, size, "the stamp of offset %llu (%s:%u)",
			 (unsigned long long)s->offset_bytes, name_of(j, s->writer), s->generation);
	else if (b->found == PP_NO_EVENT)
		snprintf(out, size, "%s:%u, which nobody wrote there", name_of(j, s->writer),
			 s->generation);
	else
		say_write(j, b->found, out, size);
}

static void say_cells(const struct pp_judge *j, const struct pp_broken *b, char *out, size_t size)
{
	const struct pp_event *e = &j->h->events[b->event];
	char found[128], expected[112], sync[96] = "", fault[96] = "";

	say_found(j, b, found, sizeof(found));
	if (b->sync != PP_NO_EVENT)
		snprintf(sync, sizeof(sync), ", as it ended before op %u %s began",
			 j->h->events[b->sync].op, pp_verbs[j->h->events[b->sync].verb].name);
	if (b->seen_by)
		snprintf(sync, sizeof(sync), ", as op %u %s had seen it before",
			 j->h->events[b->seen_by - 1].op,
			 pp_verbs[j->h->events[b->seen_by - 1].verb].name);
	if (b->fault)
		snprintf(fault, sizeof(fault), ", while the write fault of op %u %s fills a hole",
			 j->h->events[b->fault - 1].op,
			 pp_verbs[j->h->events[b->fault - 1].verb].name);
	if (b->expected != PP_NO_EVENT)
		say_write(j, b->expected, expected, sizeof(expected));
	else if (b->seen_by)
		snprintf(expected, sizeof(expected), "zeros or something newer");
	else if (b->cls == PP_CLASS_FUTURE)
		snprintf(expected, sizeof(expected), "a write that had begun by then");
	else
		snprintf(expected, sizeof(expected), "whole stamps that belong there");
	snprintf(out, size, "op %u %s of %s %llu+%llu shows %s where %s had to show%s%s", e->op,
		 pp_verbs[e->verb].name, j->plan->regions[e->object].name,
		 (unsigned long long)b->offset_bytes, (unsigned long long)b->length_bytes, found,
		 expected, sync, fault);
}

/* ---- the story: operations that a reader must look at ---- */

#define SCAN_EVENTS 4096 /* how far back operations are looked for: a finding costs no more */
#define MORE_WRITES 3    /* writes to the place beside those that make the finding */
#define MORE_OTHERS 4    /* syncs, hazards, registrations in between */

struct story {
	const struct pp_judge *j;
	const struct pp_broken *b;
	uint64_t from_ns, until_ns; /* what is no write counts in between only */
	uint32_t event[PP_FINDING_OPS];
	size_t n, writes, others;
};

static bool ranges_meet(const struct pp_event *e, const struct pp_broken *b)
{
	/* Without a range: all of it. */
	if (!pp_verbs[e->verb].ranged || !b->length_bytes)
		return true;
	return e->offset_bytes < b->offset_bytes + b->length_bytes &&
	       b->offset_bytes < e->offset_bytes + e->length_bytes;
}

/* Does an operation that is no write have to do with the place of the finding? */
static bool concerns(const struct story *s, const struct pp_event *e)
{
	const struct pp_plan *plan = s->j->plan;
	const struct pp_region_def *space = &plan->regions[s->b->space];
	const struct pp_mr_def *mr;

	switch (pp_verbs[e->verb].kind) {
	case PP_KIND_LEDGER:
	case PP_KIND_LOOK:
	case PP_KIND_OBSERVE:
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
		return false;
	case PP_KIND_PIN:
	case PP_KIND_UNPIN:
		mr = &plan->mrs[e->object];
		return plan->regions[mr->region].space == s->b->space && s->b->length_bytes &&
		       mr->offset_bytes < s->b->offset_bytes + s->b->length_bytes &&
		       s->b->offset_bytes < mr->offset_bytes + mr->length_bytes;
	default:
		break;
	}
	switch (pp_verbs[e->verb].target) {
	case PP_TARGET_FS:
		return space->fs == e->object;
	case PP_TARGET_REGION:
		return (plan->regions[e->object].space == s->b->space ||
			plan->regions[e->object].file_space == s->b->space) &&
		       ranges_meet(e, s->b);
	default:
		return true; /* of the whole machine, of a gate or of a child */
	}
}

static bool told(const struct story *s, uint32_t event)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->j->h->events[s->event[i]].op == s->j->h->events[event].op)
			return true;
	return false;
}

static void tell(struct story *s, uint32_t event)
{
	if (s->n < PP_FINDING_OPS && !told(s, event))
		s->event[s->n++] = event;
}

/* Was the file of the place made by this clone? */
static bool cloned(const struct story *s, const struct pp_event *e)
{
	const struct pp_op *op =
		pp_verbs[e->verb].effect == PP_EFFECT_CLONE ? pp_plan_op(s->j->plan, e->op) : NULL;

	return op && op->to < s->j->plan->n_regions &&
	       s->j->plan->regions[op->to].space == s->b->space;
}

static void tell_if_concerned(struct story *s, uint32_t event)
{
	const struct pp_event *e = &s->j->h->events[event];
	enum pp_kind kind = pp_verbs[e->verb].kind;

	if ((e->flags & PP_EVENT_SKIPPED) || told(s, event))
		return;
	if (kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE) {
		if (s->writes < MORE_WRITES && pp_model_space(s->j->plan, e) == s->b->space &&
		    ranges_meet(e, s->b)) {
			s->writes++;
			tell(s, event);
		}
		return;
	}
	/* What went wrong without a cell is explained, if by anything, by hazards before it. */
	if (s->others < MORE_OTHERS &&
	    (cloned(s, e) ||
	     ((e->end_ns >= s->from_ns || (s->b->text[0] && kind == PP_KIND_HAZARD)) &&
	      concerns(s, e))) &&
	    !(kind == PP_KIND_SETUP && e->begin_ns < s->from_ns)) {
		s->others++;
		tell(s, event);
	}
}

/* Events that began before the story's end: they are sorted by begin. */
static uint32_t begun_before(const struct pp_history *h, uint64_t time_ns)
{
	size_t low = 0, high = h->n_events;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->events[mid].begin_ns < time_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint32_t)low;
}

static int cmp_event(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void collect(struct story *s)
{
	const uint32_t known[] = { s->b->event,
				   s->b->expected,
				   s->b->found,
				   s->b->sync,
				   s->b->seen_by ? s->b->seen_by - 1 : PP_NO_EVENT,
				   s->b->fault ? s->b->fault - 1 : PP_NO_EVENT };
	const struct pp_event *events = s->j->h->events;

	s->from_ns = events[s->b->event].begin_ns;
	s->until_ns = events[s->b->event].end_ns;
	for (size_t i = 0; i < PP_ARRAY_LEN(known); i++) {
		if (known[i] == PP_NO_EVENT)
			continue;
		tell(s, known[i]);
		if (events[known[i]].begin_ns < s->from_ns)
			s->from_ns = events[known[i]].begin_ns;
	}
	if (s->b->space != PP_NO_INDEX) {
		uint32_t i = begun_before(s->j->h, s->until_ns);

		for (unsigned k = 0; k < SCAN_EVENTS && i-- > 0; k++)
			tell_if_concerned(s, i);
	}
	qsort(s->event, s->n, sizeof(*s->event), cmp_event);
}

static unsigned marks_of(const struct story *s, uint32_t event)
{
	const struct pp_broken *b = s->b;
	uint32_t op = s->j->h->events[event].op;

	return (event == b->expected ? PP_MARK_EXPECTED : 0) |
	       (event == b->found ? (b->text[0] ? PP_MARK_WITH : PP_MARK_FOUND) : 0) |
	       (event == b->sync ? PP_MARK_SYNC : 0) |
	       (event + 1 == b->seen_by || event + 1 == b->fault ? PP_MARK_WITH : 0) |
	       (op == s->j->h->events[b->event].op ? PP_MARK_SHOWED : 0);
}

/* "main rdma-write data 0+4096 gen 2" */
static void say_op(const struct pp_plan *plan, const struct pp_event *e, char *out, size_t size)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	const struct pp_op *op = pp_plan_op(plan, e->op);
	const char *object = "";
	size_t len;

	switch (pp_event_target((enum pp_verb)e->verb)) {
	case PP_TARGET_FS:
		object = plan->fs[e->object].name;
		break;
	case PP_TARGET_REGION:
		object = plan->regions[e->object].name;
		break;
	case PP_TARGET_MR:
		object = plan->mrs[e->object].name;
		break;
	case PP_TARGET_GATE:
		object = plan->gates[e->object].name;
		break;
	case PP_TARGET_NONE:
		break;
	}
	len = (size_t)snprintf(out, size, "%s %s%s%s", plan->actors[e->actor], verb->name,
			       object[0] ? " " : "", object);
	/* What was asked for: an observation is recorded in pieces. */
	if (op && verb->ranged && verb->kind != PP_KIND_LEDGER && len < size)
		len += (size_t)snprintf(out + len, size - len, " %llu+%llu",
					(unsigned long long)pp_plan_op_offset(plan, op),
					(unsigned long long)op->length_bytes);
	if (op && op->gen && len < size)
		snprintf(out + len, size - len, " gen %u", op->gen);
}

static void add_story(const struct pp_judge *j, const struct pp_broken *b, struct pp_finding *f)
{
	struct story s = { .j = j, .b = b };

	collect(&s);
	f->n_ops = s.n;
	for (size_t i = 0; i < s.n; i++) {
		const struct pp_event *e = &j->h->events[s.event[i]];
		struct pp_finding_line *line = &f->lines[i];

		f->ops[i] = e->op;
		line->op = e->op;
		line->marks = marks_of(&s, s.event[i]);
		line->begin_ns = e->begin_ns;
		line->end_ns = e->flags & PP_EVENT_OPEN ? UINT64_MAX : e->end_ns;
		line->result = e->flags & PP_EVENT_OPEN ? 0 : e->result;
		say_op(j->plan, e, line->what, sizeof(line->what));
	}
	f->n_lines = s.n;
}

/* Does an operation with a range touch a page that the finding is about? One without has to do with
 * all. */
static bool on_its_pages(const struct pp_judge *j, const struct pp_broken *b,
			 const struct pp_event *e)
{
	const uint64_t from = b->offset_bytes / PP_PAGE_BYTES;
	const uint64_t to = (b->offset_bytes + b->length_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;
	const struct pp_broken pages = {
		.offset_bytes = from * PP_PAGE_BYTES,
		.length_bytes = (to - from) * PP_PAGE_BYTES,
	};

	switch (pp_event_target((enum pp_verb)e->verb)) {
	case PP_TARGET_REGION:
	case PP_TARGET_MR:
		return pp_model_space(j->plan, e) == b->space && ranges_meet(e, &pages);
	default:
		return true;
	}
}

/* What a row of the known defects may ask for beside rule and class. */
static void add_company(const struct pp_judge *j, const struct pp_broken *b, struct pp_finding *f)
{
	const struct pp_event *lost, *events = j->h->events;
	uint32_t i;

	if (b->expected == PP_NO_EVENT)
		return;
	lost = &events[b->expected];
	f->lost = (enum pp_verb)lost->verb;
	i = begun_before(j->h, lost->end_ns);
	for (unsigned k = 0; k < SCAN_EVENTS && i-- > 0; k++)
		if (events[i].op != lost->op && !(events[i].flags & PP_EVENT_SKIPPED) &&
		    events[i].end_ns > lost->begin_ns && on_its_pages(j, b, &events[i]))
			pp_verb_set_add(&f->beside, (enum pp_verb)events[i].verb);
}

static struct pp_stamp stamp_of(const struct pp_judge *j, const struct pp_broken *b, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];

	return (struct pp_stamp){
		.run = j->h->run,
		.region = pp_model_space(j->plan, e),
		.offset_bytes = b->offset_bytes,
		.writer = e->writer,
		.generation = e->gen,
	};
}

/* Turn what is pending into a finding. */
void pp_judge_flush(struct pp_judge *j)
{
	struct pp_broken *b = &j->pending;
	const struct pp_event *e;
	const struct pp_op *op;
	struct pp_finding *f;
	char text[512];

	if (b->rule == PP_RULE_NONE)
		return;
	e = &j->h->events[b->event];
	if (b->text[0])
		snprintf(text, sizeof(text), "%s", b->text);
	else
		say_cells(j, b, text, sizeof(text));
	f = pp_finding_add(j->out, b->rule, b->cls, "%s", text);
	b->rule = PP_RULE_NONE;
	if (!f)
		return;
	op = pp_plan_op(j->plan, e->op);
	if (op)
		snprintf(f->step, sizeof(f->step), "%s", j->plan->steps[op->step]);
	f->op = e->op;
	f->region = op ? pp_plan_op_region(j->plan, op) : PP_NO_INDEX;
	f->offset_bytes = b->offset_bytes;
	f->length_bytes = b->length_bytes;
	if (b->expected != PP_NO_EVENT && !(j->model.state[b->expected] & PP_STATE_RESET) &&
	    pp_verbs[j->h->events[b->expected].verb].kind != PP_KIND_HAZARD) {
		f->has_expected = true;
		f->expected = stamp_of(j, b, b->expected);
	}
	f->fault = b->fault ? j->h->events[b->fault - 1].op : 0;
	f->has_found = b->has_stamp;
	f->found = b->stamp;
	add_story(j, b, f);
	add_company(j, b, f);
}

/* Does @b continue what is pending? Neighbouring cells of one operation, wrong in the same way. */
static bool continues(const struct pp_judge *j, const struct pp_broken *b)
{
	const struct pp_broken *a = &j->pending;

	if (a->rule != b->rule || a->cls != b->cls ||
	    j->h->events[a->event].op != j->h->events[b->event].op)
		return false;
	if (b->text[0])
		return b->rule == PP_O12_EXPLAINED && !strcmp(a->text, b->text);
	if (a->offset_bytes + a->length_bytes != b->offset_bytes || a->expected != b->expected ||
	    a->sync != b->sync || a->fault != b->fault || a->has_stamp != b->has_stamp)
		return false;
	return !a->has_stamp ||
	       (a->stamp.run == b->stamp.run && a->stamp.region == b->stamp.region &&
		a->stamp.writer == b->stamp.writer && a->stamp.generation == b->stamp.generation &&
		b->stamp.offset_bytes - a->stamp.offset_bytes == b->offset_bytes - a->offset_bytes);
}

void pp_judge_broken(struct pp_judge *j, const struct pp_broken *broken)
{
	struct pp_broken b = *broken;

	b.rule = pp_rule_isolation(j, broken);
	if (!(j->rules & PP_RULE_BIT(b.rule)))
		return;
	if (continues(j, &b)) {
		j->pending.length_bytes = b.offset_bytes + b.length_bytes - j->pending.offset_bytes;
		return;
	}
	pp_judge_flush(j);
	j->pending = b;
}

void pp_judge_op(struct pp_judge *j, enum pp_rule rule, enum pp_class cls, uint32_t event,
		 uint32_t with, const char *fmt, ...)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_broken b = {
		.rule = rule,
		.cls = cls,
		.event = event,
		.space = pp_model_space(j->plan, e),
		.expected = PP_NO_EVENT,
		.found = with,
		.sync = PP_NO_EVENT,
	};
	va_list ap;

	/* The range is the plan's: what a failed operation was asked to touch. */
	if (pp_verbs[e->verb].kind != PP_KIND_LEDGER) {
		const struct pp_op *op = pp_plan_op(j->plan, e->op);

		b.offset_bytes =
			op && pp_verbs[e->verb].ranged ? pp_plan_op_offset(j->plan, op) : 0;
		b.length_bytes = op && pp_verbs[e->verb].ranged ? op->length_bytes : 0;
	}
	va_start(ap, fmt);
	vsnprintf(b.text, sizeof(b.text), fmt, ap);
	va_end(ap);
	pp_judge_broken(j, &b);
}
