/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence: what the history shows that was seen to happen. */
#include "core/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/evidence_pages.h"
#include "core/evidence_parts.h"
#include "core/hole_fault.h"
#include "core/page_track.h"

/* clang-format off */
const struct pp_evidence_def pp_evidence_defs[PP_EV_COUNT] = {
	[PP_EV_DEVICE_WRITES_SEEN] = { "device-writes-seen", "device writes that an observer found" },
	[PP_EV_STORES_SEEN]        = { "stores-seen", "CPU writes that a device observer found" },
	[PP_EV_SYNCS]              = { "syncs", "syncs that succeeded" },
	[PP_EV_SYNCS_ANSWERED]     = { "syncs-answered", "syncs that were answered" },
	[PP_EV_DURABLE_ADVANCES]   = { "durable-advances", "durable observations newer than the one before" },
	[PP_EV_DURABLE_READS]      = { "durable-reads", "durable observations that returned data" },
	[PP_EV_PIN_READS]          = { "pin-reads", "observations through a pin" },
	[PP_EV_REGISTRATIONS]      = { "registrations", "registrations answered" },
	[PP_EV_REFUSALS]           = { "refusals", "registrations refused" },
	[PP_EV_PINS_SEEN]          = { "pins-seen", "most pins that the kernel counted at a quiet point" },
	[PP_EV_PACKETS]            = { "packets", "packets that the fabric counted" },
	[PP_EV_QUIETS]             = { "quiets", "quiet points reached" },
	[PP_EV_CELLS_CHECKED]      = { "cells-checked", "cells observed" },
	[PP_EV_WINDOWS_PROVEN]     = { "windows-proven", "windows that were seen open" },
	[PP_EV_WRITES_IN_WINDOW]   = { "writes-in-window", "device writes inside a proven window" },
	[PP_EV_WAITS_PROVEN]       = { "waits-proven", "operations that were seen waiting in the kernel" },
	[PP_EV_HUGE_PROVEN]        = { "huge-proven", "ranges that were seen mapped by huge pages" },
	[PP_EV_HAZARDS_DONE]       = { "hazards-done", "hazards that succeeded" },
	[PP_EV_FSCK_CLEAN]         = { "fsck-clean", "filesystem checks that found nothing" },
	[PP_EV_BYSTANDER_READS]    = { "bystander-reads", "observations of bystanders" },
	[PP_EV_HOLDS]              = { "holds", "page references taken and held" },
	[PP_EV_STORM_OPS]          = { "storm-ops", "operations of a storm that ended" },
	[PP_EV_PAGES_LOOKED]       = { "pages-looked", "pages whose frames were seen" },
	[PP_EV_PAGES_KEPT]         = { "pages-kept", "held pages found in the frame of before" },
	[PP_EV_FRAMES_HELD]        = { "frames-held", "held frames found to be what they were" },
	[PP_EV_PAGES_COPIED]       = { "pages-copied", "pinned pages of which a child has a copy" },
	[PP_EV_PAGES_SOILED]       = { "pages-soiled", "pages found dirty after a device wrote them" },
	[PP_EV_PINS_COUNTED]       = { "pins-counted", "quiet points at which the pin counters were judged" },
	[PP_EV_OBJECTS_COUNTED]    = { "objects-counted", "quiet points at which the device's objects were judged" },
	[PP_EV_POOLS_COUNTED]      = { "pools-counted", "quiet points at which pools of huge pages were judged" },
	[PP_EV_HAZARDS_REFUSED]    = { "hazards-refused", "hazards that were refused as they should be" },
	[PP_EV_ACCESS_FAULTS]      = { "access-faults", "loads and stores that faulted as they should" },
	[PP_EV_PAGES_KEPT_DIRTY] = { "pages-kept-dirty", "looks at pinned pages that were soft-dirty" },
	[PP_EV_FRAMES_REPLACED]    = { "frames-replaced", "pages that had another frame at the next mark" },
	[PP_EV_FRAMES_SHARED]      = { "frames-shared", "looks at pages that a child shares" },
	[PP_EV_FRAMES_MOVED]       = { "frames-moved", "looks at other pages that had moved" },
	[PP_EV_PAGES_GONE]         = { "pages-gone", "looks at other pages that had gone" },
	[PP_EV_PAGES_SWAPPED]      = { "pages-swapped", "looks at other pages that were swapped out" },
	[PP_EV_PAGES_MERGED]       = { "pages-merged", "looks at other pages that ksmd had merged" },
	[PP_EV_PAGES_HUGE]         = { "pages-huge", "looks at other pages that were huge" },
	[PP_EV_PAGES_CLEAN]        = { "pages-clean", "looks at other pages that were not soft-dirty" },
	[PP_EV_FRAMES_BAD]         = { "frames-bad", "looks at frames that are declared bad" },
	[PP_EV_FAULTS_MET]         = { "faults-met", "file writes that began while a write fault filled a hole of their page" },
	[PP_EV_SAME_MEMORY]        = { "same-memory-reads", "reads of a DAX file: of the mapped memory itself, no witnesses of their own" },
};
/* clang-format on */

#define WRITE_SEEN        1u /* by any observer */
#define WRITE_SEEN_BY_PIN 2u

/* What durable observations showed of a space, cell by cell. */
struct durable {
	uint32_t *age; /* of each cell: 0 never observed, 1 zeros, else 2 + event of the write */
	size_t n_cells;
};

struct window;

struct counting {
	const struct pp_plan *plan;
	const struct pp_history *h;
	struct pp_model model;
	struct pp_parts parts;
	uint8_t *seen;           /* of each event: WRITE_SEEN* */
	struct durable *durable; /* of each region */
	uint64_t *count;
	uint32_t op;                  /* of the observation event before: several may share one */
	uint32_t advanced_op;         /* last one that counted as an advance */
	uint32_t hazard_op, storm_op; /* last of these: an observation has several events */
	uint32_t refused_op;
	uint64_t asked; /* bits of kinds whose operations have to be looked up */
	struct pp_frames_seen *frames;
	struct window *windows; /* in order of begin */
	size_t n_windows;
};

/* From the moment at which an await saw a window open to the moment at which it may have closed. */
struct window {
	uint64_t from_ns, until_ns;
	uint64_t max_until_ns; /* latest up to this one */
	uint16_t space;        /* PP_NO_INDEX: any */
};

/* Does success of the verb show that a window is open? */
static bool proves(unsigned verb)
{
	return verb == PP_VERB_AWAIT_BIOS || verb == PP_VERB_AWAIT_WRITEBACK ||
	       verb == PP_VERB_AWAIT_ASLEEP;
}

/* The write whose stamp the event found, PP_NO_EVENT if none. */
static uint32_t found_write(const struct counting *c, const struct pp_event *e, uint16_t space)
{
	struct pp_place p;

	if (e->seen != PP_SEEN_STAMP || !pp_model_place(&c->model, space, e->offset_bytes, &p))
		return PP_NO_EVENT;
	return pp_model_find(&c->model, &p, e->writer, e->gen);
}

static void count_durable(struct counting *c, const struct pp_event *e, uint16_t space,
			  uint32_t write)
{
	struct durable *d = &c->durable[space];
	uint32_t age = write == PP_NO_EVENT ? 1 : write + 2;
	size_t first = e->offset_bytes / PP_CELL_BYTES;
	bool newer = false;

	if (!d->age) {
		d->n_cells = c->model.spaces[space].n_pages * PP_CELLS_PER_PAGE;
		d->age = calloc(d->n_cells + 1, sizeof(*d->age));
		if (!d->age)
			return;
	}
	for (size_t i = first; i < first + e->length_bytes / PP_CELL_BYTES && i < d->n_cells; i++) {
		newer |= d->age[i] && age > d->age[i];
		d->age[i] = age;
	}
	if (newer && c->advanced_op != e->op) {
		c->count[PP_EV_DURABLE_ADVANCES]++;
		c->advanced_op = e->op;
	}
}

/* On DAX whoever reads the file or its disk reads the memory that is mapped, and can see nothing
 * else: that it agrees with the mapping shows less than elsewhere. */
static bool same_memory(const struct counting *c, const struct pp_event *e, uint16_t space)
{
	return pp_verbs[e->verb].file && e->verb != PP_VERB_PEER_LOAD &&
	       pp_backings[c->plan->regions[space].backing].dax;
}

static void count_observation(struct counting *c, const struct pp_event *e)
{
	const uint8_t by = WRITE_SEEN | (pp_verbs[e->verb].pin ? WRITE_SEEN_BY_PIN : 0);
	uint16_t space = pp_model_space(c->plan, e);
	uint32_t write;
	bool first = c->op != e->op;

	if (e->seen == PP_SEEN_FAULT || !e->length_bytes || space == PP_NO_INDEX)
		return;
	c->op = e->op;
	c->count[PP_EV_CELLS_CHECKED] += e->length_bytes / PP_CELL_BYTES;
	c->count[PP_EV_BYSTANDER_READS] += first && c->plan->regions[space].bystander;
	c->count[PP_EV_DURABLE_READS] += first && pp_verbs[e->verb].durable;
	c->count[PP_EV_PIN_READS] += first && pp_verbs[e->verb].pin;
	c->count[PP_EV_SAME_MEMORY] += first && same_memory(c, e, space);
	write = found_write(c, e, space);
	if (write != PP_NO_EVENT)
		c->seen[write] |= by;
	if (e->seen == PP_SEEN_OTHER)
		pp_parts_found(&c->parts, c->h, e, space, c->seen, by);
	if (pp_verbs[e->verb].durable && (write != PP_NO_EVENT || e->seen == PP_SEEN_ZERO))
		count_durable(c, e, space, write);
}

/* What a quiet point tells of an account beside pins, VmPin and packets. */
static void count_account(struct counting *c, const struct pp_event *e)
{
	enum pp_account account = pp_event_account(e);
	bool known = (int64_t)e->offset_bytes != PP_ACCOUNT_UNKNOWN;

	c->count[PP_EV_OBJECTS_COUNTED] += known && account == PP_ACCOUNT_MRS;
	c->count[PP_EV_POOLS_COUNTED] += known && account == PP_ACCOUNT_HUGE_SPARE;
}

static void count_quiet(struct counting *c, const struct pp_event *e, struct pp_evidence *out)
{
	struct pp_quiet q;
	int64_t pins;

	if (pp_event_account(e) != PP_ACCOUNT_COUNT) {
		count_account(c, e);
		return;
	}
	pp_event_quiet_get(e, &q);
	/* Where the counters cannot be read the kernel's VmPin is what is left. */
	pins = q.pins == INT64_MIN ? q.vmpin_pages : q.pins;
	c->count[PP_EV_QUIETS]++;
	c->count[PP_EV_PINS_COUNTED] += q.pins != INT64_MIN;
	out->blind_quiets += q.pins == INT64_MIN;
	c->count[PP_EV_PACKETS] = q.packets;
	if (pins > 0 && (uint64_t)pins > c->count[PP_EV_PINS_SEEN])
		c->count[PP_EV_PINS_SEEN] = (uint64_t)pins;
}

/* Failed just as the plan says? What it did is to refuse, and that is what was wanted. */
static void count_refusal(struct counting *c, const struct pp_event *e, const struct pp_op *op)
{
	bool fault = e->result == -EFAULT || (!e->result && e->seen == PP_SEEN_FAULT);

	if (!op || op->expect != PP_EXPECT_ERRNO || c->refused_op == e->op)
		return;
	if ((e->verb == PP_VERB_LOAD || e->verb == PP_VERB_STORE) && fault &&
	    op->expect_errno == EFAULT)
		c->count[PP_EV_ACCESS_FAULTS]++;
	else if (op->hazard && e->result == -op->expect_errno)
		c->count[PP_EV_HAZARDS_REFUSED]++;
	else
		return;
	c->refused_op = e->op;
}

static void count_event(struct counting *c, const struct pp_event *e, struct pp_evidence *out)
{
	const struct pp_op *op =
		c->asked & 1ull << pp_verbs[e->verb].kind ? pp_plan_op(c->plan, e->op) : NULL;

	c->count[PP_EV_HAZARDS_DONE] += op && op->hazard && !e->result && c->hazard_op != e->op;
	if (op && op->hazard)
		c->hazard_op = e->op;
	count_refusal(c, e, op);
	if (e->op >= PP_STORM_FIRST && e->op < PP_STORM_END && c->storm_op != e->op) {
		c->count[PP_EV_STORM_OPS]++;
		c->storm_op = e->op;
	}
	switch (pp_verbs[e->verb].kind) {
	case PP_KIND_PIN:
		c->count[PP_EV_REGISTRATIONS]++;
		c->count[PP_EV_REFUSALS] += e->result < 0;
		if (e->result < 0 && op &&
		    (op->expect == PP_EXPECT_ERA || op->expect == PP_EXPECT_POLICY))
			out->refused = true;
		break;
	case PP_KIND_OBSERVE:
		if (!e->result)
			count_observation(c, e);
		break;
	case PP_KIND_SYNC:
		/* MS_ASYNC promises nothing, so that it succeeded shows nothing. */
		c->count[PP_EV_SYNCS_ANSWERED]++;
		c->count[PP_EV_SYNCS] += !e->result && e->verb != PP_VERB_MSYNC_ASYNC;
		break;
	case PP_KIND_LEDGER:
		if (!e->result)
			count_quiet(c, e, out);
		break;
	case PP_KIND_HOLD:
		c->count[PP_EV_HOLDS] += !e->result;
		break;
	case PP_KIND_WINDOW:
		if (!e->result && proves(e->verb)) {
			c->count[PP_EV_WINDOWS_PROVEN]++;
			c->count[PP_EV_WAITS_PROVEN] += e->verb == PP_VERB_AWAIT_ASLEEP;
		}
		c->count[PP_EV_HUGE_PROVEN] += !e->result && e->verb == PP_VERB_AWAIT_HUGE;
		break;
	case PP_KIND_CHECK:
		c->count[PP_EV_FSCK_CLEAN] += !e->result;
		break;
	case PP_KIND_SETUP:
	case PP_KIND_UNPIN:
	case PP_KIND_HAZARD:
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
	case PP_KIND_DETACH:
		break;
	case PP_KIND_LOOK:
		if (!e->result)
			pp_frames_seen_count(c->frames, e, c->count);
		break;
	}
}

/* A page that several hold counts once for each. */
static void count_page(void *arg, const struct pp_page_note *note)
{
	static const enum pp_evidence_id counters[] = {
		[PP_PAGE_LOOKED] = PP_EV_PAGES_LOOKED, [PP_PAGE_KEPT] = PP_EV_PAGES_KEPT,
		[PP_PAGE_HELD] = PP_EV_FRAMES_HELD,    [PP_PAGE_COPIED] = PP_EV_PAGES_COPIED,
		[PP_PAGE_SOILED] = PP_EV_PAGES_SOILED,
	};
	struct counting *c = arg;

	/* The other facts break a rule: they count as nothing. */
	if (note->fact < PP_ARRAY_LEN(counters) && counters[note->fact])
		c->count[counters[note->fact]]++;
}

static void count_pages(struct counting *c)
{
	struct pp_page_track *t = c->model.looks ? pp_page_track_new(&c->model) : NULL;

	for (uint32_t i = 0; t && i < c->h->n_events; i++)
		if (!pp_page_track_event(t, i, count_page, c))
			break;
	pp_page_track_free(t);
}

/* End of the operation @id that await @event found asleep: it may have begun after the await. */
static uint64_t end_of_op(const struct pp_history *h, uint32_t id, size_t event)
{
	size_t at = event;

	while (at < h->n_events && h->events[at].begin_ns < h->events[event].end_ns)
		at++;
	while (at-- > 0)
		if (h->events[at].op == id)
			return h->events[at].end_ns;
	return 0;
}

static int cmp_window(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* One walk from the end, so that the next gate-open is known: @open of each gate, last of any. */
static void walk_windows(struct counting *c, uint64_t *open)
{
	for (size_t i = c->h->n_events; i-- > 0;) {
		const struct pp_event *e = &c->h->events[i];
		const struct pp_op *op;
		struct window w = { .from_ns = e->end_ns, .space = PP_NO_INDEX };

		if (pp_verbs[e->verb].kind != PP_KIND_WINDOW || e->result ||
		    (e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN)))
			continue;
		if (e->verb == PP_VERB_GATE_OPEN)
			open[e->object] = open[c->plan->n_gates] = e->begin_ns;
		if (!proves(e->verb))
			continue;
		op = pp_plan_op(c->plan, e->op);
		if (e->verb == PP_VERB_AWAIT_BIOS)
			w.until_ns = open[e->object];
		else if (e->verb == PP_VERB_AWAIT_WRITEBACK)
			w.until_ns = open[c->plan->n_gates];
		else
			w.until_ns = op ? end_of_op(c->h, op->of, i) : 0;
		if (e->verb == PP_VERB_AWAIT_WRITEBACK)
			w.space = pp_model_space(c->plan, e);
		if (w.until_ns > w.from_ns)
			c->windows[c->n_windows++] = w;
	}
}

static bool find_windows(struct counting *c)
{
	uint64_t *open = malloc((c->plan->n_gates + 1) * sizeof(*open));
	size_t n = 0;

	for (size_t i = 0; i < c->h->n_events; i++)
		n += proves(c->h->events[i].verb);
	c->windows = calloc(n + 1, sizeof(*c->windows));
	if (!open || !c->windows) {
		free(open);
		return false;
	}
	for (size_t i = 0; i <= c->plan->n_gates; i++)
		open[i] = UINT64_MAX;
	walk_windows(c, open);
	qsort(c->windows, c->n_windows, sizeof(*c->windows), cmp_window);
	for (size_t i = 0; i < c->n_windows; i++) {
		uint64_t max = i ? c->windows[i - 1].max_until_ns : 0;

		c->windows[i].max_until_ns =
			c->windows[i].until_ns > max ? c->windows[i].until_ns : max;
	}
	free(open);
	return true;
}

static bool in_window(const struct counting *c, const struct pp_event *e)
{
	size_t low = 0, high = c->n_windows;
	uint16_t space = pp_model_space(c->plan, e);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->windows[mid].from_ns < e->end_ns)
			low = mid + 1;
		else
			high = mid;
	}
	while (low-- > 0 && c->windows[low].max_until_ns > e->begin_ns)
		if (c->windows[low].until_ns > e->begin_ns &&
		    (c->windows[low].space == PP_NO_INDEX || c->windows[low].space == space))
			return true;
	return false;
}

static void count_writes(struct counting *c)
{
	for (size_t i = 0; i < c->h->n_events; i++) {
		const struct pp_event *e = &c->h->events[i];
		enum pp_kind kind = pp_verbs[e->verb].kind;

		if (kind == PP_KIND_DEVICE_WRITE && !e->result &&
		    !(e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN)))
			c->count[PP_EV_WRITES_IN_WINDOW] += in_window(c, e);
		if (kind == PP_KIND_DEVICE_WRITE)
			c->count[PP_EV_DEVICE_WRITES_SEEN] += (c->seen[i] & WRITE_SEEN) != 0;
		if (kind == PP_KIND_WRITE)
			c->count[PP_EV_STORES_SEEN] += (c->seen[i] & WRITE_SEEN_BY_PIN) != 0;
	}
}

static void count_faults(struct counting *c)
{
	struct pp_hole_faults *f;

	if (!pp_hole_faults_new(c->plan, c->h, &f) && f)
		for (uint32_t i = 0; i < c->h->n_events; i++) {
			if (c->h->events[i].flags & PP_EVENT_SKIPPED)
				continue;
			c->count[PP_EV_FAULTS_MET] += pp_hole_faults_met(f, i);
			pp_hole_faults_take(f, i);
		}
	pp_hole_faults_free(f);
}

void pp_evidence_count(const struct pp_plan *plan, const struct pp_history *h,
		       const struct pp_progress *progress, struct pp_evidence *out)
{
	struct counting c = { .plan = plan, .h = h, .count = out->count };

	/* Without memory nothing is counted, and what is not seen never makes a PASS. */
	*out = (struct pp_evidence){ 0 };
	c.seen = calloc(h->n_events + 1, sizeof(*c.seen));
	c.durable = calloc(plan->n_regions + 1, sizeof(*c.durable));
	for (size_t i = 0; i < plan->n_ops; i++)
		if (plan->ops[i].hazard || plan->ops[i].expect == PP_EXPECT_ERRNO ||
		    pp_verbs[plan->ops[i].verb].kind == PP_KIND_PIN)
			c.asked |= 1ull << pp_verbs[plan->ops[i].verb].kind;
	c.frames = pp_frames_seen_new(plan, h);
	if (c.seen && c.durable && c.frames && find_windows(&c) &&
	    !pp_parts_build(&c.parts, plan, h) &&
	    !pp_model_build(&c.model, plan, h, progress, NULL)) {
		for (size_t i = 0; i < h->n_events; i++) {
			pp_progress_step(progress, "counted", i, h->n_events);
			if (!(h->events[i].flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN)))
				count_event(&c, &h->events[i], out);
		}
		count_writes(&c);
		count_pages(&c);
		count_faults(&c);
	}
	for (size_t r = 0; c.durable && r < plan->n_regions; r++)
		free(c.durable[r].age);
	pp_model_free(&c.model);
	pp_parts_free(&c.parts);
	pp_frames_seen_free(c.frames);
	free(c.windows);
	free(c.durable);
	free(c.seen);
}

int pp_evidence_find(const char *name)
{
	for (int i = 0; i < PP_EV_COUNT; i++)
		if (!strcmp(pp_evidence_defs[i].name, name))
			return i;
	return -1;
}

int pp_evidence_short(const struct pp_plan *plan, const struct pp_evidence *ev)
{
	for (size_t i = 0; i < plan->n_evidence; i++) {
		const struct pp_need_evidence *need = &plan->evidence[i];
		int id = pp_evidence_find(need->name);

		if (need->when == PP_WHEN_ACCEPTED && ev->refused)
			continue;
		if (need->when == PP_WHEN_REFUSED && !ev->refused)
			continue;
		/* A counter that does not exist is never enough. */
		if (id < 0 || ev->count[id] < need->least)
			return (int)i;
	}
	return -1;
}
