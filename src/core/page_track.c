/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows page frames through a history; see page_track.h. */
#include "core/page_track.h"

#include <stdlib.h>

#include "core/oracle_model_private.h"
#include "core/page_hold.h"

/* Dirty pages older than this may be written back by the kernel itself: dirty_expire_centisecs is
 * 3000, and nothing was dirty before the history began. */
#define DIRTY_FOR_NS 20000000000ull
/* What only starts writeback, or leaves it to a journal that commits each 5 s. */
#define LATE_NS 10000000000ull

/* A page that a device wrote and let go of. */
struct soiled {
	uint32_t write, release; /* 1 + event; 0: none */
};

struct pp_page_track {
	const struct pp_model *m;
	struct pp_holds holds;
	size_t next_cut, next_clean;
	uint32_t *clean; /* events that may write pages back */
	size_t n_clean;
	uint64_t **cut_ns;      /* of each region and page: latest end of what replaced it */
	uint64_t *clean_ns;     /* of each region: latest end of what may have written it back */
	struct soiled **soiled; /* of each region and page */
	uint32_t **written;     /* of each MR and page of its region: 1 + last device write */
	uint32_t *fork;         /* of each actor: 1 + last fork */
	uint32_t soft;          /* 1 + last that cleared soft-dirty bits */
	bool failed;
};

static size_t pages_of(const struct pp_region_def *r)
{
	return (size_t)((r->size_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES);
}

static const struct pp_region_def *region_at(const struct pp_page_track *t, uint16_t region)
{
	return &t->m->plan->regions[region];
}

static void *list(struct pp_page_track *t, size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	t->failed |= !p;
	return p;
}

struct pp_page_track *pp_page_track_new(const struct pp_model *m)
{
	struct pp_page_track *t = calloc(1, sizeof(*t));
	const struct pp_history *h = m->history;
	size_t cleans = 0;

	if (!t)
		return NULL;
	t->m = m;
	for (size_t i = 0; m->looks && i < h->n_events; i++)
		cleans += pp_verbs[h->events[i].verb].cleans;
	t->failed = m->looks && !pp_holds_find(&t->holds, m);
	t->clean = list(t, cleans, sizeof(*t->clean));
	t->cut_ns = list(t, m->plan->n_regions, sizeof(*t->cut_ns));
	t->clean_ns = list(t, m->plan->n_regions, sizeof(*t->clean_ns));
	t->soiled = list(t, m->plan->n_regions, sizeof(*t->soiled));
	t->written = list(t, m->plan->n_mrs, sizeof(*t->written));
	t->fork = list(t, m->plan->n_actors, sizeof(*t->fork));
	if (t->failed) {
		pp_page_track_free(t);
		return NULL;
	}
	for (uint32_t i = 0; m->looks && i < h->n_events; i++)
		if (pp_verbs[h->events[i].verb].cleans && !(h->events[i].flags & PP_EVENT_SKIPPED))
			t->clean[t->n_clean++] = i;
	return t;
}

void pp_page_track_free(struct pp_page_track *t)
{
	if (!t)
		return;
	pp_holds_free(&t->holds);
	for (size_t i = 0; t->cut_ns && t->soiled && i < t->m->plan->n_regions; i++) {
		free(t->cut_ns[i]);
		free(t->soiled[i]);
	}
	for (size_t i = 0; t->written && i < t->m->plan->n_mrs; i++)
		free(t->written[i]);
	free(t->clean);
	free(t->cut_ns);
	free(t->clean_ns);
	free(t->soiled);
	free(t->written);
	free(t->fork);
	free(t);
}

/* ---- what pages were replaced or written back, up to a moment ---- */

static void lift(uint64_t *at, uint64_t value)
{
	if (*at < value)
		*at = value;
}

bool pp_cut_add(struct pp_model *m, uint16_t region, const struct pp_extent *x, uint32_t event,
		uint64_t end_ns)
{
	struct pp_cut *more = m->cuts;

	if (m->n_cuts == m->cap_cuts) {
		more = realloc(more, (2 * m->cap_cuts + 16) * sizeof(*more));
		if (!more)
			return false;
		m->cuts = more;
		m->cap_cuts = 2 * m->cap_cuts + 16;
	}
	more[m->n_cuts++] = (struct pp_cut){
		.region = region,
		.first_page = (size_t)(x->from / PP_PAGE_BYTES),
		.end_page = (size_t)(x->to / PP_PAGE_BYTES),
		.begin_ns = m->history->events[event].begin_ns,
		.end_ns = end_ns,
	};
	return true;
}

static void take_cut(struct pp_page_track *t, const struct pp_cut *c)
{
	uint64_t **at = &t->cut_ns[c->region];
	const size_t n = pages_of(region_at(t, c->region));

	if (!*at)
		*at = list(t, n, sizeof(**at));
	for (size_t p = c->first_page; *at && p < n && p < c->end_page; p++)
		lift(&(*at)[p], c->end_ns);
}

/* Which regions an operation may have written back: of its file, of its filesystem, all. */
static void take_clean(struct pp_page_track *t, uint32_t event)
{
	const struct pp_plan *plan = t->m->plan;
	const struct pp_event *e = &t->m->history->events[event];
	const enum pp_target target = pp_event_target((enum pp_verb)e->verb);
	uint64_t end = e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;

	if (end < PP_TIME_NEVER - LATE_NS &&
	    (e->verb == PP_VERB_MSYNC_ASYNC || e->verb == PP_VERB_SYNC_RANGE ||
	     e->verb == PP_VERB_FADVISE))
		end += LATE_NS;
	for (size_t r = 0; r < plan->n_regions; r++) {
		const struct pp_region_def *region = &plan->regions[r];

		if (target == PP_TARGET_FS && region->fs != e->object)
			continue;
		if (target == PP_TARGET_REGION &&
		    region->file_space != plan->regions[e->object].file_space)
			continue;
		lift(&t->clean_ns[r], end);
	}
}

/* All that began before @until_ns counts: what overlaps a look may have come before it. */
static void advance(struct pp_page_track *t, uint64_t until_ns)
{
	const struct pp_model *m = t->m;

	while (t->next_cut < m->n_cuts && m->cuts[t->next_cut].begin_ns <= until_ns)
		take_cut(t, &m->cuts[t->next_cut++]);
	while (t->next_clean < t->n_clean &&
	       m->history->events[t->clean[t->next_clean]].begin_ns <= until_ns)
		take_clean(t, t->clean[t->next_clean++]);
	pp_holds_advance(&t->holds, until_ns);
}

static bool cut_since(const struct pp_page_track *t, uint16_t region, size_t page,
		      uint64_t since_ns)
{
	return t->cut_ns[region] && page < pages_of(region_at(t, region)) &&
	       t->cut_ns[region][page] >= since_ns;
}

/* ---- looks ---- */

struct look {
	struct pp_page_track *t;
	const struct pp_event *e;
	uint16_t region;
	size_t page;
	struct pp_page_note note; /* of the page at hand */
	pp_page_fn *fn;
	void *arg;
};

static void tell(const struct look *l, enum pp_page_fact fact, const struct pp_held *was,
		 const struct pp_hold *h)
{
	struct pp_page_note note = l->note;

	note.fact = fact;
	if (was) {
		note.was = was->frame;
		note.before = was->look - 1;
	}
	if (h)
		note.hold = h->event;
	l->fn(l->arg, &note);
}

static bool anonymous(const struct pp_region_def *r)
{
	return r->share == PP_PRIVATE;
}

/*
 * Soft-dirty bits are cleared by write protection, which stops no device: so what is pinned keeps
 * its bit (pte_is_pinned() in fs/proc/task_mmu.c), private memory in single pages.
 */
static void look_for_bit(const struct look *l, const struct pp_hold *h)
{
	const struct pp_event *cleared;
	struct look to = *l;

	if (!l->t->soft)
		return;
	cleared = &l->t->m->history->events[l->t->soft - 1];
	if (!anonymous(region_at(l->t, h->region)) ||
	    l->note.state & (PP_PAGE_SOFTDIRTY | PP_PAGE_THP | PP_PAGE_HUGE) ||
	    cleared->begin_ns < h->from_ns || cleared->end_ns > l->e->begin_ns)
		return;
	to.note.before = l->t->soft - 1;
	to.note.hold = h->event;
	tell(&to, PP_PAGE_BLIND, NULL, NULL);
}

static void look_at_page(const struct look *l, struct pp_hold *h, struct pp_held *was)
{
	struct pp_page_track *t = l->t;
	const bool pin = pp_hold_pins(h);

	/* Once the mapping has lost the page it shows another, and rightly. */
	if (cut_since(t, h->region, l->page, h->begin_ns) ||
	    cut_since(t, l->region, l->page, h->begin_ns))
		return;
	if (!l->note.frame) {
		if (pin && was->look && l->note.state & PP_PAGE_SWAPPED &&
		    anonymous(region_at(t, h->region)))
			tell(l, PP_PAGE_GONE, was, h);
		return;
	}
	if (was->look && was->frame == l->note.frame) {
		tell(l, PP_PAGE_KEPT, was, h);
		if (pin)
			look_for_bit(l, h);
		return;
	}
	if (was->look && pin)
		tell(l, PP_PAGE_MOVED, was, h);
	/* A reference does not keep the page in its place: which of the two is held is not known.
	 */
	if (was->look && !pin)
		was->frame = 0;
	else
		*was = (struct pp_held){ l->note.frame, l->note.state, l->note.look + 1 };
}

static void look_at_child(struct look *l, const struct pp_hold *h, const struct pp_held *was)
{
	const uint32_t fork = l->t->fork[l->e->actor];

	if (!pp_hold_pins(h) || !was->look || !fork || !l->note.frame ||
	    !anonymous(region_at(l->t, h->region)) || h->region != l->region ||
	    l->t->m->history->events[fork - 1].begin_ns < h->from_ns)
		return;
	l->note.fork = fork - 1;
	tell(l, was->frame == l->note.frame ? PP_PAGE_SHARED : PP_PAGE_COPIED, was, h);
}

/* Free, or of somebody else: free pages lose all their flags, though some are not in the lists of
 * free pages yet. */
static bool freed(uint32_t was, uint32_t is)
{
	return (is & ~was & PP_PAGE_NOT_OURS) || (was & ~is & PP_PAGE_UPTODATE) ||
	       ((was ^ is) & PP_PAGE_ANON);
}

static void look_at_frame(const struct look *l, const struct pp_hold *h, const struct pp_held *was)
{
	if (was->look && was->frame == l->note.frame && !h->weak)
		tell(l, freed(was->state, l->note.state) ? PP_PAGE_FREED : PP_PAGE_HELD, was, h);
}

/* Is the page one of which a device write that was let go of must be seen? */
static void look_for_dirt(const struct look *l)
{
	struct pp_page_track *t = l->t;
	const struct pp_region_def *region = region_at(t, l->region);
	const struct pp_event *events = t->m->history->events, *release, *since;
	struct soiled *s = t->soiled[region->space] ? &t->soiled[region->space][l->page] : NULL;
	struct look to = *l;

	if (!s || !s->release || !l->note.frame)
		return;
	since = release = &events[s->release - 1];
	/* Writeback takes a page from an MR on demand, which makes it dirty first. */
	if (release->verb == PP_VERB_DEREG &&
	    t->m->plan->mrs[release->object].access & PP_ACCESS_OD)
		since = &events[s->write - 1];
	if (release->end_ns > l->e->begin_ns ||
	    cut_since(t, region->space, l->page, events[s->write - 1].begin_ns) ||
	    cut_since(t, l->region, l->page, events[s->write - 1].begin_ns))
		return;
	to.note.before = s->write - 1;
	to.note.hold = s->release - 1;
	if (l->note.state & (PP_PAGE_DIRTY | PP_PAGE_WRITEBACK)) {
		tell(&to, PP_PAGE_SOILED, NULL, NULL);
		return;
	}
	/* The kernel says of some pages of a large folio only what is said of its first. */
	if (l->note.state & PP_PAGE_TAIL || t->clean_ns[l->region] >= since->begin_ns ||
	    (pp_backings[region->backing].has_disk && l->e->end_ns > DIRTY_FOR_NS))
		return;
	tell(&to, PP_PAGE_CLEAN, NULL, NULL);
	s->release = 0;
}

static void look_at(struct look *l)
{
	struct pp_page_track *t = l->t;
	const uint16_t space = region_at(t, l->region)->space;

	if (l->note.frame && l->e->verb != PP_VERB_FRAME_LOOK)
		tell(l, PP_PAGE_LOOKED, NULL, NULL);
	for (size_t i = 0; i < t->holds.n_active; i++) {
		struct pp_hold *h = &t->holds.items[t->holds.active[i]];
		struct pp_held *was;

		if (region_at(t, h->region)->space != space || l->page < h->first ||
		    l->page >= h->end || l->e->begin_ns < h->from_ns || l->e->end_ns > h->until_ns)
			continue;
		was = pp_held_at(h, l->page);
		if (!was) {
			t->failed = true;
			return;
		}
		if (l->e->verb == PP_VERB_CHILD_LOOK)
			look_at_child(l, h, was);
		else if (l->e->verb == PP_VERB_FRAME_LOOK)
			look_at_frame(l, h, was);
		else
			look_at_page(l, h, was);
	}
	if (l->e->verb == PP_VERB_PAGE_LOOK || l->e->verb == PP_VERB_PAGE_MARK)
		look_for_dirt(l);
}

static void take_look(struct pp_page_track *t, uint32_t event, pp_page_fn *fn, void *arg)
{
	const struct pp_history *h = t->m->history;
	const struct pp_event *e = &h->events[event];
	struct look l = { .t = t, .e = e, .region = e->object, .fn = fn, .arg = arg };
	struct pp_page_run run;

	if (!pp_event_done(e) || !pp_event_keeps_cell(e) || e->gen >= h->n_cells ||
	    !pp_page_run_get(h->cells[e->gen], &run))
		return;
	advance(t, e->end_ns);
	for (size_t i = 0; i < e->length_bytes / PP_PAGE_BYTES; i++) {
		l.page = e->offset_bytes / PP_PAGE_BYTES + i;
		l.note = (struct pp_page_note){
			.look = event,
			.offset_bytes = e->offset_bytes + i * PP_PAGE_BYTES,
			.frame = pp_page_run_frame(&run, i),
			.state = run.state,
			.before = PP_NO_EVENT,
			.hold = PP_NO_EVENT,
			.fork = PP_NO_EVENT,
		};
		look_at(&l);
	}
}

/* ---- device writes ---- */

/* A page cache page, or one of shared memory: what does not become dirty is lost. */
static bool gets_dirty(const struct pp_region_def *r)
{
	const struct pp_backing_info *b = &pp_backings[r->backing];

	return r->share == PP_SHARED && (b->has_file || r->backing == PP_BACKING_BLOCKDEV) &&
	       !b->dax && r->backing != PP_BACKING_HUGETLB;
}

static void soil(struct pp_page_track *t, uint16_t region, size_t page, uint32_t write,
		 uint32_t release)
{
	const struct pp_region_def *r = region_at(t, region);
	struct soiled **at = &t->soiled[r->space];

	if (!*at)
		*at = list(t, pages_of(region_at(t, r->space)), sizeof(**at));
	if (*at && page < pages_of(region_at(t, r->space)))
		(*at)[page] = (struct soiled){ write + 1, release + 1 };
}

static void take_write(struct pp_page_track *t, uint32_t event)
{
	const struct pp_event *e = &t->m->history->events[event];
	const struct pp_op *op = pp_plan_op(t->m->plan, e->op);
	const bool by_mr = pp_verbs[e->verb].target == PP_TARGET_MR;
	const struct pp_region_def *r = region_at(t, e->object);
	const size_t end =
		(size_t)((e->offset_bytes + e->length_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES);
	uint32_t **written = by_mr && op ? &t->written[op->object] : NULL;

	if (!pp_event_done(e) || !op || !gets_dirty(r) ||
	    t->m->state[event] & (PP_STATE_UNKNOWN | PP_STATE_DETACHED))
		return;
	if (written && !*written)
		*written = list(t, pages_of(r), sizeof(**written));
	for (size_t p = (size_t)(e->offset_bytes / PP_PAGE_BYTES); p < end && p < pages_of(r);
	     p++) {
		if (!by_mr)
			soil(t, e->object, p, event, event);
		else if (*written)
			(*written)[p] = event + 1;
	}
}

static void take_release(struct pp_page_track *t, uint32_t event)
{
	const struct pp_event *e = &t->m->history->events[event];
	uint32_t *written = t->written[e->object];
	const uint16_t region = t->m->plan->mrs[e->object].region;

	if (!written || !pp_event_done(e))
		return;
	for (size_t p = 0; p < pages_of(region_at(t, region)); p++) {
		if (written[p])
			soil(t, region, p, written[p] - 1, event);
		written[p] = 0;
	}
}

bool pp_page_track_event(struct pp_page_track *t, uint32_t event, pp_page_fn *fn, void *arg)
{
	const struct pp_event *e = &t->m->history->events[event];

	if (!t->m->looks)
		return true;
	switch (pp_verbs[e->verb].kind) {
	case PP_KIND_LOOK:
		take_look(t, event, fn, arg);
		break;
	case PP_KIND_DEVICE_WRITE:
		take_write(t, event);
		break;
	case PP_KIND_UNPIN:
		take_release(t, event);
		break;
	case PP_KIND_HOLD:
	case PP_KIND_HAZARD:
		if (pp_event_done(e) && (e->verb == PP_VERB_FORK || e->verb == PP_VERB_CHILD_HOLD))
			t->fork[e->actor] = event + 1;
		if (pp_event_done(e) && e->verb == PP_VERB_SOFT_CLEAN)
			t->soft = event + 1;
		break;
	default:
		break;
	}
	return !t->failed;
}
