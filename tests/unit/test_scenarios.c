/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every case of every scenario: its name is on the committed list, its plan parses and is the same
 * each time, and a kernel that does all as it should gives it enough evidence, which it does not
 * get without its hazards or without its device writes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/evidence.h"
#include "core/ledger.h"
#include "core/page_run.h"
#include "core/policy.h"
#include "core/storm.h"
#include "run/scenario.h"
#include "run/select.h"
#include "sys/probe.h"
#include "core/page_run.h"
#include "frames.h"
#include "unit.h"

#define LIST "tests/golden/cases.list"

/* Call @fn for each case that this program knows; returns how many there are. */
static size_t each_case(void (*fn)(const struct pp_case *c, void *arg), void *arg)
{
	const struct pp_config all = { .tier = PP_TIER_SOAK, .repeat = 1 };
	struct pp_selection s;
	struct pp_err err = { "" };
	size_t n;

	CU_ASSERT_EQUAL_FATAL(pp_select(&all, &s, &err), 0);
	n = s.count;
	for (size_t i = 0; i < n; i++)
		fn(&s.cases[i], arg);
	pp_selection_free(&s);
	return n;
}

static struct pp_plan *plan_of(const struct pp_case *c, uint64_t seed)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };

	if (pp_scenario_plan(c->scenario, &c->variant, seed, &plan, &err))
		fprintf(stderr, "%s: %s\n", c->name, err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	return plan;
}

/* How many operations each actor of a storm gets to draw: more for a longer one. */
static uint32_t draws_of(const struct pp_plan *plan)
{
	uint32_t n = plan->storm_ms / 20 + 200;

	return plan->storm_ops && plan->storm_ops < n ? plan->storm_ops : n;
}

/* The plan that a storm leaves, as one after the other would have carried it out. */
static struct pp_plan *expanded(struct pp_plan *plan)
{
	uint32_t *counts = calloc(2 * plan->n_actors, sizeof(*counts));
	struct pp_plan *out = NULL;
	struct pp_err err = { "" };
	struct pp_storm storm;
	struct pp_op op;

	CU_ASSERT_PTR_NOT_NULL_FATAL(counts);
	for (size_t a = 0; a < plan->n_actors; a++) {
		if (!pp_storm_start(&storm, plan, (uint16_t)a))
			continue;
		while (counts[a] < draws_of(plan) && pp_storm_next(&storm, &op))
			counts[a]++;
		while (pp_storm_last(&storm, &op))
			counts[plan->n_actors + a]++;
	}
	CU_ASSERT_EQUAL(pp_storm_expand(plan, counts, counts + plan->n_actors, &out, &err), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	free(counts);
	pp_plan_free(plan);
	return out;
}

/* ---- names ---- */

static void say_name(const struct pp_case *c, void *arg)
{
	fprintf(arg, "%s %s\n", c->name, pp_tier_names[c->variant.tier]);
}

/* Reports, known-defect rows and people's scripts know cases by name: a change is one on purpose.
 */
static void names_are_as_listed(void)
{
	char *want = pp_unit_read(LIST, NULL), *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	each_case(say_name, f);
	fclose(f);
	if (strcmp(got, want))
		fprintf(stderr, LIST " lists other cases%s\n%s",
			getenv("PP_CASES_TEXT") ? ":" : "; PP_CASES_TEXT=1 shows the new list",
			getenv("PP_CASES_TEXT") ? got : "");
	PP_ASSERT_STR(got, want);
	free(got);
	free(want);
}

static void count_same(const struct pp_case *c, void *arg)
{
	const char *line = arg;
	char words[PP_CASE_MAX + 16];
	size_t n = 0;

	snprintf(words, sizeof(words), "\n%s ", c->name);
	for (const char *at = line; (at = strstr(at, words)); at++)
		n++;
	CU_ASSERT_EQUAL(n, 1);
}

static void names_are_unique(void)
{
	char *list = pp_unit_read(LIST, NULL), *all = NULL;

	CU_ASSERT_FATAL(asprintf(&all, "\n%s", list) > 0);
	CU_ASSERT(each_case(count_same, all) > 100);
	free(all);
	free(list);
}

/* ---- plans ---- */

static bool known_probe(const char *name)
{
	for (size_t i = 0; i < pp_n_probes; i++)
		if (!strcmp(pp_probes[i].name, name))
			return true;
	return false;
}

static void check_plan(const struct pp_case *c, void *arg)
{
	struct pp_plan *plan = plan_of(c, 7), *again = plan_of(c, 7);
	char *text = pp_plan_print(plan), *same = pp_plan_print(again);
	bool hazard = false, device_write = false;

	(void)arg;
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(same);
	PP_ASSERT_STR(text, same);
	PP_ASSERT_STR(plan->case_name, c->name);
	PP_ASSERT_STR(plan->backing, c->variant.backing);
	PP_ASSERT_STR(plan->pinner, c->variant.pinner);
	CU_ASSERT_EQUAL(plan->seed, 7);
	CU_ASSERT(plan->n_evidence > 0);
	CU_ASSERT(plan->rules & PP_RULE_BIT(PP_O10_QUIET_KERNEL));
	for (size_t i = 0; i < plan->n_evidence; i++)
		CU_ASSERT(pp_evidence_find(plan->evidence[i].name) >= 0);
	for (size_t i = 0; i < plan->n_needs; i++) {
		if (!known_probe(plan->needs[i]))
			fprintf(stderr, "%s: no probe is called %s\n", c->name, plan->needs[i]);
		CU_ASSERT(known_probe(plan->needs[i]));
	}
	for (size_t i = 0; i < plan->n_ops; i++) {
		hazard |= plan->ops[i].hazard;
		device_write |= pp_verbs[plan->ops[i].verb].kind == PP_KIND_DEVICE_WRITE;
	}
	for (size_t i = 0; i < plan->n_mixes; i++) {
		hazard |= plan->mixes[i].op.hazard;
		device_write |= pp_verbs[plan->mixes[i].op.verb].kind == PP_KIND_DEVICE_WRITE;
	}
	CU_ASSERT(hazard);
	CU_ASSERT(device_write);
	free(same);
	free(text);
	pp_plan_free(again);
	pp_plan_free(plan);
}

static void plans_are_sound(void)
{
	CU_ASSERT(each_case(check_plan, NULL) > 100);
}

/* ---- what a kernel without faults would give ---- */

enum drop { DROP_NOTHING, DROP_HAZARDS, DROP_DEVICE_WRITES, DROP_COUNT };

static const char *const drop_words[DROP_COUNT] = { "all", "no hazards", "no device writes" };

struct cell {
	uint16_t writer;
	uint32_t gen; /* 0: never written */
};

struct world {
	const struct pp_plan *plan;
	enum pp_era era;
	enum drop drop;
	struct cell **cells; /* of each region's space */
	bool *registered;    /* of each MR */
	struct pp_ledger *ledger;
	uint32_t packets;
	struct frames *frames;
	struct pp_history h;
	size_t cap, cap_cells;
};

static void record(struct world *w, const struct pp_event *e)
{
	if (w->h.n_events == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 256;
		w->h.events = realloc(w->h.events, w->cap * sizeof(*e));
		CU_ASSERT_PTR_NOT_NULL_FATAL(w->h.events);
	}
	w->h.events[w->h.n_events++] = *e;
}

static uint16_t space_of(const struct world *w, const struct pp_op *op)
{
	uint16_t region = pp_plan_op_region(w->plan, op);

	return pp_verbs[op->verb].file ? w->plan->regions[region].file_space
				       : w->plan->regions[region].space;
}

static void write_cells(struct world *w, const struct pp_op *op, const struct pp_event *e)
{
	struct cell *cells = w->cells[space_of(w, op)];

	for (uint64_t at = e->offset_bytes; at < e->offset_bytes + e->length_bytes;
	     at += PP_CELL_BYTES)
		cells[at / PP_CELL_BYTES] = (struct cell){ e->writer, e->gen };
	record(w, e);
}

/* One event for each run of neighbours that show the same. */
static void see_cells(struct world *w, const struct pp_op *op, const struct pp_event *e)
{
	const struct cell *cells = w->cells[space_of(w, op)] + e->offset_bytes / PP_CELL_BYTES;
	size_t n = e->length_bytes / PP_CELL_BYTES;

	for (size_t i = 0, to; i < n; i = to) {
		struct pp_event run = *e;

		for (to = i + 1; to < n && cells[to].gen == cells[i].gen; to++)
			;
		run.offset_bytes += i * PP_CELL_BYTES;
		run.length_bytes = (uint32_t)((to - i) * PP_CELL_BYTES);
		run.seen = cells[i].gen ? PP_SEEN_STAMP : PP_SEEN_ZERO;
		run.writer = cells[i].writer;
		run.gen = cells[i].gen;
		record(w, &run);
	}
}

/* One event a page: whether neighbours share one makes no difference to who counts. */
static void look_at_pages(struct world *w, const struct pp_op *op, const struct pp_event *whole)
{
	struct pp_event e = *whole;

	for (uint64_t at = 0; at < whole->length_bytes; at += PP_PAGE_LOOK_BYTES) {
		if (w->h.n_cells == w->cap_cells) {
			w->cap_cells = w->cap_cells ? 2 * w->cap_cells : 256;
			w->h.cells = realloc(w->h.cells, w->cap_cells * PP_CELL_BYTES);
			CU_ASSERT_PTR_NOT_NULL_FATAL(w->h.cells);
		}
		e.offset_bytes = whole->offset_bytes + at;
		e.length_bytes = PP_PAGE_LOOK_BYTES;
		e.seen = PP_SEEN_OTHER;
		if (!frames_look(w->frames, op, e.offset_bytes / PP_PAGE_LOOK_BYTES,
				 w->h.cells[w->h.n_cells])) {
			e.seen = PP_SEEN_FAULT;
			e.result = -ECHILD;
		}
		e.gen = (uint32_t)w->h.n_cells++;
		record(w, &e);
	}
}

static void answer_registration(struct world *w, const struct pp_op *op, struct pp_event *e)
{
	const struct pp_mr_def *mr = &w->plan->mrs[op->object];
	int errnum = op->expect == PP_EXPECT_OK
			     ? 0
			     : pp_policy_expect_mr(&w->plan->regions[mr->region], mr, w->era);

	if (errnum > 0) {
		e->result = -errnum;
	} else {
		w->registered[op->object] = true;
	}
}

static bool left_out(const struct world *w, const struct pp_op *op)
{
	const struct pp_verb_info *verb = &pp_verbs[op->verb];

	if ((w->drop == DROP_HAZARDS && op->hazard) ||
	    (w->drop == DROP_DEVICE_WRITES && verb->kind == PP_KIND_DEVICE_WRITE))
		return true;
	return verb->target == PP_TARGET_MR && verb->kind != PP_KIND_PIN &&
	       !w->registered[op->object];
}

/* One quiet point: an event, and one for each account that the plan explains. */
static void record_quiet(struct world *w, struct pp_event *e)
{
	struct pp_quiet quiet = { pp_ledger_value(w->ledger, PP_ACCOUNT_PINS),
				  (int32_t)pp_ledger_value(w->ledger, PP_ACCOUNT_VMPIN),
				  w->packets };

	pp_event_quiet_put(e, &quiet);
	record(w, e);
	for (int a = PP_ACCOUNT_FIRST_ALONE; a < PP_ACCOUNT_COUNT; a++) {
		if (pp_accounts[a].unjudged)
			continue;
		pp_event_account_put(e, (enum pp_account)a, pp_ledger_value(w->ledger, a));
		record(w, e);
	}
}

static void carry_out(struct world *w, const struct pp_op *op, struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[op->verb];

	w->packets += verb->target == PP_TARGET_MR;
	/* What the plan wants refused is, and changes nothing. */
	if (op->expect == PP_EXPECT_ERRNO) {
		e->result = -op->expect_errno;
		e->seen = PP_SEEN_FAULT;
		pp_ledger_apply(w->ledger, e);
		record(w, e);
		return;
	}
	frames_op(w->frames, op);
	switch (verb->kind) {
	case PP_KIND_LOOK:
		look_at_pages(w, op, e);
		return;
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
		e->writer = op->actor;
		e->gen = op->gen;
		write_cells(w, op, e);
		return;
	case PP_KIND_OBSERVE:
		see_cells(w, op, e);
		return;
	case PP_KIND_PIN:
		answer_registration(w, op, e);
		break;
	case PP_KIND_UNPIN:
		w->registered[op->object] = false;
		break;
	case PP_KIND_LEDGER:
		record_quiet(w, e);
		return;
	default:
		break;
	}
	pp_ledger_apply(w->ledger, e);
	record(w, e);
}

/* A file that is mapped many times has long faults: up to where somebody waits for the operation.
 */
static uint64_t end_of_fault(const struct world *w, size_t i)
{
	const struct pp_op *op = &w->plan->ops[i];

	for (size_t k = i + 1; k < w->plan->n_ops; k++) {
		const struct pp_op *other = &w->plan->ops[k];

		if (other->actor == op->actor)
			return 10 * k;
		for (uint32_t a = 0; a < other->after_count; a++)
			if (w->plan->after[other->after_first + a] == op->id)
				return 10 * k;
	}
	return 10 * i + 9;
}

/* What goes through a gate that is held ends when the gate is opened. */
static uint64_t end_of(const struct world *w, size_t i)
{
	const struct pp_op *op = &w->plan->ops[i];
	const struct pp_verb_info *verb = &pp_verbs[op->verb];
	uint16_t gate = op->via[0] ? pp_plan_gate(w->plan, op->via) : PP_NO_INDEX;
	bool held = false;

	if ((verb->kind == PP_KIND_WRITE || verb->kind == PP_KIND_DEVICE_WRITE) && !verb->file &&
	    w->plan->regions[pp_plan_op_region(w->plan, op)].times > 1)
		return end_of_fault(w, i);
	for (size_t k = 0; gate != PP_NO_INDEX && k < w->plan->n_ops; k++) {
		const struct pp_op *other = &w->plan->ops[k];

		if (other->object != gate)
			continue;
		if (k < i && other->verb == PP_VERB_GATE_HOLD)
			held = true;
		else if (k < i && other->verb == PP_VERB_GATE_OPEN)
			held = false;
		else if (k > i && held && other->verb == PP_VERB_GATE_OPEN)
			return 10 * k + 5;
	}
	return 10 * i + 9;
}

static void live(struct world *w)
{
	for (size_t i = 0; i < w->plan->n_ops; i++) {
		const struct pp_op *op = &w->plan->ops[i];
		const struct pp_verb_info *verb = &pp_verbs[op->verb];
		struct pp_event e = {
			.begin_ns = 10 * i + 1,
			.end_ns = end_of(w, i),
			.op = op->id,
			.verb = (uint8_t)op->verb,
			.actor = (uint8_t)op->actor,
			.object = op->object,
		};

		if (verb->target == PP_TARGET_MR && verb->kind != PP_KIND_PIN &&
		    verb->kind != PP_KIND_UNPIN)
			e.object = pp_plan_op_region(w->plan, op);
		if (verb->ranged) {
			e.offset_bytes = pp_plan_op_offset(w->plan, op);
			e.length_bytes = (uint32_t)op->length_bytes;
		}
		if (!left_out(w, op)) {
			carry_out(w, op, &e);
			continue;
		}
		e.flags = PP_EVENT_SKIPPED;
		record(w, &e);
	}
}

/* Index of the first evidence that is missing in such a world, -1 if there is enough. */
static int missing(const struct pp_plan *plan, enum pp_era era, enum drop drop)
{
	struct world w = { .plan = plan, .era = era, .drop = drop, .h.run = 1 };
	struct pp_evidence ev;
	int need;

	w.cells = calloc(plan->n_regions + 1, sizeof(struct cell *));
	w.registered = calloc(plan->n_mrs + 1, sizeof(bool));
	w.ledger = pp_ledger_new(plan, era);
	CU_ASSERT_FATAL(w.cells && w.registered && w.ledger);
	for (size_t r = 0; r < plan->n_regions; r++) {
		w.cells[r] =
			calloc(plan->regions[r].size_bytes / PP_CELL_BYTES, sizeof(struct cell));
		CU_ASSERT_PTR_NOT_NULL_FATAL(w.cells[r]);
	}
	w.frames = frames_new(plan);
	live(&w);
	frames_free(w.frames);
	pp_evidence_count(plan, &w.h, NULL, &ev);
	need = pp_evidence_short(plan, &ev);
	for (size_t r = 0; r < plan->n_regions; r++)
		free(w.cells[r]);
	free(w.cells);
	free(w.registered);
	pp_ledger_free(w.ledger);
	free(w.h.events);
	free(w.h.cells);
	return need;
}

static void check_world(const struct pp_case *c, const struct pp_plan *plan, enum pp_era era)
{
	for (int drop = 0; drop < DROP_COUNT; drop++) {
		int need = missing(plan, era, (enum drop)drop);

		if ((need < 0) != (drop == DROP_NOTHING))
			fprintf(stderr, "%s, era %s, %s: %s\n", c->name, pp_era_names[era],
				drop_words[drop],
				need < 0 ? "enough evidence" : plan->evidence[need].name);
		CU_ASSERT_EQUAL(need < 0, drop == DROP_NOTHING);
	}
}

static void check_evidence(const struct pp_case *c, void *arg)
{
	static const uint64_t seeds[] = { 0, 7, UINT64_MAX };

	(void)arg;
	for (size_t i = 0; i < PP_ARRAY_LEN(seeds); i++) {
		struct pp_plan *plan = plan_of(c, seeds[i]);

		if (pp_plan_has_storm(plan))
			plan = expanded(plan);
		for (int era = 0; era < PP_ERA_COUNT; era++)
			check_world(c, plan, (enum pp_era)era);
		pp_plan_free(plan);
	}
}

static void evidence_needs_the_hazards(void)
{
	CU_ASSERT(each_case(check_evidence, NULL) > 100);
}

static bool needs(const struct pp_plan *plan, const char *fact)
{
	for (size_t i = 0; i < plan->n_needs; i++)
		if (!strcmp(plan->needs[i], fact))
			return true;
	return false;
}

static bool looks_at_pages(const struct pp_plan *plan)
{
	for (size_t i = 0; i < plan->n_ops; i++)
		switch ((int)plan->ops[i].verb) {
		case PP_VERB_PAGE_LOOK:
		case PP_VERB_PAGE_MARK:
		case PP_VERB_CHILD_LOOK:
		case PP_VERB_FRAME_LOOK:
			return true;
		}
	return false;
}

/* Who judges by a witness needs it: where it is blind, the case is SKIP and never PASS. Pins are no
 * need but evidence: without counters there is not enough of it. */
static void check_witnesses(const struct pp_case *c, void *arg)
{
	struct pp_plan *plan = plan_of(c, 7);
	const unsigned by_frames = PP_RULE_BIT(PP_O13_PAGES_STAY) | PP_RULE_BIT(PP_O14_DIRTY);
	const struct {
		bool judged;
		const char *fact;
	} rows[] = {
		{ looks_at_pages(plan) || plan->rules & by_frames, "page-flags" },
		{ plan->rules & PP_RULE_BIT(PP_O10_QUIET_KERNEL), "kmsg" },
		{ plan->n_gates > 0, "dm" },
		{ plan->n_gates > 0, "tracefs" },
	};

	(void)arg;
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		if (rows[i].judged && !needs(plan, rows[i].fact))
			fprintf(stderr, "%s: does not need %s\n", c->name, rows[i].fact);
		CU_ASSERT(!rows[i].judged || needs(plan, rows[i].fact));
	}
	pp_plan_free(plan);
}

static void witnesses_are_needed(void)
{
	CU_ASSERT(each_case(check_witnesses, NULL) > 100);
}

/* What the kernel may lack is a SKIP by that fact, and no failure of the operation. */
static void check_verbs(const struct pp_case *c, void *arg)
{
	struct pp_plan *plan = plan_of(c, 7);

	(void)arg;
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct pp_op *op = &plan->ops[i];
		const char *fact = pp_verbs[op->verb].needs;
		bool told = !fact || op->expect == PP_EXPECT_ANY || needs(plan, fact);

		if (!told)
			fprintf(stderr, "%s: %s needs %s\n", c->name, pp_verbs[op->verb].name,
				fact);
		CU_ASSERT(told);
		CU_ASSERT(!fact || known_probe(fact));
	}
	pp_plan_free(plan);
}

static void what_verbs_need_is_needed(void)
{
	CU_ASSERT(each_case(check_verbs, NULL) > 100);
}

static const struct pp_unit_case cases[] = {
	{ "what a rule is judged by is needed", witnesses_are_needed },
	{ "what a verb needs is needed", what_verbs_need_is_needed },
	{ "case names and tiers are as listed", names_are_as_listed },
	{ "case names are unique", names_are_unique },
	{ "plans parse, repeat, and name what exists", plans_are_sound },
	{ "evidence is met, and not without hazards or device writes", evidence_needs_the_hazards },
};

PP_UNIT_MAIN("scenarios", cases)
