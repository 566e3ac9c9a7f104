/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's model: what became of each write and hazard. One pass in order
 * of begin follows registrations, unmapping and hazards, and gives each event
 * its PP_STATE_*.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

/* An operation that has not ended: a write, an access through an MR, a registration's end. */
struct flight {
	uint32_t event;
	uint16_t region; /* whose pages it reaches */
	bool access;     /* by way of an MR, if its operation says so: see mr_of() */
	uint64_t end_ns;
	struct pp_extent at;
};

/* Whose pages a hazard parts from their MRs. */
enum cut {
	CUT_NONE,
	CUT_FILE,   /* shared pages of a file */
	CUT_COPIES, /* and private copies of them */
	CUT_REGION, /* one region's */
	CUT_FS      /* all of a filesystem's */
};

/* A hazard that has not ended, or that may take effect at any time. */
struct hazard {
	uint32_t event;
	enum cut cut;
	bool self, replace, shift;
	uint16_t object; /* fs of CUT_FS, region of CUT_REGION */
	uint64_t end_ns;
	struct pp_extent at; /* bytes that it touches */
};

struct tracker {
	struct pp_model *m;
	bool *unmapped;          /* of each region */
	bool parts;              /* pages of some MR have been parted */
	bool *held;              /* of each MR: registered */
	uint64_t **parted;       /* of each MR: bit of each page of its region, NULL if none */
	struct pp_file_end *eof; /* of each region */
	struct flight *flights;
	size_t n_flights, cap_flights;
	size_t sweep; /* as many flights are a reason to drop those that have ended */
	struct hazard *hazards;
	size_t n_hazards, cap_hazards;
	const struct pp_op *op; /* last one looked up */
	bool failed;            /* memory ran out */
};

static const struct pp_op *op_of(struct tracker *t, uint32_t id)
{
	if (!t->op || t->op->id != id)
		t->op = pp_plan_op(t->m->plan, id);
	return t->op;
}

static const struct pp_region_def *region_of(const struct tracker *t, uint16_t region)
{
	return region < t->m->plan->n_regions ? &t->m->plan->regions[region] : NULL;
}

/* The MR that an access goes through, PP_NO_INDEX if none. To be asked only where it matters: an
 * operation of its own is looked up for nearly every access. */
static uint16_t mr_of(struct tracker *t, uint32_t event)
{
	const struct pp_op *op = op_of(t, t->m->history->events[event].op);

	return op && pp_verbs[op->verb].target == PP_TARGET_MR && op->object < t->m->plan->n_mrs
		       ? op->object
		       : PP_NO_INDEX;
}

/* Data that goes with the mapping: anonymous memory and private copies. */
static bool volatile_space(const struct pp_region_def *region)
{
	return region->share == PP_PRIVATE || !pp_backings[region->backing].remaps;
}

static uint64_t pages_of(const struct pp_region_def *region)
{
	return (region->size_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;
}

/* Does the hazard part pages of the region from those who hold them? */
static bool cuts(const struct tracker *t, const struct hazard *h, uint16_t r)
{
	const struct pp_region_def *region = region_of(t, r);

	switch (h->cut) {
	case CUT_NONE:
		break;
	case CUT_FILE:
		return region->space == h->at.space;
	case CUT_COPIES:
		return region->space == h->at.space || region->file_space == h->at.space;
	case CUT_REGION:
		return r == h->object;
	case CUT_FS:
		return region->fs == h->object;
	}
	return false;
}

/* An MR on demand follows the mapping: it has no pages to be left with. */
static void part_mr(struct tracker *t, const struct hazard *h, size_t mr)
{
	uint16_t r = t->m->plan->mrs[mr].region;
	uint64_t pages = pages_of(region_of(t, r));
	struct pp_extent x = pp_extent_pages(h->at);

	if (!cuts(t, h, r) || t->m->plan->strict & PP_STRICT_PAGES ||
	    t->m->plan->mrs[mr].access & PP_ACCESS_OD)
		return;
	if (!t->parted[mr])
		t->parted[mr] = calloc(pages / 64 + 1, sizeof(uint64_t));
	if (!t->parted[mr]) {
		t->failed = true;
		return;
	}
	t->parts = true;
	for (uint64_t p = x.from / PP_PAGE_BYTES; p < pages && p < x.to / PP_PAGE_BYTES; p++)
		pp_bit_set(t->parted[mr], p);
}

static bool parted(const struct tracker *t, uint16_t mr, struct pp_extent x)
{
	const uint64_t *bits = t->parted[mr];
	uint64_t pages = pages_of(region_of(t, t->m->plan->mrs[mr].region));

	if (!bits)
		return false;
	x = pp_extent_pages(x);
	for (uint64_t p = x.from / PP_PAGE_BYTES; p < pages && p < x.to / PP_PAGE_BYTES; p++)
		if (pp_bit(bits, p))
			return true;
	return false;
}

static void *room(struct tracker *t, void *items, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return items;
	more = realloc(items, (*cap * 2 + 16) * size);
	if (!more) {
		t->failed = true;
		return NULL;
	}
	*cap = *cap * 2 + 16;
	return more;
}

static void add_swept(struct tracker *t, uint32_t shift, struct pp_extent at)
{
	struct pp_model *m = t->m;
	struct pp_swept *more = room(t, m->swept, m->n_swept, &m->cap_swept, sizeof(*more));

	if (!more)
		return;
	m->swept = more;
	m->swept[m->n_swept++] = (struct pp_swept){ shift, at };
}

/* A hazard and an operation at once. */
static void collide(struct tracker *t, const struct hazard *h, const struct flight *f)
{
	const struct pp_event *e = &t->m->history->events[f->event];
	uint8_t *state = t->m->state;
	struct pp_extent pages = pp_extent_pages(h->at), own = pp_extent_pages(f->at);
	bool writes = pp_model_writes(e), zeros = state[f->event] & PP_STATE_ZEROS;
	bool touches = pp_extents_overlap(&pages, &own);

	pages.space = own.space;
	/* The device may reach a page that has just left: the write is lost, or was not. */
	if (h->cut != CUT_NONE && pp_extents_overlap(&pages, &own) && cuts(t, h, f->region)) {
		if (pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE)
			state[f->event] |= PP_STATE_UNKNOWN;
		if (f->access && mr_of(t, f->event) != PP_NO_INDEX)
			state[f->event] |= PP_STATE_DETACHED;
	}
	/* It may write back what was there before. */
	if (h->self && pp_extents_overlap(&h->at, &f->at) && (writes || zeros))
		state[f->event] |= PP_STATE_WEAK;
	/* Where it lands, and where it is moved to afterwards, cannot be said. */
	if (h->shift && pp_extents_overlap(&h->at, &f->at) && (writes || zeros)) {
		state[f->event] |= PP_STATE_UNKNOWN;
		if (writes)
			add_swept(t, h->event, f->at);
		else
			state[h->event] |= PP_STATE_UNKNOWN;
	}
	/*
	 * Who makes a page dirty meanwhile keeps it in the page cache, with what was read from
	 * the disk before: the page cache may keep either, and write it back later.
	 */
	if (h->replace && touches && pp_verbs[e->verb].kind != PP_KIND_OBSERVE &&
	    pp_verbs[e->verb].effect != PP_EFFECT_REPLACE)
		state[h->event] |= PP_STATE_UNKNOWN;
}

static void add_flight(struct tracker *t, const struct flight *f)
{
	const struct pp_event *e = &t->m->history->events[f->event];
	struct flight *more;
	size_t n = 0;

	for (size_t i = 0; i < t->n_hazards; i++)
		if (t->hazards[i].end_ns >= e->begin_ns)
			collide(t, &t->hazards[i], f);
	if (t->n_flights >= t->sweep) {
		for (size_t i = 0; i < t->n_flights; i++)
			if (t->flights[i].end_ns >= e->begin_ns)
				t->flights[n++] = t->flights[i];
		t->n_flights = n;
		t->sweep = n * 2 + 16;
	}
	/* What never ended is unknown already. */
	if (f->end_ns == PP_TIME_NEVER)
		return;
	more = room(t, t->flights, t->n_flights, &t->cap_flights, sizeof(*more));
	if (!more)
		return;
	t->flights = more;
	t->flights[t->n_flights++] = *f;
}

/* For looks at pages, of which nobody knows yet whether there are any: of which regions pages are
 * replaced, whoever holds them. */
static void note_cut(struct tracker *t, const struct hazard *h)
{
	const struct pp_extent x = pp_extent_pages(h->at);

	for (uint16_t r = 0; r < t->m->plan->n_regions; r++)
		if (cuts(t, h, r) && !pp_cut_add(t->m, r, &x, h->event, h->end_ns))
			t->failed = true;
}

/* Page tables lose the pages, whoever else has them keeps them. That the kernel could do no more
 * about it (EBUSY) does not bring them back. */
static void track_poison(struct tracker *t, struct hazard h)
{
	const struct pp_event *e = &t->m->history->events[h.event];

	h.cut = region_of(t, e->object)->share == PP_PRIVATE ? CUT_REGION : CUT_FILE;
	h.object = e->object;
	h.end_ns = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;
	note_cut(t, &h);
}

static void add_hazard(struct tracker *t, struct hazard h)
{
	const struct pp_event *e = &t->m->history->events[h.event];
	struct hazard *more;
	size_t n = 0;

	/* What never ended may take effect at any time. */
	h.end_ns = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;
	for (size_t i = 0; i < t->n_flights; i++)
		if (t->flights[i].end_ns >= e->begin_ns)
			collide(t, &h, &t->flights[i]);
	for (size_t i = 0; h.cut != CUT_NONE && i < t->m->plan->n_mrs; i++)
		part_mr(t, &h, i);
	if (h.cut != CUT_NONE)
		note_cut(t, &h);
	for (size_t i = 0; i < t->n_hazards; i++) {
		struct hazard *old = &t->hazards[i];

		if (old->end_ns < e->begin_ns)
			continue;
		/* Two that move or rewrite the same content at once. */
		if (pp_extents_overlap(&old->at, &h.at) && (old->shift || h.shift)) {
			t->m->state[old->event] |= PP_STATE_UNKNOWN;
			t->m->state[h.event] |= PP_STATE_UNKNOWN;
		}
		t->hazards[n++] = *old;
	}
	t->n_hazards = n;
	more = room(t, t->hazards, t->n_hazards, &t->cap_hazards, sizeof(*more));
	if (!more)
		return;
	t->hazards = more;
	t->hazards[t->n_hazards++] = h;
}

static const struct pp_extent everywhere = { PP_NO_INDEX, 0, 1ull << 62 };

/* Pages that leave a region or a filesystem at once: see track_setup(). */
static void cut_all(struct tracker *t, uint32_t i, enum cut cut, uint16_t object)
{
	add_hazard(t,
		   (struct hazard){ .event = i, .cut = cut, .object = object, .at = everywhere });
}

static void track_setup(struct tracker *t, uint32_t i)
{
	const struct pp_event *e = &t->m->history->events[i];
	const struct pp_region_def *region = region_of(t, e->object);
	uint8_t lost = e->result || (e->flags & PP_EVENT_OPEN) ? PP_STATE_UNKNOWN : 0;

	/* What could not be unmapped or unmounted stays as it was. */
	if (e->result && (e->verb == PP_VERB_UNMAP || e->verb == PP_VERB_UMOUNT))
		return;
	switch ((int)e->verb) {
	case PP_VERB_UNMAP:
		t->unmapped[e->object] = true;
		if (volatile_space(region))
			cut_all(t, i, CUT_REGION, e->object);
		break;
	case PP_VERB_MAP:
		if (t->unmapped[e->object] && volatile_space(region) && region->space == e->object)
			t->m->state[i] |= PP_STATE_RESET | lost;
		break;
	case PP_VERB_COLD_READ:
		if (region->fs != PP_NO_INDEX)
			cut_all(t, i, CUT_FS, region->fs);
		break;
	case PP_VERB_MKFS:
		t->m->state[i] |= PP_STATE_RESET | lost;
		cut_all(t, i, CUT_FS, e->object);
		break;
	case PP_VERB_UMOUNT:
		if (!strcmp(t->m->plan->fs[e->object].type, "tmpfs"))
			t->m->state[i] |= PP_STATE_RESET | lost;
		cut_all(t, i, CUT_FS, e->object);
		break;
	}
}

/* A registration takes the pages that the region has now. */
static void track_pin(struct tracker *t, uint32_t i)
{
	const struct pp_event *e = &t->m->history->events[i];

	if (e->result || (e->flags & PP_EVENT_OPEN))
		return;
	free(t->parted[e->object]);
	t->parted[e->object] = NULL;
	t->held[e->object] = true;
	for (size_t k = 0; k < t->n_hazards; k++)
		if (t->hazards[k].cut != CUT_NONE && t->hazards[k].end_ns >= e->begin_ns)
			part_mr(t, &t->hazards[k], e->object);
}

/* Refused at the door: nothing of it was done. */
static bool refused(const struct pp_event *e)
{
	return e->result == -EOPNOTSUPP || e->result == -ENOSYS || e->result == -EINVAL;
}

/* Private pages go; by MADV_FREE at any time or never, and not those that an MR holds. */
static void track_drop(struct tracker *t, uint32_t i, struct hazard h)
{
	const struct pp_event *e = &t->m->history->events[i];
	bool whenever = pp_verbs[e->verb].effect == PP_EFFECT_FREE;

	if (region_of(t, e->object)->share != PP_PRIVATE ||
	    (whenever && pp_model_held_whole(t->m, t->held, e->object, h.at)))
		return;
	t->m->state[i] |= PP_STATE_RESET | (whenever ? PP_STATE_UNKNOWN : 0);
	h.cut = CUT_REGION;
	h.object = e->object;
	add_hazard(t, h);
}

/* Both the mapping's and the file's range of a region that has private copies of its file. */
static void track_self(struct tracker *t, uint32_t i, struct hazard h)
{
	const struct pp_event *e = &t->m->history->events[i];
	const struct pp_region_def *region = region_of(t, e->object);

	if (region->space != h.at.space)
		t->m->state[i] |= PP_STATE_LOOSE;
	h.self = true;
	/* Written past the page cache, as with REPLACE; what is read leaves all pages in place. */
	if (e->verb != PP_VERB_SELF_WRITE)
		h.cut = CUT_NONE;
	add_hazard(t, h);
}

static void track_hazard(struct tracker *t, uint32_t i)
{
	struct pp_model *m = t->m;
	const struct pp_event *e = &m->history->events[i];
	const struct pp_region_def *region = region_of(t, e->object);
	const struct pp_op *op;
	uint8_t lost = e->result || (e->flags & PP_EVENT_OPEN) ? PP_STATE_UNKNOWN : 0;
	uint16_t space = pp_model_space(m->plan, e);
	struct hazard h = { .event = i };

	if (space == PP_NO_INDEX || refused(e))
		return;
	h.at = (struct pp_extent){ space, e->offset_bytes, e->offset_bytes + e->length_bytes };
	if (e->verb == PP_VERB_TRUNCATE || e->verb == PP_VERB_EXTEND)
		pp_file_end_note(&t->eof[space], e);
	if (e->verb == PP_VERB_TRUNCATE || pp_verbs[e->verb].effect == PP_EFFECT_SHIFT)
		h.at.to = everywhere.to;
	/* The page is the storage: it leaves nobody behind. */
	h.cut = pp_backings[region->backing].dax ? CUT_NONE : CUT_FILE;
	switch (pp_verbs[e->verb].effect) {
	case PP_EFFECT_NONE:
	case PP_EFFECT_REPLACE:
		break;
	case PP_EFFECT_HOLE:
		m->state[i] |= PP_STATE_HOLE | lost;
		/* It ends where the file ends: what a page keeps behind that stays. */
		if (e->verb != PP_VERB_TRUNCATE && pp_behind_end(&t->eof[space], e, h.at.to))
			m->state[i] |= PP_STATE_UNKNOWN;
		if (e->verb == PP_VERB_TRUNCATE && h.cut != CUT_NONE)
			h.cut = CUT_COPIES;
		add_hazard(t, h);
		add_flight(t, &(struct flight){ i, e->object, false, e->end_ns, h.at });
		break;
	case PP_EFFECT_SHIFT:
		m->state[i] |= PP_STATE_SHIFT | lost;
		h.shift = true;
		add_hazard(t, h);
		break;
	case PP_EFFECT_DROP:
	case PP_EFFECT_FREE:
		m->state[i] |= lost;
		track_drop(t, i, h);
		break;
	case PP_EFFECT_SELF:
		track_self(t, i, h);
		break;
	case PP_EFFECT_POISON:
		track_poison(t, h);
		break;
	case PP_EFFECT_CLONE:
		op = op_of(t, e->op);
		if (!op || op->to >= m->plan->n_regions ||
		    m->plan->regions[op->to].file_space == PP_NO_INDEX)
			break;
		m->state[i] |= PP_STATE_CLONE | lost;
		h.at = everywhere;
		h.at.space = m->plan->regions[op->to].file_space;
		h.cut = CUT_COPIES;
		add_hazard(t, h);
		break;
	}
}

static void track_access(struct tracker *t, uint32_t i)
{
	struct pp_model *m = t->m;
	const struct pp_event *e = &m->history->events[i];
	const struct pp_verb_info *verb = &pp_verbs[e->verb];
	uint16_t space = pp_model_space(m->plan, e);
	bool access = verb->target == PP_TARGET_MR;
	struct flight f = { i, e->object, access, e->end_ns, { space, 0, 0 } };
	struct hazard h = { .event = i, .cut = CUT_FILE, .replace = true };

	if (space == PP_NO_INDEX)
		return;
	f.at.from = e->offset_bytes;
	f.at.to = e->offset_bytes + e->length_bytes;
	if (access && t->parts && mr_of(t, i) != PP_NO_INDEX && parted(t, mr_of(t, i), f.at))
		m->state[i] |= PP_STATE_DETACHED;
	if (verb->kind == PP_KIND_OBSERVE) {
		add_flight(t, &f);
		return;
	}
	if (e->result || (e->flags & PP_EVENT_OPEN) || (m->state[i] & PP_STATE_DETACHED))
		m->state[i] |= PP_STATE_UNKNOWN;
	/* Behind the end of file a page may keep what is stored there, or lose it. */
	if (!verb->file && pp_behind_end(&t->eof[space], e, f.at.to) &&
	    m->plan->regions[e->object].file_space == space)
		m->state[i] |= PP_STATE_UNKNOWN;
	add_flight(t, &f);
	if (verb->effect != PP_EFFECT_REPLACE || pp_backings[region_of(t, e->object)->backing].dax)
		return;
	h.at = f.at;
	add_hazard(t, h);
}

static void track_unpin(struct tracker *t, uint32_t i)
{
	const struct pp_model *m = t->m;
	const struct pp_event *e = &m->history->events[i];
	const struct pp_mr_def *mr = &m->plan->mrs[e->object];
	uint16_t space = m->plan->regions[mr->region].space;

	if (!e->result && !(e->flags & PP_EVENT_OPEN))
		t->held[e->object] = false;
	/* It makes the pages dirty. */
	add_flight(t, &(struct flight){
			      i,
			      mr->region,
			      false,
			      e->end_ns,
			      { space, mr->offset_bytes, mr->offset_bytes + mr->length_bytes } });
}

static void track_event(struct tracker *t, uint32_t i)
{
	const struct pp_event *e = &t->m->history->events[i];

	switch (pp_verbs[e->verb].kind) {
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
		track_access(t, i);
		break;
	case PP_KIND_OBSERVE:
		if (e->verb == PP_VERB_COLD_READ)
			track_setup(t, i);
		else if (pp_verbs[e->verb].target == PP_TARGET_MR)
			track_access(t, i);
		break;
	case PP_KIND_PIN:
		track_pin(t, i);
		break;
	case PP_KIND_UNPIN:
		track_unpin(t, i);
		break;
	case PP_KIND_SETUP:
	case PP_KIND_DETACH:
		track_setup(t, i);
		break;
	case PP_KIND_HAZARD:
		track_hazard(t, i);
		break;
	case PP_KIND_SYNC:
	case PP_KIND_HOLD:
	case PP_KIND_WINDOW:
	case PP_KIND_CHECK:
	case PP_KIND_LEDGER:
	case PP_KIND_LOOK:
		break;
	}
}

/* Nearly all events: an observation that worked, through what no hazard takes away. */
static bool only_looks(const struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];

	return verb->kind == PP_KIND_OBSERVE && verb->target == PP_TARGET_REGION && !e->result &&
	       e->seen != PP_SEEN_OTHER && e->verb != PP_VERB_COLD_READ &&
	       e->verb != PP_VERB_SPLICE_DRAIN;
}

static void survey(struct tracker *t, uint32_t i)
{
	struct pp_model *m = t->m;
	const struct pp_event *e = &m->history->events[i];
	uint64_t known = e->flags & PP_EVENT_OPEN ? e->begin_ns : e->end_ns;

	if (e->flags & PP_EVENT_SKIPPED)
		return;
	m->last_ns = known > m->last_ns ? known : m->last_ns;
	m->durable |= pp_verbs[e->verb].durable;
	m->looks |= pp_verbs[e->verb].kind == PP_KIND_LOOK;
	if (only_looks(e))
		return;
	track_event(t, i);
	if (pp_model_note(m, i))
		t->failed = true;
}

int pp_model_classify(struct pp_model *m, const struct pp_progress *progress)
{
	size_t regions = m->plan->n_regions + 1;
	struct tracker t = { .m = m };

	m->state = calloc(m->history->n_events + 1, sizeof(*m->state));
	t.unmapped = calloc(regions, sizeof(*t.unmapped));
	t.eof = calloc(regions, sizeof(*t.eof));
	t.held = calloc(m->plan->n_mrs + 1, sizeof(*t.held));
	t.parted = calloc(m->plan->n_mrs + 1, sizeof(*t.parted));
	t.failed = !m->state || !t.unmapped || !t.eof || !t.held || !t.parted;
	for (size_t r = 0; t.eof && r < regions; r++)
		t.eof[r].from = PP_TIME_NEVER;
	m->n_writers = m->plan->n_actors;
	m->keys = calloc(m->n_writers + 1, sizeof(*m->keys));
	t.failed |= !m->keys;
	for (uint32_t i = 0; !t.failed && i < m->history->n_events; i++) {
		pp_progress_step(progress, "classified", i, m->history->n_events);
		survey(&t, i);
	}
	for (size_t i = 0; t.parted && i < m->plan->n_mrs; i++)
		free(t.parted[i]);
	free(t.flights);
	free(t.hazards);
	free(t.parted);
	free(t.held);
	free(t.eof);
	free(t.unmapped);
	return t.failed ? -ENOMEM : 0;
}
