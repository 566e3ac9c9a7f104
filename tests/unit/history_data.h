/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the history share: the example plan, golden texts, round trips, random
 * histories. */
#ifndef PP_TESTS_HISTORY_DATA_H
#define PP_TESTS_HISTORY_DATA_H

#include "unit.h"

#include "core/history.h"
#include "core/page_run.h"
#include "core/prng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR         "tests/golden/histories/"
#define HEADER_SIZE 72u
#define EVENT_SIZE  48u

/* Plans are read once a case; fails the case for good if the golden plan is not one. */
static inline struct pp_plan *example_plan(void)
{
	struct pp_err err = { "" };
	struct pp_plan *plan = NULL;
	size_t len;
	char *text = pp_unit_read(DIR "example.plan", &len);

	if (pp_plan_parse(text, len, &plan, &err))
		fprintf(stderr, "example.plan: %s\n", err.text);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	return plan;
}

/* A copy without a byte to spare, so that the sanitizer sees whoever reads beyond. */
static inline void *exact(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

static inline int parse(const char *text, size_t len, const struct pp_plan *plan,
			struct pp_history *h, struct pp_err *err)
{
	char *copy = exact(text, len);
	int ret = pp_history_parse(copy, len, plan, h, err);

	free(copy);
	return ret;
}

/* A golden text as history; fails the case for good if it is refused. */
static inline struct pp_history golden(const char *path, const struct pp_plan *plan)
{
	struct pp_history h = { 0 };
	struct pp_err err = { "" };
	size_t len;
	char *text = pp_unit_read(path, &len);
	int ret = parse(text, len, plan, &h, &err);

	if (ret)
		fprintf(stderr, "%s: %s\n", path, err.text);
	free(text);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	return h;
}

/* memcmp() must not be given the null pointer of an empty array. */
static inline bool same_bytes(const void *a, const void *b, size_t len)
{
	return !len || !memcmp(a, b, len);
}

static inline bool same(const struct pp_history *a, const struct pp_history *b)
{
	return a->run == b->run && a->plan_crc == b->plan_crc &&
	       a->start_realtime_ns == b->start_realtime_ns && a->n_events == b->n_events &&
	       a->n_cells == b->n_cells &&
	       same_bytes(a->events, b->events, a->n_events * sizeof(*a->events)) &&
	       same_bytes(a->cells, b->cells, a->n_cells * PP_CELL_BYTES);
}

static inline bool binary_round_trip(const struct pp_history *h)
{
	struct pp_history back;
	struct pp_err err = { "" };
	size_t len = 0;
	void *image = pp_history_encode(h, &len);
	bool ok;

	if (!image)
		return false;
	ok = !pp_history_decode(image, len, &back, &err);
	if (!ok)
		fprintf(stderr, "%s\n", err.text);
	free(image);
	if (!ok)
		return false;
	ok = same(h, &back);
	pp_history_free(&back);
	return ok;
}

/* Printing, parsing and printing again gives the same text; @exactly: and the same memory. */
static inline bool text_round_trip(const struct pp_history *h, const struct pp_plan *plan,
				   bool exactly)
{
	struct pp_history back;
	struct pp_err err = { "" };
	char *text = pp_history_print(h, plan), *again;
	bool ok;

	if (!text)
		return false;
	if (parse(text, strlen(text), plan, &back, &err)) {
		fprintf(stderr, "%s\n%s", err.text, text);
		free(text);
		return false;
	}
	again = pp_history_print(&back, plan);
	ok = again && !strcmp(text, again) && (!exactly || same(h, &back));
	if (!ok)
		fprintf(stderr, "%s---\n%s", text, again ? again : "");
	free(text);
	free(again);
	pp_history_free(&back);
	return ok;
}

/* ---- generated histories ---- */

static inline uint32_t below(struct pp_prng *p, uint32_t bound)
{
	return (uint32_t)pp_prng_below(p, bound);
}

static inline void random_sight(struct pp_prng *p, struct pp_history *h, struct pp_event *e)
{
	e->seen = (uint8_t)below(p, PP_SEEN_COUNT);
	if (e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN))
		e->seen = PP_SEEN_FAULT;
	if (e->seen == PP_SEEN_STAMP) {
		e->writer = (uint16_t)below(p, 2);
		e->gen = below(p, UINT32_MAX);
	}
	if (e->seen != PP_SEEN_OTHER)
		return;
	e->gen = below(p, 4) ? (uint32_t)h->n_cells : PP_NO_CELL;
	if (e->gen == PP_NO_CELL)
		return;
	for (size_t i = 0; i < PP_CELL_BYTES; i++)
		h->cells[h->n_cells][i] = (uint8_t)pp_prng_next(p);
	h->n_cells++;
}

static inline void random_look(struct pp_prng *p, struct pp_history *h, struct pp_event *e)
{
	struct pp_page_run run = {
		.frame = below(p, 2) ? pp_prng_next(p) : 0,
		.state = below(p, 1u << PP_PAGE_BITS),
		.count = (uint32_t)pp_prng_next(p),
	};

	e->seen = PP_SEEN_FAULT;
	if (e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN))
		return;
	if (run.frame)
		run.form = below(p, PP_PAGES_FORMS);
	if (run.form == PP_PAGES_LIST)
		run.n_more = (uint8_t)(1 + below(p, PP_PAGE_LIST_MAX - 1));
	for (size_t i = 0; i < run.n_more; i++)
		run.more[i] = (int32_t)below(p, 1000);
	e->seen = PP_SEEN_OTHER;
	e->gen = PP_NO_CELL;
	if (!below(p, 4))
		return;
	e->gen = (uint32_t)h->n_cells;
	pp_page_run_put(h->cells[h->n_cells++], &run);
}

static inline void random_details(struct pp_prng *p, const struct pp_plan *plan,
				  struct pp_history *h, struct pp_event *e)
{
	const struct pp_op *op = pp_plan_op(plan, e->op);
	enum pp_target target = pp_event_target(op->verb);
	uint64_t room;

	e->object = target == PP_TARGET_REGION ? pp_plan_op_region(plan, op) : op->object;
	if (target == PP_TARGET_NONE)
		e->object = PP_NO_INDEX;
	if (target == PP_TARGET_REGION) {
		room = plan->regions[e->object].size_bytes / PP_CELL_BYTES;
		e->offset_bytes = pp_prng_below(p, room) * PP_CELL_BYTES;
		e->length_bytes = below(p, (uint32_t)(room * PP_CELL_BYTES - e->offset_bytes) + 1);
		if (pp_verbs[op->verb].kind == PP_KIND_LOOK) {
			e->offset_bytes -= e->offset_bytes % PP_PAGE_LOOK_BYTES;
			e->length_bytes -= e->length_bytes % PP_PAGE_LOOK_BYTES;
		}
	}
	switch (pp_verbs[op->verb].kind) {
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
		e->writer = e->actor;
		e->gen = 1 + below(p, UINT32_MAX);
		break;
	case PP_KIND_OBSERVE:
		random_sight(p, h, e);
		break;
	case PP_KIND_LOOK:
		random_look(p, h, e);
		break;
	case PP_KIND_LEDGER:
		if (below(p, 2)) {
			pp_event_account_put(
				e,
				PP_ACCOUNT_FIRST_ALONE +
					below(p, PP_ACCOUNT_COUNT - PP_ACCOUNT_FIRST_ALONE),
				below(p, 8) ? (int64_t)pp_prng_next(p) : PP_ACCOUNT_UNKNOWN);
			break;
		}
		pp_event_quiet_put(e,
				   &(struct pp_quiet){ .pins = (int64_t)pp_prng_next(p),
						       .vmpin_pages = (int32_t)below(p, UINT32_MAX),
						       .packets = below(p, UINT32_MAX) });
		break;
	default:
		break;
	}
}

static inline struct pp_history random_history(uint64_t seed, const struct pp_plan *plan, size_t n)
{
	static const uint8_t flags[] = { 0, 0, 0, 1, 2, 4, 3, 5, 6, 7 };
	struct pp_history h = {
		.events = calloc(n + 1, sizeof(*h.events)),
		.cells = calloc(n + 1, PP_CELL_BYTES),
	};
	struct pp_prng p;
	uint64_t now = 0;

	if (!h.events || !h.cells)
		abort();
	pp_prng_seed(&p, seed);
	h.run = pp_prng_next(&p);
	h.start_realtime_ns = pp_prng_next(&p) >> below(&p, 64);
	for (size_t i = 0; i < n; i++) {
		struct pp_event *e = &h.events[h.n_events++];
		const struct pp_op *op = &plan->ops[below(&p, (uint32_t)plan->n_ops)];

		now += below(&p, 3);
		e->begin_ns = now;
		e->flags = flags[below(&p, PP_ARRAY_LEN(flags))];
		e->end_ns = e->flags & PP_EVENT_OPEN ? UINT64_MAX : now + below(&p, 1000000);
		e->op = op->id;
		e->actor = (uint8_t)op->actor;
		e->verb = op->verb;
		e->result = below(&p, 3) ? 0 : -(int32_t)below(&p, 4096);
		random_details(&p, plan, &h, e);
	}
	return h;
}

#endif
